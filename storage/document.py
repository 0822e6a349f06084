"""The sealed case document: one text file, which the holder of a case opens with a private key.

It is JSON with base64 in it: `"postern": "case-1"` says what it is, `check` finds damage on the way. It
carries the questionnaire's public labels, so that it opens without the server; their fingerprint is sealed
along with the answers. The service builds it here, and cannot open it: see `storage.document_opening`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from intake.errors import SealingError, Tampered
from intake.questionnaire import Answers
from storage.checked_json import canonical, checked, decode, encode, fields_of
from storage.envelope import CASE_BYTES, QUESTION_BYTES, SEQUENCE_MAX, Who
from storage.public_key import PUBLIC_BYTES
from storage.purpose import Purpose, digest
from storage.sealing import BOX_BYTES, slot_ids

FORMAT = "case-1"
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
"""Some two thousand sealed texts; a bot may send 50 MB and fetch 20 MB."""
FINGERPRINT_BYTES = 16
ANSWERS_VERSION = 1
_REFERENCE = re.compile(r"[0-9A-Z-]{1,32}")
_START = re.compile(rb'\s*\{\s*"postern"\s*:\s*"case-([0-9]{1,4})"')

Labels = Mapping[str, Any]
"""The questionnaire's public texts: a JSON object, whose shape is the caller's."""


class Block(NamedTuple):
    """One sealed answer, or a dummy."""

    question: str
    sequence: int
    box: bytes


class Message(NamedTuple):
    """One sealed message of the thread."""

    sequence: int
    who: Who
    day: date
    box: bytes


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A parsed document: sound in form, nothing in it opened or proved yet."""

    reference: str
    case: bytes
    public: bytes
    slots: bytes = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    thread: tuple[Message, ...] = field(repr=False)
    labels: Labels = field(repr=False)


def labels_fingerprint(labels: Labels) -> bytes:
    """16 bytes that name exactly these labels, in whatever order their keys stand."""
    return digest(Purpose.LABELS, canonical(labels), size=FINGERPRINT_BYTES)


def encode_answers(fingerprint: str, language: str, answers: Answers) -> bytes:
    """The plaintext of the one block with all closed answers, to be sealed under the question ANSWERS.

    `fingerprint`: of the labels, in hexadecimal.
    """
    fields = {
        "v": ANSWERS_VERSION,
        "labels": fingerprint,
        "language": language,
        "answers": {question: list(options) for question, options in answers.items()},
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def build(
    *,
    reference: str,
    case: bytes,
    public: bytes,
    slots: bytes,
    blocks: Iterable[tuple[str, int, bytes]],
    thread: Iterable[tuple[int, str, date, bytes]],
    labels: Labels,
) -> bytes:
    """The file's bytes (ASCII). Pass only the slots that its reader may have; the thread is put in order.

    Raises ValueError if the parts do not make a document that `parse` would take.
    """
    fields = {
        "postern": FORMAT,
        "reference": reference,
        "case": encode(case),
        "public": encode(public),
        "slots": encode(slots),
        "blocks": [[question, sequence, encode(box)] for question, sequence, box in blocks],
        "thread": [
            [sequence, str(who), day.isoformat(), encode(box)] for sequence, who, day, box in sorted(thread)
        ],
        "labels": labels,
    }
    document = checked(Purpose.DOCUMENT, fields)
    try:
        parse(document)  # what its reader could not read must not be sent
    except SealingError:
        raise ValueError("these parts do not make a sound case document") from None
    return document


def parse(document: bytes) -> CaseDocument:
    """Read a document. Raises SealingError for another kind of file, Tampered if it is cut or damaged."""
    if len(document) > MAX_DOCUMENT_BYTES:
        raise SealingError("This file is too large to be a case document.")
    start = _START.match(document)
    if start is None:
        raise SealingError("This is not a Postern case document: pick the file that the bot sent you.")
    if start[1] != b"1":
        raise SealingError("This case document was made by a newer Postern: update this one.")
    if not document.rstrip().endswith(b"}"):
        raise Tampered("This case document is cut short: fetch it again.")
    try:
        return _read(fields_of(Purpose.DOCUMENT, document))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Tampered):
        raise Tampered("This case document is damaged: fetch it again.") from None


def _read(fields: dict[str, Any]) -> CaseDocument:
    """Raises ValueError, TypeError, KeyError or Tampered for whatever has not the right form."""
    parts = CaseDocument(
        reference=fields["reference"],
        case=decode(fields["case"], CASE_BYTES),
        public=decode(fields["public"], PUBLIC_BYTES),
        slots=decode(fields["slots"]),
        blocks=tuple(_block(*entry) for entry in fields["blocks"]),
        thread=tuple(_message(*entry) for entry in fields["thread"]),
        labels=fields["labels"],
    )
    slot_ids(parts.slots)
    sequences = [message.sequence for message in parts.thread]
    places = [(block.question, block.sequence) for block in parts.blocks]
    if (
        not _REFERENCE.fullmatch(parts.reference)
        or not isinstance(parts.labels, dict)
        or sequences != sorted(set(sequences))
        or len(places) != len(set(places))
    ):
        raise ValueError("form")
    return parts


def _block(question: str, sequence: int, box: str) -> Block:
    if not 1 <= len(question.encode()) <= QUESTION_BYTES:
        raise ValueError("question")
    return Block(question, _sequence(sequence), decode(box, BOX_BYTES))


def _message(sequence: int, who: str, day: str, box: str) -> Message:
    return Message(_sequence(sequence), Who(who), date.fromisoformat(day), decode(box, BOX_BYTES))


def _sequence(value: object) -> int:
    if type(value) is not int or not 0 <= value <= SEQUENCE_MAX:  # bool is an int, too
        raise ValueError("sequence")
    return value
