"""What a setting's value may be. Each type's description completes "POSTERN_… must be …"."""

from __future__ import annotations

import importlib.util
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from intake.questionnaire import Level

HEALTH_PATH = "/health"


class Unusable(ValueError):
    """Says in its own words what to do, without the value; any other `ValueError` may repeat the value."""


class SlotsAfterClaim(StrEnum):
    """Whose keys go on opening a case that somebody holds; the leads' and the recovery key always do."""

    ALL = "all"
    HOLDER = "holder"


class Relay(StrEnum):
    """How a case reaches the operator who claims it."""

    SEALED = "sealed"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the webhook, the pages and the health check are served."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many days each kind of record is erased."""

    draft: int = 1
    open: int = 180
    closed: int = 30
    replies: int = 90
    audit: int = 365

    def __str__(self) -> str:
        return ",".join(f"{each.name}={getattr(self, each.name)}" for each in fields(self))


@dataclass(frozen=True, slots=True)
class Ringing:
    """After how many minutes an emergency that nobody has taken rings everybody, and the admins."""

    everybody: int = 10
    admins: int = 20

    def __str__(self) -> str:
        return f"{self.everybody},{self.admins}"

    @property
    def seconds(self) -> tuple[int, int]:
        return self.everybody * 60, self.admins * 60


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """Within how many hours a request of each level gets its first reply."""

    emergency: int = 2
    urgent: int = 24
    standard: int = 72

    def __str__(self) -> str:
        return ",".join(f"{each.name}={getattr(self, each.name)}" for each in fields(self))

    @property
    def seconds(self) -> dict[Level, int]:
        return {level: getattr(self, level) * 3_600 for level in Level}


def _ringing(value: object) -> Ringing:
    if isinstance(value, Ringing):
        return value
    found = re.fullmatch(r"([0-9]{1,4})\s*,\s*([0-9]{1,4})", str(value))
    if found is None or not 1 <= int(found[1]) < int(found[2]) <= 1440:
        raise ValueError
    return Ringing(int(found[1]), int(found[2]))


def _service_levels(value: object) -> ServiceLevels:
    if isinstance(value, ServiceLevels):
        return value
    return ServiceLevels(**_numbers(str(value), list(Level), 2_000))


def _numbers(value: str, names: Collection[str], most: int) -> dict[str, int]:
    """`open=180,closed=30`: some of these names, each once, with whole numbers from 1 to `most`."""
    found: dict[str, int] = {}
    for part in value.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name in found or name not in names:
            raise ValueError
        if not re.fullmatch("[0-9]{1,4}", number) or not 1 <= int(number) <= most:
            raise ValueError
        found[name] = int(number)
    return found


def _token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]{4,128}", value.get_secret_value()):
        raise ValueError
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
        raise ValueError
    return value


def _address(value: str) -> SplitResult:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
        raise ValueError
    _ = parts.port  # raises ValueError unless it is a port
    return parts


def _api_url(value: str) -> str:
    parts = _address(value)
    if parts.query or (parts.scheme == "http" and not _is_near(parts.hostname or "")):
        raise ValueError
    return value.rstrip("/")


def _page_url(value: str) -> str:
    parts = _address(value)
    if parts.query or (parts.scheme == "http" and not _is_loopback(parts.hostname or "")):
        raise ValueError
    return value.rstrip("/")


