"""What is owed to Telegram: nothing is lost, forgotten early, or told by the size or the order of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from intake.draft import Draft
from intake.errors import Tampered, WrongKey
from storage import damage, drafts, outbox, traces
from storage.database import Database, Tx
from storage.drafts import Conversation
from storage.marks import Kind
from storage.opening import open_database
from storage.outbox import DAY, Job, Task
from storage.schema import drafts as drafts_table
from storage.schema import outbox as jobs
from storage.schema import traces as traces_table
from storage.server_key import ServerKey
from storage.traces import Trace
from storage.vault import Vault

NOW = 19_675 * DAY + 3_600
SEND = Job(Task.SEND, NOW, chat=5, text="привет 🕯", buttons=(("Yes", "y"),), delete_after=60, tag="reply")


def drop_all(tx: Tx) -> int:
    """Whatever is damaged, wherever it is; how many rows that was."""
    keys = {Kind.JOB: jobs.c.id, Kind.TRACE: traces_table.c.id, Kind.DRAFT: drafts_table.c.account}
    return sum(
        damage.drop(tx, kind, list(tx.conn.execute(select(key)).scalars()), NOW) for kind, key in keys.items()
    )


async def test_a_job_comes_back_as_it_was_when_it_is_due(db: Database) -> None:
    job_id = await db.write(lambda tx: outbox.add(tx, SEND))
    assert await db.read(lambda tx: outbox.due(tx, NOW - 1)) == []
    assert await db.read(lambda tx: outbox.due(tx, NOW)) == [(job_id, SEND)]
    later = replace(SEND, due=NOW + DAY, tries=1)
    await db.write(lambda tx: outbox.postpone(tx, job_id, later))
    assert await db.read(lambda tx: outbox.due(tx, NOW)) == []
    assert await db.read(lambda tx: outbox.due(tx, NOW + DAY)) == [(job_id, later)]
    await db.write(lambda tx: outbox.done(tx, job_id))
    assert await db.read(outbox.waiting) == []


async def test_the_urgent_go_first_then_the_oldest(db: Database) -> None:
    def work(tx: Tx) -> list[str]:
        for name, due, urgent in (("c", 30, False), ("b", 20, False), ("a", 40, True)):
            outbox.add(tx, Job(Task.SEND, due, urgent, text=name))
        return [job.text for _, job in outbox.due(tx, 50)]

    assert await db.write(work) == ["a", "b", "c"]


async def test_rows_are_found_by_id_and_page_by_page_in_an_order_that_says_nothing(db: Database) -> None:
    def work(tx: Tx) -> None:
        jobs_put = {outbox.add(tx, replace(SEND, due=NOW + n)): NOW + n for n in range(5)}
        for n in range(5):
            traces.leave(tx, Trace(7, n, NOW + n, NOW))
        marks = {i: t.due for i, t in traces.of_chat(tx, 7)}
        both: tuple[tuple[dict[bytes, int], Any, Any], ...] = (
            (jobs_put, outbox.jobs_after, outbox.jobs),
            (marks, traces.after, traces.these),
        )
        for put, page, some in both:
            ids = sorted(put)
            first = page(tx, b"", 2).rows
            rest = page(tx, ids[1], 9).rows
            assert [*first, *rest] == ids
            assert {i: row.due for i, row in {**first, **rest}.items()} == put
            assert list(some(tx, [ids[3], b"0" * 16]).rows) == [ids[3]]
            assert some(tx, []).rows == {}

    await db.write(work)


async def test_rows_are_of_one_size_and_tell_the_day_only(db: Database) -> None:
    worst = replace(
        SEND, text='"' * 2_800 + "ж" * 150, chat=2**52, case="f" * 32, buttons=(("ж" * 64, "x" * 64),) * 6
    )

    def work(tx: Tx) -> list[set[int]]:
        outbox.add(tx, Job(Task.CARD, NOW))
        outbox.add(tx, worst)
        traces.leave(tx, Trace(1, 1, 1, 1))
        traces.leave(tx, Trace(-(2**62), 2**31, 2**40, 2**40))
        sizes = [
            {len(v) for v in tx.conn.execute(select(c)).scalars()}
            for c in (jobs.c.job, traces_table.c.message)
        ]
        return [*sizes, set(tx.conn.execute(select(jobs.c.due_day)).scalars())]

    job_sizes, trace_sizes, days = await db.write(work)
    assert len(job_sizes) == len(trace_sizes) == 1
    assert days == {NOW // DAY}


async def test_jobs_about_a_case_or_for_a_chat_can_be_taken_back(db: Database) -> None:
    def work(tx: Tx) -> list[list[tuple[str, int]]]:
        def left() -> list[tuple[str, int]]:
            return sorted((job.case, job.chat) for _, job in outbox.waiting(tx))

        for case, chat in (("aa", 1), ("bb", 2), ("", 1), ("bb", 3)):
            outbox.add(tx, Job(Task.SEND, NOW + DAY * 9, case=case, chat=chat))
        outbox.drop_about(tx, {"aa"})
        found = [left()]
        outbox.untie(tx, "bb", 2)
        found.append(left())
        outbox.drop_for(tx, 3)
        return [*found, left()]

    assert await db.write(work) == [
        [("", 1), ("bb", 2), ("bb", 3)],
        [("", 1), ("", 2), ("bb", 3)],
        [("", 1), ("", 2)],
    ]


async def test_traces_are_found_by_chat_and_become_due(db: Database) -> None:
    def work(tx: Tx) -> list[object]:
        for message in (1, 2, 3):
            traces.leave(tx, Trace(7, message, NOW + 100, NOW))
        traces.leave(tx, Trace(8, 1, NOW + 100, NOW))
        traces.hasten(tx, 7, [1], NOW)
        first = [trace.message for _, trace in traces.due(tx, NOW)]
        traces.hasten_all(tx, 7, NOW + 1, but=3)
        then = sorted(trace.message for _, trace in traces.due(tx, NOW + 1))
        sent = {trace.sent for _, trace in traces.of_chat(tx, 7)}
        traces.forget(tx, [i for i, _ in traces.of_chat(tx, 7)])
        return [first, then, sent, [(t.chat, t.message) for _, t in traces.due(tx, NOW + 100)]]

    assert await db.write(work) == [[1], [1, 2], {NOW}, [(8, 1)]]


async def test_a_job_in_anothers_row_does_not_open(db: Database) -> None:
    def work(tx: Tx) -> None:
        outbox.add(tx, replace(SEND, chat=1))
        other = outbox.add(tx, replace(SEND, chat=2))
        box = tx.conn.execute(select(jobs.c.job).where(jobs.c.id == other)).scalar_one()
        tx.conn.execute(update(jobs).values(job=box))

    await db.write(work)
    with pytest.raises(Tampered):
        await db.read(lambda tx: outbox.due(tx, NOW))


async def test_damaged_rows_can_be_dropped_and_nothing_else_goes(db: Database) -> None:
    def work(tx: Tx) -> int:
        for number in range(3):
            outbox.add(tx, replace(SEND, chat=number))
            traces.leave(tx, Trace(7, number, NOW, NOW))
            drafts.save(tx, bytes([number]) * 16, Conversation(Draft(), number))
        victim = tx.conn.execute(select(jobs)).all()[0]
        altered = victim.job[:-1] + bytes([victim.job[-1] ^ 1])
        tx.conn.execute(update(jobs).where(jobs.c.id == victim.id).values(job=altered))
        mark = tx.conn.execute(select(traces_table.c.id)).scalars().first()
        tx.conn.execute(update(traces_table).where(traces_table.c.id == mark).values(message=b""))
        return drop_all(tx)

    assert await db.write(work) == 2
    assert len(await db.read(outbox.waiting)) == len(await db.read(lambda tx: traces.of_chat(tx, 7))) == 2
    assert await db.write(drop_all) == 0


async def test_under_another_server_key_nothing_counts_as_damaged(db: Database, url: str) -> None:
    await db.write(lambda tx: outbox.add(tx, SEND))
    key = ServerKey.generate()
    stranger = open_database(url, Vault.open(key, Vault.new_secrets(key)))
    with pytest.raises(WrongKey):
        await stranger.write(drop_all)
    await stranger.close()
    assert await db.read(lambda tx: tx.conn.execute(select(func.count()).select_from(jobs)).scalar_one()) == 1


async def test_the_jobs_of_a_case_are_found_without_opening_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bytes] = []
    unwrap = Vault.unwrap

    def counting(vault: Vault, place: str, row: bytes, box: bytes) -> bytes:
        opened.append(row)
        return unwrap(vault, place, row, box)

    def work(tx: Tx) -> None:
        others = [outbox.add(tx, replace(SEND, case=case)) for case in ("bb", "", "cc") for _ in range(9)]
        mine = {outbox.add(tx, replace(SEND, case="aa", chat=n)) for n in range(3)}
        old = outbox.add(tx, replace(SEND, case="aa", chat=9))  # from before there was the column
        stranger = outbox.add(tx, replace(SEND, case="bb"))
        tx.conn.execute(update(jobs).where(jobs.c.id.in_([old, stranger])).values(about=None))
        monkeypatch.setattr(Vault, "unwrap", counting)
        assert {job_id for job_id, _ in outbox.about(tx, {"aa"})} == {*mine, old}
        assert {*opened} == {*mine, old, stranger}
        outbox.untie(tx, "aa", 9)
        assert {job_id for job_id, _ in outbox.about(tx, {"aa"})} == mine
        outbox.drop_about(tx, {"aa", "cc"})
        assert outbox.about(tx, {"aa"}) == outbox.about(tx, {"cc"}) == []
        assert not set(others[18:]) & {job_id for job_id, _ in outbox.waiting(tx)}
        assert outbox.about(tx, []) == []

    await db.write(work)


async def test_what_a_job_is_about_is_no_hash_that_stands_anywhere_else(db: Database) -> None:
    case, chat = "ab" * 16, 77

    def work(tx: Tx) -> None:
        outbox.add(tx, replace(SEND, case=case, chat=chat))
        about = tx.conn.execute(select(jobs.c.about)).scalar_one()
        assert about not in {
            bytes.fromhex(case),
            tx.vault.account(chat),
            tx.vault.tag("code", bytes.fromhex(case)),
        }

    await db.write(work)
