"""Marks by record: a lead that is evaluated is rid of all of them at once."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add."""
    op.create_index("ix_dirty_record", "dirty", ["record_id"])
