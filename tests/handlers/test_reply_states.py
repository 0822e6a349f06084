"""Each reply shows its holder how it stands, in one line that is edited in place; what fails can be sent again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import deliveries, reply_states
from handlers.outgoing import Buttons
from intake.roles import Role
from storage import drafts, outbox, undelivered
from storage.outbox import Job, Task
from storage.replies import Why
from tests.handlers.desk import Message, Person, World, join
from tests.handlers.test_operator_turn import ANN, BEN, _move_to, claimed, file_of
from tests.handlers.test_requester_turn import only_case

HOUR, DAY = 3_600, 86_400
WORDS = "come to the bakery at nine"


def lines(world: World, chat: int = 900) -> list[Message]:
    return [m for m in world.shown(chat) if ", your reply " in m.text]


def reply_of(world: World, chat: int = ANN) -> Message:
    return next(m for m in world.shown(chat) if WORDS in m.text)


async def replied(world: World, *, until: str = "chat") -> tuple[Person, Person]:
    heron, ann = await claimed(world, until=until)
    await heron.send(WORDS, reply_to=file_of(world, 900).id)
    return heron, ann


async def due(world: World, task: Task) -> list[tuple[bytes, Job]]:
    return [(i, j) for i, j in await world.read(lambda tx: outbox.due(tx, world.now)) if j.task is task]


async def fail(world: World, why: Why) -> None:
    [(job_id, job)] = [(i, j) for i, j in await due(world, Task.SEND) if j.reply]
    await world.write(lambda tx: deliveries.given_up(tx, world.desk, job_id, job, why, world.now))


async def test_the_line_is_one_message_from_queued_to_read(world: World) -> None:
    _, ann = await replied(world)
    [(job_id, job)] = await due(world, Task.STATUS)
    call = await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))
    assert world.say("reply-state-queued") in call.text
    await world.deliver()
    [line] = lines(world)
    assert "Delivered" in line.text
    await ann.press(world.say("seen-button"))
    await world.deliver()
    assert [(m.id, "Read: " in m.text) for m in lines(world)] == [(line.id, True)]


async def test_the_hour_is_shown_and_no_minute(world: World) -> None:
    _, ann = await replied(world)
    world.wait(-(world.now % HOUR) + 59 * 60 + 17)
    await world.deliver()
    await ann.press(world.say("seen-button"))
    await world.deliver()
    hour = world.now % DAY // HOUR
    assert f"{hour:02}:00–{(hour + 1) % 24:02}:00 UTC" in lines(world)[0].text
    assert ":59" not in lines(world)[0].text


async def test_pressing_read_answers_takes_the_button_away_and_works_once(world: World) -> None:
    _, ann = await replied(world)
    await world.deliver()
    shown = reply_of(world)
    answer = await ann.press(world.say("seen-button"))
    assert answer.text == world.say("seen-noted")
    assert (shown.keyboard, WORDS in shown.text) == ((), True)
    await world.deliver()
    before = await world.tables()
    await ann.again()
    await world.deliver()
    assert (await world.tables())["replies"] == before["replies"]


async def test_nobody_else_can_say_that_a_reply_was_read(world: World) -> None:
    """The payload is all it takes to press it; it counts in the chat that the reply was sent to, and nowhere else."""
    await replied(world)
    await world.deliver()
    [[button]] = reply_of(world).keyboard
    before = (await world.tables())["replies"]
    ben = Person(world, BEN)
    await ben.send("/start")
    answer = await ben.press_data(button.data, ben.screen)
    await world.deliver()
    assert (await world.tables())["replies"] == before
    assert answer.text == world.say("seen-noted")  # which tells them nothing


@pytest.mark.parametrize("data", ["seen.", "seen." + "zz" * 16, "seen." + "0" * 32, "seen.0" * 9])
async def test_a_payload_that_is_no_reply_of_ours_changes_nothing(world: World, data: str) -> None:
    _, ann = await replied(world)
    await world.deliver()
    before = await world.tables()
    await ann.press_data(data, reply_of(world))
    after = await world.tables()
    assert {name for name in after if after[name] != before[name]} == set()


async def test_with_a_code_it_says_that_it_waits_and_that_fetching_is_not_told(world: World) -> None:
    await replied(world, until="code")
    await world.deliver()
    [line] = lines(world)
    assert world.say("reply-state-by-code") in line.text
    assert not [m for m in world.shown(ANN) if WORDS in m.text]


async def test_the_holder_can_answer_by_replying_to_the_line(world: World) -> None:
    heron, _ = await replied(world)
    await world.deliver()
    await heron.send("and bring your papers", reply_to=lines(world)[0].id)
    await world.deliver()
    assert [m for m in world.shown(ANN) if "and bring your papers" in m.text]
    assert ["reply 1" in m.text for m in lines(world)] == [True, False]


@pytest.mark.parametrize("why", Why)
async def test_the_holder_hears_why_a_reply_did_not_arrive(world: World, why: Why) -> None:
    await replied(world)
    await fail(world, why)
    await world.deliver()
    [line] = lines(world)
    assert {
        Why.BLOCKED: "has blocked the bot",
        Why.DELETED: "not there any more",
        Why.TOO_LATE: "nobody is trying any more",
        Why.REFUSED: "does not take this message",
        Why.NOT_FETCHED: "did not hand out your file",
    }[why] in line.text
    # Nothing can be sent again to an account that is gone, nor what Telegram does not take.
    assert bool(line.labels) == (why in {Why.BLOCKED, Why.TOO_LATE})
    assert not [m for m in world.shown(ANN) if WORDS in m.text]
    assert await world.read(lambda tx: [(e.kind, e.why) for e in undelivered.everything(tx)]) == [
        ("reply", why)
    ]


async def test_what_failed_is_sent_again_with_a_press_and_struck_off_the_list(world: World) -> None:
    heron, _ = await replied(world)
    await fail(world, Why.BLOCKED)
    await world.deliver()
    await heron.press(world.say("send-again-button"))
    await world.deliver()
    assert WORDS in reply_of(world).text
    assert ["Delivered" in m.text for m in lines(world)] == [True]
    assert await world.read(undelivered.everything) == []


async def test_what_failed_is_kept_for_a_day_and_the_button_goes_with_it(world: World) -> None:
    heron, _ = await replied(world)
    await fail(world, Why.BLOCKED)
    await world.deliver()
    on, data = heron.find(world.say("send-again-button"))
    world.wait(DAY)
    await world.deliver()
    world.wait(1)
    await world.deliver()
    assert lines(world)[0].labels == []
    answer = await heron.press_data(data, on)
    assert (answer.text, answer.alert) == (world.say("send-again-too-late"), True)
    await world.deliver()
    assert not [m for m in world.shown(ANN) if WORDS in m.text]
    assert await world.read(outbox.waiting) == []


async def test_only_the_holder_can_send_it_again(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, _ = await replied(world)
    await fail(world, Why.BLOCKED)
    await world.deliver()
    on, data = heron.find(world.say("send-again-button"))
    answer = await ibis.press_data(data, on)
    assert (answer.text, answer.alert) == (world.say("send-again-not-yours"), True)
    await world.deliver()
    assert not [m for m in world.shown(ANN) if WORDS in m.text]


async def test_nothing_of_a_reply_is_kept_once_its_case_is_closed_or_erased(world: World) -> None:
    _, ann = await replied(world)
    await fail(world, Why.BLOCKED)
    await world.deliver()
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    tables = await world.tables()
    assert (tables["replies"], tables["undelivered"]) == ([], [])
    assert not [j for _, j in await world.read(outbox.waiting) if j.task in {Task.KEPT, Task.STATUS}]


async def test_a_line_that_the_holder_deleted_comes_anew(world: World) -> None:
    await replied(world)
    await world.deliver()
    [line] = lines(world)
    [row] = [j for _, j in await world.read(outbox.waiting)] or [None]
    assert row is None
    reply = reply_of(world).keyboard[0][0].data.removeprefix("seen.")
    job = Job(Task.STATUS, world.now, case=(await world.read(only_case)).case.hex(), reply=reply)
    world.chats[900].pop(line.id)
    await world.write(lambda tx: reply_states.line_lost(tx, job, world.now))
    await world.deliver()
    assert [m.id != line.id and "Delivered" in m.text for m in lines(world)] == [True]


async def test_the_next_holder_gets_a_line_of_their_own(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, ann = await replied(world)
    await world.deliver()
    await heron.press(world.say("release-button"))
    await world.deliver()
    case = await world.read(only_case)
    await world.write(lambda tx: _move_to(tx, case, ibis))
    await ann.press(world.say("seen-button"))
    await world.deliver()
    assert ["Read: " in m.text for m in lines(world, 901)] == [True]
    assert lines(world, 900) == []


async def test_a_second_copy_says_so_and_the_holder_is_told(world: World) -> None:
    """Handed to Telegram, and then the process died: nobody knows whether it has arrived."""
    await replied(world)
    [(job_id, job)] = [(i, j) for i, j in await due(world, Task.SEND) if j.reply]
    await world.write(lambda tx: outbox.postpone(tx, job_id, replace(job, posted=True)))
    await world.deliver()
    assert reply_of(world).text.startswith(world.say("reply-again"))
    assert world.say("reply-state-twice") in lines(world)[0].text


async def test_an_admin_sees_what_did_not_arrive_and_nothing_of_a_requester(world: World) -> None:
    robin = await join(world, 904, Role.ADMIN, "Robin")
    await robin.send("/undelivered")
    assert world.shown(904)[-1].text == world.say("undelivered-none", days=30)
    await replied(world)
    await fail(world, Why.DELETED)
    await robin.send("/undelivered")
    text, case = world.shown(904)[-1].text, await world.read(only_case)
    assert case.reference in text
    assert world.say("undelivered-why-deleted") in text
    assert str(ANN) not in text
    assert WORDS not in text


async def test_the_list_has_an_end_and_the_oldest_go_first(world: World) -> None:
    def fill(tx: object) -> None:
        for n in range(undelivered.MOST_KEPT + 5):
            undelivered.note(tx, "notice", "refused", world.now + n * DAY)  # type: ignore[arg-type]

    await world.write(fill)
    left = await world.read(undelivered.everything)
    assert len(left) == undelivered.MOST_KEPT
    assert min(each.hour for each in left) >= world.now + 4 * DAY


async def test_the_button_is_no_way_to_tell_who_is_served(world: World) -> None:
    """Whoever has no case gets the same answer."""
    ben = Person(world, BEN)
    await ben.send("/start")
    answer = await ben.press_data("seen." + "0" * 32, ben.screen)
    assert answer.text == world.say("seen-noted")
    assert any(isinstance(call, Buttons) for call in world.posted)


async def test_what_did_not_arrive_leads_to_no_reply_by_its_number(world: World) -> None:
    await replied(world)
    await fail(world, Why.BLOCKED)
    tables = await world.tables()
    assert tables["undelivered"]
    assert not {row[0] for row in tables["undelivered"]} & {row[0] for row in tables["replies"]}


async def test_what_is_typed_below_a_reply_is_answered_below_it(world: World) -> None:
    """An edit of the screen above would go unseen: their words would vanish, and nothing seem to happen."""
    _, ann = await replied(world)
    before = await world.read(lambda tx: drafts.load(tx, ann.account))
    await ann.send("before there was a reply")
    assert (await world.read(lambda tx: drafts.load(tx, ann.account))).screen == before.screen
    await world.deliver()
    await ann.send("thank you, I shall come")
    hint, reply = world.say("hint-added"), reply_of(world)
    [screen] = [m for m in world.shown(ANN) if hint in m.text]
    assert screen.id > reply.id
    assert before.screen not in world.chats[ANN], "there is one screen"
    await ann.press(world.say("refresh-button"))
    await ann.send("and with my sister")
    assert [m.id for m in world.shown(ANN) if hint in m.text] == [screen.id], "nothing came below it since"
