"""editMessageText, editMessageCaption, editMessageMedia, editMessageReplyMarkup: the bot's own messages, of any age."""

from __future__ import annotations

from sandbox import keyboards, render
from sandbox.entities import MAX_TEXT_UNITS, bot_caption, bot_text, units
from sandbox.errors import bad_request, not_modelled
from sandbox.formatting import parsed
from sandbox.media import from_bot
from sandbox.methods.reach import find_message, writable_chat
from sandbox.telegram import Telegram
from sandbox.world import Chat, Json, Message

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def edit_message_text(
    tg: Telegram, text: str = "", chat_id: int | str = "", message_id: int = 0, *, parse_mode: str = "",
    entities: list[Json] | None = None, reply_markup: Json | None = None,
    link_preview_options: Json | None = None, disable_web_page_preview: bool = False,
) -> Json:  # fmt: skip
    plain, marks = parsed(text, parse_mode, entities)
    if units(plain.strip()) > MAX_TEXT_UNITS:
        raise bad_request("MESSAGE_TOO_LONG")  # editing words it differently from sending
    text, marks = bot_text(plain, marks)
    chat, message = _editable(tg, chat_id, message_id)
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    return _apply(tg, chat, message, reply_markup, text=text, entities=marks)


def edit_message_caption(
    tg: Telegram, chat_id: int | str = "", message_id: int = 0, *, caption: str | None = None,
    parse_mode: str = "", caption_entities: list[Json] | None = None, reply_markup: Json | None = None,
) -> Json:  # fmt: skip
    plain, given_marks = parsed(caption or "", parse_mode, caption_entities)
    kept, marks = bot_caption(plain, given_marks)
    chat, message = _editable(tg, chat_id, message_id)
    if message.media is None:
        raise bad_request("there is no caption in the message to edit")
    return _apply(tg, chat, message, reply_markup, caption=kept, caption_entities=marks)


def edit_message_media(
    tg: Telegram, media: Json, chat_id: int | str = "", message_id: int = 0, *, reply_markup: Json | None = None
) -> Json:  # fmt: skip
    """Another photo or document, and its caption, in the place of what is there. A text gets no medium here."""
    kind = media.get("type")
    if kind not in ("photo", "document"):
        raise not_modelled(f"media of type {kind} in editMessageMedia")
    if unmodelled := media.keys() - {"type", "media", "caption", "parse_mode", "caption_entities"}:
        raise not_modelled(f"{min(unmodelled)} in the media of editMessageMedia")
    plain, given_marks = parsed(
        media.get("caption") or "", media.get("parse_mode") or "", media.get("caption_entities")
    )
    caption, marks = bot_caption(plain, given_marks)
    chat, message = _editable(tg, chat_id, message_id)
    if message.media is None:
        raise not_modelled("adding media to a text message")
    replaced = from_bot(tg.files, kind, media.get("media") or "")
    return _apply(tg, chat, message, reply_markup, media=replaced, caption=caption, caption_entities=marks)


def edit_message_reply_markup(
    tg: Telegram, chat_id: int | str = "", message_id: int = 0, *, reply_markup: Json | None = None
) -> Json:
    chat, message = _editable(tg, chat_id, message_id)
    return _apply(tg, chat, message, reply_markup)


def _editable(tg: Telegram, chat_id: int | str, message_id: int) -> tuple[Chat, Message]:
    if not chat_id:
        raise bad_request("chat_id is empty")
    if not message_id:
        raise bad_request("message identifier is not specified")
    chat = writable_chat(tg, chat_id)
    message = find_message(chat, message_id, "edit")
    inline = message.markup is None or "inline_keyboard" in message.markup
    if message.sender != tg.world.bot.id or message.service or message.forward_origin or not inline:
        raise bad_request("message can't be edited")
    return chat, message


def _apply(
    tg: Telegram, chat: Chat, message: Message, reply_markup: Json | None, **changes: object
) -> Json:  # fmt: skip
    """Without a keyboard in the call, the message loses the one it had."""
    changes["markup"] = keyboards.checked(reply_markup, chat)
    if all(getattr(message, name) == value for name, value in changes.items()):
        raise bad_request(NOT_MODIFIED)
    for name, value in changes.items():
        setattr(message, name, value)
    message.edited_at = tg.clock.now()
    tg.world.touch()
    return render.message(tg.world, chat, message)
