"""A requester's file: sealed in blocks as it streams in, opened by the case's recipients only, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from intake.errors import SealingError, Tampered, WrongKey
from storage import file_opening
from storage.file_opening import SEALED_BLOCK, open_file
from storage.file_seal import BLOCK, MAX_FILE_BYTES, SIZES, FileSealer, SealedFile, TooLarge, build_file
from storage.sealing import Lock, Opener, make_lock

CASE, SEQUENCE = b"c" * 16, 77
MINE, FOREIGN = PrivateKey(bytes(range(32))), PrivateKey(bytes(range(1, 33)))
LOCK = make_lock(CASE, [bytes(MINE.public_key)])


def sealed(pieces: Sequence[bytes], kind: str = "image/jpeg") -> SealedFile:
    sealer = FileSealer(CASE, LOCK.public, SEQUENCE, kind)
    for piece in pieces:
        sealer.feed(piece)
    return sealer.finish()


def document(made: SealedFile, lock: Lock = LOCK, sequence: int = SEQUENCE) -> bytes:
    return build_file(
        reference="K7QM-4ZDP",
        case=lock.case,
        public=lock.public,
        slots=lock.slots,
        sequence=sequence,
        sealed=made,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=90), max_size=8),
    st.sampled_from((0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK)),
)
def test_what_goes_in_in_any_pieces_comes_out_and_the_size_is_one_of_a_few(
    parts: list[bytes], more: int
) -> None:
    content = b"".join(parts) + b"\xff" * more
    made = sealed([*parts, b"\xff" * more])
    assert len(made.blocks) in SIZES
    assert {len(block) for block in made.blocks} == {SEALED_BLOCK}
    opened = open_file(document(made), Opener(MINE))
    assert (opened.content, opened.kind, opened.reference) == (content, "image/jpeg", "K7QM-4ZDP")


@pytest.mark.parametrize(
    ("size", "blocks"),
    [(0, 1), (BLOCK, 1), (BLOCK + 1, 4), (17 * BLOCK, 64), (MAX_FILE_BYTES - 1, 320), (MAX_FILE_BYTES, 320)],
)
def test_a_file_takes_the_next_of_the_sizes(size: int, blocks: int) -> None:
    made = sealed([bytes(size)])
    assert len(made.blocks) == blocks
    assert len(open_file(document(made), Opener(MINE)).content) == size


def test_one_byte_more_than_a_bot_can_fetch_is_refused() -> None:
    sealer = FileSealer(CASE, LOCK.public, SEQUENCE, "")
    sealer.feed(bytes(MAX_FILE_BYTES))
    with pytest.raises(TooLarge):
        sealer.feed(b"x")


def test_a_download_that_begins_anew_leaves_nothing_of_the_first_and_finishing_twice_is_one_file() -> None:
    sealer = FileSealer(CASE, LOCK.public, SEQUENCE, "")
    sealer.feed(b"half of it" * 10_000)
    sealer.restart()
    sealer.feed(b"all of it")
    assert sealer.finish() == sealer.finish()
    assert open_file(document(sealer.finish()), Opener(MINE)).content == b"all of it"


def test_nobody_else_opens_it() -> None:
    with pytest.raises(WrongKey):
        open_file(document(sealed([b"x"])), Opener(FOREIGN))


@pytest.mark.parametrize("at", [-1, -SEALED_BLOCK, -2 * SEALED_BLOCK - 5])
def test_a_changed_byte_is_noticed(at: int) -> None:
    whole = bytearray(document(sealed([b"x" * 3 * BLOCK])))
    whole[at] ^= 1
    with pytest.raises(Tampered):
        open_file(bytes(whole), Opener(MINE))


def test_blocks_that_are_left_out_swapped_or_of_another_file_are_noticed() -> None:
    made, other = sealed([b"x" * 3 * BLOCK]), sealed([b"y" * 3 * BLOCK])
    a, b, c, d = made.blocks
    for blocks in ((a,), (b, a, c, d), (a, b, c, c), (a, b, c, other.blocks[3]), (d, d, d, d)):
        with pytest.raises(Tampered):
            open_file(document(SealedFile(made.head, blocks)), Opener(MINE))
    with pytest.raises(Tampered):
        open_file(document(SealedFile(other.head, made.blocks)), Opener(MINE))
    with pytest.raises(Tampered):
        open_file(document(made, sequence=SEQUENCE + 1), Opener(MINE))


@given(st.binary(max_size=200))
def test_whatever_else_is_given_is_refused_in_one_line(junk: bytes) -> None:
    for data in (junk, b'{"postern": "file-1"' + junk, document(sealed([b"x"]))[: len(junk)]):
        with pytest.raises(SealingError):
            open_file(data, Opener(MINE))
        assert file_opening.is_file(document(sealed([b"x"])))
