"""Somebody who asks for help and doesn't give up; remembers what the screens said.

A press is made once. If nothing comes of it, there are two kinds of people: one presses the same button again, the
other writes /start to see where they are. While Telegram still holds their press, both wait.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from handlers.texts import Texts
from intake.questionnaire import Kind, Level, Question, Questionnaire
from tests.fire.far_end import CODE, FarEnd, Message
from tests.fire.habits import Habits
from tests.fire.memory import Addition, Memory, Request

REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
LANGUAGES = ("en", "ru", "uk", "kk")
HINT_LOOKS = 16
Look = tuple[int, str, tuple[tuple[str, str], ...]]


@dataclass
class Person:
    far_end: FarEnd
    user: int
    random: Random
    questionnaire: Questionnaire
    texts: Texts
    habits: Habits = field(default_factory=Habits)
    language: str = ""
    memory: Memory = field(default_factory=Memory)
    _changed: bool = False
    _given: dict[str, tuple[str, ...] | str] = field(default_factory=dict)
    """What is being answered, drawn once for each time that it is asked: whoever presses again presses the same."""
    _fresh: set[str] = field(default_factory=set)
    """Of these, what was drawn for the very next press."""
    _screen: int = 0
    """The screen that was looked at last. An older one is a copy that a death of the service left behind: it says
    nothing of what counts, so they write /start to see where they are."""
    _asks: bool = False
    _emergency: bool = False

    def __post_init__(self) -> None:
        self.language = self.language or self.random.choice(LANGUAGES)
        self._asks = self.random.random() < self.habits.asks
        # A question that could ring an emergency: mostly they keep away from it.
        self._emergency = self.random.random() < self.habits.emergency

    # The whole way.

    async def walk(self) -> None:
        """From /start to a request that was sent, and perhaps added to or erased."""
        self.memory.requests.append(Request(by_code=self.random.random() < self.habits.by_code))
        self.memory.began = asyncio.get_running_loop().time()
        await self._write("/start")
        while not self.memory.current.sent:
            await self._next()
        if not self.memory.current.by_code:
            await self._afterwards()
        self.memory.finished = True

    async def _next(self) -> None:
        look = self.look()
        self._remember(look)
        if self.memory.current.sent:
            return
        if look is None or not look[2]:
            await self._write("/start")
            return
        labels = {label for label, _ in look[2]}
        question = self._question(look[1])
        is_left_behind, self._screen = look[0] < self._screen, look[0]
        if is_left_behind:
            await self._write("/start")
            return
        if question is not None or labels & {self.say("send-button"), self.say("channel-chat-button")}:
            self._moved_on(question)
        elif self.memory.current.by_code and self.memory.current.sending:
            await asyncio.sleep(0.2)  # the screen is neutral already; the code is on its way
            return
        if self.say("keep-button") in labels:
            await self._press(look, "keep-button")
        elif self.say("begin-button") in labels:
            self._begun_anew()
            await self._press(look, "begin-button")
        elif self.texts.say(self.language, "language-name") in labels and question is None:
            await self._press(look, "language-name")
        elif question is not None:
            await self._answer(look, question)
        elif self.say("channel-chat-button") in labels:
            await self._send(look)
        elif self.say("send-button") in labels:
            await self._review(look)
        else:
            await self._elsewhere(look, labels)

    def _begun_anew(self) -> None:
        """The beginning is shown: whatever had been answered before is gone."""
        request = self.memory.current
        if (request.answers or request.texts) and not self.habits.may_expire:
            self.memory.forgotten.append(f"the draft was gone at: {self.memory.where}")
        request.answers.clear()
        request.texts.clear()
        self._given.clear()
        request.sending = False

    async def _elsewhere(self, look: Look, labels: set[str]) -> None:
        """A page, or the end of something: whatever button leads on."""
        if self.say("start-button") in labels or self.say("again-button") in labels:
            name = "start-button" if self.say("start-button") in labels else "again-button"
            await self._press(look, name)
        elif self.say("back-button") in labels:
            await self._press(look, "back-button")
        else:
            await self._write("/start")

    # Answering.

    def _moved_on(self, present: Question | None) -> None:
        """The screen is past a question that was answered: from now on the answer counts as accepted."""
        for question in [q for q in self._given if present is None or q != present.id]:
            given = self._given.pop(question)
            self._tell(f"{question} counts: {given}")
            if isinstance(given, str):
                self.memory.current.texts[question] = given
            else:
                self.memory.current.answers[question] = given

    async def _answer(self, look: Look, question: Question) -> None:
        if question.kind is Kind.TEXT:
            await self._answer_text(look, question)
            return
        wanted = self._wanted(question)
        if question.kind is Kind.CHOICE and wanted:
            await self._press_label(look, self._labels(question, wanted[:1]))
        elif question.kind is Kind.CHOICES and wanted:
            await self._tick(look, question, wanted)
        else:
            await self._press(look, "skip-button")

    async def _tick(self, look: Look, question: Question, wanted: tuple[str, ...]) -> None:
        boxes = {label for label, _ in look[2]}
        for option in question.options:
            label = option.label[self.language]
            ticked = f"☑ {label}" in boxes
            if ticked != (option.id in wanted):
                await self._press_label(look, {f"☑ {label}" if ticked else f"☐ {label}"})
                return  # and look again
        await self._press(look, "done-button")

    async def _answer_text(self, look: Look, question: Question) -> None:
        if not self._writes(question):
            self._given[question.id] = ""
            await self._press(look, "skip-button")
        else:
            text = f"{self.user}-{question.id} пишу как есть"
            self._given[question.id] = text
            await self._write(text)

    def _writes(self, question: Question) -> bool:
        return Random(f"{self.user}-{question.id}").random() < self.habits.writes

    def _wanted(self, question: Question) -> tuple[str, ...]:
        given = self._given.get(question.id)
        if isinstance(given, tuple):
            return given
        options = [o for o in question.options if o.level is not Level.EMERGENCY or self._emergency]
        if self.random.random() < 0.2 or not options:
            picked: tuple[str, ...] = ()
        elif question.kind is Kind.CHOICE:
            picked = (self.random.choice(options).id,)
        else:
            together = [o for o in options if not o.alone] or options[:1]
            chosen = self.random.sample(together, min(len(together), self.random.choice([1, 1, 2])))
            picked = tuple(o.id for o in question.options if o in chosen)
        self._given[question.id] = picked
        self._fresh.add(question.id)
        return picked

    async def _review(self, look: Look) -> None:
        self._compare(look[1])
        if not self._changed and self.random.random() < self.habits.changes:
            self._changed = True
            buttons = {label for label, _ in look[2]}
            closed = [q.label[self.language] for q in self.questionnaire.questions if q.kind is not Kind.TEXT]
            await self._press_label(look, {self.random.choice([one for one in closed if one in buttons])})
            return
        await self._press(look, "send-button")

    def _compare(self, review: str) -> None:
        """The review says what was accepted, and nothing else."""
        for question in self.questionnaire.questions:
            given = self.memory.current.answers.get(question.id)
            line = f"\n{question.label[self.language]}: "
            if given is None or line not in review:
                continue
            shown = review.partition(line)[2].partition("\n")[0]
            labels = [o.label[self.language] for o in question.options if o.id in given]
            if shown != (", ".join(labels) or self.say("review-declined")) and not shown.endswith("…"):
                self.memory.forgotten.append(f"the review of {question.id}")

    async def _send(self, look: Look) -> None:
        request = self.memory.current
        request.sending = True
        await self._press(look, "channel-code-button" if request.by_code else "channel-chat-button")

    # After sending.

    async def _afterwards(self) -> None:
        request = self.memory.current
        while self.random.random() < self.habits.adds and len(request.additions) < 3:
            await self._add(f"{self.user} adds {len(request.additions)}")
        if self.random.random() < self.habits.erases:
            await self._erase()

    async def _add(self, text: str) -> None:
        number, update = self.far_end.write(self.user, text, self.language)
        addition = Addition(text, update)
        self.memory.current.additions.append(addition)
        self.memory.where = "an addition"
        await self._until(lambda: number not in self.far_end.chats[self.user], update)
        addition.taken_away = number not in self.far_end.chats[self.user]

    async def _erase(self) -> None:
        pressed = False
        while not self.memory.current.erased:
            look = self.look()
            labels = {label for label, _ in look[2]} if look else set()
            if look and self.say("erase-yes-button") in labels:
                pressed = True
                await self._press(look, "erase-yes-button")
            elif look and self.say("erase-button") in labels:
                await self._press(look, "erase-button")
            elif (
                labels & {self.say("start-button"), self.texts.say(self.language, "language-name")}
                and pressed
            ):
                self.memory.current.erased = True  # what comes after it is this screen, or the beginning
            else:
                await self._write("/start")

    # Looking and pressing.

    def _tell(self, what: str) -> None:
        self.far_end.story.note(self.user, self.far_end.life, f"    {what}")

    def say(self, name: str, **values: int | str) -> str:
        return self.texts.say(self.language, name, **values)

    def look(self) -> Look | None:
        """The newest message that has buttons; the message with a code is not the screen."""
        found: tuple[int, Message] | None = None
        for number, message in self.far_end.chats[self.user].items():
            is_screen = message.ours and message.rows and not CODE.search(message.text)
            if is_screen and (found is None or number > found[0]):
                found = number, message
        if found is None:
            return None
        buttons = tuple(
            (str(b["text"]), str(b.get("callback_data", ""))) for row in found[1].rows for b in row
        )
        return found[0], found[1].text, buttons

    def _remember(self, look: Look | None) -> None:
        request = self.memory.current
        for message in self.far_end.chats[self.user].values():
            if message.ours:
                request.references.update(REFERENCE.findall(message.text))
        request.codes.update(self.far_end.codes[self.user])
        if request.by_code and request.codes:
            request.sent = True
        if look is None:  # the screen may have been deleted under us
            return
        self.memory.first_screen = self.memory.first_screen or asyncio.get_running_loop().time()
        if self.say("wipe-button") in {label for label, _ in look[2]} and not request.by_code:
            request.sent = True

    def _question(self, text: str) -> Question | None:
        return next((q for q in self.questionnaire.questions if q.ask[self.language] in text), None)

    def _labels(self, question: Question, options: tuple[str, ...]) -> set[str]:
        found = [question.option(one) for one in options]
        plain = {one.label[self.language] for one in found if one is not None}
        return plain | {f"● {label}" for label in plain}

    async def _press(self, look: Look, name: str) -> None:
        await self._press_label(look, {self.say(name)})

    async def _press_label(self, look: Look, labels: set[str]) -> None:
        data = next((data for label, data in look[2] if label in labels), "")
        if not data:
            await self._write("/start")
            return
        if self.habits.pause:
            await asyncio.sleep(self.random.random() * self.habits.pause)
        self.memory.where = f"a press on “{min(labels)}”"
        self._tell(self.memory.where)
        began = asyncio.get_running_loop().time()
        presses = [self.far_end.press(self.user, look[0], data, self.language)]
        moved = await self._until(lambda: self._moved(look), presses[0][1])
        if moved:
            self.memory.waits.append((began, asyncio.get_running_loop().time() - began))
        elif self._asks:
            self.memory.pressed_again += 1
            await self._ask(look, self.memory.where)
        else:
            self.memory.pressed_again += 1
            presses.append(self.far_end.press(self.user, look[0], data, self.language))
            await self._until(lambda: self._moved(look), presses[1][1])
        await self._heed(presses[0][0])
        self._remember(self.look())

    async def _ask(self, before: Look | None, what: str) -> None:
        """Where am I? What was confirmed must have counted; that can be told only if nobody was killed meanwhile."""
        life = self.far_end.life
        await self._write("/start")
        changed = self.far_end.changed(self.user)
        while life == self.far_end.life:
            changed.clear()
            try:
                await asyncio.wait_for(changed.wait(), 1.0)
            except TimeoutError:
                break
        after = self.look()
        if life != self.far_end.life or before is None or after is None or self.far_end.weather.odds:
            return
        if after[0] > before[0] and after[1:] == before[1:]:
            self.memory.confirmed_in_vain.append(what)

    async def _heed(self, query: str) -> None:
        """Told that the button was from an earlier screen, they know that their choice didn't count."""
        for _ in range(
            HINT_LOOKS if self._fresh else 0
        ):  # the line comes a moment after the screen, or never
            if query in self.far_end.answered:
                break
            await asyncio.sleep(0.05)
        if self.far_end.answered.get(query) == self.say("hint-old-button"):
            for question in self._fresh & self._given.keys():
                self._tell(f"{question} did not count: {self._given.pop(question)}")
        self._fresh.clear()

    async def _write(self, text: str) -> None:
        before = self.look()
        number, update = self.far_end.write(self.user, text, self.language)
        if before is None:
            self.memory.knocks.append(update)
        self.memory.where = text if text.startswith("/") else "a text"
        came = await self._until(
            lambda: self._moved(before) or (text == "/start" and self._is_anew(before)), update
        )
        if not came and not text.startswith("/") and self._asks:
            await self._ask(before if number in self.far_end.chats[self.user] else None, "a text")
        self._remember(self.look())

    def _moved(self, before: Look | None) -> bool:
        """Another screen is to be seen: the same one in a new message is none."""
        look = self.look()
        return (look is not None and (before is None or look[1:] != before[1:])) or self._is_sent_by_code()

    def _is_anew(self, before: Look | None) -> bool:
        look = self.look()
        return look is not None and (before is None or look[0] > before[0])

    def _is_sent_by_code(self) -> bool:
        request = self.memory.current
        if not (request.by_code and request.sending):
            return False
        return bool(self.far_end.codes[self.user])

    async def _until(self, come: Callable[[], bool], update: int) -> bool:
        """Wait for it: as long as Telegram holds the update, and `patience` longer."""
        changed, loop = self.far_end.changed(self.user), asyncio.get_running_loop()
        confirmed_at: float | None = None
        while not come():
            if confirmed_at is None and update in self.far_end.delivery.confirmed:
                confirmed_at = loop.time()
            if confirmed_at is not None and loop.time() - confirmed_at > self.habits.patience:
                return False
            changed.clear()
            try:
                await asyncio.wait_for(changed.wait(), 0.1)
            except TimeoutError:
                continue
        return True
