"""A seized server: with all its files and keys at an instant, exactly what the table of promises admits is readable."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from intake.errors import SealingError
from intake.roles import Role
from storage import staff, tallies
from storage.database import Tx
from storage.schema import cases, metadata
from storage.traces import LONGEST_TRACE
from storage.wrapped import WRAPPED
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_requester_turn import code_of

TEXT = "Bartholomew hides behind the waterworks of Vagharshapat"
REPLY = "Приходите к Овсанне за пекарней"
HOUR = 3_600
SEALED_ANSWER = '"lawyer"'
"""The one closed answer that no summary shows."""

READABLE = {
    "drafts.state": {
        "chat", "screen", "v", "place", "language", "serial", "moved_by", "page", "question", "picked", "answers",
        "texts", "noticed", "from_review", "aside_from", "case", "reference", "fingerprint", "active_at",
        "long",
    },
    "cases.facts": {
        "level", "received_hour", "language", "card_lines", "counted", "counted_day", "card", "documents", "labels",
        "near_empty", "grouped", "within", "category", "spoken", "shown_at", "replied_hour",
        "touched", "reminded", "closing", "closing_part", "closing_by", "asked", "asked_by",
        "asked_token", "offered_to", "file_until", "returned", "wrote_again",
    },
    "cases.contact": {"chat", "language"},
    "outbox.job": {
        "task", "due", "urgent", "case", "chat", "text", "buttons", "delete_after", "tries", "since", "tag", "user",
        "reply", "posted", "file",
    },
    "traces.message": {"chat", "message", "due", "sent", "ours", "screen", "case"},
    "replies.state": {"number", "state", "hour", "why", "twice", "holder", "message", "file"},
    "undelivered.entry": {"kind", "why", "hour", "reference"},
    "staff.chat": {"chat", "language", "claims"},
    "staff.on_duty": {"the value"},
    "blocked.source": {"the value"},
    "tallies.count": {"over", "n"},
    "pending_counts.box": {"the value"},
    "releases.shown": {"question", "exclusive", "periods", "columns", "facts", "hidden"},
    "audit.box": {"hour", "event", "who", "name", "case", "whom", "detail"},
    "meta.value": {"the value", "last", "link", "purged", "purged_link"},
}  # fmt: skip
"""Everything that is wrapped with the server key, and what it says. What is added here is read by whoever seizes it."""

CLEAR = {
    "meta": {"name", "value"},
    "drafts": {"account"},
    "locks": {"case_id", "public_key", "mac"},
    "blocks": {"case_id", "position", "mac"},
    "cases": {
        "case_id", "reference", "status", "holder", "account", "code_tag", "code_key", "received_day", "closed_day",
        "outcome", "version",
    },
    "thread": {"case_id", "sequence", "author", "day", "mac"},
    "files": {"case_id", "sequence", "day", "mac", "author"},
    "file_blocks": {"case_id", "sequence", "position"},
    "handouts": {"case_id", "sequence", "reply", "code_tag", "mac"},
    "replies": {"id", "case_id", "day"},
    "undelivered": {"id", "day", "about"},
    "outbox": {"id", "due_day", "about"},
    "traces": {"id", "chat", "due_day"},
    "rings": {"id", "kind", "row"},
    "staff": {"id", "name", "role", "account", "public_key", "confirmed"},
    "invites": {"token", "role", "expires_at"},
    "blocked": {"account", "until_day"},
    "tallies": {"month", "name"},
    "pending_counts": {"id"},
    "people": {"tag", "month"},
    "releases": {"id"},
    "combinations": {"combination", "day", "count"},
    "handled": {"update_tag", "day"},
    "audit": {"number", "day", "link"},
}  # fmt: skip
"""Everything that stands in the clear: pseudonyms, days, numbers, keyed hashes."""

SEALED = {
    "locks.slots", "blocks.box", "thread.box", "thread.code_box", "files.head", "file_blocks.box", "handouts.head",
}  # fmt: skip
"""What only a recipient, or the return code, opens."""


def _opened(tx: Tx) -> list[tuple[str, Any]]:
    """Every wrapped value, as whoever has the server key reads it."""
    found: list[tuple[str, Any]] = []
    for wrapped in WRAPPED:
        for row in tx.conn.execute(wrapped.column.table.select()).all():
            box = row._mapping[wrapped.column]
            if box is not None and bytes(box[:1]) == b"\x01":
                found.append((wrapped.place, _plain(tx, wrapped.place, wrapped.row(row), box)))
    return found


def _plain(tx: Tx, place: str, row: bytes, box: bytes) -> Any:
    try:
        plain = tx.vault.unwrap_padded(place, row, box)
    except SealingError:
        try:
            plain = tx.vault.unwrap(place, row, box)
        except SealingError:  # of `meta`, a value that is none of the vault's boxes
            return {"the value": None}
    try:
        read = json.loads(plain)
    except ValueError:
        read = plain.decode(errors="replace")
    if not isinstance(read, dict):
        return {"the value": read}
    return read | json.loads(read.pop("draft", "{}"))


async def _loot(world: World) -> str:
    """All that can be read on the seized server, its disk included."""

    def read(tx: Tx) -> str:
        clear = [
            repr(tuple(value for name, value in row.items() if f"{table.name}.{name}" not in SEALED))
            for table in metadata.sorted_tables
            for row in tx.conn.execute(select(table)).mappings()
            if not (table.name == "meta" and len(row["name"]) > 16)  # a questionnaire's public words
        ]
        return json.dumps(_opened(tx), ensure_ascii=False, default=str) + "\n".join(clear)

    files = [
        path.read_bytes().decode("utf-8", "replace") for path in world.folder.rglob("*") if path.is_file()
    ]
    return str(await world.read(read)) + "\n".join(files).replace(SEALED_ANSWER, "")


async def _begun(world: World, number: int) -> Person:
    who = Person(world, number)
    await ask(who, text=TEXT)
    return who


async def _replied(world: World, heron: Person) -> None:
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    document = [m for m in world.shown(heron.id) if m.document][-1]
    await heron.send(REPLY, reply_to=document.id)


# The list, so that it can't grow unseen.


def test_every_column_is_clear_wrapped_or_sealed_as_listed() -> None:
    wrapped = {f"{each.column.table.name}.{each.column.name}" for each in WRAPPED}
    clear = {f"{table}.{name}" for table, names in CLEAR.items() for name in names}
    stored = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    assert stored == wrapped | clear | SEALED
    assert not SEALED & (wrapped | clear)
    assert READABLE.keys() == {each.place for each in WRAPPED}


async def test_what_is_wrapped_says_what_is_listed_and_nothing_else(world: World) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    ibis = await join(world, 91, Role.OPERATOR, "Ibis")

    def claim(tx: Tx) -> None:
        member = staff.by_account(tx, ibis.account)
        assert member is not None
        staff.claim_key(tx, member, b"k" * 32)
        staff.set_duty(tx, member.id, world.now + HOUR)

    await world.write(claim)
    await _begun(world, 5_000_000_001)
    for number, channel in ((5_000_000_002, "chat"), (5_000_000_003, "code")):
        await ask(Person(world, number), text=TEXT, until=channel)
    await _replied(world, heron)
    await heron.press("Claim", chat=GROUP)  # of the other one, whose file waits in the outbox
    await world.write(lambda tx: tallies.fold(tx, world.now, 2))
    await ask(Person(world, 5_000_000_004), text=TEXT, until="chat")
    said: dict[str, set[str]] = {}
    for place, values in await world.read(_opened):
        said.setdefault(place, set()).update(values)
    for place, names in said.items():
        assert names == READABLE[place], place
    seldom = {"blocked.source", "meta.value", "releases.shown", "undelivered.entry"}
    assert said.keys() >= READABLE.keys() - seldom


# The cells of the table, one after another.


async def test_closed_answers_are_readable_only_while_the_draft_is_open(world: World) -> None:
    who = await _begun(world, 5_000_000_001)
    assert SEALED_ANSWER in await _loot(world)
    await who.press(world.say("send-button"))
    await who.press(world.say("channel-chat-button"))
    assert SEALED_ANSWER not in await _loot(world)


async def test_a_draft_that_was_left_is_readable_no_longer_than_its_time(world: World) -> None:
    await _begun(world, 5_000_000_001)
    world.wait(31 * 60)
    await world.expire()
    assert SEALED_ANSWER not in await _loot(world)


async def test_an_emergency_is_sealed_when_its_questions_are_over(world: World) -> None:
    who = Person(world, 5_000_000_001)
    await ask(who, held=True, text=TEXT)
    assert SEALED_ANSWER in await _loot(world)
    await who.press(world.say("send-button"))
    await who.press(world.say("channel-chat-button"))
    assert SEALED_ANSWER not in await _loot(world)


async def test_free_text_is_never_readable(world: World) -> None:
    who = await _begun(world, 5_000_000_001)
    assert TEXT not in await _loot(world)
    await who.press(world.say("send-button"))
    await who.press(world.say("channel-chat-button"))
    await who.send("And more about Bartholomew")
    assert "Bartholomew" not in await _loot(world)


async def test_a_reply_is_readable_until_it_is_delivered_and_not_after(world: World) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    await ask(Person(world, 5_000_000_001), until="chat")
    await _replied(world, heron)
    assert REPLY in await _loot(world)
    await world.deliver()
    assert REPLY not in await _loot(world)


async def test_a_reply_to_a_return_code_is_never_readable(world: World) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    who = Person(world, 5_000_000_001)
    await ask(who, until="code")
    code = await code_of(who)
    await _replied(world, heron)
    assert REPLY not in await _loot(world)
    other = Person(world, 5_000_000_009)
    await other.send(code)
    assert any(REPLY in m.text for m in world.shown(other.id))
    assert REPLY not in await _loot(world)


async def test_the_chat_is_readable_while_the_case_is_open_or_a_message_must_still_be_deleted(
    world: World,
) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    who = Person(world, 5_000_000_001)
    await ask(who, until="chat")
    await _replied(world, heron)
    await world.deliver()
    assert await _names(world, who)
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    await world.deliver()
    world.wait(LONGEST_TRACE)
    await world.expire()
    await world.deliver()
    assert not await _names(world, who)


async def test_a_case_with_a_return_code_names_no_account(world: World) -> None:
    """The account's hash and number stand in no row, and in no value, with the case's id or reference."""
    who = Person(world, 5_000_000_001)
    await ask(who, until="code")
    await code_of(
        who
    )  # until the message with the code has gone out, it waits in the outbox; see the list above
    rows = [repr(row) for table in (await world.tables()).values() for row in table]
    case, reference = await world.read(
        lambda tx: tx.conn.execute(select(cases.c.case_id, cases.c.reference)).one()
    )
    tied = [row for row in rows if repr(case) in row or reference in row]
    assert tied
    for row in tied:
        assert repr(who.account) not in row
        assert str(who.id) not in row
    opened = [json.dumps(values, default=str) for _, values in await world.read(_opened)]
    assert not [o for o in opened if str(who.id) in o and (case.hex() in o or reference in o)]
    world.wait(LONGEST_TRACE)
    await world.deliver()
    assert not await _names(world, who)


async def _names(world: World, who: Person) -> bool:
    """Whether the account, or its keyed hash, can be found."""
    tables = await world.tables()
    hashed = any(who.account in row for rows in tables.values() for row in rows)
    return hashed or str(who.id) in json.dumps(await world.read(_opened), default=str)


async def test_names_usernames_and_numbers_are_not_stored(world: World) -> None:
    who = await _begun(world, 5_000_000_001)
    await who.press(world.say("send-button"))
    await who.press(world.say("channel-chat-button"))
    loot = await _loot(world)
    assert who.username not in loot
    assert who.first_name not in loot


async def test_times_are_days_but_for_open_drafts_timers_and_the_hour_of_a_case(world: World) -> None:
    await ask(Person(world, 5_000_000_001), until="chat")
    await world.deliver()
    exact = {str(world.now - back) for back in range(HOUR)} - {str(world.now - world.now % HOUR)}
    where = set()
    for place, values in await world.read(_opened):
        where |= {f"{place}: {name}" for name, value in values.items() if str(value) in exact}
    assert where <= {"drafts.state: active_at", "traces.message: sent", "traces.message: due"}
    stored = repr((await world.tables())["cases"])
    assert [each for each in exact if each in stored] == []
