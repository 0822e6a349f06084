"""The smallest whole numbers that keep some linear rules, by HiGHS. It is imported when the first table is checked.

Nothing here is trusted: whoever asks checks the answer in whole numbers (`intake.disclosure_world`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_NODES = 2_000
"""Of a search for whole numbers: not a time, so that a slow machine decides as a fast one."""
_NEAR = 1e-6


@dataclass(slots=True)
class Programme:
    """Minimise the cost of columns between bounds, under rows between bounds."""

    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[Mapping[int, float], float, float]] = field(default_factory=list)
    impossible: bool = False
    """After a search that found nothing: there is nothing, and it did not give up."""

    def column(self, cost: float, lower: float, upper: float) -> int:
        self.costs.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.costs) - 1

    def row(self, parts: Mapping[int, float], lower: float, upper: float) -> None:
        self.rows.append((parts, lower, upper))

    def solve(self, wanted: int) -> list[int] | None:
        """The first `wanted` columns of the best solution, whole. None: there is none, or it took too long."""
        values = self._run(None)
        if values is None or all(abs(value - round(value)) < _NEAR for value in values[:wanted]):
            return None if values is None else [round(value) for value in values[:wanted]]
        values = self._run(wanted)
        return None if values is None else [round(value) for value in values[:wanted]]

    def _run(self, whole: int | None) -> Sequence[float] | None:
        import highspy  # half a second, and numpy

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.costs, self.lower, self.upper
        lp.row_lower_ = [low for _, low, _ in self.rows]
        lp.row_upper_ = [high for _, _, high in self.rows]
        starts, index, value = [0], list[int](), list[float]()
        for parts, _, _ in self.rows:
            index += parts.keys()
            value += parts.values()
            starts.append(len(index))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
        if whole is not None:
            kinds = [highspy.HighsVarType.kInteger] * whole
            lp.integrality_ = kinds + [highspy.HighsVarType.kContinuous] * (len(self.costs) - whole)
        highs = highspy.Highs()
        for name, setting in (("output_flag", False), ("threads", 1), ("mip_max_nodes", MOST_NODES)):
            highs.setOptionValue(name, setting)
        if whole is None:
            highs.setOptionValue("presolve", "off")  # these are so small that it costs more than it saves
        highs.passModel(lp)
        highs.run()
        status = highs.getModelStatus()
        self.impossible = status == highspy.HighsModelStatus.kInfeasible
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        return list(highs.getSolution().col_value)
