"""Keeping this process's memory to itself: it holds the server key, and for moments what people write.

A core dump would put all of it on a disk. `RLIMIT_CORE` 0 stops the kernel from writing one; a helper that cores are
piped to (systemd-coredump) is called in spite of it, but not for a process that isn't dumpable. Nor can another process
of the same user then read this one's memory. Where this ends: root can read any memory, and swap is not memory.
"""

from __future__ import annotations

import ctypes
import resource

_GET_DUMPABLE = 3
_SET_DUMPABLE = 4


def harden() -> bool:
    """For this process, from now on. False: this system doesn't know how (it isn't Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = _prctl()
    return prctl is not None and prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0


def is_hardened() -> bool:
    prctl = _prctl()
    undumpable = prctl is not None and prctl(_GET_DUMPABLE, 0, 0, 0, 0) == 0
    return undumpable and resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def can_harden() -> bool:
    return _prctl() is not None


def _prctl() -> ctypes._NamedFuncPointer | None:
    """The C library's own, where it has one."""
    try:
        found: ctypes._NamedFuncPointer = ctypes.CDLL(None).prctl
    except (AttributeError, OSError):
        return None
    found.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return found
