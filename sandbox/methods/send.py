"""sendMessage, sendPhoto, sendDocument, sendChatAction, copyMessage, forwardMessage."""

from __future__ import annotations

import copy
from typing import Any, TypedDict, Unpack

from sandbox import keyboards, media, render
from sandbox.entities import bot_caption, bot_text
from sandbox.errors import bad_request, not_modelled
from sandbox.files import Upload
from sandbox.formatting import parsed
from sandbox.methods.reach import find_chat, find_message, writable_chat
from sandbox.telegram import Telegram
from sandbox.world import Chat, Json, Message

CHAT_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip


class SendOptions(TypedDict, total=False):
    """The parameters that every sending method has."""

    reply_markup: Json
    disable_notification: bool
    protect_content: bool
    reply_parameters: Json
    reply_to_message_id: int
    allow_sending_without_reply: bool


class FileOptions(SendOptions, total=False):
    caption: str
    parse_mode: str
    caption_entities: list[Json]


def send_message(
    tg: Telegram, chat_id: int | str, text: str, *, parse_mode: str = "", entities: list[Json] | None = None,
    link_preview_options: Json | None = None, disable_web_page_preview: bool = False,
    **options: Unpack[SendOptions],
) -> Json:  # fmt: skip
    """Links have no preview here, so how to show one is taken and changes nothing."""
    plain, marks = parsed(text, parse_mode, entities)
    text, marks = bot_text(plain, marks)
    chat = writable_chat(tg, chat_id)
    return _deliver(tg, chat, options, text=text, entities=marks)


def send_photo(tg: Telegram, chat_id: int | str, photo: Upload | str, **options: Unpack[FileOptions]) -> Json:
    return _send_file(tg, chat_id, "photo", photo, options)


def send_document(
    tg: Telegram,
    chat_id: int | str,
    document: Upload | str,
    *,
    disable_content_type_detection: bool = False,
    **options: Unpack[FileOptions],
) -> Json:
    """A document stays a document here, whatever it holds."""
    return _send_file(tg, chat_id, "document", document, options)


def send_chat_action(tg: Telegram, chat_id: int | str, action: str) -> bool:
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    writable_chat(tg, chat_id)
    return True


def copy_message(
    tg: Telegram, chat_id: int | str, from_chat_id: int | str, message_id: int, **options: Unpack[SendOptions]
) -> Json:
    source = _source(tg, from_chat_id, message_id, "copy", "copied")
    chat = writable_chat(tg, chat_id)
    sent = _deliver(tg, chat, options, **_content(source))
    return {"message_id": sent["message_id"]}


def forward_message(
    tg: Telegram, chat_id: int | str, from_chat_id: int | str, message_id: int, **options: Unpack[SendOptions]
) -> Json:
    source = _source(tg, from_chat_id, message_id, "forward", "forwarded")
    chat = writable_chat(tg, chat_id)
    origin = source.forward_origin or {
        "type": "user", "sender_user": render.account(tg.world, source.sender), "date": source.at,
    }  # fmt: skip
    return _deliver(tg, chat, options, forward_origin=origin, **_content(source))


def _send_file(
    tg: Telegram, chat_id: int | str, kind: str, given: Upload | str, options: FileOptions
) -> Json:
    plain, given_marks = parsed(
        options.get("caption", ""), options.get("parse_mode", ""), options.get("caption_entities")
    )
    text, marks = bot_caption(plain, given_marks)
    chat = writable_chat(tg, chat_id, f"{kind}s")
    sent = media.from_bot(tg.files, kind, given)
    return _deliver(tg, chat, options, media=sent, caption=text, caption_entities=marks)


def _deliver(tg: Telegram, chat: Chat, options: SendOptions, **content: Any) -> Json:
    message = tg.world.post(
        chat,
        tg.world.bot.id,
        tg.clock.now(),
        reply_to=_reply_to(chat, options),
        markup=keyboards.checked(options.get("reply_markup"), chat),
        silent=options.get("disable_notification", False),
        protected=options.get("protect_content", False),
        **content,
    )
    return render.message(tg.world, chat, message)


def _reply_to(chat: Chat, options: SendOptions) -> int | None:
    reply = options.get("reply_parameters", {})
    if unmodelled := reply.keys() - {"message_id", "allow_sending_without_reply"}:
        raise not_modelled(f"{min(unmodelled)} in reply_parameters")
    message_id: int | None = reply.get("message_id", options.get("reply_to_message_id")) or None
    if message_id is None or message_id in chat.messages:
        return message_id
    if reply.get("allow_sending_without_reply", options.get("allow_sending_without_reply", False)):
        return None
    raise bad_request("message to be replied not found")


def _source(tg: Telegram, chat_id: int | str, message_id: int, verb: str, done: str) -> Message:
    message = find_message(find_chat(tg, chat_id), message_id, verb)
    if message.protected or message.service:
        raise bad_request(f"message can't be {done}")
    return message


def _content(message: Message) -> dict[str, Any]:
    names = ("text", "entities", "media", "caption", "caption_entities")
    return {name: copy.deepcopy(getattr(message, name)) for name in names}
