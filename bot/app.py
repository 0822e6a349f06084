"""The assembly: from settings to a running service, and back down in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from bot import logs
from bot.calls import Calls
from bot.counting import Counting
from bot.counts import Counts
from bot.door import Door
from bot.election import Election
from bot.hardening import harden
from bot.installation import Installation, load_canned_replies, load_questionnaire, load_referrals, opened
from bot.keeper import Keeper
from bot.lanes import Lanes
from bot.menus import set_menus
from bot.metrics import Metrics
from bot.metrics_page import serving
from bot.outage import Outage
from bot.persistence import Persistence
from bot.polling import poll
from bot.postman import Postman
from bot.rotation import note_keys
from bot.sender import Sender
from bot.setting_types import Relay, SlotsAfterClaim
from bot.settings import Settings
from bot.settings_changed import note_changes
from bot.states import States
from bot.telegram import Telegram
from bot.telegram_errors import TelegramError
from bot.webhook import serve_webhook
from handlers import timers
from handlers.admission import Admission
from handlers.desk import Desk, Terms
from handlers.texts import LANGUAGES, load_texts
from handlers.throttle import Throttle
from handlers.turn import take_turn
from intake.errors import SettingsError
from intake.questionnaire import Questionnaire, fingerprint
from intake.questionnaire_file import labels
from storage import meta, moving
from storage.database import Tx
from storage.document import labels_fingerprint
from storage.seat import open_seat
from storage.vault import Vault

DRAIN_SECONDS = 3.0
"""For turns and calls still queued when we are told to stop. With what polling or the webhook take before, it stays
below 10 s; what matters of the calls lies in the outbox."""


def terms_of(settings: Settings) -> Terms:
    return Terms(
        organisation=settings.organisation,
        operators_chat=settings.operators_chat,
        draft_seconds=int(settings.draft_minutes * 60),
        reply_seconds=int(settings.reply_hours * 3_600),
        card_delay_seconds=int(settings.card_delay_minutes * 60),
        anonymity_k=settings.anonymity_k,
        suppress_below=settings.suppress_below,
        relay_in_chat=settings.relay is Relay.CHAT,
        slots_for_holder_only=settings.slots_after_claim is SlotsAfterClaim.HOLDER,
        lease_seconds=settings.lease_hours * 3_600,
        emergency_lease_seconds=settings.emergency_lease_hours * 3_600,
        undo_seconds=settings.undo_seconds,
        hold_limit=settings.hold_limit,
        openings_per_hour=settings.openings_per_hour,
        open_days=settings.retention_days.open,
        closed_days=settings.retention_days.closed,
        replies_days=settings.retention_days.replies,
        duty_seconds=int(settings.duty_hours * 3_600),
        ring_seconds=settings.emergency_ring_minutes.seconds,
        service=settings.service_level_hours.seconds,
    )


@dataclass(frozen=True, slots=True)
class Service:
    desk: Desk
    telegram: Telegram
    postman: Postman
    sender: Sender
    states: States
    counts: Counts
    persistence: Persistence
    metrics: Metrics
    keeper: Keeper
    lanes: Lanes
    door: Door


def real_time() -> int:
    return int(time.time())


def assemble(
    settings: Settings,
    installation: Installation,
    questionnaire: Questionnaire,
    telegram: Telegram,
    clock: Callable[[], int] = real_time,
) -> Service:
    """Everything that a running service consists of; nothing runs yet. `clock`: Unix seconds."""
    unknown = sorted(set(questionnaire.languages) - set(LANGUAGES))
    if unknown:
        raise SettingsError(
            f"POSTERN_QUESTIONNAIRE: {questionnaire.name} has languages that Postern does not speak: "
            f"{', '.join(unknown)}; it speaks {', '.join(LANGUAGES)}"
        )
    public = labels(questionnaire)
    states, counts = States(), Counts()
    sender = Sender(clock, states, counts)
    postman = Postman(Calls(telegram.call, states, counts), sender.reports())
    lanes = Lanes()
    desk = Desk(
        terms=terms_of(settings),
        questionnaire=questionnaire,
        labels=public,
        labels_fingerprint=labels_fingerprint(public).hex(),
        fingerprint=fingerprint(questionnaire),
        texts=load_texts(),
        referrals=load_referrals(settings, questionnaire),
        db=installation.db,
        vault=installation.vault,
        clock=clock,
        post=postman.show,
        wake=sender.wake,
        throttle=Throttle(settings.throttle),
        busy=lanes.busy,
        held_up=lanes.held_up,
        admission=Admission(),
        canned=load_canned_replies(settings),
        redelivered=counts.came_again,
    )
    sender.attach(desk, postman)
    keeper = Keeper(desk, settings.retention_days)
    persistence = Persistence(desk.db, states, counts, clock, sender.suspect)
    metrics = Metrics(counts, states, sender, lanes.__len__)
    door = Door(desk, lanes, persistence)
    return Service(desk, telegram, postman, sender, states, counts, persistence, metrics, keeper, lanes, door)


async def serve(settings: Settings) -> None:
    """`postern run`: until SIGTERM or SIGINT. Raises PosternError, one line, for what the deployer must mend."""
    logs.configure(settings.log_format, settings.log_level)
    if not harden():
        structlog.get_logger().warning("this system can't keep our memory out of crash dumps")
    loop = asyncio.get_running_loop()
    logs.watch(loop)
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    token = settings.require_token()
    questionnaire = load_questionnaire(settings)
    async with (
        opened(settings, upgrade=True) as installation,
        _telegram(token, settings.bot_api_url) as telegram,
    ):
        await installation.db.write(lambda tx: _settle_in(tx, settings, installation.vault))
        service = assemble(settings, installation, questionnaire, telegram)
        await run(service, settings, stop)


SWITCH_SECONDS = 0.001
"""How long a thread (a case lock, a long look at the data) keeps the interpreter from turns; the default is 5 ms."""


def _settle_in(tx: Tx, settings: Settings, vault: Vault) -> None:
    note_keys(tx, settings, vault)
    note_changes(tx, settings, real_time())
    timers.adopt(tx, terms_of(settings), real_time())
    meta.drop(tx, moving.MOVED_HERE)  # from now on nobody may take this for a move that was cut short


def settle() -> None:
    """What was built to get here stays for good: the garbage collector need not go through it again and again.

    Turns leave hardly any circles behind, so it may also come more rarely than the interpreter's default.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(SWITCH_SECONDS)


