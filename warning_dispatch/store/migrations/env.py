"""Alembic's entry: run the migrations on the connection that store/database.py hands over."""

from __future__ import annotations

from alembic import context

from warning_dispatch.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,  # our connections begin for themselves, so SQLite rolls DDL back too
)
with context.begin_transaction():
    context.run_migrations()
