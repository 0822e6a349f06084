"""What it costs to make a case's lock, which grows with the number of those who may open it."""

from __future__ import annotations

import secrets
import time
from statistics import median

from nacl.public import PrivateKey

from benchmarks.tables import Table
from storage.sealing import make_lock

RECIPIENTS = (1, 30, 150)


def table(repeats: int) -> Table:
    made = Table("Locks: one a conversation, made at consent", ["recipients", "CPU ms", "slots, kB"])
    for count in RECIPIENTS:
        keys = [bytes(PrivateKey.generate().public_key) for _ in range(count)]
        spent = []
        for _ in range(repeats):
            before = time.process_time()
            lock = make_lock(secrets.token_bytes(16), keys)
            spent.append(1000 * (time.process_time() - before))
        made.add(str(count), f"{median(spent):.2f}", f"{len(lock.slots) / 1000:.1f}")
    return made
