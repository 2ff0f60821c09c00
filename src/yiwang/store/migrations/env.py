"""Run by Alembic: migrations work on the connection that ``migrate`` hands over."""

from alembic import context

from yiwang.store.database import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
