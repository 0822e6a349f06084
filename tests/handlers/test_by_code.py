"""With a code, from any account: replies, adding, taking back, withdrawing, erasing. Nothing ties the two together."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from handlers.by_code import HOUR
from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import cases, drafts, outbox, thread
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.outbox import Task
from tests.handlers.desk import GROUP, Person, World, ask, join, make_world
from tests.handlers.test_requester_turn import code_of, only_case

WORDS = "We are three now, and the little one is ill 🕯"
TELLING = "call my brother, +7 916 123-45-67"
WRONG = "1234 5678 9012 3456"


async def coded(world: World, number: int = 5551, *, held: bool = False) -> str:
    """Somebody sends a request and chooses a code; their chat and their account have no part in what follows."""
    ann = Person(world, number)
    await ask(ann, until="code", held=held)
    return await code_of(ann)


async def claimed(world: World, *, held: bool = False) -> tuple[Person, str]:
    """An operator holds the request."""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    code = await coded(world, held=held)
    world.wait(world.desk.terms.card_delay_seconds)
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    return heron, code


async def stored(world: World) -> Case:
    found: Case = await world.read(only_case)
    return found


async def written(world: World) -> list[Who]:
    def work(tx: Tx) -> list[Who]:
        return [entry.who for entry in thread.entries(tx, only_case(tx).case)]

    found: list[Who] = await world.read(work)
    return found


def texts(world: World, chat: int) -> list[str]:
    return [m.text for m in world.shown(chat)]


# Looking.


async def test_a_code_shows_how_it_stands_and_what_can_be_done(world: World) -> None:
    code = await coded(world)
    bob = Person(world, 6661)
    await bob.send(code)
    shown = bob.screen
    case = await stored(world)
    assert case.reference in shown.text
    for name in ("home-state-open", "code-no-reply"):
        assert world.say(name) in shown.text
    assert world.say("code-add-how", letters=2_800) in shown.text
    acts = [world.say(each) for each in ("withdraw-button", "erase-yes-button", "back-button", "stop-button")]
    assert shown.labels == acts
    assert code not in " ".join(texts(world, 6661))
    await bob.press(world.say("back-button"))
    assert case.reference not in bob.screen.text, "it is shown once"


async def test_replies_are_below_the_screen_that_announces_them(world: World) -> None:
    heron, code = await claimed(world)
    await heron.send("Go to the office at nine", reply_to=world.shown(900)[-1].id)
    await world.deliver()
    bob = Person(world, 6661)
    await bob.send(code)
    screen, reply = world.shown(6661)[-2:]
    assert world.say("code-replies", n=1, hours=24) in screen.text
    assert world.say("home-state-claimed") in screen.text
    assert "office at nine" in reply.text


async def test_a_wrong_code_is_told_and_shows_nothing(world: World) -> None:
    await coded(world)
    bob = Person(world, 6661)
    await bob.send(WRONG)
    assert world.say("hint-code-unknown") in bob.screen.text
    assert world.say("code-none-here") in bob.screen.text
    assert bob.screen.labels == [world.say("back-button"), world.say("stop-button")]
    assert not any(WRONG in text for text in texts(world, 6661))


# Adding.


async def test_what_is_added_is_sealed_to_the_case_and_its_holder_is_told_as_of_any(world: World) -> None:
    heron, code = await claimed(world)
    before = len(world.shown(900))
    bob = Person(world, 6661)
    await bob.send(f"{code} {WORDS}")
    case = await stored(world)
    assert world.say("code-added", reference=case.reference) in bob.screen.text
    assert not any(WORDS in text or code in text for text in texts(world, 6661))
    await world.deliver()
    assert world.say("requester-wrote", reference=case.reference) in texts(world, 900)[before:]
    assert [m.text for m in heron.open().thread] == [WORDS]
    assert not any(WORDS in text for chat in world.chats for text in texts(world, chat))


async def test_of_a_case_that_nobody_holds_the_card_is_renewed(world: World) -> None:
    code = await coded(world)
    await world.deliver()
    await Person(world, 6661).send(f"{code}\n{WORDS}")
    jobs = [job for _, job in await world.read(outbox.waiting)]
    assert [(job.task, job.tag) for job in jobs] == [(Task.CARD, "refresh")]
    assert await written(world) == [Who.REQUESTER]


@pytest.mark.parametrize("relay", [False, True])
async def test_it_is_told_as_a_sealed_file_whatever_relay_says(tmp_path: Path, relay: bool) -> None:
    """It may wait for the next batch: no text of anybody's may lie there meanwhile."""
    async with make_world(tmp_path, relay_in_chat=relay, card_delay_seconds=1_800) as world:
        heron, code = await claimed(world)
        await Person(world, 6661).send(f"{code} {WORDS}")
        jobs = repr([asdict(job) for _, job in await world.read(outbox.waiting)])
        assert WORDS not in jobs
        assert "tell" not in jobs
        world.wait(1_801)
        await world.deliver()
        assert [m.text for m in heron.open().thread] == [WORDS]


