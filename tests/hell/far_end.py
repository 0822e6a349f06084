"""Telegram's end of the line: takes every call that Telegram would take, and fails the run for any other."""

from __future__ import annotations

import asyncio
from itertools import count

from bot.telegram import Sent, _method
from handlers.outgoing import (
    MAX_BUTTON_DATA,
    MAX_CAPTION,
    MAX_DELETED_AT_ONCE,
    MAX_TEXT,
    Answer,
    Delete,
    Edit,
    EditPhoto,
    Keyboard,
    Menu,
    Outgoing,
    Pin,
    Send,
    SendDocument,
    SendPhoto,
)
from tests.bot.aiograms_methods import method_of
from tests.hell.casting import Seen

MAX_ANSWER = 200
MAX_BUTTONS = 100
MAX_COMMANDS = 100
CHATS_KEPT = 50


class FarEnd:
    """Keeps the few latest things that it was shown, in `seen`, and every message of the chats it `follows`."""

    def __init__(self, follows: frozenset[int]) -> None:
        self.seen = Seen()
        self.faults: list[str] = []
        self.calls = 0
        self.chats: dict[int, dict[int, Send | Edit]] = {chat: {} for chat in follows}
        self.answered: set[str] = set()
        """Queries of the followed chats; an answer names no chat, so: those that begin with "sane"."""
        self.news = asyncio.Event()
        """Set with whatever a followed chat is shown, or one of its queries is answered."""
        self._ids = count(1)

    async def call(self, outgoing: Outgoing) -> Sent:
        self.calls += 1
        if isinstance(outgoing, Answer) or outgoing.chat in self.chats:
            self.news.set()
        self.faults += [f"{type(outgoing).__name__}: {fault}" for fault in faults(outgoing)]
        match outgoing:
            case Send() | SendDocument() | SendPhoto():
                message = next(self._ids)
                self._show(outgoing.chat, message, outgoing.keyboard)
                if isinstance(outgoing, Send) and outgoing.chat in self.chats:
                    self.chats[outgoing.chat][message] = outgoing
                return Sent(message)
            case Edit():
                self._show(outgoing.chat, outgoing.message, outgoing.keyboard)
                if outgoing.chat in self.chats:
                    self.chats[outgoing.chat][outgoing.message] = outgoing
            case Delete() if outgoing.chat in self.chats:
                for message in outgoing.messages:
                    self.chats[outgoing.chat].pop(message, None)
            case Answer() if outgoing.query.startswith("sane"):
                self.answered.add(outgoing.query)
            case _:
                pass
        return Sent()

    def _show(self, chat: int, message: int, keyboard: Keyboard) -> None:
        if chat in self.chats:
            return  # nobody presses a stranger's buttons
        self.seen.messages.append((chat, message))
        offered = tuple(button.data for row in keyboard for button in row if button.data)
        if offered:
            self.seen.screens.pop(chat, None)
            self.seen.screens[chat] = (message, offered)
        if len(self.seen.screens) > CHATS_KEPT:
            self.seen.screens.pop(next(iter(self.seen.screens)))
        self.seen.buttons.extend(
            (chat, message, button.data) for row in keyboard for button in row if button.data
        )


def faults(outgoing: Outgoing) -> list[str]:
    """What Telegram would refuse about this call, without its content."""
    found = []
    match outgoing:
        case Send() | Edit():
            found += _text(outgoing.text, MAX_TEXT, empty=False) + _keyboard(outgoing.keyboard)
        case SendDocument():
            found += _text(outgoing.caption, MAX_CAPTION) + _keyboard(outgoing.keyboard)
            found += [] if outgoing.content and outgoing.file_name else ["an empty document"]
        case SendPhoto() | EditPhoto():
            found += _text(outgoing.caption, MAX_CAPTION) + _keyboard(outgoing.keyboard)
            found += [] if outgoing.content else ["an empty picture"]
        case Delete():
            found += [] if 1 <= len(outgoing.messages) <= MAX_DELETED_AT_ONCE else ["the number of deletions"]
            found += [] if all(message > 0 for message in outgoing.messages) else ["a message id"]
        case Answer():
            found += _text(outgoing.text, MAX_ANSWER) + ([] if outgoing.query else ["an answer to no query"])
        case Menu():
            found += [] if 1 <= len(outgoing.commands) <= MAX_COMMANDS else ["the number of commands"]
        case _:
            pass
    if not isinstance(outgoing, Answer) and not outgoing.chat:
        found.append("no chat")
    if isinstance(outgoing, Edit | Pin) and outgoing.message <= 0:
        found.append("a message id")
    if isinstance(outgoing, Send | Edit | Answer):
        method_of(outgoing).model_dump()  # aiogram takes it; otherwise it raises
    if isinstance(outgoing, SendDocument | SendPhoto | EditPhoto | Pin):
        _method(outgoing).model_dump()
    return found


def _text(text: str, most: int, *, empty: bool = True) -> list[str]:
    units = len(text.encode("utf-16-le")) // 2  # raises on half a character
    if units > most or (not empty and not text.strip()):
        return [f"a text of {units} units"]
    return []


def _keyboard(keyboard: Keyboard) -> list[str]:
    buttons = [button for row in keyboard for button in row]
    found = [] if len(buttons) <= MAX_BUTTONS else [f"{len(buttons)} buttons"]
    for button in buttons:
        if not button.text.strip():
            found.append("a button without a label")
        if not button.url and not 1 <= len(button.data.encode()) <= MAX_BUTTON_DATA:
            found.append("a button's data")
    return found
