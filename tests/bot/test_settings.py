"""Settings: each can be set in three places, each mistake is one line, no secret is repeated, all are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.setting_types import Listen, Relay, Retention, Ringing, ServiceLevels, SlotsAfterClaim
from bot.settings import PREFIX, Settings, load_settings
from intake.errors import SettingsError

TOKEN = "1234567:AAFakeTokenOfTheRightShape_and-length"
DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def load(**variables: str) -> Settings:
    return load_settings({PREFIX + name.upper(): value for name, value in variables.items()})


def complaint(**variables: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(**variables)
    line = str(raised.value)
    assert "\n" not in line
    return line


def test_without_any_variable_the_defaults_hold() -> None:
    settings = load_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert settings.bot_token is None
    assert settings.server_key_file == Path.home() / ".config/postern/server.key"
    assert settings.database() == f"sqlite+aiosqlite:///{Path('data').absolute()}/postern.sqlite"


def test_every_setting_can_be_set() -> None:
    settings = load(
        bot_token=TOKEN,
        bot_api_url="http://127.0.0.1:8081/",
        data_dir="/srv/postern",
        database_url="sqlite+aiosqlite:////srv/x.sqlite",
        server_key_file="/etc/postern/server.key",
        organisation="Helpdesk",
        questionnaire="legal-aid",
        canned_replies="/etc/postern/replies.yaml",
        referrals="/etc/postern/referrals.yaml",
        operators_chat="-1001234567890",
        webhook_url="https://bot.example.org/hook",
        webhook_secret="A-z_9",
        listen="[::1]:9000",
        public_url="https://bot.example.org",
        metrics="127.0.0.1:9464",
        throttle="0.5",
        suppress_below="5",
        anonymity_k="1",
        card_delay_minutes="0",
        relay="CHAT",
        slots_after_claim="Holder",
        lease_hours="48",
        emergency_lease_hours="0",
        hold_limit="5",
        openings_per_hour="0",
        undo_seconds="30",
        draft_minutes="5",
        reply_hours="47",
        duty_hours="8",
        emergency_ring_minutes="5, 15",
        service_level_hours="urgent=12",
        retention_days="closed=7, open=90",
        log_format="json",
        log_level="debug",
    )
    assert settings.require_token() == TOKEN
    assert settings.bot_api_url == "http://127.0.0.1:8081"
    assert settings.database() == "sqlite+aiosqlite:////srv/x.sqlite"
    assert settings.operators_chat == -1001234567890
    assert settings.listen == Listen("::1", 9000)
    assert str(settings.listen) == "[::1]:9000"
    assert settings.metrics == Listen("127.0.0.1", 9464)
    assert settings.throttle == 0.5
    assert settings.relay is Relay.CHAT
    assert settings.slots_after_claim is SlotsAfterClaim.HOLDER
    assert settings.retention_days == Retention(open=90, closed=7, audit=365)
    assert settings.emergency_ring_minutes == Ringing(5, 15)
    assert settings.service_level_hours == ServiceLevels(emergency=2, urgent=12, standard=72)
    assert settings.log_level == "DEBUG"
    assert not [name for name in Settings.model_fields if name not in settings.model_fields_set]


def test_an_empty_value_counts_as_unset() -> None:
    assert load(webhook_url="", organisation=" ", bot_token_file="") == Settings()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("THROTLE", "POSTERN_THROTTLE"),
        ("BOT_TOKEN_FIL", "POSTERN_BOT_TOKEN"),
        ("OPERATOR_CHAT", "POSTERN_OPERATORS_CHAT"),
        ("COLOUR", "docs/settings.md"),
        ("COLOUR_FILE", "docs/settings.md"),
    ],
)
def test_an_unknown_variable_is_named_with_what_was_meant(wrong: str, right: str) -> None:
    line = complaint(**{wrong: "1"})
    assert f"POSTERN_{wrong}" in line
    assert right in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bot_token", "12345"),
        ("bot_token", "1234567:with space"),
        ("bot_api_url", "ftp://x"),
        ("bot_api_url", "http://api.example.org"),
        ("bot_api_url", "https://x:port"),
        ("data_dir", "~nobody-of-this-name/data"),
        ("database_url", "mysql://user:password@host/db"),
        ("organisation", "x" * 61),
        ("organisation", "two\nlines"),
        ("operators_chat", "12345"),
        ("operators_chat", "@group"),
        ("operators_chat", "-" + "9" * 30),
        ("webhook_url", "http://bot.example.org/hook"),
        ("webhook_url", "https://bot.example.org/health"),
        ("webhook_secret", "no spaces"),
        ("webhook_secret", "s" * 257),
        ("listen", "8080"),
        ("listen", "localhost:70000"),
        ("listen", ":8080"),
        ("public_url", "http://bot.example.org"),
        ("throttle", "-1"),
        ("throttle", "nan"),
        ("throttle", "fast"),
        ("suppress_below", "0"),
        ("anonymity_k", "0"),
        ("card_delay_minutes", "-5"),
        ("relay", "email"),
        ("slots_after_claim", "nobody"),
        ("draft_minutes", "0"),
        ("reply_hours", "48"),
        ("retention_days", "open=180,shut=30"),
        ("retention_days", "open"),
        ("retention_days", "open=0"),
        ("retention_days", "open=1,open=2"),
        ("log_format", "xml"),
        ("log_level", "loud"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_line_with_name_and_remedy(name: str, value: str) -> None:
    line = complaint(**{name: value})
    assert line.startswith(f"POSTERN_{name.upper()} ")
    assert " must be " in line


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("bot_token", "12345 hunter2", "hunter2"),
        ("webhook_secret", "hunter2 !", "hunter2"),
        ("database_url", "mysql://postern:hunter2@host/db", "hunter2"),
        ("database_url", "postgresql+asyncpg://postern:hunter2@host/db?sslmode=require", "hunter2"),
        ("webhook_url", "http://bot.example.org/hunter2", "hunter2"),
        ("bot_api_url", "https://bot:hunter2", "hunter2"),
    ],
)
def test_no_secret_is_repeated_in_a_complaint(name: str, value: str, secret: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(**{name: value})
    assert secret not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_no_secret_is_shown_by_the_settings_themselves() -> None:
    settings = load(
        bot_token=TOKEN,
        webhook_url="https://x.example/y",
        webhook_secret="hunter2",
        database_url="sqlite+aiosqlite:///hunter3",
    )
    shown = repr(settings) + str(settings)
    assert not [secret for secret in (TOKEN, "hunter2", "hunter3") if secret in shown]


def test_a_webhook_needs_its_secret() -> None:
    assert "POSTERN_WEBHOOK_SECRET" in complaint(webhook_url="https://bot.example.org/hook")
    assert load(webhook_url="http://127.0.0.1:80/hook", webhook_secret="s").webhook_url


def test_postgresql_without_its_driver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "asyncpg, which is not installed" in complaint(database_url="postgresql+asyncpg://h/d")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert load(database_url="postgresql+asyncpg://h/d").database() == "postgresql+asyncpg://h/d"


def test_a_missing_token_says_where_to_get_one() -> None:
    with pytest.raises(SettingsError, match="@BotFather"):
        load().require_token()


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    assert load(bot_token_file=str(file)).require_token() == TOKEN


def test_a_file_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    assert "No such file" in complaint(bot_token_file=str(tmp_path / "none"))
    (tmp_path / "empty").write_text("\n")
    assert "must hold the value" in complaint(bot_token_file=str(tmp_path / "empty"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "not a text file" in complaint(bot_token_file=str(tmp_path / "binary"))
    (tmp_path / "huge").write_text("x" * 100_000)
    assert "must hold the value" in complaint(bot_token_file=str(tmp_path / "huge"))


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    assert "both set" in complaint(bot_token=TOKEN, bot_token_file=str(file))


def test_server_key_file_is_a_setting_and_not_a_file_to_read(tmp_path: Path) -> None:
    assert load(server_key_file=str(tmp_path / "none")).server_key_file == tmp_path / "none"


@pytest.mark.parametrize("name", ["bot_token", "POSTERN_BOT_TOKEN"])
def test_systemd_credentials_are_read_but_the_environment_comes_first(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TOKEN + "\n")
    (tmp_path / "something-else").write_text("x")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_settings(environ).require_token() == TOKEN
    other = "99:" + "B" * 35
    assert load_settings(environ | {"POSTERN_BOT_TOKEN": other}).require_token() == other


@given(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=200))
def test_any_value_is_either_taken_or_refused_with_its_name(name: str, value: str) -> None:
    complaint = ""
    try:
        load(**{name: value})
    except SettingsError as error:
        complaint = str(error)
    assert not complaint or "POSTERN_" in complaint
    assert "\n" not in complaint


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert list(rows) == [name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        if default:
            assert rows[name.upper()] == f"`{default}`", name
        else:
            assert "`" not in rows[name.upper()], name


def test_the_files_for_a_server_name_settings_that_exist() -> None:
    deploy = DOCUMENT.parents[1] / "deploy"
    text = "".join(
        (deploy / name).read_text() for name in ("postern.env", "postern.service", "postern-admin")
    )
    named = set(re.findall(r"POSTERN_([A-Z_]+)=", text))
    assert len(named) > 6
    assert {
        name.removesuffix("_FILE").lower() for name in named - {"SERVER_KEY_FILE"}
    } <= Settings.model_fields.keys()
