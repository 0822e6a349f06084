"""`postern demo --walk`: one request played through the running service, printed as each person saw it.

Every step waits for what should happen and fails if it doesn't: the transcript is evidence, not a recording.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.commands import tell
from handlers.texts import load_texts
from sandbox.client import Bubble, Phone, SandboxRefused

WAIT_SECONDS = 30.0
WIDTH = 96
REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
OWN_WORDS = "My leave ends on Friday. I have not told anyone. Please write only in the evening."
REPLY = (
    "We have read your request. Stay where you are tonight; a lawyer writes to you here tomorrow before noon."
)
ANSWERS = (
    "On leave or in hospital",
    "Within 3 days",
    "Armenia",
    "The phone may be checked",
    "Done",
    "A lawyer's advice",
    "Getting to a safe place",
    "Done",
    "Only an internal passport",
    "Nobody",
    "Done",
)
"""What the requester presses in the default questionnaire, in English."""


ORGANISATION = "The Way Out (a demonstration)"
Say = Callable[..., str]
"""The service's own texts by name: the walk presses what they say, whatever they say."""


class StepFailed(Exception):
    """A step did not happen; the message says which."""


@dataclass(slots=True)
class Seat:
    """One person's place in the play: what they press and what they then see."""

    name: str
    phone: Phone

    async def press(self, label: str, *, on: Bubble | None = None) -> None:
        print(f"{self.name} presses  [ {label} ]\n")
        before = on or await self.phone.screen()
        answer = await self.phone.press(label, message_id=before.id if before else None)
        if not answer.answered:
            raise StepFailed(f"{self.name}: the press on “{label}” was never answered")
        if answer.text:
            print(f"    ({answer.text})\n")
        if before is not None:
            await self._change(before, label)

    async def _change(self, before: Bubble, label: str) -> None:
        """Wait until the message that was pressed looks otherwise, is gone, or has a newer one below it."""

        def changed(shown: Sequence[Bubble]) -> bool:
            now = next((m for m in shown if m.id == before.id), None)
            return now is None or now.raw != before.raw or shown[-1].id > before.id

        try:
            await self.phone.wait_for(changed, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise StepFailed(f"{self.name}: nothing changed after “{label}”") from None

    async def until(self, condition: Callable[[Bubble], bool], what: str) -> Bubble:
        """The newest message that satisfies the condition, as soon as there is one."""
        try:
            shown = await self.phone.wait_for(lambda ms: any(map(condition, ms)), timeout=WAIT_SECONDS)
        except TimeoutError:
            raise StepFailed(f"{self.name}: {what} did not come") from None
        return next(m for m in reversed(shown) if condition(m))

    async def see(self, condition: Callable[[Bubble], bool], what: str) -> Bubble:
        found = await self.until(condition, what)
        show(self.name, found)
        return found


def show(name: str, message: Bubble) -> None:
    print(f"┌─ {name} sees")
    for line in message.text.splitlines():
        print("\n".join("│ " + part for part in textwrap.wrap(line, WIDTH) or [""]))
    if message.media:
        print(f"│ 📎 {message.media['file_name']} ({message.media['size']} bytes)")
    for row in message.rows:
        print("│   " + "  ".join(f"[ {button.text} ]" for button in row))
    print("└─\n")


async def play(base_url: str, requester: int, operator: int, admin: int, group: int) -> int:
    """Play it; returns the exit code."""
    seats = (
        Seat("The requester", Phone(base_url, requester)),
        Seat("The operators’ group", Phone(base_url, operator, group)),
        Seat("The operator", Phone(base_url, operator)),
        Seat("The admin", Phone(base_url, admin)),
    )
    say = partial(load_texts().say, "en")
    try:
        reference = await _ask(seats[0], say)
        document = await _claim(seats[1], seats[2], reference, say)
        await _open(seats[2], document, reference)
        await _reply(seats[0], seats[2], document)
        await _close(seats[2], seats[1], document, reference, say)
        await _count(seats[3], say)
    except (StepFailed, SandboxRefused, LookupError) as failure:
        tell(f"The walk stopped: {failure}")
        return 1
    print("Every step happened.")
    return 0


def _heading(text: str) -> None:
    print(f"\n━━ {text} " + "━" * max(0, WIDTH - len(text) - 2) + "\n")


async def _ask(person: Seat, say: Say) -> str:
    _heading("Somebody asks for help")
    print("The requester opens the bot’s link.\n")
    await person.phone.start()
    await person.see(lambda m: "English" in m.labels, "the choice of languages")
    await person.press("English")
    await person.see(lambda m: say("begin-button") in m.labels, "the notice")
    await person.press(say("begin-button"))
    for answer in ANSWERS:
        screen = await person.until(partial(_offers, answer), f"a question with “{answer}”")
        if not any(label.startswith("☑") for label in screen.labels):
            show(person.name, screen)
        await person.press(next(label for label in screen.labels if answer in label), on=screen)
    await _write(person, say)
    await person.press(say("send-button"))
    await person.see(lambda m: say("channel-chat-button") in m.labels, "the choice how to hear back")
    await person.press(say("channel-chat-button"))
    sent = await person.see(lambda m: m.from_bot and bool(REFERENCE.search(m.text)), "the reference")
    found = REFERENCE.search(sent.text)
    if found is None:
        raise StepFailed("the screen after sending shows no reference")
    return found[0]


def _offers(answer: str, message: Bubble) -> bool:
    return message.from_bot and any(answer in label for label in message.labels)


async def _write(person: Seat, say: Say) -> None:
    await person.see(
        lambda m: m.from_bot and say("skip-button") in m.labels and len(m.labels) == 3, "the text question"
    )
    print(f"The requester writes  “{OWN_WORDS}”\n")
    await person.phone.send(OWN_WORDS)
    await person.see(lambda m: say("send-button") in m.labels, "the review")
    left = await person.phone.wait_for(
        lambda ms: all(OWN_WORDS not in m.text for m in ms), timeout=WAIT_SECONDS
    )
    print(f"    (The text is gone from the chat, which now holds {len(left)} messages.)\n")


async def _claim(group: Seat, operator: Seat, reference: str, say: Say) -> Bubble:
    _heading("The operators see a summary, and one of them takes it")
    card = await group.see(lambda m: reference in m.text and say("claim-button") in m.labels, "the card")
    if OWN_WORDS in card.text:
        raise StepFailed("the card shows the requester's own words")
    await group.press(say("claim-button"), on=card)
    await group.see(lambda m: m.id == card.id and not m.buttons, "the card as taken")
    return await operator.see(lambda m: m.media is not None and reference in m.text, "the sealed file")


async def _open(operator: Seat, document: Bubble, reference: str) -> None:
    _heading("The operator opens it, with a key that the server never had")
    sealed = await operator.phone.download(document.file_id or "")
    if OWN_WORDS.encode() in sealed:
        raise StepFailed("the file can be read without a key")
    shown = await operator.phone.open(document.file_id or "")
    print(textwrap.indent(shown, "    ") + "\n")
    if OWN_WORDS not in shown or reference not in shown:
        raise StepFailed("the opened file lacks what the requester wrote")


async def _reply(person: Seat, operator: Seat, document: Bubble) -> None:
    _heading("The operator answers")
    print(f"The operator replies to the file  “{REPLY}”\n")
    written = await operator.phone.send(REPLY, reply_to=document.id)
    await person.see(lambda m: m.from_bot and REPLY in m.text, "the reply")
    await operator.phone.wait_for(lambda ms: all(m.id != written.id for m in ms), timeout=WAIT_SECONDS)
    print("    (The operator’s own message is gone from their chat: it is sealed in the case.)\n")


async def _close(operator: Seat, group: Seat, document: Bubble, reference: str, say: Say) -> None:
    _heading("The case is closed")
    helped = say("outcome-helped")
    await operator.press(say("close-button"), on=document)
    question = await operator.see(lambda m: m.from_bot and helped in m.labels, "the choice of outcomes")
    await operator.press(helped, on=question)
    await group.see(lambda m: reference in m.text and helped in m.text, "the card as closed")
    await operator.phone.wait_for(lambda ms: all(m.media is None for m in ms), timeout=WAIT_SECONDS)
    print("    (The file is gone from the operator’s chat.)\n")


async def _count(admin: Seat, say: Say) -> None:
    _heading("The admin reads the month")
    print("The admin writes  /stats\n")
    await admin.phone.send("/stats")
    month = await admin.see(lambda m: m.from_bot and ORGANISATION in m.text, "the month’s table")
    if not re.search(r": 1$", month.text, re.MULTILINE):
        raise StepFailed("the request is not counted")
