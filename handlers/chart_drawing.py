"""The program that draws: a chart as JSON comes in, a PNG goes out. Nothing else imports matplotlib.

The colours are Okabe and Ito's, which colour-blind readers tell apart; lines differ in stroke and marks as well. The
background is the picture's own, so that it reads the same in a light and in a dark chat.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import Any

INK, PALE, GRID, PAPER = "#1a1a1a", "#595959", "#d9d9d9", "#fcfcfa"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#b3b3b3"
WIDTH, DPI = 6.0, 180
"""Inches, dots an inch: 1,080 dots across, about what a phone shows."""
FONT = 12.5
LINES_HEIGHT = 4.3
TITLE_CHARS, NOTE_CHARS = 44, 64
LABEL_CHARS = 56
NOTE_LINE = 0.24


def main() -> None:
    chart = json.load(sys.stdin)
    sys.stdout.buffer.write(png(chart))


def png(chart: dict[str, Any]) -> bytes:
    import matplotlib
    import numpy

    matplotlib.use("agg")
    from matplotlib import pyplot

    pyplot.rcParams.update(
        {"font.family": "DejaVu Sans", "font.size": FONT, "text.color": INK, "axes.labelcolor": INK}
    )
    pictures = [_pixels(pyplot, each) for each in (chart, chart["beside"]) if each]
    made = BytesIO()
    pyplot.imsave(made, numpy.vstack(pictures), format="png", dpi=DPI, metadata={"Software": None})
    return made.getvalue()


def _pixels(pyplot: Any, chart: dict[str, Any]) -> Any:
    figure = _lines(pyplot, chart) if chart["lines"] else _bars(pyplot, chart)
    figure.patch.set_facecolor(PAPER)
    figure.set_dpi(DPI)
    figure.canvas.draw()
    return figure.canvas.buffer_rgba()


def _lines(pyplot: Any, chart: dict[str, Any]) -> Any:
    title = _wrapped(chart["title"], TITLE_CHARS)
    note = _wrapped(chart["note"], NOTE_CHARS)
    foot = NOTE_LINE * (note.count("\n") + 1) + 0.1 if note else 0.0
    height = LINES_HEIGHT + foot
    figure, axes = pyplot.subplots(figsize=(WIDTH, height))
    axes.set_facecolor(PAPER)
    most = 1
    for number, line in reversed(list(enumerate(chart["lines"]))):
        points = [(x, y) for x, y in enumerate(line["values"]) if y is not None]
        if not points:
            continue
        xs, ys = [x for x, _ in points], [y for _, y in points]
        most = max(most, *ys)
        colour, style, mark = (BLUE, "-", "o") if number == 0 else (ORANGE, (0, (4, 2)), "s")
        begins = 1 if line["open_start"] and len(xs) > 1 else 0
        ends = len(xs) - 1 if line["open_end"] and len(xs) > 1 else len(xs)
        axes.plot(xs[begins:ends], ys[begins:ends], color=colour, linestyle=style, linewidth=2.4, marker=mark,
                  markersize=6, label=line["label"])  # fmt: skip
        # A month that is no whole one, the running one or the first: a thin line to an empty mark.
        partial = [(slice(0, 2), 0)] * begins + [(slice(-2, None), -1)] * (len(xs) - ends)
        for part, _ in partial:
            axes.plot(xs[part], ys[part], color=colour, linestyle=":", linewidth=2)
        for _, at in partial:
            axes.plot([xs[at]], [ys[at]], color=colour, marker=mark, markersize=8, markerfacecolor=PAPER,
                      markeredgewidth=2.2, linestyle="none")  # fmt: skip
        if number == 0:
            best = max(range(len(ys)), key=lambda at: (ys[at], at))
            for at in {best, len(ys) - 1}:
                falls = at > 0 and ys[at - 1] > ys[at] > 0.15 * most
                axes.annotate(str(ys[at]), (xs[at], ys[at]), textcoords="offset points",
                              xytext=(0, -20 if falls else 9), ha="center", color=colour,
                              fontweight="bold")  # fmt: skip
    axes.set_ylim(0, most * 1.18)
    axes.set_xlim(-0.5, len(chart["labels"]) - 0.5)
    step = 1 if len(chart["labels"]) <= 13 else -(-len(chart["labels"]) // 12)
    shown = range((len(chart["labels"]) - 1) % step, len(chart["labels"]), step)
    axes.set_xticks(list(shown), [chart["labels"][x] for x in shown], fontsize=FONT - 2.5)
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.tick_params(length=0, colors=PALE)
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    figure.suptitle(title, x=0.03, y=1 - 0.06 / height, ha="left", va="top", fontweight="bold",
                    fontsize=FONT + 1.5)  # fmt: skip
    head = 0.43 + 0.24 * title.count("\n")
    if sum(any(y is not None for y in line["values"]) for line in chart["lines"]) > 1:
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="upper left",
                      bbox_to_anchor=(0.015, 1 - (head - 0.09) / height), ncols=2, frameon=False,
                      fontsize=FONT - 1.5, handlelength=2.2, columnspacing=1.2)  # fmt: skip
        head += 0.34
    if note:
        figure.text(0.03, 0.10 / height, note, ha="left", va="bottom", color=PALE, fontsize=FONT - 2.5)
    figure.subplots_adjust(left=0.10, right=0.97, top=1 - (head + 0.09) / height,
                           bottom=(0.645 + foot) / height)  # fmt: skip
    return figure


def _bars(pyplot: Any, chart: dict[str, Any]) -> Any:
    """A line of words above each bar: labels are long in some languages, and a phone is narrow."""
    title = _wrapped(chart["title"], TITLE_CHARS)
    rows, head = len(chart["bars"]), 0.55 + 0.26 * title.count("\n")
    note = _wrapped(chart["note"], NOTE_CHARS)
    foot = 0.12 + NOTE_LINE * (note.count("\n") + 1 if note else 0)
    height = head + 0.62 * rows + foot
    figure, axes = pyplot.subplots(figsize=(WIDTH, height))
    axes.set_facecolor(PAPER)
    most = max([1, *(value for value in chart["bars"] if value is not None)])
    for row, (label, value, text) in enumerate(
        zip(chart["labels"], chart["bars"], chart["bar_texts"], strict=True)
    ):
        axes.text(
            0, row - 0.30, _cut(label, LABEL_CHARS), va="center", ha="left", color=INK, fontsize=FONT - 0.5
        )
        if value is None:
            axes.barh(row + 0.14, most * 0.05, height=0.36, color=PAPER, edgecolor=GREY, hatch="////")
        else:
            axes.barh(row + 0.14, max(0, value), height=0.36, color=ORANGE if chart["is_others"] else BLUE)
        length = most * 0.05 if value is None else max(0, value)
        axes.text(length + most * 0.02, row + 0.14, text, va="center", ha="left", fontweight="bold",
                  color=PALE if value is None else INK)  # fmt: skip
    axes.set_ylim(rows - 0.5, -0.55)
    axes.set_xlim(0, most * 1.32)
    axes.axis("off")
    figure.suptitle(title, x=0.03, y=1 - 0.10 / height, ha="left", va="top", fontweight="bold",
                    fontsize=FONT + 1.5)  # fmt: skip
    if note:
        figure.text(0.03, 0.10 / height, note, ha="left", va="bottom", color=PALE, fontsize=FONT - 2.5)
    figure.subplots_adjust(left=0.03, right=0.98, top=1 - head / height, bottom=foot / height)
    return figure


def _wrapped(text: str, chars: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, chars))


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"


if __name__ == "__main__":
    main()
