"""Each check refuses what it is there for, in words that say what to do, and accepts the like that is right."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings

from intake.answers import asked, level_of, prune
from intake.questionnaire import Answers, Kind, Level, Option, Question, Questionnaire, Rule, Rung
from intake.questionnaire_check import MAX_ANSWERS_BYTES, check, worst_answers_bytes
from intake.reachability import possible, taps_to_emergency
from tests.intake.test_answers import questionnaires

GOOD = Questionnaire(
    name="test",
    version=1,
    languages=("en",),
    title={"en": "Help"},
    about={"en": "We help."},
    reply_time={level: {"en": "Soon."} for level in Level},
    questions=(
        Question(
            id="where",
            kind=Kind.CHOICE,
            ask={"en": "Where?"},
            why={"en": "To know."},
            label={"en": "Where"},
            in_summary=True,
            options=(
                Option("here", {"en": "Here"}),
                Option("near", {"en": "Near"}, above="away"),
                Option("far", {"en": "Far"}, above="away"),
            ),
            ladder={"away": Rung("away", {"en": "Away"})},
        ),
        Question(
            id="held",
            kind=Kind.CHOICES,
            ask={"en": "Held?"},
            why={"en": "To hurry."},
            label={"en": "Held"},
            in_summary=True,
            options=(
                Option("held", {"en": "Held"}, Level.EMERGENCY),
                Option("hurt", {"en": "Hurt"}, Level.URGENT),
                Option("none", {"en": "None"}, alone=True),
            ),
            when={"where": frozenset({"near", "far"})},
        ),
        Question(
            id="words",
            kind=Kind.TEXT,
            ask={"en": "Else?"},
            why={"en": "To know."},
            label={"en": "Else"},
        ),
    ),
    rules=(
        Rule(Level.URGENT, {"where": frozenset({"far"}), "held": frozenset({"none"})}, {"en": "Far away"}),
    ),
)
WHERE, HELD, WORDS = GOOD.questions


def problem(form: Questionnaire) -> str:
    """The one problem of a questionnaire that has one."""
    problems = check(form)
    assert len(problems) == 1, problems
    return problems[0]


def with_questions(*questions: Question) -> Questionnaire:
    return replace(GOOD, questions=questions, rules=())


def when(**conditions: str) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(options.split()) for name, options in conditions.items()}


def option(question: Question, place: int, **changes: object) -> Question:
    """`question` with one option changed."""
    options = list(question.options)
    options[place] = replace(options[place], **changes)  # type: ignore[arg-type]
    return replace(question, options=tuple(options))


def test_a_good_questionnaire_has_no_problems() -> None:
    assert check(GOOD) == []


def test_a_questionnaire_needs_a_question() -> None:
    assert problem(with_questions()) == "the questionnaire has no question; add at least one"


def test_there_are_at_most_twenty_questions() -> None:
    many = [replace(WHERE, id=f"q{n}") for n in range(21)]
    assert check(with_questions(*many[:20])) == []
    assert "has 21 questions; keep 20 or fewer" in problem(with_questions(*many))


def test_a_question_without_a_purpose_is_refused() -> None:
    assert problem(with_questions(replace(WHERE, why={}))).startswith('question "where" has no purpose; say')


def test_one_text_question_is_the_most() -> None:
    second = replace(WORDS, id="more")
    assert problem(with_questions(WHERE, WORDS, second)).startswith(
        'question "more" is a second text question;'
    )


def test_free_text_never_reaches_the_summary() -> None:
    assert "must never reach the summary" in problem(with_questions(replace(WORDS, in_summary=True)))


def test_a_text_question_has_no_options_and_the_others_have_two_to_twelve() -> None:
    assert "is answered in words" in problem(with_questions(replace(WORDS, options=WHERE.options[:1])))
    assert "has 1 options; give it 2 to 12" in problem(
        with_questions(replace(WHERE, options=WHERE.options[1:2]))
    )
    many = tuple(Option(f"o{n}", {"en": f"Option {n}"}) for n in range(13))
    assert "has 13 options" in problem(with_questions(replace(WHERE, options=many, ladder={})))


@pytest.mark.parametrize(
    ("field", "limit"), [("label", 30), ("ask", 900), ("why", 900)], ids=["label", "ask", "why"]
)
def test_a_questions_texts_fit_their_screen(field: str, limit: int) -> None:
    fits = replace(WHERE, **{field: {"en": "x" * limit}})  # type: ignore[arg-type]
    over = replace(WHERE, **{field: {"en": "x" * (limit + 1)}})  # type: ignore[arg-type]
    assert check(with_questions(fits)) == []
    assert problem(with_questions(over)) == (
        f'question "where" has a {field} of {limit + 1} characters in English (en); shorten it to {limit}'
    )


@pytest.mark.parametrize(("field", "limit"), [("title", 60), ("about", 700)], ids=["title", "about"])
def test_the_notice_fits_its_screen(field: str, limit: int) -> None:
    assert check(replace(GOOD, **{field: {"en": "x" * limit}})) == []  # type: ignore[arg-type]
    assert f"shorten it to {limit}" in problem(replace(GOOD, **{field: {"en": "x" * (limit + 1)}}))  # type: ignore[arg-type]


def test_every_level_says_what_happens_next_in_few_words() -> None:
    missing = {**GOOD.reply_time, Level.URGENT: {}}
    assert problem(replace(GOOD, reply_time=missing)) == (
        "the questionnaire has no reply_time in English (en); add one under reply_time, urgent"
    )
    long = {**GOOD.reply_time, Level.URGENT: {"en": "x" * 301}}
    assert "shorten it to 300" in problem(replace(GOOD, reply_time=long))


def test_a_button_fits_a_narrow_phone_and_is_one_line() -> None:
    assert check(with_questions(option(WHERE, 0, label={"en": "x" * 40}))) == []
    assert "shorten it to 40" in problem(with_questions(option(WHERE, 0, label={"en": "x" * 41})))
    assert "several lines" in problem(with_questions(option(WHERE, 0, label={"en": "two\nlines"})))


def test_each_text_is_there_in_each_language() -> None:
    problems = check(replace(GOOD, languages=("en", "kk")))
    assert ('question "where": option "here" has no label in Kazakh (kk); add one under label') in problems
    assert 'question "where": rung "away" has no label in Kazakh (kk); add one under label' in problems
    assert "level rule 1 has no reason in Kazakh (kk); add one under reason" in problems
    assert (
        len(problems) == 2 + 3 + 3 * 3 + 6 + 1 + 1
    )  # title and about, reply times, questions, options, rung, rule


def test_a_translation_that_no_language_lists_is_noticed() -> None:
    assert "has texts in Russian (ru), which is not among" in problem(
        replace(GOOD, title={"en": "x", "ru": "x"})
    )


def test_characters_that_no_screen_can_show_are_refused() -> None:
    for char in ("\x07", "\ud800"):
        assert "cannot be shown" in problem(with_questions(replace(WHERE, ask={"en": f"Where{char}?"})))


def test_two_options_that_read_the_same_are_refused() -> None:
    assert 'option "near" has the same label as "here"' in problem(
        with_questions(option(WHERE, 1, label={"en": "Here"}))
    )


@pytest.mark.parametrize("name", ["level", "language", "outcome"])
def test_no_question_has_the_name_of_another_count(name: str) -> None:
    assert "name it otherwise" in problem(with_questions(replace(WHERE, id=name)))


def test_alone_belongs_to_questions_with_several_answers() -> None:
    assert "needs no alone" in problem(with_questions(option(WHERE, 0, alone=True)))


# Conditions.


def test_a_condition_names_questions_and_options_that_exist_and_come_earlier() -> None:
    early = replace(WORDS, when=when(where="near"))
    assert 'is asked no earlier; move "where" before it' in problem(with_questions(early, WHERE))
    itself = replace(WHERE, when=when(where="near"))
    assert 'depends on "where", which is asked no earlier' in problem(with_questions(itself))
    unknown = replace(WORDS, when=when(whence="near"))
    assert 'depends on question "whence", which does not exist; name another (where)' in problem(
        with_questions(WHERE, unknown)
    )
    no_option = replace(WORDS, when=when(where="nearer far"))
    assert 'option "nearer" of "where", which does not exist; name another (here, near, far)' in problem(
        with_questions(WHERE, no_option)
    )
    words = replace(WHERE, when=when(words="x"))
    assert "which is answered in words" in problem(with_questions(WORDS, words))


def test_a_question_that_no_answers_reach_is_refused() -> None:
    contradiction = replace(WORDS, when=when(where="here", held="hurt"))
    assert 'question "words" can never be asked' in problem(with_questions(WHERE, HELD, contradiction))


def test_several_answers_at_once_reach_what_one_that_stands_alone_does_not() -> None:
    """ "Hurt" and "held" can both be chosen; "hurt" and "none" cannot."""
    held = replace(HELD, when={})
    after_hurt = replace(WHERE, id="after-hurt", when=when(held="hurt"))
    both = replace(WORDS, when={"held": frozenset({"held"}), "after-hurt": frozenset({"near"})})
    assert check(with_questions(held, after_hurt, both)) == []
    never = replace(both, when={"held": frozenset({"none"}), "after-hurt": frozenset({"near"})})
    assert 'question "words" can never be asked' in problem(with_questions(held, after_hurt, never))
    after_none = replace(after_hurt, when=when(held="none"))
    always = replace(both, when={"held": frozenset({"none"}), "after-hurt": frozenset({"near"})})
    assert check(with_questions(held, after_none, always)) == []


def test_an_option_in_a_condition_that_can_never_count_is_refused() -> None:
    partly = replace(WORDS, when=when(where="here far", held="hurt"))
    assert problem(with_questions(WHERE, HELD, partly)) == (
        'question "words" can never be asked after "here" of "where"; take that away'
    )


def test_a_rule_that_can_never_hold_is_refused() -> None:
    never = Rule(Level.URGENT, when(where="here", held="hurt"), {"en": "Never"})
    assert "level rule 1 can never hold" in problem(replace(GOOD, rules=(never,)))
    unknown = Rule(Level.URGENT, when(gone="x"), {"en": "Unknown"})
    assert 'level rule 1 depends on question "gone"' in problem(replace(GOOD, rules=(unknown,)))


def test_a_rule_or_option_that_changes_nothing_is_refused() -> None:
    always = Rule(Level.URGENT, {}, {"en": "Always"})
    assert "holds for everybody" in problem(replace(GOOD, rules=(always,)))
    pointless = Rule(Level.STANDARD, when(where="far"), {"en": "Nothing"})
    assert "has level standard" in problem(replace(GOOD, rules=(pointless,)))
    assert "has level standard" in problem(with_questions(option(WHERE, 0, level=Level.STANDARD)))


# What the operators' group sees must not give away what is sealed.


def test_levels_rest_on_what_is_in_the_summary_only() -> None:
    sealed = replace(HELD, in_summary=False, when={})
    problems = check(with_questions(sealed))
    assert len(problems) == 2
    assert all("sets a level" in each and "the question is sealed" in each for each in problems)
    plain = replace(sealed, options=tuple(replace(o, level=None) for o in sealed.options))
    rule = Rule(Level.URGENT, when(held="hurt"), {"en": "Hurt"})
    assert 'level rule 1 rests on "held", which is sealed' in problem(
        replace(GOOD, questions=(plain,), rules=(rule,))
    )


def test_a_summary_question_does_not_hang_on_a_sealed_one() -> None:
    sealed = replace(
        WHERE, in_summary=False, ladder={}, options=tuple(replace(o, above=None) for o in WHERE.options)
    )
    shown = replace(HELD, when=when(where="near far"))
    assert 'gives away how "where" was answered' in problem(with_questions(sealed, shown))
    hidden = replace(WORDS, when=when(where="near"))
    assert check(with_questions(sealed, hidden)) == []


# The ladder.


def test_a_ladder_has_known_rungs_and_an_end() -> None:
    assert "has above: awry, which is not on the ladder (away)" in problem(
        with_questions(option(WHERE, 0, above="awry"))
    )


def test_a_rung_is_used_and_is_not_mistaken_for_an_option() -> None:
    spare = {**WHERE.ladder, "spare": Rung("spare", {"en": "Spare"})}
    assert 'rung "spare" has nothing below it' in problem(with_questions(replace(WHERE, ladder=spare)))
    clash = option(
        option(replace(WHERE, ladder={"here": Rung("here", {"en": "H"})}), 1, above="here"), 2, above=None
    )
    assert "has the id of an option" in problem(with_questions(clash))


def test_a_sealed_question_has_no_ladder() -> None:
    assert "nothing of it is ever generalised" in problem(with_questions(replace(WHERE, in_summary=False)))


# Emergencies and sizes.


def test_an_emergency_is_told_in_three_presses_or_refused() -> None:
    assert taps_to_emergency(GOOD, 3) == 3  # near, held, done
    delay = replace(WHERE, id="first")
    late = problem(with_questions(delay, WHERE, HELD))
    assert late.startswith("the questionnaire needs more than 3 presses to tell an emergency")
    calm = replace(HELD, options=HELD.options[1:])
    assert check(with_questions(delay, WHERE, calm)) == []


def test_an_emergency_by_a_rule_counts_too() -> None:
    two = Rule(Level.EMERGENCY, when(held="hurt none"), {"en": "Anything"})
    calm = option(HELD, 0, level=None)
    assert taps_to_emergency(replace(GOOD, questions=(WHERE, calm), rules=(two,)), 3) == 3
    assert taps_to_emergency(replace(GOOD, questions=(WHERE, calm), rules=()), 9) is None
    late = replace(GOOD, questions=(replace(WHERE, id="first"), WHERE, calm), rules=(two,))
    assert "needs more than 3 presses" in problem(late)


def test_an_emergency_may_need_several_answers_to_one_question() -> None:
    calm = option(replace(HELD, when={}), 0, level=None)
    first = replace(WHERE, id="first", when=when(held="held"))
    second = replace(WHERE, id="second", when=when(held="hurt"))
    rule = Rule(Level.EMERGENCY, when(first="near", second="near"), {"en": "Both"})
    form = replace(GOOD, questions=(calm, first, second), rules=(rule,))
    assert taps_to_emergency(form, 9) == 5  # held, hurt, done, near, near
    assert taps_to_emergency(form, 4) is None


def test_all_answers_fit_one_sealed_block() -> None:
    ids = tuple(Option(f"{'o' * 30}{n:02}", {"en": f"Option {n}"}) for n in range(12))
    wide = [replace(HELD, id=f"{'q' * 30}{n:02}", kind=Kind.CHOICES, options=ids, when={}) for n in range(6)]
    assert worst_answers_bytes(with_questions(*wide[:5])) <= MAX_ANSWERS_BYTES
    assert check(with_questions(*wide[:5])) == []
    assert "can have answers of" in problem(with_questions(*wide))


# The claims that the searches rest on, against plain enumeration.


def every_answers(form: Questionnaire) -> list[Answers]:
    closed = [q for q in form.questions if q.kind is not Kind.TEXT]
    choices: list[list[tuple[str, ...]]] = []
    for question in closed:
        singles = [(o.id,) for o in question.options]
        several = [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]
        choices.append([(), *singles, *(several if question.kind is Kind.CHOICES else [])])
    return [dict(zip([q.id for q in closed], each, strict=True)) for each in product(*choices)]


@settings(max_examples=40)
@given(questionnaires())
def test_reachable_is_exactly_what_some_answers_reach(form: Questionnaire) -> None:
    form = replace(form, questions=form.questions[:4], rules=())
    reached = {q.id for answers in every_answers(form) for q in asked(form, answers)}
    assert {q.id for q in form.questions if possible(form, q.when)} == reached


@settings(max_examples=40)
@given(questionnaires())
def test_the_fewest_presses_to_an_emergency_are_found(form: Questionnaire) -> None:
    form = replace(
        form, questions=tuple(replace(q, options=mark(q.options)) for q in form.questions[:3]), rules=()
    )
    ways = []
    for answers in every_answers(form):
        given_answers, _ = prune(form, answers, {})
        order = [q.id for q in asked(form, answers) if q.kind is not Kind.TEXT]
        for cut in range(len(order) + 1):
            begun = {name: given_answers[name] for name in order[:cut]}
            if level_of(form, begun)[0] is Level.EMERGENCY:
                ways.append(taps_of(form, begun, order[:cut]))
                break
    assert taps_to_emergency(form, 12) == min(ways, default=None)


def mark(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(replace(o, level=Level.EMERGENCY) if o.id == "c" else o for o in options)


def taps_of(form: Questionnaire, answers: Answers, order: list[str]) -> int:
    """Presses up to and with the last question answered; a text question passed on the way is one."""
    total = 0
    for question in asked(form, answers):
        chosen = answers.get(question.id, ())
        total += len(chosen) + 1 if question.kind is Kind.CHOICES and chosen else 1
        if question.id == order[-1]:
            return total
    return total
