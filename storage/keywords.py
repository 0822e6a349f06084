"""Keys in words of BIP39's English list: eight to compare by telephone, twenty-four to write down."""

from collections.abc import Sequence
from functools import cache, lru_cache

from mnemonic import Mnemonic
from nacl.public import PrivateKey

from intake.errors import KeyFileError
from storage.public_key import check_public
from storage.purpose import Purpose, digest

KEY_WORDS = 8
PHRASE_WORDS = 24
_BITS_A_WORD = 11
_PRIVATE_BYTES = 32


@lru_cache(256)
def key_words(public: bytes) -> tuple[str, ...]:
    """Eight words (88 bits) that name a public key, for people to compare.

    Someone who wants another key with the same words has to try 2^88 keys; fewer words would not do. Raises
    KeyFileError for an unusable key.
    """
    bits = int.from_bytes(digest(Purpose.KEY_WORDS, check_public(public), size=KEY_WORDS * _BITS_A_WORD // 8))
    words = _words()
    places = range(_BITS_A_WORD * (KEY_WORDS - 1), -1, -_BITS_A_WORD)
    return tuple(words[bits >> place & (1 << _BITS_A_WORD) - 1] for place in places)


def recovery_phrase(private: bytes) -> list[str]:
    """24 words that are a 32-byte private key and 8 bits of checksum. To be shown once and never stored."""
    if len(private) != _PRIVATE_BYTES:
        raise ValueError(f"a private key has {_PRIVATE_BYTES} bytes")
    return Mnemonic("english").to_mnemonic(private).split()


def recovery_from_phrase(words: Sequence[str]) -> PrivateKey:
    """The private key of 24 words; capitals do no harm. Raises KeyFileError, which never repeats a word."""
    phrase = [word.strip().lower() for word in words]
    if len(phrase) != PHRASE_WORDS:
        raise KeyFileError(f"A recovery phrase has {PHRASE_WORDS} words; these are {len(phrase)}.")
    known = frozenset(_words())
    for position, word in enumerate(phrase, start=1):
        if word not in known:
            raise KeyFileError(f"Word {position} is not in the list: compare its spelling with your paper.")
    book = Mnemonic("english")
    if not book.check(" ".join(phrase)):
        raise KeyFileError(
            "The words do not belong together: compare each, and their order, with your paper."
        )
    return PrivateKey(bytes(book.to_entropy(phrase)))


@cache
def _words() -> tuple[str, ...]:
    return tuple(Mnemonic("english").wordlist)  # read from a file each time
