"""What records are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add; the keys of rows that are stored already follow once facts are derived again."""
    op.create_table(
        "keys",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("of", sa.SmallInteger(), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("hash", "of", "record_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_keys_record", "keys", ["record_id"])
