"""`postern check` finds what is wrong, says what to do, and is quiet about what is right."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from aiohttp import web
from nacl.public import PrivateKey

from bot.check import examine
from bot.check_host import data_folder, secret_files, server_key_place, swap
from bot.check_outbox import WORDS
from bot.check_telegram import telegram
from bot.give_up import KEPT_TRYING
from bot.installation import opened
from bot.settings import Settings, load_settings
from bot.setup import create
from intake.counts import earlier, month_of
from intake.roles import Role
from storage import given_up, meta, outbox, staff, tallies
from storage.database import Tx
from storage.marks import Kind
from storage.outbox import Job, Task
from tests.bot.api_server import TOKEN, ApiServer, bot_api
from tests.bot.installed import Place, Shell

GROUP = -1001234567890
RECOVERY = bytes(PrivateKey.generate().public_key)
ADMIN_RIGHTS = {"status": "administrator"} | dict.fromkeys(
    ("can_pin_messages", "can_delete_messages", "can_restrict_members"), True
)
HOST = ("same disk", "A crash may", "Swap is on")
"""What depends on the machine that the tests run on."""


@pytest.fixture
async def api() -> AsyncIterator[ApiServer]:
    async with bot_api() as (server, _):
        yield server


@pytest.fixture
def settings(place: Place, api: ApiServer) -> Settings:
    chosen = {"BOT_TOKEN": TOKEN, "BOT_API_URL": api.url, "OPERATORS_CHAT": str(GROUP)}
    return replace(place, settings=chosen).loaded


def answer(api: ApiServer, method: str, result: Any) -> None:
    api.answers[method].append(web.json_response({"ok": True, "result": result}))


async def found(
    api: ApiServer,
    settings: Settings,
    *,
    webhook: Any = None,
    group: Any = None,
    member: Any = None,
    me: Any = None,
    count: int = 2,
) -> list[str]:
    """What `check` finds apart from the machine, where Telegram answers this; all is well there by default."""
    if me is not None:
        answer(api, "getMe", me)
    answer(api, "getWebhookInfo", {"url": ""} if webhook is None else webhook)
    answer(api, "getChat", {"type": "supergroup"} if group is None else group)
    answer(api, "getChatMember", ADMIN_RIGHTS if member is None else member)
    answer(api, "getChatMember", {"status": "member"})
    answer(api, "getChatMember", {"status": "left"})
    answer(api, "getChatMemberCount", count)
    answer(api, "getChatAdministrators", [])
    findings = [str(finding) for finding in await asyncio.to_thread(lambda: list(examine(settings)))]
    return [line for line in findings if not any(part in line for part in HOST)]


async def staffed(settings: Settings) -> None:
    """An installation at which nothing is missing."""

    def fill(tx: Tx) -> None:
        operator = staff.add(
            tx, "Teal", Role.OPERATOR, bytes(PrivateKey.generate().public_key), confirmed=True
        )
        admin = staff.add(tx, "Yew", Role.ADMIN)
        staff.enrol(tx, operator, tx.vault.account(1), 1, "en")
        staff.enrol(tx, admin, tx.vault.account(2), 2, "en")

    await create(settings, RECOVERY)
    async with opened(settings) as installation:
        await installation.db.write(fill)


def only(lines: list[str]) -> str:
    assert len(lines) == 1, lines
    return lines[0]


async def test_a_sound_installation_has_no_findings(api: ApiServer, settings: Settings) -> None:
    await staffed(settings)
    assert await found(api, settings) == []


async def test_before_init_it_says_so(api: ApiServer, settings: Settings) -> None:
    lines = await found(api, settings)
    assert len(lines) == 2
    assert all(line.startswith("problem: ") and "run `postern init`" in line for line in lines)


async def test_with_the_recovery_key_alone_it_warns(api: ApiServer, settings: Settings) -> None:
    await create(settings, RECOVERY)
    lines = await found(api, settings, count=1)
    assert all(line.startswith("note: ") for line in lines)
    assert any("Only the recovery key can open cases" in line for line in lines)
    assert any("There is no admin" in line for line in lines)


async def test_without_any_key_the_intake_is_closed(api: ApiServer, settings: Settings) -> None:
    await create(settings, None)
    lines = await found(api, settings)
    assert any(line.startswith("problem: The intake is closed") for line in lines)
    assert any(line.startswith("problem: There is no recovery key") for line in lines)


async def test_keys_that_wait_for_confirmation_are_named(api: ApiServer, settings: Settings) -> None:
    await staffed(settings)
    async with opened(settings) as installation:
        await installation.db.write(
            lambda tx: staff.add(tx, "Wren", Role.LEAD, bytes(PrivateKey.generate().public_key))
        )
        await installation.db.write(lambda tx: meta.put(tx, meta.PAUSED, b""))
    waiting, paused = await found(api, settings)
    assert "Waiting for confirmation: Wren." in waiting
    assert "paused" in paused


async def test_months_that_nobody_closes_are_named(api: ApiServer, settings: Settings) -> None:
    await staffed(settings)
    old = earlier(month_of(int(time.time())), 4)
    async with opened(settings) as installation:
        await installation.db.write(lambda tx: tallies.add(tx, old, ["requests"]))
    line = only(await found(api, settings))
    assert line.startswith("note: Months that ended")
    assert old in line


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({"member": {"status": "left"}}, "problem: The bot is not in the operators' group"),
        ({"member": {"status": "restricted", "can_send_messages": False}}, "problem: The bot may not write"),
        ({"member": {"status": "member"}}, "note: The bot is no administrator"),
        ({"member": ADMIN_RIGHTS | {"can_pin_messages": False}}, "note: The bot may not pin the board"),
        ({"member": ADMIN_RIGHTS | {"can_restrict_members": False}}, "note: The bot may not remove people who"),
        ({"group": {"type": "supergroup", "username": "help"}}, "problem: The operators' group is public"),
        ({"webhook": {"url": "https://elsewhere.example/x"}}, "note: Telegram sends this bot's updates to another"),
        ({"me": {"id": 5, "can_read_all_group_messages": True}}, "note: The bot is sent every message"),
        ({"me": {"id": 5, "has_topics_enabled": True}}, "problem: Topics are switched on for this bot"),
        ({"me": True}, "problem: The Bot API can't be reached, or gives no proper answer"),
        ({"webhook": "nonsense"}, "problem: The Bot API can't be reached, or gives no proper answer"),
    ],
)  # fmt: skip
async def test_what_telegram_says_is_looked_at(
    api: ApiServer, settings: Settings, there: dict[str, Any], says: str
) -> None:
    await staffed(settings)
    lines = await found(api, settings, **there)
    assert any(line.startswith(says) for line in lines), lines
    assert "elsewhere" not in "".join(lines)


@pytest.mark.parametrize(
    ("method", "status", "parameters", "says"),
    [
        ("getMe", 401, {}, "doesn't know this POSTERN_BOT_TOKEN"),
        ("getMe", 404, {}, "doesn't know this POSTERN_BOT_TOKEN"),
        ("getMe", 502, {}, "can't be reached"),
        ("getChat", 400, {}, "not in the operators' group"),
        ("getChat", 400, {"migrate_to_chat_id": -100987}, "set POSTERN_OPERATORS_CHAT to -100987"),
    ],
)
async def test_a_refusal_is_one_line(
    api: ApiServer, settings: Settings, method: str, status: int, parameters: dict[str, int], says: str
) -> None:
    await staffed(settings)
    api.fail(method, status, "Bad Request", **parameters)
    line = only(await found(api, settings))
    assert line.startswith("problem: ")
    assert says in line
    assert TOKEN not in line


async def test_a_bot_api_that_is_not_there_is_one_line(place: Place) -> None:
    with socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, and nobody listens
        chosen = {"BOT_TOKEN": TOKEN, "BOT_API_URL": f"http://127.0.0.1:{unused.getsockname()[1]}"}
        settings = replace(place, settings=chosen).loaded
        line = only(
            [str(finding) for finding in await asyncio.to_thread(lambda: list(telegram(settings, [])))]
        )
    assert line.startswith("problem: The Bot API can't be reached")


async def test_what_is_set_and_unset_is_looked_at(api: ApiServer, settings: Settings) -> None:
    await staffed(settings)
    changed = settings.model_copy(
        update={"operators_chat": None, "public_url": "https://x.example", "questionnaire": "nothing"}
    )
    lines = await found(api, changed)
    assert [re.match(r"(problem|note): (POSTERN_\w+)", line)[2] for line in lines] == [  # type: ignore[index]
        "POSTERN_QUESTIONNAIRE",
        "POSTERN_OPERATORS_CHAT",
        "POSTERN_PUBLIC_URL",
    ]


def test_folders_and_keys_that_others_can_read_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert "run `postern init`" in str(*data_folder(folder))
    folder.mkdir(mode=0o700)
    assert list(data_folder(folder)) == []
    (folder / "postern.sqlite").touch(mode=0o600)
    assert list(data_folder(folder)) == []
    (folder / "copy.sqlite").touch()
    (folder / "copy.sqlite").chmod(0o640)
    assert str(*data_folder(folder)).endswith(f"run `chmod 600 {folder / 'copy.sqlite'}`.")
    folder.chmod(0o750)
    assert "chmod 700" in str(*data_folder(folder))


def test_a_token_in_a_file_that_others_can_read_is_found(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    named = {"POSTERN_BOT_TOKEN_FILE": str(token), "POSTERN_WEBHOOK_SECRET_FILE": str(tmp_path / "none")}
    assert list(secret_files(named)) == list(secret_files({})) == []
    token.chmod(0o604)
    assert str(*secret_files(named)).endswith(f"can be read by others (mode 604): run `chmod 600 {token}`.")


def test_the_place_of_the_server_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    keys.mkdir()
    (keys / "server.key").touch()
    outside = load_settings(
        {"POSTERN_DATA_DIR": str(data), "POSTERN_SERVER_KEY_FILE": str(keys / "server.key")}
    )
    assert str(*server_key_place(outside)).startswith("note: The server key lies on the same disk")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(keys))
    assert "systemd credential" in str(*server_key_place(outside))
    inside = outside.model_copy(update={"server_key_file": data / "server.key"})
    assert str(*server_key_place(inside)).startswith("problem: ")


def test_swap_counts_unless_it_is_compressed_memory(tmp_path: Path) -> None:
    swaps = tmp_path / "swaps"
    for entries, expected in (("", 0), ("/dev/zram0 partition 1 0 -2\n", 0), ("/swapfile file 1 0 -2\n", 1)):
        swaps.write_text("Filename Type Size Used Priority\n" + entries)
        assert len(list(swap(swaps))) == expected
    assert list(swap(tmp_path / "none")) == []


def test_the_command_fails_only_where_something_is_serious(installed: Shell) -> None:
    done = installed("check")
    assert done.code == 1
    assert "problem: POSTERN_BOT_TOKEN is not set" in done.out
    assert done.err == "Problems: 2.\n"
    assert all(line.startswith(("problem: ", "note: ")) for line in done.out.splitlines())


async def test_what_was_given_up_is_told_by_kind_and_for_thirty_days(
    api: ApiServer, settings: Settings
) -> None:
    async def note(*, days_ago: int) -> None:
        def work(tx: Tx) -> None:
            for kind in ("update", "reply", "damaged trace"):
                given_up.note(tx, kind, int(time.time()) - days_ago * 86_400, 3)

        async with opened(settings) as installation:
            await installation.db.write(work)

    await staffed(settings)
    await note(days_ago=40)
    assert await found(api, settings) == []
    await note(days_ago=5)
    lines = await found(api, settings)
    assert len(lines) == 3
    assert all(line.startswith("problem: Given up for good") and ": 3. " in line for line in lines)


async def test_what_waits_for_long_is_told_by_kind(api: ApiServer, settings: Settings) -> None:
    now = int(time.time())

    def owe(tx: Tx) -> None:
        outbox.add(tx, Job(Task.CARD, now - 60, case="aa"))
        outbox.add(tx, Job(Task.CARD, now + 60, case="ab", tries=9, since=now - 3 * 3_600 - 5))
        outbox.add(tx, Job(Task.SEND, now - 700, chat=77, text="words for somebody", tag="reply"))

    await staffed(settings)
    async with opened(settings) as installation:
        await installation.db.write(owe)
    line = only(await found(api, settings))
    assert line.startswith(
        "problem: Messages wait for longer than ten minutes (card 1, reply 1), the oldest for 3 h"
    )
    assert "words" not in line


def test_every_kind_that_is_given_up_has_words() -> None:
    assert {*KEPT_TRYING, "update", *(f"damaged {kind}" for kind in Kind)} == WORDS.keys()
