"""A questionnaire file is read, or refused with every problem: file, line, question, and what to do."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.errors import QuestionnaireError
from intake.marked_yaml import MAX_DEPTH, MAX_FILE_CHARS
from intake.questionnaire import Kind, Level
from intake.questionnaire_check import MAX_ANSWERS_BYTES, MAX_OPTIONS, MAX_QUESTIONS, MIN_OPTIONS
from intake.questionnaire_conditions import MAX_TAPS_TO_EMERGENCY
from intake.questionnaire_file import labels, load
from intake.questionnaire_texts import OPTION_LABEL_CHARS, TEXT_LIMITS

SMALL = """\
name: small
version: 2
languages: [en, kk]
title: {en: Help, kk: Көмек}
about: {en: We help., kk: Көмектесеміз.}
reply_time:
  emergency: {en: Today., kk: Бүгін.}
  urgent: {en: Tomorrow., kk: Ертең.}
  standard: {en: Later., kk: Кейін.}
questions:
  - id: where
    kind: choice
    shared: summary
    label: {en: Where, kk: Қайда}
    ask: {en: Where are you., kk: Қайдасыз.}
    why: {en: To know the law., kk: Заңды білу үшін.}
    options:
      - id: here
        label:
          en: Here
          kk: Осында
      - id: armenia
        above: abroad
        label:
          en: Armenia
          kk: Армения
    ladder:
      - id: abroad
        label: {en: Abroad, kk: Шетелде}
  - id: danger
    kind: choices
    shared: summary
    when: {where: armenia}
    label: {en: Dangers, kk: Қауіп}
    ask: {en: What is true., kk: Не бар.}
    why: {en: To be fast., kk: Тез болу үшін.}
    options:
      - {id: held, level: emergency, label: {en: Held, kk: Ұстады}}
      - {id: no, alone: yes, label: {en: No, kk: Жоқ}}
  - id: more
    kind: text
    shared: sealed
    label: {en: More, kk: Тағы}
    ask: {en: What else., kk: Тағы не.}
    why: {en: To understand., kk: Түсіну үшін.}
levels:
  - level: urgent
    if: {where: [armenia], danger: [no]}
    reason: {en: Abroad, kk: Шетелде}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(QuestionnaireError) as caught:
        load(text, "small.yaml")
    return caught.value.problems


def problem(text: str) -> str:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


def line(piece: str, text: str = SMALL) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_everything_in_the_file_arrives_in_the_model() -> None:
    form = load(SMALL, "small.yaml")
    assert (form.name, form.version, form.languages) == ("small", 2, ("en", "kk"))
    assert form.reply_time[Level.URGENT] == {"en": "Tomorrow.", "kk": "Ертең."}
    where, danger, more = form.questions
    assert (where.kind, danger.kind, more.kind) == (Kind.CHOICE, Kind.CHOICES, Kind.TEXT)
    assert (where.in_summary, more.in_summary) == (True, False)
    assert where.options[1].above == "abroad"
    assert where.ladder["abroad"].label["kk"] == "Шетелде"
    assert danger.when == {"where": frozenset({"armenia"})}
    assert danger.options[0].level is Level.EMERGENCY
    assert danger.options[1].alone
    (rule,) = form.rules
    assert rule.when == {"where": frozenset({"armenia"}), "danger": frozenset({"no"})}


def test_words_that_yaml_takes_for_truth_or_numbers_stay_words() -> None:
    form = load(changed("en: Here", "en: 12"), "small.yaml")
    assert form.questions[0].options[0].label["en"] == "12"
    assert form.questions[1].options[1].id == "no"


