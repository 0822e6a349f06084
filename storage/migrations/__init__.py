"""How the database came to be what `storage.schema` says. `storage.migrate` runs what is here."""
