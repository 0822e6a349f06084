"""Looks at the database that many share: no answer is older than its question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.looks import Looks
from storage.database import Database, Tx
from tests.bot.test_polling import until
from tests.handlers.desk import Person, World

STRANGER = 7_000_000


class Counting:
    """How often the database is read: each time costs PostgreSQL a transaction."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.reads = 0

    async def read(self, work: Callable[[Tx], Any]) -> Any:
        self.reads += 1
        return await self._inner.read(work)


async def test_those_who_come_by_webhook_at_the_same_time_share_a_look(world: World) -> None:
    counting = Counting(world.desk.db)
    looks = Looks(counting)  # type: ignore[arg-type]
    await Person(world, 5).send("/start")
    ann, strangers = Person(world, 5).account, [Person(world, STRANGER + n).account for n in range(100)]
    found = await asyncio.gather(*(looks.served_among({one}) for one in (ann, *strangers)))
    assert ann in found[0]
    assert not any(one in answer for one, answer in zip(strangers, found[1:], strict=True))
    assert counting.reads == 1
    await Person(world, STRANGER).send("/start")
    assert strangers[0] in await looks.served_among({strangers[0]})  # the next one is a new look
    assert counting.reads == 2


class Pausing:
    """A database whose reads take until they are told to end."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.may_end, self.begun = asyncio.Event(), 0

    async def read(self, work: Callable[[Tx], Any]) -> Any:
        self.begun += 1
        found = await self._inner.read(work)
        await self.may_end.wait()
        return found


async def test_who_asks_while_a_look_is_under_way_gets_a_newer_one(world: World) -> None:
    pausing = Pausing(world.desk.db)
    looks = Looks(pausing)  # type: ignore[arg-type]
    ann = Person(world, 5)
    before = asyncio.create_task(looks.served_among({ann.account}))
    await until(lambda: pausing.begun == 1)
    await ann.send("/start")
    after = asyncio.create_task(looks.served_among({ann.account}))
    await asyncio.sleep(0)
    pausing.may_end.set()
    assert ann.account not in await before
    assert ann.account in await after


async def test_what_keeps_one_from_looking_keeps_nobody_for_ever(world: World) -> None:
    ann = Person(world, 5)
    await ann.send("/start")
    looks = Looks(world.desk.db)
    first = asyncio.create_task(looks.served_among({ann.account}))
    await asyncio.sleep(0)
    first.cancel()  # its connection is closed while it waits
    assert ann.account in await looks.served_among({ann.account})
