"""The calls that turns make, written straight into the form that they are sent in.

aiogram builds a method of pydantic's models, takes it apart again and looks at each field for what it might be: a
quarter of a turn's CPU. The fields here are the same, letter for letter; `tests/bot/test_forms.py` holds them against
aiogram's.
"""

from __future__ import annotations

from typing import Any

import orjson

from handlers.outgoing import Answer, Button, Delete, Edit, Keyboard, Send

NO_PREVIEW = '{"is_disabled":true}'
_WORDS = {True: "true", False: "false"}


class Form:
    """A call that is ready to be sent: of one of aiogram's methods, a session asks no more than this."""

    __slots__ = ("__api_method__", "_fields")

    def __init__(self, name: str, fields: dict[str, str]) -> None:
        self.__api_method__ = name
        self._fields = fields

    def model_dump(self, **_: Any) -> dict[str, str]:
        return self._fields


def form_of(outgoing: Send | Edit | Answer | Delete) -> Form:
    """Of a `Delete` only the first message."""
    match outgoing:
        case Edit():
            fields = {"chat_id": str(outgoing.chat), "message_id": str(outgoing.message)}
            return Form("editMessageText", fields | _said(outgoing.text, outgoing.keyboard))
        case Answer():
            fields = {"callback_query_id": outgoing.query, "show_alert": _WORDS[outgoing.alert]}
            return Form("answerCallbackQuery", fields | {"text": outgoing.text} if outgoing.text else fields)
        case Send():
            fields = {
                "chat_id": str(outgoing.chat),
                "disable_notification": _WORDS[outgoing.silent],
                "protect_content": _WORDS[outgoing.protect],
                **_said(outgoing.text, outgoing.keyboard),
            }
            if outgoing.reply_to:
                # Whoever wrote that message may have deleted it meanwhile; that must not cost them the answer.
                reply = {"message_id": outgoing.reply_to, "allow_sending_without_reply": True}
                fields["reply_parameters"] = _json(reply)
            return Form("sendMessage", fields)
        case Delete():
            fields = {"chat_id": str(outgoing.chat), "message_id": str(outgoing.messages[0])}
            return Form("deleteMessage", fields)


def _said(text: str, keyboard: Keyboard) -> dict[str, str]:
    fields = {"text": text, "link_preview_options": NO_PREVIEW}
    if keyboard:
        fields["reply_markup"] = _json(markup(keyboard))
    return fields


def markup(keyboard: Keyboard) -> dict[str, list[list[dict[str, str]]]]:
    return {"inline_keyboard": [[_button(button) for button in row] for row in keyboard]}


def _button(button: Button) -> dict[str, str]:
    return (
        {"text": button.text, "url": button.url}
        if button.url
        else {"text": button.text, "callback_data": button.data}
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
