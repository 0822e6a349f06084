"""An operator's key has the same words everywhere; and whoever is revoked is an outsider, everywhere."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import Any

import pytest

from bot.opening import open_text
from sandbox.client import Bubble, SandboxRefused
from storage import staff
from storage.keywords import key_words
from storage.schema import locks
from storage.sealing import has_slot
from tests.service.town import DELAY, GROUP, Operator, Town, said_to

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def newcomer(town: Town) -> tuple[Operator, str]:
    """Somebody who is hired for one test, and the name that Postern gave them."""
    user = 9_100_000 + secrets.randbelow(100_000)
    await town.control.add_person(user, "Newcomer", role="operator")
    await town.control.set_member(GROUP, user, True)
    operator = await town.hire(user)
    town.operators.remove(operator)
    public = bytes(operator.private.public_key)
    member = await town.data(lambda tx: staff.by_key(tx, public))
    assert member is not None
    return operator, member.name


async def members(town: Town) -> list[int]:
    world = await town.control.world()
    return next(list(chat["members"]) for chat in world["chats"] if chat["id"] == GROUP)


async def menu(town: Town, user: int) -> list[str]:
    world = await town.control.world()
    chat = next(chat for chat in world["chats"] if chat["id"] == user)
    return [each["command"] for each in chat["commands"]]


async def revoke(town: Town, name: str) -> str:
    done = await asyncio.to_thread(town.place.run, "operators", "revoke", name)
    assert done.code == 0, done.err
    return done.err


async def removal(town: Town, user: int) -> list[dict[str, Any]]:
    """The calls by which somebody is put out of the group, once Telegram has had all of them.

    They are owed beside everything else that a revocation leaves: nothing else that is seen tells that they are done.
    """
    async with asyncio.timeout(DELAY):
        while True:
            made = [each for each in await town.control.calls() if each["parameters"].get("user_id") == user]
            if any(each["method"] == "unbanChatMember" for each in made):
                return made
            await asyncio.sleep(0.05)


async def test_the_words_of_a_key_are_the_same_in_the_chat_and_in_the_list(town: Town) -> None:
    operator = town.operators[0]
    asked = await operator.phone.send("/verify")
    words = key_words(bytes(operator.private.public_key))
    assert len(words) >= 8
    await said_to(operator.phone, lambda m: " ".join(words) in m.text, after=asked)
    listed = await asyncio.to_thread(town.place.run, "operators", "list")
    assert " ".join(words) in listed.out
    asked = await town.admin.send("/people")
    await said_to(town.admin, lambda m: " ".join(words) in m.text, after=asked)


async def test_a_revoked_operator_is_an_outsider_and_their_case_waits_again(town: Town) -> None:
    operator, name = await newcomer(town)
    sent = await (await town.requester()).ask_for_help()
    card = await town.card(sent.reference)
    await operator.group.press("Claim", message_id=card)

    def files(shown: list[Bubble]) -> list[Bubble]:
        return [m for m in shown if m.media and sent.reference in m.text]

    shown = await operator.phone.wait_for(lambda ms: files(list(ms)), timeout=DELAY)
    file = files(list(shown))[-1]
    assert open_text(await operator.phone.download(file.file_id or ""), operator.private)
    assert "queue" in await menu(town, operator.phone.user_id)

    told = await revoke(town, name)
    assert "removes them from the operators' group" in told
    public = bytes(operator.private.public_key)
    slots = await town.data(
        lambda tx: tx.conn.execute(locks.select().with_only_columns(locks.c.slots)).scalars().all()
    )
    assert not any(has_slot(each, public) for each in slots)
    await operator.phone.wait_for(lambda ms: not any(m.media for m in ms), timeout=DELAY)
    await town.card(sent.reference, "waiting")
    waiting = next(m for m in await town.operators[0].group.messages() if m.id == card)
    assert "Claim" in waiting.labels
    lifted = [
        c["parameters"] for c in await removal(town, operator.phone.user_id) if c["method"].startswith("un")
    ]
    assert operator.phone.user_id not in await members(town)
    assert [each["only_if_banned"] for each in lifted] == [True], "they may be invited again"
    assert "queue" not in await menu(town, operator.phone.user_id)

    outsider = await town.requester()
    await outsider.start()
    await outsider.offers(outsider.say("language-name"))
    asked = await operator.phone.send("/queue")
    answer = await said_to(operator.phone, lambda m: m.id > asked.id)
    assert "Claim" not in answer.labels
    assert sent.reference not in answer.text
    for data in (f"claim.{sent.reference}", f"file.{sent.reference}", f"outcome.helped.{sent.reference}"):
        theirs = await operator.phone.press(data, message_id=file.id, force=True)
        anybodys = await outsider.press(data, message_id=1, force=True)
        assert (theirs.answered, theirs.text) == (anybodys.answered, anybodys.text)
    assert "Claim" in next(m for m in await town.operators[0].group.messages() if m.id == card).labels


async def test_a_press_in_the_group_before_the_removal_does_nothing_any_more(town: Town) -> None:
    operator, name = await newcomer(town)
    sent = await (await town.requester()).ask_for_help()
    card = await town.card(sent.reference)
    await revoke(town, name)
    with suppress(SandboxRefused):  # the removal may have been faster
        answer = await operator.group.press(f"claim.{sent.reference}", message_id=card, force=True)
        assert (answer.answered, answer.text) == (True, "")
    assert "Claim" in next(m for m in await town.operators[0].group.messages() if m.id == card).labels


async def test_a_bot_that_may_not_remove_people_says_so(town: Town) -> None:
    operator, name = await newcomer(town)
    await town.control.set_rights(GROUP, bot_status="member")
    try:
        told = await revoke(town, name)
        assert "may not remove anybody" in told
        await town.admin.wait_for(
            lambda ms: any(f"{name} was revoked, but I could not" in m.text for m in ms), timeout=DELAY
        )
        assert operator.phone.user_id in await members(town)
        found = await asyncio.to_thread(town.place.run, "check")
        assert "remove people who were revoked" in found.out
    finally:
        await town.control.set_rights(GROUP, bot_status="administrator")
        await town.control.set_member(GROUP, operator.phone.user_id, False)
