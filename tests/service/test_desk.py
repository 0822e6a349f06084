"""The desk from the operator's seat, over HTTP: what the team lives with, shift after shift.

One town with a clock that can be moved; each test is a few scenes with people of its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from nacl.public import PrivateKey

from bot.opening import open_text
from intake.roles import Role
from sandbox.client import Answer, Bubble, Phone
from storage import keyfile, staff
from storage.argon import Cost
from storage.slot_bundle import decode_slots
from tests.service.requester import REFERENCE, Picks, Requester, Sent
from tests.service.town import DELAY, GROUP, Operator, Town
from tests.service.town import town as open_town

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = 3_600
PLAIN: Picks = {"status": ("on-leave",), "where": ("armenia",), "danger": ("phone",)}
SOON: Picks = {"status": ("on-leave",), "time-left": ("three-days",), "where": ("armenia",)}
REFERRALS = """\
referrals:
  - id: legal-centre
    name: {en: Legal centre, ru: Юридический центр, uk: Юридичний центр, kk: Заң орталығы}
    text: {en: "Call 112-233.", ru: "Звоните: 112-233.", uk: "Телефон: 112-233.", kk: "Телефон: 112-233."}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    home = tmp_path_factory.mktemp("desk")
    (home / "referrals.yaml").write_text(REFERRALS, "utf-8")
    replies = Path(__file__).parents[2] / "questionnaires" / "replies" / "neutral.yaml"
    settings = {
        "REFERRALS": str(home / "referrals.yaml"),
        "CANNED_REPLIES": str(replies),
        "UNDO_SECONDS": "60",
        "LEASE_HOURS": "4",
        "OPENINGS_PER_HOUR": "5",
    }
    async with open_town(home, settings, operators=2, movable_clock=True) as found:
        await found.control.add_person(203, "Lead", role="operator")
        await found.control.set_member(GROUP, 203, True)
        await found.hire(203, Role.LEAD)
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def desk(place: Town) -> AsyncIterator[Town]:
    """An hour after whatever was before: the limits of that hour are over, and the group has room."""
    await place.later(HOUR)
    place.service.new_errors()
    yield place
    assert not (errors := place.service.new_errors()), errors


async def reads(phone: Phone, *words: str, after: int = 0, file: bool = False, button: str = "") -> Bubble:
    """The newest message of the bot's with all these words, as soon as there is one."""

    def found(shown: object) -> list[Bubble]:
        return [
            m
            for m in shown  # type: ignore[attr-defined]
            if m.from_bot
            and m.id > after
            and all(word in m.text for word in words)
            and (m.media or not file)
            and (not button or any(button in label for label in m.labels))
        ]

    try:
        return found(await phone.wait_for(found, timeout=DELAY))[-1]
    except TimeoutError as late:
        raise AssertionError(f"not read: {words} {button}; {late}") from None


async def gone(phone: Phone, message: int) -> None:
    await phone.wait_for(lambda shown: all(m.id != message for m in shown), timeout=DELAY)


async def press(phone: Phone, label: str, on: Bubble) -> Answer:
    """The button whose label holds this."""
    whole = next(each for each in on.labels if label in each)
    answer = await phone.press(whole, message_id=on.id)
    assert answer.answered, f"the press on “{label}” was never answered"
    return answer


async def emergency(town: Town, language: str = "en") -> tuple[Requester, str]:
    ann = await town.requester(language)
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.question("status"), "held"))
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    reference = reference_in(screen.text)
    await town.card(reference, "emergency")
    return ann, reference


def reference_in(text: str) -> str:
    found = REFERENCE.search(text)
    assert found is not None, text
    return found[0]


async def claimed(town: Town, seat: Operator, sent: Sent) -> Bubble:
    answer = await seat.group.press("Claim", message_id=await town.card(sent.reference))
    assert "is yours" in answer.text, answer
    return await reads(seat.phone, sent.reference, file=True)


async def name_of(town: Town, seat: Operator) -> str:
    public = bytes(seat.private.public_key)
    member = await town.data(lambda tx: staff.by_key(tx, public))
    assert member is not None
    return member.name


