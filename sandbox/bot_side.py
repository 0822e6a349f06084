"""The bot's side over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

from aiohttp import web

from sandbox.dispatch import Dispatch, Reply
from sandbox.files import Upload
from sandbox.telegram import Telegram

UNAUTHORIZED = Reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
NO_JSON = Reply(400, {"ok": False, "error_code": 400, "description": "Bad Request: can't parse JSON object"})
TOO_LARGE = Reply(413, {"ok": False, "error_code": 413, "description": "Request Entity Too Large"})


def routes(tg: Telegram, dispatch: Dispatch) -> list[web.RouteDef]:
    def token_is_right(request: web.Request) -> bool:
        return hmac.compare_digest(request.match_info["token"].encode(), tg.token.encode())

    async def call(request: web.Request) -> web.StreamResponse:
        if not token_is_right(request):
            return _answer(UNAUTHORIZED)
        try:
            raw, files = await _read(request)
        except web.HTTPRequestEntityTooLarge:
            return _answer(TOO_LARGE)
        except ValueError:
            return _answer(NO_JSON)
        reply = await dispatch(request.match_info["method"], raw, files)
        if reply.breaks_after is None:
            return _answer(reply)
        await asyncio.sleep(reply.breaks_after)
        if request.transport is not None:
            request.transport.abort()
        return _answer(reply)  # goes nowhere: the connection is gone

    async def download(request: web.Request) -> web.Response:
        stored = tg.files.at(request.match_info["path"])
        if not token_is_right(request):
            return _answer(UNAUTHORIZED)
        if stored is None:
            return _answer(Reply(404, {"ok": False, "error_code": 404, "description": "Not Found"}))
        return web.Response(body=stored.content, content_type="application/octet-stream")

    return [
        web.get("/bot{token:[^/]+}/{method:.*}", call, allow_head=False),
        web.post("/bot{token:[^/]+}/{method:.*}", call),
        web.get("/file/bot{token:[^/]+}/{path:.+}", download),
    ]


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    raw: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        text = await request.text()
        body = json.loads(text) if text.strip() else {}
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return raw | body, files
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = Upload(value.filename, value.file.read())
        elif isinstance(value, str):
            raw[name] = value
        else:
            files[name] = Upload(name, bytes(value))
    return raw, files


def _answer(reply: Reply) -> web.Response:
    return web.json_response(reply.body, status=reply.status)
