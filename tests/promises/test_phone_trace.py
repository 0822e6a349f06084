"""Least trace on the phone: what is deleted, when, and what is said about the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.requester_code import LONGER_SECONDS, SHOWN_SECONDS
from intake.questionnaire import Kind
from sandbox.client import Bubble
from storage import traces
from storage.schema import traces as traces_table
from tests.promises.place import HOUR, Quarter, quarter
from tests.service.requester import Requester, Sent
from tests.service.town import GROUP

DELETABLE = 48 * HOUR
"""For so long Telegram lets a bot delete a message."""
REPLY = "We know a way. Come on Tuesday. Приходите во вторник."


def _texts(shown: Iterable[Bubble]) -> list[str]:
    return [m.text for m in shown]


async def _claimed(here: Quarter, sent: Sent) -> Bubble:
    """The operator takes the case; the sealed file in their chat."""
    operator = here.operators[0]
    await operator.group.press("Claim", message_id=await here.card(sent.reference))
    await here.rest()
    return next(m for m in reversed(here.chat(operator.phone.user_id)) if m.file_id)


async def _replied(here: Quarter, sent: Sent, text: str = REPLY) -> None:
    file = await _claimed(here, sent)
    await here.operators[0].phone.send(text, reply_to=file.id)
    await here.rest()


def _replies(here: Quarter, ann: Requester) -> list[Bubble]:
    return [m for m in here.chat(ann.user_id) if REPLY in m.text]


# Wiping.


async def test_sending_wipes_the_chat_down_to_one_screen(here: Quarter) -> None:
    ann = await here.requester()
    await ann.begin()
    await ann.send("/help")
    await ann.send("something in between")
    await ann.send_media("sticker")
    await ann.send("/start")
    await here.rest()
    await ann.answer_all()
    await ann.submit()
    await here.rest()
    shown = here.chat(ann.user_id)
    assert len(shown) == 1
    assert shown[0].from_bot


async def test_sending_with_a_code_leaves_one_line_and_the_code_alone(here: Quarter) -> None:
    ann = await here.requester()
    await ann.ask_for_help("code")
    await here.rest()
    assert len(here.chat(ann.user_id)) == 2
    await here.pass_time(SHOWN_SECONDS)
    assert len(here.chat(ann.user_id)) == 1


async def test_wipe_deletes_everything_and_says_what_it_cannot_delete(here: Quarter) -> None:
    ann = await here.requester()
    sent = await ann.ask_for_help()
    await _replied(here, sent)
    await ann.send("/privacy")
    await ann.send("/wipe")
    await here.rest()
    assert _texts(here.chat(ann.user_id)) == [ann.say("wiped")]
    assert "48" in ann.say("wiped")


async def test_wipe_deletes_what_it_can_when_some_messages_are_too_old(here: Quarter) -> None:
    """The service was down for so long that an old message can't be deleted: it does not hold up the others."""
    ann = await here.requester()
    await ann.begin()
    await here.rest()
    await here.service.stop()
    await here.pass_time(DELETABLE + HOUR)
    old = {m.id: m.from_bot for m in here.chat(ann.user_id)}
    assert set(old.values()) == {True, False}
    await here.service.start()
    await ann.send("/help")
    await ann.send("one more")
    await ann.send("/wipe")
    await here.rest()
    left = here.chat(ann.user_id)
    assert [m.text for m in left if m.id not in old] == [ann.say("wiped")]
    assert len(left) == len(old) + 1
    assert await here.data(lambda tx: len(traces.of_chat(tx, ann.user_id))) == 1
    assert {m.text for m in left if old.get(m.id)} == {ann.say("stopped")}
    assert all(not m.buttons for m in left if m.id in old)


@pytest.mark.parametrize("how", ["press", "command"])
async def test_stop_leaves_one_neutral_line(here: Quarter, how: str) -> None:
    ann = await here.requester("ru")
    await ann.begin()
    await ann.send("/privacy")
    await here.rest()
    await (ann.tap(ann.say("stop-button")) if how == "press" else ann.send("/stop"))
    await here.rest()
    assert _texts(here.chat(ann.user_id)) == [ann.say("stopped")]
    assert here.questionnaire.title["ru"] not in ann.say("stopped")


async def test_stop_right_after_start_leaves_one_neutral_line(here: Quarter) -> None:
    """The first screen is still on its way when the chat is wiped."""
    ann = await here.requester()
    await ann.start()
    await ann.send("/help")
    await ann.send("/start")
    await ann.send("/stop")
    await here.rest()
    assert _texts(here.chat(ann.user_id)) == [ann.say("stopped")]


