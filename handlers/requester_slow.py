"""Cryptography that is too slow for a transaction and for the event loop: case locks and return codes.

A turn is decided inside its transaction. Where it turns out to need something of this, the transaction ends with
nothing written, the work is done in a thread, and the turn is decided anew with the result at hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handlers.desk import Desk
from intake.draft import Draft
from intake.events import Channel, Complete, Effect, EraseByCode, LookUp, MakeLock, OpenCase
from storage.code import CodeOpener, derive, new_code
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


def slow_work(effects: Sequence[Effect], draft: Draft, recipients: Callable[[], Sequence[bytes]]) -> Slow:
    """What these effects of `draft` need. `recipients` is asked only where a lock is made."""
    slow = Slow()
    for effect in effects:
        match effect:
            case MakeLock():
                slow = Slow(draft.case, tuple(recipients()), slow.new_code, slow.code)
            case OpenCase(channel=Channel.CODE) | Complete(channel=Channel.CODE):
                slow = Slow(slow.case, slow.recipients, new_code=True, code=slow.code)
            case LookUp(code) | EraseByCode(code):
                slow = Slow(slow.case, slow.recipients, slow.new_code, code)
            case _:
                pass
    return slow


async def prepare(desk: Desk, slow: Slow) -> Prepared:
    lock, code, opener = None, "", None
    code_tag = code_key = b""
    if slow.case:
        lock = await asyncio.to_thread(make_lock, bytes.fromhex(slow.case), slow.recipients)
    if slow.new_code:
        code = new_code()
        async with desk.stretching:
            keys = await asyncio.to_thread(derive, code, desk.vault.code_salt, desk.terms.code_cost)
        code_tag, code_key = desk.vault.tag("code", keys.tag), keys.public
    if slow.code:
        async with desk.stretching:
            opener = await asyncio.to_thread(
                CodeOpener, slow.code, desk.vault.code_salt, desk.terms.code_cost
            )
        code_tag = desk.vault.tag("code", opener.tag)
    return Prepared(slow, lock, code, code_tag, code_key, opener)
