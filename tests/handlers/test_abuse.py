"""Blocking an account, leaving out what was noticed, and what gets no card of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.setting_types import Retention
from handlers import board, deliveries
from handlers.outgoing import Edit
from handlers.staff_notices import ADDITION
from intake.lifecycle import Status
from intake.roles import Role
from storage import blocked, cases, outbox, thread
from storage.blocked import LAST_DAYS
from storage.retention import purge
from storage.schema import drafts
from tests.handlers.desk import GROUP, NOW, OWN_WORDS, Person, World, ask, join

DAY = 86_400
TELLING = "Call me: +7 916 123-45-67"


async def only_case(world: World) -> cases.Case:
    found = await world.read(lambda tx: [c for status in Status for c in cases.with_status(tx, status)])
    assert len(found) == 1
    return found[0]  # type: ignore[no-any-return]


async def held_by(world: World, requester: Person, *, until: str = "chat") -> tuple[Person, str]:
    """An operator who holds the one case there is, and its reference."""
    operator = await join(world, 301, Role.OPERATOR, "Alder")
    await ask(requester, until=until)
    await world.deliver()
    await operator.press("Claim", chat=GROUP)
    await world.deliver()
    return operator, (await only_case(world)).reference


async def blocking(world: World, requester: Person) -> str:
    operator, reference = await held_by(world, requester)
    await operator.press(world.say("block-button"))
    await world.deliver()
    assert not await world.read(lambda tx: blocked.everyone(tx, 0))
    answer = await operator.press(world.say("block-yes-button"))
    assert reference in answer.text
    return reference


def barred(person: Person) -> bool:
    """Whether nothing is offered but the one line, and to leave."""
    shown = person.world.shown(person.id)
    offered = {label for m in shown for label in m.labels}
    return any(m.text == person.world.say("barred") for m in shown) and offered == {
        person.world.say("stop-button")
    }


# One open case, and the block.


async def test_an_account_has_one_open_case_and_those_with_a_code_do_not_count(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann, until="code")
    await ask(ann, until="code")
    await ask(ann, until="chat")
    await ann.send("/start")
    assert world.say("refresh-button") in ann.screen.labels
    with pytest.raises(LookupError):
        await ann.press(world.say("begin-button"))
    assert len(await world.read(lambda tx: cases.with_status(tx, Status.OPEN))) == 3


async def test_a_blocked_account_gets_one_line_and_sends_nothing(world: World) -> None:
    ann = Person(world, 1)
    await blocking(world, ann)
    case = (await only_case(world)).case
    before = await world.read(lambda tx: thread.entries(tx, case))
    for said in ("/start", "one thing more", "/status", "/help", "1234 5678 9012 3456"):
        await ann.send(said)
        assert barred(ann)
        await world.deliver()
    assert all(m.text != "one thing more" for m in world.shown(ann.id))
    assert await world.read(lambda tx: thread.entries(tx, case)) == before


async def test_a_blocked_account_can_still_read_the_notice_wipe_and_erase(world: World) -> None:
    ann = Person(world, 1)
    await blocking(world, ann)
    await ann.send("/privacy")
    assert "Who can read what" in ann.screen.text
    await ann.press(world.say("back-button"))
    assert barred(ann)
    await ann.send("/wipe")
    assert any(m.text == world.say("wiped") for m in world.shown(ann.id))
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    assert any(m.text == world.say("erased") for m in world.shown(ann.id))
    assert await world.read(lambda tx: cases.by_account(tx, ann.account)) is None
    await ann.send("/start")
    assert any(m.text == world.say("barred") for m in world.shown(ann.id))
    assert not (await world.tables())[drafts.name]


async def test_a_draft_in_progress_is_left_alone_but_cannot_be_sent(world: World) -> None:
    ann = Person(world, 1)
    operator, reference = await held_by(world, ann)
    await operator.press(world.say("block-button"))
    await world.deliver()
    await operator.press(world.say("close-button"))
    await world.deliver()
    confirm = operator.find(world.say("block-yes-button"))
    await operator.press_data(confirm[1], confirm[0])
    await operator.press("helped")
    await ask_again(ann)
    assert (await only_case(world)).status is Status.CLOSED
    assert (await only_case(world)).reference == reference


async def ask_again(person: Person) -> None:
    await person.send("/start")
    assert not any("English" in label for m in person.world.shown(person.id) for label in m.labels)


async def test_a_block_ends_by_itself_and_is_forgotten(world: World) -> None:
    ann = Person(world, 1)
    await blocking(world, ann)
    world.wait(LAST_DAYS * DAY)
    await ann.send("/start")
    assert ann.screen.labels
    await purge(world.desk.db, Retention(), world.now)
    assert not (await world.tables())["blocked"]


async def test_an_admin_lifts_one_block_by_its_reference_and_learns_nothing_else(world: World) -> None:
    ann = Person(world, 1_234_567)
    reference = await blocking(world, ann)
    admin = await join(world, 401, Role.ADMIN, "Aspen")
    await admin.send("/blocked")
    shown = admin.screen.text
    assert reference in shown
    assert str(ann.id) not in shown
    assert ann.account.hex() not in shown
    answer = await admin.press(reference)
    assert answer.text == world.say("lifted", reference=reference)
    assert world.shown(admin.id)[-1].text == world.say("blocked-none")
    await ann.send("/start")
    assert ann.screen.labels
    assert (await admin.press_data(f"lift.{reference}", admin.world.shown(admin.id)[-1])).text == world.say(
        "lift-gone"
    )


async def test_only_the_holder_can_block_and_only_an_admin_can_lift(world: World) -> None:
    ann = Person(world, 1)
    operator, reference = await held_by(world, ann)
    other = await join(world, 302, Role.OPERATOR, "Birch")
    for person, verb in ((other, "bar"), (ann, "bar"), (other, "block")):
        await person.press_data(f"{verb}.{reference}", world.put(person.id, "any"))
    assert not await world.read(lambda tx: blocked.everyone(tx, 0))
    await operator.press_data(f"bar.{reference}", world.put(operator.id, "any"))
    for person in (operator, other, ann):
        await person.press_data(f"lift.{reference}", world.put(person.id, "any"))
    assert len(await world.read(lambda tx: blocked.everyone(tx, 0))) == 1


async def test_a_case_with_a_code_offers_no_block(world: World) -> None:
    operator, reference = await held_by(world, Person(world, 1), until="code")
    assert not any(world.say("block-button") in m.labels for m in world.shown(operator.id))
    answer = await operator.press_data(f"bar.{reference}", world.put(operator.id, "any"))
    assert answer.text == world.say("block-none", reference=reference)
    assert not await world.read(lambda tx: blocked.everyone(tx, 0))


async def test_the_stored_block_shows_neither_account_nor_case(world: World) -> None:
    ann = Person(world, 1)
    reference = await blocking(world, ann)
    (row,) = (await world.tables())["blocked"]
    assert row[:2] == (ann.account, NOW // DAY + LAST_DAYS)
    assert reference.encode() not in bytes(row[2])  # type: ignore[call-overload]


# What was noticed in a text.


async def test_left_out_nothing_of_the_text_is_in_the_case(world: World) -> None:
    ann, operator = Person(world, 1), await join(world, 301, Role.OPERATOR, "Alder")
    await ask(ann, text=TELLING)
    assert world.say("sensitive-phone") in ann.screen.text
    assert "916" not in ann.screen.text
    assert all(TELLING not in m.text for m in world.shown(ann.id))
    await ann.press(world.say("omit-button"))
    await ann.send(OWN_WORDS)
    await ann.answer_all(world.say("send-button"), world.say("channel-chat-button"))
    await world.deliver()
    await operator.press("Claim", chat=GROUP)
    await world.deliver()
    assert list(operator.open().texts.values()) == [OWN_WORDS]


@pytest.mark.parametrize("relay", [False, True])
async def test_an_addition_reaches_the_holder_when_it_is_kept_and_not_before(
    world: World, relay: bool
) -> None:
    ann = Person(world, 1)
    world.change(terms=replace(world.desk.terms, relay_in_chat=relay))
    operator, _ = await held_by(world, ann)
    files = len([m for m in world.shown(operator.id) if m.document])
    await ann.send(TELLING)
    await world.deliver()
    assert len([m for m in world.shown(operator.id) if m.document]) == files
    await ann.press(world.say("keep-button"))
    await world.deliver()
    assert [m.text for m in operator.open().thread] == [TELLING]
    assert all("916" not in m.text for m in world.shown(operator.id))
    assert not await world.read(lambda tx: [j for _, j in outbox.waiting(tx) if j.tag == ADDITION])


async def test_an_addition_that_is_left_out_is_gone_also_from_a_file_handed_out_meanwhile(
    world: World,
) -> None:
    ann = Person(world, 1)
    operator, reference = await held_by(world, ann)
    await ann.send("kept")
    await world.deliver()
    await ann.send(TELLING)
    await operator.send("/mine")
    await operator.press(world.say("file-button", reference=reference))
    await world.deliver()
    assert [m.text for m in operator.open().thread] == ["kept", TELLING]
    await ann.press(world.say("omit-button"))
    await world.deliver()
    files = [m.document for m in world.shown(operator.id) if m.document]
    assert [[m.text for m in operator.open(file).thread] for file in files] == [["kept"]]


async def test_an_addition_that_nobody_decides_on_reaches_the_holder_in_the_end(world: World) -> None:
    ann = Person(world, 1)
    operator, reference = await held_by(world, ann)
    await ann.send(TELLING)
    world.wait(world.desk.terms.draft_seconds + 1)
    await world.expire()
    await world.deliver()
    assert [m.text for m in operator.open().thread] == [TELLING]
    assert reference in ann.screen.text
    assert world.say("omit-button") not in ann.screen.labels


# Near-empty requests, and more than can be read.


async def near_empty(world: World, number: int) -> None:
    person = Person(world, number)
    await person.send("/start")
    await person.answer_all("English", world.say("begin-button"), "At home", *[world.say("skip-button")] * 2)
    await person.answer_all(world.say("send-button"), world.say("channel-chat-button"))


def in_group(world: World) -> list[str]:
    return [m.text for m in world.shown(GROUP)]


def boards(world: World, waiting: int) -> list[str]:
    """Whether it came before a card or after it hangs on the jobs' random order."""
    return [text for text in in_group(world) if text.startswith(world.say("board-title", n=waiting))]


