"""Reading what another version of Postern may have saved: after a downgrade, a sound row can make no sense.

    with suppress(*SENSELESS):
        return read(it)
    raise saved_otherwise("A case")

The error is raised outside: a decoding error holds all that it was given, and would stay with ours as its context.
"""

from __future__ import annotations

from intake.errors import Tampered

SENSELESS = (ValueError, TypeError, LookupError, AttributeError)


def saved_otherwise(what: str) -> Tampered:
    """Such a row is dropped or passed over, and stops nothing else."""
    return Tampered(f"{what} cannot be read: another version of Postern has saved it.")
