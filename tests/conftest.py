"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# Examples take as long as they take: the machine may be busy. What must not happen is tested, not how fast.
settings.register_profile("postern", deadline=None, print_blob=True)
settings.load_profile("postern")
