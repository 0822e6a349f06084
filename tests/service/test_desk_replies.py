"""What goes from the desk to requesters and comes back, over HTTP: prepared replies, replies that fail, files.

The town is that of `test_desk.py`.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from sandbox.client import Bubble
from tests.service.desk import PLAIN, claimed, gone, opened, press, reads
from tests.service.requester import CODE, Requester
from tests.service.town import ORGANISATION, Operator, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


async def upload(seat: Operator, case_file: Bubble, content: bytes) -> tuple[Bubble, Bubble]:
    """A file that replies to the case's, as its holder's app sends it; and what is asked about it."""
    put = await seat.phone.send_media(
        "document", file_name="by Heron.pdf", content=content, caption="Anna", reply_to=case_file.id
    )
    return put, await reads(seat.phone, "Nothing is sent yet", button="Send sealed", after=put.id)


async def got(ann: Requester, words: str) -> tuple[Bubble, bytes]:
    """The newest file in a requester's chat: under a neutral name, in the organisation's words, and protected."""
    arrived = await reads(ann, words, file=True)
    assert arrived.media is not None
    assert arrived.media["file_name"] == f"{ann.say('attach-file-name')}.pdf"
    assert arrived.raw["protected"]
    assert "Anna" not in arrived.text
    assert ORGANISATION in arrived.text
    return arrived, await ann.download(arrived.file_id or "")


async def test_a_file_as_it_is_arrives_is_read_and_stays_with_the_case(desk: Town, tmp_path: Path) -> None:
    two, content = desk.operators[1], secrets.token_bytes(300_000)
    ann = await desk.requester("ru")
    sent = await ann.ask_for_help("chat", PLAIN, "")
    file = await claimed(desk, two, sent)
    put, asked = await upload(two, file, content)
    assert sent.reference in asked.text
    assert "Your words under it are not passed on" in asked.text
    assert not [m for m in await ann.messages() if m.media]
    await press(two.phone, "Send as it is", asked)
    await gone(two.phone, put.id)
    arrived, came = await got(ann, f"{ORGANISATION}: документ")
    assert came == content
    line = await reads(two.phone, sent.reference, "reply 1: a file", "Delivered")
    await press(ann, ann.say("seen-button"), arrived)
    assert (await reads(two.phone, "reply 1: a file", "Read:")).id == line.id

    await two.phone.send("/mine")
    await press(two.phone, sent.reference, await reads(two.phone, sent.reference, "You hold", button="Send"))
    newest = await reads(two.phone, sent.reference, file=True, button="Send its 1 file", after=line.id)
    await press(two.phone, "Send its 1 file", newest)
    kept = await reads(two.phone, sent.reference, "a file that was sent to the requester", file=True)
    document, out = await two.phone.download(kept.file_id or ""), tmp_path / "sent.pdf"
    assert content not in document
    done = await opened(desk, two, document, tmp_path / "device", "--out", str(out))
    assert done.code == 0, done
    assert out.read_bytes() == content


async def test_a_sealed_file_waits_for_its_own_code_in_its_requesters_chat_alone(desk: Town) -> None:
    lead, content = desk.operators[2], secrets.token_bytes(70_000)
    ann, eve = await desk.requester("ru"), await desk.requester()
    sent = await ann.ask_for_help("chat", PLAIN, "")
    file = await claimed(desk, lead, sent)
    put, asked = await upload(lead, file, content)
    await press(lead.phone, "Send sealed", asked)
    await gone(lead.phone, put.id)
    told = await reads(lead.phone, sent.reference, "The code for your reply 1")
    digits = CODE.search(told.text)
    assert digits is not None
    await press(lead.phone, "written it down", told)
    await gone(lead.phone, told.id)
    words = ann.say("attach-waits", organisation=ORGANISATION, reference=sent.reference, hours=24)
    waits = await ann.reads(words)
    assert digits[0] not in waits.text
    line = await reads(lead.phone, "reply 1: a sealed file", "was told that something waits")
    await press(lead.phone, "Close…", file)
    await reads(lead.phone, sent.reference, "how did it end", "A sealed file still waits")

    await eve.start()
    await eve.tap(eve.say("language-name"))
    await eve.send("/status")
    await eve.reads(eve.say("code-none-here"))
    await eve.send(digits[0])
    await eve.reads(eve.say("hint-code-unknown"))
    assert not [m for m in [*await eve.messages(), *await ann.messages()] if m.media]

    mistyped = await ann.send("1234 5678 9012 3456")
    wrong = await ann.reads(ann.say("hint-code-unknown"))
    assert wrong.id > mistyped.id, "it is said where they look, below what they typed"
    typed = await ann.send(digits[0])
    await gone(ann, typed.id)
    await gone(ann, waits.id)
    await ann.reads(ann.say("code-file", reference=sent.reference))
    arrived, came = await got(ann, f"{ORGANISATION}: документ")
    assert came == content
    assert (await reads(lead.phone, "reply 1: a sealed file", "Delivered")).id == line.id
    await press(ann, ann.say("seen-button"), arrived)
    assert (await reads(lead.phone, "reply 1: a sealed file", "Read:")).id == line.id
    await ann.send(digits[0])
    await ann.reads(ann.say("hint-code-unknown"))
    assert len([m for m in await ann.messages() if m.media]) == 1


async def test_a_file_for_a_request_with_a_return_code_is_handed_to_whoever_has_the_code(desk: Town) -> None:
    two, content = desk.operators[1], secrets.token_bytes(50_000)
    ann, elsewhere = await desk.requester("uk"), await desk.requester("uk")
    sent = await ann.ask_for_help("code", PLAIN, "")
    file = await claimed(desk, two, sent)
    _, asked = await upload(two, file, content)
    assert "Send as it is" not in asked.labels
    await press(two.phone, "Send sealed", asked)
    line = await reads(two.phone, sent.reference, "reply 1: a sealed file", "until the requester looks")
    assert not [m for m in await ann.messages() if m.media]

    await elsewhere.start()
    await elsewhere.tap(elsewhere.say("language-name"))
    await elsewhere.send("/status")
    await elsewhere.reads(elsewhere.say("code-none-here"))
    typed = await elsewhere.send(sent.code)
    await gone(elsewhere, typed.id)
    await elsewhere.reads(elsewhere.say("code-replies", n=1))
    _, came = await got(elsewhere, f"{ORGANISATION}: документ")
    assert came == content
    await desk.control.settle()
    assert (await reads(two.phone, sent.reference, "reply 1")).text == line.text, "nobody is told who looked"
