"""The plaintext inside every seal: a fixed size, and saying itself what it is.

    version u8 | case 16 | question 32, zero-padded | sequence u32 | length u16 | text, zero-padded to 2800

Numbers are big-endian. Because case, question and sequence travel inside the seal, a box that was moved to
another place or repeated is noticed by whoever opens it. Because the size is fixed, a box says nothing about
how much somebody wrote, or whether they wrote at all.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from struct import Struct

from intake.errors import Tampered

VERSION = 1
CASE_BYTES = 16
QUESTION_BYTES = 32
TEXT_BYTES = 2800
SEQUENCE_MAX = 2**32 - 1
_LAYOUT = Struct(f">B{CASE_BYTES}s{QUESTION_BYTES}sIH{TEXT_BYTES}s")
ENVELOPE_BYTES = _LAYOUT.size

ANSWERS = "answers"
"""The question name of the one block that holds all closed answers. No questionnaire may use it."""


class Who(StrEnum):
    """Who wrote a message of a case's thread."""

    REQUESTER = "requester"
    ORGANISATION = "organisation"
    NOTE = "note"

    @property
    def question(self) -> str:
        """The name that such a message is sealed under, so that an author cannot be exchanged.

        The dot keeps it apart from the ids of questions.
        """
        return f"thread.{self}"


class EnvelopeError(ValueError):
    """What should be sealed has the wrong size. The message never quotes it."""


class TextTooLong(EnvelopeError):
    """More than TEXT_BYTES bytes of UTF-8."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed text, and the place it was sealed for."""

    case: bytes
    question: str
    sequence: int
    text: bytes = field(repr=False)


def pack(case: bytes, question: str, sequence: int, text: bytes) -> bytes:
    """Exactly ENVELOPE_BYTES. `case` is 16 bytes, `question` 1..32 bytes of UTF-8, `text` at most TEXT_BYTES.

    Raises TextTooLong, or EnvelopeError for anything else that does not fit.
    """
    name = question.encode()
    if len(case) != CASE_BYTES:
        raise EnvelopeError(f"a case id has {CASE_BYTES} bytes")
    if not 1 <= len(name) <= QUESTION_BYTES or "\0" in question:
        raise EnvelopeError(f"a question's name has 1 to {QUESTION_BYTES} bytes")
    if not 0 <= sequence <= SEQUENCE_MAX:
        raise EnvelopeError(f"a sequence number lies between 0 and {SEQUENCE_MAX}")
    if len(text) > TEXT_BYTES:
        raise TextTooLong(f"a text has at most {TEXT_BYTES} bytes of UTF-8")
    return _LAYOUT.pack(VERSION, case, name, sequence, len(text), text)


def unpack(plaintext: bytes) -> Envelope:
    """The inverse of `pack`; every envelope has one encoding only. Raises Tampered."""
    if len(plaintext) != ENVELOPE_BYTES:
        raise Tampered("A sealed text has the wrong size: the file is damaged or was altered.")
    version, case, name, sequence, length, text = _LAYOUT.unpack(plaintext)
    if version != VERSION:
        raise Tampered("A sealed text has an unknown version: update Postern, or fetch the file again.")
    question = _decode(name.rstrip(b"\0"))
    if not question or "\0" in question or length > TEXT_BYTES or text[length:].strip(b"\0"):
        raise Tampered("A sealed text is malformed: the file is damaged or was altered.")
    return Envelope(case, question, sequence, text[:length])


def _decode(name: bytes) -> str | None:
    # Not raised inside `except`: a UnicodeDecodeError holds the bytes, and would stay with our error.
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None
