"""A report as people read it on a terminal, as CSV, as JSON, and as a picture."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from bot.report import Report
from handlers.chart import Chart, Line
from intake.comparing import share
from intake.periods import Period

MOST_BESIDE = 24
"""Rows of somebody else's series, the newest, that a picture has room for."""
NAMED = {
    "period": "asked for",
    "before": "before it",
    "a year before": "a year before",
    "year to date": "year to date",
    "record month": "record month",
    "month": "month",
}


def as_text(report: Report, definitions: str) -> str:
    words = report.words
    blocks = [_columns([["", "months", "requests", "people", "cases closed"], *_row_lines(report)])]
    if report.parts is not None:
        heads = [words.question(report.parts.by.id), *(words.label(each) for each in report.parts.periods)]
        lines = [
            [label, *(_cell(report, at, n) for at, n in enumerate(ns))] for label, ns in report.parts.options
        ]
        totals = ["", *(str(total) for total in report.parts.totals)]
        blocks.append(_columns([heads, *lines, totals]))
    whole, *parts = report.waiting.items()
    waiting = ", ".join(f"{status} {n}" for status, n in parts if n is not None)
    blocks.append(f"Not closed at this moment: {whole[1]}" + (f" ({waiting})" if waiting else ""))
    blocks.append("\n".join(report.sentences))
    if report.remarks:
        blocks.append("\n".join(f"! {remark}" for remark in report.remarks))
    if report.beside is not None:
        lines = [
            [words.label(period), f"{theirs:g}", "" if ours is None else str(ours)]
            for (period, theirs), ours in zip(report.beside.rows, report.ours, strict=True)
        ]
        name = words.say("say-beside", name=report.beside.name)
        blocks.append(_columns([[name, report.beside.name, "our requests"], *lines]))
    return "\n\n".join([*blocks, definitions]) + "\n"


def _row_lines(report: Report) -> list[list[str]]:
    return [
        [
            NAMED[row.what] + (" (so far)" if report.running in row.period else ""),
            report.words.label(row.period),
            str(row.n),
            "" if row.people is None else str(row.people),
            report.words.say("stats-hidden") if row.cases is None else str(row.cases),
        ]
        for row in report.rows
    ]


def _cell(report: Report, at: int, number: int | None) -> str:
    if number is None:
        return report.words.say("stats-hidden")
    percent = share(number, report.parts.totals[at]) if report.parts else None
    return str(number) if percent is None else f"{number} ({percent} %)"


def _columns(lines: list[list[str]]) -> str:
    """Words to the left, numbers to the right."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if cell[:1].isdigit() and at > 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_csv(report: Report, definitions: str) -> str:
    made = io.StringIO()
    out = csv.writer(made, lineterminator="\n")
    out.writerow(
        ["source", "what", "from", "to", "question", "option", "number", "percent", "our requests", "note"]
    )
    for row in report.rows:
        for kind, number in (("requests", row.n), ("people", row.people), ("cases closed", row.cases)):
            if number is not None:
                out.writerow(["ours", f"{row.what}: {kind}", *_ends(row.period), "", "", number, "", "", ""])
    if report.parts is not None:
        by = report.parts.by.id
        for label, numbers in report.parts.options:
            for period, total, number in zip(report.parts.periods, report.parts.totals, numbers, strict=True):
                percent = None if number is None else share(number, total)
                shown = ["" if each is None else each for each in (number, percent)]
                out.writerow(["ours", "part", *_ends(period), by, _harmless(label), *shown, "", ""])
    if report.beside is not None:
        name = _harmless(report.beside.name)
        for (period, theirs), ours in zip(report.beside.rows, report.ours, strict=True):
            beside = "" if ours is None else ours
            out.writerow(["not ours", name, *_ends(period), "", "", f"{theirs:g}", "", beside, ""])
    for what, lines in (("remark", report.remarks), ("definition", definitions.splitlines())):
        for line in lines:
            out.writerow(["ours", what, *[""] * 7, _harmless(line)])
    return made.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text


def as_json(report: Report, definitions: str) -> str:
    made: dict[str, Any] = {
        "from": report.period[0],
        "to": report.period[-1],
        "not_over": report.running,
        "totals": [
            {
                "what": row.what,
                **_span(row.period),
                "requests": row.n,
                "people": row.people,
                "cases": row.cases,
            }
            for row in report.rows
        ],
        "waiting": report.waiting,
        "answered_in_time": None if report.kept is None else {"n": report.kept[0], "of": report.kept[1]},
        "sentences": report.sentences,
        "remarks": report.remarks,
        "definitions": definitions.splitlines(),
    }
    if report.parts is not None:
        made["by"] = report.parts.by.id
        made["parts"] = [
            {"option": label, "numbers": [
                {**_span(period), "n": n} for period, n in zip(report.parts.periods, numbers, strict=True)
            ]}
            for label, numbers in report.parts.options
        ]  # fmt: skip
    if report.beside is not None:
        made["not_ours"] = {
            "name": report.beside.name,
            "rows": [
                {**_span(period), "value": theirs, "our_requests": ours}
                for (period, theirs), ours in zip(report.beside.rows, report.ours, strict=True)
            ],
        }
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _ends(period: Period) -> tuple[str, str]:
    return period[0], period[-1]


def _span(period: Period) -> dict[str, str]:
    return {"from": period[0], "to": period[-1]}


def as_chart(report: Report, organisation: str) -> Chart:
    """Bars of the last period if it is broken down, else the line of its months; below, the series beside it."""
    words = report.words
    if report.parts is not None:
        labels = tuple(label for label, _ in report.parts.options)
        last = len(report.parts.periods) - 1
        numbers = tuple(ns[-1] for _, ns in report.parts.options)
        return Chart(
            f"{words.question(report.parts.by.id)}: {words.label(report.parts.periods[-1])}",
            labels,
            bars=numbers,
            bar_texts=tuple(_cell(report, last, n) for n in numbers),
            note=" ".join(report.remarks),
            beside=_chart_beside(report),
        )
    title = words.say("stats-title", organisation=organisation)
    months = list(report.series)
    under = tuple(
        words.under_a_chart(month, with_year=at == 0 or month.endswith("-01"))
        for at, month in enumerate(months)
    )
    values = tuple(report.series.values())
    line = Line("", values, open_end=report.running is not None, open_start=report.begins is not None)
    return Chart(title, under, (line,), note=" ".join(report.remarks), beside=_chart_beside(report))


def _chart_beside(report: Report) -> Chart | None:
    if report.beside is None or not report.beside.rows:
        return None
    words = report.words
    shown = list(zip(report.beside.rows, report.ours, strict=True))[-MOST_BESIDE:]
    return Chart(
        words.say("say-beside", name=report.beside.name),
        tuple(
            words.label(period) + ("" if ours is None else f" · {words.say('say-our-requests', n=ours)}")
            for (period, _), ours in shown
        ),
        bars=tuple(theirs for (_, theirs), _ in shown),
        bar_texts=tuple(f"{theirs:g}" for (_, theirs), _ in shown),
        is_others=True,
    )
