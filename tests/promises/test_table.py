"""The table of promises is whole: every cell has tests, each of them exists, and the README shows this table."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.promises import readme
from tests.promises.__main__ import Outcome, Outcomes, proven, read_report
from tests.promises.table import COLUMNS, TABLE, Cell, every_cell

TESTS = Path(__file__).parents[1]


def test_every_cell_says_something_and_names_its_tests() -> None:
    for row in TABLE:
        assert len(row.cells) == len(COLUMNS)
    for _, _, cell in every_cell():
        assert cell.says
        assert cell.tests


def test_every_test_that_is_named_exists() -> None:
    for name in {test for _, _, cell in every_cell() for test in cell.tests}:
        module, _, function = name.partition("::")
        tree = ast.parse((TESTS / f"{module}.py").read_text("utf-8"))
        defined = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert function in defined, name


def test_the_readme_shows_this_table() -> None:
    assert readme.is_current(), "run python -m tests.promises --write-readme"


def test_a_cell_without_a_passing_check_is_not_proven(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a.test_b" name="test_c[1]"/>'
        '<testcase classname="tests.a.test_b" name="test_c[2]"/>'
        '<testcase classname="tests.a.test_b" name="test_d"><failure/></testcase>'
        '<testcase classname="tests.a.test_b" name="test_e"><skipped/></testcase></testsuite></testsuites>'
    )
    outcomes: Outcomes = read_report(report)
    assert outcomes["a/test_b::test_c"] == Outcome(passed=2)
    assert proven(Cell("x", ("a/test_b::test_c",)), outcomes)
    for tests in ((), ("a/test_b::test_d",), ("a/test_b::test_e",), ("a/test_b::test_never_ran",)):
        assert not proven(Cell("x", tests), outcomes)
    assert not proven(Cell("x", ("a/test_b::test_c", "a/test_b::test_d")), outcomes)
