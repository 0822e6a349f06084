"""What the people on the staff are shown: the group, the holder, the other operators, the admin."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from handlers.outgoing import Outgoing
from intake.roles import Role
from storage import blocked, meta
from storage.blocked import Block
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join
from tests.promises.leaks import Planted

HERON, WREN, ELM = 90, 91, 92
ANN = 7_315_577_390_121
REPLY = "Приходите к Овсанне за пекарней"
SEALED_ANSWER = "A lawyer"
EVERYTHING = "/queue", "/next", "/mine", "/duty", "/help", "/stats", "/people", "/audit", "/case"


@dataclass
class Staffed:
    world: World
    heron: Person


@pytest.fixture
async def staffed(world: World) -> Staffed:
    """A whole life of one request, answered and added to, while everybody looks at all there is to look at."""
    heron = await join(world, HERON, Role.OPERATOR, "Heron")
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    elm = await join(world, ELM, Role.ADMIN, "Elm")
    ann = Person(world, ANN, "philippa_quartermaine_77", "Philippa-Annabella")
    await ask(ann, until="chat")
    await world.deliver()
    for who in (wren, elm, heron):
        for command in EVERYTHING:
            await who.send(command)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send(REPLY, reply_to=[m for m in world.shown(HERON) if m.document][-1].id)
    await world.deliver()
    await ann.send(OWN_WORDS)
    await world.deliver()
    await wren.press_data(f"file.{_reference(world)}", world.shown(GROUP)[0])
    await wren.press_data(f"claim.{_reference(world)}", world.shown(GROUP)[0])
    for who in (wren, elm, heron):
        for command in EVERYTHING:
            await who.send(command)
    await world.deliver()
    return Staffed(world, heron)


def _reference(world: World) -> str:
    return next(m.text.split()[1] for m in world.shown(GROUP))


def _told(world: World, chat: int) -> str:
    """All that was ever sent to a chat, words, buttons and files."""
    return "\n".join(_words(call) for call in world.posted if getattr(call, "chat", 0) == chat)


def _words(call: Outgoing) -> str:
    parts = [str(getattr(call, name, "")) for name in ("text", "caption", "file_name")]
    parts += [button.text + button.data for row in getattr(call, "keyboard", ()) for button in row]
    # A picture's bytes are searched as well: what is planted is ASCII.
    return "\n".join([*parts, bytes(getattr(call, "content", b"")).decode("utf-8", "replace")])


@pytest.mark.parametrize("chat", [GROUP, HERON, WREN, ELM])
def test_nobody_is_shown_account_name_or_username(staffed: Staffed, chat: int) -> None:
    planted = Planted()
    planted.person("ann", ANN, "Philippa-Annabella", "philippa_quartermaine_77")
    assert planted.found_in(_told(staffed.world, chat).encode()) == set()


@pytest.mark.parametrize("chat", [GROUP, WREN, ELM])
def test_nobody_but_the_holder_is_shown_words_or_sealed_answers(staffed: Staffed, chat: int) -> None:
    told = _told(staffed.world, chat)
    assert told
    for hidden in (OWN_WORDS, REPLY, SEALED_ANSWER):
        assert hidden not in told


def test_in_chat_even_the_holder_is_shown_sealed_files_and_no_words(staffed: Staffed) -> None:
    told = _told(staffed.world, HERON)
    assert ".postern" in told
    for hidden in (OWN_WORDS, REPLY):
        assert hidden not in told


def test_the_holder_opens_answers_words_and_replies(staffed: Staffed) -> None:
    opened = staffed.heron.open()
    assert opened.answers["needs"] == ("lawyer",)
    assert opened.texts["more"] == OWN_WORDS
    assert [message.text for message in opened.thread] == [REPLY, OWN_WORDS]


def test_the_admin_is_shown_counts_and_nothing_of_a_request(staffed: Staffed) -> None:
    """But for the trail, which names a request by its reference, and nobody who asked."""
    told = _told(staffed.world, ELM)
    done = [line for line in told.splitlines() if _reference(staffed.world) in line]
    assert done
    assert all(
        re.fullmatch(r"[^·]*: [^·]* · \S{9}", line) for line in done
    )  # who, what, which: below the hour
    assert "At home" not in told
    assert staffed.world.say("stats-title", organisation="Open Gate") in told


@pytest.mark.parametrize("chat", [GROUP, HERON, WREN, ANN])
def test_nobody_but_an_admin_is_shown_counts(staffed: Staffed, chat: int) -> None:
    assert staffed.world.say("stats-title", organisation="Open Gate") not in _told(staffed.world, chat)


@pytest.mark.parametrize("chat", [GROUP, HERON, WREN, ELM])
def test_nobody_is_shown_the_minute_of_a_request_that_is_no_emergency(staffed: Staffed, chat: int) -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    told = _told(staffed.world, chat)
    for minute in (f"{at:%H:%M}", str(1_700_000_000), str(1_700_000_000 // 60 * 60)):
        assert minute not in told


async def test_in_the_group_a_combination_that_few_share_is_withheld(world: World) -> None:
    world.change(terms=replace(world.desk.terms, anonymity_k=5))
    await ask(Person(world, ANN), until="chat")
    await world.deliver()
    told = _told(world, GROUP)
    assert world.say("card-withheld") in told
    assert "At home" not in told


async def test_the_notice_says_what_telegram_knows_and_promises_no_anonymity(world: World) -> None:
    for language in world.desk.questionnaire.languages:
        ann = Person(world, ANN)
        await ann.send("/start")
        await ann.press(world.desk.texts.say(language, "language-name"))
        await ann.send("/privacy")
        assert ann.screen.text.count("Telegram") >= 2
        assert "anonym" not in ann.screen.text.lower()
        assert "аноним" not in ann.screen.text.lower()
        await ann.send("/stop")


async def test_a_block_is_a_keyed_hash_with_an_end(world: World) -> None:
    ann, today = Person(world, ANN), world.now // 86_400
    await world.write(lambda tx: blocked.add(tx, Block(ann.account, "K7QM-4ZDP", today + 3)))
    planted = Planted()
    planted.plant("ann", "account", ANN)
    files = b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())
    assert planted.found_in(files + repr(await world.tables()).encode()) == set()
    assert await world.read(lambda tx: blocked.holds(tx, ann.account, today))
    await world.write(lambda tx: blocked.purge(tx, today + 3))
    assert (await world.tables())["blocked"] == []
    assert await world.read(lambda tx: meta.get(tx, meta.RECOVERY_KEY))
