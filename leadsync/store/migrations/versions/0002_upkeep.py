"""Deletions, censuses, history and bulk jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add."""
    op.create_table(
        "census",
        sa.Column("source_id", ID, autoincrement=False, nullable=False),
        sa.Column("ext_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "ext_id"),
    )
    op.add_column("sources", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.add_column("sources", sa.Column("swept_at", sa.BigInteger(), nullable=True))
    op.add_column("sources", sa.Column("history", sa.Text(), nullable=True))
    op.add_column("writes", sa.Column("job", sa.Text(), nullable=True))
