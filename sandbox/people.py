"""The people's side over HTTP: what the chat page and the tests use."""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import TypeVar

from aiohttp import web

from sandbox import acts, bodies, groups, view
from sandbox.errors import PeopleError
from sandbox.queries import Query
from sandbox.telegram import Telegram
from sandbox.world import Json, Person

B = TypeVar("B", bound=bodies.Body)

MAX_WAIT_SECONDS = 120.0
HEARTBEAT_SECONDS = 15.0


def routes(tg: Telegram) -> list[web.RouteDef]:
    return [*_looking(tg), *_acting(tg), *_making(tg)]


def _looking(tg: Telegram) -> list[web.RouteDef]:
    async def world(request: web.Request) -> web.Response:
        return web.json_response(view.world(tg))

    async def events(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        told = -1
        with contextlib.suppress(ConnectionError):  # the watcher went away
            while not tg.closing:
                if told != tg.world.revision:
                    told = tg.world.revision
                    await stream.write(f'event: world\ndata: {{"revision": {told}}}\n\n'.encode())
                elif not await tg.world.changed.wait(HEARTBEAT_SECONDS):
                    await stream.write(b": still here\n\n")
        return stream

    async def file(request: web.Request) -> web.Response:
        stored = tg.files.get(request.match_info["file_id"])
        if stored is None:
            raise PeopleError("there is no such file")
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=stored.content, content_type="application/octet-stream", headers=headers)

    return [
        web.get("/sandbox/world", world),
        web.get("/sandbox/events", events),
        web.get("/sandbox/files/{file_id}", file),
    ]


def _acting(tg: Telegram) -> list[web.RouteDef]:
    async def write(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Write)
        chat = _number(request, "chat")
        if body.media is None:
            message = acts.write(
                tg, chat, body.user, body.text, reply_to=body.reply_to, forwarded=body.forwarded
            )
        else:
            sent = acts.make_media(tg, body.media, body.file_name, _decoded(body.content_base64))
            message = acts.send_media(
                tg, chat, body.user, sent,
                caption=body.caption, reply_to=body.reply_to, forwarded=body.forwarded,
            )  # fmt: skip
        return web.json_response(view.message(tg, message))

    async def edit(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Edit)
        message = acts.edit(tg, _number(request, "chat"), body.user, _number(request, "message"), body.text)
        return web.json_response(view.message(tg, message))

    async def press(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Press)
        chat, message = _number(request, "chat"), _number(request, "message")
        query = acts.press(tg, chat, body.user, message, body.data, force=body.force)
        if body.wait > 0 and query.answer is None:
            await query.answered.wait(min(body.wait, MAX_WAIT_SECONDS))
        return web.json_response(_outcome(query))

    async def start(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Start)
        return web.json_response(view.message(tg, acts.start(tg, _number(request, "user"), body.parameter)))

    async def block(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Block)
        acts.block(tg, _number(request, "user"), blocked=body.blocked)
        return web.json_response({"blocked": body.blocked})

    async def inline(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Inline)
        query = acts.ask_inline(tg, body.user, body.query)
        if body.wait > 0 and query.answer is None:
            await query.answered.wait(min(body.wait, MAX_WAIT_SECONDS))
        return web.json_response(_outcome(query))

    async def raw(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Raw)
        return web.json_response({"update_id": acts.send_raw(tg, body.update)})

    async def open_file(request: web.Request) -> web.Response:
        body = await _body(request, bodies.OpenFile)
        device, stored = tg.devices.get(_number(request, "user")), tg.files.get(body.file_id)
        if device is None:
            raise PeopleError("this person has no device that opens documents")
        if stored is None:
            raise PeopleError("there is no such file")
        return web.json_response({"output": await device.open(stored.name, stored.content)})

    return [
        web.post("/sandbox/chats/{chat}/messages", write),
        web.post("/sandbox/chats/{chat}/messages/{message}/edit", edit),
        web.post("/sandbox/chats/{chat}/messages/{message}/press", press),
        web.post("/sandbox/users/{user}/start", start),
        web.post("/sandbox/users/{user}/block", block),
        web.post("/sandbox/users/{user}/open", open_file),
        web.post("/sandbox/inline", inline),
        web.post("/sandbox/raw", raw),
    ]


def _making(tg: Telegram) -> list[web.RouteDef]:
    async def person(request: web.Request) -> web.Response:
        body = await _body(request, bodies.NewPerson)
        tg.world.add_person(Person(body.id, body.first_name, body.username, body.language_code, body.role))
        return web.json_response({"id": body.id})

    async def group(request: web.Request) -> web.Response:
        body = await _body(request, bodies.NewGroup)
        groups.create(tg, body.id, body.title, body.members, bot_is_admin=body.bot_is_admin)
        return web.json_response({"id": body.id})

    async def migrate(request: web.Request) -> web.Response:
        return web.json_response({"id": groups.migrate(tg, _number(request, "group")).id})

    async def rights(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Rights)
        chat = groups.group(tg, _number(request, "group"))
        status = body.bot_status or chat.bot_status
        if body.can_send is not None:
            status = chat.status_before if body.can_send else "restricted"
        groups.set_bot_status(tg, chat.id, status)
        return web.json_response({"bot_status": chat.bot_status})

    async def members(request: web.Request) -> web.Response:
        body = await _body(request, bodies.Membership)
        group_id = _number(request, "group")
        groups.set_member(tg, group_id, body.user, present=body.present)
        if body.admin is not None:
            groups.set_admin(tg, group_id, body.user, admin=body.admin)
        return web.json_response({"present": body.present})

    return [
        web.post("/sandbox/people", person),
        web.post("/sandbox/groups", group),
        web.post("/sandbox/groups/{group}/migrate", migrate),
        web.post("/sandbox/groups/{group}/rights", rights),
        web.post("/sandbox/groups/{group}/members", members),
    ]


async def _body(request: web.Request, kind: type[B]) -> B:
    return await bodies.read(request, kind)


def _outcome(query: Query) -> Json:
    return {"query": query.id, "answered": query.answer is not None} | (query.answer or {})


def _number(request: web.Request, name: str) -> int:
    try:
        return int(request.match_info[name])
    except ValueError:
        raise PeopleError(f"the {name} in the address is not a number") from None


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise PeopleError("content_base64 is not base64") from None
