"""What leads come to by other rules of scoring, until they are evaluated; and the day on which a score changes by time
alone, which was part of its digest."""

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
    op.execute(  # nobody evaluates the others
        "DELETE FROM golden WHERE lead_id NOT IN "
        "(SELECT lead_id FROM records WHERE lead_id IS NOT NULL AND gone_at IS NULL)"
    )
