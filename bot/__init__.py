"""What runs: settings, assembly, command line, logging, delivery. The composition root."""
