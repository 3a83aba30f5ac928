"""What a cycle would write, foreseen: leads are evaluated and nothing of it is kept or sent."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from leadsync.config.load import Config
from leadsync.core.mapping import number, text, values_with_reasons
from leadsync.core.merging import MERGED_INTO
from leadsync.core.plan import WHY, Verdict
from leadsync.errors import LeadsyncError, PlanOutdated, UserError
from leadsync.store import schema
from leadsync.store.database import Store
from leadsync.store.records import THEIR_COMPANIES
from leadsync.sync import companies
from leadsync.sync.cycle import Coordinator
from leadsync.sync.directory import Directory
from leadsync.sync.foresee import Foreseen, Key, foresee
from leadsync.sync.report import CycleReport
from leadsync.types import Record, Value

_EXAMPLES = 3  # of each field
_MOVERS = 10
_TOLD = 5  # differences between two plans
Writes = dict[Key, dict[str, tuple[Value, Value]]]


class Standing(NamedTuple):
    """How a lead stands: its score, its stage, and whose it is in the CRMs."""

    score: float | None
    stage: str | None
    owners: frozenset[str]


def stood(lead: Foreseen, directory: Directory) -> Standing:
    """How a lead stands before the plan: with the score that a CRM shows, or else with the stored one."""
    stored = lead.before.words if lead.before else {}
    shown = (number(text(v.before)) for _, _, vs in lead.records for v in vs if v.write.value == "score")
    score = next((found for found in shown if found is not None), number(text(stored.get("score"))))
    return Standing(score, text(stored.get("stage")) or None, _owners(lead, directory, planned=False))


def stands(lead: Foreseen, directory: Directory) -> Standing:
    """How a lead stands once the plan is carried out."""
    words = lead.after.words
    owners = _owners(lead, directory, planned=True)
    return Standing(number(text(words.get("score"))), text(words.get("stage")) or None, owners)


def _owners(lead: Foreseen, directory: Directory, *, planned: bool) -> frozenset[str]:
    """By e-mail; who has left is among them, as long as they stand there."""
    held = [
        (key[0], text(v.after if planned and not v.why else v.before))
        for key, _, vs in lead.records for v in vs if v.write.value == "owner"
    ]  # fmt: skip
    emails = (directory.owner(*owner) or directory.left.get(owner) for owner in held)
    return frozenset(email for email in emails if email)


@dataclass(slots=True)
class Changes:
    """What becomes of one field of an object, with some examples."""

    set: int = 0
    changed: int = 0
    cleared: int = 0
    examples: list[dict[str, Value]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """What a cycle would change, counted lead by lead. `writes` are kept only where they are asked for (`whole`)."""

    config: Config
    directory: Directory
    whole: bool = False
    leads: int = 0
    records: Counter[str] = field(default_factory=Counter)  # connection → records that would be written
    fields: dict[Key, Changes] = field(default_factory=lambda: defaultdict(Changes))  # by connection, object, field
    held: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # and why it is not written
    stages: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))  # before, after
    reps: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))  # gained, lost
    movers: list[tuple[float, int, float, float, list[Key]]] = field(default_factory=list)
    merges: list[dict[str, Any]] = field(default_factory=list)
    merging: set[int] = field(default_factory=set)  # the leads whose rows these are
    writes: Writes = field(default_factory=dict)

    def add(self, lead: Foreseen, was: Standing | None = None) -> None:
        """Count a lead in. `was`: how it stood before, if not as `stood` tells."""
        self.leads += 1
        old, new = was or stood(lead, self.directory), stands(lead, self.directory)
        self.stages[old.stage or "none"][0] += 1
        self.stages[new.stage or "none"][1] += 1
        for rep in new.owners - old.owners:
            self.reps[rep][0] += 1
        for rep in old.owners - new.owners:
            self.reps[rep][1] += 1
        if old.score is not None and new.score is not None and old.score != new.score:
            keys = [key for key, _, _ in lead.records]
            moved = (abs(new.score - old.score), -lead.after.lead_id, old.score, new.score, keys)
            self.movers = nlargest(_MOVERS, [*self.movers, moved])
        for key, _, verdicts in lead.records:
            self.tally(key, verdicts)
        self.merging.update({lead.after.lead_id} if lead.merges else ())
        for merge in merges_body(lead):
            self.merges.append(merge)
            self.writes[merge["connection"], merge["object"], merge["id"]] = {MERGED_INTO: (None, merge["into"])}
            if merge["fields"]:
                self.writes[merge["connection"], merge["object"], merge["into"]] = merge["fields"]

    def tally(self, key: Key, verdicts: Sequence[Verdict]) -> None:
        """Count a record in, of a lead or a company."""
        written = [v for v in verdicts if not v.why]
        self.records[key[0]] += bool(written)
        self.held.update((*key[:2], v.write.field, v.why) for v in verdicts if v.why not in ("", "same"))
        for v in written:
            found = self.fields[key[0], key[1], v.write.field]
            kind = "cleared" if not text(v.after) else "changed" if text(v.before) else "set"
            setattr(found, kind, getattr(found, kind) + 1)
            if len(found.examples) < _EXAMPLES:
                found.examples.append({"id": key[2], "before": v.before, "after": v.after})
        if written and self.whole:
            self.writes[key] = {v.write.field: (v.before, v.after) for v in written}

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        place = ("connection", "object", "field")
        return {
            "configuration": self.config.version,
            "leads": self.leads,
            "connections": {
                name: {"live": connection.live, "records": self.records[name]}
                for name, connection in self.config.connections.items()
            },
            "fields": [
                {**dict(zip(place, key, strict=True)), "set": f.set, "changed": f.changed, "cleared": f.cleared,
                 "examples": f.examples}
                for key, f in sorted(self.fields.items())
            ],
            "held_back": [
                {**dict(zip(place, key, strict=False)), "why": key[3], "means": WHY[key[3]], "count": count}
                for key, count in sorted(self.held.items())
            ],
            "merges": self.merges,
            "movers": [{"before": m[2], "after": m[3], "records": list(map(_named, m[4]))} for m in self.movers],
            "reps": {rep: {"gained": g, "lost": lost} for rep, (g, lost) in sorted(self.reps.items())},
            "stages": {
                stage: dict(zip(("before", "after"), self.stages[stage], strict=True))
                for stage in ("none", *(stage.name for stage in self.config.ladder.every))
                if any(self.stages[stage])
            },
        }  # fmt: skip

    def file(self) -> bytes:
        """As `sync --apply` reads it; only of a `whole` plan."""
        writes = [{**_named(key), "fields": fields} for key, fields in sorted(self.writes.items())]
        return orjson.dumps({"configuration": self.config.version, "writes": writes}, option=orjson.OPT_INDENT_2)


def merges_body(lead: Foreseen) -> list[dict[str, Any]]:
    """The merges of a lead's rows as JSON has them: `id` becomes part of `into`. No CRM undoes one."""
    of = {member.id: key for key, member, _ in lead.records}
    return [
        {**_named(of[merge.other]), "into": of[merge.kept][2], "fields": dict(merge.fields), "lost": dict(merge.lost),
         "calls": merge.calls, "undo": False}
        for merge in lead.merges
    ]  # fmt: skip


