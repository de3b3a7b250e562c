"""What people signed about payments beside files: funding, holds, accounts, disputes, returns."""

from __future__ import annotations

from alembic import op

from sonae.core.errors import SonaeError
from sonae.store.payout_schema import PAYOUT_ACT
from sonae.store.schema import METADATA

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its indexes as they were at this version."""
    METADATA.create_all(op.get_bind(), [PAYOUT_ACT])


def downgrade() -> None:
    """What was signed is not taken apart."""
    raise SonaeError("signed acts are only added to; restore a backup instead")