async def test_several_additions_follow_one_another_also_from_several_accounts(world: World) -> None:
    heron, code = await claimed(world)
    await Person(world, 6661).send(f"{code} first")
    await Person(world, 6662).send(f"{code} second")
    await world.deliver()
    assert [m.text for m in heron.open().thread] == ["first", "second"]


async def test_nothing_is_added_to_a_request_that_is_closed(world: World) -> None:
    heron, code = await claimed(world)
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    bob = Person(world, 6661)
    await bob.send(f"{code} {WORDS}")
    assert world.say("code-closed", reference=(await stored(world)).reference) in bob.screen.text
    assert await written(world) == []
    assert not any(WORDS in text for text in texts(world, 6661))
    assert world.say("withdraw-button") not in bob.screen.labels
    assert world.say("erase-yes-button") in bob.screen.labels


async def test_a_mistyped_digit_costs_nobody_the_text(world: World) -> None:
    """The message stays for a while, and is taken when it has been corrected; then it goes."""
    code = await coded(world)
    bob = Person(world, 6661)
    wrong = bob.message(f"{WRONG} {WORDS}")
    await world.turn(wrong)
    assert world.say("hint-code-unknown-words", draft_minutes=30) in bob.screen.text
    assert any(WORDS in text for text in texts(world, 6661))
    body = {**wrong["message"], "text": f"{code} {WORDS}", "edit_date": world.now}
    await world.turn({"update_id": wrong["update_id"] + 100_000, "edited_message": body})
    assert await written(world) == [Who.REQUESTER]
    assert not any(WORDS in text for text in texts(world, 6661))


async def test_a_text_whose_code_was_wrong_is_gone_when_its_time_is_over(world: World) -> None:
    await coded(world)
    await Person(world, 6661).send(f"{WRONG} {WORDS}")
    world.wait(30 * 60 - 1)
    await world.deliver()
    assert any(WORDS in text for text in texts(world, 6661))
    world.wait(1)
    await world.deliver()
    assert not any(WORDS in text for text in texts(world, 6661))


async def test_a_code_does_not_add_to_the_request_of_the_chat_it_was_typed_in(world: World) -> None:
    code = await coded(world)
    bob = Person(world, 6661)
    await ask(bob, until="chat")
    mine = await world.read(lambda tx: cases.by_account(tx, bob.account))
    await bob.send(f"{code} {WORDS}")
    await bob.send(f"{WRONG} {WORDS}")
    assert await world.read(lambda tx: thread.entries(tx, mine.case)) == []
    await bob.press(world.say("back-button"))
    assert mine.reference in bob.screen.text


# Noticing, and taking back.


async def test_what_is_noticed_is_added_said_by_kind_and_can_be_taken_back(world: World) -> None:
    heron, code = await claimed(world)
    bob = Person(world, 6661)
    await bob.send(f"{code} {TELLING}")
    kinds = world.say("sensitive-phone")
    assert world.say("code-added-noticed", kinds=kinds) in bob.screen.text
    assert "916" not in bob.screen.text
    await world.deliver()
    assert [m.text for m in heron.open().thread] == [TELLING]
    await bob.press(world.say("take-back-button"))
    assert world.say("take-back-ask") in bob.screen.text
    await bob.send(code)
    case = await stored(world)
    assert world.say("code-taken-back", reference=case.reference) in bob.screen.text
    assert await written(world) == []
    await world.deliver()
    assert heron.open().thread == (), "the holder gets the file without it"
    assert sum(m.document is not None for m in world.shown(900)) == 1


async def test_only_the_last_addition_is_taken_back_and_one_code_takes_back_one(world: World) -> None:
    heron, code = await claimed(world)
    bob = Person(world, 6661)
    for words in ("first", "second"):
        await bob.send(f"{code} {words}")
    await bob.press(world.say("take-back-button"))
    await bob.send(code)
    await bob.send(code)
    await world.deliver()
    assert [m.text for m in heron.open().thread] == ["first"]


async def test_what_was_answered_since_is_not_taken_back(world: World) -> None:
    heron, code = await claimed(world)
    bob = Person(world, 6661)
    await bob.send(f"{code} {WORDS}")
    await world.deliver()
    await heron.send("I see", reply_to=world.shown(900)[-1].id)
    await bob.press(world.say("take-back-button"))
    await bob.send(code)
    assert (
        world.say("code-nothing-to-take-back", reference=(await stored(world)).reference) in bob.screen.text
    )
    assert await written(world) == [Who.REQUESTER, Who.ORGANISATION]


