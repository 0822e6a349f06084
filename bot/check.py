"""`postern check`: what is wrong with this installation, each finding with what to do about it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from time import time

from bot.check_host import (
    core_dumps,
    data_folder,
    secret_files,
    server_key_place,
    swap,
    unfinished_rotation,
)
from bot.check_outbox import given_up_lately, waits_for_long
from bot.check_postgres import postgres
from bot.check_telegram import telegram
from bot.finding import Finding, note, problem
from bot.installation import load_canned_replies, load_questionnaire, load_referrals, opened
from bot.settings import Settings
from intake.errors import PosternError
from intake.roles import Role, needs_key
from storage import audit, clock_jump, meta, staff, tallies
from storage.database import Tx
from storage.staff import Member

DAY = 86_400


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be found out from here, one after another; it changes nothing."""
    yield from data_folder(settings.data_dir)
    yield from secret_files(os.environ)
    yield from server_key_place(settings)
    yield from unfinished_rotation(settings)
    findings, members = asyncio.run(_data(settings))
    yield from findings
    yield from asyncio.run(postgres(settings))
    yield from _questionnaire(settings)
    yield from _settings(settings)
    yield from telegram(settings, members)
    yield from core_dumps()
    yield from swap()


async def _data(settings: Settings) -> tuple[list[Finding], list[Member] | None]:
    """What is found in the data, and the staff; None: the data can't be read."""
    try:
        async with opened(settings) as installation:
            return await installation.db.read(_people)
    except PosternError as error:
        return [problem(str(error))], None


def _people(tx: Tx) -> tuple[list[Finding], list[Member]]:
    members = staff.everyone(tx)
    now = int(time())
    return [
        *_keys(tx, members),
        *_clock(tx),
        *waits_for_long(tx, now),
        *given_up_lately(tx, now),
        *_trail(tx),
        *_counts(tx, now),
    ], members


def _clock(tx: Tx) -> Iterator[Finding]:
    jump = clock_jump.held(tx)
    if jump is not None:
        days = (jump.before, jump.since, jump.until)
        before, since, until = (f"{datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}" for day in days)
        yield problem(
            f"The service last ran on {before}, and then on {since}: it was off for so long, or the clock has jumped. "
            f"Nothing is purged before {until}. If the clock is wrong, set it; if it is right, run `postern purge`."
        )


def _keys(tx: Tx, members: list[Member]) -> Iterator[Finding]:
    recovery = meta.get(tx, meta.RECOVERY_KEY)
    recipients = staff.recipients(tx, recovery)
    if not recipients:
        yield problem(
            "The intake is closed: there is no key that a case could be sealed to. Invite an operator "
            "(`postern invite operator`), or add one's key (`postern operators add`)."
        )
    elif recipients == [recovery]:
        yield note(
            "Only the recovery key can open cases, so nobody can open them quickly: invite operators and "
            "confirm their keys."
        )
    if recovery is None:
        yield problem(
            "There is no recovery key: if all operators lose theirs, every case is lost. Run `postern init`."
        )
    yield from _roles(members)
    if meta.get(tx, meta.PAUSED) is not None:
        yield note("The intake is paused: `postern resume` opens it.")


def _trail(tx: Tx) -> Iterator[Finding]:
    if fault := audit.verify(tx).fault:
        yield problem(
            f"The audit trail is not as it was written: {fault}. Somebody changed the database outside Postern, or its "
            "disk did: compare it with a backup. What is written from now on follows on from there."
        )


def _counts(tx: Tx, now: int) -> Iterator[Finding]:
    if months := tallies.overdue(tx, now):
        yield note(
            f"Months that ended more than a month ago are not closed: {', '.join(months)}. What was counted waits, and "
            "cannot be broken down. The service does it every few minutes while it runs: look in its log for "
            "`the counts could not be brought up to date`."
        )


def _roles(members: list[Member]) -> Iterator[Finding]:
    waiting = [m.name for m in members if needs_key(m.role) and m.offered]
    if waiting:
        yield note(
            f"Waiting for confirmation: {', '.join(waiting)}. Compare the words of their keys by voice "
            "(`postern operators list`), then run `postern operators confirm NAME`."
        )
    if not any(member.active and needs_key(member.role) for member in members):
        yield note(
            "Nobody can take a case in the chat yet: run `postern invite operator`, and confirm their key."
        )
    if not any(member.role is Role.ADMIN for member in members):
        yield note("There is no admin: run `postern invite admin`.")


def _questionnaire(settings: Settings) -> Iterator[Finding]:
    try:
        load_referrals(settings, load_questionnaire(settings))
    except PosternError as error:
        for line in str(error).splitlines():
            yield problem(line)
    try:
        load_canned_replies(settings)
    except PosternError as error:
        for line in str(error).splitlines():
            yield problem(line)


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.operators_chat is None:
        yield problem(
            "POSTERN_OPERATORS_CHAT is not set, so no operator is told of a new case: set it to the id of the "
            "operators' group."
        )
    if settings.public_url is not None:
        yield note("POSTERN_PUBLIC_URL is set, but this version serves no pages: unset it.")
