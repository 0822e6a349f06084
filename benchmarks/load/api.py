"""The Bot API's methods, as far as a bot needs them. What is shown to a person is told to the crowd."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from benchmarks.load.feed import Feed
from benchmarks.load.http import Message, Respond
from benchmarks.load.parameters import Parameters

BOT = {"id": 700_000_001, "is_bot": True, "first_name": "Bot", "username": "benchmark_bot"}
_YES = frozenset(
    {
        "answercallbackquery",
        "deletemessage",
        "deletemessages",
        "pinchatmessage",
        "sendchataction",
        "setmycommands",
        "deletemycommands",
        "setmydescription",
        "setmyshortdescription",
        "setchatmenubutton",
        "unpinchatmessage",
        "banchatmember",
        "unbanchatmember",
    }
)
"""Methods that are answered with `true`."""
_ASKS = frozenset({"getupdates", "setwebhook"})
Keyboard = list[list[dict[str, Any]]]


class Audience(Protocol):
    def shown(self, chat: int, number: int, text: str, keyboard: Keyboard) -> None: ...

    def answered(self, query: str) -> None: ...


class Api:
    def __init__(self, feed: Feed, audience: Audience) -> None:
        self._feed, self._audience = feed, audience
        self._numbers = itertools.count(10)
        self._texts: dict[int, dict[int, tuple[str, Keyboard]]] = {}
        """Chat -> message -> what it shows, so that an edit that changes nothing is refused as Telegram refuses it."""
        self.counts: Counter[str] = Counter()
        self.when_ready: Callable[[], None] = lambda: None
        """Told that the bot asks for updates for the first time."""
        feed.answered_in_response = lambda method, given: self._call(
            method, given, lambda _status, _body: None
        )

    def next_number(self) -> int:
        return next(self._numbers)

    def forget(self, chat: int) -> None:
        self._texts.pop(chat, None)

    def handle(self, request: Message, respond: Respond) -> None:
        path, _, query = request.line.split(b" ")[1].partition(b"?")
        method = path.rpartition(b"/")[2].decode().lower()
        self._call(method, Parameters(request.type, request.body, query), respond)

    def _call(self, method: str, given: Parameters, respond: Respond) -> None:
        self.counts[method] += 1
        if method in _ASKS and sum(self.counts[each] for each in _ASKS) == 1:
            self.when_ready()
        match method:
            case "getupdates":
                self._feed.fetch(given, respond)
            case "sendmessage" | "senddocument" | "sendphoto":
                self._show(given, self.next_number(), respond)
            case "editmessagetext":
                self._show(given, given.number("message_id"), respond)
            case "answercallbackquery":
                _done(respond, True)
                self._audience.answered(given.text("callback_query_id"))
            case "setwebhook":
                url, lines = given.text("url"), given.number("max_connections")
                _done(respond, True)
                self._feed.to_webhook(url, given.text("secret_token"), lines)
            case "deletewebhook":
                self._feed.to_polling()
                _done(respond, True)
            case "getme":
                _done(respond, BOT)
            case "getchat":
                _done(respond, _chat(given.number("chat_id")))
            case "getchatmember":
                _done(respond, {"status": "administrator", "user": BOT, "can_pin_messages": True})
            case _ if method in _YES:
                _done(respond, True)
            case _:
                respond(404, b'{"ok":false,"error_code":404,"description":"Not Found"}')

    def _show(self, given: Parameters, number: int, respond: Respond) -> None:
        chat = given.number("chat_id")
        text = given.text("text") or given.text("caption")
        markup = given.json("reply_markup") or {}
        keyboard: Keyboard = markup.get("inline_keyboard", [])
        known = self._texts.setdefault(chat, {})
        if known.get(number) == (text, keyboard):
            respond(
                400, b'{"ok":false,"error_code":400,"description":"Bad Request: message is not modified"}'
            )
        else:
            known[number] = text, keyboard
            _done(respond, message(chat, number, text, keyboard))
        self._audience.shown(chat, number, text, keyboard)


def message(chat: int, number: int, text: str, keyboard: Keyboard) -> dict[str, Any]:
    """A message of the bot's, as Telegram would show it."""
    found = {
        "message_id": number,
        "from": BOT,
        "chat": _chat(chat),
        "date": int(time.time()),
        "text": text,
    }
    return found | {"reply_markup": {"inline_keyboard": keyboard}} if keyboard else found


def _chat(chat: int) -> dict[str, Any]:
    if chat < 0:
        return {"id": chat, "type": "supergroup", "title": "Operators"}
    return {"id": chat, "type": "private", "first_name": "Somebody"}


def _done(respond: Respond, result: object) -> None:
    respond(200, b'{"ok":true,"result":' + orjson.dumps(result) + b"}")
