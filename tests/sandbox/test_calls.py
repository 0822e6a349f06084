"""How calls are read, refused and recorded."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from sandbox.client import Control, Phone
from sandbox.server import Sandbox
from tests.sandbox.conftest import ANN, TOKEN, Api, Refused, keys


async def test_a_wrong_token_is_unauthorized(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{sandbox.base_url}/bot{TOKEN}x/getMe") as answer:
        assert answer.status == 401
        assert await answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_unknown_method_is_not_found(api: Api) -> None:
    with pytest.raises(Refused, match=r"^Not Found$") as refused:
        await api("sendMassage", chat_id=ANN, text="x")
    assert refused.value.code == 404


async def test_method_names_have_no_case(api: Api) -> None:
    assert (await api("GETME"))["username"] == "postern_sandbox_bot"


async def test_a_method_that_is_not_modelled_says_so(api: Api, ann: Phone) -> None:
    with pytest.raises(Refused, match="does not model the method sendDice") as refused:
        await api("sendDice", chat_id=ANN)
    assert refused.value.code == 501


async def test_a_parameter_that_is_not_modelled_says_so(api: Api, ann: Phone) -> None:
    with pytest.raises(Refused, match="does not model the parameter message_effect_id of sendMessage"):
        await api("sendMessage", chat_id=ANN, text="x", message_effect_id="1")
    with pytest.raises(Refused, match="does not model quote in reply_parameters"):
        await api("sendMessage", chat_id=ANN, text="x", reply_parameters={"message_id": 1, "quote": "x"})


@pytest.mark.parametrize(
    ("method", "parameters", "error"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": ANN}, "message text is empty"),
        ("sendMessage", {"chat_id": ANN, "text": " \n "}, "message text is empty"),
        ("sendMessage", {"chat_id": ANN, "text": "a" * 4097}, "message is too long"),
        ("sendMessage", {"chat_id": ANN, "text": "\U0001f9e1" * 2049}, "message is too long"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": 4_040_404, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": ANN, "text": "x", "txet": "y"}, 'unknown parameter "txet"'),
        ("sendMessage", {"chat_id": ANN, "text": "x", "protect_content": "perhaps"}, "can't parse parameter"),
        (
            "sendMessage",
            {"chat_id": ANN, "text": "x", "reply_markup": "{"},
            "can't parse reply keyboard markup JSON object",
        ),
        (
            "sendMessage",
            {"chat_id": ANN, "text": "x", "reply_markup": "5"},
            "object expected as reply markup",
        ),
        (
            "sendMessage",
            {"chat_id": ANN, "text": "x", "reply_parameters": {"message_id": 99}},
            "message to be replied not found",
        ),
        ("editMessageText", {"text": "x"}, "chat_id is empty"),
        ("editMessageText", {"chat_id": ANN, "text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"chat_id": ANN, "message_id": 1, "text": "a" * 4097}, "MESSAGE_TOO_LONG"),
        ("deleteMessage", {"chat_id": ANN, "message_id": "one"}, "message identifier is not specified"),
        ("sendChatAction", {"chat_id": ANN, "action": "sleeping"}, "wrong parameter action in request"),
        ("sendDocument", {"chat_id": ANN}, "there is no document in the request"),
        ("sendDocument", {"chat_id": ANN, "document": "abc"}, "wrong file identifier/HTTP URL specified"),
        ("getFile", {"file_id": "abc"}, "wrong file_id or the file is temporarily unavailable"),
        ("setMyCommands", {"commands": [{"command": "Ä", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": ""}]},
            "BOT_COMMAND_DESCRIPTION_INVALID",
        ),
        ("setWebhook", {"url": "https://example.org/hook"}, "bad webhook"),
        (
            "setWebhook",
            {"url": "http://127.0.0.1:1/", "secret_token": "ключ"},
            "secret token contains unallowed characters",
        ),
    ],
)
async def test_wrong_calls_are_refused_in_telegrams_words(
    api: Api, ann: Phone, method: str, parameters: dict[str, Any], error: str
) -> None:
    with pytest.raises(Refused) as refused:
        await api(method, **parameters)
    assert str(refused.value).startswith(f"Bad Request: {error}")
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("button", "error"),
    [
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "я" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "x"}, "can't parse inline keyboard button"),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        (
            {"text": "x"},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "callback_data": "x", "url": "https://a.example"},
            "can't parse inline keyboard button",
        ),
        ({"text": "x", "url": "javascript:alert(1)"}, "inline keyboard button URL"),
        ({"text": "x", "web_app": {"url": "http://a.example"}}, "inline keyboard button Web App URL"),
        ({"text": "x", "callback_date": "x"}, "unknown field"),
    ],
)
async def test_wrong_buttons_are_refused(api: Api, ann: Phone, button: dict[str, Any], error: str) -> None:
    with pytest.raises(Refused) as refused:
        await api.say(ANN, reply_markup={"inline_keyboard": [[button]]})
    assert str(refused.value).startswith(f"Bad Request: {error}")


async def test_a_keyboard_holds_a_hundred_buttons_of_64_bytes(api: Api, ann: Phone) -> None:
    rows = [[{"text": "x", "callback_data": "y" * 64}] * 5] * 20
    await api.say(ANN, reply_markup={"inline_keyboard": rows})
    with pytest.raises(Refused, match="REPLY_MARKUP_TOO_LONG"):
        await api.say(ANN, reply_markup={"inline_keyboard": [*rows, rows[0]]})


async def test_forms_carry_lists_and_flags_as_strings(api: Api, ann: Phone) -> None:
    sent = await api.form(
        "sendMessage",
        {
            "chat_id": str(ANN),
            "text": "5",
            "protect_content": "True",
            "disable_notification": "false",
            "reply_markup": json.dumps(keys("Go")),
        },
    )
    assert sent["text"] == "5"
    assert sent["has_protected_content"] is True
    assert sent["reply_markup"] == keys("Go")


async def test_numbers_inside_lists_may_be_strings_too(api: Api, ann: Phone) -> None:
    bold = [{"type": "bold", "offset": "0", "length": "3"}]
    sent = await api("sendMessage", chat_id=ANN, text="old news", entities=bold)
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    assert await api("deleteMessages", chat_id=ANN, message_ids=[str(sent["message_id"])])


async def test_a_get_request_is_a_call_too(api: Api, ann: Phone, session: aiohttp.ClientSession) -> None:
    url = f"{api.base_url}/bot{TOKEN}/sendMessage"
    async with session.get(url, params={"chat_id": str(ANN), "text": "by query"}) as answer:
        assert (await answer.json())["result"]["text"] == "by query"


async def test_a_body_that_is_no_json_object_is_refused(api: Api, session: aiohttp.ClientSession) -> None:
    for body in ("{", "[1]", "7"):
        url = f"{api.base_url}/bot{TOKEN}/getMe"
        async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400


async def test_every_call_is_recorded_with_its_outcome(api: Api, ann: Phone, control: Control) -> None:
    await api.say(ANN, "noted", reply_markup=keys("Go"))
    with pytest.raises(Refused):
        await api.say(ANN, "")
    good, bad = (await control.calls("sendMessage"))[-2:]
    assert good["ok"] is True
    assert good["parameters"] == {"chat_id": ANN, "text": "noted", "reply_markup": keys("Go")}
    assert good["error"] is None
    assert bad["ok"] is False
    assert bad["error"] == "Bad Request: message text is empty"
    assert bad["n"] == good["n"] + 1


async def test_html_becomes_entities_and_is_refused_where_it_is_broken(api: Api, ann: Phone) -> None:
    sent = await api(
        "sendMessage",
        chat_id=ANN,
        parse_mode="HTML",
        text='\U0001f9e1 <b>a <i>b</i></b> &lt; <a href="x.org">c</a>',
    )
    assert sent["text"] == "\U0001f9e1 a b < c"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 3},
        {"type": "italic", "offset": 5, "length": 1},
        {"type": "text_link", "offset": 9, "length": 1, "url": "x.org"},
    ]
    for broken in ("<b>a", "a</b>", "<b>a</i>", "<p>a</p>", "1 < 2"):
        with pytest.raises(Refused, match="can't parse entities"):
            await api.say(ANN, broken, parse_mode="HTML")
    with pytest.raises(Refused, match="does not model parse_mode MarkdownV2"):
        await api.say(ANN, "*a*", parse_mode="MarkdownV2")
