"""What the effects of a step mean in the database. Slow cryptography is prepared before, see `requester_slow`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from handlers import by_code, parting, reply_states, requester_code, sealed_entry, staff_notices
from handlers.by_code import Told
from handlers.cards import DAY, make_facts, needs_block, text_questions
from handlers.desk import Desk
from handlers.requester_slow import Prepared
from intake.answers import level_of, near_empty
from intake.counts import answer_names, month_of, request_names
from intake.draft import Draft
from intake.events import (
    AddByCode,
    AddText,
    Channel,
    CodeAct,
    Complete,
    Drop,
    Effect,
    EraseCase,
    KeepAnswers,
    KeepText,
    MakeLock,
    OpenCase,
    Remove,
    RemoveEarlier,
    RemoveSoon,
    TakeBack,
    TellAdded,
    WithdrawCase,
)
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.steps import Hint
from storage import cases, custody, locks, meta, outbox, people, tallies, thread, traces
from storage.cases import Case
from storage.database import Tx
from storage.document import encode_answers
from storage.envelope import ANSWERS, Who
from storage.facts import Contact
from storage.sealing import Sealer
from storage.traces import LONGEST_TRACE


@dataclass(slots=True)
class Result:
    """What the effects found or made, for the screen to tell."""

    reference: str = ""
    level: Level = Level.STANDARD
    """Of the case that was sent in this turn."""
    told: Told | None = None
    """What came of a code that was typed."""
    refused: Hint | None = None
    """Why a code was not looked at."""

    def stays(self, effects: Sequence[Effect], draft_seconds: int) -> int:
        """Seconds for which the message that brought this may stay in the chat.

        A text whose code was wrong can be corrected for a while; whoever mistypes a digit need not write it all again.
        """
        missed = self.refused is not None or (self.told is not None and self.told.case is None)
        kinds = {type(effect) for effect in effects}
        if RemoveSoon in kinds or (missed and AddByCode in kinds):
            return draft_seconds
        return 0 if Remove in kinds else LONGEST_TRACE

    jobs: bool = False
    """Something is due, now or soon."""


class ReferenceTaken(Exception):
    """Another case has the reference that was drawn: draw again."""


@dataclass(slots=True)
class Carrying:
    """One turn's effects, carried out in its transaction. `draft` is the draft that the effects speak of."""

    tx: Tx
    desk: Desk
    account: bytes
    chat: int
    draft: Draft
    prepared: Prepared
    now: int
    result: Result = field(default_factory=Result)

    def carry_out(self, effects: Sequence[Effect]) -> Result:
        for effect in effects:
            match effect:
                case MakeLock():
                    self._make_lock()
                case KeepAnswers():
                    self._keep_answers()
                case KeepText(question, text):
                    self._keep_text(question, text)
                case OpenCase(reference, channel):
                    self._open_case(reference, channel)
                case Complete(channel):
                    self._complete(channel)
                case AddText(text, asked):
                    self._add_text(text, asked)
                case TellAdded():
                    self._decide_on_added(keep=True)
                case TakeBack():
                    self._decide_on_added(keep=False)
                case WithdrawCase():
                    self._part(parting.withdraw)
                case EraseCase():
                    self._part(parting.erase)
                case RemoveEarlier(message):
                    traces.hasten(self.tx, self.chat, [message], self.now)
                    self.result.jobs = True
                case Drop():
                    if self.draft.case:
                        locks.erase(self.tx, [self._case])
                case _ if isinstance(effect, CodeAct):
                    self._act_by_code(effect)
                case _:
                    pass
        return self.result

    @property
    def _case(self) -> bytes:
        return bytes.fromhex(self.draft.case)

    def _make_lock(self) -> None:
        assert self.prepared.lock is not None  # noqa: S101 - prepared by this same turn
        locks.add(self.tx, self.prepared.lock)
        sealer = Sealer(self._case, self.prepared.lock.public)
        for position, question in enumerate(text_questions(self.desk.questionnaire), start=1):
            locks.put_block(self.tx, self._case, position, sealer.dummy(question, 0))

    def _sealer(self) -> Sealer:
        return Sealer(self._case, locks.get(self.tx, self._case).public)

    def _keep_answers(self) -> None:
        text = encode_answers(self.desk.labels_fingerprint, self.draft.language, self.draft.answers)
        locks.put_block(self.tx, self._case, 0, self._sealer().seal(ANSWERS, 0, text))

    def _keep_text(self, question: str, text: str) -> None:
        position = 1 + text_questions(self.desk.questionnaire).index(question)
        locks.put_block(self.tx, self._case, position, self._sealer().seal(question, 0, text.encode()))

    def _open_case(self, reference: str, channel: Channel) -> None:
        if len(locks.get_blocks(self.tx, self._case)) != needs_block(self.desk.questionnaire):
            raise RuntimeError("a case must have all its blocks before it is sent")
        if cases.has_reference(self.tx, reference):
            raise ReferenceTaken
        level, _ = level_of(self.desk.questionnaire, self.draft.answers)
        in_chat = channel is Channel.CHAT
        shown_at = staff_notices.shown_at(self.tx, self.desk, level, self.now)
        facts = make_facts(self.tx, self.desk, self.draft.answers, self.draft.language, level, self.now)
        little = near_empty(self.desk.questionnaire, self.draft.answers, self.draft.texts)
        case = Case(
            case=self._case,
            reference=reference,
            status=Status.OPEN,
            holder=None,
            facts=replace(facts, near_empty=little, shown_at=shown_at),
            received_day=self.now // DAY,
            contact=Contact(self.chat, self.draft.language) if in_chat else None,
            account=self.account if in_chat else None,
            code_tag=None if in_chat else self.prepared.code_tag,
            code_key=None if in_chat else self.prepared.code_key,
        )
        cases.add(self.tx, case)
        meta.keep_labels(self.tx, self.desk.fingerprint, self.desk.labels)
        self._count(level)
        staff_notices.card_due(self.tx, self.desk, case, self.now)
        self._sent(case)

    def _count(self, level: Level) -> None:
        month, draft = month_of(self.now), self.draft
        new = people.is_new(self.tx, month, self.account)
        names = request_names(level, draft.language, new_person=new)
        if level is not Level.EMERGENCY:  # an emergency's answers are counted when its questions are over
            names += answer_names(self.desk.questionnaire, draft.answers)
        tallies.add(self.tx, month, names)

    def _complete(self, channel: Channel) -> None:
        """An emergency's questions are over: the summary is made anew from all of them.

        It stays an emergency whatever the answers are by now; what two of the staff have lowered, it does not raise.
        """
        case = cases.by_id(self.tx, self._case)
        if case is None:
            return
        staff_notices.stay_open(self.tx, self.desk, case, self.now)
        case = cases.by_id(self.tx, self._case) or case
        # Answers to another questionnaire mean nothing in this one.
        if self.draft.fingerprint == self.desk.fingerprint:
            answers, language = self.draft.answers, self.draft.language
            facts = make_facts(self.tx, self.desk, answers, language, case.facts.level, self.now, case.facts)
            case = replace(case, facts=facts)
            cases.save_facts(self.tx, case, facts)
            if names := answer_names(self.desk.questionnaire, answers):
                tallies.add(self.tx, month_of(case.received_day * DAY), names)
        if channel is Channel.CODE:
            reply_states.chat_forgotten(self.tx, self.desk, case, self.now)
            cases.answer_by_code(self.tx, case, self.prepared.code_tag, self.prepared.code_key)
            outbox.untie(self.tx, self.draft.case, self.chat)
        custody.refresh_card(self.tx, case, self.now)
        staff_notices.document_due(self.tx, case, self.now)
        self._sent(case)

    def _sent(self, case: Case) -> None:
        self.result.reference, self.result.level = case.reference, case.facts.level
        if self.prepared.code:  # only here and in the message is the code: it must survive until it is sent
            language = self.draft.language
            outbox.add(
                self.tx,
                requester_code.message(self.desk, language, self.prepared.code, self.chat, self.now),
            )
        self.result.jobs = True

    def _add_text(self, text: str, asked: bool) -> None:
        case = cases.by_account(self.tx, self.account)
        if case is None:
            return
        sealed_entry.put(self.tx, case, Who.REQUESTER, text, self.now)
        if asked:
            staff_notices.addition_due(self.tx, self.desk, case, self.now)
        else:
            staff_notices.requester_wrote(self.tx, self.desk, case, text, self.now)
        self.result.jobs = True

    def _decide_on_added(self, *, keep: bool) -> None:
        case = cases.by_account(self.tx, self.account)
        if case is None:
            return
        if not keep:
            thread.drop_last(self.tx, case.case, Who.REQUESTER)
        staff_notices.addition_decided(self.tx, self.desk, case, self.now, keep=keep)
        self.result.jobs = True

    def _part(self, how: Callable[[Tx, Desk, Case, int], object]) -> None:
        case = cases.by_account(self.tx, self.account)
        if case is not None:
            how(self.tx, self.desk, case, self.now)
            self.result.jobs = True

    def _act_by_code(self, act: CodeAct) -> None:
        self.result.refused = self.prepared.refused
        opener = self.prepared.opener
        if opener is None:
            return
        tag = self.prepared.code_tag
        self.result.told = by_code.carry_out(self.tx, self.desk, opener, tag, act, self.chat, self.now)
        self.result.jobs = True
