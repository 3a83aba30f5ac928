"""Checks of writing: results that tell the truth, values, refusals, bulk, installation."""

from dataclasses import replace

import pytest

from leadsync.connector import InstallsFields, Value, WantedField, WritesInBulk, WriteStatus
from leadsync.testing.conformance.account import ODD, Account, Checks, same

_VALUES: dict[str, tuple[Value, ...]] = {
    "text": ODD, "number": (0, 73, 73.0, 100.0), "bool": (True, False), "date": ("2026-03-02",),
}  # fmt: skip
UNKNOWN = "no_such_field"


class Writing(Checks):
    """What is changed in the CRM."""

    def test_no_writes_no_request(self, crm: Account) -> None:
        """`write([])` makes no request."""
        crm.changes()
        before = crm.spent()
        assert (list(crm.conn.write([])), crm.spent()) == ([], before)

    def test_writes(self, crm: Account) -> None:
        """Each write has one result by its key, and only the fields it names change: never the owner by accident."""
        crm.needs("write")
        ops = [crm.op(id_, key=f"k{9 - number}") for number, id_ in enumerate(crm.add(3))]
        before = {op.id: dict(crm.row(op.id)) for op in ops}
        results = crm.write(*ops)
        assert {r.status for r in results.values()} == {WriteStatus.APPLIED}
        assert all(crm.holds(op) for op in ops)
        others = {*crm.fields, *crm.people.ours, *crm.people.fresh, "owner"} - set(ops[0].fields)
        assert all(crm.row(id_).get(name) == row.get(name) for id_, row in before.items() for name in others)

    def test_a_half_failed_batch(self, crm: Account) -> None:
        """A batch of which some rows are refused tells the truth of each row, and names the field."""
        crm.needs("write")
        good, bad, last = crm.add(3)
        ops = [crm.op(bad, {UNKNOWN: "x"}), crm.op(good), crm.op(last)]
        results = crm.write(*ops)
        refused = results[ops[0].key]
        assert refused.status is WriteStatus.REJECTED
        assert UNKNOWN in refused.fields or UNKNOWN in refused.message
        assert [results[op.key].status for op in ops[1:]] == [WriteStatus.APPLIED] * 2
        assert all(crm.holds(op) for op in ops[1:])

    def test_none_clears(self, crm: Account) -> None:
        """`None` clears a field, an absent field is left alone."""
        crm.needs("write")
        (id_,) = crm.add()
        for name in crm.people.ours[:2]:
            crm.write(crm.op(id_, {name: "1"}))
        crm.write(crm.op(id_, {crm.people.ours[0]: None}))
        row = crm.row(id_)
        assert same(row.get(crm.people.ours[0]), None)
        assert all(same(row.get(name), "1") for name in crm.people.ours[1:2])

    def test_values_are_written_whole(self, crm: Account) -> None:
        """Text of any language, numbers, dates and choices reach the CRM whole."""
        crm.needs("write")
        (id_,) = crm.add()
        schema = crm.conn.describe(crm.people.object)
        for name in crm.people.ours:
            field = schema.field(name)
            assert field is not None
            for value in (*_VALUES.get(field.type, ()), *field.options[:3]):
                op = crm.op(id_, {name: value})
                (result,) = crm.write(op).values()
                assert result.status in (WriteStatus.APPLIED, WriteStatus.UNCHANGED), f"{name}: {result.message}"
                assert crm.holds(op), f"{name}: {value!r} became {crm.row(id_).get(name)!r}"

    def test_read_only_fields(self, crm: Account) -> None:
        """A field that nobody may write is refused by name, and nothing changes."""
        crm.needs("write")
        name = crm.people.read_only
        if name is None:
            pytest.skip("the driver names no read-only field")
        (id_,) = crm.add()
        before = crm.row(id_).get(name)
        (result,) = crm.write(crm.op(id_, {name: "x"})).values()
        assert result.status is WriteStatus.REJECTED
        assert name in result.fields or name in result.message
        assert crm.row(id_).get(name) == before

    def test_conditional_writes(self, crm: Account) -> None:
        """A write with `unmodified_since` is a `CONFLICT` where the row was changed since, and changes nothing."""
        crm.needs("write")
        if not crm.conn.capabilities.conditional:
            pytest.skip("the connector takes no conditional writes")
        crm.clock.advance(60)
        edited, left = crm.add(2)
        crm.clock.advance(60)
        since = crm.driver.clock.now()
        crm.clock.advance(60)
        crm.edit(edited)
        ops = [replace(crm.op(id_), unmodified_since=since) for id_ in (edited, left)]
        results = crm.write(*ops)
        assert [results[op.key].status for op in ops] == [WriteStatus.CONFLICT, WriteStatus.APPLIED]
        assert [crm.holds(op) for op in ops] == [False, True]

    def test_locked_rows(self, crm: Account) -> None:
        """A row that somebody else holds is `RETRY` (or was tried again); the others are written."""
        crm.needs("write", "lock")
        ops = [crm.op(id_) for id_ in crm.add(3)]
        crm.driver.lock(crm.people.object, ops[1].id)
        results = crm.write(*ops)
        assert [results[op.key].status for op in (ops[0], ops[2])] == [WriteStatus.APPLIED] * 2
        if results[ops[1].key].status is not WriteStatus.APPLIED:
            assert results[ops[1].key].status is WriteStatus.RETRY
            assert crm.write(ops[1])[ops[1].key].status is WriteStatus.APPLIED
        assert all(crm.holds(op) for op in ops)

    def test_a_full_batch(self, crm: Account) -> None:
        """`write` takes `write_batch` writes, however few the CRM takes at a time."""
        crm.needs("write")
        ops = [crm.op(id_) for id_ in crm.add(crm.conn.capabilities.write_batch)]
        assert {r.status for r in crm.write(*ops).values()} == {WriteStatus.APPLIED}
        assert all(crm.holds(op) for op in ops)

    def test_bulk(self, crm: Account) -> None:
        """A bulk job tells the truth of each row by key; one that was never sent is `RETRY`, and nothing happened."""
        crm.needs("bulk")
        assert isinstance(crm.conn, WritesInBulk), "the driver can, the connector cannot: `cannot` should say why"
        obj, ops = crm.people.object, [crm.op(id_) for id_ in crm.add(3)]
        unsent = crm.conn.bulk_open(obj, [crm.people.ours[0]])
        given_up = crm.conn.bulk_results(unsent, ops)
        assert [(r.key, r.status) for r in given_up or ()] == [(op.key, WriteStatus.RETRY) for op in ops]
        assert not any(crm.holds(op) for op in ops)
        crm.driver.delete(obj, ops[1].id)
        job, results = crm.conn.bulk_open(obj, [crm.people.ours[0]]), None
        crm.conn.bulk_send(job, ops)
        for _ in range(20):
            crm.clock.advance(30)
            if (results := crm.conn.bulk_results(job, ops)) is not None:
                break
        statuses = {result.key: result.status for result in results or ()}
        assert [statuses.get(op.key) for op in ops] == [WriteStatus.APPLIED, WriteStatus.GONE, WriteStatus.APPLIED]
        assert crm.holds(ops[0])
        assert crm.holds(ops[2])

    def test_install(self, crm: Account) -> None:
        """`install` makes no change in a dry run, creates what is missing, and nothing twice."""
        crm.needs("install")
        assert isinstance(crm.conn, InstallsFields), "the driver can, the connector cannot: `cannot` should say why"
        obj, name = crm.people.object, crm.people.new_field
        wanted = [WantedField(obj, name, "text", "Conformance", "Made by a test of conformance", length=100)]
        told = []
        for dry_run in (True, False, False):
            states = {step.state for step in crm.conn.install(wanted, dry_run=dry_run)} - {"by_hand"}
            told.append((states & {"missing", "created"}, crm.conn.describe(obj).field(name) is not None))
        assert told == [({"missing"}, False), ({"created"}, True), (set(), True)]
