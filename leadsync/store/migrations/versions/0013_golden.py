"""What is known of each lead, as evaluation made it of its records."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add."""
    op.create_table(
        "golden",
        sa.Column("lead_id", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("activities", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id"),
    )
    op.add_column("dirty", sa.Column("points", sa.SmallInteger(), nullable=True))
    people = "SELECT id, 1 FROM records WHERE lead_id IS NOT NULL AND gone_at IS NULL ORDER BY id"
    op.execute(f"INSERT INTO dirty (record_id, late) {people}")  # evaluation makes them
