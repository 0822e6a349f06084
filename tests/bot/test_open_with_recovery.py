"""`postern open --recovery`: 24 words from the paper open what no key file opens any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from nacl.public import PrivateKey

from storage.document import build
from storage.keywords import recovery_phrase
from storage.public_key import encode_public
from storage.sealing import Sealer, make_lock
from storage.slot_line import decode_slot
from storage.slots import key_id
from tests.bot.installed import Place, Shell
from tests.bot.test_cli_terminal import Terminal

CASE = bytes(range(16))
PAPER = PrivateKey(b"\x07" * 32)
WORDS = recovery_phrase(bytes(PAPER))
LABELS = {"title": {"en": "Title"}, "questions": {"story": {"label": {"en": "In your words"}, "options": {}}}}
COMMAND = ("open", "case", "--recovery")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A document with a slot for the paper and for somebody else."""
    lock = make_lock(CASE, [bytes(PAPER.public_key), bytes(PrivateKey.generate().public_key)])
    box = Sealer(CASE, lock.public).seal("story", 0, b"I was asked to wait.")
    document = build(
        reference="K7QM-4ZDP",
        case=CASE,
        public=lock.public,
        slots=lock.slots,
        blocks=[("story", 0, box)],
        thread=[],
        labels=LABELS,
    )
    path = tmp_path / "case"
    path.write_bytes(document)
    return path


def words_file(folder: Path, text: str) -> str:
    path = folder / "words"
    path.touch(0o600)
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    "text",
    [" ".join(WORDS), "\n".join(WORDS).upper(), "\n".join(f"{n}. {word}" for n, word in enumerate(WORDS, 1))],
    ids=["one-line", "a-word-a-line", "numbered"],
)
def test_words_from_a_file_open_the_case_and_make_slots(shell: Shell, case: Path, text: str) -> None:
    file = words_file(case.parent, text)
    done = shell(*COMMAND, "--words-file", file)
    assert (done.code, done.err) == (0, "")
    assert "I was asked to wait." in done.out
    later = bytes(PrivateKey.generate().public_key)
    done = shell(*COMMAND, "--words-file", file, "--rewrap-for", encode_public(later))
    assert done.code == 0
    reference, slot = decode_slot(done.out)
    assert reference == "K7QM-4ZDP"
    assert slot.startswith(key_id(later))


def test_words_typed_on_the_terminal_leave_the_screen(place: Place, case: Path) -> None:
    terminal = Terminal(place, *COMMAND)
    terminal.wait_for("From word 1 on: ")
    terminal.type(" ".join(WORDS[:10]))
    terminal.wait_for("From word 11 on: ")
    terminal.type(" ".join(WORDS[10:]))
    terminal.wait_for("\x1b[3J")
    code, results = terminal.end()
    assert code == 0
    assert "I was asked to wait." in results


def test_a_wrong_word_is_told_by_its_number_and_never_repeated(shell: Shell, case: Path) -> None:
    for wrong, says in (("zzzz", "Word 5 is not in the list"), (WORDS[5], "do not belong together")):
        spoilt = [*WORDS[:4], wrong, *WORDS[5:]]
        done = shell(*COMMAND, "--words-file", words_file(case.parent, " ".join(spoilt)))
        assert (done.code, done.out) == (1, "")
        assert says in done.err
        assert "zzzz" not in done.err
    done = shell(*COMMAND, "--words-file", words_file(case.parent, " ".join(WORDS[:-1])))
    assert "has 24 words; these are 23" in done.err


def test_words_that_others_can_read_are_refused(shell: Shell, case: Path) -> None:
    file = Path(words_file(case.parent, " ".join(WORDS)))
    file.chmod(0o644)
    done = shell(*COMMAND, "--words-file", str(file))
    assert (done.code, done.out) == (1, "")
    assert "chmod 600" in done.err


def test_it_is_either_a_key_or_the_words(shell: Shell, case: Path) -> None:
    file = words_file(case.parent, " ".join(WORDS))
    for wrong in (
        ("open", "case"),
        (*COMMAND, "--key", "key"),
        ("open", "case", "--key", "key", "--words-file", file),
        COMMAND,  # without a terminal to ask on
    ):
        done = shell(*wrong)
        assert (done.code, done.out) == (2, ""), wrong
