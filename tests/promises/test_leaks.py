"""The leak test: recognisable values go through whole lives, and then everything that exists is searched for them."""

from __future__ import annotations

import json
import logging
import tempfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.setting_types import Retention
from handlers import requester
from handlers.requester_effects import Carrying
from handlers.texts import load_texts
from storage import drafts, meta, outbox
from storage.outbox import Job, Task
from storage.retention import compact, purge
from tests.promises.leaks import Planted, forms, search
from tests.promises.place import HOUR, OPERATORS, Quarter, quarter
from tests.service.requester import CODE, Picks, Requester, Sent
from tests.service.town import GROUP

TEXTS = {
    "latin": "My brother Bartholomew Featherstone hides behind the Vagharshapat waterworks.",
    "cyrillic": "Моего командира зовут Святополк Кржижановский, часть на Переславской.",
    "emoji": "🦉🗝️🛶🧿🪬🧭🪶🏚️ 🕯️🕯️🦔",
    "mixed": "Қаламқас Әбдіразақова — 3rd floor, «Тихомиров» 🚪",
}
REPLIES = {
    "emoji": "Приходите к Овсанне Даштенц 🥖",
    "mixed": "Take the marshrutka to Alaverdi; ask for Wednesday-evening tea",
}
PEOPLE = {
    "latin": (7_315_577_390_121, "Philippa-Annabella", "philippa_quartermaine_77"),
    "cyrillic": (7_418_263_551_907, "Тихомир Калиновский", "tihomir_kalinovsky_01"),
    "emoji": (7_526_918_440_333, "Сова 🦉 из Гюмри", "owl_and_candle_9471"),
    "mixed": (7_639_004_217_659, "Гүлбаршын", "gulbarshyn_of_aktobe"),
    "other": (7_740_881_365_213, "Maximiliane", "maximiliane_55120"),
}
PHONE = "+37498765432123"
PICKS: Picks = {"status": ("on-leave",), "where": ("kazakhstan",), "danger": ("criminal-case", "violence")}


class Lives:
    """People with planted values, and the way through their lives."""

    def __init__(self, here: Quarter) -> None:
        self.here = here
        self.planted, self.answers = Planted(), Planted()
        self.planted.plant("anybody", "phone", PHONE)
        for question, picked in PICKS.items():
            asked = here.questionnaire.question(question)
            for one in picked:
                self.answers.plant("anybody", f"the answer {one}", json.dumps(one))
                option = asked.option(one)
                assert option is not None
                for language, label in option.label.items():
                    self.answers.plant("anybody", f"the answer {one} in {language}", label)

    async def person(self, key: str, language: str = "en") -> Requester:
        user, name, username = PEOPLE[key]
        await self.here.control.add_person(user, name, username=username, language_code=language)
        self.planted.person(key, user, name, username)
        if key in TEXTS:
            self.planted.text(key, "free text", TEXTS[key])
        questionnaire = self.here.questionnaire
        return Requester(self.here.sandbox.base_url, user, load_texts(), questionnaire, language)

    async def send(self, key: str, channel: str = "chat", language: str = "en") -> tuple[Requester, Sent]:
        who = await self.person(key, language)
        sent = await who.ask_for_help(channel, PICKS, TEXTS[key])
        if sent.code:
            self.planted.plant(key, "code", sent.code)
            self.planted.plant(key, "code without gaps", sent.code.replace(" ", ""))
        return who, sent

    async def reply(self, key: str, sent: Sent) -> None:
        operator = self.here.operators[0]
        self.planted.text(key, "reply", REPLIES[key])
        await operator.group.press("Claim", message_id=await self.here.card(sent.reference))
        await self.here.rest()
        file = next(m for m in reversed(self.here.chat(operator.phone.user_id)) if m.file_id)
        await operator.phone.send(REPLIES[key], reply_to=file.id)
        await self.here.rest()

    async def document(self, key: str, sent: Sent) -> None:
        """Sealed: to the return code, or to a code of its own."""
        phone = self.here.operators[0].phone
        words = ("Thermopylae-barracks.pdf", f"for the hands of {key}-Wilhelmina", "Leonidas Papadopoulos")
        for what, text in zip(("file name", "caption", "file"), words, strict=True):
            self.planted.plant(key, what, text)
        self.planted.documents.add(words[2].encode())
        file = next(m for m in reversed(self.here.chat(phone.user_id)) if sent.reference in m.text)
        name, caption = words[:2]
        await phone.send_media(
            "document", file_name=name, caption=caption, content=words[2].encode(), reply_to=file.id
        )
        await self.here.rest()
        await phone.press("Send sealed")
        await self.here.rest()
        if not sent.code:
            code = next(m for m in reversed(self.here.chat(phone.user_id)) if CODE.search(m.text))
            self.planted.plant("an operator", "code", CODE.search(code.text)[0])  # type: ignore[index]
            self.planted.chats["an operator"].add(phone.user_id)

    async def close(self, sent: Sent) -> None:
        operator = self.here.operators[0].phone
        await operator.press(f"close.{sent.reference}", force=True)
        await self.here.rest()
        await operator.press(f"outcome.helped.{sent.reference}", force=True)
        await self.here.rest()

    async def contact(self, who: Requester) -> None:
        """A phone number, shared with a button of the app."""
        message = {
            "message_id": 900_001,
            "date": self.here.now,
            "chat": {"id": who.user_id, "type": "private"},
            "from": {"id": who.user_id, "is_bot": False, "first_name": "x"},
            "contact": {"phone_number": PHONE, "first_name": PEOPLE["latin"][1]},
        }
        await self.here.control.raw({"message": message})

    async def nothing_is_found(self, phase: str) -> None:
        await self.here.rest()
        found = await search(self.here, self.planted, self.answers)
        assert found == set(), phase
        self.here.service.log_path.write_bytes(b"")  # it only grows: what was searched need not be again


