"""Erasing people: nothing of them is left in any byte, only digests and names of fields; and they do not come back."""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from store_kit import DAY, HOUR, MAPPING, MINUTE, NOW, Kit, record

from leadsync.config.facts import usual_tables
from leadsync.core.mapping import CrmMapping, ReadField
from leadsync.errors import Busy, UsageError
from leadsync.store import erase, evaluation, runs, schema, upkeep
from leadsync.store.database import Store, open_store
from leadsync.store.evaluation import Decision
from leadsync.sync.erase import Eraser, Person
from leadsync.sync.pull import Pull
from leadsync.types import Gone, Moved, Past, Record, Role, WriteStatus

MAIL, OLD_MAIL, PHONE = "canary.mail@erased.example", "canary.former@erased.example", "+48221234567"
NAMES = {"latin": "Canaryname", "persian": "قناری‌نام", "cyrillic": "Канарейкина", "vietnamese": "Chim Hoàng Yến Ạ",
         "polish": "Kanarkówna-Żółć"}  # fmt: skip
NOTES = {script: f"about {name}, wants 17 pumps" for script, name in NAMES.items()}
CANARIES = [MAIL, OLD_MAIL, PHONE, "22 123 45 67", *NAMES.values(), *NOTES.values()]


def forms(canary: str) -> Iterator[bytes]:
    """A value as text, JSON or another case would have it."""
    for told in {canary, canary.lower(), canary.upper(), canary.title()}:
        escaped = json.dumps(told)[1:-1]
        for form in (told, escaped, escaped.replace("\\", "\\\\"), escaped.replace("\\u", "\\U")):
            yield form.encode()


def found_in(data: bytes) -> list[str]:
    return [canary for canary in CANARIES if any(form in data for form in forms(canary))]


def everything(store: Store, folder: Path) -> bytes:
    """Every byte of the files, and every column of every row as text."""
    with store.begin() as db:
        tables = sa.inspect(db).get_table_names()
        rows = [tuple(map(str, row)) for table in tables for row in db.execute(sa.text(f"SELECT * FROM {table}"))]
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"".join(["\n".join(map("\n".join, rows)).encode(), *files])


def reads(*kits: Kit, mapping: CrmMapping = MAPPING) -> Any:
    """As much of a configuration as an eraser looks at."""
    connections = {kit.connection: SimpleNamespace(mapping=mapping) for kit in kits}
    return SimpleNamespace(connections=connections, facts=SimpleNamespace(tables=usual_tables()))


def erased(kit: Kit, wanted: str) -> Person:
    eraser = Eraser(reads(kit), kit.store)
    found = eraser.person(wanted)
    eraser.erase(found, NOW)
    assert erase.scrub(kit.store)
    return found


def live(kit: Kit) -> Kit:
    """The same store, as the next process finds it."""
    return Kit(kit.store, kit.connection)


def known(kit: Kit) -> list[tuple[str, str]]:
    """What the store holds of people and companies."""
    names = {source.id: obj for obj, source in kit.sources.items()}
    return sorted((names[row.source_id], row.ext_id) for row in kit.rows(schema.records))


