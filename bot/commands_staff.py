"""invite and operators: who may act, and whose key opens cases."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.commands import ask, is_terminal, read, settings, tell, write
from intake.errors import PosternError
from intake.roles import Role, needs_key

if TYPE_CHECKING:
    from storage.database import Tx
    from storage.staff import Member

NAME_CHARS = 32
Name = Annotated[str, typer.Argument(metavar="NAME", help="A pseudonym, as colleagues see it.")]


def invite(role: Annotated[Role, typer.Argument(help="What the person will be.")]) -> None:
    """Print a link that enrols one person.

    It works once, for 72 hours, for whoever opens it first.
    """
    from bot.bot_api import username
    from intake.trail import By, Event
    from storage import audit, meta, staff

    cached = read(lambda tx: meta.get(tx, meta.BOT_USERNAME))
    bot = cached.decode() if cached else username(settings())

    def work(tx: Tx) -> str:
        now = int(time.time())
        audit.note(tx, Event.INVITED, By.SHELL, now, detail=role.value)
        return staff.invite(tx, role, now)

    token = write(work)
    typer.echo(f"https://t.me/{bot}?start={token}")


def list_operators() -> None:
    """Who may act, in what state, and the words of their keys."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from storage import meta, staff
    from storage.keywords import key_words

    members, recovery = read(lambda tx: (staff.everyone(tx), meta.get(tx, meta.RECOVERY_KEY)))
    table = Table("name", "role", "state", "the key's words", box=box.SIMPLE_HEAD, pad_edge=False)
    for member in members:
        key = member.offered or member.public_key
        words = " ".join(key_words(key)) if key else "-"
        owner = (
            next((each.name for each in members if each.public_key == member.claims), "")
            if member.claims
            else ""
        )
        state = f"says to be {owner}: {state_of(member)}" if owner else state_of(member)
        table.add_row(Text(member.name), member.role.value, Text(state), words)
    if recovery:
        table.add_row("(recovery key)", "-", "offline", " ".join(key_words(recovery)))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # a program that reads this wants each row on one line
    console.print(table)


def add(
    name: Name,
    pubkey: Annotated[str, typer.Argument(metavar="PUBKEY", help="Their public key, postern-pub-1….")],
    role: Annotated[
        Literal["operator", "lead"], typer.Option(help="Admins hold no key: invite them.")
    ] = "operator",
) -> None:
    """Add somebody whose key you have compared already.

    New cases are sealed to it as well from then on.
    """
    from intake.trail import By, Event
    from storage import audit, meta, staff
    from storage.public_key import decode_public

    name, key = _checked_name(name), decode_public(pubkey)

    def work(tx: Tx) -> bool:
        owner, member = staff.by_key(tx, key), staff.by_name(tx, name)
        if key == meta.get(tx, meta.RECOVERY_KEY):
            raise PosternError(
                "This is the recovery key: it stays offline, so give the operator another key."
            )
        if owner is not None and owner.name != name:
            raise PosternError(f"This key is {owner.name}'s already: every person needs a key of their own.")
        if member is None:
            staff.add(tx, name, Role(role), key, confirmed=True)
            audit.note(tx, Event.KEY_ADDED, By.SHELL, int(time.time()), whom=name, detail=role)
            return True
        if member.public_key not in {None, key}:
            raise PosternError(f"{name} has another key: run `postern operators revoke {name}` first.")
        if member.role is not Role(role):
            raise PosternError(f"{name} is there already, as {member.role.value}: revoke them first.")
        staff.set_key(tx, member.id, key)
        staff.confirm(tx, member.id)
        if not member.confirmed:
            audit.note(tx, Event.KEY_ADDED, By.SHELL, int(time.time()), whom=name, detail=role)
        return not member.confirmed

    changed = write(work)
    _show_key(name, key)
    tell(
        f"New cases are sealed to {name} from now on."
        if changed
        else "This was so already: nothing was changed."
    )


