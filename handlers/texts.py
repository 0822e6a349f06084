"""Every sentence that Postern says, in each language: `handlers/catalogue/<language>.yaml`.

A text is a string with named places (`{reference}`), or a mapping of plural forms (CLDR categories) chosen by
the place `n`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import yaml
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

Text = str | Mapping[str, str]
CATALOGUE = Path(__file__).parent / "catalogue"
LANGUAGES = ("en", "ru", "uk", "kk")


class Texts:
    def __init__(self, catalogues: Mapping[str, Mapping[str, Text]]) -> None:
        self._catalogues = catalogues
        self._locales = {language: Locale.parse(language) for language in catalogues}

    def say(self, language: str, name: str, /, **values: int | str) -> str:
        """The text, filled in; whole numbers as the language writes them. Raises KeyError for an unknown name."""
        text = self._catalogues[language][name]
        if not isinstance(text, str):
            text = text[self._locales[language].plural_form(int(values["n"]))]
        return text.format_map(_Places(values, self._locales[language]))

    def names(self, language: str) -> frozenset[str]:
        return frozenset(self._catalogues[language])

    def month(self, language: str, month: str) -> str:
        """`2026-11` as people write it: "November 2026"."""
        day = date(int(month[:4]), int(month[5:]), 1)
        return format_skeleton("yMMMM", day, locale=self._locales[language])

    def day(self, language: str, day: int) -> str:
        """Days since 1970 as a short date."""
        return format_date(date(1970, 1, 1) + timedelta(days=day), "medium", self._locales[language])

    def day_of_year(self, language: str, day: int) -> str:
        """The same without the year, for what is recent: "Nov 26"."""
        return format_skeleton("MMMd", date(1970, 1, 1) + timedelta(days=day), locale=self._locales[language])

    def hour(self, language: str, moment: int) -> str:
        """Unix seconds as day and hour, in UTC: "26 Nov 2026, 21:00"."""
        return f"{self.day(language, moment // 86_400)}, {moment % 86_400 // 3_600:02d}:00"


class _Places(dict[str, int | str]):
    """Writes a number as the language does when a text has a place for it; most texts have none."""

    def __init__(self, values: Mapping[str, int | str], locale: Locale) -> None:
        super().__init__(values)
        self._locale = locale

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(name)
        return number(value, self._locale) if isinstance(value, int) else value


@lru_cache(1_000)
def number(value: int, locale: Locale) -> str:
    """As the language writes it. Remembered: the same few numbers stand on every screen."""
    return str(format_decimal(value, locale=locale))


def load_texts(folder: Path = CATALOGUE) -> Texts:
    return Texts({lang: yaml.safe_load((folder / f"{lang}.yaml").read_text("utf-8")) for lang in LANGUAGES})
