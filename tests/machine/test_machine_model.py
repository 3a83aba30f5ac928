"""Whatever a CRM goes through, in the end it holds what an evaluation from scratch says, and nothing else changed."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from fake_crm import OURS, SETTLE, Clock, Crm, config, coordinator, maker
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from leadsync.core.plan import same
from leadsync.store import evaluation, schema
from leadsync.sync.report import CycleReport

FIELDS = st.fixed_dictionaries(
    {}, optional={"Country": st.sampled_from(["PL", "DE", None]), "Title": st.sampled_from(["chief of all", "clerk"]),
                  "Email": st.sampled_from(["a@example.com", "b@example.com"]), "Note": st.sampled_from(["x", "y"])},
)  # fmt: skip
PICK = st.integers(0, 50)
FAULTS = st.lists(st.sampled_from(["before", "after", "half", "silent", "retry", "conflict"]), max_size=3)
LAG = st.sampled_from([timedelta(), timedelta(milliseconds=20), SETTLE / 2])


class Machine(RuleBasedStateMachine):
    """Reps work in the CRM, it fails at times, days pass, leadsync comes by."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.crm = Crm(self.clock)
        self.config = config(self.folder, {"crm": maker(self.crm)})
        self.leadsync = coordinator(self.config, self.clock)
        self.others = self.crm.held(ours=False)

    def _pick(self, number: int, obj: str = "") -> tuple[str, str] | None:
        live = [(o, id_) for o in ([obj] if obj else OURS) for id_ in self.crm.live(o)]
        return live[number % len(live)] if live else None

    @initialize(rows=st.lists(FIELDS, min_size=1, max_size=5))
    def begin(self, rows: list[dict[str, str | None]]) -> None:
        for fields in rows:
            self.add("Lead", fields)

    @rule(obj=st.sampled_from(list(OURS)), fields=FIELDS)
    def add(self, obj: str, fields: dict[str, str | None]) -> None:
        self.crm.add(obj, fields)

    @rule(number=PICK, fields=FIELDS)
    def a_rep_edits(self, number: int, fields: dict[str, str | None]) -> None:
        if (picked := self._pick(number)) and fields:
            self.crm.edit(*picked, **fields)

    @rule(number=PICK, value=st.sampled_from([None, 0, 99, "73"]))
    def a_rep_overwrites_our_score(self, number: int, value: str | int | None) -> None:
        if picked := self._pick(number):
            self.crm.edit(*picked, Score=value)

    @rule(number=PICK, age=st.integers(0, 20))
    def somebody_calls(self, number: int, age: int) -> None:
        if picked := self._pick(number):
            obj, id_ = picked
            when = (self.clock.now() - timedelta(days=age)).isoformat()
            self.crm.add("Call", {"When": when}, **{obj: (id_,)})

    @rule(number=PICK)
    def a_row_is_deleted(self, number: int) -> None:
        if picked := self._pick(number):
            self.crm.delete(*picked)

    @rule(number=PICK, other=PICK)
    def two_rows_are_merged(self, number: int, other: int) -> None:
        picked, into = self._pick(number, "Lead"), self._pick(other, "Lead")
        if picked and into and picked != into:
            self.crm.move(*picked, *into)

    @rule(number=PICK, fields=FIELDS)
    def a_lead_is_converted(self, number: int, fields: dict[str, str | None]) -> None:
        if picked := self._pick(number, "Lead"):
            self.crm.move(*picked, "Contact", self.crm.add("Contact", fields))

    @rule(number=PICK)
    def a_row_begins_to_refuse(self, number: int) -> None:
        if picked := self._pick(number):
            self.crm.poisoned.add(picked)

    @rule(days=st.integers(1, 15))
    def days_pass(self, days: int) -> None:
        self.clock.pass_(timedelta(days=days))

    @rule()
    def minutes_pass(self) -> None:
        self.clock.pass_(timedelta(minutes=3))

    @rule(faults=FAULTS, lag=LAG)
    def leadsync_comes_by(self, faults: list[str], lag: timedelta) -> None:
        self.crm.faults, self.crm.lag = faults, lag
        self._cycle()

    @rule(number=PICK, country=st.sampled_from(["PL", "DE"]), faults=FAULTS, lag=LAG)
    def a_rep_edits_just_before(self, number: int, country: str, faults: list[str], lag: timedelta) -> None:
        self.a_rep_edits(number, {"Country": country})
        self.leadsync_comes_by(faults, lag)

    @rule()
    def restart(self) -> None:
        self.leadsync.close()
        self.leadsync = coordinator(self.config, self.clock)

    def _cycle(self) -> CycleReport:
        before = self.crm.held(ours=False)
        report = self.leadsync.cycle()
        assert self.crm.held(ours=False) == before, "a field that is not ours was changed"
        return report

    @invariant()
    def each_record_is_in_one_lead(self) -> None:
        with self.leadsync.store.begin() as db:
            records = db.execute(schema.records.select()).all()
            opened = db.execute(schema.membership.select().where(schema.membership.c.closed_at.is_(None))).all()
        assert sorted((m.record_id, m.lead_id) for m in opened) == sorted(
            (r.id, r.lead_id) for r in records if r.lead_id is not None
        )

    def teardown(self) -> None:
        try:
            self._comes_to_rest()
        finally:
            self.leadsync.close()
            shutil.rmtree(self.folder)

    def _comes_to_rest(self) -> None:
        self.crm.faults, self.crm.lag = [], timedelta()
        for _ in range(4):
            self.clock.pass_(2 * SETTLE)
            report = self._cycle().connections["crm"]
        assert report.error is None
        written = len(self.crm.writes)
        report = self._cycle().connections["crm"]
        assert (report.written, report.rejected, report.evaluated) == (0, 0, 0), "no cycle of its own is needed now"
        assert len(self.crm.writes) == written
        wanted, held = self._from_scratch(), self.crm.held(ours=True)
        for key, words in wanted.items():
            if key not in self.crm.poisoned:
                told = {name: held[key].get(name) for name in words}
                assert all(same(told[name], words[name]) for name in words), (key, told, words)
        assert self.crm.needless == []
        with self.leadsync.store.begin() as db:
            assert not [w for w in db.execute(schema.writes.select()) if w.state in ("planned", "sent")]

    def _from_scratch(self) -> dict[tuple[str, str], dict[str, object]]:
        """What a leadsync that never saw this CRM before would have it hold."""
        with tempfile.TemporaryDirectory() as folder:
            fresh = coordinator(config(Path(folder), {"crm": maker(self.crm)}, live=False), self.clock)
            try:
                fresh.cycle()
                with fresh.store.begin() as db:
                    sources = {s.id: s.object for s in db.execute(schema.sources.select())}
                    rows = [r for r in db.execute(schema.records.select()) if r.lead_id and not r.gone_at and r.fields]
                    found = evaluation.material(fresh.store, sorted({r.lead_id for r in rows})).results
            finally:
                fresh.close()
        words = {"Score": "score", "Heat": "temperature", "Why": "reasons"}
        return {
            (sources[r.source_id], r.ext_id): {name: found[r.lead_id].words[word] for name, word in words.items()}
            for r in rows
        }


Machine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TestMachine = Machine.TestCase