def confirm(
    name: Name,
    words: Annotated[
        str | None,
        typer.Option(help="The eight words that NAME reads out: a key with others is not confirmed."),
    ] = None,
) -> None:
    """Say that you compared the key's words with NAME.

    On a terminal you are shown them and asked, unless you give them.
    """
    from intake.trail import By, Event
    from storage import audit, staff

    shown = _asked_about(name) if words is None and is_terminal() else None

    def work(tx: Tx) -> tuple[Member, bool]:
        member = _member(tx, name)
        _compare(member, words, shown)
        was_offered = member.offered is not None
        accepted = staff.accept(tx, member)
        if accepted is None:
            raise PosternError(f"{name} says to be somebody who is gone, or has joined: nothing was changed.")
        if was_offered:
            audit.note(tx, Event.KEY_CONFIRMED, By.SHELL, int(time.time()), whom=accepted.name)
        return accepted, was_offered

    member, was_offered = write(work)
    if member.public_key:
        _show_key(member.name, member.public_key)
    if not was_offered:
        tell("This key was confirmed before: nothing was changed.")
        return
    tell(f"Confirmed is the key with these words: new cases are sealed to {member.name} from now on.")
    if words is None and shown is None:
        tell(
            f"If these are not the words that {member.name} reads out, run `postern operators revoke {member.name}` "
            "at once. With `--words` another key is not confirmed in the first place."
        )


def _asked_about(name: str) -> bytes | None:
    """The key whose words were shown and agreed to; None: there is none to ask about."""
    from storage.keywords import key_words

    key = read(lambda tx: _member(tx, name)).offered
    if key is None:
        return None
    tell(f"{name}: {' '.join(key_words(key))}")
    if ask(f"Are these the words that {name} reads out? [y/N]").lower() not in {"y", "yes"}:
        raise PosternError(
            f"Nothing was confirmed. If {name} reads out other words, somebody else's key is there: "
            f"run `postern operators revoke {name}`."
        )
    return key


def _compare(member: Member, words: str | None, shown: bytes | None) -> None:
    """Raises PosternError unless the key that is stored now is the one that was meant."""
    from storage.keywords import key_words

    key = member.offered or member.public_key
    if key is None:
        wanted = "has not sent a key yet" if needs_key(member.role) else "needs no key"
        raise PosternError(f"{member.name} {wanted}: there is nothing to confirm.")
    if words is not None and words.lower().split() != list(key_words(key)):
        raise PosternError(
            f"These are not the words of {member.name}'s key: nothing was confirmed. Ask for them once more; if they "
            f"are the same, somebody else's key is there: run `postern operators revoke {member.name}`."
        )
    if shown is not None and shown != key:
        raise PosternError(f"{member.name}'s key has changed meanwhile: nothing was confirmed. Compare anew.")


def revoke(name: Name) -> None:
    """Take NAME's access away.

    The slots in every stored case are deleted, and the cases they hold go back to the queue. The running service
    deletes what lies in their chat, and removes them from the operators' group.
    """
    from bot.dismissal import tidy
    from storage import custody, meta, staff

    def work(tx: Tx) -> tuple[Member, int, bool]:
        member = _member(tx, name)
        slots = custody.revoke(tx, member, int(time.time()))
        return member, slots, bool(staff.recipients(tx, meta.get(tx, meta.RECOVERY_KEY)))

    member, slots, anyone_left = write(work)
    typer.echo(f"{name} is revoked; slots deleted: {slots}")
    tell("What they have opened or downloaded before can't be taken back.")
    if member.chat is not None and (told := tidy(settings(), member.chat)):
        tell(told)
    if not anyone_left:
        tell("Nobody is left who could open a new case: the intake is closed until you add or confirm a key.")


def state_of(member: Member) -> str:
    """Where a member stands on the way from the invitation to the first case."""
    if needs_key(member.role) and member.offered:
        return "waiting for an admin's confirmation"
    if needs_key(member.role) and member.public_key is None:
        return "has not sent a key yet"
    return "active" if member.chat is not None else "active, key only (no Telegram account)"


def _member(tx: Tx, name: str) -> Member:
    from storage import staff

    member = staff.by_name(tx, name)
    if member is None:
        raise PosternError(f"Nobody is called {name}: `postern operators list` shows the names.")
    return member


def _show_key(name: str, key: bytes) -> None:
    from storage.keywords import key_words

    typer.echo(f"{name}: {' '.join(key_words(key))}")


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARS or not name.isprintable() or name.startswith("-"):
        raise typer.BadParameter(f"use 1 to {NAME_CHARS} characters that can be printed", param_hint="NAME")
    return name
