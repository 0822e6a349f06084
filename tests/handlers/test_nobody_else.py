"""Many requesters and operators at once: what one wrote, or was sent, reaches nobody else.

Random walks over the real handlers and a real database. Every text that is typed is unlike any other and names whose
it is; a model of a few lines says where each may be seen. That these walks would notice a mix-up is proved below:
with each of a few planted ones, some walk fails.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from handlers import attachments, operator_attach, operator_reply, reply_states
from handlers.outgoing import Edit, EditPhoto, Outgoing, Send, SendDocument, SendPhoto
from handlers.turn import take_turn
from intake.errors import Tampered
from intake.lifecycle import Status
from intake.roles import Role
from storage import cases, staff, thread
from storage.cases import Case
from storage.code import read as read_code
from storage.database import Tx
from storage.thread import Entry
from tests.handlers.desk import GROUP, Message, Person, World, ask, join, make_world
from tests.handlers.test_requester_turn import code_of

TOKEN = re.compile(r"<(\d+)>")
REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
STEPS = 45


@dataclass
class Walk:
    world: World
    dice: random.Random
    requesters: list[Person] = field(default_factory=list)
    operators: list[Person] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    """Requester -> the code of the request that was sent with one."""
    references: dict[int, str] = field(default_factory=dict)
    """Requester -> the reference of the request."""
    about: dict[str, str] = field(default_factory=dict)
    """Token -> the reference of the only request in whose file it may stand."""
    shown_to: dict[str, int | None] = field(default_factory=dict)
    """Token of a reply -> the only requester's chat in which it may stand; None: it must arrive nowhere."""
    own_codes: set[str] = field(default_factory=set)
    """Codes of files, told to everybody: each must open something in one chat only."""
    arrived_files: int = 0
    looked: int = 0
    arrived: int = 0

    def token(self) -> str:
        return f"<{self.dice.randrange(10**12)}>"

    async def begin(self) -> None:
        for n in range(3):
            self.operators.append(await join(self.world, 900 + n, Role.OPERATOR, f"Heron{n}"))
        for n in range(4):
            person = Person(self.world, 5550 + n)
            self.requesters.append(person)
            token, before = self.token(), await self.known()
            await ask(person, text=f"it is I {token}", until="code" if n == 3 else "chat")
            if n == 3:
                self.codes[person.id] = await code_of(person)
            [reference] = await self.known() - before
            self.references[person.id] = self.about[token] = reference
        await self.world.deliver()

    async def known(self) -> set[str]:
        def work(tx: Tx) -> set[str]:
            return {each.reference for each in self._cases(tx)}

        found: set[str] = await self.world.read(work)
        return found

    @staticmethod
    def _cases(tx: Tx) -> list[Case]:
        return [case for status in Status for case in cases.with_status(tx, status)]

    async def holders(self) -> dict[str, int]:
        """Reference -> the chat of whoever holds it."""

        def work(tx: Tx) -> dict[str, int]:
            held = {case.reference: case.holder for case in self._cases(tx) if case.holder}
            chats = {member.id: member.chat or 0 for member in staff.everyone(tx)}
            return {reference: chats[holder] for reference, holder in held.items()}

        found: dict[str, int] = await self.world.read(work)
        return found

    async def step(self) -> None:
        """A few people act at the same instant; then, or some other time, what is owed goes out."""
        holders = await self.holders()
        actors = self.dice.sample([*self.requesters, *self.operators], self.dice.randint(1, 5))
        updates = [update for who in actors if (update := self.act(who, holders)) is not None]
        await asyncio.gather(*(take_turn(self.world.desk, "postern_test_bot", each) for each in updates))
        await self.world.apply()
        if self.dice.random() < 0.6:
            self.world.wait(self.dice.choice((1, 1, 61, 61, 4_000)))
            await self.world.deliver()
        self.look()

    def act(self, who: Person, holders: dict[str, int]) -> dict[str, Any] | None:
        roll = self.dice.random()
        if roll < 0.25:
            return self.press_anything(who)
        if who in self.requesters:
            return self.write(who, roll)
        decided = (
            self.decide(who) if roll < 0.8 else None
        )  # what somebody is asked about a file is soon too late
        if decided is not None:
            return decided
        return self.claim(who) if roll < 0.4 else self.answer(who, holders)

    def press_anything(self, who: Person) -> dict[str, Any] | None:
        """Any button of any chat: whoever forges updates knows all payloads. Not those that end a request."""
        payloads = [
            button.data
            for chat in self.world.chats
            for message in self.world.shown(chat)
            for row in message.keyboard
            for button in row
            if button.data.partition(".")[0] not in {"close", "outcome", "block", "bar"}
        ]
        own = [m for m in self.world.shown(who.id) if m.keyboard]
        return who.pressing(self.dice.choice(payloads), self.dice.choice(own)) if own and payloads else None

    def write(self, who: Person, roll: float) -> dict[str, Any]:
        token = self.token()
        self.about[token] = self.references[who.id]
        text = f"still I {token}"
        code = self.codes.get(who.id)
        if code is not None:
            return who.message(f"{code} {text}" if roll < 0.7 else code)
        if self.own_codes and roll > 0.6:
            return who.message(self.dice.choice(sorted(self.own_codes)))
        return who.message(text if roll < 0.8 else "/status")

    def claim(self, who: Person) -> dict[str, Any] | None:
        open_cards = [
            (m, b.data)
            for m in self.world.shown(GROUP)
            for row in m.keyboard
            for b in row
            if "claim" in b.data
        ]
        if not open_cards:
            return None
        on, data = self.dice.choice(open_cards)
        return who.pressing(data, on)

    def answer(self, who: Person, holders: dict[str, int]) -> dict[str, Any] | None:
        """Reply to a message of one's own, or to a number that belongs to another's chat."""
        chat = who.id if self.dice.random() < 0.8 else self.dice.choice(self.operators).id
        files = [m for m in self.world.shown(chat) if REFERENCE.search(m.text)]
        if not files:
            return None
        on, token = self.dice.choice(files), self.token()
        self.shown_to[token] = self.goes_to(on, who, holders)
        self.about[token] = self.reference_in(on)
        if self.dice.random() < 0.6:
            return self.file(who, f"to you alone {token}", on)
        return who.message(f"to you alone {token}", reply_to=on.id)

    def file(self, who: Person, words: str, on: Message) -> dict[str, Any]:
        update = who.message("(a file)", reply_to=on.id)
        del update["message"]["text"]
        name = f"BQAC{on.chat}x{len(self.world.files)}"
        self.world.files[name] = words.encode()
        update["message"]["document"] = {"file_id": name, "file_size": len(words), "mime_type": "text/plain"}
        return update

    def decide(self, who: Person) -> dict[str, Any] | None:
        """About a file that they were asked about, or about any."""
        chosen = [
            (m, b.data)
            for chat in (who.id, who.id if self.dice.random() < 0.8 else self.dice.choice(self.operators).id)
            for m in self.world.shown(chat)
            for row in m.keyboard
            for b in row
            if b.data.partition(".")[0] in operator_attach.VERBS
        ]
        if not chosen:
            return None
        on, data = self.dice.choice(chosen)
        return who.pressing(data, on)

    def reference_in(self, on: Message) -> str:
        found = REFERENCE.findall(on.text)
        return str(found[0]) if found else ""

    def goes_to(self, on: Message, who: Person, holders: dict[str, int]) -> int | None:
        """The chat of the requester whose request that message is about, if it lies in its holder's chat."""
        reference = self.reference_in(on)
        if on.chat != who.id or holders.get(reference) != who.id:
            return None
        return next(person for person, theirs in self.references.items() if theirs == reference)

    def look(self) -> None:
        """Everything that was ever sent."""
        for call in self.world.posted[self.looked :]:
            self.check(call)
        self.looked = len(self.world.posted)

    def check(self, call: Outgoing) -> None:
        if not isinstance(call, Send | Edit | SendDocument | SendPhoto | EditPhoto):
            return
        text = call.text if isinstance(call, Send | Edit) else call.caption
        if call.chat in {each.id for each in self.operators} and (code := read_code(text)):
            self.own_codes.add(code[0])
        to_requester = isinstance(call, SendDocument) and call.chat in {each.id for each in self.requesters}
        if isinstance(call, SendDocument) and to_requester:
            text += call.content.decode()
            self.arrived_files += 1
        for number in TOKEN.findall(text):
            token = f"<{number}>"
            assert token in self.shown_to, f"what a requester wrote was sent to {call.chat}"
            assert self.shown_to[token] == call.chat, f"a reply reached {call.chat}"
            self.arrived += 1
        if isinstance(call, SendDocument) and call.content.startswith(b'{"postern": "file-1"'):
            return
        if isinstance(call, SendDocument) and not to_requester:
            reader = next(each for each in self.operators if each.id == call.chat)
            opened = reader.open(call.content)
            for words in (*opened.texts.values(), *(message.text for message in opened.thread)):
                for number in TOKEN.findall(words):
                    assert self.about[f"<{number}>"] == opened.reference, "another's words in this file"


