"""What the DNS says of the domains of mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add."""
    op.create_table(
        "mail_domains",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_index("ix_mail_domains_due", "mail_domains", ["due_at"])
