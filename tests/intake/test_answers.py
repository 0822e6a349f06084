"""Which questions are asked, which answers still count, and how urgent they make a request."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.answers import asked, holds, level_of, prune, toggled
from intake.questionnaire import Answers, Kind, Level, Option, Question, Questionnaire, Rule

OPTIONS = ("a", "b", "c")


def question(
    name: str,
    kind: Kind = Kind.CHOICE,
    options: tuple[Option, ...] | None = None,
    when: Mapping[str, str] | None = None,
) -> Question:
    text = {"en": name}
    if options is None:
        options = () if kind is Kind.TEXT else tuple(Option(o, {"en": f"{name} {o}"}) for o in OPTIONS)
    conditions = {other: frozenset(chosen.split()) for other, chosen in (when or {}).items()}
    return Question(name, kind, text, text, text, in_summary=True, options=options, when=conditions)


def questionnaire(*questions: Question, rules: tuple[Rule, ...] = ()) -> Questionnaire:
    text = {"en": "x"}
    times = dict.fromkeys(Level, text)
    return Questionnaire("test", 1, ("en",), text, text, times, questions, rules)


CHAIN = questionnaire(
    question("one"),
    question("two", when={"one": "a"}),
    question("three", when={"two": "b"}),
    question("four", Kind.TEXT),
)


def names(questions: tuple[Question, ...]) -> list[str]:
    return [each.id for each in questions]


def test_a_question_whose_condition_is_not_decided_yet_is_not_counted() -> None:
    assert names(asked(CHAIN, {})) == ["one", "four"]
    assert names(asked(CHAIN, {"one": ("a",)})) == ["one", "two", "four"]


def test_prefer_not_to_say_fulfils_no_condition() -> None:
    assert names(asked(CHAIN, {"one": ()})) == ["one", "four"]


def test_an_answer_to_a_question_that_is_no_longer_asked_counts_for_nothing() -> None:
    stale = {"one": ("c",), "two": ("b",), "three": ("a",)}
    assert names(asked(CHAIN, stale)) == ["one", "four"]
    assert prune(CHAIN, stale, {"four": 12, "gone": 3}) == ({"one": ("c",)}, {"four": 12})


def test_several_conditions_must_all_hold() -> None:
    both = questionnaire(
        question("one"), question("two", Kind.CHOICES), question("three", when={"one": "a b", "two": "c"})
    )
    assert names(asked(both, {"one": ("b",), "two": ("a",)})) == ["one", "two"]
    assert names(asked(both, {"one": ("b",), "two": ("a", "c")})) == ["one", "two", "three"]


def test_the_level_is_standard_and_without_reason_unless_something_raises_it() -> None:
    assert level_of(CHAIN, {"one": ("a",)}) == (Level.STANDARD, ())


def test_the_most_urgent_level_wins_with_all_its_reasons_and_no_others() -> None:
    options = (
        Option("a", {"en": "held"}, Level.EMERGENCY),
        Option("b", {"en": "hurt"}, Level.URGENT),
        Option("c", {"en": "threatened"}, Level.URGENT),
    )
    rule = Rule(Level.EMERGENCY, {"one": frozenset("a")}, {"en": "held, and it is a rule"})
    marked = questionnaire(question("one", Kind.CHOICES, options), rules=(rule,))
    assert level_of(marked, {"one": ("b", "c")}) == (Level.URGENT, ({"en": "hurt"}, {"en": "threatened"}))
    assert level_of(marked, {"one": ("a", "b")}) == (
        Level.EMERGENCY,
        ({"en": "held"}, {"en": "held, and it is a rule"}),
    )


def test_an_answer_that_is_no_longer_asked_for_raises_no_level() -> None:
    alarming = tuple(Option(o, {"en": o}, Level.EMERGENCY) for o in OPTIONS)
    rule = Rule(Level.URGENT, {"two": frozenset("a")}, {"en": "rule"})
    branching = questionnaire(
        question("one"), question("two", options=alarming, when={"one": "a"}), rules=(rule,)
    )
    assert level_of(branching, {"one": ("a",), "two": ("a",)})[0] is Level.EMERGENCY
    assert level_of(branching, {"one": ("b",), "two": ("a",)}) == (Level.STANDARD, ())


def test_pressing_a_choice_replaces_it_and_pressing_one_of_several_toggles_it() -> None:
    assert toggled(question("one"), ("a",), "b") == ("b",)
    several = question("one", Kind.CHOICES)
    assert toggled(several, ("c",), "a") == ("a", "c")
    assert toggled(several, ("a", "c"), "a") == ("c",)
    assert toggled(several, ("a",), "gone") == ("a",)


def test_none_of_these_stands_alone() -> None:
    options = (*(Option(o, {"en": o}) for o in OPTIONS), Option("none", {"en": "none"}, alone=True))
    several = question("one", Kind.CHOICES, options)
    assert toggled(several, ("a", "c"), "none") == ("none",)
    assert toggled(several, ("none",), "b") == ("b",)
    assert toggled(several, ("none",), "none") == ()


# Any questionnaire whose conditions look back, with any answers, also stale and foreign ones.


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    questions: list[Question] = []
    for number in range(draw(st.integers(1, 6))):
        earlier = [q.id for q in questions if q.kind is not Kind.TEXT]
        named = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        when = {name: " ".join(draw(st.sets(st.sampled_from(OPTIONS), min_size=1))) for name in named}
        questions.append(question(f"q{number}", draw(st.sampled_from(Kind)), when=when))
    closed = [q.id for q in questions if q.kind is not Kind.TEXT]
    sets = st.frozensets(st.sampled_from(OPTIONS), min_size=1)
    conditions = st.dictionaries(st.sampled_from(closed), sets, min_size=1, max_size=2)
    rule = st.builds(Rule, st.sampled_from(Level), conditions, st.just({"en": "rule"}))
    rules = draw(st.lists(rule, max_size=3)) if closed else []
    return questionnaire(*questions, rules=tuple(rules))


any_answers = st.dictionaries(
    st.sampled_from([f"q{n}" for n in range(8)]),
    st.lists(st.sampled_from([*OPTIONS, "gone"]), max_size=3, unique=True).map(tuple),
)
any_texts = st.dictionaries(st.sampled_from([f"q{n}" for n in range(8)]), st.integers())


@settings(max_examples=60)
@given(questionnaires(), any_answers, any_texts)
def test_pruning_keeps_every_asked_answer_in_order_and_once_is_enough(
    form: Questionnaire, answers: Answers, texts: dict[str, int]
) -> None:
    kept, kept_texts = prune(form, answers, texts)
    ids = set(names(asked(form, answers)))
    assert list(kept.items()) == [item for item in answers.items() if item[0] in ids]
    assert list(kept_texts.items()) == [item for item in texts.items() if item[0] in ids]
    assert prune(form, kept, kept_texts) == (kept, kept_texts)
    assert asked(form, kept) == asked(form, answers)
    assert level_of(form, kept) == level_of(form, answers)


@settings(max_examples=60)
@given(questionnaires(), any_answers)
def test_what_is_asked_stands_in_the_questionnaires_order_and_fulfils_its_condition(
    form: Questionnaire, answers: Answers
) -> None:
    questions = asked(form, answers)
    assert list(questions) == [q for q in form.questions if q in questions]
    kept, _ = prune(form, answers, {})
    assert all(holds(q.when, kept) == (q in questions) for q in form.questions)


@settings(max_examples=60)
@given(questionnaires(), any_answers)
def test_answering_a_later_question_never_changes_what_comes_before_it(
    form: Questionnaire, answers: Answers
) -> None:
    for place, each in enumerate(form.questions):
        before = {earlier.id for earlier in form.questions[: place + 1]}
        rest = {name: chosen for name, chosen in answers.items() if name != each.id}
        assert before.intersection(names(asked(form, rest))) == before.intersection(
            names(asked(form, answers))
        )


@given(
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.lists(st.sampled_from(["a", "b", "c", "none", "gone"]), max_size=8),
)
def test_whatever_is_pressed_an_option_that_stands_alone_is_never_joined(
    first: set[str], presses: list[str]
) -> None:
    options = (*(Option(o, {"en": o}) for o in OPTIONS), Option("none", {"en": "none"}, alone=True))
    several = question("one", Kind.CHOICES, options)
    chosen = tuple(sorted(first))
    for press in presses:
        chosen = toggled(several, chosen, press)
        assert "none" not in chosen or chosen == ("none",)
        assert list(chosen) == [o.id for o in options if o.id in chosen]
