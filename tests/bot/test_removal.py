"""Somebody who was revoked is put out of the group, may come back, and is no reason to think the group lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.pace import GROUP_LIMIT
from bot.telegram import Telegram
from bot.telegram_errors import Gone, Moved, Refused
from handlers.outgoing import Remove, Send
from storage import outbox
from storage.outbox import Job, Task
from tests.bot.api_server import ApiServer, bot_api
from tests.bot.background import Background, background
from tests.handlers.desk import GROUP, World

Api = tuple[ApiServer, Telegram]
REMOVE = Remove(-1007, 42)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with bot_api() as both:
        yield both


async def test_the_ban_is_lifted_at_once(api: Api) -> None:
    server, telegram = api
    await telegram.call(REMOVE)
    assert server.methods() == ["banChatMember", "unbanChatMember"]
    assert all(call["chat_id"] == -1007 and call["user_id"] == 42 for _, call in server.calls)
    assert server.calls[1][1]["only_if_banned"] is True


async def test_a_small_group_that_keeps_no_bans_is_left_at_that(api: Api) -> None:
    server, telegram = api
    server.fail("unbanChatMember", 403, "Forbidden: user is not a member of the group chat")
    await telegram.call(REMOVE)
    server.fail(
        "unbanChatMember", 400, "Bad Request: method is available for supergroup and channel chats only"
    )
    await telegram.call(REMOVE)


@pytest.mark.parametrize("status", [400, 403])
async def test_who_is_not_there_is_removed(api: Api, status: int) -> None:
    server, telegram = api
    said = {400: "Bad Request: user not found", 403: "Forbidden: user is not a member of the group chat"}
    server.fail("banChatMember", status, said[status])
    await telegram.call(REMOVE)
    assert server.methods() == ["banChatMember", "getChat"]


async def test_a_bot_that_is_not_there_itself_is_told_apart(api: Api) -> None:
    server, telegram = api
    for method in ("banChatMember", "getChat"):
        server.fail(method, 403, "Forbidden: bot was kicked from the supergroup chat")
    with pytest.raises(Gone):
        await telegram.call(REMOVE)


async def test_missing_rights_and_a_moved_group_are_reported(api: Api) -> None:
    server, telegram = api
    server.fail("banChatMember", 400, "Bad Request: not enough rights to restrict/unrestrict chat member")
    with pytest.raises(Refused, match="no-rights"):
        await telegram.call(REMOVE)
    server.fail("banChatMember", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1008)
    with pytest.raises(Moved):
        await telegram.call(REMOVE)


async def owe_removal(world: World) -> None:
    await world.write(lambda tx: outbox.add(tx, Job(Task.REMOVE, world.now, user=42, text="Heron")))


async def is_removed(here: Background, group: int = GROUP) -> None:
    async with asyncio.timeout(30):
        while not any(isinstance(call, Remove) and call.chat == group for call in here.calls):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_waits_for_nothing_that_is_to_be_written_in_the_group(world: World) -> None:
    """In a surge that is minutes of cards, all of them to be read by whoever was revoked."""
    async with background(world) as here:
        await here.round()
        here.postman._per_minute_in_group = 1
        here.postman.post(GROUP, [Send(GROUP, "a card"), Send(GROUP, "another card")])
        for _ in range(GROUP_LIMIT):  # there is no room left in this minute
            await world.write(
                lambda tx: outbox.add(tx, Job(Task.SEND, world.now, chat=GROUP, text="owed", urgent=True))
            )
        await here.sender._round()
        await owe_removal(world)
        await here.sender._round()
        await is_removed(here)
        assert here.texts() == ["a card"]
        await here.postman.drain(0)


async def test_it_follows_a_group_that_becomes_a_supergroup(world: World) -> None:
    async with background(world) as here:
        here.fails, taken = Moved(-1008), here.call

        async def once(call: object) -> object:
            try:
                return await taken(call)  # type: ignore[arg-type]
            finally:
                here.fails = None

        here.call = once  # type: ignore[assignment,method-assign]
        await owe_removal(world)
        await here.round()
        await is_removed(here, -1008)
        assert await world.read(outbox.waiting) == []


async def test_from_a_group_that_takes_no_calls_it_is_tried_again(world: World) -> None:
    async with background(world) as here:
        await owe_removal(world)
        here.fails = Gone()
        await here.round()
        assert [job.task for _, job in await world.read(outbox.waiting)] == [Task.REMOVE]
        here.fails = None
        world.wait(60)
        await here.round()
        await is_removed(here)
        assert await world.read(outbox.waiting) == []


def test_a_removal_shows_nobody() -> None:
    assert repr(REMOVE) == "Remove()"
