"""Damage: to the values of an update, and to the text it travels in."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.hell.updates import FIRST_ID, PLANTED

MEGABYTE = "M" * 1_000_000
_LONE = "\ud800"
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**300, -FIRST_ID, 1.5,
    1e308, float("nan"), float("-inf"), "", "0", "-1", "true", "\0", _LONE, f"{PLANTED}\udfff\0", "\u202e" * 70,
    "9" * 5000, "/" * 5000, PLANTED * 1000, [], {}, [[]], [None], {"id": 1}, {"": ""},
    {"id": FIRST_ID, "type": "private"},
)  # fmt: skip
_FIELDS = (
    "update_id message edited_message callback_query my_chat_member chat from id type text data message_id "
    "reply_to_message new_chat_member status contact location photo sender_chat is_bot migrate_to_chat_id "
    "migrate_from_chat_id forward_origin language_code entities venue __proto__"
)
_NAMES = (*_FIELDS.split(), "\0")
_NESTED = 150


def damaged(random: Random, update: Any) -> Any:
    """A copy with one to three things wrong."""
    holder = [deepcopy(update)]
    for _ in range(random.randint(1, 3)):
        places = _places(holder)
        if places:
            _spoil(random, *random.choice(places))
    return holder[0] if holder else None


def encoded(random: Random, update: Any) -> str:
    """As JSON, at times with a key twice; what can't be decoded again is left as it was."""
    text = json.dumps(update)
    openings = (
        [at + 1 for at in range(len(text) - 1) if text[at : at + 2] == '{"'] if len(text) < 20_000 else []
    )
    if openings and random.random() < 0.1:
        at = random.choice(openings)
        twice = f"{json.dumps(random.choice(_NAMES))}: {json.dumps(random.choice(_VALUES))}, "
        doubled = text[:at] + twice + text[at:]
        try:
            json.loads(doubled)
        except ValueError:
            return text
        return doubled
    return text


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key or index) of everything inside."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        inside = one.items() if isinstance(one, dict) else enumerate(one)
        for key, inner in list(inside):
            found.append((one, key))
            if isinstance(inner, dict | list):
                waiting.append(inner)
    return found


def _spoil(random: Random, parent: Any, key: Any) -> None:
    match random.randrange(8):
        case 0 | 1 | 2:
            parent[key] = deepcopy(random.choice(_VALUES))
        case 3:
            del parent[key]
        case 4:
            parent[key] = _turned(parent[key])
        case 5 if isinstance(parent, dict):
            parent[random.choice(_NAMES)] = deepcopy(random.choice(_VALUES))
        case 6 if isinstance(parent, dict):
            parent[random.choice(_NAMES)] = parent.pop(key)
        case _ if random.random() < 0.05:
            parent[key] = MEGABYTE
        case _:
            parent[key] = _nested(random, parent[key])


def _turned(value: Any) -> Any:
    """The same in another type."""
    match value:
        case bool():
            return int(value)
        case int():
            return random_bool_or_text(value)
        case str():
            return list(value[:20])
        case dict():
            return list(value.values())
        case list():
            return dict(enumerate_as_text(value))
        case _:
            return [value]


def random_bool_or_text(value: int) -> Any:
    return True if value == 1 else str(value)


def enumerate_as_text(values: list[Any]) -> dict[str, Any]:
    return {str(at): value for at, value in enumerate(values)}


def _nested(random: Random, value: Any) -> Any:
    for _ in range(_NESTED):
        value = {random.choice(_NAMES): value} if random.random() < 0.5 else [value]
    return value
