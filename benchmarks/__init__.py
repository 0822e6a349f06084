"""How fast the service is, next to plain bots, in one run: `make bench`. README.md says what each number means."""
