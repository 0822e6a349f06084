"""The Bot API client: the only place of the service that knows aiogram.

aiogram builds the calls, but for those that every turn makes (`bot.forms`), and sends them. What comes back is read
here instead of into aiogram's types: one field more or less in a server's answer then fails nothing, an odd update
doesn't take its batch with it, and an error becomes one of `bot.telegram_errors` without the words it came in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal, NamedTuple, cast

import orjson
from aiogram import Bot, methods, types
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import Response, TelegramMethod
from aiohttp import ClientError

from bot.forms import Form, form_of, markup
from bot.session import LeanSession
from bot.telegram_errors import (
    Conflict,
    Gone,
    Moved,
    Refused,
    TelegramError,
    TryLater,
    Unauthorized,
    Unreachable,
)
from handlers.outgoing import (
    Answer,
    Buttons,
    Delete,
    Edit,
    EditPhoto,
    Fetch,
    Keyboard,
    Menu,
    Outgoing,
    Pin,
    Remove,
    Send,
    SendDocument,
    SendPhoto,
)

FETCH_TIMEOUT = 180.0
"""Seconds for a file of 20 MB."""
FETCH_CHUNK = 65_536
UPLOADED_A_SECOND = 128 * 1024
"""Bytes that go out at least: a call with a file has so much more time."""
LOADED_AT_ONCE = 2
"""Stored files held in memory to be sent."""
CALL_TIMEOUT = 30.0
"""Seconds for one call. A long poll gets them on top of what it asks for."""
MOST_PATIENCE = 24 * 3_600
"""Seconds of flood control that are believed."""

PICTURE = "counts.png"
"""The name of every picture: Telegram keeps it."""

_REASONS = (
    ("message is not modified", "done"),
    ("query is too old", "done"),
    ("query_id_invalid", "done"),
    ("message to delete not found", "done"),
    ("chat not found", "gone"),
    ("user not found", "gone"),
    ("peer_id_invalid", "gone"),
    ("message to edit not found", "missing"),
    ("message_id_invalid", "missing"),
    ("message to pin not found", "missing"),
    ("message can't be edited", "too-old-to-edit"),
    ("message can't be deleted", "too-old-to-delete"),
    ("too long", "too-long"),
    ("too_long", "too-long"),
    ("not enough rights", "no-rights"),
    ("have no rights", "no-rights"),
    ("write_forbidden", "no-rights"),
    ("admin_required", "no-rights"),
    ("bad webhook", "bad-webhook-address"),
)
"""What error 400's description contains -> what that means here. The first that fits counts."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Done. `message_id` is that of a message newly sent."""

    message_id: int | None = None


