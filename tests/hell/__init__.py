"""Messages from hell: everything that can arrive, valid and damaged, against everything that reads it."""
