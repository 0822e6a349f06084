"""A real desk over a real database, with a clock that tests set, and chats that keep what the bot posts.

Nothing of Postern is replaced here but the wire: what is posted is applied to the chats at once, and Telegram's
answer (a message's id) is recorded as the service records it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from nacl.public import PrivateKey
from sqlalchemy import select

from handlers import board, deliveries, expiry, operator_slots, ringing, timers
from handlers.desk import Desk, Terms
from handlers.notes import Note
from handlers.outgoing import (
    Answer,
    Buttons,
    Delete,
    Edit,
    EditPhoto,
    Fetch,
    Keyboard,
    Outgoing,
    Send,
    SendDocument,
    SendPhoto,
)
from handlers.texts import load_texts
from handlers.throttle import Throttle
from handlers.turn import take_turn
from intake.questionnaire import Questionnaire
from intake.questionnaire_file import labels, load
from intake.roles import Role
from storage import drafts, meta, migrate, outbox, staff, traces
from storage.argon import Cost
from storage.database import Tx
from storage.document import labels_fingerprint, parse
from storage.document_opening import OpenedCase, open_document
from storage.opening import open_database
from storage.outbox import Task
from storage.schema import metadata
from storage.sealing import Opener
from storage.server_key import ServerKey
from storage.vault import Vault

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000
GROUP = -1_009_000_777
CHEAP = Cost(passes=1, memory=8 * 1024)
SMALL = Path(__file__).parent / "small.yaml"
texts = cache(load_texts)


@cache
def questionnaire(path: Path = SMALL) -> Questionnaire:
    return load(path.read_text("utf-8"), path.name)


@dataclass
class Message:
    chat: int
    id: int
    text: str
    keyboard: Keyboard = ()
    document: bytes | None = None
    file_name: str = ""

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.keyboard for button in row]


@dataclass
class Wire:
    """What the handlers post, and the time they are told."""

    now: int = NOW
    waiting: list[Outgoing] = field(default_factory=list)

    def clock(self) -> int:
        return self.now

    def post(self, _chat: int, calls: Sequence[Outgoing]) -> None:
        self.waiting += calls


@dataclass
class World:
    desk: Desk
    wire: Wire
    folder: Path
    key: ServerKey
    recovery: PrivateKey
    posted: list[Outgoing] = field(default_factory=list)
    """Every call, in order."""
    chats: dict[int, dict[int, Message]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """What Telegram hands out, by its id of the file."""
    _updates: Any = field(default_factory=lambda: count(500_000_001))
    _messages: Any = field(default_factory=lambda: count(11))

    @property
    def now(self) -> int:
        return self.wire.now

    def wait(self, seconds: int) -> None:
        self.wire.now += seconds

    def change(self, **values: object) -> None:
        """Other settings, or a newer questionnaire, as after a restart."""
        desk = {name: value for name, value in values.items() if name in {"questionnaire", "terms"}}
        if "questionnaire" in desk:
            public = labels(desk["questionnaire"])  # type: ignore[arg-type]
            made = labels_fingerprint(public).hex()
            desk |= {"labels": public, "labels_fingerprint": made, "fingerprint": made}
        self.desk = replace(self.desk, **desk)  # type: ignore[arg-type]

    async def read(self, work: Any) -> Any:
        return await self.desk.db.read(work)

    async def write(self, work: Any) -> Any:
        return await self.desk.db.write(work)

    async def turn(self, update: dict[str, Any]) -> None:
        """One update, and the delivery of what it posted."""
        await take_turn(self.desk, "postern_test_bot", update)
        await self.desk.aside.idle()
        await self.apply()

    async def apply(self) -> None:
        calls, self.wire.waiting = self.wire.waiting, []
        for call in calls:
            await self._made(call)

    async def deliver(self) -> None:
        """Everything that is due: jobs, then deletions; as the service's background does it."""
        while True:
            await self.write(lambda tx: board.gather(tx, self.desk, outbox.due(tx, self.now), (), self.now))
            due = await self.read(lambda tx: outbox.due(tx, self.now))
            if not due:
                break
            for job_id, job in due:
                if job.task is Task.TIMER:
                    await self.write(lambda tx, i=job_id, j=job: timers.run(tx, self.desk, i, j, self.now))
                    continue
                if job.task is outbox.Task.RING:
                    await self.write(
                        lambda tx, i=job_id, j=job: ringing.carry_out(tx, self.desk, i, j, self.now)
                    )
                    continue
                call = await self.read(
                    lambda tx, i=job_id, j=job: deliveries.call_for(tx, self.desk, i, j, self.now)
                )
                if call is not None:
                    await self._made(call)
                await self.write(lambda tx, i=job_id: outbox.done(tx, i))
        for _, trace in await self.read(lambda tx: traces.due(tx, self.now)):
            await self._made(Delete(trace.chat, (trace.message,)))

    async def expire(self) -> None:
        """All that are there are looked at; the service's background knows which of them to look at."""
        everybody = await self.read(lambda tx: drafts.accounts_after(tx, b"", 10_000))
        ended = await self.write(lambda tx: expiry.expire_drafts(tx, self.desk, self.now, everybody))
        for edit in ended.edits:
            await self._made(edit)

    async def _made(self, call: Outgoing) -> None:
        if isinstance(call, SendDocument) and call.load is not None:
            content = await call.load()
            assert content is not None
            call = replace(call, content=content, load=None)
        self.posted.append(call)
        message: int | None = None
        match call:
            case Send():
                message = self.put(call.chat, call.text, call.keyboard).id
            case SendPhoto():
                message = self.put(call.chat, call.caption, call.keyboard, call.content).id
            case SendDocument():
                message = self.put(call.chat, call.caption, call.keyboard, call.content, call.file_name).id
            case Edit():
                shown = self.chats.get(call.chat, {}).get(call.message)
                if shown is not None:
                    shown.text, shown.keyboard = call.text, call.keyboard
            case Fetch():
                content = self.files[call.file]
                call.into.restart()
                for start in range(0, len(content), 50_000):
                    call.into.feed(content[start : start + 50_000])
                note = Note.read(call.note)
                assert note is not None
                await operator_slots.add_in_batches(self.desk, call, [bytes.fromhex(note.job)])
            case Buttons():
                shown = self.chats.get(call.chat, {}).get(call.message)
                if shown is not None:
                    shown.keyboard = call.keyboard
            case EditPhoto():
                shown = self.chats.get(call.chat, {}).get(call.message)
                if shown is not None:
                    shown.text, shown.keyboard, shown.document = call.caption, call.keyboard, call.content
            case Delete():
                for each in call.messages:
                    self.chats.get(call.chat, {}).pop(each, None)
            case Answer():
                self.answers[call.query] = call
            case _:
                pass
        await self.write(lambda tx: deliveries.settle(tx, self.desk, call, message, self.now))

    async def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that is stored, as it is stored."""

        def work(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
            return {
                table.name: sorted(map(tuple, tx.conn.execute(select(table)).all()), key=repr)
                for table in metadata.sorted_tables
            }

        found: dict[str, list[tuple[object, ...]]] = await self.read(work)
        return found

    def put(
        self, chat: int, text: str, keyboard: Keyboard = (), document: bytes | None = None, name: str = ""
    ) -> Message:
        message = Message(chat, next(self._messages), text, keyboard, document, name)
        self.chats.setdefault(chat, {})[message.id] = message
        return message

    def shown(self, chat: int) -> list[Message]:
        return [self.chats[chat][i] for i in sorted(self.chats.get(chat, {}))]

    def say(self, text: str, /, **values: int | str) -> str:
        return self.desk.texts.say("en", text, **values)


@dataclass
class Person:
    """Somebody with a Telegram account, by whose name, username and id they would be known anywhere."""

    world: World
    id: int
    username: str = "n_orlova_1987"
    first_name: str = "Надежда"
    last_update: dict[str, Any] = field(default_factory=dict)
    private: PrivateKey = field(default_factory=PrivateKey.generate)

    @property
    def sender(self) -> dict[str, Any]:
        about = {"first_name": self.first_name, "username": self.username, "language_code": "en"}
        return {"id": self.id, "is_bot": False, **about}

    def message(self, text: str, *, reply_to: int | None = None, **more: Any) -> dict[str, Any]:
        put = self.world.put(self.id, text)
        body = {"message_id": put.id, "date": self.world.now, "from": self.sender, **more}
        body |= {"chat": {"id": self.id, "type": "private"}, "text": text}
        if reply_to is not None:
            body["reply_to_message"] = {"message_id": reply_to, "chat": body["chat"], "date": self.world.now}
        return self._update("message", body)

    def pressing(self, data: str, on: Message) -> dict[str, Any]:
        chat = {"id": on.chat, "type": "private" if on.chat > 0 else "supergroup"}
        query = f"q{next(self.world._updates)}"
        body = {"id": query, "from": self.sender, "data": data, "chat_instance": "1"}
        return self._update(
            "callback_query", body | {"message": {"message_id": on.id, "chat": chat, "date": 1}}
        )

    def _update(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        self.last_update = {"update_id": next(self.world._updates), kind: body}
        return self.last_update

    async def send(self, text: str, *, reply_to: int | None = None) -> None:
        await self.world.turn(self.message(text, reply_to=reply_to))

    async def press(self, label: str, *, chat: int | None = None) -> Answer:
        """Press the newest button in the chat whose label holds this text; what answered the press."""
        on, data = self.find(label, chat=chat)
        return await self.press_data(data, on)

    def find(self, label: str, *, chat: int | None = None) -> tuple[Message, str]:
        for message in reversed(self.world.shown(self.id if chat is None else chat)):
            for row in message.keyboard:
                for button in row:
                    if label in button.text:
                        return message, button.data
        raise LookupError(f"no button {label!r} in {[m.labels for m in self.world.shown(chat or self.id)]}")

    async def press_data(self, data: str, on: Message) -> Answer:
        update = self.pressing(data, on)
        await self.world.turn(update)
        return self.world.answers[update["callback_query"]["id"]]

    async def again(self) -> None:
        """The same update, delivered once more."""
        await self.world.turn(self.last_update)

    @property
    def screen(self) -> Message:
        return [m for m in self.world.shown(self.id) if m.keyboard][-1]

    @property
    def account(self) -> bytes:
        return self.world.desk.vault.account(self.id)

    async def answer_all(self, *labels: str) -> None:
        for label in labels:
            await self.press(label)

    def open(self, document: bytes | None = None) -> OpenedCase:
        """The newest sealed file in this chat, opened with this person's own key."""
        content = document or [m.document for m in self.world.shown(self.id) if m.document][-1]
        assert content is not None
        return open_document(parse(content), Opener(self.private))


