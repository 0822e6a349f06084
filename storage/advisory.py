"""Numbers of PostgreSQL's advisory locks, all in one place, so that no two uses ever share one.

A lock has two numbers: the first says what kind of thing is locked, the second which one of these.
"""

from enum import IntEnum

SINGLE = 0x706F7374
"""There is one of each; see `Single`."""
LANES = 0x706F7375
"""One for each lane."""


class Single(IntEnum):
    HOUSE = 0
    """Shared by the works of all lanes; whoever holds it alone writes alone."""
    COUNTS = 1
    """What requests of different chats are counted in."""
    SEAT = 2
    """Held by the process that sends."""
    PRESENT = 3
    """Shared by all processes, so that they can be counted."""
    MIGRATION = 4
    """Whoever makes or changes tables."""
    AUDIT = 5
    """Whoever adds to the audit trail: its rows follow one another."""