async def test_nothing_planted_is_found_anywhere_in_any_phase_of_many_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    async with quarter(tmp_path, talkative=True, ANONYMITY_K="50") as here:
        lives = Lives(here)
        await _drafts_and_cases(here, lives)
        await _faults_and_a_restart(here, lives)
        await _ends(here, lives)


async def _drafts_and_cases(here: Quarter, lives: Lives) -> None:
    left = await lives.person("other", "ru")
    await left.begin()
    await left.answer(here.questionnaire.questions[0], PICKS["status"])
    await left.send(TEXTS["latin"])
    lives.planted.chats["latin"].add(left.user_id)
    lives.planted.text("latin", "free text", TEXTS["latin"])
    await lives.contact(left)
    await lives.nothing_is_found("a draft is open")
    await lives.send("latin")
    await lives.nothing_is_found("sent in the chat")
    await lives.send("cyrillic", "code", "ru")
    await lives.nothing_is_found("sent with a code")
    await here.pass_time(HOUR)
    await lives.nothing_is_found("the draft has expired")


async def _faults_and_a_restart(here: Quarter, lives: Lives) -> None:
    who, sent = await lives.send("emoji", "chat", "uk")
    await lives.reply("emoji", sent)
    await lives.document("emoji", sent)
    await lives.nothing_is_found("replied to, with words and a document")
    for kind in ("500", "drop", "429", "timeout_after_effect"):
        await here.control.add_fault("*", kind, times=2, seconds=0.1)
        await who.send(TEXTS["emoji"])
        await who.send("/status")
        await here.rest()
        await here.control.clear_faults()
    await here.service.kill()
    await who.send("/privacy")
    await here.service.start()
    await lives.nothing_is_found("after faults and a restart")
    await lives.close(sent)
    await lives.nothing_is_found("closed")


async def _ends(here: Quarter, lives: Lives) -> None:
    who, sent = await lives.send("mixed", "code", "kk")
    await lives.reply("mixed", sent)
    await lives.document("mixed", sent)
    reader = here.sandbox.phone(PEOPLE["other"][0])
    lives.planted.chats["mixed"].add(reader.user_id)
    await reader.send("/status")
    await reader.send(sent.code)
    await lives.nothing_is_found("read with the code by another account")
    await who.send("/wipe")
    await lives.nothing_is_found("wiped")
    await here.sandbox.phone(PEOPLE["latin"][0]).send("/erase")
    await here.rest()
    await here.pass_time(400 * 24 * HOUR)
    assert here.inside.inner is not None
    await purge(here.inside.inner.desk.db, Retention(), here.now)
    await compact(here.place.loaded.database())
    await lives.nothing_is_found("purged")


# A check that can't fail is none: each place, with one line added to the code that leaks into it.


