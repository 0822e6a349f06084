"""Whether a text holds what could lead to a person: a phone number, an address, a card, a document's number.

Only the kind is found, never the value. It errs towards silence: years, dates and sums are far more common in what
people write, and a question that comes without cause teaches them to press it away.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum

from phonenumbers import Leniency, PhoneNumberMatcher


class Sensitive(StrEnum):
    """What was noticed; the texts name it for people."""

    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    DOCUMENT = "document"


REGIONS = ("RU", "UA", "GE", "AM", "GB")
"""Where a number without "+" may belong; Kazakhstan shares Russia's plan. One with "+" is known anywhere."""
MOST_TRIES = 200
"""In each region's search: a text of nothing but digits must not hold anybody up."""

_EMAIL = re.compile(r"[\w.+-]@(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,}")
_CARD = re.compile(
    r"(?<!\d)(?<!\d[ -])[2-6](?:\d{12,18}|\d{3}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{3}[ -]\d{6}[ -]\d{5})(?![ -]?\d)"
)
_HARMLESS = re.compile(
    r"(?<![\d+])(?:\d{1,3}(?:[ .,]\d{3}){0,3}[ .,]000|\d{1,5}000)(?!\d)"  # round sums
    r"|(?<!\d)\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d(?!\d)|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"  # dates
    r"|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)"  # times
)
_SUM = re.compile(r"\d{1,3}(?:[ .,]\d{3})+")
_PASSPORT = re.compile(  # "№" has become "No" by then
    # Russian: region, year of printing, number; for travelling abroad: series and number.
    r"(?<!\d)\d\d ?(?:9[5-9]|[012]\d) (?:No ?)?\d{6}(?![ -]?\d)"
    r"|(?<!\d)[5-7]\d (?:No ?)?\d{7}(?![ -]?\d)"
    # Letters and a number, as in most others.
    r"|(?<![^\W_])(?:[A-Z]{1,2}|[A-Z]{2} ?(?:No)? ?)\d{6,8}(?![^\W_])"
    r"|(?<![^\W_])[АВЕІКМНОРСТХЮЯ]{2} ?(?:No)? ?\d{6}(?![^\W_])"
)
_NAMED = re.compile(r"(?i:паспорт|төлқұжат|passport)[^\d\n]{0,20}\d{2} ?\d{2}[^\d\n]{0,8}\d{4,6}(?![ -]?\d)")
_NUMBER = re.compile(r"(?<!\d)(?:\d{10}|\d{12})(?!\d)")


def found_in(text: str) -> tuple[Sensitive, ...]:
    """The kinds that this text seems to hold, each once, in the order of `Sensitive`."""
    left = _HARMLESS.sub(";", unicodedata.normalize("NFKC", text))
    found = set()
    if _EMAIL.search(left):
        found.add(Sensitive.EMAIL)
    # Whatever is recognised is taken out, so that one number is not called two things.
    for kind, pattern, is_one in (
        (Sensitive.CARD, _CARD, _is_card),
        (Sensitive.DOCUMENT, _PASSPORT, bool),
        (Sensitive.DOCUMENT, _NAMED, bool),
        (Sensitive.DOCUMENT, _NUMBER, _is_personal_number),
    ):
        for match in pattern.finditer(left):
            if is_one(match[0]):
                found.add(kind)
                left = left.replace(match[0], " ; ")
    if any(_is_phone(match) for region in REGIONS for match in _phones(left, region)):
        found.add(Sensitive.PHONE)
    return tuple(kind for kind in Sensitive if kind in found)


def _phones(text: str, region: str) -> list[str]:
    matcher = PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=MOST_TRIES)
    return [match.raw_string for match in matcher]


def _is_phone(written: str) -> bool:
    """Valid somewhere is not enough: of nine bare digits nearly every second would be, in Georgia alone."""
    if written.startswith(("+", "0", "(")):
        return True
    if _SUM.fullmatch(written):
        return False
    digits = _digits(written)
    if len(digits) == len(written):
        return (len(digits), digits[0]) in {(11, "7"), (11, "8"), (10, "9")}
    return len(digits) >= 9


def _is_card(written: str) -> bool:
    """By the check digit that all cards have (Luhn); one in ten of any other long number has it too."""
    digits = [int(digit) for digit in reversed(_digits(written))]
    return sum(digits[::2]) % 10 == -sum(d * 2 - 9 * (d > 4) for d in digits[1::2]) % 10


def _is_personal_number(digits: str) -> bool:
    return _is_kazakh(digits) if len(digits) == 12 else _is_ukrainian(digits)


def _is_kazakh(digits: str) -> bool:
    """ИИН: date of birth, century and sex, number, check digit."""
    try:
        date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    each = [int(digit) for digit in digits]
    check = _weighted(each, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)) % 11
    if check == 10:
        check = _weighted(each, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return digits[6] in "123456" and check == each[-1]


def _is_ukrainian(digits: str) -> bool:
    """РНОКПП: days from 1899 to the date of birth, number, check digit."""
    each = [int(digit) for digit in digits]
    born_plausibly = 10_000 <= int(digits[:5]) <= 45_000
    return born_plausibly and _weighted(each, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == each[-1]


def _weighted(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def _digits(written: str) -> str:
    return re.sub(r"\D", "", written)
