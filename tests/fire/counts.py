"""What a scenario reports, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Counts:
    """`tried`: things that somebody was told are done. Each of them survived, or is lost; or it is there twice."""

    tried: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Whatever else must not be: somebody who got stuck, an error in the log, memory that grows."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was counted besides; sums up over parts."""
    said: list[str] = field(default_factory=list)
    """Figures that don't sum up, as a line to print."""

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.wrong) and self.tried > 0

    def hold(self, what: str, holds: object) -> None:
        """One thing that was tried: it survived, or it is lost."""
        self.tried += 1
        if holds:
            self.survived += 1
        else:
            self.lost.append(what)

    def count(self, name: str, number: float = 1) -> None:
        self.figures[name] = self.figures.get(name, 0) + number

    def __add__(self, other: Counts) -> Counts:
        figures = {
            name: self.figures.get(name, 0) + other.figures.get(name, 0)
            for name in (*self.figures, *(n for n in other.figures if n not in self.figures))
        }
        return Counts(
            self.tried + other.tried,
            self.survived + other.survived,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.wrong + other.wrong,
            figures,
            self.said + other.said,
        )


def table(rows: Sequence[tuple[str, Counts]]) -> str:
    """One line a scenario, and below it what it counted besides."""
    width = max((len(name) for name, _ in rows), default=8)
    lines = [f"{'scenario':{width}}   tried  survived  lost  doubled  wrong"]
    for name, counts in rows:
        lines.append(
            f"{name:{width}}  {counts.tried:>6}  {counts.survived:>8}  {len(counts.lost):>4}  "
            f"{len(counts.doubled):>7}  {len(counts.wrong):>5}"
        )
        if counts.figures:
            figures = ", ".join(f"{name}: {number:g}" for name, number in counts.figures.items())
            lines.append(f"{'':{width}}    {figures}")
        lines += [f"{'':{width}}    {line}" for line in counts.said]
        for kind in ("lost", "doubled", "wrong"):
            lines += [f"{'':{width}}  ! {kind}: {what}" for what in getattr(counts, kind)[:8]]
    return "\n".join(lines)
