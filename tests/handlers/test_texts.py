"""The catalogues: complete in each language, true to the program's places, and within Telegram's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
import yaml
from babel import Locale

from handlers.menus import ADMIN, LEAD, OPERATOR, REQUESTER
from handlers.outgoing import MAX_CAPTION, MAX_TEXT
from handlers.texts import CATALOGUE, LANGUAGES, Text, Texts, load_texts
from intake.events import MAX_TEXT_BYTES
from intake.questionnaire_texts import TEXT_LIMITS
from tests.handlers.uses_of_texts import HYPHENATED, uses

MAX_ALERT = 200
"""UTF-16 units in the answer to a press."""
MAX_LABEL = 40
MAX_COMMAND = 40
MAX_NOTICE = 1_800

CATALOGUES: dict[str, dict[str, Text]] = {
    language: yaml.safe_load((CATALOGUE / f"{language}.yaml").read_text("utf-8")) for language in LANGUAGES
}
ENGLISH = CATALOGUES["en"]
LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)

LARGE: dict[str, int | str] = {
    "about": "ы" * TEXT_LIMITS["about"],
    "asked": "ы" * 64,
    "before": 9_999_999,
    "below": 1_000,
    "closed_days": 3_650,
    "code": "0000 0000 0000 0000",
    "day": "00 вересня 0000 р.",
    "days": 30,
    "draft_minutes": 1_440,
    "minutes": 1_440,
    "hours": 47,
    "k": 100,
    "kinds": "ы" * 160,
    "known": "W" * 32,
    "lead": "W" * 13,
    "left": 240,
    "idle": "1080 min",
    "level": "ы" * 12,
    "letters": MAX_TEXT_BYTES,
    "n": 999_999,
    "counts": "🔴 999 · 🟠 9999 · ⚪ 9999",
    "name": "W" * 13,
    "names": ", ".join(["W" * 13] * 60),
    "notice": "ы" * 500,
    "number": 20,
    "open_days": 3_650,
    "organisation": "W" * 60,
    "over": 4 * 4_096,
    "reference": "WWWW-WWWW",
    "kept": "WWWW-WWWW",
    "references": ", ".join(["WWWW-WWWW"] * 60),
    "replies_days": 3_650,
    "reply_hours": 47,
    "reply_time": "ы" * TEXT_LIMITS["reply_time"],
    "role": "administrator",
    "room": MAX_TEXT_BYTES,
    "seconds": 600,
    "size": MAX_TEXT_BYTES,
    "text": "w" * MAX_TEXT_BYTES,
    "title": "ы" * TEXT_LIMITS["title"],
    "total": 20,
    "what": "ы" * 120,
    "when": "00 вересня 0000 р., 00:00–00:00 UTC",
    "word": "ы" * 40,
    "why": "ы" * TEXT_LIMITS["why"],
    "words": " ".join(["abstract"] * 8),
    "kind": "ы" * 30,
    "most": 20,
    **dict.fromkeys(("percent", "base", "cases", "total", "part", "share"), 99_999),
    "label": "W" * 64,
}
ANSWERS_TO_PRESSES = {
    *("case-gone", "claim-already-yours", "claim-closed", "claim-late", "claim-no-slot", "claim-taken"),
    *(
        "claimed",
        "closed-case",
        "code-longer-done",
        "seen-noted",
        "send-again-done",
        "canned-changed",
        "canned-sent",
        "doubt-dropped",
        "doubt-sent",
        "doubt-too-late",
        "attach-changed",
        "attach-dropped",
        "attach-sent",
        "attach-too-late",
        "send-again-too-late",
        "send-again-not-yours",
        "file-coming",
        "key-confirmed-admin",
        "key-refused-admin",
    ),
    *("key-settled", "not-yours", "released", "block-none", "block-done", "lifted", "lift-gone"),
    *("merge-none", "merging"),
    *("kept", "closing-toast", "closing-already", "undone", "undo-too-late", "hold-limit", "openings-limit"),
    *(
        "raised",
        "lowered",
        "lower-nobody",
        "exclude-nobody",
        "hand-nobody",
        "hand-offered",
        "offer-over",
        "declined",
    ),
    *("busy-some", "busy-minutes", "busy-long", "busy-full"),
    *("second-asked", "second-yes", "second-no", "second-over", "second-not-you", "second-lead"),
}
NEUTRAL = (
    *(
        "stopped",
        "wiped",
        "expired",
        "away",
        "away-alerted",
        "again-button",
        "start-button",
        "request-closed",
    ),
    *("busy-some", "busy-minutes", "busy-long", "busy-full", "barred"),
)
"""What may be the last thing that a searched phone shows."""
TELLING = {
    "en": ("ask", "asyl", "help", "request", "operator", "case", "organis", "law", "war"),
    "ru": ("обращен", "помо", "сотрудник", "оператор", "организац", "заяв", "служб", "убежищ"),
    "uk": ("звернен", "допом", "співробітник", "оператор", "організац", "заяв", "служб", "притул"),
    "kk": ("өтініш", "көмек", "қызметкер", "оператор", "ұйым", "қызмет", "пана"),
}
FOREIGN = {"ru": "іїєґәғқңөұүһ", "uk": "ыэёъәғқңөұүһ", "kk": "їєґ", "en": "абвгдежзиклмнопрстуфхцчшщыьэюя"}
MIXED = re.compile("[a-z][а-яёіїєґәғқңөұүһ]|[а-яёіїєґәғқңөұүһ][a-z]")
QUOTES = {"en": "“”", "ru": "«»", "uk": "«»", "kk": "«»"}


def forms(text: Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def filled(language: str) -> Iterator[tuple[str, str]]:
    """(name, text) of every form of every text, its places filled with the largest values there are."""
    texts = load_texts()
    longest = {
        kind: max(
            (f for name, t in CATALOGUES[language].items() if name.startswith(kind) for f in forms(t)),
            key=len,
        )
        for kind in ("outcome-", "reason-", "home-state-", "privacy-relay-")
    }
    values = {
        **LARGE,
        "outcome": longest["outcome-"],
        "reason": longest["reason-"],
        "state": longest["home-state-"],
        "relay": longest["privacy-relay-"],
        "month": texts.month(language, "2026-11"),
        **dict.fromkeys(("shown", "theirs", "language"), "Українська"),
        **dict.fromkeys(("period", "before", "first", "last", "since"), texts.month(language, "2026-09")),
    }
    for name, text in CATALOGUES[language].items():
        for form in forms(text):
            one = Texts({language: {name: form}})
            yield name, one.say(language, name, **values)


def comments(language: str) -> list[str]:
    lines = (CATALOGUE / f"{language}.yaml").read_text("utf-8").splitlines()[1:]
    return [line for line in lines if line.startswith("#")]


@LANGUAGE
def test_every_language_has_the_same_texts_in_the_same_order(language: str) -> None:
    assert list(CATALOGUES[language]) == list(ENGLISH)
    written = re.findall(r"^([a-z-]+):", (CATALOGUE / f"{language}.yaml").read_text("utf-8"), re.MULTILINE)
    assert written == list(ENGLISH), "a text stands twice"
    assert comments(language) == comments("en")


@LANGUAGE
def test_every_form_of_a_text_has_the_places_of_the_english_one(language: str) -> None:
    for name, text in CATALOGUES[language].items():
        for form in forms(text):
            assert places(form) == places(forms(ENGLISH[name])[0]), name
            assert form.count("{") == form.count("}") == len(re.findall(r"\{\w+\}", form)), name


@LANGUAGE
def test_a_plural_has_exactly_the_forms_that_the_language_needs(language: str) -> None:
    needed = set(Locale.parse(language).plural_form.tags) | {"other"}
    for name, text in CATALOGUES[language].items():
        assert isinstance(text, str) == isinstance(ENGLISH[name], str), name
        if not isinstance(text, str):
            assert set(text) == needed, name
            assert all("{n}" in form for form in text.values()), name


def test_every_text_that_the_program_uses_exists() -> None:
    found = uses()
    assert found.unknown == set()
    assert {n for n in found.named if n not in ENGLISH and f"hint-{n}" not in ENGLISH} == set()
    assert len(found.named) > 150, "the sources are not read as they should be"


def test_every_text_is_used() -> None:
    found = uses()
    hyphenated = {name for name in found.mentioned if HYPHENATED.fullmatch(name)}
    used = found.named | {f"hint-{name}" for name in found.named} | hyphenated
    assert set(ENGLISH) - used == set()


@LANGUAGE
def test_what_answers_a_press_fits_into_telegrams_little_box(language: str) -> None:
    for name, text in filled(language):
        if name.startswith("hint-") or name in ANSWERS_TO_PRESSES:
            assert units(text) <= MAX_ALERT, (name, units(text))
            assert "\n" not in text, name


@LANGUAGE
def test_buttons_and_menus_are_short(language: str) -> None:
    for name, text in filled(language):
        if (name.endswith("-button") and name != "hint-old-button") or name.startswith("outcome-"):
            assert units(text) <= MAX_LABEL, (name, text)
        if name.startswith("command-"):
            assert units(text) <= MAX_COMMAND, (name, text)


@LANGUAGE
@pytest.mark.parametrize(
    ("commands", "keys"),
    [
        (REQUESTER, ("help",)),
        (OPERATOR, ("operator-help",)),
        (LEAD, ("operator-help", "lead-help")),
        (ADMIN, ("admin-help",)),
    ],
)
def test_a_help_page_tells_of_every_command_in_the_menu(
    language: str, commands: tuple[str, ...], keys: tuple[str, ...]
) -> None:
    page = "\n".join(str(CATALOGUES[language][key]) for key in keys)
    told = set(re.findall(r"^/([a-z]+)", page, re.MULTILINE))
    assert told | {"help"} == set(commands) | ({"start"} if commands is REQUESTER else set())


@LANGUAGE
def test_every_screen_fits_into_a_message(language: str) -> None:
    """A hint may stand above a screen, a question's `ask` above its `why`."""
    for name, text in filled(language):
        assert units(text) <= MAX_TEXT - MAX_ALERT - 10, (name, units(text))
    sizes = {name: units(text) for name, text in filled(language)}
    assert sizes["notice"] <= MAX_NOTICE
    assert sizes["document"] <= MAX_CAPTION
    assert sizes["reply-again"] + 2 + sizes["attach-caption"] <= MAX_CAPTION
    frame = ("progress", "alerted-line", "text-help", "text-kept")
    question = sum(sizes[name] + 2 for name in frame) + TEXT_LIMITS["ask"] + 2 + sizes["why"]
    assert question <= MAX_TEXT - MAX_ALERT - 10


