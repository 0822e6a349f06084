"""The real service under fire: killed, cut off, flooded, out of disk, and with a clock that jumps. See `make fire`."""
