"""Return codes: 16 digits with which a requester finds and opens the replies, from any account.

Argon2id(code, salt) gives a lookup tag and the seed of an X25519 key. The server keeps only the tag (hashed
once more, `Vault.tag`) and the public key, so a stored reply opens with the code and nothing else. Where this
ends: 10^16 codes are 53 bits. Whoever has the server's salt and years of many machines can search them; the
salt is stored wrapped.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from nacl.public import PrivateKey

from storage.argon import MIB, Cost, stretch
from storage.sealing import open_box

CODE_DIGITS = 16
CODE_COST = Cost(passes=4, memory=128 * MIB)
"""0.25 s and 128 MiB a guess on one core of a small server: derive one at a time, off the event loop, and
behind the throttle. Part of the format: with another cost, no code in use would be found again."""
TAG_BYTES = 32
_SEED_BYTES = 32
_TYPED_MAX_CHARS = 100
_BEFORE_WORDS = re.compile("^[\\s,.:;\u2010-\u2015\u200b-\u200f\u2060\ufeff-]+")
"""What people put between the code and their words."""


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What the service keeps of a code: a tag to look it up and a key to seal replies to, 32 bytes each."""

    tag: bytes = field(repr=False)
    public: bytes


def new_code() -> str:
    """16 random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def show(code: str) -> str:
    """Four groups of four, as it is written down."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def read(text: str) -> tuple[str, str] | None:
    """The code that a text begins with, and the words behind it ("" if it stands alone); None without a code.

    Digits of any script count; blanks, dashes and the invisible marks that phones add do not matter. With more digits
    behind the sixteen, and nothing else, it is no code: some are too many, and nobody knows which.
    """
    digits, behind = "", text
    for char in text[:_TYPED_MAX_CHARS]:
        value = unicodedata.decimal(char, None)
        if value is None and not _is_gap(char):
            return None
        digits, behind = digits + ("" if value is None else str(value)), behind[1:]
        if len(digits) == CODE_DIGITS:
            break
    if len(digits) < CODE_DIGITS or behind[:1].isdecimal():
        return None
    words = _BEFORE_WORDS.sub("", behind).rstrip()
    if words and all(char.isdecimal() or _is_gap(char) for char in words):
        return None
    return digits, words


def _is_gap(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Pd", "Cf"}


def derive(code: str, salt: bytes, cost: Cost = CODE_COST) -> CodeKeys:
    """What the service stores for a code; `salt` is `Vault.code_salt`. Slow: call it off the event loop."""
    opener = CodeOpener(code, salt, cost)
    return CodeKeys(opener.tag, opener.public)


class CodeOpener:
    """Opens what was sealed to one return code. Slow to make, on purpose: call it off the event loop."""

    def __init__(self, code: str, salt: bytes, cost: Cost = CODE_COST) -> None:
        stretched = stretch(code.encode(), salt, TAG_BYTES + _SEED_BYTES, cost)
        self._private = PrivateKey.from_seed(stretched[TAG_BYTES:])
        self.tag = stretched[:TAG_BYTES]
        self.public = bytes(self._private.public_key)

    def open(self, box: bytes, *, case: bytes, question: str, sequence: int) -> bytes:
        """The text. Raises Tampered unless it was sealed to this code and for this very place."""
        return open_box(self._private, box, case=case, question=question, sequence=sequence)
