"""What operators see of a case before they open it: made of published values only."""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.outgoing import Button, Keyboard
from intake.anonymity import WINDOW_DAYS, Combination, Value, chain, publish, reason_text
from intake.answers import hours_left
from intake.lifecycle import Outcome, Status
from intake.questionnaire import Answers, Level, Question, Questionnaire
from storage import combinations
from storage.cases import Case
from storage.database import Tx
from storage.facts import Facts

DAY = 86_400
HOUR = 3_600
CARD_CHARS = 2_400
"""Of all lines together: under Telegram's limit, and small enough for the row (`facts.FACTS_BYTES`)."""
MARKS = {Level.EMERGENCY: "🔴", Level.URGENT: "🟠", Level.STANDARD: "⚪"}


def make_facts(
    tx: Tx, desk: Desk, answers: Answers, language: str, level: Level, now: int, before: Facts | None = None
) -> Facts:
    """Count the request among those that share its combinations, and pick what may be shown of it."""
    day = now // DAY
    if before is not None:
        combinations.uncount(tx, before.counted_day, [bytes.fromhex(tag) for tag in before.counted])
    candidates = chain(desk.questionnaire, answers, language, level)
    tags = {tx.vault.tag("combination", c.canonical()): c for c in candidates}
    counts = combinations.count(tx, day, tags, since=day - WINDOW_DAYS)
    shown = publish(candidates, {tags[tag]: n for tag, n in counts.items()}, desk.terms.anonymity_k)
    # What the answers don't say stays as it was, whatever facts there will be.
    same = before or Facts(level, _received(level, now), language, labels=desk.fingerprint)
    return replace(
        same,
        level=level,
        language=language,
        card_lines=fitting(card_lines(desk, shown)) if shown else (),
        counted=tuple(tag.hex() for tag in tags),
        counted_day=day,
        near_empty=False,
        within=hours_left(desk.questionnaire, answers),
        category=category_of(desk, shown),
        spoken=(shown.language or "") if shown else "",
    )


def category_question(questionnaire: Questionnaire) -> Question | None:
    """What a case is about: the first question of the summary."""
    return next((question for question in questionnaire.questions if question.in_summary), None)


def category_of(desk: Desk, shown: Combination | None) -> str:
    """As it is published, for the queue's filter: nobody may find a case by an answer that its card withholds."""
    question = category_question(desk.questionnaire)
    value = dict(shown.fields).get(question.id) if shown and question else None
    return ",".join(value or ())


def _received(level: Level, now: int) -> int:
    return now - now % (60 if level is Level.EMERGENCY else HOUR)


def fitting(lines: list[str]) -> tuple[str, ...]:
    """As many whole lines as a card has room for; the file shows all."""
    room, kept = CARD_CHARS, list[str]()
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return (*kept, "…")
        kept.append(line)
    return tuple(kept)


def card_lines(desk: Desk, shown: Combination) -> list[str]:
    """The published combination in the operators' language, a line a field."""
    staff = desk.staff_language
    lines = []
    said = {f"{question}.{part}" for question, value in shown.fields for part in value or ()}
    untold = [each for each in shown.reasons or () if each not in said]
    if untold:
        reasons = "; ".join(reason_text(desk.questionnaire, each)[staff] for each in untold)
        lines.append(f"{desk.texts.say(staff, 'card-reason')}: {reasons}")
    for question_id, value in shown.fields:
        if value is not None:
            question = desk.questionnaire.question(question_id)
            lines.append(f"{question.label[staff]}: {_value_text(desk, question, value)}")
    if shown.language:
        lines.append(
            f"{desk.texts.say(staff, 'card-language')}: {desk.texts.say(shown.language, 'language-name')}"
        )
    return lines


def _value_text(desk: Desk, question: Question, value: Value) -> str:
    if not value:
        return desk.texts.say(desk.staff_language, "review-declined")
    return ", ".join(_label(question, part, desk.staff_language) for part in value)


def _label(question: Question, part: str, language: str) -> str:
    option = question.option(part)
    return (option.label if option else question.ladder[part].label)[language]


def card(desk: Desk, case: Case, holder: str, now: int) -> tuple[str, Keyboard]:
    """The card as it should look now."""
    say, staff = desk.texts.say, desk.staff_language
    facts = case.facts
    head = f"{MARKS[facts.level]} {case.reference} · {say(staff, f'level-{facts.level}')}"
    if (
        case.status is Status.CLOSED
    ):  # what the requester told is not needed any more, and a card stays for ever
        how = say(staff, f"outcome-{case.outcome or Outcome.HELPED}")
        return "\n".join([head, say(staff, "card-closed", outcome=how)]), ()
    lines = [head, *(facts.card_lines or [say(staff, "card-withheld")])]
    if case.status is Status.OPEN:
        lines.append(waiting(desk, facts, now))
        if 0 < facts.wrote_again <= now:
            lines.append(say(staff, "card-wrote-again"))
        return "\n".join(lines), ((Button(say(staff, "claim-button"), f"claim.{case.reference}"),),)
    lines.append(say(staff, "card-claimed", name=holder))
    return "\n".join(lines), ()


def waiting(desk: Desk, facts: Facts, now: int) -> str:
    """How long a case has waited; to the hour, because minutes could be matched with a person's messages."""
    return waited(desk, facts.received_hour, now)


def waited(desk: Desk, since: int, now: int) -> str:
    say, staff = desk.texts.say, desk.staff_language
    hours = max(0, now - since) // HOUR
    if hours < 1:
        return say(staff, "waiting-now")
    if hours < 48:
        return say(staff, "waiting-hours", n=hours)
    return say(staff, "waiting-days", n=hours // 24)


def needs_block(questionnaire: Questionnaire) -> int:
    """Boxes of every case: one for the closed answers, one for each text question."""
    return 1 + len(text_questions(questionnaire))


def text_questions(questionnaire: Questionnaire) -> list[str]:
    return [q.id for q in questionnaire.questions if not q.options]