class Telegram:
    """One bot at one Bot API server. Every method raises `TelegramError` and nothing else."""

    def __init__(self, token: str, base_url: str, *, call_timeout: float = CALL_TIMEOUT) -> None:
        self._session = _Session(api=TelegramAPIServer.from_base(base_url), timeout=call_timeout)
        self._bot = Bot(token, session=self._session)
        self._loading = asyncio.Semaphore(LOADED_AT_ONCE)

    async def close(self) -> None:
        await self._session.close()

    async def call(self, outgoing: Outgoing) -> Sent:
        """Carry out one request. What had been done before (edited, answered, deleted) counts as done."""
        if isinstance(outgoing, Delete):
            await self._delete(outgoing)
            return Sent()
        if isinstance(outgoing, Menu):
            await self.set_commands(dict(outgoing.commands), scope=outgoing.chat)
            return Sent()
        if isinstance(outgoing, Remove):
            await self._remove(outgoing)
            return Sent()
        if isinstance(outgoing, Fetch):
            await self._fetch(outgoing)
            return Sent()
        if isinstance(outgoing, SendDocument):
            return await self._send_document(outgoing)
        form = form_of(outgoing) if isinstance(outgoing, Send | Edit | Answer) else _method(outgoing)
        return _sent(outgoing, await self._ask(form))

    async def _send_document(self, outgoing: SendDocument) -> Sent:
        if outgoing.load is None:
            return await self._upload(outgoing)
        async with self._loading:
            try:
                content = await outgoing.load()
            except Exception:  # the database is in trouble: it is tried again
                raise Unreachable from None
            if content is None:
                raise Refused("missing-file")
            return await self._upload(replace(outgoing, content=content))

    async def _upload(self, outgoing: SendDocument) -> Sent:
        patience = ceil(self._session.timeout + len(outgoing.content) / UPLOADED_A_SECOND)
        return _sent(outgoing, await self._ask(_method(outgoing), patience))

    async def get_updates(
        self, offset: int | None, wait: int, allowed: Sequence[str], limit: int = 100
    ) -> list[Any]:
        """Raw updates from `offset` on, waiting up to `wait` seconds; asking confirms all before `offset`."""
        result = await self._ask(
            methods.GetUpdates(offset=offset, timeout=wait, limit=limit, allowed_updates=list(allowed)),
            patience=wait + ceil(self._session.timeout),
        )
        return result if isinstance(result, list) else []

    async def get_me(self) -> dict[str, Any]:
        """The bot itself: `id`, `username`, `can_join_groups` and so on."""
        try:
            return _dictionary(await self._ask(methods.GetMe()))
        except Refused:  # Telegram's answer to a token that isn't even in the right form is 404
            raise Unauthorized from None

    async def get_chat(self, chat: int) -> dict[str, Any]:
        return _dictionary(await self._ask(methods.GetChat(chat_id=chat)))

    async def get_member(self, chat: int, user: int) -> dict[str, Any]:
        """Someone's standing in a chat: `status`, and an administrator's rights (`can_pin_messages`, ...)."""
        return _dictionary(await self._ask(methods.GetChatMember(chat_id=chat, user_id=user)))

    async def set_webhook(self, url: str, secret: str, allowed: Sequence[str], connections: int = 40) -> None:
        await self._ask(
            methods.SetWebhook(
                url=url, secret_token=secret, allowed_updates=list(allowed), max_connections=connections
            )
        )

    async def delete_webhook(self) -> None:
        """Back to polling. What is waiting stays waiting."""
        await self._ask(methods.DeleteWebhook(drop_pending_updates=False))

    async def set_commands(
        self,
        commands: Mapping[str, str],
        language: str = "",
        scope: Literal["default", "private", "groups"] | int = "private",
    ) -> None:
        """The commands menu, name -> description, of one language ("" is all others) and scope (or chat)."""
        await self._ask(
            methods.SetMyCommands(
                commands=[
                    types.BotCommand(command=name, description=text) for name, text in commands.items()
                ],
                scope=_scope(scope),
                language_code=language or None,
            )
        )

    async def _delete(self, outgoing: Delete) -> None:
        chat, messages = outgoing.chat, outgoing.messages
        if len(messages) > 1:
            try:
                await self._ask(methods.DeleteMessages(chat_id=chat, message_ids=list(messages)))
            except Refused:
                pass  # one that is too old refuses them all, so try each by itself
            else:
                return
        refusal: Refused | None = None
        for message in messages:
            try:
                await self._ask(form_of(Delete(chat, (message,))))
            except Refused as refused:
                refusal = refused
        if refusal:
            raise refusal

    async def _remove(self, outgoing: Remove) -> None:
        """A ban, which is lifted at once: whoever is invited again may come back."""
        chat, user = outgoing.chat, outgoing.user
        try:
            await self._ask(methods.BanChatMember(chat_id=chat, user_id=user))
        except Gone:
            await self.get_chat(chat)  # Gone again: it is we who are not there; otherwise it is they
            return
        with suppress(Refused, Gone):  # a small group keeps no list of bans
            await self._ask(methods.UnbanChatMember(chat_id=chat, user_id=user, only_if_banned=True))

    async def _fetch(self, outgoing: Fetch) -> None:
        try:
            about = _dictionary(await self._ask(methods.GetFile(file_id=outgoing.file)))
        except Gone:  # this is about the file
            raise Refused("missing-file") from None
        path = about.get("file_path")
        if not isinstance(path, str) or path.startswith("/"):  # a server of one's own may keep it on its disk
            raise Refused("missing-file")
        outgoing.into.restart()
        url = self._session.api.file_url(self._bot.token, path)
        too_large = False
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                async for part in self._session.stream_content(
                    url, timeout=int(FETCH_TIMEOUT), chunk_size=FETCH_CHUNK
                ):
                    outgoing.into.feed(part)
        except ValueError:
            too_large = True
        except (TelegramNetworkError, ClientError, OSError, TimeoutError):
            raise Unreachable from None
        if too_large:
            raise Refused("too-large")

    async def _ask(self, method: TelegramMethod[Any] | Form, patience: int | None = None) -> Any:
        """The call's raw result; None for what had been done already."""
        try:
            return await self._session.make_request(self._bot, cast("TelegramMethod[Any]", method), patience)
        except TelegramError as error:
            if isinstance(error, Refused) and error.reason == "done":
                return None
            raise
        except (TelegramNetworkError, OSError, UnicodeError):
            raise Unreachable from None