def test_a_missing_translation_names_file_line_question_option_and_remedy() -> None:
    assert problem(changed("          kk: Армения\n", "")) == (
        f'small.yaml:{line("id: armenia") + 2}: question "where": option "armenia" has no label in Kazakh (kk); '
        "add one under label"
    )


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = SMALL.replace("version: 2", "version: two").replace("above: abroad", "abov: abroad")
    text = text.replace("kind: text", "kind: texts").replace("danger: [no]", "danger: [nothing]")
    found = problems(text)
    lines = [int(each.split(":")[1]) for each in found]
    assert lines == sorted(lines)
    wanted = ('version "two"', 'did you mean "above"', "rung", 'kind "texts"', 'option "nothing" of "danger"')
    assert [each for each, words in zip(found, wanted, strict=True) if words not in each] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("about:", "abuot:", 'the questionnaire has an unknown key "abuot"; did you mean "about"?'),
        (
            "    why: {en: To be",
            "    whyy: {en: To be",
            'question "danger" has an unknown key "whyy"; did you',
        ),
        ("name: small", "name: small\nname: again", 'the questionnaire has "name" twice; keep one'),
        ("name: small", "name: Small One", 'has the name "Small One"; use 1 to 32 of a-z, 0-9 and hyphens'),
        ("name: small", "name:", "under name: is empty; fill it in"),
        ("name: small", "name: [a]", "under name: must be one text"),
        ("version: 2", "version: 0", 'has version "0"; use a whole number, 1 to 9999'),
        ("[en, kk]", "[en, kk, hy]", 'has a language "hy"; take it away, or use one of (en, ru, uk, kk)'),
        ("[en, kk]", "[en, kk, en]", "has the language en twice; keep one"),
        ("[en, kk]", "[en]", "has texts in Kazakh (kk), which is not among its languages"),
        ("[en, kk]", "[]", "under languages: is empty"),
        ("  standard: {", "  normal: {", 'under reply_time: has an unknown key "normal"'),
        ("id: armenia", "id: here", 'option "#2" has the id of an earlier one, "here"; choose another'),
        ("id: more", "id: where", 'question "#3" has the id of an earlier one, "where"; choose another'),
        ("- id: more\n    kind", "- kind", 'question "#3" has no id; add a line id: …'),
        ("id: more", "id: Mehr", 'question "Mehr" has the id "Mehr"; use 1 to 32 of a-z'),
        (
            "kind: choice\n",
            "kind: chocie\n",
            'question "where" has kind "chocie"; use one of (choice, choices, text)',
        ),
        ("shared: sealed", "shared: secret", 'has shared "secret"; use one of (summary, sealed)'),
        ("    shared: sealed\n", "", 'question "more" has no shared; add a line shared: …'),
        ("level: emergency", "level: high", 'option "held" has level "high"; use one of (emergency, urgent'),
        ("alone: yes", "alone: maybe", 'option "no" has alone "maybe"; use yes, or take the line away'),
        ("{where: armenia}", "[where]", 'question "danger" under when: must be lines of the form'),
        ("{where: armenia}", "{where: {a: b}}", "under when, where: must be a list"),
        ("{where: armenia}", "{where: []}", "under when, where: is empty"),
        ("    ask: {en: What else., kk: Тағы не.}\n", "", 'question "more" has no ask; add a line ask: …'),
        (
            "    why: {en: To understand., kk: Түсіну үшін.}\n",
            "",
            'question "more" has no purpose; say under why',
        ),
        ("  - level: urgent\n    if", "  - if", "level rule 1 has no level; add a line level: …"),
    ],
)
def test_a_mistake_gives_one_line_that_says_what_to_do(old: str, new: str, message: str) -> None:
    found = [each for each in problems(changed(old, new)) if message in each]
    assert len(found) == 1, problems(changed(old, new))
    assert re.match(r"small\.yaml:\d+: ", found[0])


def test_one_broken_value_is_one_problem() -> None:
    assert len(problems(changed("kind: choices", "kind: several"))) == 1
    assert len(problems(changed("shared: summary", "shared: all"))) == 1
    assert len(problems(changed("    label: {en: Where, kk: Қайда}\n", "    label: Where\n"))) == 1


def test_an_empty_condition_is_one_problem() -> None:
    assert "under when, where: is empty" in problem(changed("{where: armenia}", "{where: []}"))


