"""The real service as a process of its own, driven over HTTP."""