async def test_a_holder_who_has_not_heard_of_it_yet_does_not_hear_of_what_was_taken_back(
    tmp_path: Path,
) -> None:
    async with make_world(tmp_path, card_delay_seconds=1_800) as world:
        _, code = await claimed(world)
        bob = Person(world, 6661)
        await bob.send(f"{code} {TELLING}")
        await bob.press(world.say("take-back-button"))
        await bob.send(code)
        world.wait(1_801)
        await world.deliver()
        told = world.say("requester-wrote", reference=(await stored(world)).reference)
        assert told not in texts(world, 900)


# Withdrawing and erasing.


async def test_a_code_withdraws_when_it_was_typed_once_more(world: World) -> None:
    _, code = await claimed(world)
    bob = Person(world, 6661)
    await bob.send(code)
    await bob.press(world.say("withdraw-button"))
    assert world.say("code-withdraw-ask", closed_days=30) in bob.screen.text
    assert (await stored(world)).status is Status.CLAIMED
    await bob.send(code)
    case = await stored(world)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert world.say("code-withdrawn", reference=case.reference, closed_days=30, hours=24) in bob.screen.text
    await world.deliver()
    assert world.say("withdrawn-by-requester", reference=case.reference) in texts(world, 900)
    assert not any(m.document for m in world.shown(900))
    assert world.say("outcome-withdrawn") in world.shown(GROUP)[0].text
    await bob.send(code)
    assert world.say("code-closed-before", reference=case.reference) in bob.screen.text
    await bob.press(world.say("back-button"))
    await bob.send(code)
    assert world.say("code-state-withdrawn") in bob.screen.text


async def test_a_code_erases_and_leaves_a_receipt(world: World) -> None:
    _, code = await claimed(world)
    reference = (await stored(world)).reference
    bob = Person(world, 6661)
    await bob.send(f"{code} {WORDS}")
    await bob.press(world.say("erase-yes-button"))
    await bob.send(code)
    assert bob.screen.text == world.say("code-erased", reference=reference, hours=24)
    tables = await world.tables()
    assert [tables[name] for name in ("cases", "locks", "blocks", "thread")] == [[]] * 4
    await world.deliver()
    assert world.say("erased-by-requester", reference=reference) in texts(world, 900)
    assert reference in world.shown(GROUP)[0].text
    assert not world.shown(GROUP)[0].keyboard


# Nothing ties an account to the request.


@pytest.mark.parametrize("level", ["standard", "emergency"])
@pytest.mark.parametrize("act", ["look", "add", "notice", "take back", "withdraw", "erase"])
async def test_no_row_no_button_and_no_memory_ties_an_account_to_what_its_code_opened(
    tmp_path: Path, act: str, level: str
) -> None:
    async with make_world(tmp_path, card_delay_seconds=1_800) as world:
        _, code = await claimed(world, held=level == "emergency")
        world.wait(2_345)
        bob = Person(world, 6_660_001)
        await bob.send("/start")
        names = await names_of(world)
        await done(world, bob, code, act)
        assert bob.account in {row[0] for row in (await world.tables())["drafts"]}, "while the draft is open"
        for name, rows in (await world.tables()).items():
            for row in rows:
                tied = bob.account in row and any(each in repr(row) for each in names)
                assert not tied, name
        jobs = [job for _, job in await world.read(outbox.waiting)]
        for job in jobs:
            if job.case or any(each in job.text for each in names):
                assert str(bob.id) not in repr(asdict(job))
                assert job.due % HOUR == 0 or job.due > world.now + 60, "it says not when it came"
        states = repr(await world.read(lambda tx: drafts_in(tx)))
        payloads = [b.data for m in world.shown(bob.id) for row in m.keyboard for b in row]
        memory = (
            repr(vars(world.desk.tries)) + repr(vars(world.desk.stretching)) + repr(vars(world.desk.throttle))
        )
        for hidden in (*names, code.replace(" ", "")):
            for place in (states, *payloads, memory):
                assert hidden not in place
        assert repr(bob.account) not in memory, "that a code was right leaves nothing"


async def done(world: World, bob: Person, code: str, act: str) -> None:
    say = world.say
    match act:
        case "look":
            await bob.send(code)
        case "add":
            await bob.send(f"{code} {WORDS}")
        case "notice":
            await bob.send(f"{code} {TELLING}")
        case "take back":
            await bob.send(f"{code} {TELLING}")
            await bob.press(say("take-back-button"))
            await bob.send(code)
        case "withdraw" | "erase":
            await bob.send(code)
            await bob.press(say("withdraw-button" if act == "withdraw" else "erase-yes-button"))
            await bob.send(code)


async def names_of(world: World) -> list[str]:
    found = (await world.tables())["cases"]
    return [name for row in found for name in (repr(row[0]), bytes(row[0]).hex(), str(row[1]))]  # type: ignore[call-overload]


def drafts_in(tx: Tx) -> list[str]:
    return [repr((asdict(c.draft), c.chat, c.screen)) for c in drafts.after(tx, b"", 99).rows.values()]
