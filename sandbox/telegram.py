"""The sandbox put together: everything that a call or a person can touch."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.commands import Commands
from sandbox.devices import Device
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.limits import Limits
from sandbox.polling import Polling
from sandbox.queries import Queries
from sandbox.updates import Updates
from sandbox.webhook import Webhook
from sandbox.world import BotAccount, Json, World

CALLS_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Call:
    """A Bot API call as it was answered. `parameters` are decoded; of a file, its name and size."""

    n: int
    at: int
    method: str
    parameters: Json
    ok: bool
    error: str | None
    fault: str | None = None

    def json(self) -> Json:
        return asdict(self)


@dataclass(slots=True)
class Profile:
    """What setMyName and its like have set: language code -> text."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    menu_buttons: dict[int | None, Json] = field(default_factory=dict)
    topics: bool = False
    """Threaded Mode, which the bot's owner sets with BotFather: private chats have topics."""


class Telegram:
    """Changed only between awaits of one event loop, so every call and every act is atomic."""

    def __init__(self, token: str, bot: BotAccount, devices: Mapping[int, Device]) -> None:
        self.token = token
        self.devices = devices
        self.clock = Clock()
        self.world = World(bot)
        self.updates = Updates(self.clock)
        self.polling = Polling(self.updates, self.world.touch)
        self.webhook = Webhook(self.updates, self.clock)
        self.limits = Limits()
        self.faults = Faults()
        self.files = Files()
        self.queries = Queries(self.clock)
        self.commands = Commands()
        self.profile = Profile()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._calls_made = 0
        self.closing = False

    @property
    def online(self) -> bool:
        """Whether a bot is there to be written to."""
        return self.webhook.is_set or self.polling.is_live

    def record(self, method: str, parameters: Json, error: str | None, fault: str | None = None) -> None:
        self._calls_made += 1
        self.calls.append(
            Call(self._calls_made, self.clock.now(), method, parameters, error is None, error, fault)
        )

    async def close(self) -> None:
        """End everything that waits: polls, webhook deliveries, watchers of the world."""
        self.closing = True
        self.world.touch()
        self.polling.terminate(None)
        await self.webhook.close()


Arguments = dict[str, Any]
"""A call's decoded parameters: JSON values, and `Upload` for files."""
