"""One person's way through the conversation, event after event, with what must hold checked after each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from handlers.outgoing import MAX_BUTTON_DATA, MAX_TEXT
from handlers.screens import Screen, ending, screen
from intake.answers import asked
from intake.conversation import (
    BEGIN,
    STOP,
    Fresh,
    Hint,
    Step,
    Table,
    actions,
    begin,
    expire,
    left_behind,
    resume,
    step,
    text_is_due,
)
from intake.draft import Draft, Place
from intake.events import (
    CodeTyped,
    Command,
    Complete,
    Event,
    OpenCase,
    Pressed,
    RemoveSoon,
    Typed,
)
from intake.questionnaire import Level, Questionnaire
from tests.intake.sealed_model import PART, Server
from tests.strategies import view_of

DRAFT_SECONDS = 30 * 60
MARK = "☂own-words"
"""In everything that is typed: must never be found in a draft."""
MAX_LABEL = 64
MAX_BUTTONS = 100
COMMANDS = ("start", "help", "status", "stop", "wipe", "erase", "language", "privacy", "verify", "queue")
ASIDE = frozenset({"stop", "back", "language", "privacy", "wipe", "erase", "yes", "withdraw", "takeback"})
"""Presses that do not lead on."""
TO_SEND = ("under", "keep", "ok", "no", "leave", "next", "skip", "send", "chat")
"""At least one of these, or a language, is on every screen, and pressing them in this order of preference sends."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def stamped(event: Event, now: int, number: int) -> Event:
    """As it comes from Telegram: with a time, and an id."""
    match event:
        case Typed():
            return replace(event, sent=now, message=number)
        case CodeTyped():
            return replace(event, typed=replace(event.typed, sent=now, message=number))
        case _:
            return event


def in_progress(draft: Draft | None) -> bool:
    return draft is not None and bool(draft.case) and not (draft.reference and not draft.answers)


def unspoken(draft: Draft) -> Draft:
    """The draft without what a change of language changes."""
    return replace(draft, language="", serial=0, active_at=0)


def check_screen(made: Screen) -> None:
    buttons = [button for row in made.keyboard for button in row]
    assert made.text.strip()
    assert units(made.text) <= MAX_TEXT
    assert 0 < len(buttons) <= MAX_BUTTONS
    assert all(button.text.strip() and len(button.text) <= MAX_LABEL for button in buttons)
    assert all(0 < len(button.data.encode()) <= MAX_BUTTON_DATA for button in buttons)


def way_to_send(table: Table, draft: Draft) -> bool:
    """Whether pressing on leads to a case, or to the end of one that there is already."""
    for number in range(120):
        if draft.place is Place.HOME and draft.page is None:
            return True
        offered = actions(table.questionnaire, draft)
        action = next((each for each in TO_SEND if each in offered), "l0")
        fresh = Fresh(f"{number:032x}", f"WAY-{number:04}")
        taken = step(replace(table, fresh=fresh), draft, Pressed(draft.serial, action))
        if any(isinstance(effect, OpenCase | Complete) for effect in taken.effects):
            return True
        assert taken.draft is not None
        draft = taken.draft
    return False


