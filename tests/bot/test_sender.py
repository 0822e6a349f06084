"""The background finds what is due, after a restart and from other processes, and pays nothing for what is not due."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from bot.due import MOST_AT_ONCE
from bot.look_over import EVERY_SECONDS, PAGE
from bot.telegram_errors import Unreachable
from handlers import deliveries
from handlers.notes import SCREEN
from handlers.outgoing import Edit, Outgoing, Send
from intake.draft import Draft, Place
from storage import drafts, given_up, marks, outbox, traces
from storage.database import Tx
from storage.drafts import Conversation
from storage.opening import open_database
from storage.outbox import Job, Task
from storage.traces import Trace
from storage.vault import Vault
from tests.bot.background import WITHIN, Done, background
from tests.bot.trouble import sick
from tests.handlers.desk import World


def owe(now: int) -> Any:
    """A message, a deletion and a draft, all of them due in ten seconds."""

    def work(tx: Tx) -> None:
        outbox.add(tx, Job(Task.SEND, now + 10, chat=5, text="owed"))
        traces.leave(tx, Trace(6, 60, now + 10, now))
        draft = Draft(Place.NOTICE, "en", active_at=now + 9 - 1_800)
        drafts.save(tx, tx.vault.account(7), Conversation(draft, 7, 70))

    return work


@pytest.mark.parametrize("written", ["before the start", "here", "in another process"])
async def test_what_is_due_is_done_on_time_wherever_it_was_written(
    world: World, written: str, tmp_path: Path
) -> None:
    if written == "before the start":
        world.desk.db.listener = None
        await world.write(owe(world.now))
    async with background(world) as here:
        await here.round()
        if written == "here":
            await world.write(owe(world.now))
        elif written == "in another process":
            other = open_database(f"sqlite+aiosqlite:///{tmp_path / 'postern.sqlite'}", world.desk.vault)
            await other.write(owe(world.now))
            await other.close()
        await here.round(2)
        world.wait(9)
        await here.round()
        assert here.calls == []
        world.wait(1)
        await here.round()
        assert here.deleted() == {(6, 60)}
        assert "owed" in here.texts()
        if written == "in another process":  # the draft is taken for touched when word of it came
            world.wait(1_791)
            await here.round()
        assert len(here.calls) == 3
        assert [call.message for call in here.calls if isinstance(call, Edit)] == [70]
        tables = await world.tables()
        assert [len(tables[name]) for name in ("outbox", "drafts", "rings")] == [0, 0, 0]
        assert await world.read(lambda tx: traces.of_chat(tx, 6)) == []


async def test_rows_that_are_not_due_cost_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: no box is opened, and of all tables only that of the rings is read."""

    def fill(tx: Tx) -> None:
        for number in range(3 * PAGE):
            outbox.add(tx, Job(Task.SEND, world.now + 3_600, chat=5, text="later"))
            traces.leave(tx, Trace(6, number, world.now + 3_600, world.now))
            conversation = Conversation(Draft(Place.NOTICE, "en", active_at=world.now), 7, 70)
            drafts.save(tx, tx.vault.account(number), conversation)

    await world.write(fill)
    async with background(world) as here:
        await here.round()
        opened: list[str] = []
        unwrap = Vault.unwrap

        def counting(vault: Vault, place: str, *given: Any) -> bytes:
            opened.append(place)
            return unwrap(vault, place, *given)

        monkeypatch.setattr(Vault, "unwrap", counting)
        for _ in range(60):
            world.wait(1)
            await here.round()
        assert opened == []
        world.wait(3_600 - 60)
        await here.round()
        assert len(here.deleted()) == len([c for c in here.calls if isinstance(c, Send)]) == 3 * PAGE


async def test_a_row_whose_word_got_lost_is_found_by_the_next_look(world: World) -> None:
    async with background(world) as here:
        await here.round()
        world.desk.db.listener = lambda _: None
        await world.write(owe(world.now - 10))
        world.wait(60)
        await here.round()
        assert here.calls == []
        world.wait(EVERY_SECONDS)
        await here.round(4)
        assert here.deleted() == {(6, 60)}
        assert "owed" in here.texts()
        world.wait(1_801)  # a draft that nobody spoke of is taken for touched when it is found
        await here.round()
        assert any(isinstance(call, Edit) for call in here.calls)


