"""A conversation in progress, for tests that follow it turn by turn."""

from __future__ import annotations

from intake.conversation import (
    Fresh,
    Step,
    Table,
    actions,
    begin,
    step,
)
from intake.draft import Draft, Page, Place
from intake.events import (
    CodeTyped,
    Command,
    Event,
    Pressed,
    Typed,
)
from intake.questionnaire import Questionnaire
from tests.strategies import branching

CASE, REFERENCE = "ab" * 16, "K7QM-4ZDP"
NOW = 1_000
CODE = CodeTyped("1234123412341234", "", Typed("1234 1234 1234 1234"))

FORM = branching()


class Talk:
    """A conversation in progress: each call is one event, and leaves its step."""

    def __init__(self, form: Questionnaire = FORM, draft: Draft | None = None) -> None:
        self.form, self.now = form, NOW
        self.draft = draft or begin(self.table(), "en")
        self.last = Step(self.draft)

    def table(self) -> Table:
        return Table(self.form, "print", self.now, Fresh(CASE, REFERENCE))

    def happen(self, event: Event) -> Step:
        self.last = step(self.table(), self.draft, event)
        self.draft = self.last.draft or self.draft
        return self.last

    def press(self, *offered: str) -> Step:
        for action in offered:
            assert action in actions(self.form, self.draft), f"{action} is not on the screen"
            self.happen(Pressed(self.draft.serial, action))
        return self.last

    def command(self, name: str) -> Step:
        return self.happen(Command(name))

    def type(self, text: str) -> Step:
        return self.happen(Typed(text))

    def where(self) -> tuple[Place, str, Page | None]:
        return self.draft.place, self.draft.question, self.draft.page


def consented() -> Talk:
    talk = Talk()
    talk.press("l0", "ok")
    return talk


def at_words() -> Talk:
    talk = consented()
    talk.press("o0", "t0", "done")
    assert talk.draft.question == "words"
    return talk


def at_review() -> Talk:
    talk = at_words()
    talk.type("my words")
    talk.press("o1")
    assert talk.draft.place is Place.REVIEW
    return talk


def sent() -> Talk:
    talk = at_review()
    talk.press("send", "chat")
    assert talk.draft.place is Place.HOME
    return talk


def alarmed() -> Talk:
    """An emergency that is alerted and not answered to the end, at its second question."""
    talk = consented()
    talk.press("o1")
    assert talk.where() == (Place.QUESTION, "needs", None)
    return talk
