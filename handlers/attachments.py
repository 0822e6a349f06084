"""A file that an operator sends to a requester, once the operator has said how: taken over, kept, and sent on.

It is fetched straight into the seal, as a requester's file is (`storage.file_seal`); the upload goes from the
operator's chat. What opens it is sealed to the case, for the next holder. Besides, as it is to be sent:

- plain: it lies in the reply that is owed, wrapped, until that is delivered;
- sealed, and the case has a return code: it is sealed to that, and handed out by a look with the code;
- sealed, and the case is answered in the chat: it is sealed to a code of its own, which only the operator was shown.
  The requester hears that something waits. Their code makes of it a plain reply that is on its way.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from handlers import reply_states, requester_code, sealed_entry
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Fetch, Outgoing
from handlers.reply_states import DAY, HOUR, when
from intake.media_kinds import ending_of
from storage import cases, files, handouts, locks, replies, served, traces
from storage.cases import Case
from storage.code import CodeOpener, show
from storage.database import Tx
from storage.envelope import Who
from storage.file_seal import QUESTIONS, FileSealer
from storage.file_stream import FileKey
from storage.handouts import Handout
from storage.other_versions import SENSELESS, saved_otherwise
from storage.outbox import Job, Task
from storage.replies import Attached, State, Why

CODE_SECONDS = 5 * 60
"""For so long the operator sees a file's own code."""
KILOBYTE, MEGABYTE = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """What an operator has sent, as it stands in `Job.text` until it is taken over."""

    file: str = field(repr=False)
    """Telegram's id of it."""
    message: int = field(repr=False)
    """In the operator's chat."""
    kind: str = field(repr=False)
    """A media type."""
    size: int = 0
    """As Telegram says."""
    how: Attached = Attached.PLAIN
    name: str = field(default="", repr=False)
    """The operator's pseudonym."""
    code_tag: str = field(default="", repr=False)
    code_key: str = field(default="", repr=False)
    """Hexadecimal: of the code of its own that it is sealed to."""

    def pack(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def unpack(cls, text: str) -> Upload:
        """Raises Tampered for what another version has saved."""
        with suppress(*SENSELESS):
            found = json.loads(text)
            return cls(**(found | {"how": Attached(found["how"])}))
        raise saved_otherwise("An upload")


def kind_words(desk: Desk, kind: str, size: int) -> str:
    """For the staff: "PDF, 2 MB"."""
    say, language = desk.texts.say, desk.staff_language
    name = ending_of(kind).upper() or say(language, "attach-kind-unknown")
    if not size:
        return name
    unit, words = (MEGABYTE, "attach-megabytes") if size >= MEGABYTE else (KILOBYTE, "attach-kilobytes")
    return f"{name}, {say(language, words, n=-(-size // unit))}"


def code_message(desk: Desk, case: Case, chat: int, code: str, number: int, now: int) -> Job:
    """The one message that ever shows a file's own code. Nobody could make it again."""
    say, language = desk.texts.say, desk.staff_language
    values = {"reference": case.reference, "minutes": str(CODE_SECONDS // 60), "code": show(code)}
    text = say(language, "attach-code", number=number, **values)
    written = (say(language, "code-written-button"), f"{requester_code.PREFIX}written.{language}")
    about = case.case.hex()
    return Job(
        Task.SEND,
        now,
        urgent=True,
        case=about,
        chat=chat,
        text=text,
        buttons=(written,),
        delete_after=CODE_SECONDS,
        tag="code",
    )


# Taking over.


def fetch(tx: Tx, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None or replies.get(tx, bytes.fromhex(job.reply)) is None:
        return None
    upload, public = Upload.unpack(job.text), locks.get(tx, case.case).public
    sealer = FileSealer(case.case, public, files.new_sequence(), upload.kind, Who.ORGANISATION)
    return Fetch(job.chat, upload.file, sealer, note=str(Note("fetch", job.case, job=job_id.hex())))


def taken(tx: Tx, desk: Desk, job: Job, call: Fetch, now: int) -> None:
    """All of it is here: it is sealed and kept, the upload goes, and the reply goes on."""
    case, found = cases.by_id(tx, bytes.fromhex(job.case)), replies.get(tx, bytes.fromhex(job.reply))
    if case is None or found is None or not isinstance(call.into, FileSealer):
        return
    upload, sealer = Upload.unpack(job.text), call.into
    files.add(tx, case.case, sealer.sequence, now // DAY, sealer.finish())
    traces.hasten(tx, job.chat, [upload.message], now)
    words = desk.texts.say(
        desk.staff_language,
        f"attach-note-{upload.how}",
        name=upload.name,
        kind=kind_words(desk, upload.kind, sealer.key.size),
        when=when(desk, now - now % HOUR),
    )
    sealed_entry.put(tx, case, Who.NOTE, words, now)
    case = served.replied(tx, case, now, desk.terms.service)
    if case.code_key is not None:
        _wait(tx, case, job.reply, sealer, case.code_key, None)
        reply_states.move(tx, job.reply, case.case, replace(found[1], state=State.BY_CODE), now)
    elif upload.how is Attached.SEALED:
        tag, public = bytes.fromhex(upload.code_tag), bytes.fromhex(upload.code_key)
        _wait(tx, case, job.reply, sealer, public, tag)
        _owe_word(tx, desk, case, job.reply, now)
    else:
        _owe_file(tx, desk, case, job.reply, (sealer.sequence, sealer.key.pack().decode()), now)


def not_taken(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> None:
    """Telegram doesn't give it, or not for days: the upload goes, and whoever sent it sees that nothing was sent."""
    traces.hasten(tx, job.chat, [Upload.unpack(job.text).message], now)
    reply_states.failed(tx, desk, job_id, job, Why.NOT_FETCHED, now)


def _wait(tx: Tx, case: Case, reply: str, sealer: FileSealer, public: bytes, tag: bytes | None) -> None:
    head = sealer.head_for(public)
    handouts.add(tx, Handout(case.case, sealer.sequence, bytes.fromhex(reply), head, tag))


def _owe_file(tx: Tx, desk: Desk, case: Case, reply: str, file: tuple[int, str], now: int) -> None:
    if case.contact is not None:
        words = caption(desk, case, case.contact.language)
        reply_states.owe(tx, desk, case, reply, words, now, file=file)


def _owe_word(tx: Tx, desk: Desk, case: Case, reply: str, now: int) -> None:
    """That something waits: no word about what, nor that it is a file."""
    if case.contact is not None:
        text = desk.texts.say(
            case.contact.language,
            "attach-waits",
            organisation=desk.terms.organisation,
            reference=case.reference,
            hours=desk.terms.reply_seconds // HOUR,
        )
        reply_states.owe(tx, desk, case, reply, text, now, asks=False)


def caption(desk: Desk, case: Case, language: str) -> str:
    return desk.texts.say(
        language,
        "attach-caption",
        organisation=desk.terms.organisation,
        reference=case.reference,
        hours=desk.terms.reply_seconds // HOUR,
    )


# Handing out.


def by_return_code(tx: Tx, opener: CodeOpener, case: Case) -> tuple[tuple[int, str], ...]:
    """What a return code opens: the sequence of each file that waits, and what opens it."""
    waiting = [each for each in handouts.of(tx, case.case) if each.code_tag is None]
    return tuple((each.sequence, _opened(opener, each)) for each in waiting)


def redeem(tx: Tx, desk: Desk, opener: CodeOpener, tag: bytes, chat: int, now: int) -> Case | None:
    """A code of a file's own, in the chat of its case: from now on it is a reply that is on its way.

    Anywhere else the code opens nothing: it may have been told to the wrong person.
    """
    waiting = handouts.by_tag(tx, tag)
    case = cases.by_id(tx, waiting.case) if waiting is not None else None
    if waiting is None or case is None or case.contact is None or case.contact.chat != chat:
        return None
    key = _opened(opener, waiting)
    handouts.erase(tx, case.case, waiting.sequence)
    if not handouts.of(tx, case.case):
        traces.hasten_waits(tx, chat, now)
    _owe_file(tx, desk, case, waiting.reply.hex(), (waiting.sequence, key), now)
    found = replies.get(tx, waiting.reply)
    if found is not None:
        queued = replace(found[1], state=State.QUEUED, why=None)
        reply_states.move(tx, waiting.reply.hex(), case.case, queued, now)
    return case


def _opened(opener: CodeOpener, waiting: Handout) -> str:
    question = QUESTIONS[Who.ORGANISATION]
    packed = opener.open(waiting.head, case=waiting.case, question=question, sequence=waiting.sequence)
    FileKey.unpack(packed)
    return packed.decode()
