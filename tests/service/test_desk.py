"""The desk from the operator's seat, over HTTP: what the team lives with, shift after shift.

Each test is a few scenes with people of its own; `test_desk_replies.py` has what goes to and fro with requesters.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.opening import open_text
from intake.counts import CASES, OUTCOME, REQUESTS
from intake.lifecycle import Outcome
from sandbox.client import Bubble
from storage import tallies
from storage.slot_bundle import decode_slots
from tests.service.desk import (
    HOLD_LIMIT,
    HOUR,
    PLAIN,
    SOON,
    claimed,
    emergency,
    gone,
    name_of,
    opened,
    press,
    reads,
)
from tests.service.requester import Sent
from tests.service.town import GROUP, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_ringing_duty_the_order_of_the_queue_and_its_filters(desk: Town) -> None:
    one, two, _ = desk.operators
    await one.phone.send("/duty")
    await press(one.phone, "Go on duty", await reads(one.phone, "off duty"))
    standard = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
    urgent = await (await desk.requester("ru")).ask_for_help("chat", SOON, "")
    _, pressing = await emergency(desk)
    rung = await reads(one.phone, pressing, "You are on duty", button="Claim")
    assert not [m for m in await two.phone.messages() if pressing in m.text]
    board = await reads(one.group, "3 requests", "On duty:")
    world = await desk.control.world()
    assert [chat["pinned"] for chat in world["chats"] if chat["id"] == GROUP] == [[board.id]]
    await desk.later(11 * 60)
    await reads(two.phone, pressing, "Nobody has taken it")
    await desk.later(11 * 60)
    await reads(desk.admin, "An emergency that nobody has taken")

    await two.phone.send("/queue")
    listed = await reads(two.phone, pressing, button="Filter")
    places = [listed.text.index(each) for each in (pressing, urgent.reference, standard.reference)]
    assert places == sorted(places)
    await two.phone.send("/queue urgent")
    await reads(two.phone, "Only: urgent", urgent.reference)
    await two.phone.send("/next ru")
    offered = await reads(two.phone, urgent.reference, button="Claim")
    assert pressing not in offered.text
    await press(two.phone, "Claim", offered)
    await reads(two.phone, urgent.reference, file=True)
    await press(one.phone, "Claim", rung)
    await reads(one.phone, pressing, file=True)
    await reads(two.phone, pressing, "taken by")
    asked = await one.phone.send("/duty")
    await press(
        one.phone, "Go off duty", await reads(one.phone, "on duty for", button="Go off duty", after=asked.id)
    )


async def test_the_queue_and_next_show_one_category_and_no_other(desk: Town) -> None:
    two = desk.operators[1]
    away = {"status": ("left-unit",), "where": ("armenia",)}
    soon = await (await desk.requester()).ask_for_help("chat", {**away, "time-left": ("three-days",)}, "")
    calm = await (await desk.requester()).ask_for_help("chat", away, "")
    theirs = await (await desk.requester("ru")).ask_for_help("chat", away, "")
    other = await (await desk.requester()).ask_for_help("chat", {**away, "status": ("called-up",)}, "")
    label = "Away from the unit without leave"
    await desk.card(other.reference)

    await two.phone.send("/queue")
    listed = await reads(two.phone, soon.reference, button="Filter")
    await press(two.phone, "Filter", listed)
    await press(two.phone, label, await reads(two.phone, "Which requests", button=label))
    found = await reads(two.phone, f"Only: {label}", "3 requests are waiting", soon.reference)
    assert found.id == listed.id, "the list is edited where it stands"
    assert [m.reference for m in (soon, calm, theirs, other) if m.reference in found.text] == [
        soon.reference, calm.reference, theirs.reference,
    ]  # fmt: skip
    await press(two.phone, "Filter", found)
    await press(two.phone, "urgent", await reads(two.phone, "Which requests", button=f"✓ {label}"))
    found = await reads(two.phone, f"Only: urgent, {label}", soon.reference)
    assert calm.reference not in found.text

    asked = await two.phone.send("/next")
    offered = await reads(two.phone, "waiting", button="Skip", after=asked.id)
    await press(two.phone, "Filter", offered)
    await press(two.phone, label, await reads(two.phone, "Which requests", button=label, after=listed.id))
    await press(two.phone, "Filter", await reads(two.phone, f"Only: {label}", soon.reference, button="Skip"))
    await press(two.phone, "Русский", await reads(two.phone, "Which requests", button=f"✓ {label}"))
    offered = await reads(two.phone, f"Only: {label}, Русский", theirs.reference, button="Skip")
    await press(two.phone, "Skip", offered)
    await reads(two.phone, "You have seen all that is shown here")
    await press(two.phone, "Refresh", await reads(two.phone, button="Refresh", after=listed.id))
    await press(two.phone, "Claim", await reads(two.phone, theirs.reference, button="Skip"))
    await reads(two.phone, theirs.reference, file=True)
    await press(
        two.phone, "Next request", await reads(two.phone, theirs.reference, "is yours", button="Next")
    )
    await reads(two.phone, "Nothing is waiting that matches", label, "Русский")


async def test_nobody_holds_more_than_the_limit_and_a_release_frees_a_place(desk: Town) -> None:
    await desk.control.add_person(205, "New", role="operator")
    await desk.control.set_member(GROUP, 205, True)
    new = await desk.hire(205)
    try:
        held = [
            await claimed(desk, new, await (await desk.requester()).ask_for_help("chat", PLAIN, ""))
            for _ in range(HOLD_LIMIT)
        ]
        over = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
        card = await desk.card(over.reference)
        refused = await new.group.press("Claim", message_id=card)
        assert refused.alert
        assert f"You hold {HOLD_LIMIT} requests already" in refused.text
        await new.phone.send("/next")
        assert await press(new.phone, "Claim", await reads(new.phone, button="Skip")) == refused
        await desk.card(over.reference, "waiting")

        await desk.later(60)  # the group takes twenty messages a minute
        assert "back in the queue" in (await press(new.phone, "Release", held[0])).text
        await gone(new.phone, held[0].id)
        await claimed(desk, new, over)
        last = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
        assert (await new.group.press("Claim", message_id=await desk.card(last.reference))) == refused
        _, pressing = await emergency(desk)
        await claimed(desk, new, Sent(pressing))
        await new.phone.send("/mine")
        await reads(new.phone, f"You hold {HOLD_LIMIT + 1} requests", pressing, over.reference)
        await desk.card(last.reference, "waiting")
    finally:
        desk.operators.remove(new)


async def test_nothing_done_for_hours_reminds_the_holder_and_then_the_case_waits_again(desk: Town) -> None:
    one = desk.operators[0]
    sent = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
    file = await claimed(desk, one, sent)
    await desk.later(3 * HOUR + 60)
    reminder = await reads(one.phone, sent.reference, "nothing has been done")
    await press(one.phone, "Still on it", reminder)
    await desk.later(3 * HOUR + 60)
    await reads(one.phone, sent.reference, "nothing has been done", after=reminder.id)
    await desk.later(HOUR + 60)
    await reads(one.phone, sent.reference, "back in the queue, because")
    await gone(one.phone, file.id)
    await desk.card(sent.reference, "waiting")


async def test_handing_over_with_a_note_and_referring(desk: Town) -> None:
    one, two, _ = desk.operators
    ann, ben = await desk.requester(), await desk.requester("ru")
    sent, twin = await ann.ask_for_help("chat", PLAIN), await ben.ask_for_help("chat", PLAIN, "")
    file = await claimed(desk, one, sent)
    noted = await one.phone.send("/note She cannot talk before six.", reply_to=file.id)
    await gone(one.phone, noted.id)
    await press(one.phone, "More…", file)
    await press(one.phone, "Hand over…", await reads(one.phone, "what else?"))
    await press(one.phone, await name_of(desk, two), await reads(one.phone, "who should take it over"))
    await press(two.phone, "Accept", await reads(two.phone, sent.reference, button="Accept"))
    theirs = await reads(two.phone, sent.reference, file=True)
    assert "She cannot talk before six." in open_text(
        await two.phone.download(theirs.file_id or ""), two.private
    )
    await gone(one.phone, file.id)

    other = await claimed(desk, two, twin)
    await press(two.phone, "Close…", other)
    await press(two.phone, "referred", await reads(two.phone, twin.reference, "how did it end"))
    await press(two.phone, "Legal centre", await reads(two.phone, "referred to whom"))
    await reads(two.phone, twin.reference, "will be closed in")
    assert not [m for m in await ben.messages() if "112-233" in m.text]
    await desk.later(70)
    await reads(ben, "Звоните: 112-233.")
    await desk.card(twin.reference, "Closed: referred")


async def test_a_duplicate_is_closed_without_a_word_of_the_other_and_is_no_case(desk: Town) -> None:
    two, lead = desk.operators[1:3]
    ann, ben = await desk.requester(), await desk.requester("ru")
    sent, twin = await ann.ask_for_help("chat", PLAIN, ""), await ben.ask_for_help("chat", PLAIN, "")
    _, other = await claimed(desk, two, sent), await claimed(desk, two, twin)
    before = await counted(desk)

    async def merge(after: int = 0) -> Bubble:
        await press(two.phone, "Close…", other)
        asked = await reads(two.phone, twin.reference, "how did it end", after=after)
        await press(two.phone, "duplicate of one", asked)
        which = await reads(two.phone, "is a duplicate of which", after=after)
        assert "You go on with" in (await press(two.phone, sent.reference, which)).text
        return await reads(
            two.phone, twin.reference, "will be closed in", "duplicate", button="Undo", after=after
        )

    soon = await merge()
    assert "stays with you" in (await press(two.phone, "Undo", soon)).text
    await desk.later(70)
    await desk.card(twin.reference, "Taken by")
    assert not [m for m in await ben.messages() if "закрыто" in m.text]

    await merge(soon.id)
    await desk.later(70)
    await desk.card(twin.reference, "Closed: duplicate")
    assert (
        "too late" in (await two.phone.press(f"undo.{twin.reference}", message_id=soon.id, force=True)).text
    )
    await gone(two.phone, other.id)
    await ben.reads(ben.say("request-closed", reference=twin.reference))
    for person, foreign in ((ann, twin), (ben, sent)):
        assert not [m for m in await person.messages() if foreign.reference in m.text]
    assert not [m for m in await ann.messages() if "is closed" in m.text]
    await ben.begin()  # nothing keeps them from writing anew

    await two.phone.send("/mine")
    mine = await reads(two.phone, "You hold", sent.reference, after=soon.id)
    assert twin.reference not in mine.text
    await press(two.phone, sent.reference, mine)
    renewed = await reads(two.phone, sent.reference, file=True, after=mine.id)
    note = f"A second request: {twin.reference}. It was closed as a duplicate."
    assert note in open_text(await two.phone.download(renewed.file_id or ""), two.private)
    await lead.phone.send(f"/case {twin.reference}")
    closed = await reads(lead.phone, twin.reference, file=True)
    note = f"Closed as a duplicate of {sent.reference}."
    assert note in open_text(await lead.phone.download(closed.file_id or ""), lead.private)

    after = await counted(desk)
    assert after["duplicates"] == before["duplicates"] + 1
    assert after["requests"] == before["requests"]
    assert after["cases"] == before["cases"], "a duplicate is none"
    await press(two.phone, "Close…", renewed)
    await press(two.phone, "helped", await reads(two.phone, sent.reference, "how did it end"))
    await reads(two.phone, sent.reference, "will be closed in")
    await desk.later(70)
    await desk.card(sent.reference, "Closed: helped")
    assert (await counted(desk))["cases"] == before["cases"] + 1

    await desk.admin.send(f"/audit {twin.reference}")
    told = await reads(desk.admin, "audit trail", twin.reference)
    assert sent.reference not in told.text
    who = await name_of(desk, two)
    for act in ("undid it", "closed as a duplicate"):
        assert any(who in line and act in line for line in told.text.splitlines()), told.text


async def counted(town: Town) -> dict[str, int]:
    """Of all months."""
    known = await town.data(tallies.known)
    names = {"requests": REQUESTS, "cases": CASES, "duplicates": OUTCOME + Outcome.DUPLICATE}
    months = {month for month, _ in known.counts}
    return {each: known.total(months, name) for each, name in names.items()}


async def test_two_persons_decide_limits_hold_and_the_trail_tells_of_all(desk: Town) -> None:
    one, two, lead = desk.operators
    _, pressing = await emergency(desk)
    file = await claimed(desk, one, Sent(pressing))
    await press(one.phone, "More…", file)
    await press(one.phone, "Less urgent…", await reads(one.phone, pressing, "what else?"))
    asked = await reads(two.group, pressing, "no emergency but urgent")
    assert "somebody else" in (await press(one.group, "I agree", asked)).text
    await press(two.group, "I agree", asked)
    await reads(one.phone, pressing, "agrees")

    sent = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
    mine = await claimed(desk, one, sent)
    await press(one.phone, "Close…", mine)
    await press(one.phone, "help with", await reads(one.phone, sent.reference, "how did it end"))
    question = await reads(lead.phone, sent.reference, "cannot help with it")
    await press(lead.phone, "I agree", question)
    await desk.later(70)
    await desk.card(sent.reference, "Closed: not")

    await desk.later(HOUR)
    last = await reads(one.phone, pressing, file=True)
    other = await (await desk.requester()).ask_for_help("chat", PLAIN, "")
    await claimed(desk, one, other)
    for _ in range(4):
        assert (
            "coming"
            in (await one.phone.press(f"file.{other.reference}", message_id=last.id, force=True)).text
        )
    refused = await one.phone.press(f"file.{other.reference}", message_id=last.id, force=True)
    assert "as many as the settings allow" in refused.text
    who = await name_of(desk, one)
    await reads(desk.admin, who, "the limit is reached")

    await desk.admin.send(f"/audit {who}")
    told = await reads(desk.admin, "audit trail", who)
    assert all(word in told.text for word in ("took it", "was handed the file", "reached the hourly limit"))
    checked = await asyncio.to_thread(desk.place.run, "audit")
    assert checked.code == 0, checked


async def test_a_late_joiner_is_let_in_to_everything_by_the_two_files(desk: Town, tmp_path: Path) -> None:
    lead = desk.operators[2]
    early = [await (await desk.requester()).ask_for_help("chat", PLAIN, "") for _ in range(2)]
    await desk.control.add_person(204, "Late", role="operator")
    await desk.control.set_member(GROUP, 204, True)
    late = await desk.hire(204)
    try:
        name = await name_of(desk, late)
        await reads(lead.phone, name, "/rewrap")
        card = await desk.card(early[0].reference)
        assert "before your key" in (await late.group.press("Claim", message_id=card)).text
        await lead.phone.send("/rewrap")
        await press(lead.phone, name, await reads(lead.phone, "confirmed later", button=name))
        locks = await reads(lead.phone, "--rewrap-for", file=True)
        await reads(desk.admin, name, "was handed the locks")
        bundle, slots = await lead.phone.download(locks.file_id or ""), tmp_path / "slots.txt"
        made = await opened(
            desk, lead, bundle, tmp_path / "device", "--rewrap-for", late.public, "--out", str(slots)
        )
        assert made.code == 0, made
        content = slots.read_bytes()
        count = len(decode_slots(content.decode()).slots)
        assert count >= len(early)
        sent = await lead.phone.send_media("document", file_name="slots.txt", content=content)
        await reads(lead.phone, f"Requests that {name} can open now: {count} more.")
        await gone(lead.phone, sent.id)
        await reads(late.phone, "Earlier requests that you can open now")
        file = await claimed(desk, late, early[0])
        assert early[0].reference in open_text(await late.phone.download(file.file_id or ""), late.private)
        again = await lead.phone.send_media("document", file_name="slots.txt", content=content)
        await reads(lead.phone, "Could be opened by them already")
        await gone(lead.phone, again.id)
    finally:
        desk.operators.remove(late)
