"""The house stands as DESIGN says: imports run one way, nothing works at import time, files stay small.

Read from the source with `ast`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("intake", "storage", "handlers", "bot")
"""From the inside out: each may import itself and those before it."""
OURS = (*ROOMS, "sandbox")
YARD = ("benchmarks", "tests")
"""What stands around the house: it may look in; nothing inside knows of it."""
ROLES = ("requester", "operator", "admin")
MOST_LINES = 400
IDLE_AT_IMPORT = frozenset(
    {
        "connect",
        "create_async_engine",
        "create_engine",
        "exists",
        "getenv",
        "glob",
        "input",
        "iterdir",
        "mkdir",
    }
    | {
        "open",
        "print",
        "read_bytes",
        "read_text",
        "run",
        "safe_load",
        "sleep",
        "touch",
        "urlopen",
        "write_text",
    }
    | {
        "Popen",
        "load_settings",
        "Bot",
        "Telegram",
        "now",
        "time",
        "monotonic",
        "token_bytes",
        "urandom",
        "random",
    }
)
"""Calls that are work, or ask the outside world: none may run because a module is imported."""
CLIENT = {"bot.telegram", "bot.session"}
LOG_METHODS = frozenset({"critical", "debug", "error", "exception", "info", "log", "warning"})

Edge = tuple[str, str]


@cache
def sources() -> dict[str, ast.Module]:
    """Module name -> syntax tree, of all our code and the tests."""
    found = {}
    for room in (*OURS, *YARD):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(), str(path))
    return found


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports(module: str, tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in it, also inside functions and for typing only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module
            for alias in node.names:  # `from bot import logs` imports the module bot.logs
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in sources() else node.module


@cache
def edges() -> tuple[Edge, ...]:
    return tuple((module, target) for module, tree in sources().items() for target in imports(module, tree))


def ours_only() -> Iterator[Edge]:
    return ((module, target) for module, target in edges() if room_of(module) in OURS)


def test_there_is_a_house_to_look_at() -> None:
    assert {room_of(module) for module in sources()} == {*OURS, *YARD}
    assert len(edges()) > 100


def test_imports_run_one_way_between_the_rooms() -> None:
    upward = [
        f"{module} -> {target}"
        for module, target in ours_only()
        if room_of(module) in ROOMS
        and room_of(target) in ROOMS
        and ROOMS.index(room_of(target)) > ROOMS.index(room_of(module))
    ]
    assert upward == []


def test_no_imports_go_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, target in ours_only():
        if room_of(target) in OURS and target in sources():
            graph.setdefault(module, set()).add(target)
    while True:  # take away what imports nothing that is left; a circle is what can't be taken away
        free = {target for targets in graph.values() for target in targets} - graph.keys()
        leaves = free | {module for module, targets in graph.items() if not targets}
        if not leaves:
            break
        graph = {module: targets - leaves for module, targets in graph.items() if module not in leaves}
    assert graph == {}


def test_the_role_modules_import_none_of_each_other() -> None:
    def role(module: str) -> str:
        name = module.removeprefix("handlers.") if room_of(module) == "handlers" else ""
        return next((role for role in ROLES if name.startswith(role)), "")

    assert [
        f"{module} -> {target}"
        for module, target in edges()
        if role(module) and role(target) and role(module) != role(target)
    ] == []


def test_the_sandbox_knows_nothing_of_us() -> None:
    assert [
        f"{module} -> {target}"
        for module, target in edges()
        if room_of(module) == "sandbox" and room_of(target) in {*ROOMS, "tests"}
    ] == []


def test_nothing_in_the_house_knows_the_yard() -> None:
    assert [f"{module} -> {target}" for module, target in ours_only() if room_of(target) in YARD] == []


def test_what_loads_the_bots_and_what_they_are_compared_with_know_nothing_of_us() -> None:
    assert [
        f"{module} -> {target}"
        for module, target in edges()
        if module.startswith(("benchmarks.load", "benchmarks.plain")) and room_of(target) in {*OURS, "tests"}
    ] == []


def test_only_the_demo_and_the_tests_know_the_sandbox() -> None:
    assert [
        f"{module} -> {target}"
        for module, target in edges()
        if room_of(target) == "sandbox"
        and room_of(module) not in {"sandbox", "tests"}
        and not module.startswith("bot.demo")
    ] == []


def test_only_the_sandbox_and_the_client_import_aiogram() -> None:
    assert [
        module
        for module, target in ours_only()
        if room_of(target) == "aiogram"
        and room_of(module) != "sandbox"
        and module not in {"bot.telegram", "bot.session", "bot.models_when_used"}
    ] == []


def test_commands_that_need_no_client_do_not_pay_for_it() -> None:
    """Importing aiogram costs seconds: the command line starts without it."""
    code = "import sys, bot.cli; sys.exit('aiogram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_only_those_who_may_open_name_the_opener() -> None:
    """The service can seal and can't open: the name of what opens appears in the operators' own tools only."""
    may = re.compile(r"storage\.sealing|storage\.document\w*|storage\.file_\w+|bot\.opening|tests(\..*)?")
    assert [
        module
        for module, tree in sources().items()
        if not may.fullmatch(module)
        and any(
            (isinstance(node, ast.Name) and node.id == "Opener")
            or (isinstance(node, ast.Attribute) and node.attr == "Opener")
            or (isinstance(node, ast.alias) and node.name == "Opener")
            for node in ast.walk(tree)
        )
    ] == []


def module_level_calls(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that run when the module is imported: not those in functions, but those in classes and defaults."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for each in (*child.decorator_list, child.args):
                yield from module_level_calls(ast.Expr(each) if isinstance(each, ast.Call) else each)
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) in {
            "TYPE_CHECKING",
            "__name__ == '__main__'",
        }:
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from module_level_calls(child)


def test_no_work_is_done_at_import_time() -> None:
    found = []
    for module, tree in sources().items():
        if room_of(module) in OURS:
            for call in module_level_calls(tree):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
                if name in IDLE_AT_IMPORT:
                    found.append(f"{module}:{call.lineno} {name}()")
            for statement in tree.body:
                if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    found += [
                        f"{module}:{node.lineno} environ"
                        for node in ast.walk(statement)
                        if isinstance(node, ast.Attribute) and node.attr == "environ"
                    ]
    assert found == []


def test_works_with_a_lane_are_known() -> None:
    """On PostgreSQL they run beside each other, see `storage.postgres`: whoever adds one has to think about that."""
    known = {
        "handlers.requester",
        "handlers.requester_code",
        "handlers.requester_file",
        "handlers.requester_seen",
        "handlers.turn",
        "handlers.waiting",
    }
    found = {
        module
        for module, tree in sources().items()
        for node in ast.walk(tree)
        if room_of(module) in {"handlers", "bot"}
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write"
        and ast.unparse(node.func.value).endswith("db")
        and (len(node.args) > 1 or any(keyword.arg == "lane" for keyword in node.keywords))
    }
    assert found == known | {"bot.deletions", "bot.jobs"}  # what `handlers.deliveries.lane_of` says


def test_every_log_line_has_a_fixed_text() -> None:
    """The first argument is a constant and there is no second: values go into fields, which are filtered."""
    found = []
    for module, tree in sources().items():
        for node in ast.walk(tree):
            if room_of(module) not in {*ROOMS} or module == "bot.logs" or not isinstance(node, ast.Call):
                continue
            if not (isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS):
                continue
            owner = ast.unparse(node.func.value)
            if re.search(r"(^|[._])log(ger)?$|get_logger\(\)$", owner) and not (
                len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
            ):
                found.append(f"{module}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("room", [*OURS, *YARD])
def test_no_source_file_is_longer_than_can_be_read_at_once(room: str) -> None:
    files = [*(ROOT / room).rglob("*.py"), *(ROOT / room).rglob("*.js"), *(ROOT / room).rglob("*.css")]
    assert [f"{file}: {n}" for file in files if (n := len(file.read_text().splitlines())) > MOST_LINES] == []


@pytest.mark.parametrize("room", [*OURS, *YARD])
def test_every_source_file_says_what_it_is(room: str) -> None:
    assert [
        name for name, tree in sources().items() if room_of(name) == room and not ast.get_docstring(tree)
    ] == []