async def test_stop_is_one_tap_from_every_screen(here: Quarter) -> None:
    """Through a whole request, with every page laid over every screen."""
    ann = await here.requester()
    seen = 0

    async def look() -> None:
        nonlocal seen
        await here.rest()
        screens = [m for m in here.chat(ann.user_id) if m.from_bot and m.buttons]
        assert len(screens) == 1
        assert screens[0].buttons[-1].text.endswith(ann.say("stop-button").split()[-1]), screens[0].labels
        seen += 1

    async def look_at_pages() -> None:
        await look()
        for command in ("/help", "/privacy", "/verify", "/language", "/status"):
            await ann.send(command)
            await look()
        if any(
            ann.say("code-ask", letters=2800) == m.text.partition("\n\n")[2] for m in here.chat(ann.user_id)
        ):
            await ann.tap(ann.say("back-button"))
        await ann.send("/start")
        await look()

    await ann.start()
    await here.rest()
    await ann.press(ann.say("language-name"))
    await look_at_pages()
    await ann.tap(ann.say("begin-button"))
    for question in here.questionnaire.questions[:3]:
        await look()
        await ann.tap(ann.say("skip-button"))
        assert question.kind is not Kind.TEXT
    await look_at_pages()
    await ann.answer_all({}, "")
    await look_at_pages()
    await ann.tap(ann.say("send-button"))
    await look()
    await ann.tap(ann.say("channel-chat-button"))
    await look()
    await ann.send("/erase")
    await look()
    assert seen > 20


# Text and replies.


async def test_a_text_is_deleted_as_soon_as_it_is_sealed(here: Quarter) -> None:
    ann = await here.requester()
    await ann.begin()
    await ann.answer_all(text="Наша улица — Абовяна 🕯")
    await here.rest()
    assert not [m for m in here.chat(ann.user_id) if "Абовяна" in m.text]


async def test_contacts_places_and_files_are_deleted_at_once(here: Quarter) -> None:
    ann = await here.requester()
    await ann.start()
    for kind in ("contact", "location", "venue", "photo", "voice", "document", "video_note"):
        await ann.send_media(kind)
    await here.rest()
    assert [m for m in here.chat(ann.user_id) if m.media] == []


async def test_a_reply_disappears_after_the_set_hours(tmp_path: Path) -> None:
    async with quarter(tmp_path, REPLY_HOURS="5") as here:
        ann = await here.requester()
        await _replied(here, await ann.ask_for_help())
        await here.pass_time(5 * HOUR - 60)
        assert len(_replies(here, ann)) == 1
        await here.pass_time(60)
        assert _replies(here, ann) == []


async def test_a_reply_disappears_although_the_service_was_down_when_it_should_have(here: Quarter) -> None:
    ann = await here.requester()
    await _replied(here, await ann.ask_for_help())
    await here.service.stop()
    await here.pass_time(30 * HOUR)
    assert len(_replies(here, ann)) == 1
    await here.service.start()
    await here.rest()
    assert _replies(here, ann) == []


async def test_a_reply_fetched_with_the_code_disappears_as_well(here: Quarter) -> None:
    ann = await here.requester()
    sent = await ann.ask_for_help("code")
    await _replied(here, sent)
    other = await here.requester()
    await other.send("/status")
    await other.send(sent.code)
    await here.rest()
    assert len(_replies(here, other)) == 1
    assert not [m for m in here.chat(other.user_id) if sent.code in m.text]
    await here.pass_time(24 * HOUR)
    assert _replies(here, other) == []


async def test_the_message_with_the_code_lives_a_minute_or_longer_on_request(here: Quarter) -> None:
    ann = await here.requester()
    sent = await ann.ask_for_help("code")
    await here.rest()
    await here.pass_time(SHOWN_SECONDS - 5)
    await ann.tap(ann.say("code-longer-button"))
    await here.pass_time(LONGER_SECONDS - 5)
    assert [m for m in here.chat(ann.user_id) if sent.code in m.text]
    await here.pass_time(5)
    assert [m for m in here.chat(ann.user_id) if sent.code in m.text] == []


async def test_the_message_with_the_code_goes_at_once_when_it_is_written_down(here: Quarter) -> None:
    ann = await here.requester()
    sent = await ann.ask_for_help("code")
    await ann.tap(ann.say("code-written-button"))
    await here.rest()
    assert [m for m in here.chat(ann.user_id) if sent.code in m.text] == []


# How it is remembered.


