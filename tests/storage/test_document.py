"""The sealed case document: what is in it, who opens it, and what happens to one that was changed."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from intake.errors import SealingError, Tampered, WrongKey
from storage.checked_json import checksum
from storage.document import MAX_DOCUMENT_BYTES, build, encode_answers, labels_fingerprint, parse
from storage.document_opening import OpenedCase, open_document
from storage.envelope import ANSWERS, Who
from storage.purpose import Purpose
from storage.sealing import BOX_BYTES, Opener, Sealer, make_lock, only_slots

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
CASE = bytes(range(16))
HOLDER, OTHER = PrivateKey(b"\1" * 32), PrivateKey(b"\2" * 32)
LOCK = make_lock(CASE, [bytes(HOLDER.public_key), bytes(OTHER.public_key)])
SEALER = Sealer(CASE, LOCK.public)
LABELS = {"title": "Проба", "questions": {"kind": "What?", "danger": "Danger?"}}
GIVEN = {"kind": ("a",), "danger": ("x", "y"), "rest": ()}
DAY = date(2023, 11, 20)


def sealed(question: str, sequence: int, text: bytes) -> tuple[str, int, bytes]:
    return question, sequence, SEALER.seal(question, sequence, text)


def said(sequence: int, who: Who, text: bytes) -> tuple[int, Who, date, bytes]:
    return sequence, who, DAY, SEALER.seal(who.question, sequence, text)


ANSWERED = sealed(ANSWERS, 0, encode_answers(labels_fingerprint(LABELS).hex(), "ru", GIVEN))


def made(**changes: Any) -> bytes:
    parts: dict[str, Any] = {
        "reference": "K7QM-4ZDP",
        "case": CASE,
        "public": LOCK.public,
        "slots": LOCK.slots,
        "blocks": [ANSWERED, sealed("what", 0, "Привет".encode()), ("more", 0, SEALER.dummy("more", 0))],
        "thread": [said(2, Who.ORGANISATION, b"We can."), said(1, Who.REQUESTER, b"Can you?")],
        "labels": LABELS,
    }
    return build(**(parts | changes))


def opened(document: bytes, key: PrivateKey = HOLDER) -> OpenedCase:
    return open_document(parse(document), Opener(key))


def forged(document: bytes, **changes: Any) -> bytes:
    """Change fields and make the checksum right again, as anyone can."""
    fields = json.loads(document) | changes
    del fields["check"]
    return json.dumps(fields | {"check": checksum(Purpose.DOCUMENT, fields)}).encode()


# Opening


def test_the_holder_reads_answers_texts_and_thread_in_order() -> None:
    case = opened(made())
    assert case.reference == "K7QM-4ZDP"
    assert case.language == "ru"
    assert case.answers == GIVEN
    assert case.texts == {"what": "Привет"}
    assert [(m.sequence, m.who, m.day, m.text) for m in case.thread] == [
        (1, Who.REQUESTER, DAY, "Can you?"),
        (2, Who.ORGANISATION, DAY, "We can."),
    ]
    assert case.labels == LABELS


def test_only_a_key_whose_slot_was_passed_opens_the_document() -> None:
    document = made(slots=only_slots(LOCK.slots, [bytes(HOLDER.public_key)]))
    assert opened(document).answers == GIVEN
    with pytest.raises(WrongKey):
        opened(document, OTHER)


def test_a_case_of_dummies_opens_as_an_empty_one() -> None:
    case = opened(made(blocks=[(ANSWERS, 0, SEALER.dummy(ANSWERS, 0))], thread=[]))
    assert (case.language, case.answers, case.texts, case.thread) == ("", {}, {}, ())


def test_later_answers_rule_and_no_text_is_lost() -> None:
    later = sealed(ANSWERS, 5, encode_answers(labels_fingerprint(LABELS).hex(), "uk", {"kind": ("b",)}))
    texts = [sealed("what", 4, b"second"), sealed("what", 1, b"first"), sealed("what", 6, b"")]
    case = opened(made(blocks=[later, *texts, ANSWERED]))
    assert (case.language, case.answers) == ("uk", {"kind": ("b",)})
    assert case.texts == {"what": "first\n\nsecond"}


@given(
    st.dictionaries(
        st.text("abcdef_", min_size=1), st.lists(st.text("abc", min_size=1), max_size=3), max_size=6
    )
)
def test_any_answers_come_back_as_they_were_given(answers: dict[str, list[str]]) -> None:
    given_answers = {question: tuple(options) for question, options in answers.items()}
    block = sealed(ANSWERS, 0, encode_answers(labels_fingerprint(LABELS).hex(), "kk", given_answers))
    assert opened(made(blocks=[block])).answers == given_answers


# Tampering


def test_labels_other_than_those_that_were_answered_are_tampered() -> None:
    with pytest.raises(Tampered, match="texts"):
        opened(made(labels=LABELS | {"title": "Something else"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"blocks": [[ANSWERED[0], 1, base64.b64encode(ANSWERED[2]).decode()]]},
        {"blocks": [["what", 0, base64.b64encode(ANSWERED[2]).decode()]]},
        {"case": base64.b64encode(bytes(16)).decode()},
        {"public": base64.b64encode(bytes(OTHER.public_key)).decode()},
        {"slots": base64.b64encode(LOCK.slots[:8] + bytes(129)).decode()},
    ],
    ids=["sequence", "question", "case", "lock", "slots"],
)
def test_parts_that_were_exchanged_are_tampered(changes: dict[str, Any]) -> None:
    with pytest.raises((Tampered, WrongKey)):
        opened(forged(made(), **changes))


def test_an_author_who_was_exchanged_is_tampered() -> None:
    document = made()
    thread = json.loads(document)["thread"]
    thread[0][1] = "organisation"
    with pytest.raises(Tampered):
        opened(forged(document, thread=thread))


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 2800,
        b'{"v":2,"labels":"","language":"ru","answers":{}}',
        b'{"v":1,"labels":"","language":"ru","answers":{}}',
        b'{"v":1,"labels":"","language":"ru","answers":[]}',
        b'{"v":1,"labels":"%s","language":"ru","answers":{"kind":"a"}}',
        b'{"v":1,"labels":"%s","language":"ru","answers":{"kind":[1]}}',
    ],
)
def test_sealed_answers_of_another_form_are_tampered_and_not_quoted(text: bytes) -> None:
    text = text.replace(b"%s", labels_fingerprint(LABELS).hex().encode())
    with pytest.raises(Tampered) as refused:
        opened(made(blocks=[sealed(ANSWERS, 0, text)]))
    assert refused.value.__context__ is None


def test_a_sealed_text_that_is_not_utf8_is_tampered_and_not_quoted() -> None:
    for changes in (
        {"blocks": [sealed("what", 0, b"secret\xff")]},
        {"thread": [said(1, Who.NOTE, b"secret\xff")]},
    ):
        with pytest.raises(Tampered) as refused:
            opened(made(**changes))
        assert refused.value.__context__ is None
        assert "secret" not in str(refused.value)


def test_an_opened_case_does_not_show_its_contents_when_printed() -> None:
    case = opened(made())
    shown = f"{case!r} {case} {case.thread!r}"
    for secret in ("Привет", "Can you", "kind", "ru"):
        assert secret not in shown.replace("requester", "").replace("true", "")


# Form


def test_a_document_is_ascii_and_says_what_it_is() -> None:
    document = made()
    assert document.isascii()
    assert document.startswith(b'{\n "postern": "case-1"')
    assert document.endswith(b"}\n")


def test_a_document_shows_nothing_of_what_is_sealed() -> None:
    document = made()
    for secret in (b"Can you", b"We can", b'"a"', "Привет".encode(), b'"ru"'):
        assert secret not in document


@given(st.integers(40, len(made()) - 3))
def test_a_document_cut_anywhere_is_cut_short_or_damaged(size: int) -> None:
    document = made()
    with pytest.raises(Tampered, match="cut short" if document[:size].rstrip()[-1:] != b"}" else "damaged"):
        parse(document[:size])


@given(st.integers(25, len(made()) - 3), st.integers(0, 255))
def test_a_document_with_any_byte_changed_is_damaged(at: int, byte: int) -> None:
    document = made()
    changed = document[:at] + bytes([byte]) + document[at + 1 :]
    try:
        assert parse(changed) == parse(document)  # one blank for another, between two fields
    except SealingError:
        return


def test_what_is_wrong_with_a_document_is_told_apart() -> None:
    for foreign in (b"", b"%PDF-1.7", b'{"a": 1}', b"\xff\xfe"):
        with pytest.raises(SealingError, match="not a Postern case document"):
            parse(foreign)
    with pytest.raises(SealingError, match="newer"):
        parse(made().replace(b"case-1", b"case-2"))
    with pytest.raises(SealingError, match="too large"):
        parse(made() + b" " * MAX_DOCUMENT_BYTES)


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "\x1b[2J"},
        {"reference": 1},
        {"case": "AAAA"},
        {"case": None},
        {"public": "!"},
        {"slots": "AAAA"},
        {"slots": "й"},
        {"blocks": 1},
        {"blocks": [1]},
        {"blocks": [["what", 0]]},
        {"blocks": [["what", 0, "AAAA"]]},
        {"blocks": [["what", True, base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"blocks": [["what", -1, base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"blocks": [["", 0, base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"blocks": [["\ud800", 0, base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"blocks": [["what", 0, base64.b64encode(bytes(BOX_BYTES)).decode()]] * 2},
        {"thread": [[1, "nobody", "2023-11-20", base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"thread": [[1, "note", "yesterday", base64.b64encode(bytes(BOX_BYTES)).decode()]]},
        {"thread": [[1, "note", "2023-11-20", base64.b64encode(bytes(BOX_BYTES)).decode()]] * 2},
        {"labels": []},
        {"labels": float("nan")},
    ],
)
def test_a_document_of_another_form_is_damaged_even_with_a_right_checksum(changes: dict[str, Any]) -> None:
    try:
        document = forged(made(), **changes)
    except ValueError:  # NaN has no checksum, either
        document = made().replace(b'"title"', b'"x": NaN, "title"')
    with pytest.raises(Tampered, match="damaged"):
        parse(document)


@given(
    st.binary(max_size=100).map(lambda tail: b'{"postern": "case-1"' + tail + b"}") | st.binary(max_size=100)
)
def test_any_bytes_are_a_sealing_error(document: bytes) -> None:
    with pytest.raises(SealingError):
        parse(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["reference", "case", "public", "slots", "blocks", "thread", "labels", "check", "postern"]


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, min_size=1))
def test_any_fields_are_a_document_or_a_sealing_error(changes: dict[str, Any]) -> None:
    fields = json.loads(made()) | changes
    try:
        parse(json.dumps(fields).encode())
    except SealingError:
        return


def test_deep_nesting_is_damaged() -> None:
    with pytest.raises(Tampered):
        parse(b'{"postern": "case-1", "labels": ' + b"[" * 100_000 + b"}")


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "low case"},
        {"case": b""},
        {"slots": b"x"},
        {"blocks": [ANSWERED, ANSWERED]},
        {"thread": [said(1, Who.NOTE, b""), said(1, Who.NOTE, b"")]},
        {"blocks": [("what", 0, b"plain")]},
        {"labels": {9: "x", 10: "y"}},
        {"labels": {"x": "x" * MAX_DOCUMENT_BYTES}},
    ],
)
def test_parts_that_do_not_make_a_document_are_refused_when_it_is_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sound case document"):
        made(**changes)


def test_a_fingerprint_names_the_labels_and_not_the_order_of_their_keys() -> None:
    assert labels_fingerprint({"a": 1, "b": ["x"]}) == labels_fingerprint({"b": ("x",), "a": 1})
    assert labels_fingerprint({"a": 1}) != labels_fingerprint({"a": 2})
    assert len(labels_fingerprint({})) == 16


# Fixed vectors


def test_vector_labels_fingerprint() -> None:
    vector = VECTORS["labels"]
    assert labels_fingerprint(vector["labels"]).hex() == vector["fingerprint"]


def test_vector_document() -> None:
    key = PrivateKey(bytes.fromhex(VECTORS["keys"]["private"]))
    case = opened(VECTORS["document"]["text"].encode(), key)
    assert case.answers == {"kind": ("a",), "rest": ()}
    assert (case.language, case.texts) == ("ru", {"what": "Привет"})
    assert [message.text for message in case.thread] == ["hello", "hi"]


def test_vector_document_is_built_byte_for_byte() -> None:
    text = VECTORS["document"]["text"].encode()
    found = parse(text)
    assert text == build(
        reference=found.reference,
        case=found.case,
        public=found.public,
        slots=found.slots,
        blocks=found.blocks,
        thread=[(m.sequence, m.who, m.day, m.box) for m in found.thread],
        labels=found.labels,
    )
