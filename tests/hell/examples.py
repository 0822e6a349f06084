"""How long Hypothesis looks, and any JSON. HELL_EXAMPLES=2000 looks longer than `make test` does."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("HELL_EXAMPLES", "60"))
many = settings(max_examples=EXAMPLES)
few = settings(max_examples=max(EXAMPLES // 10, 1))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