def fill(kit: Kit) -> None:
    """A person of two merged records and a converted one in every table, beside somebody else."""
    kit.keep("Account", record("A1", Name="Pumps Ltd", Employees=12))
    for number, (script, name) in enumerate(NAMES.items()):
        row = record(
            f"L{number}", Email=MAIL.upper() if number else OLD_MAIL, FirstName=name, Note=NOTES[script] * 200,
            Phone="22 123 45 67", Opens=number, LastOpen=NOW.isoformat(), links={"Account": ("A1",)}, Converted="true",
        )  # fmt: skip
        kit.keep("Lead", row)
        if number:
            kit.keep("Lead", moved=(Moved(f"L{number}", "Lead", "L0", "merged", NOW),))
    kit.keep("Lead", record("L0", Email=MAIL, FirstName=NAMES["latin"], Note="x", Phone=PHONE, Opens=9,
                            LastOpen=NOW.isoformat()), now=NOW + MINUTE)  # fmt: skip
    kit.keep("Lead", moved=(Moved("L0", "Contact", "C1", "converted", NOW),))
    kit.keep("Contact", record("C1", Email=MAIL, Note=NOTES["persian"]), record("C2", Email="other@example.com"))
    kit.keep(
        "Task",
        *(record(f"T{n}", links={"Contact": ("C1",)}, Type="in", Subject=note, Topic=note, When=NOW.isoformat())
          for n, note in enumerate(NOTES.values())),
        replace(record("T8", links={"Contact": ("C1",)}, Type="in", When=MAIL), created_at=None),  # is left out
        record("T9", links={"Contact": ("C1", "C2")}, Type="in", Subject=NOTES["latin"], Topic=NAMES["polish"],
               When=NOW.isoformat()),
    )  # fmt: skip
    kit.keep("Deal", record("D1", links={"Contact": ("C1", "C2")}, Won="true", Closed=NOW.isoformat(), Amount=5))
    past = {kit.record("Lead", "L1").id: [Past("FirstName", NAMES["cyrillic"], NOW - DAY)]}
    with kit.store.begin():
        upkeep.keep_history(kit.store, past, NOW)
        upkeep.seen(kit.store, kit.sources["Contact"].id, ["C1", "C2"])
    kit.settle(kit.plan("Contact", "C1", Reasons=(NOTES["latin"], NOTES["polish"])), WriteStatus.APPLIED, stamp=NOW)
    kit.settle(kit.plan("Contact", "C1", Reasons=("", NOTES["cyrillic"])), WriteStatus.REJECTED, code="NO")
    with kit.store.begin() as db:
        db.execute(sa.update(schema.writes).values(message=f"{MAIL} is known", reason=NOTES["vietnamese"]))
    refused = kit.plan("Contact", "C2", Score=(1, 2))
    kit.settle(refused, WriteStatus.REJECTED, code="DUPLICATE")
    other = kit.result(kit.lead("Contact", "C2"))
    result = kit.result(kit.lead("Contact", "C1"), owner="rep@example.com", reasons=NOTES["persian"])
    with kit.store.begin() as db:
        told = f"duplicates {json.dumps(NAMES['persian'])} {MAIL.title()}"
        db.execute(sa.update(schema.writes).where(schema.writes.c.id == refused.id).values(message=told))
        part = json.dumps([{"name": "met", "what": NOTES["polish"]}])
        whole = evaluation.Stored(result.lead_id, result.words, part, "rep@example.com", NOW)
        evaluation.save(kit.store, [Decision(whole), Decision(other)], [], NOW)
        error = {"code": "x", "message": f"HTTP 500 for {NAMES['vietnamese']} <{MAIL}>", "fix": ""}
        runs.keep(kit.store, NOW, {"connections": {kit.connection: {"error": error, "problems": []}}})


def test_nothing_is_left_of_the_person(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    assert found_in(everything(kit.store, tmp_path)) == CANARIES

    found = erased(kit, MAIL)

    assert found_in(everything(kit.store, tmp_path)) == []
    assert known(kit) == [("Account", "A1"), ("Contact", "C2")]
    for table in (schema.leads, schema.results):
        assert len(kit.rows(table)) == 1
    assert {row.record_id for t in (schema.changes, schema.membership, schema.writes) for row in kit.rows(t)} == {
        kit.record("Contact", "C2").id, *(r.id for r in kit.rows(schema.records) if r.ext_id == "A1")
    }  # fmt: skip
    assert kit.told(schema.outcomes) == [("C2", "D1", "won")]
    assert {ref[1:] for ref in found.rows.values()} == {("Contact", "C1"), *(("Lead", f"L{n}") for n in range(5))}
    kit.store.close()
    assert found_in(b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())) == []


def test_who_took_part_in_an_activity_that_lost_its_text_is_evaluated_again(kit: Kit) -> None:
    fill(kit)
    kit.clear()
    erased(kit, MAIL)
    assert kit.marked() == {kit.lead("Contact", "C2")}


def test_what_is_kept_are_refs_and_names_of_fields(kit: Kit) -> None:
    kit.keep("Lead", record("L1", Email=MAIL, FirstName="", Note="hello", Score=None))
    kit.keep("Lead", record(f"row {OLD_MAIL}", Email=MAIL))
    erased(kit, MAIL)
    with kit.store.begin() as db:
        told = erase.summary(db, 10)
    assert told == {
        "erasures": [{"erased_at": NOW.isoformat(), "records": [
            {"connection": "crm", "object": "Lead", "id": "L1", "fields": ["Email", "Note"]},
            {"connection": "crm", "object": "Lead", "id": f"row {OLD_MAIL}", "fields": ["Email"]},
        ]}],
        "not_taken_in": 0,
    }  # fmt: skip


