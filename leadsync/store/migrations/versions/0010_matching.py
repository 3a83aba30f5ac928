"""Which records are one lead: what was compared, how likely pairs are, and what became of leads."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add. Records that share a lead do so because their CRM says so: that is kept."""
    op.create_table(
        "match_records",
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_table(
        "match_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "record_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match_terms",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match_edges",
        sa.Column("left_id", ID, autoincrement=False, nullable=False),
        sa.Column("right_id", ID, autoincrement=False, nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("asked", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("left_id", "right_id"),
    )
    op.create_index("ix_match_edges_right", "match_edges", ["right_id"])
    op.create_table(
        "match_edge_terms",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("left_id", ID, autoincrement=False, nullable=False),
        sa.Column("right_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "left_id", "right_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_edge_terms_pair", "match_edge_terms", ["left_id", "right_id"])
    op.create_table(
        "bonds",
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("ix_bonds_to", "bonds", ["to_id"])
    op.execute(
        "INSERT INTO bonds (record_id, to_id) SELECT r.id, f.first FROM records r JOIN "
        "(SELECT lead_id, MIN(id) AS first FROM records WHERE lead_id IS NOT NULL GROUP BY lead_id) f "
        "ON f.lead_id = r.lead_id WHERE r.id <> f.first"
    )
    op.create_table(
        "lead_aliases",
        sa.Column("lead_id", ID, autoincrement=False, nullable=False),
        sa.Column("into_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("lead_id"),
    )
    op.create_index("ix_lead_aliases_into", "lead_aliases", ["into_id"])
    op.create_table(
        "lead_events",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
