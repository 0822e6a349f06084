"""Locks out, slots back: what of both files survives the way, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from intake.errors import SealingError, Tampered
from storage.lock_bundle import MOST_LOCKS, BundledLock, build_bundle, is_lock_bundle, parse_bundle
from storage.sealing import make_lock
from storage.slot_bundle import MAX_SLOTS_CHARS, SlotBundle, decode_slots, encode_slots
from storage.slots import KEY_ID_BYTES, SLOT_BYTES, key_id

PUBLIC = bytes(range(32))
KEYS = [bytes(PrivateKey(bytes([n]) * 32).public_key) for n in (1, 2)]
LOCK = make_lock(b"c" * 16, KEYS)
CASES = st.binary(min_size=16, max_size=16)
SLOTS = st.binary(min_size=SLOT_BYTES - KEY_ID_BYTES, max_size=SLOT_BYTES - KEY_ID_BYTES).map(
    lambda rest: key_id(PUBLIC) + rest
)
MANY = st.lists(st.tuples(CASES, SLOTS), min_size=1, max_size=4, unique_by=lambda one: one[0])


@given(MANY, st.integers(1, 200))
def test_slots_survive_the_way_however_they_are_broken(slots: list[tuple[bytes, bytes]], width: int) -> None:
    text = encode_slots(PUBLIC, slots)
    assert decode_slots(text) == SlotBundle(PUBLIC, tuple(slots))
    kind, body = text.split("\n", 1)
    body = "".join(body.split()).upper()
    lines = [body[at : at + width] for at in range(0, len(body), width)]
    assert decode_slots(f"\r\n {kind} " + " \r\n".join(lines) + "\n") == SlotBundle(PUBLIC, tuple(slots))


@given(MANY, st.data())
def test_a_slip_a_cut_or_something_in_between_is_noticed(
    slots: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    text = encode_slots(PUBLIC, slots).rstrip()
    at = data.draw(st.integers(0, len(text) - 1).filter(lambda at: not text[at].isspace()))
    slip = data.draw(st.sampled_from("abcz27-é=").filter(lambda char: char != text[at]))
    for spoilt in (text[:at] + slip + text[at + 1 :], text[:at] + text[at + 1 :], text[:at]):
        with pytest.raises(Tampered):
            decode_slots(spoilt)


@given(st.text("postern-sl1 abz27\nй=", max_size=60))
def test_anything_else_is_no_slots(text: str) -> None:
    for said in (text, f"postern-slots-1 {text}"):
        with pytest.raises(Tampered):
            decode_slots(said)


def test_slots_of_another_key_or_twice_of_one_case_are_refused() -> None:
    mine, foreign = key_id(PUBLIC) + bytes(SLOT_BYTES - 8), key_id(KEYS[0]) + bytes(SLOT_BYTES - 8)
    for slots in ([(b"a" * 16, foreign)], [(b"a" * 16, mine), (b"a" * 16, mine)], []):
        with pytest.raises(Tampered):
            decode_slots(encode_slots(PUBLIC, slots))


def test_the_slots_format_is_pinned() -> None:
    slot = key_id(PUBLIC) + bytes(range(SLOT_BYTES - KEY_ID_BYTES))
    lines = encode_slots(PUBLIC, [(b"\1" * 16, slot), (b"\2" * 16, slot)]).split("\n")
    assert lines[0] == "postern-slots-1"
    assert lines[1] == "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypqcaibaeaqcaibaeaqcaibaeaq"
    assert lines[-2] == "w7d5pz7yb67ol2b4czxb4m"
    assert (len(lines), lines[-1]) == (10, "")


def test_the_locks_format_is_pinned() -> None:
    lock = BundledLock("K7QM-4ZDP", b"\1" * 16, b"\2" * 32, key_id(PUBLIC) + bytes(SLOT_BYTES - KEY_ID_BYTES))
    fields = json.loads(build_bundle([lock]))
    assert list(fields) == ["postern", "locks", "check"]
    assert fields["postern"] == "locks-1"
    assert fields["locks"][0][:3] == [
        "K7QM-4ZDP", "AQEBAQEBAQEBAQEBAQEBAQ==", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
    ]  # fmt: skip
    assert fields["check"] == "a3e64e7ae778413f5c582ef617c96b13"


@given(st.lists(CASES, max_size=8, unique=True))
def test_locks_survive_the_way(ids: list[bytes]) -> None:
    locks = tuple(BundledLock(f"AAAA-{n:04}", case, LOCK.public, LOCK.slots) for n, case in enumerate(ids))
    data = build_bundle(locks)
    assert is_lock_bundle(data)
    assert parse_bundle(data) == locks
    assert parse_bundle(b"\r\n  " + data.replace(b"\n", b"\r\n")) == locks


@given(st.data())
def test_locks_that_were_cut_or_altered_are_refused(data: st.DataObject) -> None:
    whole = build_bundle([BundledLock("K7QM-4ZDP", LOCK.case, LOCK.public, LOCK.slots)])
    at = data.draw(st.integers(0, len(whole) - 3).filter(lambda at: not whole[at : at + 1].isspace()))
    other = data.draw(st.integers(33, 126).filter(lambda byte: byte != whole[at]))
    for spoilt in (whole[:at], whole[:at] + bytes([other]) + whole[at + 1 :]):
        with pytest.raises(SealingError):
            parse_bundle(spoilt)


def test_a_newer_one_and_another_kind_are_told_apart() -> None:
    with pytest.raises(SealingError, match="newer"):
        parse_bundle(b'{"postern": "locks-2"}')
    with pytest.raises(SealingError, match="not a file of locks"):
        parse_bundle(b'{"postern": "case-1"}')
    assert not is_lock_bundle(b'{"postern": "case-1"}')


def test_as_many_as_one_file_holds_fit_a_document_of_telegrams() -> None:
    """A bot may send 50 MB, and fetch 20 MB."""
    two = BundledLock("K7QM-4ZDP", LOCK.case, LOCK.public, LOCK.slots)
    assert len(build_bundle([two] * 100)) * MOST_LOCKS / 100 < 4_000_000
    assert MAX_SLOTS_CHARS < 2_000_000
    slot = key_id(PUBLIC) + bytes(SLOT_BYTES - KEY_ID_BYTES)
    most = [(n.to_bytes(16), slot) for n in range(MOST_LOCKS)]
    assert len(decode_slots(encode_slots(PUBLIC, most)).slots) == MOST_LOCKS
