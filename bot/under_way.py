"""Which jobs are at the postman's: none is posted a second time before it is recorded what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.notes import Note
from handlers.outgoing import Edit, Outgoing, Send
from storage.outbox import Job, Task


@dataclass(frozen=True, slots=True)
class _Posted:
    chat: int
    job: Job


class UnderWay:
    def __init__(self) -> None:
        self._jobs: dict[bytes, _Posted] = {}
        self._edits: dict[tuple[int, int], list[tuple[bytes, Edit]]] = defaultdict(list)
        """(chat, message) -> its edits in order: a later one may take the place of an earlier one."""
        self._cards: set[str] = set()
        """What is on its way and edited later: which message each is will be known when it has arrived."""

    def __contains__(self, job_id: bytes) -> bool:
        return job_id in self._jobs

    def __iter__(self) -> Iterator[tuple[bytes, Job]]:
        return ((job_id, posted.job) for job_id, posted in self._jobs.items())

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def ids(self) -> frozenset[bytes]:
        return frozenset(self._jobs)

    def add(self, job_id: bytes, job: Job, call: Outgoing) -> None:
        self._jobs[job_id] = _Posted(getattr(call, "chat", 0), job)
        if isinstance(call, Edit):
            self._edits[call.chat, call.message].append((job_id, call))
        if (key := _key(job)) and isinstance(call, Send):
            self._cards.add(key)

    def is_edited(self, call: Outgoing) -> bool:
        """An edit of the same message is on its way: this one takes its place, or follows it."""
        return isinstance(call, Edit) and bool(self._edits.get((call.chat, call.message)))

    def awaits_card(self, job: Job) -> bool:
        """Whether it has to wait until it is known which message the card is."""
        return _key(job) in self._cards

    def of(self, call: Outgoing) -> list[bytes]:
        """The jobs that this call settles: the one it was made for; of an edit, also those it took the place of."""
        if isinstance(call, Edit):
            return [job_id for job_id, _ in self._up_to(call)]
        note = _note_of(call)
        return [bytes.fromhex(note.job)] if note is not None and note.job else []

    def to(self, chat: int) -> list[bytes]:
        """What is on its way to this chat."""
        return [job_id for job_id, posted in self._jobs.items() if posted.chat == chat]

    def over(self, call: Outgoing) -> None:
        posted = [self._jobs.pop(job_id) for job_id in self.of(call) if job_id in self._jobs]
        if isinstance(call, Edit) and (settled := len(self._up_to(call))):
            place = call.chat, call.message
            del self._edits[place][:settled]
            if not self._edits[place]:
                del self._edits[place]
        self._cards.difference_update(_key(each.job) for each in posted if not isinstance(call, Edit))

    def forget(self, chat: int) -> list[bytes]:
        """The postman has dropped this chat's queue without naming the calls; whose they were."""
        dropped = self.to(chat)
        for job_id in dropped:
            job = self._jobs.pop(job_id).job
            self._cards.discard(_key(job))
        for place in [place for place in self._edits if place[0] == chat]:
            del self._edits[place]
        return dropped

    def _up_to(self, call: Edit) -> list[tuple[bytes, Edit]]:
        """An edit that is no job's, such as a screen's, took the place of all that there were."""
        edits = self._edits.get((call.chat, call.message), [])
        last = max((place for place, (_, edit) in enumerate(edits) if edit == call), default=len(edits) - 1)
        return edits[: last + 1]


def _key(job: Job) -> str:
    """What is shown once, and then edited: a card, the board, the line that tells of a reply; of others nothing."""
    if job.task in {Task.CARD, Task.BOARD}:
        return job.case or job.task
    return job.reply if job.task is Task.STATUS else ""


def _note_of(call: Outgoing) -> Note | None:
    return Note.read(getattr(call, "note", ""))
