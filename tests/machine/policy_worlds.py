"""Worlds in which a rep edits, at a chosen moment of a cycle, a field that leadsync writes, too."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import fake_crm
from fake_crm import MAPPING, Clock, Connection, Crm, Open, coordinator

from leadsync.config.load import load_config
from leadsync.config.routing import Routing
from leadsync.core.assign import RepRule
from leadsync.core.mapping import CrmMapping, ObjectMapping, ReadField
from leadsync.core.write_field import WriteField
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema, Role, Value, WriteOp

FIRST, UP, DOWN = 10, 25, 0
"""The score of somebody from the market, of a chief there, and of anybody else: see `fake_crm.SCORING`."""


class Moment(StrEnum):
    """When the rep edits, in the cycle in which leadsync wants to write."""

    BEFORE_PULL = "before our pull"
    AFTER_PULL = "after the pull and before the plan"
    BEFORE_LOOK = "between the plan and the fresh read"
    BEFORE_WRITE = "after the fresh read and before the write"
    AFTER_WRITE = "after our write"


@dataclass
class Reps:
    """Edits that wait for their moment: id → value. What no call of leadsync brings about is done at the latest when
    the cycle has ended."""

    edit: Callable[[str, Value], None]
    moment: Moment = Moment.AFTER_WRITE
    waiting: dict[str, Value] = field(default_factory=dict)

    def reach(self, moment: Moment, ids: Sequence[str]) -> None:
        """leadsync is about to look at these rows, or to write them."""
        late = moment is Moment.BEFORE_WRITE and self.moment is Moment.BEFORE_LOOK  # nobody has looked at them
        if self.moment is moment or late:
            for id_ in ids:
                self.now(id_)

    def now(self, id_: str) -> None:
        if id_ in self.waiting:
            self.edit(id_, self.waiting.pop(id_))

    def all(self) -> None:
        for id_ in list(self.waiting):
            self.now(id_)


@dataclass
class World:
    """An account with leadsync at work in it. `edit` and `value` are about the field under test, `prompt` makes
    leadsync want another value there."""

    leadsync: Coordinator
    reps: Reps
    add: Callable[[Value], str]
    prompt: Callable[[str, int], None]
    value: Callable[[str], Value]
    tick: Callable[[], None] = lambda: None
    crm: Any = None

    def cycle(self, edits: Mapping[str, Value], moment: Moment) -> None:
        """One cycle, during which reps edit these rows at that moment."""
        self.tick()
        self.reps.moment, self.reps.waiting = moment, dict(edits)
        if moment is Moment.BEFORE_PULL:
            self.reps.all()
            self.tick()
        self.leadsync.read()
        self.tick()
        if moment is Moment.AFTER_PULL:
            self.reps.all()
        report = self.leadsync.decide()
        assert {name: told.error for name, told in report.connections.items()} == {"crm": None}
        self.tick()
        self.reps.all()


def hooked(connector: Any, reps: Reps, tick: Callable[[], None] = lambda: None) -> Any:
    """The connector, with reps at its back."""
    fetch, write = connector.fetch, connector.write

    def looked(obj: str, ids: Sequence[str], fields: Sequence[str]) -> Any:
        reps.reach(Moment.BEFORE_LOOK, ids)
        tick()
        return fetch(obj, ids, fields)

    def written(ops: Sequence[WriteOp]) -> Any:
        tick()
        reps.reach(Moment.BEFORE_WRITE, [op.id for op in ops])
        tick()
        return write(ops)

    connector.fetch, connector.write = looked, written
    return connector


# in this process


def fake(
    folder: Path, clock: Clock, opened: Open, fields: Sequence[WriteField], options: Sequence[str] = (),
    mapping: CrmMapping = MAPPING,
) -> World:  # fmt: skip
    """The small CRM of these tests. The first of the fields is the one under test."""
    crm, name = Crm(clock), fields[0].field
    for column in (
        *(write.field for write in fields),
        *(own for read in mapping.reads["Lead"].fields for own in read.sources),
    ):
        crm.columns["Lead"].setdefault(column, FieldSchema(column, "text"))
    if options:
        crm.columns["Lead"][name] = FieldSchema(name, "enum", options=tuple(options))
    reps = Reps(lambda id_, value: crm.edit("Lead", id_, **{name: value}))
    mapping = CrmMapping(mapping.reads, {"Lead": tuple(fields)})
    found = fake_crm.config(folder, {"crm": lambda *_, **__: hooked(Connection(crm), reps)}, mapping=mapping)

    def prompt(id_: str, score: int) -> None:
        crm.edit("Lead", id_, **({"Title": "Chief"} if score == UP else {"Country": "DE"}))

    return World(
        opened(found), reps, lambda value: crm.add("Lead", {"Country": "PL", name: value}), prompt,
        lambda id_: crm.rows["Lead"][id_].fields.get(name), crm=crm,
    )  # fmt: skip


class Owned(Connection):
    """One that has owners, of whom `US` is ourselves."""

    capabilities = replace(Connection.capabilities, objects={**Connection.capabilities.objects, "User": Role.OWNER})

    def user(self) -> str | None:
        return "U4"


OURS, COLLEAGUE, LEFT, QUEUE, US = "U0", "U1", "U2", "U3", "U4"
_USERS = (
    {"Email": "ours@sales.example", "Active": "true", "Kind": "person"},
    {"Email": "colleague@sales.example", "Active": "true", "Kind": "person"},
    {"Email": "left@sales.example", "Active": "false", "Kind": "person"},
    {"Email": "queue@sales.example", "Active": "true", "Kind": "queue"},
    {"Email": "leadsync@sales.example", "Active": "true", "Kind": "person"},
)


def owned(folder: Path, clock: Clock, opened: Open, policy: str) -> World:
    """The same with users, of whom leadsync gives leads to the first."""
    crm = Crm(clock)
    crm.rows["User"] = {}
    crm.columns["User"] = {name: FieldSchema(name, "text") for name in _USERS[0]}
    crm.columns["Lead"]["Owner"] = FieldSchema("Owner", "ref")
    for user in _USERS:
        crm.add("User", user)
    words = tuple(ReadField(name.lower(), (name,)) for name in _USERS[0])
    reads = {
        "Lead": dataclasses.replace(MAPPING.reads["Lead"], owner="Owner"),
        "User": ObjectMapping("User", Role.OWNER, words),
    }
    reps = Reps(lambda id_, value: crm.edit("Lead", id_, Owner=value))
    mapping = CrmMapping(reads, {"Lead": (WriteField("Owner", "owner", policy),)})
    found = fake_crm.config(folder, {"crm": lambda *_, **__: hooked(Owned(crm), reps)}, mapping=mapping)
    routing = Routing(None, (RepRule("ours", "ours@sales.example"),))
    return World(
        opened(dataclasses.replace(found, routing=routing)), reps,
        lambda value: crm.add("Lead", {"Country": "PL", "Owner": value}), lambda *_: None,
        lambda id_: crm.rows["Lead"][id_].fields.get("Owner"),
    )  # fmt: skip


# behind HTTP


@dataclass(frozen=True)
class Kind:
    """A CRM's own names: its people's object, a field for a number, one with options, country and job title."""

    type: str
    people: str
    number: str
    ladder: str
    country: str
    title: str


HUBSPOT = Kind("hubspot", "contacts", "leadsync_score", "hs_lead_status", "country", "jobtitle")
SALESFORCE = Kind("salesforce", "Lead", "Leadsync_Score__c", "LeadSource", "Country", "Title")


@contextmanager
def served(folder: Path, driver: Any, kind: Kind, name: str, write: Mapping[str, Any]) -> Iterator[World]:
    """An account of a sandbox, `name` the field under test."""
    import yaml

    connection = {"type": kind.type, "base_url": "http://127.0.0.1:1", "token": {"env": "NONE"}, "live": True}
    reads = {kind.people: {"role": "lead", "country": kind.country, "job_title": kind.title}}
    (folder / "mappings").mkdir()
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": {"crm": connection}}))
    (folder / "scoring.yaml").write_text(fake_crm.SCORING)
    mapping = {"read": reads, "write": {kind.people: {name: dict(write)}}}
    (folder / "mappings" / "crm.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True))
    reps = Reps(lambda id_, value: driver.edit(kind.people, id_, {name: value}))

    def tick() -> None:
        driver.clock.advance(1)

    found = load_config(folder / "leadsync.yaml")
    here = replace(found.connections["crm"], connector=lambda *_, **__: hooked(driver.connect(), reps, tick))
    leadsync = coordinator(replace(found, connections={"crm": here}), driver.clock)

    def add(value: Value) -> str:
        row = {**driver.people.fresh, kind.country: "PL", **({} if value is None else {name: value})}
        (id_,) = driver.add(kind.people, [row])
        return str(id_)

    def prompt(id_: str, score: int) -> None:
        change = {kind.title: "Chief"} if score == UP else {kind.country: "DE"}
        driver.edit(kind.people, id_, change)

    try:
        yield World(leadsync, reps, add, prompt, lambda id_: driver.row(kind.people, id_)[name], tick)
    finally:
        leadsync.close()
        driver.close()
