"""What the effects of a conversation leave on the server: a box for each lock, and in it what is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.answers import level_of
from intake.draft import Draft, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddByCode,
    AddText,
    Channel,
    Complete,
    Drop,
    Effect,
    EraseByCode,
    EraseCase,
    KeepAnswers,
    KeepText,
    LookUp,
    MakeLock,
    OpenCase,
    Remove,
    RemoveEarlier,
    RemoveSoon,
    TakeBack,
    TakeBackByCode,
    TellAdded,
    Wipe,
    WithdrawByCode,
    WithdrawCase,
)
from intake.questionnaire import Answers, Kind, Level, Questionnaire

PART = 2_048
"""Letters of a part, at least, into which an app cuts a text."""


@dataclass
class Box:
    """What is sealed to one lock."""

    answers: Answers | None = None
    texts: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    asked: str | None = None
    """Added last, while it is being asked whether to leave it out."""
    reference: str = ""
    finished: bool = False


@dataclass
class Server:
    """What the effects of a walk leave behind. Refuses what must never be asked of it."""

    form: Questionnaire
    boxes: dict[str, Box] = field(default_factory=dict)
    here: str = ""
    """The case that is answered in this chat."""
    refused: set[int] = field(default_factory=set)
    """Messages that were left in the chat, to be corrected."""

    def apply(self, effects: Sequence[Effect], about: Draft) -> None:
        for effect in effects:
            self._apply(effect, about)

    def _apply(self, effect: Effect, about: Draft) -> None:
        match effect:
            case MakeLock():
                assert about.case
                assert about.case not in self.boxes
                self.boxes[about.case] = Box()
            case KeepAnswers():
                self.boxes[about.case].answers = dict(about.answers)
            case KeepText(question, text):
                assert self.form.question(question).kind is Kind.TEXT
                assert len(text.encode()) <= MAX_TEXT_BYTES
                self.boxes[about.case].texts[question] = text
            case OpenCase(reference, channel):
                self._open(reference, channel, about)
            case Complete(channel):
                box = self.boxes[about.case]
                assert box.reference
                assert not box.finished
                box.finished = True
                self.here = about.case if channel is Channel.CHAT else ""
            case AddText(text, asked):
                assert text.strip()
                assert self.boxes[self.here].asked is None
                self.boxes[self.here].added.append(text)
                self.boxes[self.here].asked = text if asked else None
            case TellAdded() | TakeBack():
                box = self.boxes[self.here]
                cut = isinstance(effect, TakeBack) and len(box.added[-1]) >= PART
                assert cut or box.asked == box.added[-1], "only what is asked about can be decided on"
                box.asked = None
                if isinstance(effect, TakeBack):
                    box.added.pop()
            case WithdrawCase():
                assert self.boxes[self.here].finished, "a summary is completed before the case is closed"
                self.here = ""
            case EraseCase():
                del self.boxes[self.here]
                self.here = ""
            case Drop():
                if about.case:
                    assert not self.boxes.pop(about.case).reference
            case AddByCode(text=text):
                assert text.strip()
                assert len(text.encode()) <= MAX_TEXT_BYTES
            case (
                Wipe()
                | Remove()
                | RemoveSoon()
                | LookUp()
                | TakeBackByCode()
                | WithdrawByCode()
                | EraseByCode()
            ):
                pass
            case RemoveEarlier(message):
                assert message in self.refused, "only a text that was not taken is deleted later"

    def _open(self, reference: str, channel: Channel, about: Draft) -> None:
        box = self.boxes[about.case]
        assert not box.reference, "one request is one case"
        assert box.answers == about.answers
        assert all(each.reference != reference for each in self.boxes.values())
        emergency = about.place is not Place.CHANNEL
        assert not emergency or level_of(self.form, about.answers)[0] is Level.EMERGENCY
        box.reference, box.finished = reference, not emergency
        if channel is Channel.CHAT:
            assert not self.here, "one chat has one open request"
            self.here = about.case

    def unsent(self) -> set[str]:
        return {case for case, box in self.boxes.items() if not box.reference}

    def half_answered(self) -> set[str]:
        return {case for case, box in self.boxes.items() if box.reference and not box.finished}
