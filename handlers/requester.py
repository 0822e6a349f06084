"""A requester's turn, all of it in one transaction: load the draft, take one pure step, save. Then show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from handlers import requester_code, requester_file, requester_seen
from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.requester_barred import only_leaving
from handlers.requester_effects import Carrying, ReferenceTaken, Result
from handlers.requester_scene import Scene, event_of, fresh, load, scene_of
from handlers.requester_show import calls
from handlers.requester_slow import Prepared, Slow, prepare, slow_work
from intake.conversation import STOP, Fresh, Step, Table, begin, expire, resume, step, takes_edits
from intake.draft import Draft, Place
from intake.events import Event, MakeLock, Remove, Wipe
from intake.leaving import in_place_of
from intake.moving import CODE_PLACES
from storage import drafts, known, meta, staff, traces
from storage.database import Tx
from storage.drafts import Conversation

DAY = 86_400
LEAVING = frozenset({"stop", "wipe", "erase"})
"""Commands that are never kept waiting: who sent with a return code is a newcomer here, and may be in danger."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that was taken and saved: what there is to show."""

    scene: Scene
    step: Step
    result: Result = field(repr=False)
    language: str
    """Of the draft before the step."""
    served: bool
    """Something was known of them before."""
    buried: bool = False
    """Something of ours stands below the screen."""


class Who(Enum):
    """Whose turn it turned out to be."""

    SERVED = "served"
    """A requester of whom something was known, and it has been taken."""
    TAKEN = "taken"
    """Somebody of whom nothing was known: they have begun, or gone, or pressed what stands under a reply or a code."""
    NEWCOMER = "newcomer"
    """Somebody of whom nothing is known; no turn was taken, because newcomers are not let in just now."""
    STAFF = "staff"
    """Somebody of the staff; no turn was taken."""


async def take_turn(desk: Desk, incoming: Incoming, account: bytes, *, newcomers: Callable[[], bool]) -> Who:
    """Whatever a private chat without a role can bring. `newcomers`: asked, of somebody new, whether they may begin."""
    if incoming.data.startswith(requester_code.PREFIX):
        # Whoever presses a button under a code has sent a request, but nothing here may say so.
        await requester_code.take_turn(desk, incoming)
        return Who.TAKEN
    if incoming.data.startswith(requester_seen.PREFIX):
        await requester_seen.take_turn(desk, incoming)
        return Who.TAKEN
    if incoming.file is not None and await requester_file.take_turn(desk, incoming, account):
        return Who.SERVED
    drawn, prepared = fresh(), Prepared()
    while True:
        turn = _Turn(desk, incoming, account, desk.clock(), newcomers, drawn, prepared)
        try:
            outcome = await desk.db.write(turn.take, lane=account)
        except ReferenceTaken:
            drawn = fresh()
            continue
        match outcome:
            case Who():
                return outcome
            case Slow():
                prepared = await prepare(desk, account, outcome)
            case Taken():
                if outcome.result.told is not None and outcome.result.told.case is None:
                    desk.tries.missed(account, desk.clock())
                _show(desk, incoming, outcome)
                return Who.SERVED if outcome.served else Who.TAKEN


def never_waits(incoming: Incoming) -> bool:
    """Whoever wants to be gone. "Stop" stands under screens that outlive their draft."""
    if incoming.kind is Kind.COMMAND:
        return incoming.command in LEAVING
    return incoming.data.endswith(f".{STOP}")


def _show(desk: Desk, incoming: Incoming, outcome: Taken) -> None:
    taken, result = outcome.step, outcome.result
    made = calls(desk, outcome.scene, outcome.language, taken, result, incoming, buried=outcome.buried)
    desk.post(incoming.chat_id, made)
    if result.jobs or any(isinstance(effect, Wipe) for effect in taken.effects):
        desk.wake()


