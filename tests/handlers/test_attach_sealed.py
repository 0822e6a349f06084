"""The holder sends the requester a sealed document: it waits for a code, and nobody can read it meanwhile."""

from __future__ import annotations

import re

import pytest

from intake.roles import Role
from storage.code import read as read_code
from storage.outbox import Task
from storage.retention import purge
from tests.handlers.desk import GROUP, Message, Person, World, ask, join
from tests.handlers.test_attach import LETTER, attached, sent, settled, uploaded
from tests.handlers.test_files import Days, carry_out, send_file
from tests.handlers.test_operator_turn import ANN, BEN, file_of
from tests.handlers.test_reply_states import lines
from tests.handlers.test_requester_turn import code_of, only_case

DAY = 86_400


async def own_code(world: World) -> tuple[str, Message]:
    """The code that the operator is shown, and the message it is in."""
    shown = [m for m in world.shown(900) if read_code(m.text)]
    found = read_code(shown[-1].text)
    assert found is not None
    return found[0], shown[-1]


def waiting_words(world: World) -> list[Message]:
    return [m for m in world.shown(ANN) if "has left something sealed for you" in m.text]


# Sealed, with a return code.


async def test_with_a_return_code_it_is_handed_out_by_a_look_and_can_be_looked_at_again(world: World) -> None:
    heron, ann = await uploaded(world, until="code")
    assert world.say("attach-plain-button") not in heron.screen.labels
    await heron.press(world.say("attach-sealed-button"))
    await settled(world)
    assert world.say("reply-state-by-code") in lines(world)[0].text
    code = await code_of(ann)
    before = await world.tables()
    for _ in range(2):
        other = Person(world, BEN)
        await other.send(code)
    assert [m.document for m in attached(world, BEN)] == [LETTER, LETTER]
    assert attached(world, BEN)[0].file_name == "document.pdf"
    after = await world.tables()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"drafts", "traces", "handled"}  # nothing ties the look to the request


# Sealed, in the chat.


async def test_in_the_chat_it_waits_for_its_code_and_then_goes_out_once(world: World) -> None:
    _, ann = await sent(world, "sealed")
    await settled(world)
    assert attached(world) == []
    assert waiting_words(world)
    assert "was told that something waits" in lines(world)[0].text
    code, _ = await own_code(world)
    await ann.send(code)
    assert (await world.tables())["handouts"] == []
    await settled(world)
    [shown] = attached(world)
    assert (shown.document, shown.file_name) == (LETTER, "document.pdf")
    assert not waiting_words(world), "that something waits is not true any more"
    assert "Delivered" in lines(world)[0].text
    await ann.send(code)
    await settled(world)
    assert len(attached(world)) == 1


async def test_the_code_is_shown_to_its_operator_once_and_deletes_itself(world: World) -> None:
    await sent(world, "sealed")
    await settled(world)
    code, shown = await own_code(world)
    everywhere = [m for chat in world.chats for m in world.shown(chat) if code in re.sub(r"\s", "", m.text)]
    assert everywhere == [shown]
    assert shown.chat == 900
    assert code not in repr(await world.tables())
    world.wait(5 * 60)
    await world.deliver()
    assert shown.id not in world.chats[900]


async def test_whoever_has_written_it_down_lets_it_go_at_once(world: World) -> None:
    heron, _ = await sent(world, "sealed")
    await settled(world)
    _, shown = await own_code(world)
    await heron.press(world.say("code-written-button"))
    await world.deliver()
    assert shown.id not in world.chats[900]


async def test_the_code_opens_nothing_in_another_chat_and_counts_as_a_wrong_one(world: World) -> None:
    await sent(world, "sealed")
    await settled(world)
    code, _ = await own_code(world)
    ben = Person(world, BEN)
    await ben.send(code)
    await settled(world)
    assert attached(world, BEN) == []
    assert world.desk.tries.misses(ben.account, world.now) == 1
    assert len((await world.tables())["handouts"]) == 1


async def test_wrong_codes_are_counted_as_for_return_codes(world: World) -> None:
    _, ann = await sent(world, "sealed")
    await settled(world)
    for _ in range(6):
        await ann.send("0000 0000 0000 0000")
    code, _ = await own_code(world)
    await ann.send(code)  # even the right one is not looked at now
    await settled(world)
    assert attached(world) == []
    assert len((await world.tables())["handouts"]) == 1


@pytest.mark.parametrize("how", ["close", "withdraw", "erase", "purge"])
async def test_what_waits_ends_with_the_case_and_with_its_time(world: World, how: str) -> None:
    heron, ann = await sent(world, "sealed")
    await settled(world)
    code, _ = await own_code(world)
    case = await world.read(only_case)
    if how == "close":
        await heron.press_data(f"close.{case.reference}", file_of(world, 900))
        await world.deliver()
        assert any(world.say("close-waiting") in m.text for m in world.shown(900))
        await heron.press_data(f"outcome.helped.{case.reference}", file_of(world, 900))
    elif how == "purge":
        await purge(world.desk.db, Days(), world.now + 3 * DAY)
    else:
        await ann.send("/erase")
        await ann.press(world.say("erase-yes-button" if how == "erase" else "withdraw-button"))
    await world.deliver()
    if how != "purge":
        assert not waiting_words(world)
    tables = await world.tables()
    assert tables["handouts"] == []
    if how in {"erase", "purge"}:
        assert (tables["files"], tables["file_blocks"]) == ([], [])
    await ann.send(code)
    await settled(world)
    assert attached(world) == []


@pytest.mark.parametrize("how", ["text", "plain", "sealed"])
async def test_who_changes_to_a_code_loses_what_was_for_the_chat_and_the_holder_sees_it(
    world: World, how: str
) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, ANN)
    await ask(ann, held=True)  # an emergency has a holder before its questions are over
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    if how == "text":
        await heron.send("hold on", reply_to=file_of(world, 900).id)
    else:
        await send_file(heron, LETTER, reply_to=file_of(world, 900).id)
        await world.deliver()
        await heron.press(world.say(f"attach-{how}-button"))
        await carry_out(world, Task.TAKE)
    if how == "sealed":
        await world.deliver()
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-code-button"))
    await settled(world)
    assert "Not delivered" in lines(world)[-1].text
    assert (await world.tables())["handouts"] == []
    assert attached(world) == []
    assert not [m for m in world.shown(ANN) if "hold on" in m.text]
