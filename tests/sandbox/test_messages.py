"""Sending, editing, deleting, copying, pinning: what stays in the chat, and what is refused."""

from __future__ import annotations

import json

import aiohttp
import pytest

from sandbox.client import Control, Phone
from tests.sandbox.conftest import ANN, BEN, TOKEN, Api, Refused, keys

HOUR = 3600
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x10"


async def test_a_sent_message_stays_in_the_chat_with_its_marks(api: Api, ann: Phone) -> None:
    first = await api.say(ANN, "  see /help, https://example.org/x.  ")
    await api.say(ANN, "second", protect_content=True, disable_notification=True, reply_to_message_id=first)
    seen, second = (await ann.messages())[-2:]
    assert seen.text == "see /help, https://example.org/x."
    assert [e["type"] for e in seen.raw["entities"]] == ["bot_command", "url"]
    assert second.raw["protected"] is True
    assert second.raw["silent"] is True
    assert second.raw["reply_to"] == first


async def test_an_edit_changes_the_message_in_place_and_drops_the_keyboard(api: Api, ann: Phone) -> None:
    message = await api.say(ANN, "one", reply_markup=keys("Go"))
    edited = await api("editMessageText", chat_id=ANN, message_id=message, text="two")
    assert edited["edit_date"] >= edited["date"]
    bubble = (await ann.messages())[-1]
    assert (bubble.id, bubble.text, bubble.buttons) == (message, "two", [])


async def test_an_edit_that_changes_nothing_is_refused(api: Api, ann: Phone) -> None:
    message = await api.say(ANN, "same", reply_markup=keys("Go"))
    with pytest.raises(Refused) as refused:
        await api("editMessageText", chat_id=ANN, message_id=message, text="same", reply_markup=keys("Go"))
    assert str(refused.value) == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly"
        " the same as a current content and reply markup of the message"
    )
    with pytest.raises(Refused, match="message is not modified"):
        await api("editMessageReplyMarkup", chat_id=ANN, message_id=message, reply_markup=keys("Go"))
    await api("editMessageReplyMarkup", chat_id=ANN, message_id=message)


async def test_what_cannot_be_edited(api: Api, ann: Phone) -> None:
    theirs = (await ann.send("mine")).id
    with pytest.raises(Refused, match="Bad Request: message can't be edited"):
        await api("editMessageText", chat_id=ANN, message_id=theirs, text="x")
    with pytest.raises(Refused, match="Bad Request: message to edit not found"):
        await api("editMessageText", chat_id=ANN, message_id=9999, text="x")
    asked = await api.say(ANN, reply_markup={"keyboard": [[{"text": "Yes"}]]})
    with pytest.raises(Refused, match="message can't be edited"):
        await api("editMessageText", chat_id=ANN, message_id=asked, text="x")
    message = await api.say(ANN)
    with pytest.raises(Refused, match="there is no caption in the message to edit"):
        await api("editMessageCaption", chat_id=ANN, message_id=message, caption="x")


async def test_own_messages_can_be_edited_after_days_but_not_deleted(
    api: Api, ann: Phone, control: Control
) -> None:
    message = await api.say(ANN, "old")
    await control.advance(72 * HOUR)
    await api("editMessageText", chat_id=ANN, message_id=message, text="neutral")
    with pytest.raises(Refused, match=r"^Bad Request: message can't be deleted for everyone$"):
        await api("deleteMessage", chat_id=ANN, message_id=message)


async def test_both_sides_of_a_private_chat_can_be_deleted_within_48_hours(
    api: Api, ann: Phone, control: Control
) -> None:
    own, theirs = await api.say(ANN), (await ann.send("secret")).id
    await control.advance(48 * HOUR - 60)
    await api("deleteMessage", chat_id=ANN, message_id=own)
    await api("deleteMessage", chat_id=ANN, message_id=theirs)
    assert [m.text for m in await ann.messages()] == ["/start"]
    with pytest.raises(Refused, match=r"^Bad Request: message to delete not found$"):
        await api("deleteMessage", chat_id=ANN, message_id=own)