def test_an_id_that_is_the_address_is_not_kept_either(kit: Kit, tmp_path: Path) -> None:
    kit.keep("Lead", record(MAIL, Email=MAIL.title()), record("kept", Email="a@example.com"))
    with kit.store.begin():
        upkeep.seen(kit.store, kit.sources["Lead"].id, [MAIL, "kept"])  # a census is under way
    erased(kit, f"crm/Lead/{MAIL}")
    assert found_in(everything(kit.store, tmp_path)) == []
    again = live(kit)
    again.keep("Lead", record(MAIL, Email=""))
    assert known(again) == [("Lead", "kept")]


def test_pages_that_were_split_keep_nothing(tmp_path: Path) -> None:
    """Rows move between pages as they grow, and copies stay behind in them, even with `secure_delete`."""
    kit, sizes = Kit(open_store("sqlite:///leadsync.db", tmp_path)), random.Random(5)

    def row(number: int, times: int) -> Record:
        note = "x" * sizes.choice([10, 300, 900, 5000][: 4 if times else 3])
        return record(f"L{number}", Email=f"canary{number}v{times}@erased.example", Note=note, at=NOW + times * MINUTE)

    for start in range(0, 2000, 100):
        kit.keep("Lead", *(row(number, 0) for number in range(start, start + 100)))
    for times in range(1, 61):
        kit.keep("Lead", *(row(number, times) for number in sizes.sample(range(2000), 50)))
    erased_ones = set(sizes.sample(range(2000), 500))
    ids = {row.id for row in kit.rows(schema.records) if int(row.ext_id[1:]) in erased_ones}
    with kit.store.begin():
        erase.remove(kit.store, ids)
    kit.store.scrub()
    left = {int(number) for number in re.findall(rb"canary(\d+)v", everything(kit.store, tmp_path))}
    kit.store.close()
    assert left == {*range(2000)} - erased_ones


def test_what_dies_before_it_wipes_the_file_has_left_no_row_in_it(tmp_path: Path) -> None:
    kit = Kit(open_store("sqlite:///leadsync.db", tmp_path))
    fill(kit)
    eraser = Eraser(reads(kit), kit.store)
    eraser.erase(eraser.person(MAIL), NOW)
    kit.store.close()
    assert found_in((tmp_path / "leadsync.db").read_bytes()) == []


