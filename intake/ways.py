"""All ways through the questions that hang together: what the numbers of each say of the others.

A question is asked only after certain answers to another; an option that stands alone goes with no other; the level
follows from all answers. So a request is a way from question to question. Between two of them matters only what of the
answers so far decides what comes (`_State`), and options that make no difference there are one step. As many people as
come to a place go on from it; whole numbers for all steps that keep to this fall into whole ways. So the numbers that
fit are those for which there can be people who gave just these answers: nothing that follows is left out, and nothing
else is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from intake.breakdowns import LEVEL_ID, RESERVED, UNSAID, Breakdown
from intake.questionnaire import Kind, Level, Question, Questionnaire
from intake.tables import Part, Step, Sum, Ways

_LEVELS = tuple(Level)
_STANDARD = Level.STANDARD.rank


class _Way(Enum):
    """What a step may be beside an answer."""

    ON = auto()
    """It counts for nothing."""
    UNASKED = auto()
    """Past a question."""
    OTHERS = auto()
    """To all options that don't stand alone."""
    SLIP = auto()
    """To another level than the answers give."""


_Kind = tuple[str, object]
"""(question id, an option, an effect, or another way); or `LEVEL_ID` and a level, or a slip to it."""
_ON: _Kind = ("", _Way.ON)


@dataclass(frozen=True, slots=True)
class _Effect:
    """What an answer does."""

    rank: int = _STANDARD
    """Of the level that it gives by itself."""
    rules: frozenset[int] = frozenset()
    """Those that ask for an answer to its question, and get it."""
    questions: frozenset[str] = frozenset()
    """Those that are asked only after certain answers to its question, of which this is one."""

    def __or__(self, other: _Effect) -> _Effect:
        return _Effect(min(self.rank, other.rank), self.rules | other.rules, self.questions | other.questions)


_NONE = _Effect()


@dataclass(frozen=True, slots=True)
class _State:
    """What matters of the answers to the questions so far."""

    rank: int
    """Of the level that they give."""
    rules: frozenset[int]
    """Those that may yet give a more urgent one."""
    unasked: frozenset[str]
    """The questions that won't be asked."""


def families(questionnaire: Questionnaire, offered: Sequence[Breakdown]) -> tuple[frozenset[str], ...]:
    """Ids of breakdowns, by what they hang together with. Those whose numbers say nothing more are in none."""
    shown = _shown(questionnaire, offered)
    deciding = _deciding(questionnaire)
    tied = [{question.id, *(p for p in question.when if p in shown)} for question in shown.values()]
    if deciding and deciding <= shown.keys():
        tied.append({LEVEL_ID, *deciding})
    found: list[set[str]] = []
    for each in tied:
        near = [other for other in found if other & each]
        found = [other for other in found if not other & each] + [each.union(*near)]
    alone = {q.id for q in shown.values() if any(option.alone for option in q.options)}
    return tuple(frozenset(each) for each in found if len(each) > 1 or each <= alone)


def ways_through(questionnaire: Questionnaire, offered: Sequence[Breakdown], family: frozenset[str]) -> Ways:
    """`family`: one of `families`."""
    questions = [each for each in _shown(questionnaire, offered).values() if each.id in family]
    options = {by.id: by.options for by in offered}
    return _Walk(questionnaire, questions, options, counts_level=LEVEL_ID in family).through()


def _shown(questionnaire: Questionnaire, offered: Sequence[Breakdown]) -> Mapping[str, Question]:
    ids = {by.id for by in offered} - RESERVED
    return {q.id: q for q in questionnaire.questions if q.in_summary and q.id in ids}


def _deciding(questionnaire: Questionnaire) -> set[str]:
    """The questions whose answers decide the level."""
    by_themselves = {q.id for q in questionnaire.questions for option in q.options if option.level}
    return by_themselves.union(*(rule.when for rule in questionnaire.rules))


