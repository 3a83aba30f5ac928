"""What leaves an account unseen, what it remembers, how many requests may be sent, and whose clock counts."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_crm import MAPPING, Clock, Connection, Crm, Open, config, coordinator, held, maker, problems, rows

from leadsync.core.mapping import CrmMapping, Kind, ObjectMapping
from leadsync.errors import AuthLost, NotFound
from leadsync.store import left_out, schema
from leadsync.sync.messages import Polled, Written
from leadsync.types import (
    Capabilities,
    FieldSchema,
    ObjectSchema,
    Page,
    Past,
    Quota,
    Role,
)

MINUTES, HOURS, DAY = timedelta(minutes=6), timedelta(hours=1), timedelta(days=1, minutes=1)


@pytest.fixture
def crm(clock: Clock) -> Crm:
    found = Crm(clock)
    for country in ("PL", "VN", "DE", "PL"):
        found.add("Lead", {"Country": country, "Email": "a@example.com"})
    return found


# what leaves unseen, what changes unseen


def test_a_census_finds_what_is_gone_for_good_and_what_was_missed(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.purge("Lead", "L0")
    leadsync.cycle()
    r = schema.records.c
    gone = sa.select(r.ext_id).where(r.gone_at.is_not(None))
    assert rows(leadsync, gone) == []
    missed = crm.add("Lead", {"Country": "PL"})
    crm.rows["Lead"][missed].versions[-1] = (clock.now() - timedelta(days=30), {"Country": "PL"})
    clock.pass_(DAY)
    leadsync.cycle()
    leadsync.cycle()
    assert rows(leadsync, gone) == [("L0",)]
    assert crm.rows["Lead"][missed].fields.get("Score") == 10
    assert rows(leadsync, sa.select(schema.census)) == []


def test_rows_that_could_not_be_read_are_asked_for_again_and_forgotten_once_they_are_gone(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    named = (Kind("call_in", replace(MAPPING.reads["Call"].kinds[0].when, wanted={"When": frozenset({"call_in"})})),)
    mapping = CrmMapping({**MAPPING.reads, "Call": replace(MAPPING.reads["Call"], kinds=named)}, MAPPING.writes)
    for _ in range(2):
        crm.add("Call", {"When": "call_inn"}, Lead=("L1",))
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}, mapping=mapping))
    for gone, left in (((), 2), (("T0",), 1), ((), 1)):
        for id_ in gone:
            crm.purge("Call", id_)
        clock.pass_(DAY)
        leadsync.cycle()
        leadsync.cycle()
        with leadsync.store.reading() as db:
            assert [each["rows"] for each in left_out.summary(db, 1)] == [left]


def test_a_census_costs_nothing_until_a_day_has_passed(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    for _ in range(4):
        leadsync.cycle()
        clock.pass_(timedelta(minutes=15))
    report = leadsync.cycle().connections["crm"]
    assert report.api_calls <= 2 * len(crm.rows), "one request per object, and one more for the delayed pass"


def test_calculated_fields_are_read_again_though_no_row_was_touched(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    crm.columns["Lead"]["Country"] = FieldSchema("Country", "text", writable=False, calculated=True)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    leadsync.cycle()
    crm.calculate("Lead", "L2", Country="PL")
    leadsync.cycle()
    assert held(crm, "Score")[2] == 0
    clock.pass_(DAY)
    leadsync.cycle()
    leadsync.cycle()
    assert held(crm, "Score")[2] == 10


class Binned(Connection):
    """A CRM whose stream does not tell of deletions, but which has a bin to look into."""

    looked = 0

    def changes(self, asks: Any, until: datetime) -> Any:
        for page in super().changes(asks, until):
            yield replace(page, gone=()) if isinstance(page, Page) else page

    def deleted(self, obj: str, since: datetime) -> Iterator[Page]:
        Binned.looked += 1
        found = [row.left for row in self.crm.rows[obj].values() if row.left_at and row.left_at >= since]
        yield Page(obj, (), self.now(), gone=found)  # type: ignore[arg-type]


def test_the_bin_is_looked_into_now_and_then(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Binned(crm)}))
    leadsync.cycle()
    leadsync.cycle()
    crm.delete("Lead", "L3")
    looked = Binned.looked
    leadsync.cycle()
    assert Binned.looked == looked
    clock.pass_(timedelta(minutes=11))
    leadsync.cycle()
    r = schema.records.c
    assert rows(leadsync, sa.select(r.ext_id).where(r.gone_at.is_not(None))) == [("L3",)]


# what the CRM remembers


class Remembering(Connection):
    """Every country was DE two days before."""

    asked: list[str] = []  # noqa: RUF012

    def history(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Sequence[Past]]:
        Remembering.asked += ids
        before = datetime(2026, 2, 28, tzinfo=self.now().tzinfo)
        return {id_: [Past("Country", "DE", before)] for id_ in ids if "Country" in fields}


def test_the_past_of_what_scoring_reads_is_asked_for_once(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    Remembering.asked.clear()
    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Remembering(crm)}))
    for _ in range(4):
        leadsync.cycle()
    assert sorted(Remembering.asked) == ["L0", "L1", "L2", "L3"]
    c = schema.changes.c
    told = rows(leadsync, sa.select(c.happened_at, c.known_at, c.fields).order_by(c.record_id, c.happened_at))
    first, second = told[0], told[1]
    assert first.fields == {"Country": "DE"}
    assert first.happened_at < first.known_at
    assert second.happened_at == second.known_at, "what a first load finds is known from then on"


# requests


def test_leadsync_stops_where_the_rest_of_the_day_belongs_to_people(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.quota = Quota(0, 800, 1000)
    crm.edit("Lead", "L2", Country="PL")
    report = leadsync.cycle().connections["crm"]
    assert report.waiting is not None
    assert report.waiting.until.minute == 0
    assert "75 %" in report.waiting.reason
    assert report.body()["quota"] == {"used": 800, "limit": 1000}
    calls = report.api_calls
    assert calls == 1, "one look is enough to know"
    assert leadsync.cycle().connections["crm"].api_calls == 0
    crm.quota = Quota(0, 100, 1000)
    clock.pass_(HOURS)
    leadsync.cycle()
    leadsync.cycle()
    assert held(crm, "Score")[2] == 10


def test_leadsync_sends_no_more_than_its_own_share(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    crm.quota = Quota(0, 0, 100)
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    sent = 0
    for _ in range(60):
        sent += leadsync.cycle().connections["crm"].api_calls
        clock.pass_(timedelta(seconds=30))
    assert 20 <= sent <= 28, "25 % of 100, give or take what was under way"
    leadsync.close()
    again = opened(config(tmp_path, {"crm": maker(crm)}))
    assert again.cycle().connections["crm"].api_calls <= 1, "a restart does not forget"
    clock.pass_(timedelta(hours=25))
    assert again.cycle().connections["crm"].api_calls > 1


# rows that follow a person


class Deals(Connection):
    """A sales lead is a row of its own, which belongs to a person."""

    capabilities = Capabilities({**Connection.capabilities.objects, "Deal": Role.LEAD}, 3, timedelta(minutes=5))


def test_a_row_of_a_person_belongs_to_that_persons_lead(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    crm.rows["Deal"] = {}
    crm.columns["Deal"] = {}
    mapping = CrmMapping({**MAPPING.reads, "Deal": ObjectMapping("Deal", Role.LEAD)}, MAPPING.writes)
    crm.add("Deal", {}, Lead=("L1",))
    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Deals(crm)}, mapping=mapping))
    leadsync.cycle()
    r = schema.records.c

    def lead(ext_id: str) -> Any:
        return rows(leadsync, sa.select(r.lead_id).where(r.ext_id == ext_id))

    assert lead("D0") == lead("L1")
    crm.rows["Deal"]["D0"].links = {"Lead": ("L2",)}
    crm.edit("Deal", "D0", Note="handed on")
    leadsync.cycle()
    assert lead("D0") == lead("L2")
    assert lead("L1") != lead("L2")


def test_an_object_that_the_account_gets_while_leadsync_runs_is_read_from_then_on(
    tmp_path: Path, crm: Crm, opened: Open
) -> None:
    class Growing(Deals):
        capabilities = replace(Deals.capabilities, optional=frozenset({"Deal"}))

        def describe(self, obj: str) -> ObjectSchema:
            if obj not in crm.columns:
                raise NotFound(f"this account has no {obj}")
            return super().describe(obj)

    mapping = CrmMapping({**MAPPING.reads, "Deal": ObjectMapping("Deal", Role.LEAD)}, MAPPING.writes)
    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Growing(crm)}, mapping=mapping))
    assert problems(leadsync) == []
    crm.rows["Deal"], crm.columns["Deal"] = {}, {}
    crm.add("Deal", {}, Lead=("L1",))
    for _ in range(2):  # the first one sees that it is there
        assert problems(leadsync) == []
    r = schema.records.c
    told = dict(map(tuple, rows(leadsync, sa.select(r.ext_id, r.lead_id))))
    assert told["D0"] == told["L1"]


def test_a_write_confirmed_before_an_edit_was_read_does_not_hide_it(
    tmp_path: Path, crm: Crm, clock: Clock, opened: Open
) -> None:
    """The answer of a write lies waiting while a rep edits the same field and the next page is read."""

    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.begin_cycle()
    leadsync.poll("crm", whole=True)
    while leadsync.connections.polling:
        leadsync.take_in(0.5)
    leadsync.evaluate_some()
    written = lambda: [m for m in list(leadsync.inbox.queue) if isinstance(m, Written)]  # noqa: E731
    while len(written()) < 2:
        time.sleep(0.001)
    crm.edit("Lead", "L0", Score=99)  # after the write, before its answer is stored
    leadsync.poll("crm", whole=True)
    while not isinstance(list(leadsync.inbox.queue)[-1], Polled):
        time.sleep(0.001)
    while not leadsync.quiet:
        leadsync.take_in(0.5)
    leadsync.end_cycle()
    r = schema.records.c
    (seen,) = rows(leadsync, sa.select(r.fields).where(r.ext_id == "L0"))
    assert seen.fields["Score"] == 99


# clocks, and connections that are not asked in every round


def test_a_clock_that_is_ahead_of_the_crms_loses_nothing(tmp_path: Path, crm: Crm, clock: Clock, opened: Open) -> None:
    ahead = timedelta(minutes=20)

    class Ours:
        def now(self) -> datetime:
            return clock.now() + ahead

        def sleep(self, seconds: float) -> None:
            clock.sleep(seconds)

    leadsync = coordinator(config(tmp_path, {"crm": maker(crm)}), Ours())  # type: ignore[arg-type]
    try:
        leadsync.cycle()
        crm.edit("Lead", "L2", Country="PL")
        leadsync.cycle()
        assert held(crm, "Score")[2] == 10
    finally:
        leadsync.close()


def test_what_ails_a_connection_stands_until_it_is_asked_again(tmp_path: Path, crm: Crm, opened: Open) -> None:
    leadsync = opened(config(tmp_path, {"crm": maker(crm)}))
    leadsync.cycle()
    crm.unreadable["Call"] = AuthLost("the token lacks the scope calls", code="scope")
    assert problems(leadsync) == [("Call", "")]
    leadsync.begin_cycle()
    assert [p["object"] for p in leadsync.end_cycle().connections["crm"].problems] == ["Call"]
    crm.unreadable.clear()
    assert problems(leadsync) == []
