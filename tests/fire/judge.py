"""The verdict: what people were shown, held against what the database says and what the group was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from intake.answers import prune
from intake.questionnaire import Questionnaire
from storage.outbox import Task
from tests.fire.counts import Counts
from tests.fire.far_end import FarEnd, Message
from tests.fire.memory import Request
from tests.fire.person import Person
from tests.fire.truth import Kept, Truth


@dataclass(frozen=True)
class Judge:
    truth: Truth
    far_end: FarEnd
    questionnaire: Questionnaire
    group: int
    quiet: bool = False
    """The service was left alone until nothing was due any more: every card must have arrived."""

    def judge(self, people: Iterable[Person]) -> Counts:
        counts = Counts()
        known: set[str] = set()
        sent = 0
        for person in people:
            self._person(counts, person)
            for request in person.memory.requests:
                known |= request.references
                sent += self._request(counts, f"{person.user}", request)
        counts.tried += len(self.far_end.delivery.confirmed)
        counts.survived += len(self.far_end.delivery.confirmed) - len(self.truth.undone)
        counts.lost += [f"update {n} was confirmed, and never committed" for n in self.truth.undone]
        self._tallies(counts, sent)
        self._cards(counts)
        for reference, found in self.truth.cases.items():
            if len(found) > 1:
                counts.doubled.append(f"case {reference}")
            if reference not in known and not any(k.case.code_tag for k in found):
                counts.doubled.append(f"case {reference}, which nobody was told of")
        counts.wrong += [f"case {reference} is damaged" for reference in self.truth.damaged]
        return counts

    def _person(self, counts: Counts, person: Person) -> None:
        memory = person.memory
        counts.hold(f"{person.user} got stuck at {memory.where}", memory.finished)
        counts.lost += [f"{person.user}: confirmed in vain: {what}" for what in memory.confirmed_in_vain]
        counts.lost += [f"{person.user}: forgotten: {what}" for what in memory.forgotten]
        counts.count("pressed again", memory.pressed_again)

    def _request(self, counts: Counts, who: str, request: Request) -> int:
        """How many requests of it must have been counted."""
        if request.erased:
            gone = [r for r in request.references if r in self.truth.cases]
            counts.hold(f"{who}: erased, and still there", not gone)
            return 1
        found = self._found(request)
        if not request.sent:
            counts.doubled += [f"{who}: {k.case.reference} was sent twice" for k in found[1:]]
            return len(found)
        counts.hold(f"{who}: a request that was shown as sent", found)
        counts.doubled += [f"{who}: the request" for _ in found[1:]]
        if found:
            self._contents(counts, who, request, found[0])
        return 1

    def _found(self, request: Request) -> list[Kept]:
        references = set(request.references)
        for code in request.codes:
            references |= set(self.truth.by_tag.get(self.truth.tags.get(code, b""), ()))
        return [kept for reference in sorted(references) for kept in self.truth.cases.get(reference, ())]

    def _contents(self, counts: Counts, who: str, request: Request, kept: Kept) -> None:
        opened = kept.opened
        counts.hold(f"{who}: the case opens with the recovery key", opened)
        if opened is None:
            return
        answers, texts = prune(self.questionnaire, request.answers, request.texts)
        for question, given in answers.items():
            there = tuple(opened.answers.get(question, ()))
            counts.hold(f"{who}: the answer to {question}", set(there) == set(given))
        for question, text in texts.items():
            counts.hold(f"{who}: the text on {question}", opened.texts.get(question, "") == text)
        additions = Counter(kept.additions)
        for addition in request.additions:
            confirmed = addition.update in self.far_end.delivery.confirmed
            if addition.taken_away or confirmed:
                counts.hold(f"{who}: an addition", additions[addition.text])
            counts.doubled += [f"{who}: an addition"] * (additions[addition.text] - 1)
        for code in request.codes:
            holds = kept.case.code_tag == self.truth.tags.get(code) and request.by_code
            counts.hold(f"{who}: the code finds the case", holds)

    def _tallies(self, counts: Counts, sent: int) -> None:
        for name, number in (("counted", self.truth.requests), ("counted by level", self.truth.levels)):
            if number < sent:
                counts.lost.append(f"{sent} were sent, {number} {name}")
            elif number > sent:
                counts.doubled.append(f"{sent} were sent, {number} {name}")

    def _cards(self, counts: Counts) -> None:
        """Every case has one card, or is counted on the board, or its card is still owed; and never two of these."""
        shown: dict[str, list[Message]] = {}
        for message in self.far_end.chats[self.group].values():
            for reference in self.truth.cases:
                if reference in message.text:
                    shown.setdefault(reference, []).append(message)
        owed = {job.case for job in self.truth.owed if job.task is Task.CARD}
        for reference, found in self.truth.cases.items():
            case, cards = found[0].case, shown.get(reference, [])
            waits = case.case.hex() in owed and not self.quiet
            counts.hold(f"case {reference}: its summary", cards or case.facts.grouped or waits)
            if len(cards) > 1:
                self._twins(counts, reference, cards)

    def _twins(self, counts: Counts, reference: str, cards: list[Message]) -> None:
        """A card whose sending nobody could record must go again: Telegram has no way to ask whether it arrived.

        That is so when the answer was lost, or the life that sent it ended before it could save the number. More cards
        than such sendings are a fault of ours.
        """
        excused = sum(not card.answered or card.life in self.far_end.cut_short for card in cards[:-1])
        counts.count("cards sent again, their first sending unrecorded", len(cards) - 1)
        if len(cards) - 1 > excused:
            counts.doubled.append(f"card {reference}")


def codes_of(people: Iterable[Person]) -> set[str]:
    return {code for person in people for request in person.memory.requests for code in request.codes}
