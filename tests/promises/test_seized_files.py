"""A seized server and the files that operators send: what its key opens of them, and at which moments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from intake.errors import Tampered
from intake.roles import Role
from storage import files
from storage.code import read as read_code
from storage.database import Tx
from storage.file_stream import FileKey
from storage.outbox import Task
from storage.schema import files as files_table
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_files import carry_out, send_file
from tests.handlers.test_requester_turn import code_of
from tests.promises.test_seized_server import _opened

LETTER = b"%PDF-1.7 Vagharshapat" * 4_000
OPERATOR, REQUESTER = 90, 5_000_000_001


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _strings(each)
        case list() | tuple():
            for each in value:
                yield from _strings(each)


def _readable(tx: Tx) -> list[bytes]:
    """Every stored file that opens with anything that anything wrapped with the server key says."""
    keys = []
    for _, said in _opened(tx):
        for each in _strings(said):
            try:
                keys.append(FileKey.unpack(each))
            except Tampered:
                continue
    found = []
    for case, sequence in tx.conn.execute(select(files_table.c.case_id, files_table.c.sequence)).all():
        sealed = files.get(tx, case, sequence)
        assert sealed is not None
        for key in keys:
            try:
                found.append(key.open(sealed.blocks))
            except Tampered:
                continue
    return found


async def _stored(world: World) -> int:
    return len((await world.tables())["files"])


async def _sent(world: World, how: str, *, until: str = "chat") -> Person:
    heron = await join(world, OPERATOR, Role.OPERATOR, "Heron")
    who = Person(world, REQUESTER)
    await ask(who, until=until)
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    document = [m for m in world.shown(OPERATOR) if m.document][-1]
    await send_file(heron, LETTER, reply_to=document.id)
    await world.deliver()
    assert await world.read(_readable) == []
    await heron.press(world.say(f"attach-{how}-button"))
    await carry_out(world, Task.TAKE)
    return who


async def test_a_file_sent_as_it_is_is_readable_until_it_is_delivered_and_not_after(world: World) -> None:
    await _sent(world, "plain")
    assert await world.read(_readable) == [LETTER]
    await world.deliver()
    assert [m.document for m in world.shown(REQUESTER) if m.document] == [LETTER]
    assert await _stored(world) == 1
    assert await world.read(_readable) == []


async def test_a_sealed_file_is_not_readable_while_it_waits_for_its_code(world: World) -> None:
    who = await _sent(world, "sealed")
    assert await world.read(_readable) == []
    await world.deliver()
    assert await _stored(world) == 1
    assert await world.read(_readable) == []
    [code] = [found[0] for m in world.shown(OPERATOR) if (found := read_code(m.text))]
    assert code not in json.dumps(await world.read(_opened), default=str).replace(" ", "")
    await who.send(code)
    assert await world.read(_readable) == [LETTER]
    await world.deliver()
    assert [m.document for m in world.shown(REQUESTER) if m.document] == [LETTER]
    assert await world.read(_readable) == []


async def test_a_file_for_a_return_code_is_never_readable(world: World) -> None:
    who = await _sent(world, "sealed", until="code")
    code = await code_of(who)
    assert await world.read(_readable) == []
    await world.deliver()
    await who.send(code)
    assert [m.document for m in world.shown(REQUESTER) if m.document] == [LETTER]
    assert await _stored(world) == 1
    assert await world.read(_readable) == []
