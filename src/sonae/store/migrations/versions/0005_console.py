"""Who may sign in to the console, and its log."""

from __future__ import annotations

from alembic import op

from sonae.core.errors import SonaeError
from sonae.store.console_schema import CONSOLE
from sonae.store.schema import METADATA

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their indexes as they were at this version."""
    METADATA.create_all(op.get_bind(), list(CONSOLE))


def downgrade() -> None:
    """Who saw what is not taken away."""
    raise SonaeError("the console's log is only added to; restore a backup instead")