async def test_what_must_be_deleted_is_noted_sealed_and_in_one_size_and_forgotten_when_done(
    here: Quarter,
) -> None:
    ann, bob = await here.requester(), await here.requester()
    for who in (ann, bob):
        await who.begin()
        await who.send("/help")
    await here.rest()
    ids = {m.id for who in (ann, bob) for m in here.chat(who.user_id)}
    rows = await here.data(lambda tx: tx.conn.execute(select(traces_table)).all())
    assert len(rows) >= len(ids)
    assert len({len(row.message) for row in rows}) == 1
    for row in rows:
        for known in [str(ann.user_id), str(bob.user_id), *map(str, ids)]:
            if len(known) > 3:  # fewer digits are found in any box
                assert known.encode() not in row.message
    for who in (ann, bob):
        await who.send("/stop")
    await here.rest()
    await here.pass_time(47 * HOUR)
    assert await here.data(lambda tx: tx.conn.execute(select(traces_table)).all()) == []


async def test_deletions_go_out_in_batches_of_a_hundred(tmp_path: Path) -> None:
    async with quarter(tmp_path) as here:
        ann = await here.requester()
        await ann.start()
        for n in range(120):
            await ann.send(f"again {n}")
        await ann.send("/wipe")
        await here.rest()
        assert _texts(here.chat(ann.user_id)) == [ann.say("wiped")]
        sizes = [len(c["parameters"]["message_ids"]) for c in await here.control.calls("deleteMessages")]
        assert max(sizes) == 100
        assert sum(sizes) > 120


# The last moment.


async def test_nothing_that_could_have_been_deleted_is_left_a_minute_before_telegram_refuses(
    tmp_path: Path,
) -> None:
    """Whatever people did in the first hours: at 47 h 59 the chats hold nothing."""
    async with quarter(tmp_path, THROTTLE="0.5") as here:
        people = await _busy_people(here)
        operator = here.operators[0].phone
        await operator.send("not a reply to anything: she lives at 12 Abovyan street")
        await here.rest()
        first = here.now
        texts = [m for m in here.chat(operator.user_id) if "Abovyan" in m.text or m.file_id]
        assert len(texts) >= 2
        await here.pass_time(first + DELETABLE - 60 - here.now)
        for who in people:
            assert _texts(here.chat(who.user_id)) == []
        assert [m for m in here.chat(operator.user_id) if "Abovyan" in m.text or m.file_id] == []
        assert not [m for m in here.chat(GROUP) if m.file_id]


async def _busy_people(here: Quarter) -> Sequence[Requester]:
    abandoned, sender, coder, odd, hasty, stopped = [await here.requester() for _ in range(6)]
    await abandoned.begin()
    await abandoned.answer(here.questionnaire.questions[0], ("on-leave",))
    sent = await sender.ask_for_help()
    await _replied(here, sent)
    await sender.send("More of it, please")
    await coder.ask_for_help("code")
    for kind in ("poll", "sticker", "animation", "audio", "video", "contact", "dice"):
        await odd.send_media(kind)
    for words in ("/start", "/nonsense", "/queue@other_bot", "/status", "0000 0000 0000 0000", "/erase"):
        await odd.send(words)
    edited = await odd.send("before")
    await odd.edit(edited.id, "after")
    await odd.send("a friend's words", forwarded=True)
    for n in range(40):
        await hasty.send(f"quickly {n}")
    await stopped.begin()
    await stopped.send("/stop")
    return abandoned, sender, coder, odd, hasty, stopped


async def test_what_came_while_the_service_was_down_is_counted_from_when_it_was_sent(here: Quarter) -> None:
    ann = await here.requester()
    await ann.start()
    await here.rest()
    await here.service.stop()
    late = await ann.send("Are you there?")
    at = here.now
    await here.pass_time(20 * HOUR)
    await here.service.start()
    await here.rest()
    await here.pass_time(at + DELETABLE - 60 - here.now)
    assert late.id not in {m.id for m in here.chat(ann.user_id)}


async def test_the_file_goes_from_the_operators_chat_when_the_case_is_released(here: Quarter) -> None:
    ann = await here.requester()
    file = await _claimed(here, await ann.ask_for_help())
    operator = here.operators[0].phone
    await operator.press("Release", message_id=file.id)
    await here.rest()
    assert not [m for m in here.chat(operator.user_id) if m.file_id]


async def test_a_reply_is_deleted_from_the_operators_own_chat_and_one_that_failed_within_two_days(
    here: Quarter,
) -> None:
    ann = await here.requester()
    file = await _claimed(here, await ann.ask_for_help())
    operator = here.operators[0].phone
    await operator.send(REPLY, reply_to=file.id)
    long = await operator.send("ж" * 3_000, reply_to=file.id)
    lost = await operator.send("To her: come at six", reply_to=here.chat(operator.user_id)[0].id)
    at = here.now
    await here.rest()
    assert not [m for m in here.chat(operator.user_id) if REPLY in m.text]
    await here.pass_time(at + DELETABLE - 60 - here.now)
    assert not {long.id, lost.id} & {m.id for m in here.chat(operator.user_id)}
