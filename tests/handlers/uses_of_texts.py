"""Which texts the program's sources use, found by reading them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handlers.admin_undelivered import KNOWN
from handlers.menus import ADMIN, LEAD, OPERATOR, REQUESTER
from intake.events import Odd
from intake.lifecycle import Outcome, RaisedFor
from intake.questionnaire import Level
from intake.roles import Role
from intake.sensitive import Sensitive
from intake.tables import Reason
from intake.trail import Event
from storage.replies import Attached, State, Why

ROOT = Path(__file__).parents[2]
PLACE_OF_NAME = {"_say": 2, "_button": 2, "ending": 2}
"""Where these functions take a text's name; `say` takes it last of its positional arguments."""
HYPHENATED = re.compile(r"[a-z]+(-[a-z]+)+")

NO_TEXTS = frozenset({"too-old-to-edit"})
"""Hyphenated words that name something else: here, why Telegram refused a call."""


@dataclass(slots=True)
class Uses:
    named: set[str] = field(default_factory=set)
    """Names that are certainly taken for texts: each must exist."""
    mentioned: set[str] = field(default_factory=set)
    """Every string in the sources: a text named by none of them is never shown."""
    unknown: set[str] = field(default_factory=set)
    """Beginnings of composed names that `families` does not know."""


def families() -> Mapping[str, Iterable[str]]:
    """Composed names: what they begin with, and all that can follow."""
    return {
        "level-": Level,
        "role-": Role,
        "sensitive-": Sensitive,
        "outcome-": Outcome,
        "command-": {*REQUESTER, *OPERATOR, *LEAD, *ADMIN},
        "unexpected-": Odd,
        "reply-state-": set(State) - {State.FAILED},
        "reply-state-file-": set(Attached) - {Attached.NONE},
        "attach-note-": set(Attached) - {Attached.NONE},
        "reply-failed-": Why,
        "undelivered-kind-": {*KNOWN, "other"},
        "undelivered-why-": {*Why, "defect"},
        "audit-": Event,
        "stats-refused-": Reason,
        "reason-": RaisedFor,
        "hint-": (),  # read where the hint is made
    }


def uses() -> Uses:
    found = Uses()
    for folder in ("intake", "handlers", "bot"):
        for path in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                _read(found, node, folder)
    return found


def _read(found: Uses, node: ast.AST, folder: str) -> None:
    match node:
        case ast.Constant(value=str() as text):
            found.mentioned.add(text)
            if folder == "handlers" and HYPHENATED.fullmatch(text) and text not in NO_TEXTS:
                found.named.add(text)
        case ast.JoinedStr() if folder != "bot":
            found.named |= set(_composed(node))
        case ast.Call():
            _read_call(found, node)


def _read_call(found: Uses, call: ast.Call) -> None:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function == "Hint" and call.args:
        found.named |= {f"hint-{name}" for name in _names(call.args[0])}
    elif function == "say" and call.args:
        found.named |= set(_names(call.args[-1]))
        found.unknown |= {b for b in _beginnings(call.args[-1]) if b not in families()}
    elif function in PLACE_OF_NAME and len(call.args) > PLACE_OF_NAME[function]:
        found.named |= set(_names(call.args[PLACE_OF_NAME[function]]))
    for keyword in call.keywords:
        if keyword.arg == "ending":
            found.named |= set(_names(keyword.value))


def _names(expression: ast.expr) -> Iterator[str]:
    """The names that this expression can be; none for a variable, whose values are found where they are set."""
    match expression:
        case ast.Constant(value=str() as name) if name:
            yield name
        case ast.IfExp(body=body, orelse=orelse):
            yield from _names(body)
            yield from _names(orelse)
        case ast.JoinedStr():
            yield from _composed(expression)


def _composed(expression: ast.JoinedStr) -> Iterator[str]:
    for beginning in _beginnings(expression):
        yield from (f"{beginning}{end}" for end in families().get(beginning, ()))


def _beginnings(expression: ast.expr) -> Iterator[str]:
    match expression:
        case ast.JoinedStr(values=[ast.Constant(value=str() as beginning), ast.FormattedValue()]):
            yield beginning
