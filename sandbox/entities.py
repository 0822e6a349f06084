"""Text as Telegram measures and marks it: UTF-16 units, commands, links."""

from __future__ import annotations

import re

from sandbox.errors import bad_request
from sandbox.world import Json

MAX_TEXT_UNITS = 4096
MAX_CAPTION_UNITS = 1024
MAX_ENTITIES = 100

# Only marks with one clear spelling are found; Telegram finds more (bare host names, phone numbers).
MARKS = (
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("url", re.compile(r"(?<!\w)https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?!\w)")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)


def units(text: str) -> int:
    """Length in UTF-16 code units, in which Telegram counts offsets and limits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def find(text: str) -> list[Json]:
    """The entities that Telegram marks by itself, in order, never overlapping."""
    found: list[tuple[int, int, str]] = []
    for kind, pattern in MARKS:
        for match in pattern.finditer(text):
            if all(match.end() <= start or end <= match.start() for start, end, _ in found):
                found.append((match.start(), match.end(), kind))
    return [
        {"type": kind, "offset": units(text[:start]), "length": units(text[start:end])}
        for start, end, kind in sorted(found)
    ]


def checked(text: str, given: list[Json] | None) -> list[Json]:
    """The entities of a bot's text: those it gave, if they lie inside it, and those found by themselves."""
    if not given:
        return find(text)
    if len(given) > MAX_ENTITIES:
        raise bad_request("too many entities")
    end = units(text)
    for entity in given:
        if entity["offset"] < 0 or entity["length"] <= 0 or entity["offset"] + entity["length"] > end:
            raise bad_request("can't parse entities: entity lies outside of the text")
    taken = [(e["offset"], e["offset"] + e["length"]) for e in given]
    free = [
        e
        for e in find(text)
        if all(e["offset"] + e["length"] <= start or stop <= e["offset"] for start, stop in taken)
    ]
    return sorted([*given, *free], key=lambda e: (e["offset"], -e["length"]))


def bot_text(text: str, given: list[Json] | None) -> tuple[str, list[Json]]:
    """A message text as Telegram stores it, or its refusal."""
    if not text.strip():
        raise bad_request("message text is empty")
    _refuse_control(text)
    kept, marks = _trimmed(text, given)
    if units(kept) > MAX_TEXT_UNITS:
        raise bad_request("message is too long")
    return kept, checked(kept, marks)


def bot_caption(caption: str | None, given: list[Json] | None) -> tuple[str | None, list[Json]]:
    if caption is None or not caption.strip():
        return None, []
    _refuse_control(caption)
    kept, marks = _trimmed(caption, given)
    if units(kept) > MAX_CAPTION_UNITS:
        raise bad_request("message caption is too long")
    return kept, checked(kept, marks)


def _trimmed(text: str, given: list[Json] | None) -> tuple[str, list[Json] | None]:
    """Telegram cuts white space off both ends; offsets that were given move along."""
    start = text.lstrip()
    cut = units(text) - units(start)
    if cut and given:
        given = [{**e, "offset": e["offset"] - cut} for e in given]
    return start.rstrip(), given


def _refuse_control(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
