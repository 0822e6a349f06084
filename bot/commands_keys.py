"""keygen and open: on an operator's own device, with nothing of the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import passphrase, tell
from intake.errors import KeyFileError

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
    key: Annotated[Path, typer.Option(metavar="KEY", help="Your private key, the file that keygen made.")],
    passphrase_file: PassphraseFile = None,
    rewrap_for: Annotated[
        str | None,
        typer.Option(
            metavar="PUBKEY", help="Print a slot for this key instead, to let its owner open the case."
        ),
    ] = None,
    language: Annotated[str | None, typer.Option(metavar="xx", help="The language of the questions.")] = None,
) -> None:
    """Open a sealed case and print it.

    Nothing is written to the disk.
    """
    from bot import opening
    from storage import keyfile
    from storage.keywords import key_words
    from storage.public_key import decode_public

    try:
        with file.open("rb") as opened:
            data = opened.read(opening.MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{file} cannot be read: {error.strerror}.") from None
    receiver = decode_public(rewrap_for) if rewrap_for else None
    private = keyfile.load(key, passphrase(passphrase_file))
    if receiver is None:
        typer.echo(opening.open_text(data, private, language))
        return
    typer.echo(opening.rewrap(data, private, receiver))
    tell(f"This lets the owner of this key open the case: {' '.join(key_words(receiver))}")