async def walk(folder: Path, seed: int, steps: int = STEPS) -> Walk:
    async with make_world(folder) as world:
        found = Walk(world, random.Random(seed))
        await found.begin()
        for _ in range(steps):
            await found.step()
        await world.deliver()
        found.look()
        return found


@pytest.mark.parametrize("seed", range(2))
async def test_what_one_wrote_or_was_sent_reaches_nobody_else(tmp_path: Path, seed: int) -> None:
    found = await walk(tmp_path, seed)
    assert found.arrived > 3, "too little happened for this to say anything"
    assert found.arrived_files > 0, "no file arrived"


def _first_held(tx: Tx, member: staff.Member, _: int | None) -> Case | None:
    held = cases.held_by(tx, member.id)
    return held[0] if held else None


def _anybodys(tx: Tx, _: staff.Member, message: int | None) -> Case | None:
    """Numbers of messages are only unique within a chat."""
    return next((case for case in Walk._cases(tx) if message in case.facts.documents), None)


def _wrong_chat(tx: Tx, desk: Any, job_id: bytes, job: Any) -> Any:
    call = _MESSAGE(tx, desk, job_id, job)
    others = [c.contact.chat for c in Walk._cases(tx) if c.contact is not None and c.contact.chat != job.chat]
    return replace(call, chat=others[0]) if isinstance(call, Send) and others else call