def _named(key: Key) -> dict[str, str]:
    return dict(zip(("connection", "object", "id"), key, strict=True))


def unread(found: Coordinator) -> LeadsyncError | None:
    """Why the reading of this cycle is not whole, if it is not."""
    return next((c.error for c in found.report.connections.values() if c.error), None)


def leads(found: Coordinator, wanted: Collection[int] | None = None) -> Iterator[Foreseen]:
    """All leads as the cycle whose reading is over would leave them, or only those `wanted`, with their companies."""
    with found.store.begin():
        busy = found.busy() if wanted is None else ()
    now, known = found.clock.now(), found.adoption.forgiven
    evaluator = found.evaluator()
    for lead in foresee(found.store, evaluator, found.clock, now, busy=busy, wanted=wanted, known=known):
        result = companies.Fresh()
        if wanted is not None:
            result.add(lead.after)
        theirs = companies.foreseen(found.store, evaluator, result, now)
        yield lead if wanted is None else replace(lead, records=[*lead.records, *theirs])


def plan(found: Coordinator, *, whole: bool = False) -> Plan:
    """What the cycle whose reading is over would write; not all of it when the process is asked to stop."""
    made, known = Plan(found.config, found.evaluator().directory, whole), companies.Fresh()
    for lead in leads(found):
        if found.stopping.is_set():
            return made
        made.add(lead)
        if found.evaluator().companies_scored:
            known.add(lead.after)
    for key, _, verdicts in companies.foreseen(found.store, found.evaluator(), known, found.clock.now()):
        made.tally(key, verdicts)
    return made


def apply(found: Coordinator, path: Path) -> CycleReport:
    """A cycle that writes what the file plans, or nothing: what would be written now has to be the same.

    Raises `PlanOutdated` where it is not, `UserError` for a file that is no plan, and the error of a connection that
    could not be read.
    """
    version, promised = _read(path)
    found.read()
    failed = unread(found)
    made = plan(found, whole=True)
    if failed or found.stopping.is_set():
        report = found.end_cycle()
        if failed:
            raise failed
        return report
    if different := list(differences(promised, _read_writes(orjson.loads(made.file())))):
        found.end_cycle()
        more = [f"and {len(different) - _TOLD} more"] if len(different) > _TOLD else []
        changed = "; the configuration has changed since" if version != found.config.version else ""
        told = f"the plan {path} does not hold any more, so nothing was written{changed}:"
        raise PlanOutdated(
            "\n    ".join([told, *different[:_TOLD], *more]), fix="make it again: leadsync plan --out FILE"
        )
    found.allow()
    found.merge_rows_of(made.merging)
    return found.decide()


