"""Case locks: who can open what, and that nothing can be altered, swapped or replayed unnoticed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey, PublicKey, SealedBox

from intake.errors import KeyFileError, Tampered, WrongKey
from storage import sealing
from storage.envelope import (
    CASE_BYTES,
    ENVELOPE_BYTES,
    QUESTION_BYTES,
    SEQUENCE_MAX,
    TEXT_BYTES,
    EnvelopeError,
    TextTooLong,
    Who,
    pack,
    unpack,
)
from storage.sealing import BOX_BYTES, SLOT_BYTES, CaseOpener, Opener, Sealer, key_id, make_lock

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
CASE = bytes(range(CASE_BYTES))
OTHER_CASE = bytes(CASE_BYTES)
LEAD, OPERATOR, RECOVERY, STRANGER = (PrivateKey(bytes([n]) * 32) for n in range(1, 5))
PUBLICS = [bytes(key.public_key) for key in (LEAD, OPERATOR, RECOVERY)]
LOCK = make_lock(CASE, PUBLICS)
SEALER = Sealer(CASE, LOCK.public)
OPENED = Opener(OPERATOR).unlock(CASE, LOCK.public, LOCK.slots)
BOX = SEALER.seal("what", 7, b"a text")

cases = st.binary(min_size=CASE_BYTES, max_size=CASE_BYTES)
questions = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
sequences = st.integers(0, SEQUENCE_MAX)
texts = st.binary(max_size=TEXT_BYTES)


def flipped(data: bytes, bit: int) -> bytes:
    at = bit % (8 * len(data))
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


# The envelope


@given(cases, questions, sequences, texts)
def test_an_envelope_gives_back_what_was_packed_and_always_has_one_size(
    case: bytes, question: str, sequence: int, text: bytes
) -> None:
    packed = pack(case, question, sequence, text)
    assert len(packed) == ENVELOPE_BYTES
    found = unpack(packed)
    assert (found.case, found.question, found.sequence, found.text) == (case, question, sequence, text)


def test_the_longest_text_fits_and_one_byte_more_is_refused_without_being_quoted() -> None:
    assert unpack(pack(CASE, "what", 0, b"x" * TEXT_BYTES)).text == b"x" * TEXT_BYTES
    with pytest.raises(TextTooLong) as refused:
        pack(CASE, "what", 0, b"x" * (TEXT_BYTES + 1))
    assert "xx" not in str(refused.value)


@pytest.mark.parametrize(
    ("case", "question", "sequence"),
    [
        (CASE[1:], "what", 0),
        (CASE, "", 0),
        (CASE, "q" * (QUESTION_BYTES + 1), 0),
        (CASE, "w\0", 0),
        (CASE, "what", -1),
        (CASE, "what", SEQUENCE_MAX + 1),
    ],
)
def test_parts_that_do_not_fit_an_envelope_are_refused(case: bytes, question: str, sequence: int) -> None:
    with pytest.raises(EnvelopeError):
        pack(case, question, sequence, b"")


@given(st.binary(max_size=64) | st.binary(min_size=ENVELOPE_BYTES, max_size=ENVELOPE_BYTES))
def test_any_bytes_are_an_envelope_or_tampered(plaintext: bytes) -> None:
    try:
        found = unpack(plaintext)
    except Tampered:
        return
    assert pack(found.case, found.question, found.sequence, found.text) == plaintext


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (0, b"\2"),
        (17, bytes(4)),
        (17, b"\xff"),
        (19, b"\0"),
        (53, b"\xff"),
        (54, b"\1"),
        (ENVELOPE_BYTES - 1, b"\1"),
    ],
    ids=["version", "no question", "not UTF-8", "NUL inside", "length over", "length under", "padding"],
)
def test_an_envelope_has_one_encoding_only(at: int, wrong: bytes) -> None:
    plaintext = pack(CASE, "what", 7, b"a text")
    with pytest.raises(Tampered) as refused:
        unpack(plaintext[:at] + wrong + plaintext[at + len(wrong) :])
    assert refused.value.__context__ is None


def test_a_note_a_reply_and_a_request_are_sealed_under_different_names() -> None:
    assert len({who.question for who in Who}) == 3
    assert Who.ORGANISATION.question == "thread.organisation"


# Sealing and opening


@given(questions, sequences, texts)
def test_every_recipient_opens_what_was_sealed(question: str, sequence: int, text: bytes) -> None:
    box = SEALER.seal(question, sequence, text)
    assert len(box) == BOX_BYTES
    assert OPENED.open(box, question=question, sequence=sequence) == text


@pytest.mark.parametrize("key", [LEAD, OPERATOR, RECOVERY])
def test_each_key_that_was_named_has_a_slot_that_opens(key: PrivateKey) -> None:
    opened = Opener(key).unlock(CASE, LOCK.public, LOCK.slots)
    assert opened.open(BOX, question="what", sequence=7) == b"a text"


def test_a_key_that_was_not_named_opens_nothing() -> None:
    with pytest.raises(WrongKey):
        Opener(STRANGER).unlock(CASE, LOCK.public, LOCK.slots)


def test_a_dummy_has_the_size_of_a_text_and_opens_as_nothing() -> None:
    dummy = SEALER.dummy("what", 8)
    assert len(dummy) == len(BOX)
    assert OPENED.open(dummy, question="what", sequence=8) == b""


def test_the_same_text_sealed_twice_looks_different() -> None:
    assert SEALER.seal("what", 7, b"a text") != BOX


@given(st.integers(min_value=0))
def test_a_box_with_any_bit_changed_is_tampered(bit: int) -> None:
    with pytest.raises(Tampered):
        OPENED.open(flipped(BOX, bit), question="what", sequence=7)


@given(st.integers(0, BOX_BYTES - 1))
def test_a_box_cut_short_or_extended_is_tampered(size: int) -> None:
    for box in (BOX[:size], BOX + bytes(size + 1)):
        with pytest.raises(Tampered):
            OPENED.open(box, question="what", sequence=7)


@pytest.mark.parametrize(("question", "sequence"), [("other", 7), ("what", 8), ("thread.note", 7)])
def test_a_box_moved_to_another_place_is_tampered(question: str, sequence: int) -> None:
    with pytest.raises(Tampered):
        OPENED.open(BOX, question=question, sequence=sequence)


def test_a_box_of_another_case_under_the_same_key_is_tampered() -> None:
    box = Sealer(OTHER_CASE, LOCK.public).seal("what", 7, b"a text")
    with pytest.raises(Tampered):
        OPENED.open(box, question="what", sequence=7)


def test_a_box_of_another_cases_lock_is_tampered() -> None:
    lock = make_lock(CASE, PUBLICS)
    with pytest.raises(Tampered):
        OPENED.open(Sealer(CASE, lock.public).seal("what", 7, b"a text"), question="what", sequence=7)


@given(st.binary(max_size=64) | st.binary(min_size=ENVELOPE_BYTES, max_size=ENVELOPE_BYTES))
def test_a_well_sealed_box_with_any_content_opens_or_is_tampered(content: bytes) -> None:
    box = SealedBox(PublicKey(LOCK.public)).encrypt(content)
    with pytest.raises(Tampered):
        OPENED.open(box, question="what", sequence=7)


def test_errors_from_opening_hold_no_plaintext() -> None:
    with pytest.raises(Tampered) as raised:
        OPENED.open(SEALER.seal("what", 1, b"secret words"), question="secret?", sequence=2)
    assert "secret" not in str(raised.value)
    assert raised.value.__context__ is None


# Locks and slots


def test_a_lock_does_not_keep_its_private_half_and_two_locks_differ() -> None:
    other = make_lock(CASE, PUBLICS)
    assert other.public != LOCK.public
    assert other.slots != LOCK.slots
    assert not {"private", "secret"} & set(dir(other))


def test_a_lock_has_one_slot_for_each_different_recipient_in_an_order_that_says_nothing() -> None:
    lock = make_lock(CASE, [*PUBLICS, PUBLICS[0]])
    assert len(lock.slots) == 3 * SLOT_BYTES
    assert sealing.slot_ids(lock.slots) == sorted(key_id(public) for public in PUBLICS)


def test_a_lock_without_recipients_is_refused() -> None:
    with pytest.raises(ValueError, match="recipient"):
        make_lock(CASE, [])


def test_a_lock_is_refused_for_a_wrong_case_id_or_an_unusable_recipient() -> None:
    with pytest.raises(ValueError, match="case id"):
        make_lock(CASE[1:], PUBLICS)
    for public in (bytes(32), b"\1" + bytes(31), PUBLICS[0][1:]):
        with pytest.raises(KeyFileError):
            make_lock(CASE, [public])


def test_a_sealer_is_refused_for_a_wrong_case_id_or_an_unusable_key() -> None:
    with pytest.raises(ValueError, match="case id"):
        Sealer(b"", LOCK.public)
    with pytest.raises(KeyFileError):
        Sealer(CASE, bytes(32))


@given(st.integers(min_value=0))
def test_a_lock_with_any_bit_of_its_slots_changed_does_not_open(bit: int) -> None:
    own = make_lock(CASE, [PUBLICS[1]])
    with pytest.raises((Tampered, WrongKey)):
        Opener(OPERATOR).unlock(CASE, own.public, flipped(own.slots, bit))


def test_a_slot_does_not_open_another_case_or_another_public_key() -> None:
    for case, public in ((OTHER_CASE, LOCK.public), (CASE, bytes(STRANGER.public_key))):
        with pytest.raises(Tampered):
            Opener(OPERATOR).unlock(case, public, LOCK.slots)


def test_a_slot_whose_private_half_does_not_belong_to_the_public_key_is_tampered() -> None:
    """A server that names its own public key in slot and database, but cannot know the private half."""
    forged = b"\1" + CASE + bytes(STRANGER.public_key) + bytes(LEAD)
    slot = key_id(PUBLICS[1]) + SealedBox(PublicKey(PUBLICS[1])).encrypt(forged)
    with pytest.raises(Tampered):
        Opener(OPERATOR).unlock(CASE, bytes(STRANGER.public_key), slot)


def test_a_slot_of_an_unknown_version_is_tampered() -> None:
    content = b"\2" + CASE + bytes(LEAD.public_key) + bytes(LEAD)
    slot = key_id(PUBLICS[1]) + SealedBox(PublicKey(PUBLICS[1])).encrypt(content)
    with pytest.raises(Tampered):
        Opener(OPERATOR).unlock(CASE, bytes(LEAD.public_key), slot)


def test_a_revoked_recipient_opens_nothing_and_the_others_still_do() -> None:
    slots = sealing.without_slot(LOCK.slots, PUBLICS[1])
    with pytest.raises(WrongKey):
        Opener(OPERATOR).unlock(CASE, LOCK.public, slots)
    assert Opener(LEAD).unlock(CASE, LOCK.public, slots).open(BOX, question="what", sequence=7) == b"a text"
    assert sealing.without_slot(slots, PUBLICS[1]) == slots


def test_only_the_slots_that_are_asked_for_remain() -> None:
    slots = sealing.only_slots(LOCK.slots, [PUBLICS[0], bytes(STRANGER.public_key)])
    assert sealing.slot_ids(slots) == [key_id(PUBLICS[0])]
    assert sealing.has_slot(slots, PUBLICS[0])
    assert not sealing.has_slot(slots, PUBLICS[1])
    assert sealing.only_slots(slots, []) == b""
    assert sealing.slot_ids(b"") == []


def test_a_rewrapped_slot_lets_a_later_recipient_in() -> None:
    public = bytes(STRANGER.public_key)
    slots = sealing.with_slot(LOCK.slots, public, OPENED.rewrap(public))
    opened = Opener(STRANGER).unlock(CASE, LOCK.public, slots)
    assert opened.open(BOX, question="what", sequence=7) == b"a text"
    assert len(sealing.slot_ids(slots)) == 4


def test_a_rewrapped_slot_never_replaces_one_that_is_there() -> None:
    rubbish = key_id(PUBLICS[1]) + bytes(SLOT_BYTES - 8)
    assert sealing.with_slot(LOCK.slots, PUBLICS[1], rubbish) == LOCK.slots


def test_a_rewrapped_slot_for_somebody_else_or_of_a_wrong_size_is_refused() -> None:
    public = bytes(STRANGER.public_key)
    with pytest.raises(WrongKey):
        sealing.with_slot(LOCK.slots, public, OPENED.rewrap(PUBLICS[0]))
    with pytest.raises(Tampered):
        sealing.with_slot(LOCK.slots, public, OPENED.rewrap(public)[1:])
    with pytest.raises(KeyFileError):
        OPENED.rewrap(bytes(32))


@given(st.binary(max_size=3 * SLOT_BYTES) | st.binary(min_size=2 * SLOT_BYTES, max_size=2 * SLOT_BYTES))
def test_any_bytes_are_slots_or_tampered(slots: bytes) -> None:
    try:
        assert len(sealing.slot_ids(slots)) * SLOT_BYTES == len(slots)
    except Tampered:
        return


def test_slots_out_of_order_or_twice_are_tampered() -> None:
    first, second = LOCK.slots[:SLOT_BYTES], LOCK.slots[SLOT_BYTES : 2 * SLOT_BYTES]
    for blob in (second + first, first + first):
        with pytest.raises(Tampered):
            sealing.has_slot(blob, PUBLICS[0])


def test_nothing_that_holds_a_secret_shows_it_when_printed() -> None:
    opener = Opener(OPERATOR)
    secret = bytes(OPERATOR)
    for thing in (opener, OPENED, SEALER, LOCK, unpack(pack(CASE, "what", 1, secret))):
        shown = f"{thing!r} {thing}"
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
        assert "private" not in shown


def test_a_lock_shows_no_slots_when_printed() -> None:
    assert "slots" not in repr(make_lock(bytes(16), [bytes(PrivateKey.generate().public_key)]))


def test_a_sealer_holds_no_private_key() -> None:
    held = [getattr(SEALER, name) for name in vars(SEALER)]
    assert not any(isinstance(value, PrivateKey) for value in held)
    with pytest.raises(TypeError):
        SEALER._box.decrypt(BOX)  # type: ignore[misc]


# Fixed vectors


def test_vector_envelope() -> None:
    vector = VECTORS["envelope"]
    text = bytes.fromhex(vector["text"])
    packed = pack(bytes.fromhex(vector["case"]), vector["question"], vector["sequence"], text)
    assert packed[:67].hex() == vector["start"]
    assert len(packed) == vector["bytes"] == 1 + 16 + 32 + 4 + 2 + 2800
    assert hashlib.sha256(packed).hexdigest() == vector["sha256"]


def test_vector_key_id_as_the_standard_library_computes_it() -> None:
    public = bytes.fromhex(VECTORS["keys"]["public"])
    framed = b"\0\0\0\x0epostern/key-id" + b"\0\0\0\x20" + public
    assert key_id(public).hex() == VECTORS["keys"]["key_id"]
    assert key_id(public) == hashlib.blake2b(framed, digest_size=8).digest()


def test_vector_lock_and_box_open() -> None:
    lock, box = VECTORS["lock"], VECTORS["box"]
    opener = Opener(PrivateKey(bytes.fromhex(VECTORS["keys"]["private"])))
    opened = opener.unlock(*(bytes.fromhex(lock[name]) for name in ("case", "public", "slots")))
    plaintext = opened.open(bytes.fromhex(box["box"]), question=box["question"], sequence=box["sequence"])
    assert plaintext.hex() == box["text"]
    direct = CaseOpener(bytes.fromhex(lock["case"]), PrivateKey(bytes.fromhex(lock["private"])))
    assert direct.open(bytes.fromhex(box["box"]), question="what", sequence=7) == plaintext
