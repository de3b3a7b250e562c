"""Alembic's entry: runs on the connection it is given."""

from __future__ import annotations

from alembic import context

from sonae.store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA)
context.run_migrations()
