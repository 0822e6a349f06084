"""One thing that is wrong with a questionnaire, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_LISTED = 12
"""Names that a message lists at most."""
MAX_QUOTED = 40
"""Characters of the file that a message repeats."""

Path = tuple[str, ...]
"""Where something stands: ("questions", "where", "options", "armenia", "label", "kk")."""


class Fault(NamedTuple):
    path: Path
    message: str
    """A predicate: the path gives the subject."""
    line: int | None = None
    """If it is not the line of the path."""

    def __str__(self) -> str:
        return f"{subject(self.path)} {self.message}"


def subject(path: Path) -> str:
    """The part of the questionnaire that a person would name."""
    match path:
        case ("questions", question, "options" | "ladder" as kind, one, *_):
            return f'question "{question}": {"option" if kind == "options" else "rung"} "{one}"'
        case ("questions", question, *_):
            return f'question "{question}"'
        case ("referrals", one, *_):
            return f'referral "{one}"'
        case ("referrals",):
            return "the list of referrals"
        case ("levels", number, *_):
            return f"level rule {number}"
        case _:
            return "the questionnaire"


def listed(ids: Iterable[str]) -> str:
    """` (armenia, georgia)`, to end a message with what there is to choose from; "" if there is nothing."""
    names = list(ids)
    more = ", …" if len(names) > MAX_LISTED else ""
    return f" ({', '.join(names[:MAX_LISTED])}{more})" if names else ""


def quoted(text: str) -> str:
    """A piece of the file, in quotes, fit for one line of a terminal."""
    return f'"{clipped(text, MAX_QUOTED)}{"…" if len(text) > MAX_QUOTED else ""}"'


def clipped(text: str, length: int) -> str:
    """The beginning of `text`, with whatever a terminal might obey shown as "?"."""
    return "".join(char if char.isprintable() else "?" for char in text[:length])