@asynccontextmanager
async def make_world(folder: Path, url: str = "", **terms: Any) -> AsyncIterator[World]:
    """`url`: of a database with all tables and nothing in them; without it, SQLite in the folder."""
    if not url:
        url = f"sqlite+aiosqlite:///{folder / 'postern.sqlite'}"
        await migrate.upgrade(url)
    key, recovery = ServerKey.generate(), PrivateKey.generate()
    secrets = Vault.new_secrets(key)
    vault = Vault.open(key, secrets)
    db = open_database(url, vault)
    chosen = questionnaire()
    public = labels(chosen)
    defaults: dict[str, Any] = {"organisation": "Open Gate", "operators_chat": GROUP, "card_delay_seconds": 0}
    wire = Wire()
    desk = Desk(
        terms=Terms(**{**defaults, "anonymity_k": 1, "code_cost": CHEAP, **terms}),
        questionnaire=chosen,
        labels=public,
        labels_fingerprint=labels_fingerprint(public).hex(),
        fingerprint=labels_fingerprint(public).hex(),
        texts=texts(),
        db=db,
        vault=vault,
        clock=wire.clock,
        post=wire.post,
        wake=lambda: None,
        throttle=Throttle(0),
    )

    # The background of this world, `deliver` and `expire`, looks at all rows itself.
    db.listener = lambda _: None

    def prepare(tx: Tx) -> None:
        meta.put(tx, meta.VAULT_SECRETS, secrets)
        meta.put(tx, meta.RECOVERY_KEY, bytes(recovery.public_key))

    await db.write(prepare)
    try:
        yield World(desk, wire, folder, key, recovery)
    finally:
        await db.close()


async def join(world: World, person_id: int, role: Role, name: str) -> Person:
    """A member of the staff who may act."""
    person = Person(world, person_id, username=f"staff_{name.lower()}", first_name=f"Real {name}")
    public = None if role is Role.ADMIN else bytes(person.private.public_key)

    def work(tx: Tx) -> None:
        member = staff.add(tx, name, role, public, confirmed=public is not None)
        staff.enrol(tx, member, person.account, person.id, "en")

    await world.write(work)
    return person


OWN_WORDS = "Срочно: вывезите меня 🕯 из Gyumri, дом 17"


async def ask(person: Person, *, held: bool = False, text: str = OWN_WORDS, until: str = "review") -> None:
    """From /start to the review (or further: "chat", "code") through the small questionnaire."""
    world = person.world
    await person.send("/start")
    await person.answer_all("English", world.say("begin-button"))
    await person.press("Held" if held else "At home")
    await person.answer_all("A lawyer", world.say("done-button"))
    if text:
        await person.send(text)
    else:
        await person.press(world.say("skip-button"))
    if until != "review":
        await person.press(world.say("send-button"))
        await person.press(world.say(f"channel-{until}-button"))
