"""What the guard saw and answered."""

from __future__ import annotations

from alembic import op

from sonae.core.errors import SonaeError
from sonae.store.schema import METADATA
from sonae.store.watch import WATCH_EVENT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its indexes as they were at this version."""
    METADATA.create_all(op.get_bind(), [WATCH_EVENT])


def downgrade() -> None:
    """What was answered is not taken away."""
    raise SonaeError("the guard's record is only added to; restore a backup instead")