@dataclass(frozen=True, slots=True)
class _Turn:
    desk: Desk
    incoming: Incoming
    account: bytes
    now: int
    newcomers: Callable[[], bool]
    drawn: Fresh
    prepared: Prepared

    def take(self, tx: Tx) -> Taken | Slow | Who:
        """Unless it is `Taken`, nothing was written. `Slow`: prepare this, and take the turn again."""
        desk, incoming, now = self.desk, self.incoming, self.now
        found = known.look_up(tx, self.account, now // DAY)
        if found.staff:
            return Who.STAFF
        served = found.conversation is not None or found.case is not None
        if not (served or never_waits(incoming) or self.newcomers()):
            return Who.NEWCOMER
        scene = scene_of(tx, desk, found)
        table = Table(desk.questionnaire, desk.fingerprint, now, self.drawn)
        expired, draft = _draft(desk, table, scene, incoming)
        event = event_of(incoming, takes_edits=takes_edits(desk.questionnaire, draft))
        stepped = step(table, draft, event)
        taken = _unless_closed(scene, _moved_by(incoming, draft, stepped), event)
        if scene.blocked:
            taken = only_leaving(draft if scene.conversation else None, taken)
        if expired and expired.hint and not taken.ending:
            taken = replace(taken, hint=expired.hint)
        about = taken.about or draft
        slow = slow_work(taken.effects, about, lambda: staff.recipients(tx, scene.recovery))
        if slow != self.prepared.slow:
            return slow
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            # A redelivery changes nothing; the screen, which may have been lost, is shown again.
            desk.redelivered()
            stands = _as_it_stands(scene, draft, stepped, incoming)
            return Taken(scene, stands, Result(), draft.language, served)
        if expired:
            self._carrying(tx, expired.about or draft).carry_out(expired.effects)
        result = self._carrying(tx, about).carry_out(taken.effects)
        _save(tx, self.account, scene, taken, incoming)
        stays = result.stays(taken.effects, desk.terms.draft_seconds)
        _leave_traces(tx, scene, taken, incoming, now, stays)
        if result.jobs:  # the case that the screen tells of has changed
            scene = load(tx, desk, self.account, now)
        return Taken(scene, taken, result, draft.language, served, _buried(tx, scene, incoming))

    def _carrying(self, tx: Tx, about: Draft) -> Carrying:
        return Carrying(tx, self.desk, self.account, self.incoming.chat_id, about, self.prepared, self.now)


def _moved_by(incoming: Incoming, before: Draft, taken: Step) -> Step:
    if taken.draft is None or (before.moved_by and taken.draft.serial == before.serial):
        return taken
    last = max(before.moved_by, incoming.update_id)
    return replace(taken, draft=replace(taken.draft, moved_by=last))


def _as_it_stands(scene: Scene, draft: Draft, again: Step, incoming: Incoming) -> Step:
    """`again`: the step that this update would make of the draft now."""
    if scene.conversation is None:  # it was the end: what stands there must stay neutral
        return Step(None, ending="stopped")
    stands = Step(draft)
    changes = again.effects or again.draft is None or again.draft.serial != draft.serial
    if 0 < draft.moved_by < incoming.update_id and not changes:
        # A later one had changed nothing, and why that was may never have been told.
        stands = replace(stands, hint=again.hint)
    return only_leaving(draft, stands) if scene.blocked else stands


def _draft(desk: Desk, table: Table, scene: Scene, incoming: Incoming) -> tuple[Step | None, Draft]:
    """The draft this update meets; with the step that replaced it when the old one had been left too long."""
    if scene.conversation is None:
        return None, _anew(table, scene, incoming)
    draft = scene.conversation.draft
    idle = table.now - draft.active_at > desk.terms.draft_seconds
    if draft.reference and scene.case is None:  # erased or closed meanwhile, if need be in mid-answer
        return None, in_place_of(draft, begin(table, draft.language))
    if (idle and draft.place is not Place.HOME) or draft.fingerprint != table.fingerprint:
        expired = expire(table, draft)
        return expired, expired.draft or draft
    return None, draft


def _anew(table: Table, scene: Scene, incoming: Incoming) -> Draft:
    if scene.case is not None and scene.case.contact is not None:
        return resume(table, scene.case.contact.language, scene.case.case.hex(), scene.case.reference)
    return begin(table, incoming.language_code)


def _unless_closed(scene: Scene, taken: Step, event: Event) -> Step:
    """While the intake is closed nobody can begin; whoever has begun goes on, and codes and pages still work."""
    if not scene.closed or taken.ending:
        return taken
    begun = taken.draft is not None and bool(taken.draft.case)
    if begun and not any(isinstance(effect, MakeLock) for effect in taken.effects):
        return taken
    if taken.draft is not None and (taken.draft.page or taken.draft.place in CODE_PLACES):
        return taken
    removed = tuple(effect for effect in taken.effects if isinstance(effect, Remove))
    return Step(None, removed, ending="closed")


def _save(tx: Tx, account: bytes, scene: Scene, taken: Step, incoming: Incoming) -> None:
    if taken.draft is None:
        drafts.drop(tx, account)
        return
    known = scene.conversation.screen if scene.conversation else None
    screen = incoming.message_id if incoming.kind is Kind.PRESS else known
    drafts.save(tx, account, Conversation(taken.draft, incoming.chat_id, screen))


def _leave_traces(tx: Tx, scene: Scene, taken: Step, incoming: Incoming, now: int, stays: int) -> None:
    """Every message in the chat is noted until it is deleted: with the next wipe, or before Telegram refuses.

    `stays`: seconds for which the message that brought this may stay.
    """
    if incoming.kind is not Kind.PRESS:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent, due_in=stays)
    elif not _is_noted(tx, scene, incoming):
        # Telegram's answer to its sending was lost: only now do we learn that this message is there.
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now)
    if any(isinstance(effect, Wipe) for effect in taken.effects):
        kept = incoming.message_id if incoming.kind is Kind.PRESS else None
        traces.hasten_all(tx, incoming.chat_id, now, but=kept)


def _buried(tx: Tx, scene: Scene, incoming: Incoming) -> bool:
    """Something of ours stands below the screen, such as a reply: whoever types there does not see a change above."""
    screen = scene.conversation.screen if scene.conversation else None
    if incoming.kind is Kind.PRESS or screen is None:
        return False
    return any(trace.ours and trace.message > screen for _, trace in traces.of_chat(tx, incoming.chat_id))


def _is_noted(tx: Tx, scene: Scene, incoming: Incoming) -> bool:
    """Whether the message that a button is on is noted to be deleted: the screen we know was noted with its number."""
    if scene.conversation is not None and scene.conversation.screen == incoming.message_id:
        return True
    return any(trace.message == incoming.message_id for _, trace in traces.of_chat(tx, incoming.chat_id))
