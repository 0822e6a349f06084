"""The staff: from an invitation to a closed case; and that nobody else sees any of it."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from bot.opening import open_attached, open_text
from intake.errors import PosternError
from intake.roles import Role
from sandbox.client import Bubble, Phone
from storage import audit, cases, custody, staff
from storage.database import Tx
from tests.service.requester import TEXT, Sent
from tests.service.town import DELAY, GROUP, RECOVERY, Operator, Town, said_to

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _claimed(town: Town, operator: Operator, sent: Sent) -> Bubble:
    """The file that a claim brings."""
    answer = await operator.group.press("Claim", message_id=await town.card(sent.reference))
    assert "is yours" in answer.text
    return await _file(operator, sent)


async def _file(operator: Operator, sent: Sent, *, after: int = 0) -> Bubble:
    def files(shown: object) -> list[Bubble]:
        return [m for m in shown if m.media and sent.reference in m.text and m.id > after]  # type: ignore[attr-defined]

    shown = await operator.phone.wait_for(files, timeout=DELAY)
    return files(shown)[-1]


async def test_a_document_that_the_holder_asks_for_comes_sealed_and_leaves_the_chat(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    file = await _claimed(town, operator, sent)
    unasked = await ann.send_media("photo", content=b"nobody asked for this")
    await ann.wait_for(lambda ms: all(m.id != unasked.id for m in ms), timeout=DELAY)
    await operator.phone.press("Ask for a document", message_id=file.id)
    await ann.wait_for(
        lambda ms: any(sent.reference in m.text and "document" in m.text for m in ms), timeout=DELAY
    )
    content = secrets.token_bytes(700_000)
    papers = await ann.send_media("document", file_name="Ann Orlova.pdf", content=content)
    await ann.wait_for(lambda ms: all(m.id != papers.id for m in ms), timeout=DELAY)
    handed = await _file(operator, sent, after=file.id)
    document = await operator.phone.download(handed.file_id or "")
    opened = open_attached(document, operator.private)
    assert opened is not None
    assert opened.content == content
    assert b"Orlova" not in document
    with pytest.raises(PosternError):
        open_attached(document, town.operators[1].private)


async def test_enrolment_in_chat_and_opening_a_case_as_the_readme_tells(town: Town, tmp_path: Path) -> None:
    """`postern invite`, /start TOKEN, the line of `postern keygen`, the admin's yes, `postern open`."""
    run, words = town.place.run, tmp_path / "passphrase"
    words.write_text("correct horse battery\n")
    link, mine, foreign = await asyncio.gather(
        asyncio.to_thread(run, "invite", "operator"),
        asyncio.to_thread(run, "keygen", str(tmp_path / "my.key"), "--passphrase-file", str(words)),
        asyncio.to_thread(run, "keygen", str(tmp_path / "other.key"), "--passphrase-file", str(words)),
    )
    token = re.fullmatch(r"https://t\.me/postern_sandbox_bot\?start=(\S+)\n", link.out)
    assert token
    assert re.fullmatch(r"postern-pub-1\S+\n", mine.out)
    assert foreign.code == 0
    user = 9_000 + secrets.randbelow(1000)
    await town.control.add_person(user, "Newcomer", role="operator")
    await town.control.set_member(GROUP, user, True)
    phone, seat = town.sandbox.phone(user), town.sandbox.phone(user, GROUP)

    started = await phone.start(token[1])
    await phone.wait_for(lambda ms: any("postern keygen" in m.text for m in ms), timeout=DELAY)
    await phone.wait_for(lambda ms: all(m.id != started.id for m in ms), timeout=DELAY)
    before = await (await town.requester()).ask_for_help()
    await phone.send("postern-pub-1 nonsense")
    await phone.wait_for(lambda ms: any("not complete" in m.text for m in ms), timeout=DELAY)
    await phone.send(mine.out)
    shown = await phone.wait_for(lambda ms: any("key’s words" in m.text for m in ms), timeout=DELAY)
    key_words = next(m for m in shown if "key’s words" in m.text).text.splitlines()[1]
    assert key_words in mine.err
    asked = await town.admin.wait_for(
        lambda ms: any(key_words in m.text and m.buttons for m in ms), timeout=DELAY
    )
    question = next(m for m in asked if key_words in m.text and m.buttons)
    await phone.send("/queue")  # nothing is open to somebody whose key is not confirmed
    await phone.wait_for(lambda ms: any("until an admin confirms" in m.text for m in ms), timeout=DELAY)
    card = await town.card(before.reference)
    assert (await seat.press("Claim", message_id=card)).text == ""
    await town.admin.press("The words are the same", message_id=question.id)
    await phone.wait_for(lambda ms: any("is confirmed" in m.text for m in ms), timeout=DELAY)
    listed = await asyncio.to_thread(run, "operators", "list")
    assert any(key_words in line and "active" in line for line in listed.out.splitlines())
    assert "before your key was confirmed" in (await seat.press("Claim", message_id=card)).text

    sent = await (await town.requester()).ask_for_help()
    await seat.press("Claim", message_id=await town.card(sent.reference))
    file = await _file(Operator(phone, seat, RECOVERY), sent)
    assert file.file_id
    (tmp_path / "case.postern").write_bytes(await phone.download(file.file_id))
    opened, refused = await asyncio.gather(
        *(
            asyncio.to_thread(
                run, "open", str(tmp_path / "case.postern"),
                "--key", str(tmp_path / key), "--passphrase-file", str(words),
            )
            for key in ("my.key", "other.key")
        )
    )  # fmt: skip
    assert TEXT in opened.out
    assert sent.reference in opened.out
    assert refused.code == 1
    assert not refused.out
    assert len(refused.err.splitlines()) == 1
    await asyncio.to_thread(run, "operators", "revoke", (await _name(phone)))
    again = await phone.send("/queue")
    await said_to(phone, lambda m: "/help" in m.text, after=again)


