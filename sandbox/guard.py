"""Who may use the people's side, and what a browser may do with its pages.

The sandbox has no passwords: being on this machine is the right to use it. So a page from elsewhere must
not reach it through a browser here: neither by a name that was re-pointed at 127.0.0.1 (the Host header
gives it away), nor by a request across origins (the Origin header does). This does not guard against other
programs and users of this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.errors import PeopleError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith(("/bot", "/file/bot")):
        return await handler(request)  # the token guards these
    if not _is_loopback(request.host):
        return _refuse(403, "open the sandbox by 127.0.0.1 or localhost")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return _refuse(403, "requests from other pages are refused")
    try:
        return await handler(request)
    except PeopleError as error:
        return _refuse(400, str(error))


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """On every response, also those that the framework makes itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)
