"""An installation whose files are changed between two processes."""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fake_crm import Clock, Connection, Crm, Open, rows, scored_by
from fake_crm import config as fake_config

from leadsync.config.document import Document
from leadsync.config.funnel import compile_funnel
from leadsync.config.load import Config
from leadsync.config.mapping import compile_mapping
from leadsync.config.routing import compile_routing
from leadsync.config.settings import Settings, custom_words
from leadsync.store import schema
from leadsync.sync.cycle import Coordinator
from leadsync.types import FieldSchema, Page, Role

ROLES = {"Lead": Role.LEAD, "Contact": Role.LEAD, "Call": Role.ACTIVITY, "Firm": Role.COMPANY, "User": Role.OWNER}
PERSON = {"role": "lead", "country": "Country", "city": "Country", "job_title": "Title", "owner": "Owner"}
WRITTEN = {"Score": "score", "Heat": "temperature", "Given": {"value": "owner", "policy": "always"}}
FILES: dict[str, Any] = {
    "leadsync": {"connections": {"crm": {"type": "fake"}}, "home": {"time_zone": "UTC"}},
    "scoring": """\
fit:
  rules:
    market: {points: 20, when: "country in [PL, VN]"}
    chief: {points: 15, when: "job_title matches 'chief*'"}
    steel: {points: 7, when: "industry = steel"}
engagement:
  rules:
    call: {points: 25, per: call_in}
    called: {points: 5, per: call_out}
    page: {points: 1, per: page_view}
    visit: {points: 2, per: visit}
""",
    "funnel": {"stages": [{"name": "suspect"}]},
    "routing": {"reps": {"ann": {"email": "ann@x.example"}, "bob": {"email": "bob@x.example"}}},
    "read": {
        "Lead": {**PERSON, "counters": {"Seen": {"as": "visit"}}},
        "Contact": {**PERSON},
        "Call": {"role": "activity", "at": "When", "kinds": [{"as": "call_in"}]},
        "Firm": {"role": "company", "industry": "Trade", "city": ["Trade", "Field"]},
        "User": {"role": "owner", "email": "Mail", "active": "Active"},
    },
    "write": {"Lead": {**WRITTEN}, "Contact": {**WRITTEN}},
    "live": True,
}
COLUMNS = {
    "Lead": ("Country", "Title", "Owner", "Seen", "Score", "Heat", "Given", "Other"),
    "Contact": ("Country", "Title", "Owner", "Score", "Heat", "Given", "Other"),
    "Call": ("When", "Way"),
    "Firm": ("Trade", "Field"),
    "User": ("Mail", "Active"),
}
Change = Callable[[dict[str, Any]], None]


class Watched(Connection):
    """Tells which objects were read from the start."""

    begun: Sequence[str] = ()

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[Page]:
        type(self).begun = [*self.begun, obj]
        return super().backfill(obj, resume, fields)


def account(clock: Clock) -> Crm:
    """Four leads, two contacts, two firms, two users; a call with L0; L0 and C4 are of the steel firm."""
    found = Crm(clock)
    found.rows |= {"Firm": {}, "User": {}}
    found.columns = {obj: {name: FieldSchema(name, "text") for name in names} for obj, names in COLUMNS.items()}
    for mail in ("ann@x.example", "bob@x.example"):
        found.add("User", {"Mail": mail, "Active": "yes"})
    for trade in ("steel", "wool"):
        found.add("Firm", {"Trade": trade, "Field": "wool"})
    for number, country in enumerate(("PL", "DE", "VN", "DE")):
        fields = {"Country": country, "Title": "PL", "Owner": f"U{number}" if number < 2 else None, "Seen": 3}
        found.add("Lead", fields, Firm=(f"F{number % 2}",))
    for country in ("PL", "DE"):
        found.add("Contact", {"Country": country, "Title": "DE"}, Firm=("F0",))
    found.add("Call", {"When": clock.now().isoformat(), "Way": "out"}, Lead=("L0",))
    Watched.begun = ()
    return found


def installation(folder: Path, crms: Mapping[str, Crm], *changes: Change) -> Config:
    """These accounts with these files, after these changes to them."""
    files = copy.deepcopy(FILES)
    files["names"] = list(crms)
    for change in changes:
        change(files)
    main = files["leadsync"] | {"connections": {name: {"type": "fake"} for name in files["names"]}}
    settings = Settings.model_validate(main)
    words = {**fake_config(folder, {}).fields, **custom_words(main.get("fields"))}
    mapping = Document(folder, {"read": files["read"], "write": files["write"]})
    compiled = compile_mapping(mapping, ROLES, words, settings.home.place)
    funnel, routing = Document(folder, files["funnel"]), Document(folder, files["routing"])
    found = fake_config(
        folder, {name: _maker(crms[name]) for name in files["names"]}, live=files["live"], mapping=compiled
    )
    connections = {name: dataclasses.replace(c, written=mapping) for name, c in found.connections.items()}
    prefer = (*settings.prefer, *(name for name in connections if name not in settings.prefer))
    return dataclasses.replace(
        scored_by(found, files["scoring"]), zone=ZoneInfo(settings.home.time_zone), connections=connections,
        prefer=prefer, ladder=compile_funnel(funnel), routing=compile_routing(routing), fields=words,
        documents={
            "leadsync": Document(folder, main), "scoring": Document(folder, files["scoring"]), "funnel": funnel,
            "routing": routing,
        },
    )  # fmt: skip


def _maker(crm: Crm) -> Any:
    return lambda settings, **_: Watched(crm)


def put(*path: Any) -> Change:
    """A change: the last part stands at the place that the others name; `...` takes away what stands there."""
    *places, last, value = path

    def change(files: dict[str, Any]) -> None:
        inner = files
        for place in places:
            inner = inner[place]
        inner[last] = value
        if value is ...:
            del inner[last]

    return change


def evaluated(leadsync: Coordinator) -> int:
    report = leadsync.cycle().connections["crm"]
    assert report.error is None, report.error
    return report.evaluated + report.due


def changed(folder: Path, crm: Crm, opened: Open, *changes: Change) -> Coordinator:
    """All has been written; then the files are changed."""
    leadsync = opened(installation(folder, {"crm": crm}))
    leadsync.cycle()
    assert evaluated(leadsync) == 0
    leadsync.close()
    crm.writes.clear()
    Watched.begun = ()
    return opened(installation(folder, {"crm": crm}, *changes))


def kinds(leadsync: Coordinator) -> list[tuple[str, int]]:
    a = schema.activities.c
    query = sa.select(a.kind, sa.func.sum(a.count)).where(a.closed_at.is_(None)).group_by(a.kind).order_by(a.kind)
    return [(kind, count) for kind, count in rows(leadsync, query)]
