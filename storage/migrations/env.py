"""Alembic's entry: it works on the connection, and in the transaction, that `storage.migrate` hands over."""

from alembic import context

from storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can, and then a step that fails leaves nothing behind
)
context.run_migrations()
