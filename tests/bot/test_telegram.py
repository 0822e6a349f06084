"""The Bot API client against a real HTTP server that answers only what it must, and fails in every way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.telegram import Telegram
from bot.telegram_errors import Conflict, Gone, Moved, Refused, TryLater, Unauthorized, Unreachable
from handlers.outgoing import Answer, Button, Delete, Edit, Pin, Send, SendDocument
from tests.bot.api_server import ApiServer, bot_api, text_update

Api = tuple[ApiServer, Telegram]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with bot_api() as both:
        yield both


async def test_a_message_goes_out_plain_protected_and_without_a_preview(api: Api) -> None:
    server, telegram = api
    keyboard = ((Button("A", data="a:1"),), (Button("B", url="https://example.org"),))
    sent = await telegram.call(Send(7, "<b>*text*", keyboard, reply_to=3, silent=True))
    assert sent.message_id == 1
    (parameters,) = server.sent
    assert parameters["text"] == "<b>*text*"
    assert "parse_mode" not in parameters
    assert parameters["protect_content"] is True
    assert parameters["disable_notification"] is True
    assert parameters["link_preview_options"]["is_disabled"] is True
    assert parameters["reply_parameters"]["message_id"] == 3
    assert parameters["reply_parameters"]["allow_sending_without_reply"] is True
    rows = parameters["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [["A"], ["B"]]
    assert rows[0][0]["callback_data"] == "a:1"
    assert rows[1][0]["url"] == "https://example.org"


async def test_a_message_is_unprotected_only_if_it_says_so(api: Api) -> None:
    server, telegram = api
    await telegram.call(Send(7, "text", protect=False))
    assert server.sent[0]["protect_content"] is False


async def test_a_document_goes_out_with_its_name_and_bytes(api: Api) -> None:
    server, telegram = api
    sent = await telegram.call(SendDocument(7, "K7QM-4ZDP.postern", b"\x00\xff", caption="sealed"))
    assert sent.message_id == 1
    file = next(value for value in server.sent[0].values() if isinstance(value, dict) and "content" in value)
    assert file == {"file_name": "K7QM-4ZDP.postern", "content": b"\x00\xff"}
    assert server.sent[0]["protect_content"] is True


async def test_a_stored_document_is_read_when_it_goes_out_and_not_sooner(api: Api) -> None:
    server, telegram = api
    found: list[bytes | None] = [b"a letter", None]

    async def load() -> bytes | None:
        return found.pop(0)

    document = SendDocument(7, "документ.pdf", load=load)
    await telegram.call(document)
    file = next(value for value in server.sent[0].values() if isinstance(value, dict) and "content" in value)
    assert file == {"file_name": "документ.pdf", "content": b"a letter"}
    assert server.sent[0]["disable_content_type_detection"] is True
    with pytest.raises(Refused, match="missing-file"):  # it was erased meanwhile
        await telegram.call(document)
    with pytest.raises(Unreachable):  # the database is in trouble
        await telegram.call(document)
    assert len(server.sent) == 1


async def test_edit_answer_and_pin_reach_the_server(api: Api) -> None:
    server, telegram = api
    for outgoing in (Edit(7, 5, "new"), Answer("q1", "done", alert=True), Pin(-7, 5)):
        assert (await telegram.call(outgoing)).message_id is None
    assert server.methods() == ["editMessageText", "answerCallbackQuery", "pinChatMessage"]
    assert server.calls[0][1]["text"] == "new"
    assert server.calls[1][1]["show_alert"] is True


@pytest.mark.parametrize(
    ("status", "description", "parameters", "expected"),
    [
        (429, "Too Many Requests: retry after 7", {"retry_after": 7}, TryLater),
        (500, "Internal Server Error", {}, Unreachable),
        (502, "Bad Gateway", {}, Unreachable),
        (403, "Forbidden: bot was blocked by the user", {}, Gone),
        (403, "Forbidden: user is deactivated", {}, Gone),
        (400, "Bad Request: chat not found", {}, Gone),
        (400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1007}, Moved),
        (401, "Unauthorized", {}, Unauthorized),
        (409, "Conflict: terminated by other getUpdates request", {}, Conflict),
        (400, "Bad Request: message to edit not found", {}, Refused),
        (413, "Request Entity Too Large", {}, Refused),
    ],
)
async def test_each_failure_becomes_the_error_that_says_what_to_do(
    api: Api, status: int, description: str, parameters: dict[str, int], expected: type[Exception]
) -> None:
    server, telegram = api
    server.fail("sendMessage", status, description, **parameters)
    with pytest.raises(expected) as raised:
        await telegram.call(Send(7, "text"))
    assert description not in str(raised.value)
    if isinstance(raised.value, TryLater):
        assert raised.value.seconds == 7
    if isinstance(raised.value, Moved):
        assert raised.value.chat == -1007


@pytest.mark.parametrize(
    ("outgoing", "method", "description"),
    [
        (Edit(7, 5, "same"), "editMessageText", "Bad Request: message is not modified: same content"),
        (Answer("q"), "answerCallbackQuery", "Bad Request: query is too old and response timeout expired"),
        (Delete(7, (5,)), "deleteMessage", "Bad Request: message to delete not found"),
    ],
)
async def test_what_had_been_done_before_counts_as_done(
    api: Api, outgoing: Edit | Answer | Delete, method: str, description: str
) -> None:
    server, telegram = api
    server.fail(method, 400, description)
    await telegram.call(outgoing)
    assert server.methods() == [method]


async def test_one_message_too_old_to_delete_keeps_none_of_the_others(api: Api) -> None:
    server, telegram = api
    server.fail("deleteMessages", 400, "Bad Request: message can't be deleted")
    server.fail("deleteMessage", 400, "Bad Request: message can't be deleted for everyone")
    with pytest.raises(Refused, match="too-old-to-delete"):
        await telegram.call(Delete(7, (1, 2, 3)))
    assert [p["message_id"] for m, p in server.calls if m == "deleteMessage"] == [1, 2, 3]


async def test_many_messages_are_deleted_in_one_call(api: Api) -> None:
    server, telegram = api
    await telegram.call(Delete(7, (1, 2, 3)))
    assert server.calls == [("deleteMessages", {"chat_id": 7, "message_ids": [1, 2, 3]})]


@pytest.mark.parametrize("body", ["<html>", "", "[]", "null", '{"ok": tru', "[" * 100_000, '{"ok": false}'])
async def test_an_answer_that_is_no_answer_is_unreachable(api: Api, body: str) -> None:
    server, telegram = api
    server.answers["sendMessage"].append(web.Response(text=body))
    with pytest.raises(Unreachable):
        await telegram.call(Send(7, "text"))


async def test_an_answer_that_is_no_text_is_unreachable(api: Api) -> None:
    server, telegram = api
    server.answers["sendMessage"].append(web.Response(body=b"\xff\xfe\xff"))
    with pytest.raises(Unreachable):
        await telegram.call(Send(7, "text"))


async def test_a_dropped_connection_and_silence_are_unreachable() -> None:
    async with bot_api(call_timeout=0.3) as (server, telegram):
        server.answers["sendMessage"].extend(["drop", "hang"])
        for _ in range(2):
            with pytest.raises(Unreachable):
                await telegram.call(Send(7, "text"))


async def test_no_server_at_all_is_unreachable() -> None:
    async with bot_api() as (server, _):
        nowhere = server.url
    telegram = Telegram("1:" + "A" * 35, nowhere)
    with pytest.raises(Unreachable):
        await telegram.get_me()
    await telegram.close()


async def test_one_odd_update_does_not_cost_the_batch(api: Api) -> None:
    server, telegram = api
    odd = {"update_id": 2, "message": {"chat": "nonsense", "date": []}}
    server.put(text_update(1, 7), odd, text_update(3, 7))
    assert await telegram.get_updates(None, 0, ["message"]) == [text_update(1, 7), odd, text_update(3, 7)]
    assert server.calls[0][1]["allowed_updates"] == ["message"]


@pytest.mark.parametrize("odd", ['"\\ud83d"', "1" * 40, "NaN", "[" * 600 + "]" * 600])
async def test_what_is_json_to_a_strict_reader_only_almost_does_not_cost_the_batch(
    api: Api, odd: str
) -> None:
    """Half an emoji, a number without end: it would come again with each fetch, and nobody behind it be served."""
    server, telegram = api
    body = f'{{"ok": true, "result": [{{"update_id": 1, "message": {odd}}}, {{"update_id": 2}}]}}'
    server.answers["getUpdates"].append(web.Response(text=body, content_type="application/json"))
    assert [each["update_id"] for each in await telegram.get_updates(None, 0, ["message"])] == [1, 2]


async def test_get_me_tells_a_wrong_token_in_either_of_telegrams_ways(api: Api) -> None:
    server, telegram = api
    assert (await telegram.get_me())["username"] == "lean_bot"
    for status in (401, 404):
        server.fail("getMe", status, "Not Found")
        with pytest.raises(Unauthorized):
            await telegram.get_me()


async def test_webhook_and_commands_are_set_as_told(api: Api) -> None:
    server, telegram = api
    await telegram.set_webhook("https://example.org/hook", "s3cret", ["message"], 40)
    assert server.calls[-1][1]["secret_token"] == "s3cret"
    assert server.calls[-1][1]["allowed_updates"] == ["message"]
    assert server.calls[-1][1]["max_connections"] == 40
    await telegram.set_commands({"start": "Начать"}, "ru")
    parameters = server.calls[-1][1]
    assert parameters["commands"] == [{"command": "start", "description": "Начать"}] or parameters["commands"]
    assert parameters["scope"]["type"] == "all_private_chats"
    assert parameters["language_code"] == "ru"
    await telegram.set_commands({}, scope=-5)
    assert server.calls[-1][1]["scope"] == {"type": "chat", "chat_id": -5}
    await telegram.delete_webhook()
    assert server.calls[-1][1]["drop_pending_updates"] is False
