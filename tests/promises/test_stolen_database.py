"""A stolen database, backup or log tells nothing: no answer, no word, no name and no account, in no usual encoding."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from bot import logs
from intake.roles import Role
from storage import meta
from tests.bot.trouble import persistence
from tests.handlers.desk import GROUP, Person, World, ask, join, make_world
from tests.handlers.test_requester_turn import code_of

LATIN = "My sister Philippa Quartermaine waits in Gyumri"
CYRILLIC = "Меня зовут Тихомир Калиновский, я в части 01234"
EMOJI = "🕯️🦉🗝️🛶🧿🪬🧭🪶"
REPLY = "Приходите к Овсанне завтра утром"
PHONE = "+37498765432123"
ANSWERS = ('"where":["held"]', '"needs":["lawyer"]', '["lawyer"]')
PEOPLE = {
    7_315_577_390_121_347: ("philippa_quartermaine_77", "Philippa"),
    7_315_577_390_121_359: ("tihomir_kalinovsky_01", "Тихомир Калиновский"),
    7_315_577_390_121_373: ("owl_and_candle_9471", "Сова 🦉 из Гюмри"),
    7_315_577_390_121_391: ("nobody_at_all_55120", "Annabella-Sophia"),
}
SHORTEST = 6
"""Bytes: anything shorter turns up in random bytes by chance."""
OPERATOR, ADMIN = 7_222_577_390_121_307, 7_222_577_390_121_311


def forms(value: str | int) -> set[bytes]:
    """The value in every encoding that a database, a log or a library might have put it in."""
    raws = [str(value).encode(), str(value).encode("utf-16-le"), str(value).encode("utf-16-be")]
    if isinstance(value, int):
        raws += [value.to_bytes(8, order).strip(b"\0") for order in ("big", "little")]
    else:
        raws.append(ascii(value)[1:-1].encode())
        raws.append(value.casefold().encode())
    found = set(raws)
    for raw in raws:
        found |= {raw[::-1], raw.hex().encode(), raw.hex().upper().encode()}
        for shift in range(3):  # base64 of something longer that the value stands in
            for encode in (b64encode, urlsafe_b64encode):
                found.add(encode(b"\0" * shift + raw)[4 if shift else 0 : -4])
    return {each for each in found if len(each) >= SHORTEST}


class Thief:
    """Whoever has the files, and knows what to look for."""

    def __init__(self, *planted: str | int) -> None:
        self.forms = {value: forms(value) for value in planted}

    def add(self, *planted: str | int) -> None:
        self.forms |= {value: forms(value) for value in planted}

    def finds(self, loot: bytes) -> set[str | int]:
        return {value for value, shapes in self.forms.items() if any(shape in loot for shape in shapes)}

    def searches(self, folder: Path) -> set[str | int]:
        loot = {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        assert len(loot["postern.sqlite"]) > 4_096
        return set().union(*(self.finds(content) for content in loot.values()))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged at the most talkative level."""
    stream = io.StringIO()
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, logging.raiseExceptions
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.configure("json", "DEBUG", stream)
    yield stream
    sys.excepthook, sys.unraisablehook, threading.excepthook, logging.raiseExceptions = hooks
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path) as world:
        yield world


def person(world: World, number: int) -> Person:
    user, (username, first_name) = list(PEOPLE.items())[number]
    return Person(world, user, username=username, first_name=first_name)


def thief() -> Thief:
    names = [name for pair in PEOPLE.values() for name in pair]
    return Thief(
        LATIN, CYRILLIC, EMOJI, REPLY, PHONE, *ANSWERS, *PEOPLE, *names, OPERATOR, ADMIN, "Real Heron"
    )


async def strange_things(ann: Person) -> None:
    """A phone number, a place, a correction, a forwarded name: whatever else carries something about a person."""
    chat = {"id": ann.id, "type": "private", "username": ann.username, "first_name": ann.first_name}
    base = {"from": ann.sender, "chat": chat, "date": ann.world.now}
    contact = {"phone_number": PHONE, "first_name": ann.first_name, "user_id": ann.id}
    place = {"latitude": 40.7894, "longitude": 43.8475}
    origin = {"type": "user", "sender_user": ann.sender, "date": 1}
    for kind, body in (
        ("message", {"contact": contact}),
        ("message", {"location": place}),
        ("edited_message", {"text": CYRILLIC}),
        ("message", {"text": LATIN, "forward_origin": origin}),
        ("message", {"photo": [{"file_id": "x", "file_unique_id": ann.username}], "caption": EMOJI}),
    ):
        message = {"message_id": ann.world.put(ann.id, "").id, **base, **body}
        await ann.world.turn(ann._update(kind, message))


