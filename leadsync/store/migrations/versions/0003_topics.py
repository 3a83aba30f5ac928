"""What activities were about, and which language owners read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add."""
    op.add_column("activities", sa.Column("topic", sa.Text(), nullable=True))
    op.add_column("owners", sa.Column("language", sa.Text(), nullable=True))
