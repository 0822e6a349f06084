"""The settings: read once from the environment, checked, then handed down.

A setting stands in `POSTERN_<NAME>`, or in the file that `POSTERN_<NAME>_FILE` names, or else in systemd's
credentials directory as `<name>` or `POSTERN_<NAME>`. An empty value counts as unset. Whatever can't be
used stops the start with one line, which never repeats a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.setting_types import (
    ApiUrl,
    BotToken,
    CannedPath,
    CellSize,
    DatabaseUrl,
    DelayMinutes,
    DraftMinutes,
    DutyHours,
    GroupId,
    GroupSize,
    HoldLimit,
    LeaseHours,
    Listen,
    ListenAddress,
    LogFormat,
    LogLevel,
    MetricsAddress,
    OpeningsPerHour,
    OrganisationName,
    OwnFile,
    OwnPath,
    PageUrl,
    PerSecond,
    QuestionnaireName,
    Relay,
    RelayMode,
    ReplyHours,
    Retention,
    RetentionDays,
    Ringing,
    RingMinutes,
    ServiceHours,
    ServiceLevels,
    Slots,
    SlotsAfterClaim,
    UndoSeconds,
    Unusable,
    WebhookSecret,
    WebhookUrl,
)
from intake.errors import SettingsError

PREFIX = "POSTERN_"
MAX_FILE_BYTES = 64 * 1024
UNREPEATED = frozenset(
    {"bot_api_url", "bot_token", "database_url", "public_url", "webhook_secret", "webhook_url"}
)
"""Secrets, and addresses, in which people put secrets: no message repeats their values."""


class Settings(BaseModel):
    """Every setting and its default. docs/settings.md says what each is for; a test keeps them together."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    bot_token: BotToken = None
    bot_api_url: ApiUrl = "https://api.telegram.org"
    data_dir: OwnPath = Path("./data")
    database_url: DatabaseUrl = Field(default=None, repr=False)
    server_key_file: OwnPath = Path("~/.config/postern/server.key")
    organisation: OrganisationName = "Postern"
    questionnaire: QuestionnaireName = "leave-service"
    canned_replies: CannedPath = None
    referrals: OwnFile = None
    operators_chat: GroupId = None
    webhook_url: WebhookUrl = None
    webhook_secret: WebhookSecret = None
    listen: ListenAddress = Listen("127.0.0.1", 8080)
    public_url: PageUrl = None
    metrics: MetricsAddress = None
    throttle: PerSecond = 3.0
    suppress_below: CellSize = 10
    anonymity_k: GroupSize = 5
    card_delay_minutes: DelayMinutes = 30
    relay: RelayMode = Relay.SEALED
    slots_after_claim: Slots = SlotsAfterClaim.ALL
    lease_hours: LeaseHours = 24
    emergency_lease_hours: LeaseHours = 2
    hold_limit: HoldLimit = 15
    openings_per_hour: OpeningsPerHour = 30
    undo_seconds: UndoSeconds = 60
    draft_minutes: DraftMinutes = 30
    reply_hours: ReplyHours = 24
    duty_hours: DutyHours = 12
    emergency_ring_minutes: RingMinutes = Ringing()
    service_level_hours: ServiceHours = ServiceLevels()
    retention_days: RetentionDays = Retention()
    log_format: LogFormat = "console"
    log_level: LogLevel = "INFO"

    def require_token(self) -> str:
        if self.bot_token is None:
            raise SettingsError(
                "POSTERN_BOT_TOKEN is not set: ask @BotFather for a bot's token and set it; "
                "`postern demo` needs none"
            )
        return self.bot_token.get_secret_value()

    def database(self) -> str:
        """The database's address; SQLite in the data folder unless it is set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'postern.sqlite'}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises `SettingsError`, one line, which names the variable and says what to do."""
    found = _from_environment(environ)
    found |= {name: value for name, value in _from_credentials(environ).items() if name not in found}
    try:
        settings = Settings.model_validate(found)
    except ValidationError as error:
        raise SettingsError(_explain(error, found)) from None
    if settings.webhook_url and not settings.webhook_secret:
        raise SettingsError(
            "POSTERN_WEBHOOK_SECRET is not set, and POSTERN_WEBHOOK_URL needs it: set 32 or more random "
            "characters from A-Z a-z 0-9 _ -"
        )
    return settings


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        value = environ[variable].strip()
        if name not in Settings.model_fields:
            name = _named_by_file(variable)
            if environ.get(PREFIX + name.upper()):
                raise SettingsError(f"{PREFIX}{name.upper()} and {variable} are both set: unset one of them")
            value = _read(variable, Path(value).expanduser()) if value else ""
        if value:
            found[name] = value
    return found


def _named_by_file(variable: str) -> str:
    name = variable.removeprefix(PREFIX).removesuffix("_FILE").lower()
    if variable.endswith("_FILE") and name in Settings.model_fields:
        return name
    known = [PREFIX + each.upper() for each in Settings.model_fields]
    near = difflib.get_close_matches(variable, known, n=1, cutoff=0.75)
    advice = f"did you mean {near[0]}?" if near else "docs/settings.md lists those there are"
    raise SettingsError(f"{variable} is not a setting: {advice}")


def _from_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    if not directory:
        return {}
    found: dict[str, str] = {}
    for name in Settings.model_fields:
        for path in (Path(directory, name), Path(directory, PREFIX + name.upper())):
            if path.is_file():
                found[name] = _read(f"{PREFIX}{name.upper()} (a systemd credential)", path)
    return found


def _read(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        value = content.decode().strip()
    except OSError as error:
        raise SettingsError(f"{variable}: can't read {path} ({error.strerror})") from None
    except ValueError:
        raise SettingsError(f"{variable}: {path} is not a text file") from None
    if not value or len(content) > MAX_FILE_BYTES:
        raise SettingsError(f"{variable}: {path} must hold the value and nothing else")
    return value


def _explain(error: ValidationError, found: Mapping[str, str]) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0])
    value = "" if name in UNREPEATED else f" can't be {_shortened(found[name])!r}: it"
    cause: Any = first.get("ctx", {}).get("error", "")
    if isinstance(cause, Unusable):
        return f"{PREFIX}{name.upper()} {cause}"
    return f"{PREFIX}{name.upper()}{value} must be {Settings.model_fields[name].description}"


def _shortened(value: str) -> str:
    return value if len(value) <= 40 else value[:39] + "…"
