"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo, getFile, logOut, close."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from sandbox.errors import bad_request, conflict
from sandbox.polling import MAX_LIMIT
from sandbox.telegram import Telegram
from sandbox.webhook import Target
from sandbox.world import Json

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


async def get_updates(
    tg: Telegram, *, offset: int = 0, limit: int = MAX_LIMIT, timeout: int = 0,  # noqa: ASYNC109
    allowed_updates: list[str] | None = None,
) -> list[Json]:  # fmt: skip
    if tg.webhook.is_set:
        raise conflict(
            "can't use getUpdates method while webhook is active;"
            " use deleteWebhook to delete the webhook first"
        )
    if allowed_updates is not None:
        tg.updates.allow(allowed_updates)
    within = limit if 1 <= limit <= MAX_LIMIT else MAX_LIMIT
    return [update.json() for update in await tg.polling.poll(offset, within, max(0, timeout))]


def set_webhook(
    tg: Telegram, url: str, *, ip_address: str | None = None, max_connections: int = 40,
    allowed_updates: list[str] | None = None, drop_pending_updates: bool = False, secret_token: str = "",
) -> bool:  # fmt: skip
    """Plain HTTP is taken, and this machine only: the sandbox sends nothing elsewhere."""
    if not url:
        return delete_webhook(tg, drop_pending_updates=drop_pending_updates)
    if len(secret_token) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret_token):
        raise bad_request("secret token contains unallowed characters")
    _refuse_elsewhere(url)
    if allowed_updates is not None:
        tg.updates.allow(allowed_updates)
    if drop_pending_updates:
        tg.updates.drop_all()
    tg.polling.terminate(conflict("terminated by setWebhook request"))
    tg.webhook.set(Target(url, secret_token or None, min(max(max_connections, 1), 100), ip_address))
    tg.world.touch()
    return True


def delete_webhook(tg: Telegram, *, drop_pending_updates: bool = False) -> bool:
    if drop_pending_updates:
        tg.updates.drop_all()
    tg.webhook.remove()
    tg.world.touch()
    return True


def get_webhook_info(tg: Telegram) -> Json:
    target = tg.webhook.target
    info: Json = {
        "url": target.url if target else "",
        "has_custom_certificate": False,
        "pending_update_count": len(tg.updates.pending()),
    }
    if target is not None:
        info["max_connections"] = target.max_connections
        info["ip_address"] = target.ip_address or "127.0.0.1"
        if target.last_error is not None:
            info["last_error_date"], info["last_error_message"] = target.last_error
    if tg.updates.allowed is not None:
        info["allowed_updates"] = sorted(tg.updates.allowed)
    return info


def get_file(tg: Telegram, file_id: str) -> Json:
    stored = tg.files.get(file_id)
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return stored.fields() | {"file_path": stored.path}


def log_out(tg: Telegram) -> bool:
    """Said yes to, without effect: there is no cloud server to move from."""
    return True


def close(tg: Telegram) -> bool:
    """Said yes to, without effect: there is no other server to move to."""
    return True


def _refuse_elsewhere(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    try:
        local = ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        local = parts.hostname == "localhost"
    if not local:
        raise bad_request("bad webhook: the sandbox delivers to this machine only (127.0.0.1, localhost)")