def test_a_store_that_somebody_reads_is_wiped_on_the_next_try(tmp_path: Path) -> None:
    kit = Kit(open_store("sqlite:///leadsync.db", tmp_path))
    kit.store.take_lease(NOW)
    fill(kit)
    eraser = Eraser(reads(kit), kit.store)
    reader = open_store("sqlite:///leadsync.db", tmp_path)
    sa.event.listen(kit.store.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1"))
    with reader.reading() as db:
        assert db.execute(sa.select(schema.records)).all()
        eraser.erase(eraser.person(MAIL), NOW)
        with pytest.raises(Busy, match="reads"):
            erase.scrub(kit.store)
    reader.close()
    assert erase.scrub(kit.store)
    assert not erase.scrub(kit.store)
    assert found_in(everything(kit.store, tmp_path)) == []
    kit.store.close()


# who is meant


def test_an_id_of_several_people_is_asked_about(opened: Callable[..., Store]) -> None:
    store = opened()
    one, two = Kit(store, "one"), Kit(store, "two")
    one.keep("Lead", record("7", Email="ann@example.com"))
    two.keep("Lead", record("7", Email="bob@example.com"))
    eraser = Eraser(reads(one, two), store)
    with pytest.raises(UsageError, match="several people have this id") as told:
        eraser.person("https://crm.example/7")
    assert "one/Lead/7, two/Lead/7" in str(told.value)
    assert list(eraser.person("two/Lead/7").rows.values()) == [("two", "Lead", "7")]
    assert list(eraser.person("bob@example.com").rows.values()) == [("two", "Lead", "7")]


def test_nobody(kit: Kit) -> None:
    with pytest.raises(UsageError, match="no lead has"):
        Eraser(reads(kit), kit.store).person("nobody@example.com")


def test_all_leads_with_an_address_of_theirs_go(opened: Callable[..., Store]) -> None:
    """The lead that is named had another address once; under that one the same person stands in another CRM."""
    store = opened()
    one, two = Kit(store, "one"), Kit(store, "two")
    one.keep("Lead", record("1", Email=OLD_MAIL))
    one.keep("Lead", record("1", Email=MAIL, at=NOW))
    two.keep("Contact", record("2", Email=OLD_MAIL), record("3", Email="else@example.com"))
    eraser = Eraser(reads(one, two), store)
    eraser.erase(eraser.person(MAIL), NOW)
    assert [row.ext_id for row in two.rows(schema.records)] == ["3"]


def test_all_spellings_of_their_mailbox_go_and_are_refused(kit: Kit) -> None:
    kit.keep("Lead", record("1", Email="can.ary@gmail.com"), record("2", Email="canary+x@googlemail.com"))
    kit.keep("Contact", record("3", Email="canary2@gmail.com"), record("4", Email=""))
    erased(kit, "can.ary@gmail.com")
    again = live(kit)
    again.keep("Lead", record("5", Email="CANARY@gmail.com"), record("6", Email="canar.y+z@gmail.com"))
    assert known(again) == [("Contact", "3"), ("Contact", "4")]
    assert refused(again) == 2


# they do not come back


@pytest.fixture
def gone(kit: Kit) -> Kit:
    """A store from which `fill`'s person was erased, as a later process finds it."""
    fill(kit)
    erased(kit, MAIL)
    return live(kit)


def refused(kit: Kit) -> int:
    with kit.store.begin() as db:
        return int(erase.summary(db, 1)["not_taken_in"])


@pytest.mark.parametrize(
    ("obj", "row"),
    [
        ("Contact", record("C1", Email="")),
        ("Contact", record("C1", Email="new@example.com", Note="x")),
        ("Lead", record("L3", Email="")),
        ("Lead", record("L77", Email=f" {MAIL.upper()} ")),
        ("Contact", record("C77", Email=f"Ann <{MAIL}>; second@example.com")),
        ("Contact", record("C77", Email=f"second@example.com,{OLD_MAIL}")),
        ("Lead", record("L77", Email="Canary.Mail+News@erased.example")),
        ("Lead", record("L77", Email="", links={"Contact": ("C1",)})),
    ],
)
def test_a_row_of_theirs_is_refused_and_counted_once(gone: Kit, tmp_path: Path, obj: str, row: Any) -> None:
    before, cursor = known(gone), {"head_at": NOW, "head_id": "here"}
    for kit in (gone, live(gone)):
        for late in (True, False):
            kept = kit.keep(obj, row, record("fresh", Email="fresh@example.com"), now=NOW + HOUR, **cursor)
            assert kept.pulled == (kit is gone and late) or not late
    assert known(gone) == sorted([*before, (obj, "fresh")])
    assert found_in(everything(gone.store, tmp_path)) == []
    assert refused(gone) == 1
    assert live(gone).sources[obj].head is not None


def test_nobody_else_is_refused(gone: Kit) -> None:
    gone.keep(
        "Contact", record("C3", Email="canary.mail@other.example"), record("C10", Email=""), record("c1", Email="")
    )
    gone.keep("Lead", record("C1", Email=""))  # the id of another object
    assert {("Contact", "C3"), ("Contact", "C10"), ("Contact", "c1"), ("Lead", "C1")} <= set(known(gone))
    assert refused(gone) == 0


def test_activity_of_theirs_is_refused_and_that_with_others_has_no_words(gone: Kit, tmp_path: Path) -> None:
    more = {"Type": "in", "Subject": NOTES["latin"], "Topic": NAMES["polish"], "When": NOW.isoformat()}
    gone.keep("Task", record("T9", links={"Contact": ("C1", "C2")}, **more))
    gone.keep("Task", record("T10", links={"Contact": ("C1",)}, **more), record("T11", links={"Lead": ("L2",)}, **more))
    gone.keep("Task", record("T12", links={"Contact": ("C2",)}, **{**more, "Subject": "pumps", "Topic": "price"}))
    gone.keep("Deal", record("D2", links={"Contact": ("C1",)}, Won="true"))
    assert gone.told(schema.activities) == [("C2", "T12", "call_in"), ("C2", "T9", "call_in")]
    assert gone.told(schema.outcomes) == [("C2", "D1", "won")]
    assert {(row.ext_id, row.detail, row.topic) for row in gone.rows(schema.activities)} == {
        ("T9", None, None), ("T12", "pumps", "price")
    }  # fmt: skip
    assert found_in(everything(gone.store, tmp_path)) == []


def test_what_was_heard_of_a_row_before_it_was_refused_goes(gone: Kit, tmp_path: Path) -> None:
    more = {"Type": "in", "Subject": NOTES["latin"], "When": NOW.isoformat()}
    gone.keep("Task", record("T20", links={"Contact": ("C50", "C2")}, **more))  # nobody knows yet who this is
    gone.keep("Contact", record("C50", Email=MAIL))
    assert ("C50", "T20", "call_in") not in gone.told(schema.activities)
    assert ("Contact", "C50") not in known(gone)
    again = live(gone)
    again.keep("Task", record("T21", links={"Contact": ("C50",)}, **more))
    assert ("Contact", "C50") not in known(again)
    with again.store.begin():
        again.store.set_meta("unscrubbed", value=True)
    erase.scrub(again.store)
    assert found_in(everything(again.store, tmp_path)) == []


def test_a_lead_that_is_there_and_gets_their_address_stays_as_it_was(gone: Kit, tmp_path: Path) -> None:
    gone.keep("Contact", record("C2", Email=MAIL), now=NOW + HOUR)
    assert gone.record("Contact", "C2").fields["Email"] == "other@example.com"
    assert refused(gone) == 1
    gone.keep("Contact", record("C2", Email="third@example.com"), now=NOW + HOUR)
    assert gone.record("Contact", "C2").fields["Email"] == "third@example.com"


def test_who_is_merged_into_them_is_gone(gone: Kit) -> None:
    gone.keep("Contact", moved=(Moved("C2", "Contact", "C1", "merged", NOW),), gone=(Gone("C1"),))
    assert gone.record("Contact", "C2").gone_at == NOW
    assert ("Contact", "C1") not in known(gone)


def test_ids_are_never_mixed_up(gone: Kit) -> None:
    """A record made after the erasure inherits nothing of the one that had its number before."""
    gone.keep("Contact", *(record(f"N{n}", Email=f"n{n}@example.com") for n in range(9)))
    fresh = {row.id: row.ext_id for row in gone.rows(schema.records) if row.ext_id.startswith("N")}
    for table in (schema.activities, schema.outcomes, schema.writes):
        assert not {row.record_id for row in gone.rows(table)} & fresh.keys()
    assert len(gone.rows(schema.results)) == 1
    assert [row.record_id for row in gone.rows(schema.changes, schema.changes.c.record_id.in_(fresh))] == list(fresh)


# numbers


NUMBERS = ReadField("phone", ("Phone", "Mobile"))
PHONES = replace(MAPPING, reads={
    obj: replace(read, fields=(*read.fields, NUMBERS)) if read.role is Role.LEAD else read
    for obj, read in MAPPING.reads.items()
})  # fmt: skip


def with_phones(kit: Kit) -> Kit:
    """The next process on the store, whose mapping reads phone numbers of people."""
    fresh = live(kit)
    fresh.pull = Pull(kit.store, PHONES, usual_tables(), list(kit.sources.values()))
    return fresh


def test_a_number_is_refused_however_it_is_written(kit: Kit) -> None:
    kit = with_phones(kit)
    kit.keep("Lead", record("L1", Phone="+48 22 123 45 67", Mobile="0048 601-002-003", Email=MAIL))
    kit.keep("Lead", record("L2", Phone="+48 22 765 43 21", Email="else@example.com"))
    eraser = Eraser(reads(kit, mapping=PHONES), kit.store)
    eraser.erase(eraser.person("L1"), NOW)
    again = with_phones(kit)
    numbers = ["+48221234567", "0048 (22) 123-45-67", "+48 601 002 003", "+48 601 002 004", "1"]
    again.keep("Contact", *(record(f"C{n}", Mobile=number) for n, number in enumerate(numbers, 1)))
    again.keep("Lead", record("L2", Phone="+48221234567", Email="else@example.com"), now=NOW + HOUR)
    assert known(again) == [("Contact", "C4"), ("Contact", "C5"), ("Lead", "L2")]
    assert again.record("Lead", "L2").fields["Phone"] == "+48221234567"
    assert refused(again) == 3


def test_a_number_that_others_share_is_told_and_not_refused(kit: Kit) -> None:
    kit = with_phones(kit)
    kit.keep("Lead", record("L1", Phone=PHONE, Mobile="+48601002003", Email=MAIL), record("L2", Phone=PHONE))
    eraser = Eraser(reads(kit, mapping=PHONES), kit.store)
    found = eraser.person(MAIL)
    assert found.body()["same_phone"] == [{"connection": "crm", "object": "Lead", "id": "L2"}]
    eraser.erase(found, NOW)
    again = with_phones(kit)
    again.keep("Lead", record("L3", Phone=PHONE), record("L4", Phone="+48601002003"))
    assert known(again) == [("Lead", "L2"), ("Lead", "L3")]
