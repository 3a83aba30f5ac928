"""What leads come to by other rules of scoring, until they are evaluated; and when a score changes by time alone beside
its digest, which told it before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add. None of the digests that are there is one of the new ones: the next rules of scoring have everybody
    evaluated."""
    op.create_table(
        "scores",
        sa.Column("lead_id", ID, autoincrement=False, nullable=False),
        sa.Column("temperature", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id"),
    )
    op.add_column("golden", sa.Column("due", sa.Integer(), nullable=True))
