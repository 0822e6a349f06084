"""What the parsers' own tests leave open: contents of documents, slots, our small languages, a server's answers.

`tests/hell/parsers.py` lists every parser with the tests that throw anything at it.
"""

from __future__ import annotations

import json
import string
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from functools import cache

from aiogram.methods import GetMe
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from bot.opening import open_text
from bot.setting_types import _retention
from bot.telegram import MOST_PATIENCE, Telegram
from bot.telegram_errors import TelegramError
from handlers.attachments import Upload
from handlers.notes import Note
from intake.errors import SealingError, Tampered
from storage.document import build, parse
from storage.document_opening import OpenedCase, open_document
from storage.envelope import ANSWERS, TEXT_BYTES, Who
from storage.file_stream import FileKey
from storage.replies import Attached
from storage.sealing import Opener, Sealer, make_lock
from storage.slot_line import KIND, decode_slot
from storage.slots import SLOT_BYTES, has_slot, slot_ids, with_slot
from tests.hell.examples import JSON, many

FILE_KEY = st.fixed_dictionaries(
    {},
    optional={
        "key": st.just("a2V5") | JSON,
        "start": st.just("c3RhcnQ=") | JSON,
        "size": st.just(1e999) | JSON,
        "kind": st.just("image/png") | JSON,
    },
)
UPLOAD = st.fixed_dictionaries(
    {}, optional={"file": JSON, "message": JSON, "kind": JSON, "how": st.just("plain") | JSON, "more": JSON}
)


@many
@given(st.text(max_size=60) | (FILE_KEY | JSON).map(json.dumps))
def test_any_text_is_a_files_key_or_tampered(text: str) -> None:
    with suppress(Tampered):
        assert isinstance(FileKey.unpack(text).size, int)


@many
@given(st.text(max_size=60) | (UPLOAD | JSON).map(json.dumps))
def test_any_text_is_an_upload_or_tampered(text: str) -> None:
    with suppress(Tampered):
        assert isinstance(Upload.unpack(text).how, Attached)


# A case document, opened by somebody who may.

CASE = bytes(range(16))
HOLDER = PrivateKey(b"h" * 32)
LOCK = make_lock(CASE, [bytes(HOLDER.public_key)])
SEALER = Sealer(CASE, LOCK.public)
LABELS = {"title": {"en": "Help"}}
ANSWER_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "v": st.just(1) | JSON,
        "labels": st.text(max_size=40) | JSON,
        "language": st.sampled_from(["en", "xx"]) | JSON,
        "answers": st.dictionaries(st.text(max_size=5), JSON, max_size=3) | JSON,
    },
).map(lambda fields: json.dumps(fields).encode()[:TEXT_BYTES])


@many
@given(ANSWER_FIELDS | st.binary(max_size=TEXT_BYTES), st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_is_sealed_as_answers_and_texts_is_read_or_tampered(
    answers: bytes, text: bytes, said: bytes
) -> None:
    thread = [(1, Who.REQUESTER, date(2024, 2, 29), SEALER.seal(Who.REQUESTER.question, 1, said))]
    blocks = [(ANSWERS, 0, SEALER.seal(ANSWERS, 0, answers)), ("more", 0, SEALER.seal("more", 0, text))]
    file = build(
        reference="K7QM-4ZDP",
        case=CASE,
        public=LOCK.public,
        slots=LOCK.slots,
        blocks=blocks,
        thread=thread,
        labels=LABELS,
    )
    try:
        opened = open_document(parse(file), Opener(HOLDER))
    except Tampered as error:
        _keeps_nothing(error)
        return
    assert isinstance(opened, OpenedCase)
    assert "\x1b" not in open_text(file, HOLDER)


def _keeps_nothing(error: BaseException) -> None:
    """An error below it would hold what was sealed."""
    assert error.__cause__ is None
    assert error.__context__ is None


@many
@given(
    st.binary(max_size=SLOT_BYTES + 8) | st.binary(min_size=SLOT_BYTES, max_size=SLOT_BYTES), st.booleans()
)
def test_whatever_is_offered_as_a_slot_never_replaces_one(offered: bytes, named: bool) -> None:
    other = bytes(PrivateKey(b"o" * 32).public_key)
    if named:
        offered = _id_of(other) + offered[8:]
    for public in (other, bytes(HOLDER.public_key)):
        try:
            slots = with_slot(LOCK.slots, public, offered)
        except SealingError:
            continue
        assert has_slot(slots, public)
        Opener(HOLDER).unlock(CASE, LOCK.public, slots)


def _id_of(public: bytes) -> bytes:
    return slot_ids(make_lock(CASE, [public]).slots)[0]


@many
@given(
    st.text(max_size=60)
    | st.tuples(
        st.just(KIND), st.text(max_size=12), st.text(string.ascii_lowercase + "234567 \n", max_size=260)
    ).map(" ".join)
)
def test_any_text_is_a_slot_or_tampered(text: str) -> None:
    try:
        reference, slot = decode_slot(text)
    except Tampered:
        return
    assert reference
    assert len(slot) == SLOT_BYTES


# Small languages of our own.

DAYS = st.lists(
    st.tuples(
        st.sampled_from(["draft", "open", "closed", "replies", "audit", " open ", "OPEN", "", "drafts"]),
        st.sampled_from(["=", " = ", "==", ""]),
        st.sampled_from(["1", "30", "3650", "3651", "0", "-1", "1e3", "٣٠", "0030", " 30 ", ""])
        | st.text(max_size=4),
    ).map("".join),
    max_size=4,
).map(",".join)


@many
@given(DAYS)
def test_any_text_is_a_retention_or_refused(text: str) -> None:
    try:
        found = _retention(text)
    except ValueError:
        return
    assert all(1 <= days <= 3650 for days in asdict(found).values())
    assert _retention(str(found)) == found


@many
@given(
    st.text(max_size=40) | st.lists(st.sampled_from(["screen", "", "1", "x", "-2"]), max_size=5).map("|".join)
)
def test_any_text_is_a_note_or_none(text: str) -> None:
    found = Note.read(text)
    assert found is None or Note.read(str(found)) == found


ANSWERED = st.fixed_dictionaries(
    {},
    optional={
        "ok": st.booleans() | JSON,
        "result": JSON,
        "error_code": st.sampled_from([400, 401, 403, 404, 409, 413, 429, 500]) | JSON,
        "description": st.sampled_from(["Bad Request: message is not modified", "chat not found"]) | JSON,
        "parameters": JSON
        | st.fixed_dictionaries(
            {"retry_after": JSON | st.sampled_from([10**400, float("nan"), -1, float("inf")])}
        )
        | st.fixed_dictionaries({"migrate_to_chat_id": JSON}),
    },
)


@many
@given(
    st.sampled_from([200, 302, 400, 404, 429, 500]), (ANSWERED | JSON).map(json.dumps) | st.text(max_size=40)
)
def test_any_answer_of_a_server_is_a_result_or_our_own_error_without_its_words(
    status: int, content: str
) -> None:
    telegram = _telegram()
    try:
        answer = telegram._session.check_response(telegram._bot, GetMe(), status, content)
    except TelegramError as error:
        _is_ours(error)
    else:
        assert hasattr(answer, "result")


@cache
def _telegram() -> Telegram:
    return Telegram("1:" + "a" * 35, "http://127.0.0.1:9")


def _is_ours(error: TelegramError) -> None:
    assert 0 <= getattr(error, "seconds", 0.0) <= MOST_PATIENCE
    assert "not modified" not in str(error)
