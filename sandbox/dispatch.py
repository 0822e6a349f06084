"""One Bot API call: faults, parameters, limits, effect, record."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError, not_modelled, too_many_requests
from sandbox.faults import Fault
from sandbox.files import Upload
from sandbox.methods.table import COUNTED, METHODS, modelled_parameters
from sandbox.parameters import Method, known_methods, read
from sandbox.telegram import Arguments, Telegram
from sandbox.world import Json

Dispatch = Callable[[str, Mapping[str, Any], Mapping[str, Upload]], Awaitable["Reply"]]
"""(method, parameters as they came, files)."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Json
    breaks_after: float | None = None
    """Not None: no answer may be sent; after so many real seconds the connection breaks."""


def make_dispatch(tg: Telegram) -> Dispatch:
    known = known_methods()

    async def dispatch(name: str, raw: Mapping[str, Any], files: Mapping[str, Upload]) -> Reply:
        method = known.get(name.lower())
        if method is None:
            return _refusal(ApiError(404, "Not Found"))
        return await _call(tg, method, raw, files)

    return dispatch


async def _call(tg: Telegram, method: Method, raw: Mapping[str, Any], files: Mapping[str, Upload]) -> Reply:
    name = method.__api_method__
    fault = tg.faults.take(name, _chat_id(raw))
    if fault is not None and fault.kind in ("429", "500", "drop"):
        reply = _struck(fault)
        tg.record(name, _shown(raw), reply.body["description"], fault.kind)
        return reply
    if fault is not None and fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    arguments: Mapping[str, Any] = raw
    try:
        arguments = read(method, raw, files)
        result = await _carry_out(tg, name, dict(arguments))
    except ApiError as error:
        reply = _refusal(error)
    else:
        reply = Reply(200, {"ok": True, "result": result})
    tg.record(name, _shown(arguments), reply.body.get("description"), fault.kind if fault else None)
    if fault is not None and fault.kind == "timeout_after_effect":
        return Reply(reply.status, reply.body, breaks_after=fault.seconds)
    return reply


async def _carry_out(tg: Telegram, name: str, arguments: Arguments) -> Any:
    function = METHODS.get(name)
    if function is None:
        raise not_modelled(f"the method {name}")
    if unmodelled := arguments.keys() - modelled_parameters(function):
        raise not_modelled(f"the parameter {min(unmodelled)} of {name}")
    if name in COUNTED:
        _admit(tg, arguments.get("chat_id"))
    result = function(tg, **arguments)
    return await result if inspect.isawaitable(result) else result


def _admit(tg: Telegram, chat_id: Any) -> None:
    if isinstance(chat_id, int):
        wait = tg.limits.admit(chat_id, is_group=chat_id < 0, now=tg.clock.seconds())
        if wait is not None:
            raise too_many_requests(wait)


def _struck(fault: Fault) -> Reply:
    if fault.kind == "429":
        return _refusal(too_many_requests(fault.retry_after))
    refusal = _refusal(ApiError(500, "Internal Server Error"))
    return Reply(refusal.status, refusal.body, breaks_after=0.0) if fault.kind == "drop" else refusal


def _refusal(error: ApiError) -> Reply:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return Reply(error.code, body)


def _chat_id(raw: Mapping[str, Any]) -> int | None:
    try:
        return int(raw.get("chat_id", ""))
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(arguments: Mapping[str, Any]) -> Json:
    """Parameters as the record keeps them: of a file, its name and size."""
    return {name: _shown_value(value) for name, value in arguments.items()}


def _shown_value(value: Any) -> Any:
    if isinstance(value, Upload):
        return {"file_name": value.name, "size": len(value.content)}
    return _shown(value) if isinstance(value, dict) else value
