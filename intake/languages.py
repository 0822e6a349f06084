"""Which of Postern's four languages a text can be in, told by its letters alone.

It knows no words, and says nothing where letters say nothing: of a short text, or one in two scripts. A text in a fifth
language is taken for the one of the four whose letters it has. It is there to ask somebody a question, never to decide.
"""

from __future__ import annotations

import unicodedata

ALL = frozenset({"en", "ru", "uk", "kk"})
FEWEST_LETTERS = 30
"""A name or a street in another language must not weigh more than the sentence around it."""
FEWEST_FOR_UKRAINIAN = 60
"""Of Ukrainian's letters one in fifteen is one of іїєґ: so many without any are hardly ever Ukrainian."""
OWN_SHARE = 0.8
"""So many of the letters must be of one script."""
FOREIGN_SHARE = 0.03
"""A quoted name is no other language."""

KAZAKH = frozenset("әғқңөұүһ")
UKRAINIAN = frozenset("їєґ")
BOTH = frozenset("і")
"""Ukrainian and Kazakh have it, Russian hasn't."""
RUSSIAN = frozenset("ыэъё")
"""Kazakh has them, too; Ukrainian hasn't."""
FOREIGN = {"ru": KAZAKH | UKRAINIAN | BOTH, "uk": KAZAKH | RUSSIAN, "kk": UKRAINIAN}
KAZAKH_LATIN = frozenset("äöüñşğıū")


def possible(text: str) -> frozenset[str]:
    """The languages, of the four, that the text may be in: all of them where its letters don't tell."""
    letters = [letter for letter in unicodedata.normalize("NFC", text).lower() if letter.isalpha()]
    cyrillic = [letter for letter in letters if "Ѐ" <= letter <= "ӿ"]
    latin = [letter for letter in letters if letter <= "ɏ"]
    if len(letters) < FEWEST_LETTERS:
        return ALL
    if len(latin) >= OWN_SHARE * len(letters):
        return frozenset({"en", "kk"} if _count(latin, KAZAKH_LATIN) else {"en"})
    if len(cyrillic) >= OWN_SHARE * len(letters):
        return _cyrillic(cyrillic) or ALL
    return ALL


def is_other(text: str, language: str) -> bool:
    """Whether the text can hardly be in this language."""
    return language not in possible(text)


def _cyrillic(letters: list[str]) -> frozenset[str]:
    allowed = max(1, int(FOREIGN_SHARE * len(letters)))
    found = {language for language, marks in FOREIGN.items() if _count(letters, marks) <= allowed}
    if not _count(letters, KAZAKH):  # every fifth letter of Kazakh is one of these
        found.discard("kk")
    if len(letters) >= FEWEST_FOR_UKRAINIAN and not _count(letters, UKRAINIAN | BOTH):
        found.discard("uk")
    return frozenset(found)


def _count(letters: list[str], marks: frozenset[str]) -> int:
    return sum(letter in marks for letter in letters)