async def test_near_empty_requests_share_one_message_that_is_edited(world: World) -> None:
    for number in range(1, 4):
        await near_empty(world, number)
        await world.deliver()
    (shown,) = in_group(world)
    assert world.say("board-title", n=3) in shown
    assert world.say("board-without-card", n=3) in shown


async def test_they_are_claimed_from_the_queue_after_others_of_their_level(world: World) -> None:
    operator = await join(world, 301, Role.OPERATOR, "Alder")
    await near_empty(world, 1)
    await ask(Person(world, 2), until="chat")
    await world.deliver()
    await operator.send("/queue")
    offered = [label for label in operator.screen.labels if "Claim" in label]
    found = {
        c.facts.near_empty: c.reference
        for c in await world.read(lambda tx: cases.with_status(tx, Status.OPEN))
    }
    assert [found[False] in offered[0], found[True] in offered[1]] == [True, True]
    await operator.press(found[True])
    await world.deliver()
    (shown,) = boards(world, 1)
    assert world.say("board-title", n=1) in shown
    assert "no card" not in shown
    await near_empty(world, 3)
    await world.deliver()
    (shown,) = boards(world, 2)
    assert world.say("board-without-card", n=1) in shown


async def test_what_is_withdrawn_is_not_counted_any_longer(
    world: World,
) -> None:
    for number in (1, 2):
        await near_empty(world, number)
    await world.deliver()
    ann = Person(world, 2)
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    await world.deliver()
    (shown,) = in_group(world)
    assert world.say("board-title", n=1) in shown


async def test_a_board_that_somebody_deleted_comes_back(world: World) -> None:
    await near_empty(world, 1)
    await world.deliver()
    (shown,) = world.shown(GROUP)
    del world.chats[GROUP][shown.id]
    call = Edit(GROUP, shown.id, shown.text, resend=False)
    await world.write(lambda tx: deliveries.refused(tx, world.desk, call, "missing", world.now))
    await world.deliver()
    assert in_group(world) == [shown.text]


async def test_in_a_surge_the_most_pressing_get_cards_and_the_rest_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MOST_CARDS_WAITING", 3)
    for number in range(1, 6):
        await ask(Person(world, number), until="chat", text="")
    await ask(Person(world, 999), held=True, text="")
    await world.deliver()
    shown = in_group(world)
    assert any(world.say("board-without-card", n=3) in text for text in shown)
    assert len(shown) == 3 + 1
    assert any(world.say("level-emergency") in text for text in shown)
