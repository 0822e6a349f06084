"""What waits to be delivered for too long, and what was given up: by kind, and nothing about whom it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from bot.finding import Finding, problem
from bot.give_up import first_due, kind_of
from storage import given_up, outbox
from storage.database import Tx

WORDS: Mapping[str, str] = {
    "update": "messages or presses of people that the service could not deal with",
    "alert": "alerts about an emergency to operators",
    "reply": "replies to requesters (their holders were told; /undelivered names the requests to an admin)",
    "fetch": "files of requesters that could not be fetched (both sides were told)",
    "take": "files of operators that could not be fetched (they were told)",
    "file": "sealed files of a case for its holder",
    "kept": "replies kept for sending them again",
    "status": "lines that tell the holder how a reply stands",
    "code": "messages with a new return code",
    "case": "messages to operators about a case",
    "notice": "notices to the staff",
    "edit": "old messages that should have become one neutral line",
    "card": "cards in the operators' group",
    "card-gone": "cards of erased cases in the operators' group",
    "board": "boards in the operators' group",
    "pin": "times at which the board was to be pinned",
    "ring": "steps of an emergency's ringing",
    "duty-ends": "words to the staff that their duty is over",
    "document": "sealed files for the holder of a case",
    "locks": "locks for a lead who lets a late joiner in",
    "slots": "slots that a lead has sent (they were told)",
    "copy": "sealed files for a lead",
    "timer": "times at which something happens to a case by itself",
    "remove": "removals from the operators' group (the admins were told)",
    "damaged draft": "requests in progress whose row was damaged",
    "damaged job": "messages whose row was damaged",
    "damaged trace": "messages to be deleted whose row was damaged",
}


LATE_SECONDS = 600
HOUR = 3_600


def waits_for_long(tx: Tx, now: int) -> Iterator[Finding]:
    late = [job for _, job in outbox.waiting(tx) if first_due(job) <= now - LATE_SECONDS]
    if late:
        kinds = Counter(map(kind_of, late))
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        hours = (now - min(map(first_due, late))) // HOUR
        since = f"{hours} h" if hours else "less than an hour"
        yield problem(
            f"Messages wait for longer than ten minutes ({listed}), the oldest for {since}. It goes on trying: is the "
            "service running, can it reach Telegram, and may the bot write in the operators' group?"
        )


def given_up_lately(tx: Tx, now: int) -> Iterator[Finding]:
    for kind, count in sorted(given_up.lately(tx, now).items()):
        what = WORDS.get(kind, kind)
        yield problem(
            f"Given up for good in the last {given_up.KEPT_DAYS} days, {what}: {count}. {_advice(kind)}"
        )


def _advice(kind: str) -> str:
    if kind == "update":
        return "The log says where it failed: report it, and ask those who complain to press again."
    if kind.startswith("damaged"):
        return (
            "Something changed the database outside Postern: compare it with a backup, and look at the disk."
        )
    return "Telegram refused them, or could not be reached for days: the log says which; /queue shows every case."
