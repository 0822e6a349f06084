"""What the server itself must read of a case, and where its requester can be answered; both are kept wrapped.

The wrapped facts are bound to everything in the row that says whose case it is and who can read its replies: reference,
account, return code. Whoever swaps one of these in the table makes a case that does not open. Where this ends:
status, holder and days can be changed unnoticed by whoever can write to the database.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace

from intake.questionnaire import Level
from storage.database import Tx
from storage.other_versions import SENSELESS, saved_otherwise
from storage.purpose import framed

FACTS = "cases.facts"
FACTS_BYTES = 8_192
"""Room for a card's lines (`handlers.cards` bounds them) and some eighty tags."""
CONTACT = "cases.contact"
CONTACT_BYTES = 128


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server itself must read of a case; kept wrapped."""

    level: Level
    received_hour: int
    """Unix seconds, cut to the hour; an emergency's to the minute."""
    language: str = field(repr=False)
    card_lines: tuple[str, ...] = field(default=(), repr=False)
    """The published summary as shown to operators; empty: withheld."""
    counted: tuple[str, ...] = field(default=(), repr=False)
    """Hexadecimal tags of the combinations this request was counted in."""
    counted_day: int = 0
    card: int | None = None
    """Message id of the card in the operators' group."""
    documents: tuple[int, ...] = ()
    """Message ids in the holder's chat that belong to this case."""
    near_empty: bool = False
    """Nearly nothing was answered: it gets no card of its own."""
    grouped: bool = False
    """Counted on the board in the group, where others have a card."""
    within: int | None = None
    """Hours that were left when it came, by a `summary` answer."""
    category: str = ""
    """The answer to the first `summary` question as it is published: ids, joined by commas; empty: withheld."""
    spoken: str = ""
    """The language as it is published; empty: withheld."""
    shown_at: int = 0
    """Unix seconds: the batch of cards before which the group may not see that it waits; 0 as soon as that is over."""
    replied_hour: int = 0
    """Unix seconds of the first reply, cut to the hour; 0: there was none."""
    touched: int = 0
    """When the holder last did something about it, in Unix seconds cut to the minute; 0: it is not held for a time."""
    reminded: int = 0
    """When the holder was reminded since; 0: not."""
    closing: str = ""
    """The outcome with which it will be closed when the time for undoing that is over, and no reply is on its way."""
    closing_part: str = ""
    """What belongs to that: the id of the case that it repeats, in hexadecimal; or whom it is referred to."""
    closing_by: str = ""
    """staff.id of the second person who agreed to it; empty: it took none."""
    asked: str = ""
    """What waits for a second person: an outcome, or a level to be lowered to."""
    asked_by: str = ""
    """staff.id"""
    asked_token: str = ""
    """Random, of this one question: whoever agrees, agrees to what they were asked, and to nothing else."""
    offered_to: str = ""
    """staff.id of whoever is asked to take it over."""
    file_until: int = 0
    """Unix seconds: until then the requester's next file is taken; 0: none was asked for."""
    wrote_again: int = 0
    """Unix seconds from which operators may see that its requester wrote while nobody held it; 0: they did not."""
    returned: int = 0
    """When it last came back to the queue, in Unix seconds cut to the minute; 0: it never did."""
    labels: str = ""
    """Fingerprint of the questionnaire's words that the answers were given to; see `meta.keep_labels`."""


OF_HOLDER = (
    *("documents", "touched", "reminded", "closing", "closing_part", "closing_by"),
    *("asked", "asked_by", "asked_token", "offered_to", "wrote_again"),
)
"""Facts that end when whoever holds the case holds it no longer; or, the last, when somebody does."""


@dataclass(frozen=True, slots=True)
class Contact:
    chat: int = field(repr=False)
    language: str = field(repr=False)


def unheld(facts: Facts) -> Facts:
    """Without what belongs to whoever held the case."""
    defaults = {each.name: each.default for each in fields(Facts) if each.name in OF_HOLDER}
    return replace(facts, **defaults)  # type: ignore[arg-type]


def bound_to(
    case: bytes, reference: str, account: bytes | None, code_tag: bytes | None, code_key: bytes | None
) -> bytes:
    """What a case's wrapped facts are bound to; see this module's first lines."""
    return framed(case, reference.encode(), account or b"", code_tag or b"", code_key or b"")


def wrap(tx: Tx, bound: bytes, facts: Facts) -> bytes:
    plain = json.dumps(asdict(facts), ensure_ascii=False, separators=(",", ":")).encode()
    return tx.vault.wrap_padded(FACTS, bound, plain, FACTS_BYTES)


def unwrap(tx: Tx, bound: bytes, box: bytes) -> Facts:
    """Raises Tampered."""
    plain = tx.vault.unwrap_padded(FACTS, bound, box)
    with suppress(*SENSELESS):
        found = json.loads(plain)
        found["level"] = Level(found["level"])
        for name in ("card_lines", "counted", "documents"):
            found[name] = tuple(found[name])
        return Facts(**found)
    raise saved_otherwise("A case")


def wrap_contact(tx: Tx, case: bytes, contact: Contact | None) -> bytes | None:
    if contact is None:
        return None
    return tx.vault.wrap_padded(CONTACT, case, json.dumps(asdict(contact)).encode(), CONTACT_BYTES)


def unwrap_contact(tx: Tx, case: bytes, box: bytes | None) -> Contact | None:
    """Raises Tampered."""
    if box is None:
        return None
    plain = tx.vault.unwrap_padded(CONTACT, case, box)
    with suppress(*SENSELESS):
        return Contact(**json.loads(plain))
    raise saved_otherwise("A case")