def _read(path: Path) -> tuple[str, Writes]:
    try:
        if not path.is_file() and path.exists():  # a device would never end
            raise ValueError("no file")
        body = orjson.loads(path.read_bytes())
        return str(body["configuration"]), _read_writes(body)
    except OSError as error:
        raise UserError(f"the plan {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is no plan", fix="make one: leadsync plan --out FILE") from None


def _read_writes(body: Any) -> Writes:
    return {
        (w["connection"], w["object"], w["id"]): {name: (pair[0], pair[1]) for name, pair in w["fields"].items()}
        for w in body["writes"]
    }


def differences(promised: Writes, now: Writes) -> Iterator[str]:
    """In which fields two plans differ, a line for each."""
    for key in sorted(promised.keys() | now.keys()):
        then, today = promised.get(key, {}), now.get(key, {})
        for name in sorted(then.keys() | today.keys()):
            if then.get(name) != today.get(name):
                planned, would = (arrow(*w[name]) if name in w else "not written" for w in (then, today))
                yield f"{' '.join(key)} {name}: planned {planned}, now {would}"


def lead_body(lead: Foreseen, config: Config) -> dict[str, Any]:
    """One lead as JSON has it: what its records say and what of it cannot be read, what follows from it, and what
    becomes of every field."""
    return {
        "lead": lead.after.lead_id,
        "records": [
            {
                **_named(key),
                "fields": member.fields,
                "unread": _unread(config, key, member.fields or {}),
                "writes": [
                    {"field": v.write.field, "value": v.write.value, "before": v.before, "after": v.after, "why": v.why,
                     "means": meaning(v)}
                    for v in verdicts
                ],
            }
            for key, member, verdicts in lead.records
        ],
        "merges": merges_body(lead),
        "facts": lead.facts,
        "result": {name: value for name, value in lead.after.words.items() if name != THEIR_COMPANIES},
        "parts": lead.after.parts,
        "changes_next": lead.after.due_at,
    }  # fmt: skip


def _unread(config: Config, key: Key, fields: Mapping[str, Value]) -> dict[str, str]:
    """The words that the record could feed and does not, each with the reason."""
    connection = config.connections.get(key[0])
    mapping = connection.mapping.reads.get(key[1]) if connection else None
    return values_with_reasons(mapping, Record(key[2], fields)).reasons if mapping else {}


def meaning(verdict: Verdict) -> str:
    """What becomes of a field, and why, in words that follow its name."""
    old, new = text(verdict.before), text(verdict.after)
    if not verdict.why:
        change = f"change from {old} to {new}" if old and new else f"be set to {new}" if new else f"be cleared of {old}"
        return f"would {change}"
    instead = f", and does not become {new}" if verdict.why not in ("same", "no_value") and new else ""
    until = f" (until {datetime.fromtimestamp(verdict.until / 1e6, UTC):%F %T} UTC)" if verdict.until else ""
    return f"stays {old or 'empty'}{instead}: {WHY[verdict.why]}{until}"


def arrow(old: Value, new: Value) -> str:
    """A change of a value."""
    return f"{text(old) or '—'} → {text(new) or '—'}"


def find(store: Store, wanted: str) -> list[int]:
    """The leads that have this e-mail, this id in a CRM, or a record at this URL; or the one that is, or has become of,
    `lead/17`."""
    r = schema.records.c
    people = sa.select(r.lead_id).where(r.lead_id.is_not(None)).order_by(r.lead_id).distinct()
    with store.begin() as db:
        if number := re.fullmatch(r"lead/(\d{1,15})", wanted):
            a, lead = schema.lead_aliases.c, int(number[1])
            into = db.scalar(sa.select(a.into_id).where(a.lead_id == lead))
            return list(db.scalars(people.where(r.lead_id == (into or lead))))
        if "@" in wanted and "/" not in wanted:
            needle = orjson.dumps({"email": wanted.strip().lower()}).decode()[1:-1]
            held = sa.type_coerce(r.facts, sa.Text).contains(needle, autoescape=True)
            return list(db.scalars(people.where(held)))
        ids = [part for part in wanted.split("?")[0].split("/") if part]
        for id_ in reversed(ids):  # a URL names the account first, the row last
            if leads := list(db.scalars(people.where(r.ext_id == id_))):
                return leads
    return []