async def test_delete_messages_skips_unknown_ids_and_is_all_or_nothing(
    api: Api, ann: Phone, control: Control
) -> None:
    old = await api.say(ANN, "old")
    await control.advance(49 * HOUR)
    new = await api.say(ANN, "new")
    with pytest.raises(Refused, match="message can't be deleted for everyone"):
        await api("deleteMessages", chat_id=ANN, message_ids=[new, old])
    assert new in [m.id for m in await ann.messages()]
    assert await api("deleteMessages", chat_id=ANN, message_ids=[new, 77777, new]) is True
    assert new not in [m.id for m in await ann.messages()]


async def test_delete_messages_takes_one_to_a_hundred_ids(api: Api, ann: Phone) -> None:
    with pytest.raises(Refused, match="message identifiers are not specified"):
        await api("deleteMessages", chat_id=ANN, message_ids=[])
    with pytest.raises(Refused, match="too many message identifiers specified"):
        await api("deleteMessages", chat_id=ANN, message_ids=list(range(1, 102)))


async def test_in_a_group_only_an_administrator_deletes_what_others_wrote(
    api: Api, group: int, sandbox_phone: Phone, control: Control
) -> None:
    written = (await sandbox_phone.send("hello all")).id
    with pytest.raises(Refused, match=r"^Bad Request: message can't be deleted$"):
        await api("deleteMessage", chat_id=group, message_id=written)
    await control.set_rights(group, bot_status="administrator")
    await api("deleteMessage", chat_id=group, message_id=written)


@pytest.fixture
def sandbox_phone(ann: Phone, group: int) -> Phone:
    """Ann's app, open on the group."""
    return Phone(ann.base_url, ANN, group)


async def test_protected_messages_are_neither_copied_nor_forwarded(api: Api, ann: Phone, group: int) -> None:
    secret = await api.say(ANN, "sealed", protect_content=True)
    plain = await api.say(ANN, "plain", reply_markup=keys("Go"))
    for method, done in (("copyMessage", "copied"), ("forwardMessage", "forwarded")):
        with pytest.raises(Refused, match=f"^Bad Request: message can't be {done}$"):
            await api(method, chat_id=group, from_chat_id=ANN, message_id=secret)
        await api(method, chat_id=group, from_chat_id=ANN, message_id=plain)
    copied, forwarded = (await Phone(ann.base_url, ANN, group).messages())[-2:]
    assert (copied.text, copied.buttons, copied.raw["forwarded"]) == ("plain", [], False)
    assert forwarded.raw["forwarded"] is True


async def test_a_document_keeps_its_bytes_for_both_sides(
    api: Api, ann: Phone, session: aiohttp.ClientSession
) -> None:
    form = aiohttp.FormData({"chat_id": str(ANN), "caption": "sealed case", "document": "attach://part"})
    form.add_field("part", b"\x00sealed\xff", filename="case.postern")
    sent = await api.form("sendDocument", form)
    assert sent["document"]["file_name"] == "case.postern"
    assert sent["document"]["file_size"] == 8
    bubble = (await ann.messages())[-1]
    assert bubble.media == {
        "kind": "document", "file_name": "case.postern", "size": 8, "file_id": bubble.file_id,
    }  # fmt: skip
    assert await ann.download(str(bubble.file_id)) == b"\x00sealed\xff"
    path = (await api("getFile", file_id=sent["document"]["file_id"]))["file_path"]
    async with session.get(f"{api.base_url}/file/bot{TOKEN}/{path}") as answer:
        assert await answer.read() == b"\x00sealed\xff"
    again = await api("sendDocument", chat_id=ANN, document=sent["document"]["file_id"])
    assert again["document"]["file_id"] == sent["document"]["file_id"]
    with pytest.raises(Refused, match="there is no text in the message to edit"):
        await api("editMessageText", chat_id=ANN, message_id=sent["message_id"], text="x")
    await api("editMessageCaption", chat_id=ANN, message_id=sent["message_id"], caption="other")


async def test_empty_files_long_captions_and_false_photos_are_refused(api: Api, ann: Phone) -> None:
    async def upload(method: str, field: str, content: bytes, caption: str = "") -> None:
        form = aiohttp.FormData({"chat_id": str(ANN), "caption": caption})
        form.add_field(field, content, filename="f.png")
        await api.form(method, form)

    with pytest.raises(Refused, match="file must be non-empty"):
        await upload("sendDocument", "document", b"")
    with pytest.raises(Refused, match="message caption is too long"):
        await upload("sendDocument", "document", b"x", "c" * 1025)
    with pytest.raises(Refused, match="IMAGE_PROCESS_FAILED"):
        await upload("sendPhoto", "photo", b"not an image")
    await upload("sendPhoto", "photo", PNG)


