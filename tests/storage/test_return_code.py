"""Return codes: typed in many ways, slow to guess, and opening what was sealed to them and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import Tampered
from storage import code
from storage.argon import MIB, Cost
from storage.code import CodeOpener, derive, new_code, read, show
from storage.sealing import Sealer

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
QUICK = Cost(passes=1, memory=8192)
SALT = bytes(range(16))
CASE = bytes(range(16))
codes = st.from_regex(r"[0-9]{16}", fullmatch=True)


def test_a_code_has_sixteen_digits_and_is_new_each_time() -> None:
    made = {new_code() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 16 and one.isascii() and one.isdecimal() for one in made)


def test_a_code_keeps_its_leading_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 42)
    assert new_code() == "0000000000000042"


@given(codes)
def test_a_code_is_read_back_as_it_was_shown(made: str) -> None:
    assert len(show(made).split()) == 4
    assert read(show(made)) == (made, "")


@pytest.mark.parametrize(
    "typed",
    [
        "0123456789012345",
        " 0123-4567 8901–2345\n",
        "０１２３４５６７８９０１２３４５",
        "٠١٢٣ ٤٥٦٧ ٨٩٠١ ٢٣٤٥",
        "0123\u00a04567\u200b8901\u20112345\u200f",
    ],
)
def test_a_code_is_understood_however_a_phone_writes_it(typed: str) -> None:
    assert read(typed) == ("0123456789012345", "")


@pytest.mark.parametrize(
    "typed",
    ["", "012345678901234", "01234567890123456", "0123 4567 8901 234x", "my code 0123456789012345", "²" * 16],
)
def test_what_is_not_a_code_is_none(typed: str) -> None:
    assert read(typed) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0123456789012345 Please call", "Please call"),
        ("0123 4567 8901 2345\n\nтрое детей\nи кот\n", "трое детей\nи кот"),
        ("0123-4567-8901-2345: at 9", "at 9"),
        ("0123456789012345 — ‎3 days left", "3 days left"),
        ("0123456789012345 +7 916 123-45-67", "+7 916 123-45-67"),
        ("0123456789012345🕯", "🕯"),
        ("0123456789012345.", ""),
        ("0123456789012345 " + "x" * 3_000, "x" * 3_000),
    ],
)
def test_what_stands_behind_a_code_are_its_words(typed: str, words: str) -> None:
    assert read(typed) == ("0123456789012345", words)


@pytest.mark.parametrize(
    "typed",
    [
        "0123456789012345 6789",
        "01234567890123456 help",
        "89161234567 89161234567",
        "0123 4567 8901 2345 67-89",
    ],
)
def test_digits_too_many_are_no_code_and_nothing_of_them_becomes_words(typed: str) -> None:
    assert read(typed) is None


def test_a_long_text_is_not_searched_for_a_code() -> None:
    assert read(" " * 1_000 + "0" * 16) is None


@given(st.text(max_size=120))
def test_any_text_is_a_code_or_none(typed: str) -> None:
    code_in, words = read(typed) or ("0" * 16, "")
    assert len(code_in) == 16
    assert code_in.isascii()
    assert code_in.isdecimal()
    assert words in typed


@given(codes, st.text(max_size=60))
def test_words_behind_a_code_lose_nothing_but_what_stands_between(made: str, words: str) -> None:
    found = read(f"{made} {words}")
    if found is not None:
        assert found[0] == made
        assert words.rstrip().endswith(found[1])
        assert not any(char.isalpha() for char in words.rstrip().removesuffix(found[1]))


@given(codes, codes)
def test_a_reply_opens_with_its_own_code_only(own: str, other: str) -> None:
    keys = derive(own, SALT, QUICK)
    box = Sealer(CASE, keys.public).seal("thread.organisation", 3, b"a reply")
    opener = CodeOpener(own, SALT, QUICK)
    assert (opener.tag, opener.public) == (keys.tag, keys.public)
    assert opener.open(box, case=CASE, question="thread.organisation", sequence=3) == b"a reply"
    if other != own:
        stranger = CodeOpener(other, SALT, QUICK)
        assert stranger.tag != keys.tag
        with pytest.raises(Tampered):
            stranger.open(box, case=CASE, question="thread.organisation", sequence=3)


@pytest.mark.parametrize(
    ("case", "question", "sequence"),
    [
        (bytes(16), "thread.organisation", 3),
        (CASE, "thread.requester", 3),
        (CASE, "thread.organisation", 4),
    ],
)
def test_a_reply_in_another_place_is_tampered(case: bytes, question: str, sequence: int) -> None:
    opener = CodeOpener("0123456789012345", SALT, QUICK)
    box = Sealer(CASE, opener.public).seal("thread.organisation", 3, b"a reply")
    with pytest.raises(Tampered):
        opener.open(box, case=case, question=question, sequence=sequence)


def test_another_salt_or_another_cost_gives_other_keys() -> None:
    made = derive("0123456789012345", SALT, QUICK)
    assert derive("0123456789012345", bytes(16), QUICK).tag != made.tag
    assert derive("0123456789012345", SALT, Cost(2, 8192)).tag != made.tag


def test_a_guess_costs_at_least_64_mib() -> None:
    assert code.CODE_COST.memory >= 64 * MIB
    assert code.CODE_COST.passes * code.CODE_COST.memory >= 512 * MIB


def test_nothing_that_holds_a_code_shows_it_or_its_tag_when_printed() -> None:
    opener = CodeOpener("0123456789012345", SALT, QUICK)
    keys = derive("0123456789012345", SALT, QUICK)
    shown = f"{opener!r} {opener} {keys!r} {keys}"
    assert "0123456789012345" not in shown
    assert repr(keys.tag)[2:-1] not in shown


def test_vector_code() -> None:
    vector = VECTORS["code"]
    opener = CodeOpener(
        vector["code"], bytes.fromhex(vector["salt"]), Cost(vector["passes"], vector["memory"])
    )
    assert opener.tag.hex() == vector["tag"]
    assert opener.public.hex() == vector["public"]
    box = bytes.fromhex(vector["box"])
    assert opener.open(box, case=CASE, question="thread.organisation", sequence=2).hex() == vector["text"]
