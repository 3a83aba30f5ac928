"""The tables. Their types are in `column_types`.

Rows get their ids from the one process that holds the lease, so that a page is written without asking for them.
"""

import sqlalchemy as sa

from leadsync.store.column_types import Id, Json, Moment

metadata = sa.MetaData()


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True, autoincrement=False)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", Json),
)

sources = sa.Table(  # one object of one connection: where reading has come to
    "sources",
    metadata,
    _id(),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("fields", Json),  # asked for; new ones start the backfill again
    sa.Column("head_at", Moment),  # the fast pass
    sa.Column("head_id", sa.Text),
    sa.Column("settled_at", Moment),  # the delayed pass
    sa.Column("settled_id", sa.Text),
    sa.Column("backfill_token", sa.Text),
    sa.Column("backfilled_at", Moment),  # None: the backfill is not finished
    sa.Column("deleted_at", Moment),  # up to when the list of deleted rows was read, where the stream lacks them
    sa.Column("swept_at", Moment),  # when a census of all rows ended last
    sa.Column("history", Json),  # what was asked of the CRM's own history: {fields, last, upto}
    sa.UniqueConstraint("connection", "object"),
)

census = sa.Table(  # the rows that a census under way has seen
    "census",
    metadata,
    sa.Column("source_id", Id, primary_key=True, autoincrement=False),
    sa.Column("ext_id", sa.Text, primary_key=True),
)

leads = sa.Table(
    "leads",
    metadata,
    _id(),
    sa.Column("known_at", Moment, nullable=False),
)

records = sa.Table(  # a row whose `fields` are null was only heard of: an activity or a conversion came before it
    "records",
    metadata,
    _id(),
    sa.Column("source_id", Id, nullable=False),
    sa.Column("ext_id", sa.Text, nullable=False),
    sa.Column("lead_id", Id),
    sa.Column("company_id", Id),
    sa.Column("fields", Json),  # as last seen
    sa.Column("facts", Json),
    sa.Column("ours", Json),  # field → [what we had confirmed last, when: µs since 1970, what other value before it]
    sa.Column("refused", Json),  # field → what the CRM refused last
    sa.Column("created_at", Moment),
    sa.Column("modified_at", Moment),
    sa.Column("known_at", Moment),
    sa.Column("wrote_at", Moment),  # when our last write was confirmed (our clock)
    sa.Column("wrote_stamp", Moment),  # and the CRM's own stamp of it
    sa.Column("gone_at", Moment),
    sa.Column("moved_to", Id),
    sa.UniqueConstraint("source_id", "ext_id"),
    sa.Index("ix_records_lead", "lead_id"),
    sa.Index("ix_records_company", "company_id"),
)

keys = sa.Table(  # hashes of what records are found by: see core/keys.py
    "keys",
    metadata,
    sa.Column("hash", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("of", sa.SmallInteger, primary_key=True, autoincrement=False),  # 0 a person, 1 a company
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),
    sa.Index("ix_keys_record", "record_id"),
    sqlite_with_rowid=False,
)

membership = sa.Table(
    "membership",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("lead_id", Id, nullable=False),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Index("ix_membership_record", "record_id"),
)

changes = sa.Table(  # append-only: fields as they became; the first row of a record has them all
    "changes",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("happened_at", Moment, nullable=False),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Index("ix_changes_record", "record_id"),
)

