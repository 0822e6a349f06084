"""A new return code, or a code of a file's own: shown once, and stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from handlers.desk import Desk
from handlers.stretching import FIRST
from storage.code import derive, new_code


@dataclass(frozen=True, slots=True)
class FreshCode:
    digits: str = field(repr=False)
    tag: bytes = field(repr=False)
    """What it is found by."""
    public: bytes
    """What is sealed to it."""


async def fresh_code(desk: Desk) -> FreshCode:
    """Slow, and never turned away."""
    digits = new_code()
    keys = await desk.stretching.run(
        FIRST, partial(derive, digits, desk.vault.code_salt, desk.terms.code_cost)
    )
    return FreshCode(digits, desk.vault.tag("code", keys.tag), keys.public)
