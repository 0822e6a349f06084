"""The command line: what it prints where, how it ends, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from bot.installation import opened
from intake.roles import Role
from storage import staff
from storage.database import Tx
from storage.keywords import key_words
from storage.public_key import decode_public
from tests.bot.api_server import TOKEN, bot_api
from tests.bot.installed import RECOVERY, Done, Place, Shell, new_key

HEAVY = (
    *("aiogram", "aiohttp", "sqlalchemy", "alembic", "structlog", "babel", "yaml", "rich", "bot.settings"),
    *("matplotlib", "numpy", "highspy"),
)
INIT = ["init", "--yes", "--recovery-pubkey", RECOVERY]
IMPORTED = f"""
import atexit, json, sys
atexit.register(lambda: print(json.dumps([name for name in {HEAVY!r} if name in sys.modules])))
from bot.cli import main
main()
"""


def imported_by(place: Place, *args: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *args],
        env=place.environment,
        cwd=place.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def one_line(done: Done, code: int = 1) -> str:
    """The message of a command that failed as it should: nothing on standard output, no traceback."""
    assert done.code == code, done
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.count("\n") == 1, done.err
    return done.err


def test_help_names_the_commands_that_work_and_no_other(place: Place) -> None:
    done = place.run("--help")
    assert done.code == 0
    commands = re.findall(r"^  ([a-z-]+) ", done.out.split("Commands:")[1], re.MULTILINE)
    assert commands == [
        *("init", "run", "demo", "check", "invite", "keygen", "open", "audit", "report", "pause"),
        *("resume", "purge", "rotate-server-key", "migrate-database", "operators", "questionnaire"),
    ]


def test_help_keygen_and_open_import_no_bot_library_and_no_database(place: Place) -> None:
    (place.home / "pass").write_text("a good passphrase\n")
    (place.home / "case").write_text("not a case")
    assert imported_by(place, "--help") == []
    assert imported_by(place, "keygen", "key", "--passphrase-file", "pass") == []
    assert imported_by(place, "open", "case", "--key", "key", "--passphrase-file", "pass") == []


def test_a_report_imports_no_bot_library_and_draws_nothing(installed: Shell) -> None:
    of_the_chat = {"aiogram", "aiohttp", "alembic", "matplotlib", "numpy", "highspy"}
    assert of_the_chat.isdisjoint(imported_by(installed.place, "report"))


def test_an_unknown_command_and_a_missing_argument_are_usage_errors(shell: Shell) -> None:
    assert shell("reports").code == 2
    assert shell("operators", "add", "heron").code == 2
    assert shell("invite", "boss").code == 2
    assert shell("open", "file").code == 2


def test_init_twice_changes_nothing_and_says_so(place: Place) -> None:
    first = place.run(*INIT)
    assert (first.code, first.out) == (0, "")
    before = {path: path.read_bytes() for path in place.home.rglob("*") if path.is_file()}
    assert place.home / ".config/postern/server.key" in before
    second = place.run(*INIT)
    assert (second.code, second.err) == (0, "Everything is in place already: nothing was changed.\n")
    after = {path: path.read_bytes() for path in place.home.rglob("*") if path.is_file()}
    assert after == before


def test_only_the_owner_can_read_what_init_makes(installed: Shell) -> None:
    home = installed.place.home
    for path in [home / "data", *(home / "data").iterdir(), *(home / ".config/postern").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_init_without_a_terminal_wants_the_recovery_key_before_it_makes_anything(shell: Shell) -> None:
    for args in (("init",), ("init", "--yes")):
        done = shell(*args)
        assert done.code == 2
        assert "--recovery-pubkey" in done.err
    assert list(shell.place.home.iterdir()) == []


def test_init_with_yes_needs_no_key_where_one_is_in_place(installed: Shell) -> None:
    assert installed("init", "--yes").code == 0


def test_another_recovery_key_is_refused(installed: Shell) -> None:
    said = one_line(installed("init", "--yes", "--recovery-pubkey", new_key()))
    assert "another recovery key" in said
    assert " ".join(key_words(decode_public(RECOVERY))) in said


def test_a_server_key_inside_the_data_folder_is_refused(place: Place) -> None:
    inside = replace(place, settings={"SERVER_KEY_FILE": str(place.home / "data" / "server.key")})
    assert "inside" in one_line(inside.run(*INIT))
    assert not (place.home / "data").exists()


def test_a_lost_server_key_is_never_replaced(installed: Shell) -> None:
    (installed.place.home / ".config/postern/server.key").unlink()
    said = one_line(installed(*INIT))
    assert "restore your copy" in said
    assert not (installed.place.home / ".config/postern/server.key").exists()


@pytest.mark.parametrize(
    ("settings", "args", "says"),
    [
        ({}, ["operators", "list"], "run `postern init`"),
        ({}, ["run"], "POSTERN_BOT_TOKEN"),
        ({}, ["init", "--yes", "--recovery-pubkey", "postern-pub-1abc"], "cut short"),
        ({"DATA_DIR": "{home}/file/data"}, INIT, "file/data"),
        ({"SERVER_KEY_FILE": "{home}/file/key"}, INIT, "file cannot be made"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///{home}/no/x"}, INIT, "no/x"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///{home}/file"}, INIT, "not a database"),
        ({"COLOUR": "blue"}, ["purge"], "POSTERN_COLOUR is not a setting"),
        ({}, ["questionnaire", "check", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        ({}, ["questionnaire", "check", "file"], "file:1:"),
        ({}, ["open", "nowhere", "--key", "nowhere"], "nowhere cannot be read"),
        ({}, ["keygen", "file"], "file exists already"),
        ({}, ["keygen", "key", "--passphrase-file", "nowhere"], "nowhere cannot be read"),
        ({}, ["keygen", "key", "--passphrase-file", "short"], "at least 8 characters"),
    ],
)  # fmt: skip
def test_a_mistake_gives_one_line(shell: Shell, settings: dict[str, str], args: list[str], says: str) -> None:
    home = shell.place.home
    (home / "file").write_text("not a folder, and neither a key nor a database " * 20)
    (home / "short").write_text("abc")
    settings = {name: value.format(home=home) for name, value in settings.items()}
    changed = replace(shell, place=replace(shell.place, settings=settings))
    assert says in one_line(changed(*args))


def test_an_unreadable_folder_is_named(place: Place) -> None:
    (place.home / "file").write_text("")
    done = replace(place, settings={"DATA_DIR": str(place.home / "file" / "data")}).run("operators", "list")
    assert "server key" in one_line(done)


def test_keygen_prints_the_public_line_and_keeps_the_rest(place: Place) -> None:
    (place.home / "pass").write_text("a good passphrase\n")
    done = place.run("keygen", "key", "--passphrase-file", "pass")
    assert done.code == 0
    assert re.fullmatch(r"postern-pub-1[a-z2-7]{56}\n", done.out)
    assert " ".join(key_words(decode_public(done.out))) in done.err
    assert (place.home / "key").stat().st_mode & 0o777 == 0o600
    again = place.run("keygen", "key", "--passphrase-file", "pass")
    assert "nothing is overwritten" in one_line(again)


def test_keygen_without_a_terminal_wants_a_passphrase_file(place: Place) -> None:
    done = place.run("keygen", "key")
    assert done.code == 2
    assert "--passphrase-file" in done.err
    assert not (place.home / "key").exists()


def test_an_invitation_is_a_link_and_nothing_else(installed: Shell) -> None:
    set_meta(installed.place.home, "bot-username", b"help_desk_bot")
    done = installed("invite", "lead")
    assert (done.code, done.err) == (0, "")
    found = re.fullmatch(r"https://t\.me/help_desk_bot\?start=([A-Za-z0-9_-]{1,64})\n", done.out)
    assert found
    database = (installed.place.home / "data/postern.sqlite").read_bytes()
    assert found[1].encode() not in database, "the token is stored only as a keyed hash"


async def test_without_a_service_yet_the_bots_name_is_asked_for(place: Place) -> None:
    async with bot_api() as (api, _):
        asked = replace(place, settings={"BOT_TOKEN": TOKEN, "BOT_API_URL": api.url})
        await asyncio.to_thread(asked.run, *INIT)
        done = await asyncio.to_thread(asked.run, "invite", "admin")
        assert done.out.startswith("https://t.me/lean_bot?start=")
        api.fail("getMe", 401, "Unauthorized")
        refused = await asyncio.to_thread(asked.run, "invite", "admin")
    for said in (one_line(refused), one_line(await asyncio.to_thread(asked.run, "invite", "admin"))):
        assert TOKEN not in said
        assert "POSTERN_BOT" in said


def test_somebody_added_from_the_shell_is_a_confirmed_recipient(installed: Shell) -> None:
    key = new_key()
    done = installed("operators", "add", "heron", key, "--role", "lead")
    assert done.out == f"heron: {' '.join(key_words(decode_public(key)))}\n"
    assert "nothing was changed" in installed("operators", "add", "heron", key, "--role", "lead").err
    shown = installed("operators", "list").out
    assert re.search(rf"heron +lead +active, key only .* {' '.join(key_words(decode_public(key)))}", shown)
    assert re.search(rf"recovery key.* {' '.join(key_words(decode_public(RECOVERY)))}", shown)


def test_a_key_belongs_to_one_person_and_a_person_has_one_key(installed: Shell) -> None:
    key = new_key()
    assert installed("operators", "add", "heron", key).code == 0
    assert "heron's already" in one_line(installed("operators", "add", "crane", key))
    assert "has another key" in one_line(installed("operators", "add", "heron", new_key()))
    assert "already, as operator" in one_line(installed("operators", "add", "heron", key, "--role", "lead"))
    assert "recovery key" in one_line(installed("operators", "add", "crane", RECOVERY))
    assert installed("operators", "add", "bad\x1b[2Jname", new_key()).code == 2


def test_confirming_shows_the_words_that_were_confirmed(installed: Shell) -> None:
    private = PrivateKey.generate()
    with sqlite3.connect(installed.place.home / "data/postern.sqlite") as conn:
        conn.execute(
            "INSERT INTO staff (id, name, role, public_key, confirmed) VALUES ('1', 'Teal', 'operator', ?, 0), "
            "('2', 'Wren', 'operator', NULL, 0), ('3', 'Yew', 'admin', NULL, 0)",
            (bytes(private.public_key),),
        )
    words = " ".join(key_words(bytes(private.public_key)))
    refused = installed(
        "operators", "confirm", "Teal", "--words", " ".join(key_words(decode_public(new_key())))
    )
    assert (refused.code, refused.out) == (1, "")
    assert words not in refused.err, "whoever reads out other words is not told the right ones"
    assert "waiting for an admin's confirmation" in installed("operators", "list").out
    done = installed("operators", "confirm", "Teal", "--words", f" {words.upper()} ")
    assert done.out == f"Teal: {words}\n"
    assert "waiting" not in installed("operators", "list").out
    assert "before" in installed("operators", "confirm", "Teal").err
    assert "has not sent a key" in one_line(installed("operators", "confirm", "Wren"))
    assert "needs no key" in one_line(installed("operators", "confirm", "Yew"))
    assert "operators list" in one_line(installed("operators", "confirm", "Nobody"))


def test_the_shell_shows_who_claims_a_key_and_can_agree(installed: Shell) -> None:
    key = new_key()
    installed("operators", "add", "heron", key)

    def claim(tx: Tx) -> None:
        staff.enrol(tx, staff.add(tx, "Wren", Role.LEAD), tx.vault.account(7), 7, "en")
        wren = staff.by_name(tx, "Wren")
        assert wren is not None
        staff.claim_key(tx, wren, decode_public(key))

    async def run() -> None:
        key_file = installed.place.home / ".config/postern/server.key"
        settings = installed.place.loaded.model_copy(update={"server_key_file": key_file})
        async with opened(settings) as installation:
            await installation.db.write(claim)

    asyncio.run(run())
    words = " ".join(key_words(decode_public(key)))
    shown = installed("operators", "list").out
    assert re.search(rf"Wren +lead +says to be heron: waiting for an admin's confirmation +{words}", shown)
    done = installed("operators", "confirm", "Wren")
    assert done.out == f"heron: {words}\n"
    assert "sealed to heron" in done.err
    shown = installed("operators", "list").out
    assert "Wren" not in shown
    assert re.search(rf"heron +lead +active +{words}", shown)


def test_a_revoked_member_is_gone(installed: Shell) -> None:
    installed("operators", "add", "heron", new_key())
    assert installed("operators", "revoke", "heron").out == "heron is revoked; slots deleted: 0\n"
    assert "heron" not in installed("operators", "list").out
    assert "Nobody is called heron" in one_line(installed("operators", "revoke", "heron"))


def test_a_pause_keeps_its_notice_until_the_intake_is_resumed(installed: Shell) -> None:
    assert installed("pause", "Ми повернемось у понеділок").code == 0
    assert get_meta(installed.place.home, "paused") == "Ми повернемось у понеділок".encode()
    assert "open again" in installed("resume").err
    assert get_meta(installed.place.home, "paused") is None
    assert "was not paused" in installed("resume").err
    assert installed("pause").code == 0
    assert get_meta(installed.place.home, "paused") == b""
    assert installed("pause", "x" * 1001).code == 2


def test_a_dry_purge_only_counts_and_a_purge_leaves_no_old_page(installed: Shell) -> None:
    home = installed.place.home
    with sqlite3.connect(home / "data/postern.sqlite") as conn:
        conn.execute("INSERT INTO handled VALUES (?, 10)", (b"\xabOLD-UPDATE-TAG\xab",))
        conn.execute("INSERT INTO invites VALUES (?, 'lead', 10)", (b"old-invitation-x",))
    dry = installed("purge", "--dry-run")
    found = dict(line.split(": ") for line in dry.out.splitlines())
    assert found.keys() > {"open cases", "closed cases", "replies", "drafts"}
    assert {name for name, number in found.items() if number == "1"} == {
        "handled updates",
        "expired invitations",
    }
    assert installed("purge").out == dry.out
    assert installed("purge").out == dry.out.replace("1", "0")
    for path in (home / "data").iterdir():
        assert b"OLD-UPDATE-TAG" not in path.read_bytes()


def test_a_database_from_a_newer_version_is_left_alone(installed: Shell) -> None:
    with sqlite3.connect(installed.place.home / "data/postern.sqlite") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    for args in (("operators", "list"), ("init", "--yes"), ("purge",)):
        assert "newer Postern" in one_line(installed(*args))


def test_a_fault_of_ours_shows_its_place_and_not_its_data(
    installed: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("user 1234567 wrote: help")

    monkeypatch.setattr("storage.staff.everyone", broken)
    said = one_line(installed("operators", "list"))
    assert "1234567" not in said
    assert "ValueError at bot/test_cli.py" in said


def set_meta(home: Path, name: str, value: bytes) -> None:
    with sqlite3.connect(home / "data/postern.sqlite") as conn:
        conn.execute("INSERT INTO meta VALUES (?, ?)", (name, value))


def get_meta(home: Path, name: str) -> bytes | None:
    with sqlite3.connect(home / "data/postern.sqlite") as conn:
        row = conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])
