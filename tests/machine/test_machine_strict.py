"""Strict fields: the CRM itself refuses the row that somebody changed between our look at it and the write."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_crm import MAPPING, Clock, Connection, Crm, Open, config, held

from leadsync.core.mapping import CrmMapping
from leadsync.core.write_field import WriteField
from leadsync.types import WriteOp, WriteResult, WriteStatus


class Conditional(Connection):
    """Refuses rows that changed since, and lets `meanwhile` happen in the very moment of a write."""

    capabilities = replace(Connection.capabilities, conditional=True, write_batch=100)
    meanwhile: Any = staticmethod(lambda: None)

    def write(self, writes: Sequence[WriteOp]) -> Sequence[WriteResult]:
        type(self).meanwhile()
        return super().write(writes)

    def _write(self, op: WriteOp, fault: str) -> WriteResult:
        stamp = self.crm.rows[op.object][op.id].versions[-1][0]
        if op.unmodified_since is not None and stamp > op.unmodified_since:
            return WriteResult(op.key, WriteStatus.CONFLICT)
        return super()._write(op, fault)


def run(tmp_path: Path, clock: Clock, opened: Open, *, strict: bool) -> tuple[list[Any], int]:
    """What a rep's edit in the moment of the write comes to, after that cycle and the next; conditions sent."""
    crm = Crm(clock)
    ids = [crm.add("Lead", {"Email": f"p{n}@acme.example", "Country": "PL", "Heat": "?"}) for n in range(3)]
    fields = (WriteField("Score", "score"), WriteField("Heat", "temperature", "if_unchanged", strict=strict))
    mapping = CrmMapping(MAPPING.reads, {"Lead": fields})
    edits = iter([lambda: crm.edit("Lead", ids[1], Heat="the rep's")])

    class Here(Conditional):
        meanwhile = staticmethod(lambda: next(edits, lambda: None)())

    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Here(crm)}, mapping=mapping))
    leadsync.cycle()
    after = held(crm, "Heat")
    return after, sum(op.unmodified_since is not None for op in crm.writes)


def test_a_strict_field_closes_the_last_gap(tmp_path: Path, clock: Clock, opened: Open) -> None:
    after, conditions = run(tmp_path, clock, opened, strict=True)
    assert after == ["cold", "the rep's", "cold"]
    assert conditions == 2


def test_without_it_one_request_remains(tmp_path: Path, clock: Clock, opened: Open) -> None:
    after, conditions = run(tmp_path, clock, opened, strict=False)
    assert after == ["cold", "cold", "cold"]
    assert conditions == 0


def test_what_the_rep_wrote_is_planned_anew(tmp_path: Path, clock: Clock, opened: Open) -> None:
    crm = Crm(clock)
    (id_,) = [crm.add("Lead", {"Email": "p@acme.example", "Country": "PL", "Heat": "?"})]
    mapping = CrmMapping(MAPPING.reads, {"Lead": (WriteField("Heat", "temperature", "if_unchanged", strict=True),)})
    edits = iter([lambda: crm.edit("Lead", id_, Heat="the rep's")])

    class Here(Conditional):
        meanwhile = staticmethod(lambda: next(edits, lambda: None)())

    leadsync = opened(config(tmp_path, {"crm": lambda settings, **_: Here(crm)}, mapping=mapping))
    report = leadsync.cycle()
    assert report.connections["crm"].error is None
    leadsync.cycle()  # the rep's value has been read: it is what stands there now, and differs
    assert held(crm, "Heat") == ["cold"]
    leadsync.cycle()
    assert len(crm.writes) == 1
