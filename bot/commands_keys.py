"""keygen and open: on an operator's own device, with nothing of the service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import CLEAR_SCREEN, ask, is_terminal, passphrase, tell
from intake.errors import KeyFileError, Tampered

if TYPE_CHECKING:
    from nacl.public import PrivateKey

    from storage.file_opening import OpenedFile

PHRASE_WORDS = 24

PassphraseFile = Annotated[
    Path | None, typer.Option(metavar="F", help="A file with the passphrase; else it is asked for.")
]


def keygen(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new file for the private half.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a key pair for an operator.

    The private half stays in OUT under a passphrase; the public half is printed, to be handed over.
    """
    from storage import keyfile
    from storage.keywords import key_words

    if out.exists():  # before anybody thinks of a passphrase
        raise KeyFileError(f"{out} exists already: move it away first, nothing is overwritten.")
    public = bytes(keyfile.create(out, passphrase(passphrase_file, new=True)))
    typer.echo(keyfile.encode_public(public))
    tell(f"Send this line to the bot; read these words to your admin by voice: {' '.join(key_words(public))}")


def open_case(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document that the bot sent.")],
    key: Annotated[
        Path | None, typer.Option(metavar="KEY", help="Your private key, the file that keygen made.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    *,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="Open with the recovery key's words instead of a key file.")
    ] = False,
    words_file: Annotated[
        Path | None,
        typer.Option(metavar="F", help="With --recovery: a file with the 24 words; else they are asked for."),
    ] = None,
    rewrap_for: Annotated[
        str | None,
        typer.Option(
            metavar="PUBKEY",
            help="Print a slot for this key instead, to let its owner open the case; slots, if FILE holds locks.",
        ),
    ] = None,
    language: Annotated[str | None, typer.Option(metavar="xx", help="The language of the questions.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Write a requester's file, or slots, there; else nothing is written."
        ),
    ] = None,
) -> None:
    """Open a sealed case and print it, or a sealed file of a requester and write it where --out says.

    With --rewrap-for, let somebody else open a case; or many, if FILE holds locks. Nothing else is written to the disk.
    """
    from bot import opening
    from storage.keywords import key_words
    from storage.public_key import decode_public

    if recovery == (key is not None):
        raise typer.BadParameter("give either --key KEY or --recovery")
    if words_file is not None and not recovery:
        raise typer.BadParameter("belongs to --recovery", param_hint="--words-file")
    try:
        with file.open("rb") as opened:
            data = opened.read(opening.MAX_FILE_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{file} cannot be read: {error.strerror}.") from None
    receiver = decode_public(rewrap_for) if rewrap_for else None
    bundle = opening.is_lock_bundle(data)
    if bundle and receiver is None:
        raise typer.BadParameter("these are locks, without anything to read: say for whom with --rewrap-for")
    private = _recovery_key(words_file) if key is None else _key_from(key, passphrase_file)
    if bundle and receiver is not None:
        _rewrap_all(data, private, receiver, out)
        return
    attached = opening.open_attached(data, private)
    if attached is not None:
        if receiver is not None:
            raise typer.BadParameter(
                "take the case itself: a file has no slots of its own", param_hint="FILE"
            )
        _put_out(attached, out)
        return
    if out is not None:
        raise typer.BadParameter("belongs to a requester's file: a case is printed", param_hint="--out")
    if receiver is None:
        typer.echo(opening.open_text(data, private, language))
        return
    typer.echo(opening.rewrap(data, private, receiver))
    tell(f"This lets the owner of this key open the case: {' '.join(key_words(receiver))}")


def _rewrap_all(data: bytes, private: PrivateKey, receiver: bytes, out: Path | None) -> None:
    from bot.opening import rewrap_all
    from storage.keywords import key_words

    made = rewrap_all(data, private, receiver)
    for reference in made.suspect:
        tell(f"{reference}: its lock is damaged, or was exchanged. Nothing was made for it: tell your admin.")
    if made.passed_over:
        tell(f"{made.passed_over} of these cases your key does not open: they are left out.")
    if not made.cases:
        raise Tampered("No slot was made.")
    if out is None:
        typer.echo(made.text, nl=False)
    else:
        _write_new(out, made.text.encode())
        tell(f"Written to {out}: send it to the bot, and delete it and the locks when the bot has taken it.")
    tell(f"This lets the owner of this key open {made.cases} cases: {' '.join(key_words(receiver))}")
    tell("Before you send it, have its owner read these words to you by voice.")


def _put_out(attached: OpenedFile, out: Path | None) -> None:
    """Readable by nobody else, and over nothing that is there."""
    from bot.opening import visible
    from storage.envelope import Who

    kind = visible(attached.kind) or "of no known kind"
    theirs = attached.who is Who.REQUESTER
    who = "Somebody you don't know sent it" if theirs else "It was sent to the requester"
    tell(f"{attached.reference}: a file, {len(attached.content)} bytes, {kind}. {who}.")
    if out is None:
        care = ", and open it where it can do no harm" if theirs else ""
        tell(f"Nothing was written: say where with --out PATH{care}.")
        return
    _write_new(out, attached.content)
    tell(f"Written to {out}. Delete it when you have read it.")


def _write_new(out: Path, content: bytes) -> None:
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise KeyFileError(f"{out} cannot be written: {error.strerror}. Nothing is overwritten.") from None


def _key_from(key: Path, passphrase_file: Path | None) -> PrivateKey:
    from storage import keyfile

    return keyfile.load(key, passphrase(passphrase_file))


def _recovery_key(words_file: Path | None) -> PrivateKey:
    """From a file, or from the terminal, which is cleared as soon as the words are right."""
    from storage.keywords import recovery_from_phrase
    from storage.private_file import read_private

    if words_file is not None:
        return recovery_from_phrase(_words(read_private(words_file)))
    if not is_terminal():
        raise typer.BadParameter("without a terminal to ask on, give --words-file")
    tell(f"Type the recovery key's {PHRASE_WORDS} words in their order, on one line or several.")
    words: list[str] = []
    while len(words) < PHRASE_WORDS:
        words += _words(ask(f"From word {len(words) + 1} on"))
    tell(CLEAR_SCREEN)
    return recovery_from_phrase(words)


def _words(text: str) -> list[str]:
    """Without the numbers that stand before them on paper."""
    return [word for word in text.split() if not word.rstrip(".").isdecimal()]
