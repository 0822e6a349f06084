"""A case as an operator reads it: everything in it, in their language, and nothing that steers the terminal."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from bot.opening import WORDS, open_text, rewrap, rewrap_all, visible
from intake.errors import SealingError, WrongKey
from storage import keyfile
from storage.argon import Cost
from storage.document import build, encode_answers, labels_fingerprint, parse
from storage.envelope import ANSWERS, Who
from storage.file_seal import FileSealer, build_file
from storage.lock_bundle import BundledLock, build_bundle, parse_bundle
from storage.public_key import decode_public, encode_public
from storage.sealing import Opener, Sealer, make_lock, with_slot
from storage.slot_bundle import decode_slots
from storage.slot_line import decode_slot
from tests.bot.installed import Place, Shell

CASE = bytes(range(16))
HOLDER = PrivateKey(b"\x01" * 32)
LABELS = {
    "title": {"en": "Leaving the service", "uk": "Залишити службу"},
    "questions": {
        "where": {
            "label": {"en": "Where now", "uk": "Де зараз"},
            "options": {"armenia": {"en": "Armenia", "uk": "Вірменія"}},
        },
        "needs": {
            "label": {"en": "Needs", "uk": "Потреби"},
            "options": {"lawyer": {"en": "Lawyer", "uk": "Юрист"}, "bed": {"en": "A bed", "uk": "Ночівля"}},
        },
        "passport": {"label": {"en": "Passport"}, "options": {}},
        "story": {"label": {"en": "In your words", "uk": "Вашими словами"}, "options": {}},
    },
}
ANSWERED = {"where": ("armenia",), "needs": ("lawyer", "bed"), "passport": (), "unlisted": ("thing",)}


def a_case(story: str = "I am near the border.\nPlease hurry.", reply: str = "Call the lawyer.") -> bytes:
    lock = make_lock(CASE, [bytes(HOLDER.public_key)])
    sealer = Sealer(CASE, lock.public)
    return build(
        reference="K7QM-4ZDP",
        case=CASE,
        public=lock.public,
        slots=lock.slots,
        blocks=[
            (
                ANSWERS,
                0,
                sealer.seal(ANSWERS, 0, encode_answers(labels_fingerprint(LABELS).hex(), "uk", ANSWERED)),
            ),
            ("story", 0, sealer.seal("story", 0, story.encode())),
        ],
        thread=[
            (
                1,
                Who.ORGANISATION,
                date(2026, 11, 23),
                sealer.seal(Who.ORGANISATION.question, 1, reply.encode()),
            )
        ],
        labels=LABELS,
    )


def test_everything_is_shown_in_the_operators_language() -> None:
    assert open_text(a_case(), HOLDER) == (
        "Case K7QM-4ZDP\n"
        "Leaving the service\n"
        "The requester's language: uk\n"
        "\n"
        "Where now: Armenia\n"
        "Needs: Lawyer, A bed\n"
        "Passport: prefer not to say\n"
        "In your words:\n"
        "    I am near the border.\n"
        "    Please hurry.\n"
        "unlisted: thing\n"
        "\n"
        "Messages\n"
        "\n"
        "2026-11-23, organisation:\n"
        "    Call the lawyer."
    )


def test_another_language_is_used_as_far_as_the_document_has_it() -> None:
    shown = open_text(a_case(), HOLDER, "uk")
    assert "Звернення K7QM-4ZDP" in shown
    assert "Потреби: Юрист, Ночівля" in shown
    assert "Passport: без відповіді за бажанням" in shown


def test_every_language_has_every_word() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


@given(st.text())
def test_nothing_that_a_requester_writes_steers_the_terminal(text: str) -> None:
    shown = visible(text)
    assert all(
        char in "\n\u200c\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        for char in shown
    )


def test_an_escape_sequence_is_shown_and_no_line_passes_for_ours() -> None:
    shown = open_text(a_case(story="\x1b[2J\rCase\nMessages\u202e\u2028Needs: none\x9b1m"), HOLDER)
    assert "    <U+001B>[2J<U+000D>Case\n    Messages<U+202E><U+2028>Needs: none<U+009B>1m\n" in shown
    assert shown.count("\nMessages\n") == 1


def test_ordinary_text_of_any_script_is_left_as_it_is() -> None:
    for text in ("Їжак, ґанок", "Қазақстан", "می‌خواهم", "👩‍👧 ok", "a — b"):
        assert visible(text) == text


def test_a_rewrapped_slot_lets_its_owner_in() -> None:
    later = PrivateKey.generate()
    document = a_case()
    with pytest.raises(WrongKey):
        open_text(document, later)
    reference, slot = decode_slot(rewrap(document, HOLDER, bytes(later.public_key)))
    assert reference == "K7QM-4ZDP"
    case = parse(document)
    slots = with_slot(case.slots, bytes(later.public_key), slot)
    again = build(
        reference=reference, case=CASE, public=case.public, slots=slots,
        blocks=case.blocks, thread=case.thread, labels=case.labels,
    )  # fmt: skip
    assert open_text(again, later) == open_text(document, HOLDER)


def test_what_is_no_case_is_refused() -> None:
    with pytest.raises(SealingError, match="not a Postern case document"):
        open_text(b"hello", HOLDER)


def test_the_command_prints_the_case_or_one_slot(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("a good passphrase\n")
    (tmp_path / "wrong").write_text("another passphrase\n")
    public = bytes(keyfile.create(tmp_path / "key", "a good passphrase", Cost(1, 8192)))
    lock = make_lock(CASE, [public])
    document = build(
        reference="K7QM-4ZDP",
        case=CASE,
        public=lock.public,
        slots=lock.slots,
        blocks=[],
        thread=[],
        labels=LABELS,
    )
    (tmp_path / "case").write_bytes(document)
    command = ("open", "case", "--key", "key", "--passphrase-file")
    done = shell(*command, "pass", "--language", "uk")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Звернення K7QM-4ZDP\nЗалишити службу\n\nУ цьому зверненні ще нічого немає.\n"
    later = bytes(PrivateKey.generate().public_key)
    done = shell(*command, "pass", "--rewrap-for", encode_public(later))
    assert done.code == 0
    assert decode_slot(done.out)[0] == "K7QM-4ZDP"
    assert done.out.count("\n") == 1
    done = shell(*command, "wrong")
    assert (done.code, done.out) == (1, "")
    assert "not its passphrase" in done.err


def test_a_requesters_file_is_written_where_out_says_and_nowhere_else(place: Place, tmp_path: Path) -> None:
    words, key, out = tmp_path / "words", tmp_path / "my.key", tmp_path / "paper.pdf"
    words.write_text("correct horse battery\n")
    made = place.run("keygen", str(key), "--passphrase-file", str(words))
    lock = make_lock(bytes(16), [decode_public(made.out.strip())])
    sealer = FileSealer(lock.case, lock.public, 5, "application/pdf\x1b[2J")
    sealer.feed(b"%PDF-1.7 a paper")
    file = tmp_path / "sealed.postern"
    whole = {"reference": "K7QM-4ZDP", "case": lock.case, "public": lock.public, "slots": lock.slots}
    file.write_bytes(build_file(**whole, sequence=5, sealed=sealer.finish()))  # type: ignore[arg-type]
    opening = ("open", str(file), "--key", str(key), "--passphrase-file", str(words))
    before = set(tmp_path.iterdir())
    looked = place.run(*opening)
    assert (looked.code, looked.out) == (0, "")
    assert "16 bytes" in looked.err
    assert "\x1b" not in looked.err
    assert set(tmp_path.iterdir()) == before
    assert place.run(*opening, "--out", str(out)).code == 0
    assert out.read_bytes() == b"%PDF-1.7 a paper"
    assert out.stat().st_mode & 0o777 == 0o600
    again = place.run(*opening, "--out", str(out))
    assert (again.code, "Nothing is overwritten" in again.err) == (1, True)


def a_bundle(count: int, *recipients: bytes) -> bytes:
    locks = [make_lock(bytes([n]) * 16, recipients) for n in range(count)]
    return build_bundle(
        BundledLock(f"AAAA-000{n}", one.case, one.public, one.slots) for n, one in enumerate(locks)
    )


def test_of_many_cases_those_that_this_key_opens_are_rewrapped_and_the_others_counted() -> None:
    mine, later = bytes(HOLDER.public_key), PrivateKey.generate()
    ours = parse_bundle(a_bundle(3, mine))
    other, odd = make_lock(b"x" * 16, [bytes(later.public_key)]), make_lock(b"y" * 16, [mine])
    rows = [
        BundledLock("ZZZZ-ZZZZ", other.case, other.public, other.slots),
        BundledLock("YYYY-YYYY", odd.case, bytes(later.public_key), odd.slots),
    ]
    made = rewrap_all(build_bundle([*ours, *rows]), HOLDER, bytes(later.public_key))
    assert (made.cases, made.passed_over, made.suspect) == (3, 1, ("YYYY-YYYY",))
    bundle = decode_slots(made.text)
    assert bundle.public == bytes(later.public_key)
    for lock, (case, slot) in zip(ours, bundle.slots, strict=True):
        opened = Opener(later).unlock(case, lock.public, with_slot(lock.slots, bundle.public, slot))
        sealed = Sealer(case, lock.public).seal("story", 0, b"read by both")
        assert opened.open(sealed, question="story", sequence=0) == b"read by both"
    with pytest.raises(WrongKey, match="none of these"):
        rewrap_all(a_bundle(2, mine), later, bytes(later.public_key))


def test_the_command_makes_slots_of_a_file_of_locks(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("a good passphrase\n")
    public = bytes(keyfile.create(tmp_path / "key", "a good passphrase", Cost(1, 8192)))
    (tmp_path / "locks").write_bytes(a_bundle(2, public))
    later = bytes(PrivateKey.generate().public_key)
    command = ("open", "locks", "--key", "key", "--passphrase-file", "pass")
    done = shell(*command)
    assert (done.code, done.out) == (2, "")
    assert "--rewrap-for" in done.err
    done = shell(*command, "--rewrap-for", encode_public(later))
    assert len(decode_slots(done.out).slots) == 2
    assert "by voice" in done.err
    written = shell(*command, "--rewrap-for", encode_public(later), "--out", "slots.txt")
    assert (written.code, written.out) == (0, "")
    assert len(decode_slots((tmp_path / "slots.txt").read_text()).slots) == 2
    assert (tmp_path / "slots.txt").stat().st_mode & 0o777 == 0o600
    again = shell(*command, "--rewrap-for", encode_public(later), "--out", "slots.txt")
    assert (again.code, "Nothing is overwritten" in again.err) == (1, True)
