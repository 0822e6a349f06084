"""Argon2id: what makes guessing a return code or a passphrase expensive."""

from dataclasses import dataclass

from nacl.pwhash import argon2id

SALT_BYTES: int = argon2id.SALTBYTES
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: passes over the memory, and its size in bytes. An argument, for quick tests."""

    passes: int
    memory: int


def stretch(secret: bytes, salt: bytes, size: int, cost: Cost) -> bytes:
    """`size` bytes (16 and up) from a secret and a 16-byte salt.

    Blocks its thread, but not the interpreter. Raises nacl.exceptions.RuntimeError if memory is short.
    """
    return argon2id.kdf(size, secret, salt, opslimit=cost.passes, memlimit=cost.memory)