def test_a_message_repeats_little_of_the_file() -> None:
    for place in ("id: more", "where: armenia", "above: abroad"):
        key = place.split(":")[0]
        assert all(len(each) < 250 for each in problems(changed(place, f"{key}: {'long-' * 100}")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: the file is empty"),
        ("# nothing\n", "1: the file is empty"),
        ("just words", '1: the questionnaire must be lines of the form "key: value"'),
        ("a: b\n\tc: d", "2: not readable as YAML"),
        ("a: b\nc: d: e", "2: not readable as YAML"),
        ("a: b\n---\nc: d", "2: not readable as YAML"),
        ("a: 1\nb: \x00", "2: a character that cannot be shown"),
        ('a: "\\UFFFFFFFF"', "1: not readable as YAML; check the quoted texts for stray backslashes"),
        ("a: &x [1]\nb: 2", "1: anchors (&) and aliases (*) are not allowed"),
        ("a: 1\nb: *x", "2: anchors (&) and aliases (*) are not allowed"),
        ("a: !!python/object:os.system x", "1: tags (!) are not allowed"),
        ("a: " + "[" * 5_000, f"1: nested more than {MAX_DEPTH} levels deep"),
        ("x" * (MAX_FILE_CHARS + 1), "1: the file is longer than 200,000 characters"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_plain_yaml_is_refused_at_its_line(text: str, message: str) -> None:
    assert problem(text).startswith(f"small.yaml:{message}")


def test_labels_are_the_public_words_and_nothing_else() -> None:
    words = labels(load(SMALL, "small.yaml"))
    assert words["title"] == {"en": "Help", "kk": "Көмек"}
    assert set(words) == {"title", "questions"}
    questions = words["questions"]
    assert isinstance(questions, dict)
    assert questions["danger"] == {
        "label": {"en": "Dangers", "kk": "Қауіп"},
        "options": {"held": {"en": "Held", "kk": "Ұстады"}, "no": {"en": "No", "kk": "Жоқ"}},
    }
    assert questions["more"]["options"] == {}


# Whatever is in the file, the answer is a questionnaire or a list of problems of one line each.


def read(text: str) -> None:
    found = refusal(text)
    assert found != []
    for each in found or ():
        assert re.match(r"fuzz\.yaml:[1-9]\d*: .", each), each
        assert each.isprintable(), each
        assert len(each) < 500, each


def refusal(text: str) -> list[str] | None:
    try:
        load(text, "fuzz.yaml")
    except QuestionnaireError as error:
        return error.problems
    return None


@settings(max_examples=60)
@given(st.text() | st.text(alphabet="ab:-[]{}&*!|>'\"#?%@,\\ \n\t0x~<", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


LINES = SMALL.splitlines()
edits: st.SearchStrategy[Callable[[list[str]], list[str]]] = st.one_of(
    st.integers(0, len(LINES) - 1).map(lambda n: lambda all_: [*all_[:n], *all_[n + 1 :]]),
    st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(LINES)).map(
        lambda pick: lambda all_: [*all_[: pick[0]], pick[1], *all_[pick[0] :]]
    ),
    st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 30), st.text(max_size=3)).map(
        lambda pick: (
            lambda all_: [
                each[: pick[1]] + pick[2] + each[pick[1] :] if n == pick[0] else each
                for n, each in enumerate(all_)
            ]
        )
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits, min_size=1, max_size=4))
def test_any_edit_of_a_good_file_is_read_or_refused(changes: list[Callable[[list[str]], list[str]]]) -> None:
    lines = LINES
    for change in changes:
        lines = change(lines)
    read("\n".join(lines))


GOOD = yaml.safe_load(SMALL)


@st.composite
def mangled(draw: st.DrawFn, value: object = GOOD, depth: int = 0) -> object:
    """The good file's data with a few values replaced by something else."""
    if draw(st.integers(0, 14)) == 0 and depth:
        return draw(
            st.none() | st.integers() | st.booleans() | st.text(max_size=4) | st.just([]) | st.just({})
        )
    if isinstance(value, dict):
        return {key: draw(mangled(value=each, depth=depth + 1)) for key, each in value.items()}
    if isinstance(value, list):
        return [draw(mangled(value=each, depth=depth + 1)) for each in value]
    return value


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mangled())
def test_values_of_the_wrong_kind_are_refused(data: object) -> None:
    read(yaml.safe_dump(data, allow_unicode=True))


def test_reading_touches_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is for messages only: nothing of that name need exist."""
    monkeypatch.chdir(tmp_path)
    assert load(SMALL, "no/such/file.yaml").name == "small"


# docs/questionnaire.md is the description of this format: it must not drift from it.

DOCS = (Path(__file__).parents[2] / "docs" / "questionnaire.md").read_text(encoding="utf-8")


def test_the_example_in_the_docs_has_no_problem() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert load(example, "docs/questionnaire.md").name == "tenants"


def test_the_docs_name_every_limit_and_every_key() -> None:
    one_each = {
        "questions": MAX_QUESTIONS,
        "options of a question": f"{MAX_OPTIONS}, and at least {MIN_OPTIONS}",
        **{f"`{name}`": f"{TEXT_LIMITS[name]} characters" for name in ("title", "about", "reason")},
        "each `reply_time`": f"{TEXT_LIMITS['reply_time']} characters",
        "each `ask`, each `why`": f"{TEXT_LIMITS['ask']} characters",
        "`label` of a question": f"{TEXT_LIMITS['label']} characters",
        "`label` of an option or a rung": f"{OPTION_LABEL_CHARS} characters",
        "all closed answers together, as stored": f"{MAX_ANSWERS_BYTES:,} bytes (short ids help)",
        "presses until an emergency is told": MAX_TAPS_TO_EMERGENCY,
        "the file": f"{MAX_FILE_CHARS:,} characters",
    }
    for what, limit in one_each.items():
        assert f"| {what} | {limit} |" in DOCS
    assert TEXT_LIMITS["ask"] == TEXT_LIMITS["why"]
    for key in (
        "id",
        "kind",
        "shared",
        "label",
        "ask",
        "why",
        "options",
        "when",
        "ladder",
        "level",
        "above",
        "alone",
    ):
        assert re.search(rf"^\| `{key}[`:]", DOCS, re.MULTILINE), key