async def _name(phone: object) -> str:
    shown = await phone.messages()  # type: ignore[attr-defined]
    found = next(re.search(r"You are (\S+?)[,.]", m.text) for m in shown if "You are" in m.text)
    assert found
    return found[1]


CROWD = range(8_001, 8_051)


@asynccontextmanager
async def _crowd(town: Town) -> AsyncIterator[list[Phone]]:
    """Fifty more operators, who may act at once; nothing is left of them afterwards."""

    async def come(user: int) -> Phone:
        await town.control.add_person(user, f"Operator {user}", role="operator")
        await town.control.set_member(GROUP, user, True)
        return town.sandbox.phone(user, GROUP)

    def enlist(tx: Tx) -> list[str]:
        found = []
        for user in CROWD:
            key = bytes(PrivateKey.generate().public_key)
            found.append(staff.add(tx, f"Crane-{user}", Role.OPERATOR, key, confirmed=True))
            staff.enrol(tx, found[-1], tx.vault.account(user), user, "en")
        return found

    def dismiss(tx: Tx) -> None:
        for member in filter(None, (staff.by_id(tx, one) for one in ids)):
            custody.disarm(tx, member, int(time.time()))
            staff.remove(tx, member.id)

    phones = await asyncio.gather(*map(come, CROWD))
    ids = await town.data(enlist, write=True)
    try:
        yield list(phones)
    finally:
        await town.data(dismiss, write=True)


async def test_of_fifty_who_press_claim_at_the_same_instant_one_holds_and_the_others_are_told(
    town: Town,
) -> None:
    """Each over HTTP, as the update that Telegram delivers."""
    async with _crowd(town) as crowd:
        sent = await (await town.requester()).ask_for_help()
        card = await town.card(sent.reference)
        answers = await asyncio.gather(*(one.press("Claim", message_id=card, wait=60) for one in crowd))
        assert [answer.alert for answer in answers].count(False) == 1
        winner = next(user for user, answer in zip(CROWD, answers, strict=True) if not answer.alert)
        polite = town.texts.say("en", "claim-taken", reference=sent.reference, name=f"Crane-{winner}")
        assert [answer.text for answer in answers if answer.alert] == [polite] * (len(CROWD) - 1)
        await town.card(sent.reference, f"Crane-{winner}")
        held = await town.data(lambda tx: cases.by_reference(tx, sent.reference))
        assert held is not None
        events = await town.data(lambda tx: audit.latest(tx, 100, wanted=audit.Wanted(case=held.case)))
        assert [e.event.value for e in events].count("claimed") == 1


async def test_of_two_claims_at_the_same_instant_one_wins(town: Town) -> None:
    sent = await (await town.requester()).ask_for_help()
    card = await town.card(sent.reference)
    one, two = town.operators[:2]
    answers = await asyncio.gather(
        one.group.press("Claim", message_id=card), two.group.press("Claim", message_id=card)
    )
    assert sorted("is yours" in a.text for a in answers) == [False, True]
    winner, loser = (one, two) if "is yours" in answers[0].text else (two, one)
    file = await _file(winner, sent)
    assert file.file_id
    content = await winner.phone.download(file.file_id)
    assert TEXT in open_text(content, winner.private)
    with pytest.raises(PosternError):
        open_text(content, loser.private)
    assert not [m for m in await loser.phone.messages() if sent.reference in m.text]
    await town.card(sent.reference, "Taken by")
    await loser.phone.send("reply to nobody", reply_to=None)