def keep_key(path: Path, private: PrivateKey, passphrase: str) -> None:
    """As `postern keygen` keeps it, at less cost."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(24)
    path.write_text(keyfile._seal(private, passphrase, Cost(1, 8192), salt=salt, nonce=nonce))
    path.chmod(0o600)


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
    await one.phone.send("/duty")
    await press(one.phone, "Go off duty", await reads(one.phone, "on duty for", button="Go off duty"))


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


async def test_handing_over_with_a_note_merging_referring_and_undoing(desk: Town) -> None:
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
    await press(two.phone, "Duplicate of one", await reads(two.phone, twin.reference, "how did it end"))
    await press(two.phone, sent.reference, await reads(two.phone, "is a duplicate of which"))
    soon = await reads(two.phone, twin.reference, "will be closed in", button="Undo")
    await press(two.phone, "Undo", soon)
    await desk.later(70)
    await desk.card(twin.reference, "Taken by")

    await press(two.phone, "Close…", other)
    await press(
        two.phone, "referred", await reads(two.phone, twin.reference, "how did it end", after=soon.id)
    )
    await press(two.phone, "Legal centre", await reads(two.phone, "referred to whom"))
    await reads(two.phone, twin.reference, "will be closed in", after=soon.id)
    assert not [m for m in await ben.messages() if "112-233" in m.text]
    await desk.later(70)
    await reads(ben, "Звоните: 112-233.")
    await desk.card(twin.reference, "Closed: referred")


async def test_prepared_replies_the_wrong_language_and_a_reply_that_does_not_arrive(desk: Town) -> None:
    one = desk.operators[0]
    ann = await desk.requester("ru")
    sent = await ann.ask_for_help("chat", PLAIN, "")
    file = await claimed(desk, one, sent)
    await press(one.phone, "Prepared replies", file)
    await press(one.phone, "We are working on it", await reads(one.phone, "which reply?"))
    preview = await reads(one.phone, "requester’s language (Русский)", "Мы прочли ваше обращение")
    assert not [m for m in await ann.messages() if "Мы прочли" in m.text]
    await press(one.phone, "Send this", preview)
    arrived = await reads(ann, "Мы прочли ваше обращение")
    line = await reads(one.phone, sent.reference, "your reply 1", "Delivered")
    await press(ann, "Прочитано", arrived)
    assert (await reads(one.phone, sent.reference, "your reply 1", "Read:")).id == line.id

    await one.phone.send("Come on Tuesday at ten, to the second floor.", reply_to=file.id)
    doubt = await reads(one.phone, sent.reference, "does not look like the requester’s language")
    assert not [m for m in await ann.messages() if "Tuesday" in m.text]
    await press(one.phone, "Send it anyway", doubt)
    await reads(ann, "Come on Tuesday")

    await ann.block()
    await one.phone.send("Приходите в среду к десяти.", reply_to=file.id)
    failed = await reads(one.phone, sent.reference, "Not delivered", "blocked", button="Send again")
    await desk.admin.send("/undelivered")
    await reads(desk.admin, sent.reference, "blocked")
    await ann.block(False)
    await press(one.phone, "Send again", failed)
    await reads(ann, "Приходите в среду")
    assert (await reads(one.phone, sent.reference, "your reply 3", "Delivered")).id == failed.id


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
        (tmp_path / "locks.postern").write_bytes(await lead.phone.download(locks.file_id or ""))
        (tmp_path / "words").write_text("correct horse battery\n")
        keep_key(tmp_path / "my.key", lead.private, "correct horse battery")
        made = await asyncio.to_thread(
            desk.place.run, "open", str(tmp_path / "locks.postern"), "--key", str(tmp_path / "my.key"),
            "--passphrase-file", str(tmp_path / "words"), "--rewrap-for", late.public,
            "--out", str(tmp_path / "slots.txt"),
        )  # fmt: skip
        assert made.code == 0, made
        content = (tmp_path / "slots.txt").read_bytes()
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
