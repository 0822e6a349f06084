"""What opens a file that waits: only its code, only in its place; and files from before it was kept whose they are."""

from __future__ import annotations

import pytest

from intake.errors import Tampered
from storage import files, handouts
from storage.argon import Cost
from storage.code import CodeOpener, derive
from storage.database import Database, Tx
from storage.envelope import Who
from storage.file_seal import QUESTIONS, FileSealer
from storage.file_stream import FileKey
from storage.handouts import Handout
from storage.sealing import make_lock
from tests.storage.filled import RECIPIENT

CHEAP = Cost(passes=1, memory=8 * 1024)
CASE, OTHER, REPLY, TAG = b"c" * 16, b"d" * 16, b"r" * 16, b"t" * 16
SALT, CODE, LETTER = b"s" * 16, "1234567890123456", b"a letter" * 20_000


def sealer() -> FileSealer:
    made = FileSealer(CASE, make_lock(CASE, [RECIPIENT]).public, 7, "application/pdf", Who.ORGANISATION)
    made.feed(LETTER)
    return made


def put(tx: Tx, tag: bytes | None = TAG) -> None:
    made = sealer()
    files.add(tx, CASE, 7, 19_000, made.finish())
    handouts.add(tx, Handout(CASE, 7, REPLY, made.head_for(derive(CODE, SALT, CHEAP).public), tag))


async def test_its_code_opens_it_and_no_other_does(db: Database) -> None:
    await db.write(put)
    found = await db.read(lambda tx: handouts.by_tag(tx, TAG))
    stored = await db.read(lambda tx: files.get(tx, CASE, 7))
    assert found is not None
    assert stored is not None
    place = {"case": CASE, "question": QUESTIONS[Who.ORGANISATION], "sequence": 7}
    key = FileKey.unpack(CodeOpener(CODE, SALT, CHEAP).open(found.head, **place))  # type: ignore[arg-type]
    assert key.open(stored.blocks) == LETTER
    with pytest.raises(Tampered):
        CodeOpener(CODE[::-1], SALT, CHEAP).open(found.head, **place)  # type: ignore[arg-type]
    with pytest.raises(Tampered):  # in the place of a requester's file
        CodeOpener(CODE, SALT, CHEAP).open(
            found.head, case=CASE, question=QUESTIONS[Who.REQUESTER], sequence=7
        )
    with pytest.raises(Tampered):
        key.open(stored.blocks[:-1])
    with pytest.raises(Tampered):
        key.open((*stored.blocks[1:], stored.blocks[0]))


@pytest.mark.parametrize(
    ("column", "value"), [("case_id", OTHER), ("reply", OTHER), ("head", b"x"), ("sequence", 8)]
)
async def test_a_row_that_was_altered_is_noticed(db: Database, column: str, value: object) -> None:
    from sqlalchemy import update

    from storage.schema import handouts as table

    await db.write(put)
    await db.write(lambda tx: tx.conn.execute(update(table).values(**{column: value})))
    with pytest.raises(Tampered):
        await db.read(lambda tx: handouts.by_tag(tx, TAG))


async def test_it_goes_with_its_file_with_its_case_and_with_the_chat(db: Database) -> None:
    await db.write(put)
    await db.write(lambda tx: handouts.forget_own_of(tx, [OTHER]))
    assert len(await db.read(lambda tx: handouts.of(tx, CASE))) == 1
    await db.write(lambda tx: files.erase(tx, files.come_until(19_000), 1))
    assert await db.read(lambda tx: handouts.of(tx, CASE)) == []
    await db.write(put)
    await db.write(lambda tx: handouts.forget_own_of(tx, [CASE]))
    assert await db.read(lambda tx: handouts.of(tx, CASE)) == []
    await db.write(lambda tx: files.erase_of(tx, [CASE]))
    await db.write(lambda tx: put(tx, None))
    await db.write(lambda tx: handouts.forget_own_of(tx, [CASE]))
    assert (
        len(await db.read(lambda tx: handouts.of(tx, CASE))) == 1
    )  # the return code's stays while the case does
    await db.write(lambda tx: files.erase_of(tx, [CASE]))
    assert await db.read(lambda tx: handouts.of(tx, CASE)) == []


async def test_a_file_from_before_is_its_requesters(db: Database) -> None:
    await db.write(put)
    await db.write(lambda tx: tx.conn.exec_driver_sql("UPDATE files SET author = NULL"))
    found = await db.read(lambda tx: files.get(tx, CASE, 7))
    assert found is not None
    assert found.who is Who.REQUESTER