async def run(service: Service, settings: Settings, stop: asyncio.Event) -> None:
    log = structlog.get_logger()
    settle()
    username = await _introduce(service, stop)
    turn = service.counts.timing(partial(take_turn, service.desk, username))
    sender = service.sender
    election = Election(open_seat(settings.database()), sender.hear, service.postman.share, sender.resign)
    sender.elsewhere = election.ring
    works = (
        election.run(stop),
        service.door.run(stop),
        *(election.whenever(one, stop) for one in _background(service)),
    )
    background = [asyncio.create_task(work) for work in works]
    try:
        async with serving(service.metrics, settings.metrics):
            log.info("postern is ready", mode="webhook" if settings.webhook_url else "polling")
            await _deliver(service, settings, turn, election, stop)
    finally:
        stop.set()
        sender.wake()
        await service.lanes.drain(DRAIN_SECONDS / 2)
        await service.desk.aside.close()
        await service.postman.drain(DRAIN_SECONDS / 2)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await election.leave()
        log.info("postern has stopped")


def _background(service: Service) -> Iterator[Callable[[asyncio.Event], Awaitable[None]]]:
    """What one of several processes does for all of them."""
    yield service.sender.run
    yield service.keeper.run
    yield Counting(service.desk).run


async def _deliver(
    service: Service, settings: Settings, turn: Any, election: Election, stop: asyncio.Event
) -> None:
    if settings.webhook_url is None:
        # Of two that fetch, Telegram would turn one away and then the other.
        await election.whenever(
            lambda over: poll(
                service.telegram, turn, service.lanes, over, service.persistence, door=service.door
            ),
            stop,
        )
        return
    assert settings.webhook_secret is not None  # noqa: S101 - load_settings refuses one without the other
    await serve_webhook(
        service.telegram,
        turn,
        service.lanes,
        stop,
        service.persistence,
        url=settings.webhook_url,
        secret=settings.webhook_secret.get_secret_value(),
        host=settings.listen.host,
        port=settings.listen.port,
        door=service.door,
    )


async def _introduce(service: Service, stop: asyncio.Event) -> str:
    """Learn our own name, and hang up the menus of commands. Neither may keep the service from starting."""
    me = await Outage(stop, service.states).overcome(service.telegram.get_me)
    username = str((me or {}).get("username") or "")
    if username:
        await service.desk.db.write(lambda tx: meta.put(tx, meta.BOT_USERNAME, username.encode()))
    try:
        await set_menus(service.telegram, service.desk)
    except TelegramError:
        structlog.get_logger().info("the menu of commands could not be set")
    return username


@asynccontextmanager
async def _telegram(token: str, base_url: str) -> AsyncIterator[Telegram]:
    telegram = Telegram(token, base_url)
    try:
        yield telegram
    finally:
        await telegram.close()