async def test_a_reply_reaches_the_requester_and_a_closed_case_nobody(town: Town) -> None:
    ann, operator = await town.requester("ru"), town.operators[0]
    sent = await ann.ask_for_help()
    file = await _claimed(town, operator, sent)
    await ann.tap(ann.say("refresh-button"))
    await ann.reads(ann.say("home-state-claimed"))
    written = await operator.phone.send("Приходите во вторник.", reply_to=file.id)
    reply = await ann.reads("Приходите во вторник.")
    assert reply.raw["protected"]
    await operator.phone.wait_for(lambda ms: all(m.id != written.id for m in ms), timeout=DELAY)

    await operator.phone.press("Close…", message_id=file.id)
    asked = await operator.phone.wait_for(
        lambda ms: any("how did it end" in m.text and sent.reference in m.text for m in ms), timeout=DELAY
    )
    question = next(m for m in asked if "how did it end" in m.text and sent.reference in m.text)
    await operator.phone.press("helped", message_id=question.id)
    await town.card(sent.reference, "Closed: helped")
    await ann.reads(ann.say("request-closed", reference=sent.reference))
    await operator.phone.wait_for(
        lambda ms: all(m.id not in (file.id, question.id) for m in ms), timeout=DELAY
    )
    await ann.begin()  # and a new request may be sent


async def test_a_released_case_goes_back_to_the_queue_and_its_file_goes(town: Town) -> None:
    ann = await town.requester()
    sent = await ann.ask_for_help()
    one, two = town.operators[:2]
    file = await _claimed(town, one, sent)
    assert "not hold" in (await two.phone.press(f"release.{sent.reference}", message_id=1, force=True)).text
    assert "queue" in (await one.phone.press("Release", message_id=file.id)).text
    await one.phone.wait_for(lambda ms: all(m.id != file.id for m in ms), timeout=DELAY)
    assert "not hold" in (await one.phone.press(f"file.{sent.reference}", message_id=1, force=True)).text
    await town.card(sent.reference, "waiting")
    await _claimed(town, two, sent)


async def test_queue_next_and_mine_show_what_there_is(town: Town) -> None:
    operator = town.operators[0]
    ann = await town.requester()
    sent = await ann.ask_for_help("chat", {"status": ("on-leave",), "time-left": ("now",)})
    for command in ("/queue", "/next"):
        asked = await operator.phone.send(command)
        await said_to(operator.phone, lambda m: any("Claim" in label for label in m.labels), after=asked)
    asked = await operator.phone.send("/queue")
    queue = await said_to(operator.phone, lambda m: m.buttons, after=asked)
    await operator.phone.press(f"claim.{sent.reference}", message_id=queue.id, force=True)
    first = await _file(operator, sent)
    asked = await operator.phone.send("/mine")
    mine = await said_to(
        operator.phone, lambda m: any(sent.reference in label for label in m.labels), after=asked
    )
    label = next(label for label in mine.labels if sent.reference in label)
    await operator.phone.press(label, message_id=mine.id)
    await _file(operator, sent, after=first.id)


async def test_an_outsider_sees_nothing_whatever_they_press_or_type(town: Town) -> None:
    sent = await (await town.requester()).ask_for_help()
    card = await town.card(sent.reference)
    await town.control.settle()
    eve = await town.requester()
    await town.control.set_member(GROUP, eve.user_id, True)
    seat = town.sandbox.phone(eve.user_id, GROUP)
    calls = len(await town.control.calls())
    for data in ("claim", "release", "file", "close", "outcome.helped"):
        answer = await seat.press(f"{data}.{sent.reference}", message_id=card, force=True)
        assert answer.answered
        assert answer.text == ""
    for command in ("/queue", "/stats", "/people", "/pause", "/mine"):
        await seat.send(command)
    await town.control.settle()
    made = {call["method"] for call in (await town.control.calls())[calls:]}
    assert made <= {"answerCallbackQuery", "getUpdates", "editMessageText"}
    assert "Claim" in (await seat.messages())[-6].labels or await town.card(sent.reference, "waiting")
    await town.control.set_member(GROUP, eve.user_id, False)

    await eve.start()
    await eve.offers(eve.say("language-name"))
    for command in ("/queue", "/next", "/mine", "/stats", "/people", "/pause", "/resume"):
        await eve.send(command)
        await eve.reads(eve.say("hint-unknown-command"))
    screen = await eve.offers(eve.say("language-name"))
    for data in (f"claim.{sent.reference}", f"file.{sent.reference}", "key.yes.x.y"):
        answer = await eve.press(data, message_id=screen.id, force=True)
        assert answer.text == eve.say("hint-old-button")
    await eve.start("A" * 32)  # an invitation that nobody made
    shown = await eve.wait_for(lambda ms: sum(m.from_bot for m in ms) == 1, timeout=DELAY)
    assert eve.say("language-name") in next(m for m in shown if m.from_bot).labels
