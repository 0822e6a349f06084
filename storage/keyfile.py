"""An operator's private key in a text file, under a passphrase.

    postern-key-1
    argon2id 3 268435456        passes, bytes of memory
    salt <32 hex digits>
    box <144 hex digits>        nonce 24 | XChaCha20-Poly1305 of the key, bound to the three lines above
    check <32 hex digits>       checksum over the four lines above

The checksum tells a damaged file from a wrong passphrase, which look alike to the cipher. It helps nobody who
tries passphrases: it is made without them.
"""

import re
import unicodedata
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as SodiumError
from nacl.public import PrivateKey, PublicKey
from nacl.secret import Aead
from nacl.utils import random

from intake.errors import KeyFileError, WrongPassphrase
from storage.argon import MIB, SALT_BYTES, Cost, stretch
from storage.private_file import create_private, read_private
from storage.public_key import decode_public, encode_public
from storage.purpose import Purpose, digest

__all__ = ["KEY_COST", "MIN_PASSPHRASE_CHARS", "create", "decode_public", "encode_public", "load"]

KEY_COST = Cost(passes=3, memory=256 * MIB)
"""0.5 s and 256 MiB a guess. Written into each file, so that it can be raised later."""
MIN_PASSPHRASE_CHARS = 8
# A file from elsewhere must not be able to occupy the machine: 20 passes over 1 GiB take some ten seconds.
_MAX_PASSES = 20
_MAX_MEMORY = 1024 * MIB
_MIN_MEMORY = 8192  # libsodium's own
_KIND = "postern-key-"
_VERSION = "1"
_CHECK_BYTES = 16
_CHECK_LINE = "check "
_LINES = re.compile(
    r"(?P<bound>postern-key-1\n"
    r"argon2id (?P<passes>[0-9]{1,4}) (?P<memory>[0-9]{1,15})\n"
    r"salt (?P<salt>[0-9a-f]{32})\n)"
    r"box (?P<box>[0-9a-f]{144})\n"
)


def create(path: Path, passphrase: str, cost: Cost = KEY_COST) -> PublicKey:
    """Make a key pair, keep the private half in a new file of mode 600, and return the public half.

    Raises KeyFileError if the passphrase is too short, or the file exists already or cannot be written.
    """
    if len(_normal(passphrase)) < MIN_PASSPHRASE_CHARS:
        raise KeyFileError(
            f"A passphrase has at least {MIN_PASSPHRASE_CHARS} characters: choose a longer one."
        )
    private = PrivateKey.generate()
    create_private(
        path, _seal(private, passphrase, cost, salt=random(SALT_BYTES), nonce=random(Aead.NONCE_SIZE))
    )
    return private.public_key


def load(path: Path, passphrase: str) -> PrivateKey:
    """The private key in a file. Raises WrongPassphrase, or KeyFileError for a file that is not sound."""
    found = _parse(read_private(path).replace("\r\n", "\n"), path)
    cost = Cost(int(found["passes"]), int(found["memory"]))
    if not 1 <= cost.passes <= _MAX_PASSES or not _MIN_MEMORY <= cost.memory <= _MAX_MEMORY:
        raise KeyFileError(f"{path} asks for an absurd amount of work: it was not made by Postern.")
    try:
        aead = _cipher(passphrase, bytes.fromhex(found["salt"]), cost)
    except SodiumError:
        raise KeyFileError(f"{path} needs {cost.memory // MIB} MiB of free memory to be opened.") from None
    try:
        secret = aead.decrypt(bytes.fromhex(found["box"]), found["bound"].encode())
    except CryptoError:
        raise WrongPassphrase(f"{path} is sound, but this is not its passphrase: try again.") from None
    return PrivateKey(secret)


def _seal(private: PrivateKey, passphrase: str, cost: Cost, *, salt: bytes, nonce: bytes) -> str:
    """The file's text. Salt and nonce are arguments for the sake of fixed test vectors only."""
    bound = f"{_KIND}{_VERSION}\nargon2id {cost.passes} {cost.memory}\nsalt {salt.hex()}\n"
    box = _cipher(passphrase, salt, cost).encrypt(bytes(private), bound.encode(), nonce)
    text = f"{bound}box {box.hex()}\n"
    return f"{text}{_CHECK_LINE}{_checksum(text).hex()}\n"


def _parse(text: str, path: Path) -> re.Match[str]:
    """The parts of a file that is whole. Its cost is not checked yet."""
    if text.startswith("postern-pub-"):
        raise KeyFileError(f"{path} holds a public key: the private one is the file that keygen made.")
    if _KIND.startswith(text):
        raise KeyFileError(f"{path} is cut short: take your spare copy of it.")
    if not text.startswith(_KIND):
        raise KeyFileError(f"{path} is not a Postern key file.")
    version = text.removeprefix(_KIND).split("\n", 1)[0]
    if version.isdecimal() and version != _VERSION:
        raise KeyFileError(f"{path} was made by a newer Postern: update this one.")
    body, mark, check = text.rstrip("\n").rpartition(f"\n{_CHECK_LINE}")
    if not mark or len(check) < 2 * _CHECK_BYTES:
        raise KeyFileError(f"{path} is cut short: take your spare copy of it.")
    found = _LINES.fullmatch(body + "\n")
    if found is None or check != _checksum(body + "\n").hex():
        raise KeyFileError(f"{path} is damaged: take your spare copy of it.")
    return found


def _cipher(passphrase: str, salt: bytes, cost: Cost) -> Aead:
    return Aead(stretch(_normal(passphrase).encode(errors="surrogatepass"), salt, Aead.KEY_SIZE, cost))


def _normal(passphrase: str) -> str:
    """One spelling for what looks the same: keyboards write "й" as one character or as two."""
    return unicodedata.normalize("NFKC", passphrase)


def _checksum(text: str) -> bytes:
    return digest(Purpose.KEY_FILE, text.encode(), size=_CHECK_BYTES)