def _sent(outgoing: Outgoing, result: Any) -> Sent:
    if isinstance(outgoing, Send | SendDocument | SendPhoto) and isinstance(result, dict):
        message_id = result.get("message_id")
        return Sent(message_id if isinstance(message_id, int) else None)
    return Sent()


class _Taken(NamedTuple):
    """Of what aiogram's `Response` holds, a session asks no more than this."""

    result: Any


class _Session(LeanSession):
    """Answers are judged here."""

    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        answer = _read(content)
        if isinstance(answer, dict) and answer.get("ok") is True and status_code < 300:
            return cast("Response[Any]", _Taken(answer.get("result")))
        raise _error(status_code, _dictionary(answer))


def _read(content: str) -> Any:
    """An answer's JSON; None if it is none.

    orjson takes only what is JSON to the letter. An update with half an emoji in it must not take its batch with it,
    which would come again with every fetch: what orjson refuses, Python's own reader gets to see.
    """
    try:
        return orjson.loads(content)
    except ValueError:
        pass
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _error(status: int, answer: Mapping[str, Any]) -> TelegramError:
    parameters = _dictionary(answer.get("parameters"))
    code = answer.get("error_code")
    status = code if isinstance(code, int) else status
    if isinstance(chat := parameters.get("migrate_to_chat_id"), int):
        return Moved(chat)
    if status == 429 or "retry_after" in parameters:
        seconds = parameters.get("retry_after")
        if isinstance(seconds, int | float) and 0 <= seconds <= MOST_PATIENCE:
            return TryLater(float(seconds))
        return TryLater(1.0)
    if status == 401:
        return Unauthorized()
    description = answer.get("description")
    words = description.lower() if isinstance(description, str) else ""
    if status == 403:
        return Gone("deleted" if "deactivated" in words or "deleted" in words else "blocked")
    if status == 409:
        return Conflict()
    if status == 413:
        return Refused("too-large")
    if status == 404:
        return Refused("unknown-method")
    if 400 <= status < 500 and status != 408:
        return _bad_request(words)
    return Unreachable()


def _bad_request(description: str) -> TelegramError:
    reason = next((reason for part, reason in _REASONS if part in description), "other")
    return Gone("deleted") if reason == "gone" else Refused(reason)


def _method(outgoing: SendDocument | SendPhoto | EditPhoto | Buttons | Pin) -> TelegramMethod[Any]:
    match outgoing:
        case SendDocument():
            return methods.SendDocument(
                chat_id=outgoing.chat,
                document=types.BufferedInputFile(outgoing.content, outgoing.file_name),
                caption=outgoing.caption or None,
                reply_markup=_markup(outgoing.keyboard),
                protect_content=outgoing.protect,
                disable_content_type_detection=True,  # or a film would play by itself in the chat
                parse_mode=None,
            )
        case Buttons():
            return methods.EditMessageReplyMarkup(
                chat_id=outgoing.chat, message_id=outgoing.message, reply_markup=_markup(outgoing.keyboard)
            )
        case SendPhoto():
            return methods.SendPhoto(
                chat_id=outgoing.chat,
                photo=types.BufferedInputFile(outgoing.content, PICTURE),
                caption=outgoing.caption or None,
                reply_markup=_markup(outgoing.keyboard),
                protect_content=outgoing.protect,
                parse_mode=None,
            )
        case EditPhoto():
            return methods.EditMessageMedia(
                chat_id=outgoing.chat,
                message_id=outgoing.message,
                media=types.InputMediaPhoto(
                    media=types.BufferedInputFile(outgoing.content, PICTURE),
                    caption=outgoing.caption or None,
                    parse_mode=None,
                ),
                reply_markup=_markup(outgoing.keyboard),
            )
        case Pin():
            return methods.PinChatMessage(
                chat_id=outgoing.chat, message_id=outgoing.message, disable_notification=True
            )


def _markup(keyboard: Keyboard) -> types.InlineKeyboardMarkup | None:
    return types.InlineKeyboardMarkup.model_validate(markup(keyboard)) if keyboard else None


def _scope(scope: Literal["default", "private", "groups"] | int) -> types.BotCommandScopeUnion:
    match scope:
        case "default":
            return types.BotCommandScopeDefault()
        case "private":
            return types.BotCommandScopeAllPrivateChats()
        case "groups":
            return types.BotCommandScopeAllGroupChats()
        case chat:
            return types.BotCommandScopeChat(chat_id=chat)


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
