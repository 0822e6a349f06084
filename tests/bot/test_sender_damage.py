"""One row that was altered does not stop the background's work on all the others."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.counts import Counts
from bot.postman import Postman
from bot.sender import Sender
from bot.states import States
from handlers.outgoing import Outgoing, Send
from storage import outbox
from tests.handlers.desk import GROUP, Person, World, ask, make_world


@dataclass(frozen=True)
class Done:
    message_id: int


async def cards_after(world: World, seconds: float) -> list[str]:
    """Let the background run; the cards that reached the group."""
    sent: list[Outgoing] = []
    ids = count(70_000)

    async def call(outgoing: Outgoing) -> Done:
        sent.append(outgoing)
        return Done(next(ids))

    sender = Sender(world.wire.clock, States(), Counts())
    postman = Postman(call, sender.reports())
    sender.attach(replace(world.desk, post=postman.post, wake=sender.wake), postman)
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(seconds / 2)
    sender.wake()
    await asyncio.sleep(seconds / 2)
    stop.set()
    sender.wake()
    await running
    await postman.drain(2)
    return [each.text for each in sent if isinstance(each, Send) and each.chat == GROUP]


@pytest.mark.parametrize("what", ["a case", "a job"])
async def test_the_other_cards_are_sent_and_the_log_says_what_happened(
    tmp_path: Path, log: io.StringIO, what: str
) -> None:
    async with make_world(tmp_path) as world:
        for number in (1, 2, 3):
            await ask(Person(world, number), until="chat")
        table, column = ("cases", "facts") if what == "a case" else ("outbox", "job")
        key = "case_id" if what == "a case" else "id"
        ruin = (
            f"UPDATE {table} SET {column} = CAST(substr({column}, 1, 90) || zeroblob(length({column}) - 90) AS BLOB) "  # noqa: S608
            f"WHERE {key} = (SELECT {key} FROM {table} LIMIT 1)"
        )
        await world.write(lambda tx: tx.conn.execute(text(ruin)))
        found = await cards_after(world, 0.8)
        assert len([each for each in found if "· standard" in each]) == 2  # beside the board
        assert ("Tampered" if what == "a case" else "damaged rows were dropped") in log.getvalue()
        left = await world.read(outbox.waiting)
        # The job of a damaged case is tried again later; a job that can't be read is dropped.
        assert len(left) == (1 if what == "a case" else 0)
