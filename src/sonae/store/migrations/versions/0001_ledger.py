"""The reserve ledger: entries and postings."""

from __future__ import annotations

from alembic import op

from sonae.core.errors import SonaeError
from sonae.store.schema import ENTRY, METADATA, POSTING

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables and their indexes as they were at this version."""
    METADATA.create_all(op.get_bind(), [ENTRY, POSTING])


def downgrade() -> None:
    """A ledger is not taken apart."""
    raise SonaeError("a ledger is only added to; restore a backup instead")
