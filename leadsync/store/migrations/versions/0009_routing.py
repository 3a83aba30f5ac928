"""Whose leads are, with the proof; how the turns of the reps stand; who waits for a rep."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add."""
    op.add_column("results", sa.Column("waits_for", sa.Text(), nullable=True))
    op.add_column("results", sa.Column("waits", sa.Integer(), nullable=True))
    op.create_index("ix_results_waits", "results", ["waits_for", "waits"])
    op.create_table(
        "decisions",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("company", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decisions_lead", "decisions", ["lead_id"])
    op.create_index("ix_decisions_company", "decisions", ["company"])
    op.create_table(
        "turns",
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rep"),
    )
