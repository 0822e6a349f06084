"""What an intake is. Pure: no I/O, no async, no clock, no randomness, no logging."""
