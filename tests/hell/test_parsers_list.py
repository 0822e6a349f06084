"""The list of parsers is true: each exists, each is fuzzed by tests that exist, and no parser is missing."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.hell.parsers import PARSERS

ROOT = Path(__file__).parents[2]
NAMES = re.compile(r"parse|unpack|decode_\w+|from_json|read_or_none|load_settings")
"""What our parsers are called."""


@cache
def functions(path: Path) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_parser_on_the_list_exists() -> None:
    for parser in PARSERS:
        module, _, name = parser.rpartition(".")
        assert hasattr(import_module(module), name), parser


def test_every_test_on_the_list_exists_and_draws_what_it_throws() -> None:
    for test in {test for tests in PARSERS.values() for test in tests}:
        module, _, name = test.partition("::")
        found = functions(ROOT / "tests" / f"{module}.py")
        assert name in found, test
        drawn = [ast.unparse(each) for each in found[name].decorator_list]
        assert any(each.startswith("given(") for each in drawn), f"{test} looks at fixed examples only"


def test_no_parser_is_missing_from_the_list() -> None:
    listed = {parser.rpartition(".")[0] for parser in PARSERS}
    missing = []
    for room in ("intake", "storage", "handlers", "bot"):
        for path in sorted((ROOT / room).glob("*.py")):
            module = f"{room}.{path.stem}"
            if module not in listed and any(NAMES.fullmatch(name) for name in functions(path)):
                missing.append(module)
    assert missing == []
