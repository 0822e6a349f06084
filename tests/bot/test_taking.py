"""A file of an operator's that Telegram does not hand out: given up once, told once, listed once."""

from __future__ import annotations

import pytest

from bot.give_up import FETCH_SECONDS
from bot.telegram_errors import Refused, TelegramError, Unreachable
from handlers.outgoing import Fetch, Outgoing
from storage import given_up, outbox, undelivered
from tests.bot.background import Background, Done, background
from tests.handlers.desk import World
from tests.handlers.test_files import send_file
from tests.handlers.test_operator_turn import claimed, file_of


class Closed(Background):
    """A Telegram that hands out no file."""

    why: TelegramError = Unreachable()

    async def call(self, outgoing: Outgoing) -> Done:
        if isinstance(outgoing, Fetch):
            raise self.why
        return await super().call(outgoing)


@pytest.mark.parametrize("why", [Unreachable(), Refused("other")])
async def test_it_is_given_up_and_whoever_sent_it_sees_why(world: World, why: TelegramError) -> None:
    heron, _ = await claimed(world)
    put = await send_file(heron, b"a letter", reply_to=file_of(world, 900).id)
    await world.deliver()
    await heron.press(world.say("attach-plain-button"))
    async with background(world) as here:
        here.__class__ = Closed
        here.why = why  # type: ignore[attr-defined]
        await here.round(3)
        world.wait(FETCH_SECONDS)
        await here.round(6)
        assert (900, put.id) in here.deleted()
        assert any("did not hand out your file" in text for text in here.texts())
    assert await world.read(outbox.waiting) == []
    assert [(e.kind, e.why) for e in await world.read(undelivered.everything)] == [("reply", "not-fetched")]
    assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"reply": 1}