def _webhook_url(value: str) -> str:
    parts = _address(value)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError
    if parts.path == HEALTH_PATH:
        raise ValueError
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_near(host: str) -> bool:
    """On this machine, in a private network, or a bare name as container networks give."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


POSTGRES = "postgresql+asyncpg"


def _database_url(value: str) -> str:
    scheme = value.partition("://")[0]
    if scheme == POSTGRES and importlib.util.find_spec("asyncpg") is None:
        raise Unusable(
            "needs the package asyncpg, which is not installed; unset it for the embedded database"
        )
    if scheme == POSTGRES and "sslmode=" in value:
        raise Unusable("has sslmode=…; the driver calls it ssl=… (ssl=verify-full, ssl=require)")
    if scheme not in {"sqlite+aiosqlite", POSTGRES} or "://" not in value:
        raise ValueError
    return value


def _listen(value: object) -> Listen:
    if isinstance(value, Listen):
        return value
    host, colon, port = str(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError
    return Listen(host, int(port))


def _loopback(value: object) -> Listen:
    found = _listen(value)
    if not _is_loopback(found.host):
        raise ValueError
    return found


def _retention(value: object) -> Retention:
    if isinstance(value, Retention):
        return value
    return Retention(**_numbers(str(value), [each.name for each in fields(Retention)], 3_650))


def _one_line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError
    return value.strip()


def _own_path(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:  # ~somebody whom this machine does not know
        raise ValueError from None


BotToken = Annotated[
    Annotated[SecretStr, AfterValidator(_token)] | None,
    Field(description="a bot's token as @BotFather gives it: 123456:ABC…"),
]
ApiUrl = Annotated[
    str,
    AfterValidator(_api_url),
    Field(description="a Bot API server's https address (http only on this machine or a private network)"),
]
OwnPath = Annotated[Path, AfterValidator(_own_path), Field(description="a path")]
OwnFile = Annotated[Annotated[Path, AfterValidator(_own_path)] | None, Field(description="a path to a file")]
DatabaseUrl = Annotated[
    Annotated[str, AfterValidator(_database_url)] | None,
    Field(
        description="sqlite+aiosqlite:///… or postgresql+asyncpg://…, or unset for SQLite in the data folder"
    ),
]
OrganisationName = Annotated[
    str,
    AfterValidator(_one_line),
    Field(max_length=60, description="a name of 1 to 60 characters, in one line"),
]
CannedPath = Annotated[
    Annotated[Path, AfterValidator(_own_path)] | None,
    Field(description="a path to a file of prepared replies"),
]
QuestionnaireName = Annotated[
    str,
    AfterValidator(_one_line),
    Field(max_length=4096, description="a questionnaire's name, or a path to its file"),
]
GroupId = Annotated[
    Annotated[int, Field(lt=0, ge=-(2**63))] | None,
    Field(description="the group's id, a negative number like -1001234567890"),
]
WebhookUrl = Annotated[
    Annotated[str, AfterValidator(_webhook_url)] | None,
    Field(description=f"an https address (http only for this machine), and its path not {HEALTH_PATH}"),
]
WebhookSecret = Annotated[
    Annotated[SecretStr, AfterValidator(_webhook_secret)] | None,
    Field(description="1 to 256 of the characters A-Z a-z 0-9 _ -"),
]
ListenAddress = Annotated[
    Listen, BeforeValidator(_listen), Field(description="host:port, like 127.0.0.1:8080")
]
MetricsAddress = Annotated[
    Annotated[Listen, BeforeValidator(_loopback)] | None,
    Field(
        description="host:port of this machine only, like 127.0.0.1:9464: whoever needs it elsewhere tunnels"
    ),
]
PageUrl = Annotated[
    Annotated[str, AfterValidator(_page_url)] | None,
    Field(description="an https address (http only for this machine)"),
]
PerSecond = Annotated[
    float,
    Field(
        ge=0,
        le=1000,
        allow_inf_nan=False,
        description="a number of updates a second from 0 (no limit) to 1000",
    ),
]
CellSize = Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")]
GroupSize = Annotated[int, Field(ge=1, le=100, description="a whole number from 1 to 100")]
DelayMinutes = Annotated[
    int, Field(ge=0, le=1440, description="a whole number of minutes from 0 (at once) to 1440")
]
DraftMinutes = Annotated[int, Field(ge=1, le=1440, description="a whole number of minutes from 1 to 1440")]
ReplyHours = Annotated[
    int,
    Field(ge=1, le=47, description="a whole number of hours from 1 to 47: a bot can't delete older messages"),
]
LeaseHours = Annotated[int, Field(ge=0, le=720, description="a whole number of hours from 0 (no end) to 720")]
HoldLimit = Annotated[int, Field(ge=0, le=1000, description="a whole number from 0 (no limit) to 1000")]
OpeningsPerHour = Annotated[
    int, Field(ge=0, le=10_000, description="a whole number from 0 (no limit) to 10000")
]
UndoSeconds = Annotated[int, Field(ge=0, le=600, description="a whole number of seconds from 0 to 600")]
DutyHours = Annotated[int, Field(ge=1, le=24, description="a whole number of hours from 1 to 24")]
RingMinutes = Annotated[
    Ringing,
    BeforeValidator(_ringing),
    Field(description="two numbers of minutes like 10,20, the second larger than the first, at most 1440"),
]
ServiceHours = Annotated[
    ServiceLevels,
    BeforeValidator(_service_levels),
    Field(description="hours like emergency=2,urgent=24,standard=72, each from 1 to 2000"),
]
RelayMode = Annotated[Relay, BeforeValidator(str.lower), Field(description="sealed or chat")]
Slots = Annotated[SlotsAfterClaim, BeforeValidator(str.lower), Field(description="all or holder")]
RetentionDays = Annotated[
    Retention,
    BeforeValidator(_retention),
    Field(description="days like open=180,closed=30,replies=90, each from 1 to 3650"),
]
LogFormat = Annotated[
    Literal["console", "json"], BeforeValidator(str.lower), Field(description="console or json")
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(str.upper),
    Field(description="debug, info, warning or error"),
]