def _leaks_text(add: Callable[[Carrying, str], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """`add` runs whenever a free text is sealed."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        keep = Carrying._keep_text

        def leaking(carrying: Carrying, question: str, text: str) -> None:
            add(carrying, text)
            keep(carrying, question, text)

        patch.setattr(Carrying, "_keep_text", leaking)

    return plant


def _to(chat: int) -> Callable[[Carrying, str], None]:
    return lambda carrying, text: void(
        outbox.add(carrying.tx, Job(Task.SEND, carrying.now, chat=chat, text=f"New: {text}"))
    )


def void(_: object) -> None:
    """For a statement where an expression is due."""


def _into_a_file(name: str) -> Callable[[Carrying, str], None]:
    def add(carrying: Carrying, text: str) -> None:
        folder = Path(str(carrying.tx.conn.engine.url.database)).parent
        (folder / name).write_bytes(b"\0\0" + text.encode("utf-16-le"))

    return add


def _leaks_turns(add: Callable[[Any, Any], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """`add` runs with each requester's turn."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        take = requester._Turn.take

        def leaking(turn: Any, tx: Any) -> Any:
            add(turn.desk, turn.incoming)
            return take(turn, tx)

        patch.setattr(requester._Turn, "take", leaking)

    return plant


def _library_words(patch: pytest.MonkeyPatch) -> None:
    """Somebody lets the libraries' words into the log, and one of them says what it was handed."""

    def emit(_: object, record: logging.LogRecord) -> None:
        structlog.get_config()["logger_factory"]().msg(record.getMessage())

    patch.setattr(logs._LibraryHandler, "emit", emit)
    _leaks_text(lambda carrying, text: logging.getLogger("aiogram").debug("sealing %s", text))(patch)


def _answers_into_a_row(patch: pytest.MonkeyPatch) -> None:
    keep = Carrying._keep_answers

    def leaking(carrying: Carrying) -> None:
        meta.put(carrying.tx, "leak", json.dumps(carrying.draft.answers).encode())
        keep(carrying)

    patch.setattr(Carrying, "_keep_answers", leaking)


def _state_unwrapped(patch: pytest.MonkeyPatch) -> None:
    save = drafts.save

    def leaking(tx: Any, account: bytes, conversation: Any) -> None:
        meta.put(tx, "leak", str(conversation.chat).encode())
        save(tx, account, conversation)

    patch.setattr(drafts, "save", leaking)


LEAKS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "a row": (_leaks_text(lambda c, text: meta.put(c.tx, "leak", text.encode())), "meta.value"),
    "the database or its WAL": (
        _leaks_text(lambda c, text: meta.put(c.tx, "leak", b64encode(text.encode()))),
        "data/postern.sqlite",
    ),
    "a rollback journal": (
        _leaks_text(_into_a_file("postern.sqlite-journal")),
        "data/postern.sqlite-journal",
    ),
    "a backup": (_leaks_text(_into_a_file("copy.bak")), "data/copy.bak"),
    "a temporary file": (
        _leaks_text(lambda c, text: void(Path(tempfile.mkstemp()[1]).write_text(quote(text)))),
        "tmp/",
    ),
    "a file's name": (
        _leaks_turns(lambda d, i: void(Path(tempfile.gettempdir(), str(i.user_id)).write_bytes(b""))),
        "tmp/",
    ),
    "an answer in a row": (_answers_into_a_row, "meta.value"),
    "an account in a row": (_state_unwrapped, "meta.value"),
    "our log": (
        _leaks_turns(lambda d, i: void(structlog.get_logger().debug("a turn", count=i.user_id))),
        "service.log",
    ),
    "a library's log": (_library_words, "service.log"),
    "the metrics page": (
        _leaks_turns(lambda d, i: d.redelivered.__self__.given_up.update([f"user {i.user_id}"])),
        "the metrics page",
    ),
    "the operators' group": (_leaks_text(_to(GROUP)), "chat group"),
    "an operator's chat": (_leaks_text(_to(OPERATORS)), "chat private"),
    "another requester's chat": (_leaks_text(_to(PEOPLE["other"][0])), "chat private"),
}


@pytest.mark.parametrize("where", LEAKS)
async def test_a_planted_leak_is_caught(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, place = LEAKS[where]
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    async with quarter(tmp_path, talkative=True, ANONYMITY_K="50") as here:
        lives = Lives(here)
        await (await lives.person("other")).start()
        await here.rest()
        plant(monkeypatch)
        await lives.send("latin")
        await here.rest()
        found = await search(here, lives.planted, lives.answers)
        assert [each for each in found if each[0].startswith(place)], found


# The search itself.

LONG_ENOUGH = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40)


@given(LONG_ENOUGH, st.binary(max_size=7), st.binary(max_size=7))
def test_the_search_knows_a_text_in_every_form(text: str, before: bytes, after: bytes) -> None:
    plain = text.encode()
    shapes = [
        plain,
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        plain.hex().encode(),
        quote(text).encode(),
        json.dumps(text)[1:-1].encode(),
        text[::-1].encode(),
        plain[::-1],
    ]
    hay = [before + shape + after for shape in shapes] + [b64encode(before + plain + after)]
    known = forms(text)
    for each in hay:
        assert any(form in each for form in known)


@given(st.integers(2**40, 2**52))
def test_the_search_knows_an_account_in_every_form(user: int) -> None:
    known = forms(user)
    for shape in (
        str(user).encode(),
        user.to_bytes(8, "big"),
        user.to_bytes(8, "little"),
        f"{user:x}".zfill(14).encode(),
        json.dumps({"chat": user}).encode("utf-16-le"),
    ):
        assert any(form in b"x" + shape + b"x" for form in known)


def test_a_text_is_found_by_its_longer_words_alone() -> None:
    planted = Planted()
    planted.text("ann", "text", TEXTS["latin"])
    assert planted.found_in(b"to Featherstone, please")
    assert planted.found_in(b"nothing") == set()
