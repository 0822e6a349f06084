"""Exchanging the server key: nothing is lost, nothing is left under the old one, and nobody has to stop meanwhile."""

from __future__ import annotations

import ast
import asyncio
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.errors import SealingError, Tampered, WrongKey
from storage import cases, drafts, meta, outbox, rotation, schema, tallies
from storage.database import Database, Tx
from storage.drafts import Conversation
from storage.opening import open_database
from storage.server_key import KeyRing, ServerKey, write_keys
from storage.vault import Vault
from storage.wrapped import WRAPPED
from tests.storage.filled import MONTH, PEOPLE, bytes_under, contents, fill

ROOT = Path(__file__).parents[2]
OLD, NEW = ServerKey(b"o" * 32), ServerKey(b"n" * 32)
SECRETS = Vault.new_secrets(OLD)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PAUSE_SECONDS", 0.001)


async def filled(url: str, keys: KeyRing) -> Database:
    db = open_database(url, Vault(keys, SECRETS))
    await db.write(lambda tx: meta.put(tx, meta.VAULT_SECRETS, SECRETS))
    await db.write(fill)
    return db


async def rotated(db: Database, at_once: int = 2) -> int:
    """Put the new key in force and wrap everything anew; how many boxes that were."""
    await rotation.patiently(db, lambda tx: rotation.switch(tx, NEW))
    seen: list[int] = []
    assert not await rotation.rewrap_all(db, seen.append, at_once)
    return sum(seen)


async def opened_with(url: str, *keys: ServerKey) -> dict[str, object]:
    """Everything, as a program reads it that starts with these keys."""
    first = open_database(url, Vault(KeyRing(OLD, NEW), SECRETS))
    secrets = await first.read(lambda tx: meta.get(tx, meta.VAULT_SECRETS))
    await first.close()
    assert secrets is not None
    db = open_database(url, Vault(KeyRing(*keys), secrets))
    try:
        return await db.read(contents)
    finally:
        await db.close()


# Which columns there are


def places_used() -> Iterator[tuple[str, str]]:
    """(where, place) of every call that wraps or unwraps."""
    for path in [p for room in ("storage", "handlers", "bot") for p in sorted((ROOT / room).rglob("*.py"))]:
        if path.name in {"vault.py", "rotation.py"}:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"wrap", "wrap_padded", "unwrap", "unwrap_padded"}
                and ast.unparse(node.func.value).endswith("vault")
            ):
                yield f"{module}:{node.lineno}", _constant(module, node.args[0])


def _constant(module: str, place: ast.expr) -> str:
    """What the argument is at run time; KeyError, LookupError or AttributeError if it is no constant of a module."""
    if isinstance(place, ast.Attribute):
        return str(getattr(getattr(importlib.import_module(module), ast.unparse(place.value)), place.attr))
    assert isinstance(place, ast.Name), f"{module}: a place is a named constant, so that a rotation finds it"
    names = vars(importlib.import_module(module))
    if place.id in names:
        return str(names[place.id])
    assert place.id == "place", f"{module} wraps in {place.id}"
    return ""


def test_every_place_that_is_wrapped_is_in_the_list() -> None:
    used = dict(places_used())
    assert len(used) > 10
    passed_on = {where for where, place in used.items() if not place}
    assert {where.partition(":")[0] for where in passed_on} <= {
        "storage.damage"
    }  # takes its places from the stores
    assert {place for place in used.values() if place} == {each.place for each in WRAPPED}


def test_every_column_that_the_schema_calls_wrapped_is_in_the_list() -> None:
    table, found = "", set[str]()
    for line in (ROOT / "storage" / "schema.py").read_text().splitlines():
        table = named[1] if (named := re.match(r'    "(\w+)",$', line)) else table
        if column := re.match(r'    Column\("(\w+)", LargeBinary.*# wrapped', line):
            found.add(f"{table}.{column[1]}")
    listed = {f"{each.column.table.name}.{each.column.name}" for each in WRAPPED}
    assert found
    assert listed - found == {"meta.value"}  # which holds both kinds of values
    assert not found - listed


def test_no_column_is_listed_twice() -> None:
    assert len({each.column for each in WRAPPED}) == len({each.place for each in WRAPPED}) == len(WRAPPED)


# The exchange


