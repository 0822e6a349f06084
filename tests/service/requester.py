"""Somebody who asks for help: a phone, and the way through the questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from handlers.screens import letters
from handlers.texts import Texts
from intake.events import MAX_TEXT_BYTES
from intake.questionnaire import Kind, Question, Questionnaire
from sandbox.client import Answer, Bubble, Phone

REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
CODE = re.compile(r"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b")
PATIENCE = 30.0
TEXT = "My leave ends on Friday, please write only in the evening. Пишите вечером."
Picks = Mapping[str, tuple[str, ...]]
PICKS: Picks = {
    "status": ("on-leave",),
    "time-left": ("three-days",),
    "where": ("armenia",),
    "danger": ("phone",),
    "deadline": ("fortnight",),
    "topics": ("housing", "job"),
}
"""What is answered, in either questionnaire; the other closed questions are skipped."""


@dataclass(frozen=True)
class Sent:
    reference: str
    code: str = field(default="", repr=False)


class Requester(Phone):
    def __init__(
        self, base_url: str, user: int, texts: Texts, questionnaire: Questionnaire, language: str
    ) -> None:
        super().__init__(base_url, user)
        self.texts, self.questionnaire, self.language = texts, questionnaire, language

    def say(self, name: str, **values: int | str) -> str:
        settings = {"letters": letters(self.language, MAX_TEXT_BYTES), "closed_days": 30, "hours": 24}
        return self.texts.say(self.language, name, **{**settings, **values})

    async def shows(self, condition: Callable[[Bubble], object], what: str = "") -> Bubble:
        """The newest message of the bot's that satisfies this, as soon as there is one."""
        try:
            shown = await self.wait_for(
                lambda ms: any(m.from_bot and condition(m) for m in ms), timeout=PATIENCE
            )
        except TimeoutError as late:
            raise AssertionError(f"not shown: {what}; {late}") from None
        return next(m for m in reversed(shown) if m.from_bot and condition(m))

    async def offers(self, label: str) -> Bubble:
        return await self.shows(lambda m: label in m.labels, f"a button “{label}”")

    async def reads(self, words: str) -> Bubble:
        return await self.shows(lambda m: words in m.text, f"“{words}”")

    async def goes(self, message: Bubble) -> None:
        """Until this message has been deleted."""
        await self.wait_for(lambda shown: all(m.id != message.id for m in shown), timeout=PATIENCE)

    async def tap(self, label: str) -> Answer:
        """Press the button as soon as it is there, marked as chosen or not. Every press must be answered."""
        labels = (label, f"● {label}")
        screen = await self.shows(lambda m: any(one in m.labels for one in labels), f"a button “{label}”")
        answer = await self.press(next(one for one in labels if one in screen.labels), message_id=screen.id)
        assert answer.answered, f"the press on “{label}” was never answered"
        return answer

    async def press_seen(self, screen: Bubble, label: str, wait: float = 10.0) -> Answer:
        """Press a button as it was a moment ago: an app that lags behind still shows it."""
        button = screen.find(label)
        assert button is not None
        assert button.data
        return await self.press(button.data, message_id=screen.id, wait=wait, force=True)

    async def begin(self) -> None:
        """As far as the first question."""
        started = await self.start()
        label = self.say("language-name")
        screen = await self.shows(lambda m: m.id > started.id and label in m.labels, "the languages")
        await self.press(label, message_id=screen.id)
        await self.tap(self.say("begin-button"))
        await self.asked(self.questionnaire.questions[0])

    async def asked(self, question: Question) -> Bubble:
        return await self.reads(question.ask[self.language])

    async def answer_all(self, picks: Picks = PICKS, text: str = TEXT) -> None:
        """Answer whatever is asked, as far as the review."""
        shown = ""
        while True:
            screen = await self._next_screen(shown)
            shown = screen.text
            question = next(
                (q for q in self.questionnaire.questions if q.ask[self.language] in screen.text), None
            )
            if question is None:
                await self.offers(self.say("send-button"))
                return
            await self.answer(question, picks.get(question.id, ()), text)

    async def _next_screen(self, last: str) -> Bubble:
        return await self.shows(lambda m: m.buttons and m.text != last, "a next screen")

    async def answer(self, question: Question, picked: tuple[str, ...], text: str = "") -> None:
        if question.kind is Kind.TEXT and text:
            await self.send(text)
        elif not picked:
            await self.tap(self.say("skip-button"))
        elif question.kind is Kind.CHOICE:
            await self.tap(self.label(question, picked[0]))
        else:
            for one in picked:
                await self.tap(f"☐ {self.label(question, one)}")
                await self.offers(f"☑ {self.label(question, one)}")
            await self.tap(self.say("done-button"))
        await self.shows(
            lambda m: m.buttons and question.ask[self.language] not in m.text, "the next question"
        )

    def label(self, question: Question, option: str) -> str:
        found = question.option(option)
        assert found is not None
        return found.label[self.language]

    async def submit(self, channel: str = "chat") -> Sent:
        """From the review: send it; `channel` is chat or code."""
        await self.tap(self.say("send-button"))
        await self.tap(self.say(f"channel-{channel}-button"))
        screen = await self.shows(lambda m: REFERENCE.search(m.text), "the reference")
        found = REFERENCE.search(screen.text)
        assert found is not None
        if channel == "chat":
            await self.offers(self.say("wipe-button"))
            return Sent(found[0])
        message = await self.offers(self.say("code-written-button"))
        code = CODE.search(message.text)
        assert code is not None
        return Sent(found[0], code[0])

    async def ask_for_help(self, channel: str = "chat", picks: Picks = PICKS, text: str = TEXT) -> Sent:
        """The whole way."""
        await self.begin()
        await self.answer_all(picks, text)
        return await self.submit(channel)
