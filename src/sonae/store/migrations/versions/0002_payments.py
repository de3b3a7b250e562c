"""Payments to customers: programmes, payments and their events, files, approvals, funding."""

from __future__ import annotations

from alembic import op

from sonae.core.errors import SonaeError
from sonae.store.payout_schema import PAYOUT
from sonae.store.schema import METADATA

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their indexes as they were at this version."""
    METADATA.create_all(op.get_bind(), list(PAYOUT))


def downgrade() -> None:
    """What was paid is not taken apart."""
    raise SonaeError("payments are only added to; restore a backup instead")