async def test_after_the_exchange_everything_opens_with_the_new_key_and_nothing_is_under_the_old(
    url: str,
) -> None:
    db = await filled(url, KeyRing(NEW, OLD))
    before, under_old = await db.read(contents), await db.read(lambda tx: bytes_under(tx, OLD))
    assert {each.place for each in WRAPPED} == {each.replace("meta.value", meta.VALUE) for each in under_old}
    done = await rotated(db)
    assert done == len(under_old) - 1  # the secrets, which the switch itself wrapped
    assert await db.read(rotation.left) == 0
    assert await db.read(lambda tx: bytes_under(tx, OLD)) == []
    assert await db.read(lambda tx: meta.get(tx, meta.PAUSED)) == b"a notice in the clear"
    await db.close()
    assert await opened_with(url, NEW) == before
    with pytest.raises(WrongKey):
        await opened_with(url, OLD)


async def test_sizes_tell_nothing_of_the_exchange(url: str) -> None:
    def sizes(tx: Tx) -> list[list[int]]:
        return [sorted(len(v or b"") for v in tx.conn.execute(each.column.table.select()
                .with_only_columns(each.column)).scalars()) for each in WRAPPED]  # fmt: skip

    db = await filled(url, KeyRing(NEW, OLD))
    before = await db.read(sizes)
    await rotated(db)
    assert await db.read(sizes) == before
    await db.close()


async def test_halfway_both_keys_are_read_and_only_the_new_one_is_written(url: str) -> None:
    db = await filled(url, KeyRing(NEW, OLD))
    before = await db.read(contents)
    await db.write(lambda tx: rotation.switch(tx, NEW))
    half = await db.read(lambda tx: rotation.left(tx))
    for wrapped in WRAPPED:
        batch = await db.write(lambda tx, w=wrapped: rotation.rewrap_some(tx, w, None, 2))  # type: ignore[misc]
        half -= batch.rewrapped
    assert await db.read(rotation.left) == half > 0
    assert await db.read(contents) == before
    await db.write(lambda tx: outbox.add(tx, outbox.Job(outbox.Task.SEND, 1)))
    assert await db.read(rotation.left) == half
    await db.close()


async def test_a_running_process_changes_over_without_a_restart(url: str, tmp_path: Path) -> None:
    """It was started with the old key only; it reads the key file again, at its next write or its first new box."""
    path = tmp_path / "server.key"
    ServerKey.create(path)
    write_keys(path, [OLD])
    writer = await filled(url, KeyRing.load(path))
    secrets = Vault(OLD, SECRETS)
    reader = open_database(url, Vault(KeyRing.load(path), SECRETS))
    idle = open_database(url, Vault(KeyRing.load(path), SECRETS))
    before = await reader.read(contents)
    write_keys(path, [NEW, OLD])
    other = open_database(url, Vault(KeyRing(NEW, OLD), SECRETS))
    await other.write(lambda tx: rotation.switch(tx, NEW))
    draft = before["drafts"][PEOPLE[0]].draft
    account = secrets.account(PEOPLE[0])
    await writer.write(lambda tx: drafts.save(tx, account, Conversation(draft, 99)))
    assert await writer.read(lambda tx: len(bytes_under(tx, NEW))) == 2  # this draft, and the secrets
    await rotation.rewrap_all(other, lambda _: None)
    assert await other.read(rotation.left) == 0
    write_keys(path, [NEW])
    assert (await reader.read(contents))["cases"] == before["cases"]
    await idle.write(lambda tx: tallies.add(tx, MONTH, ["requests"]))
    assert await other.read(rotation.left) == 0
    for each in (writer, reader, idle, other):
        await each.close()
    assert (await opened_with(url, NEW))["tallies"][MONTH, "requests"] == len(PEOPLE) + 1  # type: ignore[index]


async def test_rows_that_change_underneath_keep_their_changes(url: str) -> None:
    service = await filled(url, KeyRing(NEW, OLD))
    command = open_database(url, Vault(KeyRing(NEW, OLD), SECRETS))
    rounds = 40

    async def work() -> None:
        for _ in range(rounds):
            await service.write(lambda tx: tallies.add(tx, MONTH, ["requests"]))
            case = await service.read(lambda tx: cases.by_reference(tx, "CASE-41"))
            assert case is not None
            await service.write(lambda tx: outbox.add(tx, outbox.Job(outbox.Task.SEND, 1, chat=1, text="x")))
            await asyncio.sleep(0)

    exchange = asyncio.create_task(rotated(command, at_once=1))
    await work()
    await exchange
    found = await service.read(contents)
    assert found["tallies"][MONTH, "requests"] == len(PEOPLE) + rounds
    assert len(found["jobs"]) == len(PEOPLE) + rounds
    assert await command.read(rotation.left) == 0  # it knows for certain which key is in force
    await service.close()
    await command.close()


