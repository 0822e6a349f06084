"""What a sent message is remembered as: the small words in `Send.note` that come back with its id."""

from __future__ import annotations

from dataclasses import dataclass

from storage.traces import LONGEST_TRACE


@dataclass(frozen=True, slots=True)
class Note:
    """`screen`: the one message of a conversation. `card`: a case in the group. `document`: with its holder."""

    kind: str = ""
    case: str = ""
    gone_after: int = LONGEST_TRACE
    """Seconds after which a message in a private chat is deleted."""
    job: str = ""
    """Hexadecimal id of the outbox job that this call settles."""

    def __str__(self) -> str:
        return f"{self.kind}|{self.case}|{self.gone_after}|{self.job}"

    @classmethod
    def read(cls, text: str) -> Note | None:
        if text.count("|") != 3:
            return None
        kind, case, gone_after, job = text.split("|")
        if not (gone_after.isascii() and gone_after.isdecimal()):
            return None
        return cls(kind, case, int(gone_after), job)


SCREEN = Note("screen")