@LANGUAGE
def test_texts_are_plain_and_set_with_the_languages_own_marks(language: str) -> None:
    for name, text in CATALOGUES[language].items():
        for form in forms(text):
            assert not re.search(r"""</?\w|\*|`|__|\]\(|&\w+;|['"]|\.\.\.""", form), (name, form)
            assert form == form.strip(), name
            assert not re.search(r"(?<!:) {2}|[ \t]\n|\t|\n{3}", form), (name, form)
            used = re.sub("[^“”„«»]", "", form)
            assert used == QUOTES[language] * (len(used) // 2), (name, form)


@LANGUAGE
def test_no_letter_has_slipped_in_from_another_alphabet(language: str) -> None:
    for name, text in CATALOGUES[language].items():
        if name == "choose-language":
            continue
        for form in forms(text):
            assert not set(form.lower()) & set(FOREIGN[language]), (name, form)
            assert not MIXED.search(form.lower()), (name, form)


@LANGUAGE
def test_what_stays_on_a_searched_phone_names_no_subject(language: str) -> None:
    commands = tuple(f"command-{name}" for name in REQUESTER)
    for name in (*NEUTRAL, *commands, "reply"):
        words = re.sub(r"\{\w+\}", "", str(CATALOGUES[language][name])).lower()
        assert not [telling for telling in TELLING[language] if telling in words], (name, words)


def test_people_are_addressed_alike_in_ukrainian() -> None:
    """With a capital letter, in every text."""
    small = re.compile(r"(?<![\w’])(ви|вас|вам|вами|ваш\w*)(?!\w)")
    assert not {name for name, text in CATALOGUES["uk"].items() if small.search(str(text))}


@LANGUAGE
def test_the_choice_of_a_language_is_readable_in_every_language(language: str) -> None:
    text = load_texts().say(language, "choose-language", organisation="Example")
    lines = text.splitlines()[2:]
    assert len(set(lines)) == len(LANGUAGES)
    own = {
        load_texts().say(each, "choose-language", organisation="Example").splitlines()[2]
        for each in LANGUAGES
    }
    assert set(lines) == own
    names = [CATALOGUES[each]["language-name"] for each in LANGUAGES]
    assert names == ["English", "Русский", "Українська", "Қазақша"]


@LANGUAGE
def test_a_text_that_names_a_button_names_it_as_it_is(language: str) -> None:
    catalogue = CATALOGUES[language]
    opening, closing = QUOTES[language][0], QUOTES[language][1]
    for name, button in (
        ("notice", "begin-button"),
        ("tick-help", "done-button"),
        ("hint-nothing-ticked", "skip-button"),
        ("code-added-noticed", "take-back-button"),
        ("code-closed", "back-button"),
    ):
        assert f"{opening}{catalogue[button]}{closing}" in str(catalogue[name]), name


@pytest.mark.parametrize(
    ("language", "months"),
    [
        ("en", ("January 2026", "November 2026")),
        ("ru", ("январь 2026\u202fг.", "ноябрь 2026\u202fг.")),
        ("uk", ("січень 2026\u202fр.", "листопад 2026\u202fр.")),
        ("kk", ("2026\u202fж. қаңтар", "2026\u202fж. қараша")),
    ],
)
def test_a_month_is_named_as_a_heading_names_it(language: str, months: tuple[str, str]) -> None:
    texts = load_texts()
    assert (texts.month(language, "2026-01"), texts.month(language, "2026-11")) == months


@pytest.mark.parametrize(
    ("language", "one", "two", "five", "many"),
    [
        ("en", "1 request is waiting.", "2 requests are waiting.", "5 requests are waiting.", "1,234"),
        ("ru", "Ждёт 1 обращение.", "Ждут 2 обращения.", "Ждут 5 обращений.", "1\u00a0234"),
        ("uk", "Чекає 1 звернення.", "Чекають 2 звернення.", "Чекають 5 звернень.", "1\u00a0234"),
        ("kk", "1 өтініш күтіп тұр.", "2 өтініш күтіп тұр.", "5 өтініш күтіп тұр.", "1\u00a0234"),
    ],
)
def test_numbers_are_written_and_agree_as_in_the_language(
    language: str, one: str, two: str, five: str, many: str
) -> None:
    texts = load_texts()
    assert texts.say(language, "queue-count", n=1) == one
    assert texts.say(language, "queue-count", n=2) == two
    assert texts.say(language, "queue-count", n=5) == five
    assert many in texts.say(language, "queue-count", n=1234)
    assert texts.day(language, (date(2026, 11, 3) - date(1970, 1, 1)).days).count("2026") == 1
