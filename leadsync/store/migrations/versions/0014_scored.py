"""What leads are scored with stands beside the other words of their results; and when that changes by time alone beside
its digest, which told it before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add. Until a lead is evaluated its words hold all; none of the digests that are there is one of the new ones, so
    the next rules of scoring have everybody evaluated."""
    op.add_column("results", sa.Column("scored", sa.Text(), nullable=True))
    op.add_column("golden", sa.Column("due", sa.Integer(), nullable=True))
