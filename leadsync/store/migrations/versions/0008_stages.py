"""What is kept of the stage of a lead, and every stage that it came to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add."""
    op.add_column("results", sa.Column("place", sa.Text(), nullable=True))
    op.create_table(
        "transitions",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transitions_lead", "transitions", ["lead_id"])
