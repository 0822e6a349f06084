"""What people do, and what the bot hears of it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiogram.types import Update

from sandbox.client import Control, Phone, SandboxRefused
from sandbox.devices import Device
from sandbox.server import Sandbox, start_sandbox
from tests.sandbox.conftest import ANN, BEN, TOKEN, Api, Refused, keys


async def test_a_link_opens_the_chat_with_its_parameter(api: Api, ben: Phone) -> None:
    await ben.start("invite_token-1")
    (update,) = await api.take()
    message = update["message"]
    assert message["text"] == "/start invite_token-1"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert message["chat"] == {"id": BEN, "type": "private", "first_name": "Ben"}
    assert message["from"] == {"id": BEN, "is_bot": False, "first_name": "Ben"}
    with pytest.raises(SandboxRefused, match="start parameter"):
        await ben.start("x" * 65)


async def test_a_press_spins_until_it_is_answered(api: Api, ann: Phone) -> None:
    await api.say(ANN, "Choose", reply_markup=keys("Yes", "No"))
    pressing = asyncio.create_task(ann.press("Yes"))
    (update,) = await api.updates(timeout=5)
    query = update["callback_query"]
    assert query["data"] == "yes"
    assert query["message"]["text"] == "Choose"
    assert (await ann.world())["people"][0]["pressing"] is True
    await api("answerCallbackQuery", callback_query_id=query["id"], text="Saved", show_alert=True)
    answer = await pressing
    assert (answer.answered, answer.text, answer.alert) == (True, "Saved", True)
    assert (await ann.world())["people"][0]["pressing"] is False


async def test_a_press_that_nobody_answers_says_so(api: Api, ann: Phone) -> None:
    await api.say(ANN, reply_markup=keys("Yes"))
    assert (await ann.press("Yes", wait=0.05)).answered is False


@pytest.mark.parametrize("late", [True, False])
async def test_answers_too_late_or_twice_are_refused(
    api: Api, ann: Phone, control: Control, late: bool
) -> None:
    await api.say(ANN, reply_markup=keys("Yes"))
    await ann.press("Yes", wait=0)
    query = (await api.updates())[0]["callback_query"]["id"]
    if late:
        await control.advance(31)
    else:
        await api("answerCallbackQuery", callback_query_id=query)
    with pytest.raises(Refused) as refused:
        await api("answerCallbackQuery", callback_query_id=query)
    assert str(refused.value) == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )


async def test_old_buttons_can_be_pressed_by_force_even_on_deleted_messages(api: Api, ann: Phone) -> None:
    message = await api.say(ANN, reply_markup=keys("Yes"))
    await api("editMessageText", chat_id=ANN, message_id=message, text="done")
    with pytest.raises(LookupError):
        await ann.press("yes", message_id=message)
    with pytest.raises(LookupError):
        await ann.press("Yes")
    await ann.press("yes", message_id=message, wait=0, force=True)
    await api("deleteMessage", chat_id=ANN, message_id=message)
    await ann.press("yes", message_id=message, wait=0, force=True)
    shown, gone = [u["callback_query"]["message"] for u in await api.take()]
    assert shown["text"] == "done"
    assert gone == {"chat": shown["chat"], "message_id": message, "date": 0}


async def test_blocking_is_told_and_later_sends_are_forbidden(api: Api, ann: Phone) -> None:
    message = await api.say(ANN)
    await ann.block()
    (update,) = await api.take()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    for method, more in (
        ("sendMessage", {"text": "x"}),
        ("sendChatAction", {"action": "typing"}),
        ("editMessageText", {"text": "x", "message_id": message}),
    ):
        with pytest.raises(Refused, match=r"^Forbidden: bot was blocked by the user$") as refused:
            await api(method, chat_id=ANN, **more)
        assert refused.value.code == 403
    with pytest.raises(SandboxRefused, match="blocked"):
        await ann.send("hello?")
    await ann.start()
    assert [next(iter(u.keys() - {"update_id"})) for u in await api.take()] == ["my_chat_member", "message"]
    await api.say(ANN)


async def test_edits_by_people_arrive_as_such(api: Api, ann: Phone) -> None:
    message = (await ann.send("frist")).id
    await ann.edit(message, "first")
    _, edited = await api.take()
    assert edited["edited_message"]["text"] == "first"
    assert edited["edited_message"]["edit_date"] >= edited["edited_message"]["date"]


@pytest.mark.parametrize(
    "kind",
    [
        "photo", "document", "voice", "video", "sticker", "contact", "location", "video_note", "audio",
        "animation", "poll", "venue", "dice",
    ],
)  # fmt: skip
async def test_media_of_every_kind_is_real_enough_for_a_client(api: Api, ann: Phone, kind: str) -> None:
    await ann.send_media(kind, caption="look" if kind == "photo" else None)
    (update,) = await api.take()
    message = Update.model_validate(update).message
    assert message is not None
    assert message.content_type == kind


async def test_replies_and_forwards_are_marked(api: Api, ann: Phone) -> None:
    first = await api.say(ANN, "question")
    answer = await ann.send("answer", reply_to=first)
    await ann.send("more", reply_to=answer.id, forwarded=True)
    one, two = [u["message"] for u in await api.take()]
    assert one["reply_to_message"]["text"] == "question"
    assert two["reply_to_message"]["text"] == "answer"
    assert "reply_to_message" not in two["reply_to_message"]
    assert two["forward_origin"]["type"] == "hidden_user"


async def test_inline_queries_and_raw_updates_are_delivered(api: Api, ann: Phone, control: Control) -> None:
    asked = asyncio.create_task(ann.inline("help", wait=5))
    (update,) = await api.updates(timeout=5)
    assert update["inline_query"]["query"] == "help"
    await api("answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=[])
    assert (await asked)["answered"] is True
    number = await control.raw({"channel_post": {"message_id": 1, "chat": {"id": -1001, "type": "channel"}}})
    assert (await api.take())[-1]["update_id"] == number


async def test_a_document_is_opened_on_its_owners_device_only() -> None:
    async def open_it(name: str, content: bytes) -> str:
        return f"{name}: {content.decode()}"

    sandbox = await start_sandbox(token=TOKEN, devices={ANN: Device("laptop", open_it)})
    try:
        ann = await sandbox.control.add_person(ANN, "Ann")
        ben = await sandbox.control.add_person(BEN, "Ben")
        sent = await ann.send_media("document", file_name="case.txt", content=b"answers")
        assert await ann.open(str(sent.file_id)) == "case.txt: answers"
        with pytest.raises(SandboxRefused, match="no device"):
            await ben.open(str(sent.file_id))
        assert [p["device"] for p in (await ann.world())["people"]] == ["laptop", None]
    finally:
        await sandbox.close()


async def test_watchers_hear_of_every_change(sandbox: Sandbox, api: Api, ann: Phone) -> None:
    waiting = asyncio.create_task(ann.wait_for(lambda shown: shown[-1].text == "third"))
    for text in ("first", "second", "third"):
        await api.say(ANN, text)
    assert (await waiting)[-1].text == "third"
    with pytest.raises(TimeoutError):
        await ann.wait_for(lambda shown: shown[-1].text == "fourth", timeout=0.1)


async def test_mistakes_of_people_are_one_line_each(
    sandbox: Sandbox, ann: Phone, session: aiohttp.ClientSession
) -> None:
    for path, body in (
        ("chats/1001/messages", {"user": ANN}),
        ("chats/1001/messages", {"user": "x", "text": "x"}),
        ("chats/1001/messages", {"user": BEN, "text": "x"}),
        ("chats/5/messages", {"user": ANN, "text": "x"}),
        ("chats/1001/messages", {"user": ANN, "media": "hologram"}),
        ("people", {"id": ANN, "first_name": "Ann"}),
        ("faults", {"method": "sendMessage", "kind": "earthquake"}),
        ("clock", {"advance": -5}),
    ):
        async with session.post(f"{sandbox.base_url}/sandbox/{path}", json=body) as answer:
            assert answer.status == 400
            error = (await answer.json())["error"]
        assert error
        assert "\n" not in error


async def test_a_page_from_elsewhere_is_kept_out(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    url = f"{sandbox.base_url}/sandbox/world"
    async with session.get(url, headers={"Host": "rebound.example"}) as answer:
        assert answer.status == 403
    async with session.get(url, headers={"Origin": "https://elsewhere.example"}) as answer:
        assert answer.status == 403
    async with session.get(url, headers={"Origin": "null"}) as answer:
        assert answer.status == 403
    async with session.get(url, headers={"Origin": sandbox.base_url}) as answer:
        assert answer.status == 200
    async with session.post(f"{sandbox.base_url}/sandbox/people", data='{"id": 9}') as answer:
        assert answer.status == 400


async def test_pages_load_nothing_from_elsewhere_and_are_not_framed(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    for path in ("/", "/sandbox/world", "/nowhere"):
        async with session.get(sandbox.base_url + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["Cache-Control"] == "no-store"
    async with session.get(f"{sandbox.base_url}/page/..%2fserver.py") as answer:
        assert answer.status == 404