class Walk:
    """One person's way, event after event, with everything that must hold checked after each."""

    def __init__(self, form: Questionnaire, app: str) -> None:
        self.form, self.app = form, app
        self.now = 1_000
        self.numbers = itertools.count(1)
        self.server = Server(form)
        self.draft: Draft | None = None
        self.shown: list[tuple[int, str]] = [(0, BEGIN)]
        self.current: list[str] = []
        self.happen(Command("start"))

    # What somebody can do.

    def press_on(self, which: int) -> None:
        onward = [action for action in self.current if action not in ASIDE] or self.current
        self.press(onward[which % len(onward)])

    def press_what_is_shown(self, which: int) -> None:
        self.press(self.current[which % len(self.current)])

    def press_what_was_ever_shown(self, which: int) -> None:
        self.happen(Pressed(*self.shown[which % len(self.shown)]))

    def press_what_was_never_shown(self, which: int) -> None:
        actions_of_old = ["o99", "c7", "yes", "code", "", "send", "l9", "o1.", "-1"]
        self.happen(Pressed(which % 90 - 1, actions_of_old[which % len(actions_of_old)]))

    def send(self, which: int) -> None:
        for _ in range(40):
            if self.draft is None or (self.draft.place is Place.HOME and not self.draft.page):
                return
            wanted = ("code" if which % 2 else "chat", *TO_SEND)
            self.press(next((each for each in wanted if each in self.current), self.current[0]))

    def tell_an_emergency(self, which: int) -> None:
        """Choose what is one, in this question or the next."""
        for _ in range(4):
            draft = self.draft
            if draft is None or draft.place is not Place.QUESTION or draft.page:
                return
            options = enumerate(self.form.question(draft.question).options)
            alarms = [f"{letter}{i}" for i, o in options if o.level is Level.EMERGENCY for letter in "ot"]
            wanted = (*(["done"] if draft.picked else []), *alarms, "skip")
            self.press(next((each for each in wanted if each in self.current), self.current[0]))

    def go_back(self, which: int) -> None:
        for _ in range(which % 5):
            if "back" in self.current:
                self.press("back")
        if "ok" in self.current:
            self.press("ok")

    def go_on(self, which: int) -> None:
        """One screen further, with the answer that was given before, or another to what has none."""
        draft = self.draft
        wanted = ["under", "keep", "ok", "no", "leave", "next", "done"]
        if draft and draft.question and not draft.picked:
            wanted = [action for action in self.current if re.fullmatch("[ot][0-9]+", action)][which % 2 :]
        elif draft and draft.question:
            options = self.form.question(draft.question).options
            wanted += [f"o{i}" for i, option in enumerate(options) if option.id in draft.picked]
        self.press(next((each for each in (*wanted, "skip") if each in self.current), self.current[0]))

    def write_where_it_is_due(self, event: Typed) -> None:
        """Go on as far as the text question, if there is one, and answer it."""
        for number in range(30):
            if "refresh" in self.current or "c0" in self.current:
                return
            if self.draft and text_is_due(self.form, self.draft):
                self.happen(event)
                return
            self.go_on(number)

    def paste_what_telegram_cuts(self, which: int) -> None:
        """A text that an app sends in parts: none of them is kept, wherever it is pasted."""
        tag = f"{MARK}pasted-{which}-"
        first = tag + ("x" if which % 3 else "ы") * (PART + which % PART - len(tag))
        parts = [first, *[tag + "y" * PART] * (which % 2), f"{tag} 0000 0000 0000 0000 and the rest"]
        for part in parts:
            self.happen(Typed(part))
        for box in self.server.boxes.values():
            assert not any(tag in text for text in (*box.texts.values(), *box.added))

    def change_an_answer(self, which: int) -> None:
        """Go on as far as the review, and from there to one question, which is answered anew, or not."""
        for number in range(30):
            if "c0" in self.current or "refresh" in self.current:
                break
            self.go_on(number // 3)
        changes = [action for action in self.current if re.fullmatch(r"c[0-9]+", action)]
        if changes:
            self.press(changes[which % len(changes)])
            for each in (which // 3, which // 7):
                self.press_on(each)

    def change_the_language(self, which: int) -> None:
        self.happen(Command("language"))
        before = self.draft
        assert before is not None
        number = which % len(self.form.languages)
        self.press(f"l{number}")
        assert self.draft
        assert self.draft.language == self.form.languages[number]
        if before.page:
            assert unspoken(self.draft) == unspoken(replace(before, page=None))

    def see_the_case_closed(self, which: int) -> None:
        if self.server.here:
            self.server.boxes[self.server.here].finished = True
            self.server.here = ""
            self.happen(Command("start"))

    def see_the_service_restarted(self, which: int) -> None:
        if self.draft is not None:
            self.draft = Draft.from_json(self.draft.to_json())

    def stay_away_for_too_long(self, which: int) -> None:
        """And come back before the sweep has ended the draft, or after."""
        self.now += DRAFT_SECONDS + 1
        if which % 2 and self.draft is not None:
            left = left_behind(self.draft)
            self.server.apply(left.effects, self.draft)
            self.look(left)
            self.draft = None
        self.happen(Pressed(0, BEGIN))

    # What must hold then.

    def press(self, action: str) -> None:
        serial = self.draft.serial if self.draft else 0
        self.happen(Pressed(serial, action))

    def happen(self, event: Event) -> None:
        self.now += 1
        number = next(self.numbers)
        event = stamped(event, self.now, number)
        table = Table(self.form, "print", self.now, Fresh(f"{number:032x}", f"REF-{number:04}"))
        before = self.before(table)
        taken = step(table, before, event)
        check_unchanged_by_what_is_stale(self.form, before, event, taken)
        about = taken.about
        assert about is not None
        if any(isinstance(effect, RemoveSoon) for effect in taken.effects):
            self.server.refused.add(number)
        self.server.apply(taken.effects, about)
        check_nothing_lost(self.form, before, event, taken)
        self.draft = taken.draft
        if self.server.here and not (self.draft and self.draft.noticed):  # whoever goes elsewhere has kept it
            self.server.boxes[self.server.here].asked = None
        self.check_kept()
        self.look(taken)
        if taken.draft is not None and taken.draft.serial != before.serial:
            assert way_to_send(table, taken.draft)

    def before(self, table: Table) -> Draft:
        """The draft that an update meets."""
        draft = self.draft
        if draft is None and self.server.here:
            return resume(table, self.app, self.server.here, self.server.boxes[self.server.here].reference)
        if draft is None:
            return begin(table, self.app)
        if draft.reference and not self.server.here:
            return replace(begin(table, draft.language), serial=draft.serial)
        if draft.place is not Place.HOME and table.now - draft.active_at > DRAFT_SECONDS:
            gone = expire(table, draft)
            assert gone.draft is not None
            assert gone.about is draft
            self.server.apply(gone.effects, draft)
            self.draft = gone.draft
            self.check_kept()
            return gone.draft
        return draft

    def check_kept(self) -> None:
        """The server holds what the draft says, and of what was left nothing."""
        draft = self.draft
        unsent = {draft.case} if draft and draft.case and not draft.reference else set()
        assert self.server.unsent() == unsent
        assert self.server.half_answered() == (
            {draft.case} if draft and draft.reference and draft.answers else set()
        )
        if draft is None:
            return
        stored = draft.to_json()
        assert MARK not in stored.decode()
        assert Draft.from_json(stored) == draft
        if draft.reference:
            assert self.server.boxes[draft.case].reference == draft.reference
            assert self.server.here == draft.case
        if in_progress(draft):
            box = self.server.boxes[draft.case]
            assert box.answers == draft.answers
            sizes = {q: len(text.encode()) for q, text in box.texts.items() if text}
            assert sizes == {q: size for q, size in draft.texts.items() if size}
            ids = {q.id for q in asked(self.form, draft.answers)}
            assert ids.issuperset({*draft.answers, *draft.texts})
        else:
            assert (draft.answers, draft.texts) == ({}, {})

    def look(self, taken: Step) -> None:
        """At the screen, and remember its buttons."""
        view = view_of(self.form)
        if taken.draft is None or taken.ending:
            made = ending(view, self.form.languages[-1], taken.ending, reference="WWWW-WWWW", reply_time="")
            check_screen(made)
            self.current = [button.data.partition(".")[2] for row in made.keyboard for button in row]
            assert set(self.current) == ({BEGIN} if taken.ending == "stopped" else {BEGIN, STOP})
            return
        made = screen(view, taken.draft, taken.hint or Hint("use-buttons"))
        check_screen(made)
        data = [button.data for row in made.keyboard for button in row]
        pressed = [(int(serial), action) for serial, _, action in (each.partition(".") for each in data)]
        assert {serial for serial, _ in pressed} == {taken.draft.serial}
        self.current = [action for _, action in pressed]
        offered = sorted(actions(self.form, taken.draft))
        if (
            taken.draft.place is Place.CODE and taken.draft.page is None
        ):  # the rest is for whoever's code was right
            assert set(self.current) == {"leave", STOP}
            self.current = offered
        assert sorted(self.current) == offered
        assert STOP in self.current
        self.shown += [each for each in pressed if each not in self.shown]


def check_unchanged_by_what_is_stale(form: Questionnaire, before: Draft, event: Event, taken: Step) -> None:
    if not isinstance(event, Pressed):
        return
    fits = event.serial == before.serial and event.action in actions(form, before)
    if fits or event.action == STOP:
        return
    assert taken.draft == replace(before, long=None, active_at=taken.draft.active_at if taken.draft else 0)
    assert (taken.effects, taken.ending) == ((), "")
    assert taken.hint == (None if event.action == BEGIN else Hint("old-button"))


def check_nothing_lost(form: Questionnaire, before: Draft, event: Event, taken: Step) -> None:
    """Only answering a question changes its answer, and only what is not asked any longer goes with it."""
    after = taken.draft
    if after is None or not in_progress(before) or not in_progress(after):
        assert (
            after is None
            or not in_progress(before)
            or any(isinstance(effect, OpenCase | Complete) for effect in taken.effects)
        )
        return
    answering = before.question if before.place is Place.QUESTION and before.page is None else ""
    answers = isinstance(event, Typed | CodeTyped) or (
        isinstance(event, Pressed) and (event.action[:1] == "o" or event.action in {"done", "skip", "omit"})
    )
    taken_back = before.long.taken if before.long and answers else ""
    still = {q.id for q in asked(form, after.answers)}
    for question, answer in _given(before):
        if question in still and not (answers and question == answering) and question != taken_back:
            assert dict(_given(after))[question] == answer


def _given(draft: Draft) -> Iterator[tuple[str, object]]:
    return itertools.chain(draft.answers.items(), draft.texts.items())
