"""Key words to compare, and the recovery phrase to write down."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic
from nacl.public import PrivateKey

from intake.errors import KeyFileError
from storage.keywords import key_words, recovery_from_phrase, recovery_phrase

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
PUBLIC = bytes.fromhex(VECTORS["keys"]["public"])
PHRASE: list[str] = VECTORS["keys"]["recovery_phrase"].split()
WORDS = Mnemonic("english").wordlist


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_each_key_has_its_own_words(one: bytes, two: bytes) -> None:
    publics = [bytes(PrivateKey(seed).public_key) for seed in (one, two)]
    words = [key_words(public) for public in publics]
    assert (words[0] == words[1]) == (publics[0] == publics[1])
    assert len(words[0]) * 11 >= 88
    assert set(words[0]) <= set(WORDS)


def test_a_key_that_gives_no_protection_has_no_words_to_confirm() -> None:
    with pytest.raises(KeyFileError):
        key_words(bytes(32))


@given(st.binary(min_size=32, max_size=32))
def test_a_recovery_phrase_gives_the_private_key_back(private: bytes) -> None:
    phrase = recovery_phrase(private)
    assert len(phrase) == 24
    assert bytes(recovery_from_phrase(phrase)) == private
    assert bytes(recovery_from_phrase([f" {word.upper()} " for word in phrase])) == private


def test_a_recovery_phrase_is_of_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        recovery_phrase(bytes(16))


def test_a_wrong_number_of_words_is_told() -> None:
    with pytest.raises(KeyFileError, match="24 words; these are 23"):
        recovery_from_phrase(PHRASE[1:])


@given(st.integers(0, 23))
def test_an_unknown_word_is_told_by_its_position_and_no_word_is_repeated(position: int) -> None:
    phrase = [*PHRASE[:position], "xylofon", *PHRASE[position + 1 :]]
    with pytest.raises(KeyFileError, match=f"Word {position + 1} ") as refused:
        recovery_from_phrase(phrase)
    assert not {"xylofon", *PHRASE} & set(str(refused.value).split())


def test_words_in_another_order_do_not_belong_together() -> None:
    with pytest.raises(KeyFileError, match="belong together"):
        recovery_from_phrase([PHRASE[1], PHRASE[0], *PHRASE[2:]])


@given(
    st.lists(st.sampled_from(WORDS), min_size=24, max_size=24) | st.lists(st.text(max_size=5), max_size=30)
)
def test_any_words_are_a_key_or_a_key_file_error(words: list[str]) -> None:
    try:
        found = recovery_from_phrase(words)
    except KeyFileError:
        return
    assert recovery_phrase(bytes(found)) == words


def test_vector_key_words_as_the_standard_library_computes_them() -> None:
    framed = b"\0\0\0\x11postern/key-words" + b"\0\0\0\x20" + PUBLIC
    bits = "".join(f"{byte:08b}" for byte in hashlib.blake2b(framed, digest_size=11).digest())
    expected = tuple(WORDS[int(bits[at : at + 11], 2)] for at in range(0, 88, 11))
    assert key_words(PUBLIC) == expected == tuple(VECTORS["keys"]["words"].split())


def test_vector_recovery_phrase() -> None:
    assert recovery_phrase(bytes.fromhex(VECTORS["keys"]["private"])) == PHRASE
