"""What every handler is handed: the settings in force, and the way to the data and to Telegram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handlers.admission import Admission
from handlers.aside import Aside
from handlers.code_tries import Tries
from handlers.outgoing import Outgoing
from handlers.queue import Queue
from handlers.stretching import Stretching
from handlers.texts import Texts
from handlers.throttle import Throttle
from intake.canned import CannedReply
from intake.questionnaire import Level, Questionnaire
from intake.referrals import Referral
from intake.triage import SERVICE, Service
from storage.argon import Cost
from storage.code import CODE_COST
from storage.database import Database
from storage.document import Labels
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings that people feel. Times in seconds unless named otherwise."""

    organisation: str
    operators_chat: int | None = None
    draft_seconds: int = 30 * 60
    reply_seconds: int = 24 * 3_600
    card_delay_seconds: int = 30 * 60
    anonymity_k: int = 5
    suppress_below: int = 10
    relay_in_chat: bool = False
    slots_for_holder_only: bool = False
    """A claim destroys the slots of all operators but the holder."""
    open_days: int = 180
    closed_days: int = 30
    duty_seconds: int = 12 * 3_600
    ring_seconds: tuple[int, int] = (10 * 60, 20 * 60)
    """After how long an emergency that nobody has taken rings everybody, and the admins."""
    service: Service = field(default_factory=lambda: SERVICE)
    """By when a request gets its first reply."""
    replies_days: int = 90
    lease_seconds: int = 0
    """For so long an operator may hold a case and do nothing about it; 0: for ever."""
    emergency_lease_seconds: int = 0
    """The same of an emergency; 0: as of any other."""
    undo_seconds: int = 0
    """For so long closing a case can be undone; so can taking one, giving one back and raising one."""
    hold_limit: int = 0
    """Open cases that one operator may hold; 0: any number."""
    openings_per_hour: int = 0
    """Sealed files that one of the staff is handed in an hour at their own wish; 0: any number."""
    code_cost: Cost = CODE_COST

    def lease_of(self, level: Level) -> int:
        """For so long a case of this level may be held and nothing done about it, in seconds; 0: for ever."""
        own = self.emergency_lease_seconds if level is Level.EMERGENCY else 0
        return min((each for each in (self.lease_seconds, own) if each), default=0)


@dataclass(frozen=True, slots=True)
class Desk:
    terms: Terms
    questionnaire: Questionnaire
    labels: Labels
    """The questionnaire's public words."""
    labels_fingerprint: str
    """Of these words, in hexadecimal: answers are sealed together with it. Made once; there are many words."""
    fingerprint: str
    """Names exactly this questionnaire; a draft begun with another one starts afresh."""
    texts: Texts
    db: Database
    vault: Vault
    clock: Callable[[], int]
    """Unix seconds."""
    post: Callable[[int, Sequence[Outgoing]], None]
    """Hand calls for one chat to delivery; returns at once."""
    wake: Callable[[], None]
    """Tell the background work that something became due."""
    throttle: Throttle
    referrals: tuple[Referral, ...] = ()
    busy: Callable[[], bool] = lambda: False
    """Whether more comes in than is done: then newcomers stand in line at `admission`."""
    held_up: Callable[[], bool] = lambda: False
    """Whether work waits for other work just now."""
    admission: Admission = field(default_factory=Admission)
    queue: Queue = field(default_factory=Queue)
    stretching: Stretching = field(default_factory=Stretching)
    """Where return codes are derived."""
    tries: Tries = field(default_factory=Tries)
    """Of return codes."""
    aside: Aside = field(default_factory=Aside)
    """Where pictures are drawn."""
    canned: tuple[CannedReply, ...] = ()
    """Replies that the team has prepared."""
    redelivered: Callable[[], None] = lambda: None
    """An update came once more that had been dealt with."""

    @property
    def staff_language(self) -> str:
        return self.questionnaire.languages[0]

    def referral(self, chosen: str) -> Referral | None:
        return next((each for each in self.referrals if each.id == chosen), None)
