"""Tables that read well on a terminal and are Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        assert len(cells) == len(self.columns), (self.title, cells)
        self.rows.append(list(cells))

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        drawn = [
            "| "
            + " | ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            + " |"
            for line in lines
        ]
        rule = (
            "|"
            + "|".join("-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths))
            + "|"
        )
        return "\n".join(
            [f"## {self.title}", "", drawn[0], rule, *drawn[1:], *(f"\n{note}" for note in self.notes), ""]
        )
