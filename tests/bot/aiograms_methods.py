"""The calls that `bot.forms` writes by hand, as aiogram's methods."""

from __future__ import annotations

from typing import Any

from aiogram import methods, types
from aiogram.methods import TelegramMethod

from handlers.outgoing import Answer, Delete, Edit, Keyboard, Send


def method_of(call: Send | Edit | Answer | Delete) -> TelegramMethod[Any]:
    no_preview = types.LinkPreviewOptions(is_disabled=True)
    match call:
        case Send():
            return methods.SendMessage(
                chat_id=call.chat,
                text=call.text,
                reply_markup=markup(call.keyboard),
                reply_parameters=types.ReplyParameters(
                    message_id=call.reply_to, allow_sending_without_reply=True
                )
                if call.reply_to
                else None,
                disable_notification=call.silent,
                protect_content=call.protect,
                parse_mode=None,
                link_preview_options=no_preview,
            )
        case Edit():
            return methods.EditMessageText(
                chat_id=call.chat,
                message_id=call.message,
                text=call.text,
                reply_markup=markup(call.keyboard),
                parse_mode=None,
                link_preview_options=no_preview,
            )
        case Answer():
            return methods.AnswerCallbackQuery(
                callback_query_id=call.query, text=call.text or None, show_alert=call.alert
            )
        case Delete():
            return methods.DeleteMessage(chat_id=call.chat, message_id=call.messages[0])


def markup(keyboard: Keyboard) -> types.InlineKeyboardMarkup | None:
    rows = [
        [
            types.InlineKeyboardButton(text=button.text, url=button.url)
            if button.url
            else types.InlineKeyboardButton(text=button.text, callback_data=button.data)
            for button in row
        ]
        for row in keyboard
    ]
    return types.InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