async def lives(world: World, found: Thief) -> AsyncIterator[str]:
    """Whole lives of requests; stops at each moment at which the files might be stolen."""
    heron, admin = (
        await join(world, OPERATOR, Role.OPERATOR, "Heron"),
        await join(world, ADMIN, Role.ADMIN, "Elm"),
    )
    ann, ben, cat, dan = (person(world, n) for n in range(4))

    await ask(ann, held=True, text=LATIN)
    await strange_things(ann)
    yield "an emergency, unfinished"
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-chat-button"))
    await ben.send("/start")
    await ben.answer_all("English", world.say("begin-button"), "At home", "A lawyer")
    yield "one sent, one begun"
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send(REPLY, reply_to=[m for m in world.shown(OPERATOR) if m.document][-1].id)
    yield "a reply on its way"
    await world.deliver()
    await ann.send(CYRILLIC)
    await world.deliver()

    await ask(cat, text=EMOJI, until="code")
    code = await code_of(cat)
    found.add(code, code.replace(" ", ""))
    yield "one with a code"
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send(REPLY, reply_to=[m for m in world.shown(OPERATOR) if m.document][-1].id)
    await world.deliver()
    await dan.send(code)
    yield "the code was used by another account"

    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    await dan.press(world.say("back-button"))
    await ask(dan, text=CYRILLIC)
    await dan.send("/stop")
    await admin.send("/stats")
    yield "erased, stopped"
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    world.wait(48 * 3_600)
    await world.expire()
    await world.deliver()
    yield "closed, expired"


async def test_files_and_log_tell_nothing_at_any_moment_of_whole_lives(
    place: World, log: io.StringIO
) -> None:
    found = thief()
    moments = 0
    async for moment in lives(place, found):
        moments += 1
        assert found.searches(place.folder) == set(), moment
        assert found.finds(log.getvalue().encode()) == set(), moment
    assert moments == 7
    texts = " ".join(m.text for chat in place.chats.values() for m in chat.values())
    assert texts  # it was a real conversation
    assert await place.desk.db.tidy()
    assert found.searches(place.folder) == set()


async def test_a_turn_that_fails_logs_its_place_and_nothing_else(place: World, log: io.StringIO) -> None:
    ann = person(place, 0)
    await ask(ann, text=LATIN)
    await place.write(lambda tx: tx.conn.execute(text("UPDATE blocks SET mac = zeroblob(16)")))
    await ann.press(place.say("send-button"))
    on, data = ann.find(place.say("channel-chat-button"))
    stop = asyncio.Event()
    stop.set()

    async def turn(update: dict[str, Any]) -> None:
        await place.turn(update)

    assert not await persistence(place).persist(turn, ann.pressing(data, on), stop)
    said = log.getvalue()
    assert "Tampered" in said
    assert "requester_effects.py" in said
    assert thief().finds(said.encode()) == set()


# Would the search notice?


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16": lambda text: text.encode("utf-16-le"),
    "base64": lambda text: b64encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "reversed": lambda text: text.encode()[::-1],
    "escaped": lambda text: ascii(text).encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("before", ["", "-", "--"])
async def test_a_planted_leak_is_found(place: World, encoding: str, before: str) -> None:
    planted = (LATIN, CYRILLIC, EMOJI, REPLY, PHONE, *PEOPLE, "owl_and_candle_9471", ANSWERS[0])
    for number, value in enumerate(planted):
        leak = ENCODINGS[encoding](f"{before}{value}…")
        await place.write(lambda tx, n=number, leak=leak: meta.put(tx, f"leak {n}", leak))
    assert thief().searches(place.folder) >= set(planted)


async def test_a_leak_that_was_deleted_is_found_in_the_log_file_until_it_is_tidied(place: World) -> None:
    await place.write(lambda tx: meta.put(tx, "leak", LATIN.encode()))
    await place.write(lambda tx: meta.drop(tx, "leak"))
    assert LATIN in thief().searches(place.folder)
    assert await place.desk.db.tidy()
    assert thief().searches(place.folder) == set()


@pytest.mark.parametrize("number", PEOPLE)
async def test_a_number_stored_as_a_number_is_found(place: World, number: int) -> None:
    await place.write(lambda tx: tx.conn.execute(text("UPDATE meta SET value = :n"), {"n": number}))
    assert number in thief().searches(place.folder)


def test_a_leak_in_the_log_is_found(log: io.StringIO) -> None:
    structlog.get_logger().info("somebody wrote", count=7_315_577_390_121_347)
    assert thief().finds(log.getvalue().encode()) == {7_315_577_390_121_347}


# And with the server key: what a seized server could read is what the table of promises says, no more.


async def test_even_with_the_server_key_no_text_is_readable_but_a_reply_that_is_on_its_way(
    place: World,
) -> None:
    found = Thief(LATIN, CYRILLIC, EMOJI, REPLY)
    async for moment in lives(place, Thief()):
        opened = await place.read(lambda tx: everything_the_server_can_read(tx))
        assert found.finds(opened) == ({REPLY} if moment == "a reply on its way" else set()), moment


def everything_the_server_can_read(tx: Any) -> bytes:
    from storage.wrapped import WRAPPED

    opened = []
    for each in WRAPPED:
        for row in tx.conn.execute(each.column.table.select()).all():
            box = row._mapping[each.column]
            if box is not None and each.column.table.name != "meta":
                opened.append(tx.vault.unwrap(each.place, each.row(row), box))
    return b"\n".join(opened)
