"""Rows that leadsync has had their CRM make one; what decisions on pairs rest on, and when these wait again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add."""
    op.create_table(
        "merges",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_merges_record", "merges", ["record_id"])
    op.create_index("ix_merges_other", "merges", ["other_id"])
    op.add_column("review", sa.Column("evidence", sa.Text(), nullable=True))
    op.add_column("review", sa.Column("again_at", sa.BigInteger(), nullable=True))