async def test_a_box_that_was_changed_since_it_was_read_is_left_to_whoever_changed_it(url: str) -> None:
    """On PostgreSQL somebody else may write between the reading and the wrapping."""
    db = await filled(url, KeyRing(NEW, OLD))
    await db.write(lambda tx: rotation.switch(tx, NEW))
    wrapped = next(each for each in WRAPPED if each.place == tallies.COUNT)

    def race(tx: Tx) -> None:
        rows = rotation._former_rows(tx, wrapped, None, 100)
        tallies.add(tx, MONTH, ["requests"])
        for row in rows:
            rotation._rewrap(tx, wrapped, row)

    await db.write(race)
    assert (await db.read(tallies.read))[MONTH, "requests"] == len(PEOPLE) + 1
    await db.close()


async def test_a_damaged_box_is_counted_and_holds_up_nothing_else(url: str) -> None:
    db = await filled(url, KeyRing(NEW, OLD))

    def swap(tx: Tx) -> None:
        one, two = (tx.vault.account(number) for number in PEOPLE[:2])
        states = {row.account: row.state for row in tx.conn.execute(schema.drafts.select()).all()}
        for to, source in ((one, two), (two, one)):
            tx.conn.execute(
                schema.drafts.update().where(schema.drafts.c.account == to).values(state=states[source])
            )

    await db.write(swap)
    await db.write(lambda tx: rotation.switch(tx, NEW))
    assert await rotation.rewrap_all(db, lambda _: None, 2) == {drafts.STATE: 2}
    assert await db.read(rotation.left) == 2
    with pytest.raises(Tampered):
        await db.read(contents)
    await db.close()


async def test_without_the_new_key_a_process_writes_nothing_at_all(url: str) -> None:
    behind = await filled(url, KeyRing(OLD))
    ahead = open_database(url, Vault(KeyRing(NEW, OLD), SECRETS))
    await ahead.write(lambda tx: rotation.switch(tx, NEW))
    with pytest.raises(WrongKey):
        await behind.write(lambda tx: tallies.add(tx, MONTH, ["requests"]))
    assert (await ahead.read(tallies.read))[MONTH, "requests"] == len(PEOPLE)
    await behind.close()
    await ahead.close()


# The key file


def test_the_key_file_holds_one_key_or_two(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    key = ServerKey.create(path)
    path.chmod(0o400)
    write_keys(path, [NEW, key])
    assert KeyRing.load(path).keys == (NEW, key)
    assert KeyRing.load(path).newest == NEW
    write_keys(path, [NEW])
    assert KeyRing.load(path).keys == (NEW,)
    assert path.stat().st_mode & 0o777 == 0o400
    assert [each.name for each in tmp_path.iterdir()] == ["server.key"]


def test_a_key_file_with_a_repeated_or_a_third_key_or_a_spoilt_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    ServerKey.create(path)
    for keys in ([OLD, OLD], [OLD, NEW, ServerKey.generate()]):
        write_keys(path, keys)
        with pytest.raises(SealingError, match="damaged"):
            KeyRing.load(path)
    write_keys(path, [OLD, NEW])
    path.chmod(0o600)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(SealingError, match="cut short"):
        KeyRing.load(path)


def test_a_file_left_by_a_kill_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    ServerKey.create(path)
    (tmp_path / "server.key.new").write_text("half a l")
    write_keys(path, [NEW, OLD])
    assert KeyRing.load(path).keys == (NEW, OLD)
    assert [each.name for each in tmp_path.iterdir()] == ["server.key"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    ServerKey.create(tmp_path / "elsewhere" / "server.key")
    link = tmp_path / "server.key"
    link.symlink_to(tmp_path / "elsewhere" / "server.key")
    write_keys(link, [NEW])
    assert link.is_symlink()
    assert KeyRing.load(link).keys == (NEW,)


def test_the_old_text_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    ServerKey.create(path)
    with path.open("rb") as before:
        write_keys(path, [NEW])
        assert not before.read().strip(b"\0")


def test_a_key_file_that_cannot_be_read_just_now_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    key = ServerKey.create(path)
    ring = KeyRing.load(path)
    path.unlink()
    assert ring.find(NEW.id) is None
    assert ring.find(key.id) == key
