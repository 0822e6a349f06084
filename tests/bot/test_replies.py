"""A reply on its way: what Telegram did with it, what was never heard, and what overtakes it."""

from __future__ import annotations

import pytest

from bot.postman import Postman
from bot.telegram_errors import Gone, TelegramError, TryLater, Unreachable
from handlers.outgoing import Edit, Outgoing, Send, SendDocument
from storage import outbox
from storage.outbox import Job, Task
from tests.bot.background import Background, Done, background
from tests.handlers.desk import GROUP, Person, World, ask
from tests.handlers.test_files import carry_out, send_file
from tests.handlers.test_operator_turn import ANN, claimed, file_of

WORDS = "come to the bakery at nine"


class Deaf(Background):
    """A Telegram that takes every call, and whose answer to the requester's chat never comes."""

    deaf = True

    async def call(self, outgoing: Outgoing) -> Done:
        done = await super().call(outgoing)
        if self.deaf and isinstance(outgoing, Send | SendDocument) and outgoing.chat == ANN:
            raise Unreachable
        return done


async def replied(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.send(WORDS, reply_to=file_of(world, 900).id)


def copies(here: Background) -> list[Send]:
    return [call for call in here.calls if isinstance(call, Send) and WORDS in call.text]


def line(here: Background) -> str:
    return [c.text for c in here.calls if isinstance(c, Send | Edit) and c.chat == 900][-1]


def is_marked(world: World, call: Send) -> bool:
    return call.text.startswith(world.say("reply-again"))


async def test_what_telegram_took_unheard_comes_twice_and_the_second_copy_says_so(world: World) -> None:
    await replied(world)
    async with background(world) as here:
        here.__class__ = Deaf
        await here.round(3)
        assert world.say("reply-state-queued") in line(here)
        here.__class__ = Background
        world.wait(60)
        await here.round(3)
        assert [is_marked(world, call) for call in copies(here)] == [False, True]
        assert world.say("reply-state-twice") in line(here)
        assert await world.read(outbox.waiting) == []


async def test_within_one_try_of_the_postman_too(world: World) -> None:
    taken: list[Outgoing] = []

    async def call(outgoing: Outgoing) -> Done:
        taken.append(outgoing)
        if len(taken) == 1:
            raise Unreachable
        return Done(5)

    postman = Postman(call, back_off=(0.0,))
    postman.post(ANN, [Send(ANN, "first", again="second")])
    await postman.drain(2)
    assert [one.text for one in taken if isinstance(one, Send)] == ["first", "second"]


async def test_a_file_too(world: World) -> None:
    """Its second copy says so in the words under it."""
    taken: list[Outgoing] = []

    async def call(outgoing: Outgoing) -> Done:
        taken.append(outgoing)
        if len(taken) == 1:
            raise Unreachable
        return Done(5)

    postman = Postman(call, back_off=(0.0,))
    postman.post(ANN, [SendDocument(ANN, "document.pdf", b"x", "first", again="second")])
    await postman.drain(2)
    assert [one.caption for one in taken if isinstance(one, SendDocument)] == ["first", "second"]


async def test_whoever_dies_between_the_call_and_its_record_of_a_file_leaves_it_marked(world: World) -> None:
    heron, _ = await claimed(world)
    await send_file(heron, b"a letter", reply_to=file_of(world, 900).id, caption="")
    await world.deliver()
    await heron.press(world.say("attach-plain-button"))
    await carry_out(world, Task.TAKE)
    async with background(world) as here:
        here.__class__ = Deaf
        await here.round()
        first = [call for call in here.calls if isinstance(call, SendDocument)]
        assert [call.caption.startswith(world.say("reply-again")) for call in first] == [False]
        # Here the process ends. The answer was never recorded.
    world.wait(61)
    async with background(world) as after:
        await after.round(3)
        again = [call for call in after.calls if isinstance(call, SendDocument)]
        assert [call.caption.startswith(world.say("reply-again")) for call in again] == [True]
        assert world.say("reply-state-twice") in line(after)
        assert await again[0].load() == b"a letter"  # type: ignore[misc]


async def test_whoever_dies_between_the_call_and_its_record_leaves_it_marked(
    world: World,
) -> None:
    await replied(world)
    async with background(world) as here:
        here.__class__ = Deaf
        await here.round()
        assert len(copies(here)) == 1
        # Here the process ends: nothing of what it knew is there any more. The answer was never recorded.
    world.wait(61)
    async with background(world) as after:
        await after.round(3)
        assert [is_marked(world, call) for call in copies(after)] == [True]
        assert world.say("reply-state-twice") in line(after)


async def test_what_telegram_said_it_did_not_take_is_no_second_copy(world: World) -> None:
    await replied(world)
    async with background(world) as here:
        here.fails = TryLater(0.0)
        await here.round(3)
        here.fails = None
        world.wait(60)
        await here.round(3)
        assert [is_marked(world, call) for call in copies(here)] == [False]
        assert world.say("reply-state-twice") not in line(here)


@pytest.mark.parametrize(("error", "why"), [(Gone(), "blocked"), (Gone("deleted"), "deleted")])
async def test_the_line_says_whether_it_was_blocked_or_the_account_is_gone(
    world: World, error: TelegramError, why: str
) -> None:
    await replied(world)

    async with background(world) as here:
        taking = here.call

        async def call(outgoing: Outgoing) -> Done:
            if isinstance(outgoing, Send) and outgoing.chat == ANN:
                raise error
            return await taking(outgoing)

        here.call = call  # type: ignore[method-assign]
        await here.round(4)
        assert world.say(f"reply-failed-{why}", when="").partition("(")[0].strip() in line(here)
        assert ("blocked the bot" in line(here)) == (why == "blocked")


async def test_the_line_is_sent_once_and_then_edited(world: World) -> None:
    await replied(world)
    async with background(world) as here:
        await here.round(4)
        told = [c for c in here.calls if isinstance(c, Send | Edit) and c.chat == 900]
        assert [type(c) for c in told] == [Send, Edit]


async def test_an_emergencys_card_overtakes_a_full_outbox(world: World) -> None:
    """Also what the postman has already been handed: one call of many is on its way, then the card comes."""
    async with background(world) as here:
        here.postman._pace.__init__(20, 1.0)  # type: ignore[misc]
        notices = [Job(Task.SEND, world.now, chat=10_000 + n, text="a notice") for n in range(200)]
        await world.write(lambda tx: [outbox.add(tx, job) for job in notices])
        while await here.sender._round():
            pass
        await ask(Person(world, 77), held=True, until="chat")
        while await here.sender._round():
            pass
        await here.postman.drain(0.5)
        emergency = world.say("level-emergency")
        cards = [n for n, c in enumerate(here.calls) if isinstance(c, Send) and c.chat == GROUP]
        assert cards, "it did not even leave"
        assert emergency in getattr(here.calls[cards[0]], "text", "")
        assert cards[0] < 40


async def test_in_the_group_an_emergency_waits_for_one_call_only() -> None:
    taken: list[str] = []

    async def call(outgoing: Outgoing) -> Done:
        taken.append(getattr(outgoing, "text", ""))
        return Done(len(taken))

    postman = Postman(call)
    postman.post(GROUP, [Send(GROUP, f"card {n}") for n in range(9)])
    postman.post(GROUP, [Send(GROUP, "first emergency", urgent=True)])
    postman.post(GROUP, [Send(GROUP, "second emergency", urgent=True)])
    await postman.drain(2)
    assert taken[:4] == ["card 0", "first emergency", "second emergency", "card 1"]
    assert len(taken) == 11
