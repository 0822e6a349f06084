"""The README's section that is made from the table of promises."""

from __future__ import annotations

from pathlib import Path

from tests.promises.table import as_markdown

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- promises -->", "<!-- /promises -->"


def section(text: str) -> str:
    """What stands between the markers. ValueError: they are not there."""
    _, begin, rest = text.partition(BEGIN)
    inside, end, _ = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no section between {BEGIN} and {END}")
    return inside.strip()


def is_current() -> bool:
    return section(README.read_text("utf-8")) == as_markdown()


def renew() -> None:
    text = README.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    README.write_text(f"{before}{begin}\n{as_markdown()}\n{end}{after}", "utf-8")
