"""The truth, read from the database: with the server's key what the server may read, with the recovery key the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

from nacl.public import PrivateKey
from sqlalchemy import select

from bot.installation import opened
from bot.settings import Settings
from intake.counts import REQUESTS
from intake.errors import PosternError
from intake.lifecycle import Status
from intake.questionnaire import Level
from storage import cases, locks, meta, outbox, tallies, thread
from storage.cases import Case
from storage.code import CODE_COST, derive
from storage.code import read as read_code
from storage.database import Tx
from storage.document import Block, CaseDocument, Message
from storage.document_opening import OpenedCase, open_document
from storage.envelope import ANSWERS, Who
from storage.outbox import Job
from storage.schema import handled
from storage.sealing import Opener

RECOVERY = PrivateKey(bytes(range(32)))


@dataclass(frozen=True)
class Kept:
    """One case as it stands in the database, opened."""

    case: Case
    opened: OpenedCase | None
    """None: it does not open."""

    @property
    def additions(self) -> list[str]:
        found = self.opened.thread if self.opened else ()
        return [message.text for message in found if message.who is Who.REQUESTER]


@dataclass(frozen=True)
class Truth:
    cases: dict[str, list[Kept]] = field(default_factory=dict)
    """By reference."""
    by_tag: dict[bytes, list[str]] = field(default_factory=dict)
    """References of the cases by the tag of their return code."""
    requests: int = 0
    """Counted in the tallies, all months together."""
    levels: int = 0
    """The same, counted by level."""
    owed: tuple[Job, ...] = ()
    """Everything in the outbox."""
    undone: tuple[int, ...] = ()
    """Of the updates asked for: those whose turn was never committed."""
    damaged: tuple[str, ...] = ()
    board: tuple[int, int] | None = None
    tags: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Return code, as it was shown -> the tag by which its case is found."""

    def without(self, others: Collection[str]) -> Truth:
        """The same, as if these requests had never come."""
        cases_ = {reference: kept for reference, kept in self.cases.items() if reference not in others}
        less = len(self.cases) - len(cases_)
        return replace(self, cases=cases_, requests=self.requests - less, levels=self.levels - less)


async def read(settings: Settings, codes: Collection[str] = (), updates: Collection[int] = ()) -> Truth:
    """The service need not be stopped for it. `codes`: those that people were shown; `updates`: to look for."""
    async with opened(settings) as installation:
        vault, tags = installation.vault, {}
        for code in codes:
            keys = await asyncio.to_thread(derive, (read_code(code) or ("",))[0], vault.code_salt, CODE_COST)
            tags[code] = vault.tag("code", keys.tag)

        def work(tx: Tx) -> Truth:
            done = {row.update_tag for row in tx.conn.execute(select(handled.c.update_tag)).all()}
            undone = tuple(
                n for n in updates if vault.tag("update", n.to_bytes(8, "big", signed=True)) not in done
            )
            return replace(_read(tx), tags=tags, undone=undone)

        return await installation.db.read(work)


def _read(tx: Tx) -> Truth:
    found: dict[str, list[Kept]] = {}
    by_tag: dict[bytes, list[str]] = {}
    opener = Opener(RECOVERY)
    for status in Status:
        for case in cases.with_status(tx, status):
            found.setdefault(case.reference, []).append(Kept(case, _opened(tx, case, opener)))
            if case.code_tag is not None:
                by_tag.setdefault(case.code_tag, []).append(case.reference)
    counted = tallies.read(tx)
    board = meta.get(tx, meta.BOARD)
    chat, message = (board or b"0 0").split()[:2]
    return Truth(
        cases=found,
        by_tag=by_tag,
        requests=sum(n for (_, name), n in counted.items() if name == REQUESTS),
        levels=sum(n for (_, name), n in counted.items() if name in {level.value for level in Level}),
        owed=tuple(job for _, job in outbox.waiting(tx)),
        damaged=tuple(cases.damaged(tx)),
        board=(int(chat), int(message)) if board else None,
    )


def _opened(tx: Tx, case: Case, opener: Opener) -> OpenedCase | None:
    try:
        lock = locks.get(tx, case.case)
        labels = meta.labels(tx, case.facts.labels) or {}
        questions = [ANSWERS, *(name for name, words in labels["questions"].items() if not words["options"])]
        boxes = locks.get_blocks(tx, case.case)
        return open_document(
            CaseDocument(
                reference=case.reference,
                case=case.case,
                public=lock.public,
                slots=lock.slots,
                blocks=tuple(Block(q, 0, box) for q, box in zip(questions, boxes, strict=True)),
                thread=tuple(
                    Message(e.sequence, e.who, date(2026, 1, 1), e.box) for e in thread.entries(tx, case.case)
                ),
                labels=labels,
            ),
            opener,
        )
    except (PosternError, KeyError, ValueError):
        return None