async def test_pinning_shows_in_the_chat_and_comes_back_as_an_update(api: Api, ann: Phone) -> None:
    first, second = await api.say(ANN, "one"), await api.say(ANN, "two")
    await api("pinChatMessage", chat_id=ANN, message_id=first)
    await api("pinChatMessage", chat_id=ANN, message_id=second, disable_notification=True)
    assert [u["message"]["pinned_message"]["text"] for u in await api.take()] == ["one", "two"]
    chat = (await ann.world())["chats"][0]
    assert chat["pinned"] == [first, second]
    await api("unpinChatMessage", chat_id=ANN)
    assert (await ann.world())["chats"][0]["pinned"] == [first]
    await api("deleteMessage", chat_id=ANN, message_id=first)
    assert (await ann.world())["chats"][0]["pinned"] == []
    with pytest.raises(Refused, match="message to unpin not found"):
        await api("unpinChatMessage", chat_id=ANN)


async def test_pinning_in_a_group_needs_an_administrator(api: Api, group: int) -> None:
    message = await api.say(group)
    with pytest.raises(Refused, match="not enough rights to manage pinned messages in the chat"):
        await api("pinChatMessage", chat_id=group, message_id=message)


async def test_reactions_are_kept_and_unknown_ones_refused(api: Api, ann: Phone) -> None:
    theirs = (await ann.send("thanks")).id
    await api(
        "setMessageReaction", chat_id=ANN, message_id=theirs, reaction=[{"type": "emoji", "emoji": "👍"}]
    )
    assert (await ann.messages())[-1].raw["reactions"] == ["👍"]
    with pytest.raises(Refused, match="REACTION_INVALID"):
        await api(
            "setMessageReaction", chat_id=ANN, message_id=theirs, reaction=[{"type": "emoji", "emoji": "x"}]
        )


async def test_a_bot_cannot_write_first(api: Api, ben: Phone, group: int) -> None:
    with pytest.raises(Refused, match=r"^Forbidden: bot can't initiate conversation with a user$") as refused:
        await api.say(BEN)
    assert refused.value.code == 403
    await ben.start()
    await api.say(BEN)


async def test_someone_never_met_is_no_chat(api: Api, ben: Phone) -> None:
    with pytest.raises(Refused, match=r"^Bad Request: chat not found$"):
        await api.say(BEN)


async def test_a_photo_and_its_caption_are_replaced_in_place(api: Api, ann: Phone) -> None:
    def photo(method: str, caption: str, **more: str) -> aiohttp.FormData:
        form = aiohttp.FormData({"chat_id": str(ANN), **more})
        if method == "sendPhoto":
            form.add_field("caption", caption)
            form.add_field("photo", PNG, filename="a.png")
        else:
            media = {"type": "photo", "media": "attach://it", "caption": caption}
            form.add_field("media", json.dumps(media))
            form.add_field("it", PNG, filename="b.png")
        return form

    sent = await api.form("sendPhoto", photo("sendPhoto", "before"))
    message = str(sent["message_id"])
    await api.form("editMessageMedia", photo("editMessageMedia", "after", message_id=message))
    (shown,) = [bubble for bubble in await ann.messages() if bubble.id == sent["message_id"]]
    assert shown.text == "after"
    assert shown.file_id != sent["photo"][0]["file_id"]
    with pytest.raises(Refused, match="caption is too long"):
        await api.form("editMessageMedia", photo("editMessageMedia", "x" * 1_025, message_id=message))
    with pytest.raises(Refused, match="file must be non-empty"):
        await api.form(
            "editMessageMedia",
            {
                "chat_id": str(ANN),
                "message_id": message,
                "media": '{"type": "photo", "media": "attach://no"}',
            },
        )
    text = await api.say(ANN)
    with pytest.raises(Refused, match="adding media to a text"):
        await api.form("editMessageMedia", photo("editMessageMedia", "after", message_id=str(text)))
