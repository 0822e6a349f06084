"""Cryptography that is too slow for a transaction and for the event loop: case locks and return codes.

A turn is decided inside its transaction. Where it turns out to need something of this, the transaction ends with
nothing written, the work is done in a thread, and the turn is decided anew with the result at hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil

from handlers.desk import Desk
from handlers.fresh_code import fresh_code
from handlers.stretching import Busy
from intake.draft import Draft
from intake.events import Channel, CodeAct, Complete, Effect, MakeLock, OpenCase
from intake.steps import Hint
from storage.code import CodeOpener
from storage.sealing import Lock, make_lock


@dataclass(frozen=True, slots=True)
class Slow:
    """What is needed. Equal to what was prepared for when nothing that matters has changed in between."""

    case: str = field(default="", repr=False)
    """Hexadecimal id of the case that a lock is needed for."""
    recipients: tuple[bytes, ...] = field(default=(), repr=False)
    new_code: bool = False
    code: str = field(default="", repr=False)
    """A return code that was typed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The results."""

    slow: Slow = field(default_factory=Slow)
    lock: Lock | None = None
    code: str = field(default="", repr=False)
    code_tag: bytes = field(default=b"", repr=False)
    code_key: bytes = b""
    opener: CodeOpener | None = None
    refused: Hint | None = None
    """The code that was typed is not looked at now: what to say instead."""


def slow_work(effects: Sequence[Effect], draft: Draft, recipients: Callable[[], Sequence[bytes]]) -> Slow:
    """What these effects of `draft` need. `recipients` is asked only where a lock is made."""
    slow = Slow()
    for effect in effects:
        match effect:
            case MakeLock():
                slow = Slow(draft.case, tuple(recipients()), slow.new_code, slow.code)
            case OpenCase(channel=Channel.CODE) | Complete(channel=Channel.CODE):
                slow = Slow(slow.case, slow.recipients, new_code=True, code=slow.code)
            case _ if isinstance(effect, CodeAct):
                slow = Slow(slow.case, slow.recipients, slow.new_code, effect.code)
            case _:
                pass
    return slow


async def prepare(desk: Desk, account: bytes, slow: Slow) -> Prepared:
    lock, code, opener, refused = None, "", None, None
    salt, cost = desk.vault.code_salt, desk.terms.code_cost
    code_tag = code_key = b""
    if slow.case:
        lock = await asyncio.to_thread(make_lock, bytes.fromhex(slow.case), slow.recipients)
    if slow.new_code:
        fresh = await fresh_code(desk)
        code, code_tag, code_key = fresh.digits, fresh.tag, fresh.public
    if slow.code:
        opener, refused = await _opener(desk, account, partial(CodeOpener, slow.code, salt, cost))
        code_tag = desk.vault.tag("code", opener.tag) if opener else b""
    return Prepared(slow, lock, code, code_tag, code_key, opener, refused)


async def _opener(
    desk: Desk, account: bytes, make: Callable[[], CodeOpener]
) -> tuple[CodeOpener | None, Hint | None]:
    """The same work for a right and for a wrong code; where a code is not looked at now, what to say instead."""
    now = desk.clock()
    seconds = desk.tries.wait(account, now)
    if seconds:
        return None, Hint("code-pause", {"n": ceil(seconds / 60)})
    try:
        return await desk.stretching.run(desk.tries.rank(account, now), make), None
    except Busy:
        desk.tries.turned_away(account, now)
        return None, Hint("code-busy")
