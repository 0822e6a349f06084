"""Who is in the operators' group and shouldn't be, and the other way round: against a local Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bot.bot_api import BotApi
from bot.check_group import compared
from intake.roles import Role
from sandbox.client import Control
from sandbox.server import start_sandbox
from storage.staff import Member
from tests.bot.api_server import TOKEN

GROUP = -1_001_234_567_890
OWNER, LARK, HERON, IBIS, EVE = 9_001, 9_002, 9_003, 9_004, 9_666
KEY = b"k" * 32
NAMES = {OWNER: "Olga", LARK: "Lara", HERON: "Henry", IBIS: "Igor", EVE: "Eveline"}
"""What Telegram shows of them: none of it may be found."""


def member(user: int, name: str, role: Role = Role.OPERATOR, *, confirmed: bool = True) -> Member:
    return Member(name.lower(), name, role, None if role is Role.ADMIN else KEY, confirmed, user, "en")


STAFF = (member(OWNER, "Elm", Role.ADMIN), member(LARK, "Lark", Role.LEAD), member(HERON, "Heron"))


@dataclass
class Group:
    control: Control
    api: BotApi
    bot: int

    async def found(self, *staff: Member) -> list[str]:
        lines = await asyncio.to_thread(
            lambda: [str(each) for each in compared(self.api, GROUP, self.bot, staff or STAFF)]
        )
        said = "".join(lines)
        assert [name for name in NAMES.values() if name in said] == []
        assert [user for user in NAMES if str(user) in said] == []
        return lines


@pytest.fixture
async def group() -> AsyncIterator[Group]:
    sandbox = await start_sandbox(token=TOKEN)
    try:
        control = sandbox.control
        for user, name in NAMES.items():
            await control.add_person(user, name, username=f"{name.lower()}_x")
        await control.add_group(GROUP, "Operators", [OWNER, LARK, HERON], bot_is_admin=True)
        api = BotApi(TOKEN, sandbox.base_url)
        me = await asyncio.to_thread(api.ask, "getMe")
        yield Group(control, api, int(me["id"]))
    finally:
        await sandbox.close()


async def test_a_group_of_the_staff_and_nobody_else_has_no_findings(group: Group) -> None:
    assert await group.found() == []


async def test_somebody_who_is_on_no_list_is_counted_and_not_named(group: Group) -> None:
    """As whoever was revoked and stayed: nothing is left here to ask Telegram about."""
    await group.control.set_member(GROUP, EVE, True)
    [line] = await group.found()
    assert line.startswith("problem: In the operators' group, 1 of the members are not on the staff list")
    assert "`postern invite`" in line
    await group.control.set_member(GROUP, IBIS, True)
    [line] = await group.found()
    assert "2 of the members" in line
    await group.control.set_member(GROUP, EVE, False)
    assert await group.found(*STAFF, member(IBIS, "Ibis")) == []


async def test_operators_who_see_no_cards_are_named_by_their_pseudonyms(group: Group) -> None:
    await group.control.set_member(GROUP, HERON, False)
    [line] = await group.found(*STAFF, member(IBIS, "Ibis"), member(EVE, "Yew", Role.ADMIN))
    assert line.startswith("note: Not in the operators' group, so they see no cards: Heron, Ibis. ")


async def test_who_was_revoked_from_the_shell_without_ever_joining_is_not_asked_about(group: Group) -> None:
    assert await group.found(*STAFF, replace(member(0, "Teal"), chat=None)) == []


async def test_whoever_waits_for_a_confirmation_should_not_be_there_yet(group: Group) -> None:
    await group.control.set_member(GROUP, IBIS, True)
    [line] = await group.found(*STAFF, member(IBIS, "Ibis", confirmed=False))
    assert line.startswith(
        "note: In the operators' group already, though no admin has confirmed their key: Ibis."
    )


async def test_an_owner_who_is_not_on_the_staff_list_is_told_by_role(group: Group) -> None:
    strangers, owner = await group.found(*STAFF[1:])
    assert "1 of the members are not on the staff list" in strangers
    assert owner.startswith(
        "problem: Not on the staff list, but in charge of the operators' group (owner: 1): "
    )


async def test_administrators_are_told_by_number_and_staff_by_pseudonym(group: Group) -> None:
    for user in (IBIS, EVE):
        await group.control.set_member(GROUP, user, True, admin=True)
    await group.control.set_member(GROUP, LARK, True, admin=True)
    strangers, power, ours = await group.found()
    assert "2 of the members" in strangers
    assert "in charge of the operators' group (administrators: 2): " in power
    assert ours.startswith("note: Administrators of the operators' group: Lark. The bot can't remove")