async def test_what_telegram_took_while_the_database_was_sick_is_recorded_later_and_sent_once(
    world: World, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    async with background(world) as here:
        await here.round()
        await world.write(owe(world.now - 10))
        db = world.desk.db
        write = db.write

        async def full(*_: object, **__: object) -> Any:
            raise sick()

        monkeypatch.setattr(db, "write", full)
        for _ in range(5):
            here.postman.post(9, [Send(9, "a screen", note=str(SCREEN))])
            await here.sender._round()
            await here.postman.drain(WITHIN)
            world.wait(60)
        assert here.texts().count("owed") == 1
        assert here.deleted() == {(6, 60)}
        monkeypatch.setattr(db, "write", write)
        await here.round(2)
        assert here.texts().count("owed") == 1
        tables = await world.tables()
        assert [len(tables[name]) for name in ("outbox", "drafts")] == [0, 0]
        assert await world.read(lambda tx: traces.of_chat(tx, 6)) == []
        shown = [trace.message for _, trace in await world.read(lambda tx: traces.of_chat(tx, 9))]
        gone = {message for chat, message in here.deleted() if chat == 9}
        assert (len(shown), len(gone)) == (1, 4), (
            "the screens that came meanwhile are known, and can be deleted"
        )
    said = log.getvalue()
    assert said.count("the database can't be used") == said.count("the database can be used again") == 1
    assert "where" not in said


async def test_a_process_that_is_not_the_sender_records_as_soon_as_something_is_taken_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own screens go out from it, and its loop does not run."""
    async with background(world) as here:
        write = world.desk.db.write

        async def full(*_: object, **__: object) -> Any:
            raise sick()

        monkeypatch.setattr(world.desk.db, "write", full)
        for chat in range(1, 6):
            here.postman.post(chat, [Send(chat, "a screen", note=str(SCREEN))])
        await here.postman.drain(WITHIN)
        monkeypatch.setattr(world.desk.db, "write", write)
        here.postman.post(6, [Send(6, "a screen", note=str(SCREEN))])
        await here.postman.drain(WITHIN)
        known = [await world.read(lambda tx, c=chat: traces.of_chat(tx, c)) for chat in range(1, 7)]
        assert [len(each) for each in known] == [1] * 6


async def test_a_defect_in_recording_does_not_send_the_same_message_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError

    async with background(world) as here:
        await world.write(lambda tx: outbox.add(tx, Job(Task.SEND, world.now, chat=5, text="owed")))
        monkeypatch.setattr(deliveries, "settle", broken)
        for _ in range(4):
            await here.round()
            world.wait(100)
        assert here.texts() == ["owed"]
        assert await world.read(outbox.waiting) == []
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"notice": 1}


async def test_a_message_that_can_not_be_delivered_waits_and_is_tried_again(world: World) -> None:
    async with background(world) as here:
        await world.write(owe(world.now - 10))
        here.fails = Unreachable()
        await here.round(2)
        [(_, job)] = await world.read(outbox.waiting)
        assert (job.due, job.tries, job.since) == (world.now + 60, 1, world.now)
        here.fails = None
        world.wait(59)
        await here.round()
        assert "owed" not in here.texts()
        world.wait(1)
        await here.round()
        assert "owed" in here.texts()
        assert here.deleted() == {(6, 60)}


async def test_deletions_for_more_chats_than_the_postman_should_hold_wait_their_turn(world: World) -> None:
    chats = 3_000

    def fill(tx: Tx) -> None:
        for chat in range(1, chats + 1):
            traces.leave(tx, Trace(chat, 1, world.now, world.now))

    await world.write(fill)
    async with background(world) as here:
        held, most = asyncio.Event(), 0

        async def slow(_: Outgoing) -> Done:
            await held.wait()
            return Done(1)

        here.postman._call = slow
        for _ in range(60):
            await here.sender._round()
            most = max(most, len(here.postman._queues))
        assert 2_000 <= most <= 2_000 + MOST_AT_ONCE
        held.set()
        for _ in range(40):
            await here.postman.drain(WITHIN)
            await here.sender._round()
        await here.postman.drain(WITHIN)
        assert (await world.tables())["traces"] == []


async def test_one_draft_that_cannot_be_ended_does_not_keep_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(tx: Tx) -> None:
        for number in range(3):
            draft = Draft(Place.NOTICE, "en", active_at=world.now - 1_801)
            drafts.save(tx, tx.vault.account(number), Conversation(draft, number + 1, 70))

    drop, odd = drafts.drop, world.desk.vault.account(1)

    def breaking(tx: Tx, account: bytes) -> None:
        if account == odd:
            raise KeyError
        drop(tx, account)

    monkeypatch.setattr(drafts, "drop", breaking)
    async with background(world) as here:
        await world.write(fill)
        await here.round()
        assert [row[0] for row in (await world.tables())["drafts"]] == [odd]


async def test_rings_are_taken_some_at_a_time_and_none_is_left(world: World) -> None:
    def fill(tx: Tx) -> None:
        for number in range(marks.MOST_RINGS + 50):
            traces.leave(tx, Trace(number % 9 + 1, number, world.now, world.now))

    async with background(world, alone=False) as here:
        await here.round()
        await world.write(fill)
        assert len((await world.tables())["rings"]) == marks.MOST_RINGS + 50
        await here.round()
        assert len(here.deleted()) == marks.MOST_RINGS + 50
        assert (await world.tables())["rings"] == []


async def test_a_transaction_that_fails_leaves_no_word(world: World) -> None:
    told: list[Any] = []
    world.desk.db.listener = told.extend

    def failing(tx: Tx) -> None:
        outbox.add(tx, Job(Task.SEND, 1, chat=5))
        raise KeyError

    results = await asyncio.gather(
        world.write(failing), world.write(owe(0)), world.write(failing), return_exceptions=True
    )
    assert [type(each) for each in results] == [KeyError, type(None), KeyError]
    assert [mark.kind for mark in told] == ["job", "trace", "draft"]
