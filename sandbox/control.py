"""The sandbox's own switches over HTTP: clock, faults, limits, topics, and the record of calls."""

from __future__ import annotations

from aiohttp import web

from sandbox import bodies
from sandbox.errors import PeopleError
from sandbox.faults import Fault
from sandbox.telegram import Telegram


def routes(tg: Telegram) -> list[web.RouteDef]:
    async def clock(request: web.Request) -> web.Response:
        body = await bodies.read(request, bodies.Advance)
        try:
            tg.clock.advance(body.advance)
        except ValueError as error:
            raise PeopleError(str(error)) from None
        tg.world.touch()
        return web.json_response({"now": tg.clock.now()})

    async def add_fault(request: web.Request) -> web.Response:
        body = await bodies.read(request, bodies.NewFault)
        tg.faults.waiting.append(Fault(**body.model_dump()))
        return web.json_response({"waiting": len(tg.faults.waiting)})

    async def clear_faults(request: web.Request) -> web.Response:
        tg.faults.waiting.clear()
        return web.json_response({"waiting": 0})

    async def limits(request: web.Request) -> web.Response:
        tg.limits.enforced = (await bodies.read(request, bodies.SetLimits)).enforced
        return web.json_response({"enforced": tg.limits.enforced})

    async def topics(request: web.Request) -> web.Response:
        tg.profile.topics = (await bodies.read(request, bodies.SetTopics)).enabled
        return web.json_response({"enabled": tg.profile.topics})

    async def calls(request: web.Request) -> web.Response:
        return web.json_response([call.json() for call in tg.calls])

    return [
        web.post("/sandbox/clock", clock),
        web.post("/sandbox/faults", add_fault),
        web.delete("/sandbox/faults", clear_faults),
        web.post("/sandbox/limits", limits),
        web.post("/sandbox/topics", topics),
        web.get("/sandbox/calls", calls),
    ]
