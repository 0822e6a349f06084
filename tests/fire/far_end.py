"""Telegram, as far as the service can see it: it outlives the service's lives and remembers all it was asked to do.

It shares no line with the sandbox. Updates wait until they are confirmed and come again until then: by a later
`getUpdates`, or by the webhook's 200.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import web

from tests.fire import weather
from tests.fire.delivery import Delivery
from tests.fire.story import Story
from tests.fire.weather import Weather

TOKEN = "53:fire-fire-fire-fire-fire-fire-fire-fire"
OLDEST_DELETED = 48 * 3600
CODE = re.compile(r"\b\d{4} \d{4} \d{4} \d{4}\b")
Json = dict[str, Any]


@dataclass
class Message:
    text: str
    rows: list[list[Json]]
    sent: int
    """Unix seconds, by the far end's clock."""
    ours: bool = True
    """Sent by the bot."""
    life: int = 0
    """Which of the service's lives sent it."""
    answered: bool = True
    """Whether the service was told that it had been sent."""
    edits: int = 0


@dataclass
class FarEnd:
    clock: Callable[[], int]
    weather: Weather = field(default_factory=lambda: Weather(Random(0)))
    url: str = ""
    life: int = 0
    """Number of the service's present life; its runner counts them."""
    cut_short: set[int] = field(default_factory=set)
    """Lives that were killed."""
    chats: defaultdict[int, dict[int, Message]] = field(default_factory=lambda: defaultdict(dict))
    gone: set[int] = field(default_factory=set)
    """Who has blocked the bot."""
    answered: dict[str, str] = field(default_factory=dict)
    """Presses that were answered, with the line."""
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    group_times: list[float] = field(default_factory=list)
    """When something was sent to or edited in a group, by the loop's clock."""
    on_call: Callable[[str, Json, bool], None] | None = None
    """Called with method, fields and whether it has been carried out yet; for a kill that is aimed."""
    delivery: Delivery = field(default_factory=lambda: Delivery())
    codes: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Return codes that were ever to be seen in a chat: people write them down, before they are gone."""
    story: Story = field(default_factory=Story)
    _changed: dict[int, asyncio.Event] = field(default_factory=dict)
    _numbers: int = 0
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self.delivery.close()
        if self._runner:
            await self._runner.cleanup()

    # What people do.

    def write(self, user: int, text: str, language: str = "en", reply_to: int = 0) -> tuple[int, int]:
        """Their message and its update: both numbers."""
        number = self._number()
        self.chats[user][number] = Message(text, [], self.clock(), ours=False)
        message = {"message_id": number, "date": self.clock(), "text": text}
        message |= {"chat": _chat(user), "from": _user(user, language)}
        self.story.note(user, self.life, f"{number} is written: {text}")
        if reply_to:
            message["reply_to_message"] = {"message_id": reply_to, "date": 0, "chat": _chat(user)}
        return number, self.delivery.put(user, message=message)

    def press(
        self, user: int, number: int, data: str, language: str = "en", chat: int = 0
    ) -> tuple[str, int]:
        """The press and its update: both names. `chat`: where the message is, if not in their own chat."""
        query = f"q{user}-{self._number()}"
        self.story.note(user, self.life, f"{number} is pressed: {data}")
        message = {"message_id": number, "date": self.clock(), "chat": _chat(chat or user)}
        press = {"id": query, "from": _user(user, language), "message": message, "data": data}
        return query, self.delivery.put(chat or user, callback_query=press)

    def changed(self, chat: int) -> asyncio.Event:
        """Set whenever something in this chat may have changed; whoever waits clears it first."""
        return self._changed.setdefault(chat, asyncio.Event())

    def vanish(self, chat: int, number: int) -> None:
        """Somebody deletes a message behind the service's back."""
        self.chats[chat].pop(number, None)

    # What the service asks for.

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        life = self.life
        method = request.match_info["method"].lower()
        given = await _fields(request)
        self.calls[method] += 1
        kind = self.weather.meets(method)
        if kind == weather.FLOODED:
            return _error(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        if kind == weather.BROKEN:
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if kind == weather.RESET:
            return _cut(request)
        if kind == weather.SLOW:
            await asyncio.sleep(self.weather.slow_seconds)
        if self.on_call is not None:
            self.on_call(method, given, False)
        if method == "getupdates":
            return await self._updates(given)
        response, made = self._carry_out(method, given, life)
        if self.on_call is not None:
            self.on_call(method, given, True)
        if kind in {weather.LOST_ANSWER, weather.HANGING} and made is not None:
            made.answered = False
        if kind == weather.LOST_ANSWER:
            return _cut(request)
        if kind == weather.HANGING:
            await asyncio.sleep(3600)
        return response

    async def _updates(self, given: Json) -> web.Response:
        self.delivery.webhook_off()
        found = await self.delivery.take(int(given.get("offset") or 0), float(given.get("timeout") or 0))
        if found is None:
            return _error(409, "Conflict: terminated by other getUpdates request")
        return _done(found[: int(given.get("limit") or 100)])

    def _carry_out(self, method: str, given: Json, life: int) -> tuple[web.Response, Message | None]:
        chat = int(given.get("chat_id") or 0)
        self.story.note(chat, life, f"{method} {_gist(given)}")
        if chat in self.gone:
            return _error(403, "Forbidden: bot was blocked by the user"), None
        if chat < 0 and method in {"sendmessage", "editmessagetext", "senddocument"}:
            self.group_times.append(asyncio.get_running_loop().time())
        made: Message | None = None
        match method:
            case "sendmessage" | "senddocument":
                number, made = self._number(), _message(given, self.clock(), life)
                self.chats[chat][number] = made
                self.codes[chat].update(CODE.findall(made.text))
                self.story.note(chat, life, f"    that is {number}")
                response = _done({"message_id": number, "date": made.sent, "chat": {"id": chat}})
            case "editmessagetext":
                response = self._edit(chat, given)
            case "deletemessage":
                response = self._delete(chat, [int(given["message_id"])], alone=True)
            case "deletemessages":
                response = self._delete(chat, [int(n) for n in given["message_ids"]], alone=False)
            case "answercallbackquery":
                query = str(given["callback_query_id"])
                self.answered[query] = str(given.get("text") or "")
                chat = int(query[1:].partition("-")[0])
                response = _done(True)
            case "setwebhook":
                self.delivery.webhook(str(given["url"]), str(given.get("secret_token") or ""))
                response = _done(True)
            case "getme":
                response = _done({"id": 53, "is_bot": True, "first_name": "Fire", "username": "fire_bot"})
            case "deletewebhook" | "setmycommands" | "pinchatmessage":
                response = _done(True)
            case _:
                response = _error(404, "Not Found")
        self.changed(chat).set()
        return response, made

    def _edit(self, chat: int, given: Json) -> web.Response:
        number = int(given["message_id"])
        there = self.chats[chat].get(number)
        if there is None:
            return _error(400, "Bad Request: message to edit not found")
        rows = (given.get("reply_markup") or {}).get("inline_keyboard", [])
        if (there.text, there.rows) == (given["text"], rows):
            return _error(400, "Bad Request: message is not modified")
        there.text, there.rows, there.edits = str(given["text"]), rows, there.edits + 1
        self.codes[chat].update(CODE.findall(there.text))
        return _done({"message_id": number})

    def _delete(self, chat: int, numbers: list[int], *, alone: bool) -> web.Response:
        there = [self.chats[chat].get(n) for n in numbers]
        if any(one is not None and self.clock() - one.sent > OLDEST_DELETED for one in there):
            return _error(400, "Bad Request: message can't be deleted")
        for number in numbers:
            self.chats[chat].pop(number, None)
        if alone and there == [None]:
            return _error(400, "Bad Request: message to delete not found")
        return _done(True)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


def _gist(given: Json) -> str:
    """What a call is about, in one line: its message, text and buttons."""
    rows = (given.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = "".join(f" [{b['text']} {b.get('callback_data', '')}]" for row in rows for b in row)
    about = " ".join(
        str(given[name]) for name in ("message_id", "message_ids", "text", "caption") if name in given
    )
    return about + buttons


def _message(given: Json, now: int, life: int) -> Message:
    text = given.get("text") or given.get("caption") or ""
    return Message(str(text), (given.get("reply_markup") or {}).get("inline_keyboard", []), now, life=life)


async def _fields(request: web.Request) -> Json:
    given = {name: _plain(name, value) for name, value in request.query.items()}
    if request.content_type == "application/json":
        return given | dict(await request.json())
    return given | {name: _plain(name, value) for name, value in (await request.post()).items()}


def _plain(name: str, value: Any) -> Any:
    if name in {"text", "caption"}:
        return value
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _done(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(status: int, description: str, parameters: Json | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)


def _chat(chat: int) -> Json:
    return {"id": chat, "type": "private" if chat > 0 else "supergroup"}


def _user(user: int, language: str) -> Json:
    return {"id": user, "is_bot": False, "first_name": "x", "language_code": language}
