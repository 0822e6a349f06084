"""The line that carries a re-wrapped slot back to the bot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import Tampered
from storage.slot_line import decode_slot, encode_slot
from storage.slots import SLOT_BYTES

SLOTS = st.binary(min_size=SLOT_BYTES, max_size=SLOT_BYTES)


@given(SLOTS)
def test_a_slot_survives_the_line_however_it_is_broken(slot: bytes) -> None:
    line = encode_slot("K7QM-4ZDP", slot)
    assert decode_slot(line) == ("K7QM-4ZDP", slot)
    assert decode_slot(f"  {line[:60]}\r\n {line[60:]}\n") == ("K7QM-4ZDP", slot)


@given(SLOTS, st.data())
def test_a_slip_of_the_hand_is_noticed(slot: bytes, data: st.DataObject) -> None:
    line = encode_slot("K7QM-4ZDP", slot)
    at = data.draw(st.integers(0, len(line) - 1))
    slip = data.draw(st.sampled_from("abcz27-").filter(lambda char: char != line[at]))
    if line[at] == " ":
        slip = "x"
    with pytest.raises(Tampered):
        decode_slot(line[:at] + slip + line[at + 1 :])


def test_the_format_is_pinned() -> None:
    line = encode_slot("K7QM-4ZDP", bytes(range(SLOT_BYTES)))
    assert len(line) == len("postern-slot-1 K7QM-4ZDP ") + 224
    assert line.startswith("postern-slot-1 K7QM-4ZDP aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypsa")
    assert line.endswith("l5qgcytdmrswmz3infvgw3dnnzxxa4lson2hk5txpb4xu634pv7h7aebqkbyjbmgq6eisoyc")


@pytest.mark.parametrize(
    "text", ["", "postern-slot-1", "postern-slot-1 K7QM-4ZDP", "hello there you", "postern-slot-1 x y"]
)
def test_something_else_is_no_slot(text: str) -> None:
    with pytest.raises(Tampered, match="copy the whole line"):
        decode_slot(text)
