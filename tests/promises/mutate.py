"""A mutation run: each small change to the code below must make a test fail.

    python -m tests.promises.mutate [MODULE]

Every mutant is the module with one node of its syntax tree changed, put into a copy of the project, against which the
module's own tests run. A mutant that survives is a hole in the tests, or is in `EXPLAINED`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
AT_ONCE = 2

MODULES = {
    "storage/sealing.py": ("tests/storage/test_sealing.py",),
    "intake/anonymity.py": ("tests/intake/test_anonymity.py",),
}
"""Module -> the tests that must notice."""

_DATACLASS = "frozen and slots of a dataclass: mypy refuses what they refuse, and nothing else rests on them"
EXPLAINED = {
    "storage/sealing.py: True -> False": _DATACLASS,
    "intake/anonymity.py: True -> False": _DATACLASS
    + "; or zip's strict, of two lists made one from the other",
}
"""`module: change` -> why no test can tell the difference."""

_SWAPS: dict[type, type] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.Add,
}


@dataclass(frozen=True)
class Mutant:
    module: str
    line: int
    change: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.module}: {self.change}"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.promises.mutate")
    asked.add_argument("module", nargs="?", choices=sorted(MODULES))
    only = asked.parse_args().module
    found = [one for module in MODULES if only in (None, module) for one in mutants(module)]
    survivors = _survivors(found)
    unexplained = [one for one in survivors if one.name not in EXPLAINED]
    for one in unexplained:
        print(f"Survived: {one.module}:{one.line} {one.change}")
    killed = len(found) - len(survivors)
    explained = len(survivors) - len(unexplained)
    print(f"{len(found)} mutants: {killed} noticed, {explained} explained, {len(unexplained)} survived.")
    return int(bool(unexplained))


def _survivors(found: list[Mutant]) -> list[Mutant]:
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for number in range(AT_ONCE):
            copies.put(_copy_of_the_project(Path(folder, str(number))))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            noticed = pool.map(lambda one: _is_noticed(one, copies), found)
            return [one for one, good in zip(found, noticed, strict=True) if not good]


def _copy_of_the_project(place: Path) -> Path:
    for name in ("intake", "storage", "handlers", "tests", "questionnaires"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def _is_noticed(mutant: Mutant, copies: Queue[Path]) -> bool:
    place = copies.get()
    try:
        (place / mutant.module).write_text(mutant.code, "utf-8")
        command = [
            sys.executable,
            "-B",
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:xdist",
            *MODULES[mutant.module],
        ]
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0
    finally:
        shutil.copy(ROOT / mutant.module, place / mutant.module)
        copies.put(place)


def mutants(module: str) -> Iterator[Mutant]:
    """Every one, in the order of the code; none twice."""
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    seen: set[str] = {ast.unparse(tree)}
    for index, node in enumerate(ast.walk(tree)):
        for number, (what, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            target = next(one for at, one in enumerate(ast.walk(changed)) if at == index)
            before = _shown(target)
            _changes(target)[number][1]()
            code = ast.unparse(ast.fix_missing_locations(changed))
            if code not in seen:
                seen.add(code)
                yield Mutant(module, getattr(node, "lineno", 0), f"{before} -> {what}", code)


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def _changes(node: ast.AST) -> list[tuple[str, Callable[[], object]]]:
    """(what it becomes, how) for each way in which this node can be wrong."""
    match node:
        case ast.Compare():
            swaps = [(at, _SWAPS[type(op)]) for at, op in enumerate(node.ops) if type(op) in _SWAPS]
            return [
                (f"{new.__name__} at {at}", partial(node.ops.__setitem__, at, new())) for at, new in swaps
            ]
        case ast.BoolOp() | ast.BinOp() if type(node.op) in _SWAPS:
            swapped = _SWAPS[type(node.op)]
            return [(swapped.__name__, partial(setattr, node, "op", swapped()))]
        case ast.UnaryOp(op=ast.Not()):
            return [("without not", partial(setattr, node, "op", ast.UAdd()))]
        case ast.Constant(value=bool(value)):
            return [(str(not value), partial(setattr, node, "value", not value))]
        case ast.Constant(value=int(value)):
            return [(str(value + 1), partial(setattr, node, "value", value + 1))]
        case ast.If() | ast.IfExp():
            return [
                (f"if {value}", partial(setattr, node, "test", ast.Constant(value)))
                for value in (True, False)
            ]
        case ast.While():
            return [("never", partial(setattr, node, "test", ast.Constant(value=False)))]
        case ast.comprehension() if node.ifs:
            return [("without its conditions", partial(setattr, node, "ifs", []))]
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            return [("return None", partial(setattr, node, "value", ast.Constant(None)))]
        case ast.Expr(value=ast.Call()):
            return [("nothing", partial(setattr, node, "value", ast.Constant(None)))]
        case ast.Call() if node.args and _name(node.func) in {"sorted", "reversed", "set", "all", "any"}:
            return [("its argument alone", partial(_become, node))]
        case _:
            return []


def _become(call: ast.Call) -> None:
    call.func, call.args, call.keywords = ast.Name("list", ast.Load()), call.args[:1], []


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


if __name__ == "__main__":
    sys.exit(main())
