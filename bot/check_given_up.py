"""What the service has given up for good lately: by kind, and nothing about whom it concerned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.finding import Finding, problem
from storage import given_up
from storage.database import Tx

WORDS: Mapping[str, str] = {
    "update": "messages or presses of people that the service could not deal with",
    "alert": "alerts about an emergency to operators",
    "reply": "replies to requesters (who sent them was told)",
    "code": "messages with a new return code",
    "case": "messages to operators about a case",
    "notice": "notices to the staff",
    "edit": "old messages that should have become one neutral line",
    "card": "cards in the operators' group",
    "card-gone": "cards of erased cases in the operators' group",
    "board": "boards in the operators' group",
    "document": "sealed files for the holder of a case",
    "copy": "sealed files for a lead",
    "remove": "removals from the operators' group (the admins were told)",
    "damaged draft": "requests in progress whose row was damaged",
    "damaged job": "messages whose row was damaged",
    "damaged trace": "messages to be deleted whose row was damaged",
}


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
