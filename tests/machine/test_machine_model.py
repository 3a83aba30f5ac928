"""Whatever a CRM goes through, in the end it holds what an evaluation from scratch says, and nothing else changed."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from fake_crm import OURS, SETTLE, Clock, Crm, config, coordinator, maker
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from leadsync.core.plan import same
from leadsync.store import evaluation, schema
from leadsync.sync.report import CycleReport
from leadsync.types import Moved

pytestmark = pytest.mark.slow
NUMBER = st.integers(0, 99)
ACTS = ("add", "edit", "edit", "edit", "call", "call", "overwrite", "delete", "merge", "convert", "poison", "nothing")
WORK = st.lists(st.tuples(st.sampled_from(ACTS), NUMBER, NUMBER), min_size=1, max_size=6)
FAULTS = st.lists(st.sampled_from(["", "before", "after", "half", "silent", "retry", "conflict"]), max_size=3)
LAG = st.sampled_from([timedelta(), timedelta(milliseconds=20), SETTLE / 2])
PAUSE = st.sampled_from([timedelta(), timedelta(minutes=3), timedelta(days=1), timedelta(days=9)])
WORDS = {"Score": "score", "Heat": "temperature", "Why": "reasons"}


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

    @initialize()
    def begin(self) -> None:
        for number in range(6):
            self._act("add", number, number)
        self._act("call", 0, 3)

    @rule(work=WORK, faults=FAULTS, lag=LAG, pause=PAUSE, restart=st.booleans())
    def people_work_and_leadsync_comes_by(
        self, work: list[tuple[str, int, int]], faults: list[str], lag: timedelta, pause: timedelta, restart: bool
    ) -> None:
        for what, a, b in work:
            self._act(what, a, b)
        self.crm.faults, self.crm.lag = faults, lag
        self._cycle()
        self.clock.pass_(pause)
        if restart:
            self.leadsync.close()
            self.leadsync = coordinator(self.config, self.clock)

    def _act(self, what: str, a: int, b: int) -> None:
        """One thing that people do; `a` picks the row, `b` the rest."""
        fields = {"Country": ("PL", "DE", None)[b % 3], "Title": ("chief of all", "clerk")[b % 2], "Note": str(b)}
        if what == "add":
            self.crm.add(("Lead", "Contact")[a % 2], fields)
        picked, lead, other = self._pick(a), self._pick(a, "Lead"), self._pick(b, "Lead")
        if picked and what == "edit":
            self.crm.edit(*picked, **fields)
        elif picked and what == "call":
            when = self.clock.now() - timedelta(days=b % 20)
            self.crm.add("Call", {"When": when.isoformat()}, **{picked[0]: (picked[1],)})
        elif picked and what == "overwrite":
            self.crm.edit(*picked, Score=(None, 0, 99, "73")[b % 4])
        elif picked and what == "delete" and b % 2:
            self.crm.delete(*picked)
        elif picked and what == "poison" and b % 2:
            self.crm.poisoned.add(picked)
        elif lead and what == "convert":
            self.crm.move(*lead, "Contact", self.crm.add("Contact", fields))
        elif lead and other and what == "merge" and lead != other:
            self.crm.move(*lead, *other)

    def _pick(self, number: int, obj: str = "") -> tuple[str, str] | None:
        live = [(o, id_) for o in ([obj] if obj else OURS) for id_ in self.crm.live(o)]
        return live[number % len(live)] if live else None

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
                told = held[key]
                assert same(told.get("Score"), words["Score"]), (key, told, words)
                assert told.get("Heat") == words["Heat"], (key, told, words)
                assert str(told.get("Why")).startswith(f"{words['Score']} ")  # its parts may have faded
        assert self.crm.needless == []
        with self.leadsync.store.begin() as db:
            assert not [w for w in db.execute(schema.writes.select()) if w.state in ("planned", "sent")]
            sources = {s.id: s.object for s in db.execute(schema.sources.select())}
            people = {(sources[r.source_id], r.ext_id): r for r in db.execute(schema.records.select()) if r.lead_id}
        assert {key for key, r in people.items() if r.gone_at is None} == set(held)
        for (obj, id_), record in people.items():
            if isinstance(left := self.crm.rows[obj][id_].left, Moved):
                assert record.lead_id == people[left.to_object, left.to_id].lead_id, "moved, and yet two leads"

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
        return {
            (sources[r.source_id], r.ext_id): {name: found[r.lead_id].words[word] for name, word in WORDS.items()}
            for r in rows
        }


Machine.TestCase.settings = settings(
    max_examples=10, stateful_step_count=12, deadline=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TestMachine = Machine.TestCase
