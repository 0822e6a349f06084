"""What the audit trail tells of: a closed set of events. The texts name them for people (`audit-<event>`)."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    BEGUN = "begun"
    """The first row of all."""
    MENDED = "mended"
    """The note of the trail's end was gone or altered; whatever stood behind the row before this one is unknown."""

    # Cases.
    CLAIMED = "claimed"
    OPENED = "opened"
    """The sealed file was handed out to the holder. What is done with it on their device, nobody sees."""
    COPIED = "copied"
    """The sealed file was handed out to a lead who doesn't hold the case."""
    REPLIED = "replied"
    FILE_ASKED = "file-asked"
    """The requester was asked for a document."""
    FILE_SENT = "file-sent"
    """The holder sends the requester a document."""
    NOTED = "noted"
    EXTENDED = "extended"
    RELEASED = "released"
    EXPIRED = "expired"
    """Nothing was done for so long that the case went back to the queue by itself."""
    OFFERED = "offered"
    HANDED_OVER = "handed-over"
    REASSIGNED = "reassigned"
    ESCALATED = "escalated"
    DOWNGRADE_ASKED = "downgrade-asked"
    DOWNGRADED = "downgraded"
    EXCLUSION_ASKED = "exclusion-asked"
    SECOND_REFUSED = "second-refused"
    MERGED = "merged"
    CLOSED = "closed"
    UNDONE = "undone"
    SLOT_ADDED = "slot-added"
    LOCKS_HANDED = "locks-handed"
    """The locks of many cases were handed out to a lead, who lets a late joiner in by them; the detail is how many."""
    SLOTS_ADDED = "slots-added"
    """Slots of many cases for a late joiner were taken; the detail is how many."""
    BARRED = "barred"
    BAR_LIFTED = "bar-lifted"
    LIMIT_HIT = "limit-hit"

    # People.
    DUTY_ON = "duty-on"
    DUTY_OFF = "duty-off"
    INVITED = "invited"
    JOINED = "joined"
    KEY_ADDED = "key-added"
    KEY_CONFIRMED = "key-confirmed"
    KEY_REFUSED = "key-refused"
    ROLE_CHANGED = "role-changed"
    REVOKED = "revoked"

    # The installation.
    PAUSED = "paused"
    RESUMED = "resumed"
    PURGED = "purged"
    SETTING_CHANGED = "setting-changed"
    SERVER_KEY_ROTATED = "server-key-rotated"
    EXPORTED = "exported"
    """Counts were taken out by the command `report`."""


class By(StrEnum):
    """Who did it, where it was nobody with a name."""

    ITSELF = "itself"
    """Postern, because of a time or a setting."""
    SHELL = "shell"
    """Somebody at the server's command line."""
