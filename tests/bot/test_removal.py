"""Somebody who was revoked is put out of the group, may come back, and is no reason to think the group lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.telegram import Telegram
from bot.telegram_errors import Gone, Moved, Refused
from handlers.outgoing import Remove
from tests.bot.api_server import ApiServer, bot_api

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


def test_a_removal_shows_nobody() -> None:
    assert repr(REMOVE) == "Remove()"