def _others_thread(tx: Tx, case: bytes) -> list[Entry]:
    """The file of one case with the thread of another: its boxes don't open, so this one shows as an error."""
    other = next((each for each in Walk._cases(tx) if each.case != case), None)
    return _ENTRIES(tx, other.case if other is not None else case)


def _file_to_another(tx: Tx, desk: Any, case: Case, *more: Any) -> None:
    others = [c for c in Walk._cases(tx) if c.contact is not None and c.case != case.case]
    _OWE_FILE(tx, desk, replace(case, contact=others[0].contact) if others else case, *more)


_MESSAGE, _ENTRIES, _OWE_FILE = reply_states.message, thread.entries, attachments._owe_file
PLANTED: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a reply goes to the first case that is held": (operator_reply, "case_of", _first_held),
    "a reply goes by a number in anybody's chat": (operator_reply, "case_of", _anybodys),
    "a reply is addressed to another's chat": (reply_states, "message", _wrong_chat),
    "a file has another's thread in it": (thread, "entries", _others_thread),
    "a document goes to another requester": (attachments, "_owe_file", _file_to_another),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_these_walks_notice_a_mix_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place, attribute, wrong = PLANTED[name]
    monkeypatch.setattr(place, attribute, wrong)
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            await walk(folder, seed, 25)
        except (AssertionError, Tampered):
            return
    pytest.fail("nothing was noticed")