activities = sa.Table(
    "activities",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),  # whose it is
    sa.Column("source_id", Id, nullable=False),
    sa.Column("ext_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("happened_at", Moment, nullable=False),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),  # no longer true: changed or removed in the CRM
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("topic", sa.Text),
    sa.Index("ix_activities_record", "record_id"),
    sa.Index("ix_activities_source", "source_id", "ext_id"),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("source_id", Id, nullable=False),
    sa.Column("ext_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("happened_at", Moment),
    sa.Column("amount", sa.Float),
    sa.Column("known_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Index("ix_outcomes_record", "record_id"),
    sa.Index("ix_outcomes_source", "source_id", "ext_id"),
)

owners = sa.Table(
    "owners",
    metadata,
    _id(),
    sa.Column("source_id", Id, nullable=False),
    sa.Column("ext_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # person | queue
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("language", sa.Text),  # two letters
    sa.UniqueConstraint("source_id", "ext_id"),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("lead_id", Id, primary_key=True, autoincrement=False),
    sa.Column("evaluated_at", Moment, nullable=False),
    sa.Column("words", Json, nullable=False),  # score, temperature, stage, owner, reasons …
    sa.Column("temperature", sa.Text),  # two of the words again, to count by
    sa.Column("stage", sa.Text),
    sa.Column("parts", Json, nullable=False),
    sa.Column("rep", sa.Text),  # whose open lead it is
    sa.Column("due_at", Moment),  # when time alone changes the result next
    sa.Column("place", Json),  # what is kept of its stage: since when, held or asleep until, set by people
    sa.Index("ix_results_due", "due_at"),
    sa.Column("waits_for", sa.Text),  # the rule of routing whose reps it waits for
    sa.Column("waits", sa.Integer),  # and its score: the best goes first
    sa.Index("ix_results_rep", "rep"),
    sa.Index("ix_results_waits", "waits_for", "waits"),
)

golden = sa.Table(  # what evaluation made of the records of each buyer, for whoever asks about many of them at once
    "golden",
    metadata,
    sa.Column("lead_id", Id, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Integer, nullable=False),  # as of which it was evaluated: days since 1970
    sa.Column("stage", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),  # JSON: word → value
    sa.Column("activities", sa.Text, nullable=False),  # JSON: those that count, column by column
    sa.Column("digest", sa.BigInteger, nullable=False),  # of its score: see core/score_digest.py
    sa.Column("due", sa.Integer),  # when that changes by time alone, in days since 1970
    sa.Column("ended", sa.Boolean, nullable=False),  # it came to an outcome, and keeps the score of its result
)

scores = sa.Table(  # what leads come to by rules of scoring that they have not been evaluated by yet
    "scores",
    metadata,
    sa.Column("lead_id", Id, primary_key=True, autoincrement=False),
    sa.Column("temperature", sa.Text, nullable=False),  # one of the words again, to count by
    sa.Column("words", sa.Text, nullable=False),  # JSON: score, fit, grade …
    sa.Column("parts", sa.Text, nullable=False),  # JSON: no score stands without what it is the sum of
)

transitions = sa.Table(  # every stage that a lead came to, and why; append-only
    "transitions",
    metadata,
    _id(),
    sa.Column("lead_id", Id, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("gate", sa.Text, nullable=False),  # the version of the gate that let it through
    sa.Index("ix_transitions_lead", "lead_id"),
)

decisions = sa.Table(  # whose each lead became, and why; append-only
    "decisions",
    metadata,
    _id(),
    sa.Column("lead_id", Id, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("owner", sa.Text),  # by e-mail; null: nobody
    sa.Column("rep", sa.Text),  # by name, where it is one of the file
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("company", sa.BigInteger),  # the key of the company
    sa.Column("proof", Json, nullable=False),
    sa.Index("ix_decisions_lead", "lead_id"),
    sa.Index("ix_decisions_company", "company"),
)

turns = sa.Table(  # what each rep is owed by rotation, in billionths of a lead
    "turns",
    metadata,
    sa.Column("rep", sa.Text, primary_key=True),
    sa.Column("owed", sa.BigInteger, nullable=False),
)

writes = sa.Table(
    "writes",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("fields", Json, nullable=False),  # field → [before, after]
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # planned sent | applied unchanged conflict rejected gone dropped
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Column("done_at", Moment),
    sa.Column("code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("job", sa.Text),  # the bulk job that carries it
    sa.Index("ix_writes_record", "record_id"),
    sa.Index("ix_writes_open", "state", sqlite_where=sa.text("state IN ('planned', 'sent')"),
             postgresql_where=sa.text("state IN ('planned', 'sent')")),
)  # fmt: skip

merges = sa.Table(  # rows that leadsync has had their CRM make one; never undone there
    "merges",
    metadata,
    _id(),
    sa.Column("record_id", Id, nullable=False),  # the row that stays
    sa.Column("other_id", Id, nullable=False),
    sa.Column("fields", Json, nullable=False),  # to be set then: field → [what the merge leaves, value]
    sa.Column("before", Json, nullable=False),  # what the two held
    sa.Column("state", sa.Text, nullable=False),  # sent | applied rejected dropped
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.Column("code", sa.Text),
    sa.Index("ix_merges_record", "record_id"),
    sa.Index("ix_merges_other", "other_id"),
)

dirty = sa.Table(  # a mark per touch; evaluation clears those up to the sequence that it read
    "dirty",
    metadata,
    sa.Column("seq", Id, primary_key=True, autoincrement=True),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("late", sa.SmallInteger, nullable=False),  # 1: of a backfill, after what has just happened; 2: a company
    sa.Column("points", sa.SmallInteger),  # 1: other rules of scoring, by which its golden record is what it was
    sa.Index("ix_dirty_order", "late", "seq"),
    sa.Index("ix_dirty_record", "record_id"),
    sqlite_autoincrement=True,
)

erasures = sa.Table(  # of whom: refs and names of fields, no values
    "erasures",
    metadata,
    _id(),
    sa.Column("erased_at", Moment, nullable=False),
    sa.Column("records", Json, nullable=False),  # a list of {connection, object, id, fields}
)

tombstones = sa.Table(  # salted digests of what was erased, and of rows that were not taken in because of it
    "tombstones",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("refused_at", Moment),  # of such a row: when it came first
)

mail_domains = sa.Table(  # what the DNS says of the domains of mailboxes
    "mail_domains",
    metadata,
    sa.Column("domain", sa.Text, primary_key=True),
    sa.Column("answer", sa.Text),  # null: it was not asked yet
    sa.Column("since", Moment),  # when it said so first
    sa.Column("told_at", Moment),  # and last
    sa.Column("due_at", Moment, nullable=False),  # when to ask again
    sa.Index("ix_mail_domains_due", "due_at"),
)

review = sa.Table(  # what waits for a person, and what was decided
    "review",
    metadata,
    _id(),
    sa.Column("kind", sa.Text, nullable=False),  # list | pair
    sa.Column("record_id", Id, nullable=False),  # a record of the lead that it is about
    sa.Column("other_id", Id),  # another record that it is about
    sa.Column("result", sa.Text, nullable=False),  # hold: to be decided | refuse: so by the rules, until they change
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("found_at", Moment, nullable=False),
    sa.Column("decision", sa.Text),  # accepted | rejected; of pairs same | different | later
    sa.Column("decided_at", Moment),
    sa.Column("decided_by", sa.Text),
    sa.Column("evidence", sa.Text),  # what the two said when they were told apart
    sa.Column("again_at", Moment),  # since when it is to be decided again, since they say something else
    sa.Index("ix_review_record", "record_id"),
    sa.Index("ix_review_other", "other_id"),
)

match_records = sa.Table(  # what matching has compared of a record
    "match_records",
    metadata,
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.BigInteger),  # of what it said; null: its lead is to be worked out again
    sa.Column("body", Json, nullable=False),  # features, and the terms that follow from them
)

match_keys = sa.Table(  # what records are found by: see core/match/keys.py
    "match_keys",
    metadata,
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

match_terms = sa.Table(  # how many records have a value; term 0: how many there are
    "match_terms",
    metadata,
    sa.Column("term", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("most", sa.Integer, nullable=False),  # the most there were since all was weighed anew: weights know this
    sqlite_with_rowid=False,
)

match_edges = sa.Table(  # likely pairs, the smaller id first
    "match_edges",
    metadata,
    sa.Column("left_id", Id, primary_key=True, autoincrement=False),
    sa.Column("right_id", Id, primary_key=True, autoincrement=False),
    sa.Column("weight", sa.Float, nullable=False),  # bits
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("evidence", Json, nullable=False),  # [field, level, bits, how many have the value], the prior first
    sa.Column("asked", sa.SmallInteger, nullable=False),  # 1: they share no key; others of their leads do
    sa.Index("ix_match_edges_right", "right_id"),
)

match_edge_terms = sa.Table(  # the counted values that a pair's weight depends on
    "match_edge_terms",
    metadata,
    sa.Column("term", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("left_id", Id, primary_key=True, autoincrement=False),
    sa.Column("right_id", Id, primary_key=True, autoincrement=False),
    sa.Index("ix_match_edge_terms_pair", "left_id", "right_id"),
    sqlite_with_rowid=False,
)

bonds = sa.Table(  # a record that is one with another, as its CRM says
    "bonds",
    metadata,
    sa.Column("record_id", Id, primary_key=True, autoincrement=False),
    sa.Column("to_id", Id, nullable=False),
    sa.Index("ix_bonds_to", "to_id"),
)

lead_aliases = sa.Table(  # where a lead went that has no records any more
    "lead_aliases",
    metadata,
    sa.Column("lead_id", Id, primary_key=True, autoincrement=False),
    sa.Column("into_id", Id, nullable=False),
    sa.Index("ix_lead_aliases_into", "into_id"),
)

lead_events = sa.Table(  # append-only: leads that became one, and leads that split off
    "lead_events",
    metadata,
    _id(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # merged into other | split off other | moved: some to other
    sa.Column("lead_id", Id, nullable=False),
    sa.Column("other_id", Id, nullable=False),
    sa.Column("records", Json, nullable=False),  # those that moved
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("taken_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    _id(),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("report", Json, nullable=False),
)
