"""Joining the staff: an invitation, then for those who open cases a public key, which an admin confirms."""

from __future__ import annotations

import re
import secrets

from handlers import parting
from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.menus import menu_of
from handlers.outgoing import Answer, Send
from handlers.telling import tell_admins
from intake.errors import KeyFileError
from intake.roles import needs_key
from intake.trail import Event
from storage import audit, cases, custody, drafts, locks, meta, staff, traces
from storage.database import Tx
from storage.keywords import key_words
from storage.public_key import decode_public
from storage.sealing import key_id
from storage.staff import Member

DAY = 86_400
KEY_PREFIX = "postern-pub-"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
# fmt: off
PSEUDONYMS = (
    "Alder", "Aspen", "Auk", "Birch", "Bittern", "Cedar", "Crane", "Curlew", "Cypress", "Dunlin",
    "Eider", "Elm", "Fir", "Finch", "Gannet", "Godwit", "Grebe", "Hazel", "Heron", "Holly", "Ibis",
    "Jackdaw", "Juniper", "Kestrel", "Larch", "Lark", "Linden", "Linnet", "Maple", "Martin", "Merlin",
    "Myrtle", "Oak", "Oriole", "Osprey", "Petrel", "Pine", "Pipit", "Plover", "Poplar", "Quail",
    "Raven", "Redwing", "Robin", "Rowan", "Siskin", "Snipe", "Sorrel", "Spruce", "Starling", "Stork",
    "Swift", "Sycamore", "Teal", "Tern", "Thrush", "Wagtail", "Warbler", "Whimbrel", "Willow", "Wren",
    "Yew",
)
# fmt: on


def looks_like_invitation(incoming: Incoming) -> bool:
    return incoming.command == "start" and _TOKEN.fullmatch(incoming.argument) is not None


async def enrol(desk: Desk, incoming: Incoming) -> bool:
    """Use an invitation. False: it is none, and the sender is to be treated as anybody."""
    now = desk.clock()
    account = desk.vault.account(incoming.user_id)

    def work(tx: Tx) -> Member | None:
        role = staff.use_invite(tx, incoming.argument, now)
        if role is None:
            return None
        _leave_the_requesters(tx, desk, account, now)
        old = staff.by_account(tx, account)
        if old is not None:
            custody.change_role(tx, old, role, now)
            member_id = old.id
        else:
            member_id = staff.add(tx, _free_pseudonym(tx), role)
            staff.enrol(tx, member_id, account, incoming.chat_id, desk.staff_language)
        if incoming.message_id is not None:  # the token is used up, but need not stay in the chat
            traces.leave(tx, traces.Trace(incoming.chat_id, incoming.message_id, now, now))
        joined = staff.by_id(tx, member_id)
        audit.note(tx, Event.JOINED, joined, now, detail=role.value)
        return joined

    member = await desk.db.write(work, long=True)
    if member is None:
        return False
    desk.wake()
    _say(
        desk,
        incoming,
        _next(member),
        name=member.name,
        role=desk.texts.say(desk.staff_language, f"role-{member.role}"),
    )
    await show_menu(desk, incoming.user_id)
    return True


async def show_menu(desk: Desk, user: int) -> None:
    """Show a member who may act what they can do."""
    account = desk.vault.account(user)
    member = await desk.db.read(lambda tx: staff.by_account(tx, account))
    menu = menu_of(desk, member) if member is not None else None
    if menu is not None:
        desk.post(menu.chat, [menu])


def _next(member: Member) -> str:
    if not needs_key(member.role):
        return "admin-help"
    if member.offered is None:
        return "enrolled-ready" if member.confirmed else "enrolled-key-due"
    return "key-waiting"


def _leave_the_requesters(tx: Tx, desk: Desk, account: bytes, now: int) -> None:
    """Whoever joins the staff has no draft; a case of theirs would be theirs to open."""
    conversation = drafts.load(tx, account)
    if conversation is not None and conversation.draft.case and not conversation.draft.reference:
        locks.erase(tx, [bytes.fromhex(conversation.draft.case)])
    drafts.drop(tx, account)
    case = cases.by_account(tx, account)
    if case is not None:
        parting.erase(tx, desk, case, now)


def _free_pseudonym(tx: Tx) -> str:
    taken = {member.name for member in staff.everyone(tx)}
    free = [name for name in PSEUDONYMS if name not in taken]
    return secrets.choice(free) if free else f"{secrets.choice(PSEUDONYMS)}-{secrets.token_hex(2)}"


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    """A member whose key is missing or not confirmed yet: nothing else is open to them."""
    if incoming.kind is Kind.PRESS:
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
    elif incoming.kind is Kind.TEXT and incoming.text.strip().startswith(KEY_PREFIX):
        await _take_key(desk, incoming, member)
    else:
        _say(
            desk,
            incoming,
            "key-waiting" if member.offered else "enrolled-key-due",
            name=member.name,
            role=desk.texts.say(desk.staff_language, f"role-{member.role}"),
        )


async def _take_key(desk: Desk, incoming: Incoming, member: Member) -> None:
    try:
        public = decode_public(incoming.text.strip())
    except KeyFileError:
        _say(desk, incoming, "key-unread")
        return
    now = desk.clock()
    words = " ".join(key_words(public))

    def work(tx: Tx) -> str:
        owner = staff.by_key(tx, public)
        if public == meta.get(tx, meta.RECOVERY_KEY) or (owner is not None and owner.chat is not None):
            return "key-taken" if owner is None or owner.id != member.id else "key-waiting"
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return "enrolled-key-due"  # it was refused meanwhile
        if owner is None:
            staff.set_key(tx, member.id, public)
        else:  # added from the shell: whoever has seen that public line could send it
            staff.claim_key(tx, member, public)
        _ask_admins(tx, desk, member, public, now, known=owner.name if owner else "")
        return "key-received"

    answer = await desk.db.write(work)
    desk.wake()
    role = desk.texts.say(desk.staff_language, f"role-{member.role}")
    _say(desk, incoming, answer, name=member.name, role=role, words=words)
    await show_menu(desk, incoming.user_id)


def key_button(verdict: str, member_id: str, public: bytes) -> str:
    """A payload that confirms one key of one member: not another key that was sent since."""
    return f"key.{verdict}.{member_id}.{key_id(public).hex()}"


def _ask_admins(tx: Tx, desk: Desk, member: Member, public: bytes, now: int, known: str) -> None:
    say, language = desk.texts.say, desk.staff_language
    words = " ".join(key_words(public))
    if known:
        role = say(language, f"role-{member.role}")
        text = say(language, "key-to-confirm-known", name=member.name, role=role, known=known, words=words)
    else:
        text = say(language, "key-to-confirm", name=member.name, words=words)
    buttons = (
        (say(language, "confirm-button"), key_button("yes", member.id, public)),
        (say(language, "refuse-button"), key_button("no", member.id, public)),
    )
    tell_admins(tx, text, now, buttons)


def _say(desk: Desk, incoming: Incoming, name: str, /, **values: str) -> None:
    text = desk.texts.say(desk.staff_language, name, **values)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, text)])