class _Walk:
    def __init__(
        self,
        questionnaire: Questionnaire,
        questions: Sequence[Question],
        options: Mapping[str, Sequence[str]],
        *,
        counts_level: bool,
    ) -> None:
        """`options`: question id -> those that are counted, also such as the questionnaire no longer has."""
        self.questions, self.options = questions, options
        self.rules = questionnaire.rules if counts_level else ()
        self.counts_level = counts_level
        self.ids = [question.id for question in questions]
        self.effects = {
            question.id: {option: self._effect(question, option) for option in options[question.id]}
            for question in questions
        }
        self.nodes: dict[object, int] = {}
        self.kinds: dict[_Kind, int] = {_ON: 0}
        self.steps: dict[Step, None] = {}
        self.sums: dict[Sum, None] = {}

    def through(self) -> Ways:
        start = _State(_STANDARD, frozenset(range(len(self.rules))), frozenset())
        states = {start: self._node(start)}
        for question in self.questions:
            self._count(question)
            after: dict[_State, int] = {}
            for state, node in states.items():
                for last, effect, kind in self._answered(state, node, question):
                    later = self._after(state, question.id, effect)
                    after[later] = self._node((question.id, later))
                    self._step(last, after[later], kind)
            states = after
        end = self._node("end")
        for state, node in states.items():
            self._levels(_LEVELS[state.rank], node, end)
        slips = tuple(self._kind(_slip(level)) for level in _LEVELS) if self.counts_level else ()
        return Ways(len(self.nodes), end, tuple(self.steps), tuple(self.sums), slips)

    def _levels(self, level: Level, node: int, end: int) -> None:
        """A request may have another level than its answers give: an emergency rings before the last answer, and stays
        one when its cause is taken back; its answers count when they are complete, and not at all if it is erased."""
        if not self.counts_level:
            self._step(node, end, _ON)
            return
        for each in _LEVELS:
            self._step(node, end, (LEVEL_ID, each) if each is level else _slip(each))
            self._sum([(LEVEL_ID, each), _slip(each)], [(LEVEL_ID, each.value)])

    def _count(self, question: Question) -> None:
        """Which steps are as many as which answers: options of one that do the same are one step."""
        effects = self.effects[question.id]
        if question.kind is Kind.CHOICE:
            unasked = question.id, _Way.UNASKED
            for effect, options in _alike(effects).items():
                kind = question.id, effect
                parts = [(question.id, option) for option in options]
                self._sum([kind, unasked] if UNSAID in options else [kind], parts)
            self._sum([unasked], [(question.id, UNSAID)], fewer=True)
            return
        alone = _alone(question)
        for option, effect in effects.items():
            part = question.id, option
            if effect == _NONE and option not in alone:
                self._sum([(question.id, _Way.OTHERS)], [part], more=True)
            else:
                self._sum([part], [part])

    def _answered(self, state: _State, node: int, question: Question) -> Iterator[tuple[int, _Effect, _Kind]]:
        """The last place within the question, what the answers on the way to it do, and the kind of the next step."""
        if question.id in state.unasked:
            yield node, _NONE, (question.id, _Way.UNASKED)
        elif question.kind is Kind.CHOICE:
            yield from ((node, effect, (question.id, effect)) for effect in _alike(self.effects[question.id]))
        else:
            yield from self._several(state, node, question)

    def _several(self, state: _State, node: int, question: Question) -> Iterator[tuple[int, _Effect, _Kind]]:
        """One option after another is chosen or not. Of those that do nothing, any of these people have any."""
        effects, alone = self.effects[question.id], _alone(question)
        for option in alone:
            yield node, effects[option], (question.id, option)
        chosen = {_NONE: self._node((question.id, state, 0))}
        self._step(node, chosen[_NONE], (question.id, _Way.OTHERS))
        for at, (option, effect) in enumerate(effects.items(), start=1):
            if option in alone or effect == _NONE:
                continue
            later: dict[_Effect, int] = {}
            for so_far, here in chosen.items():
                for both, kind in (
                    (so_far, _ON),
                    (so_far | self._matters(state, effect), (question.id, option)),
                ):
                    later[both] = self._node((question.id, state, at, both))
                    self._step(here, later[both], kind)
            chosen = later
        yield from ((here, so_far, _ON) for so_far, here in chosen.items())

    def _effect(self, question: Question, option: str) -> _Effect:
        found = question.option(option)
        if found is None:
            return _NONE
        level = found.level if self.counts_level else None
        rules = (n for n, rule in enumerate(self.rules) if option in rule.when.get(question.id, ()))
        then = (each.id for each in self.questions if option in each.when.get(question.id, ()))
        return _Effect(level.rank if level else _STANDARD, frozenset(rules), frozenset(then))

    def _matters(self, state: _State, effect: _Effect) -> _Effect:
        rank = effect.rank if effect.rank < state.rank else _STANDARD
        return _Effect(rank, effect.rules & state.rules, effect.questions - state.unasked)

    def _after(self, state: _State, question: str, effect: _Effect) -> _State:
        rank, rules = min(state.rank, effect.rank), set[int]()
        left = self.ids[self.ids.index(question) + 1 :]
        unasked = state.unasked | {
            each.id for each in self.questions if question in each.when and each.id not in effect.questions
        }
        for n in state.rules:
            when = self.rules[n].when
            if question not in when or n in effect.rules:
                if when.keys().isdisjoint(left):
                    rank = min(rank, self.rules[n].level.rank)
                else:
                    rules.add(n)
        urgent = frozenset(n for n in rules if self.rules[n].level.rank < rank)
        return _State(rank, urgent, frozenset(unasked.intersection(left)))

    def _node(self, place: object) -> int:
        return self.nodes.setdefault(place, len(self.nodes))

    def _kind(self, kind: _Kind) -> int:
        return self.kinds.setdefault(kind, len(self.kinds))

    def _step(self, source: int, target: int, kind: _Kind) -> None:
        self.steps[Step(source, target, self._kind(kind))] = None

    def _sum(
        self, kinds: Sequence[_Kind], parts: Sequence[Part], *, fewer: bool = False, more: bool = False
    ) -> None:
        self.sums[Sum(tuple(self._kind(kind) for kind in kinds), tuple(parts), fewer, more)] = None


def _alike(effects: Mapping[str, _Effect]) -> dict[_Effect, list[str]]:
    """Options of a question of which one is chosen, by what they do."""
    found: dict[_Effect, list[str]] = {}
    for option, effect in effects.items():
        found.setdefault(effect, []).append(option)
    return found


def _alone(question: Question) -> list[str]:
    return [option.id for option in question.options if option.alone]


def _slip(level: Level) -> _Kind:
    return LEVEL_ID, (_Way.SLIP, level)
