"""`leadsync demo`: the whole thing on this machine, against sandboxes of the CRMs that ship with it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from leadsync.cli.common import JsonOption, coordinator, print_json, wide
from leadsync.errors import Transient
from leadsync.types import Record, Role, Value

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.sync.cycle import Coordinator
    from leadsync.sync.report import CycleReport

_TYPES = ("hubspot", "salesforce")
_TOKEN = "demo"  # noqa: S105 - of a server on this machine that lives as long as the demo
_ACTORS = 4
_SHOWN = 5

Fields = Mapping[str, Value]
Snapshot = Mapping[tuple[str, str, str], Fields]  # (connection, object, id) → fields


def demo(
    leads: Annotated[int, typer.Option(help="Leads in each sandbox.", min=1)] = 500,
    seed: Annotated[int, typer.Option(help="The same seed on the same day gives the same leads.")] = 1,
    cycles: Annotated[int, typer.Option(help="How many cycles; 0 goes on until stopped.", min=0)] = 3,
    still: Annotated[bool, typer.Option("--still", help="Nobody acts between the cycles.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Try leadsync: two local CRMs full of leads, kept scored, staged and owned for some cycles."""
    say = _Say(as_json)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="leadsync-demo-"))
        urls = {}
        for type_ in _TYPES:
            urls[type_] = stack.enter_context(_sandbox(type_, leads, seed))
            say(f"{type_}: a local server with {leads} leads at {urls[type_]}")
        config = _configure(folder, urls, seed)
        found = stack.enter_context(coordinator(config, quiet=True))
        found.allow()
        before = _read_back(found)
        reports = _cycles(found, urls, cycles, seed, say, still=still)
        after = _read_back(found)
        came, checklist = _funnel(found)
        if as_json:
            print_json({
                "cycles": [report.body() for report in reports], "folder": str(folder), "sandboxes": urls,
                "stages": came, "checklist": checklist,
                "leads": [_row(found, key, before, after) for key in _interesting(found, after)],
            })  # fmt: skip
        else:
            _table(found, before, after)
            _show_funnel(came, checklist)
            _farewell(folder)
    return next((report.exit_code for report in reports if report.exit_code), 0)


class _Say:
    def __init__(self, silent: bool) -> None:
        self._silent = silent

    def __call__(self, text: str) -> None:
        if not self._silent:
            print(text, flush=True)


@contextmanager
def _sandbox(type_: str, leads: int, seed: int) -> Iterator[str]:
    """A sandbox in a process of its own; its address."""
    command = [sys.executable, "-m", "leadsync", "sandbox", type_, "--port", "0", "--token", _TOKEN,
               "--leads", str(leads), "--seed", str(seed), "--no-rate-limit"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603 - ourselves
    try:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        if said[:1] != ["ready"]:
            raise Transient(f"the {type_} sandbox did not start")
        yield said[1]
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


def _configure(folder: Path, urls: Mapping[str, str], seed: int) -> "Config":
    """The files of the demo, as an admin would write them."""
    from leadsync.config.load import load_config
    from leadsync.testing.people import population

    (folder / "demo.token").write_text(_TOKEN, "utf-8")
    connections = {
        name: {"type": name, "base_url": url, "token": {"file": str(folder / "demo.token")}, "live": True}
        for name, url in urls.items()
    }
    reps = [rep for rep in population(seed, 1, 0, datetime.now(UTC).date()).reps if rep.active][:3]
    rules = [{"name": "account", "to": "company.owner"}, {"name": "rest", "to": "everyone"}]
    routing = {"when": "stage = SQL", "rules": rules, "catch_all": "rep_1",
               "reps": {f"rep_{i}": {"email": rep.email} for i, rep in enumerate(reps, 1)}}  # fmt: skip
    main = {"store": "sqlite:///leadsync.db", "connections": connections, "every": "5s"}
    for name, body in (("leadsync.yaml", main), ("routing.yaml", routing)):
        (folder / name).write_text(yaml.safe_dump(body, sort_keys=False), "utf-8")
    return load_config(folder / "leadsync.yaml")


def _cycles(
    found: "Coordinator", urls: Mapping[str, str], wanted: int, seed: int, say: _Say, *, still: bool
) -> "list[CycleReport]":
    from leadsync.service.daemon import line
    from leadsync.sync.report import sentence

    reports: list[CycleReport] = []
    number = 0
    while (not wanted or number < wanted) and not found.stopping.is_set():
        acted = _act(urls, seed + number) if number and not still else {}
        before = _told(found, acted)
        number += 1
        reports = [*reports[-99:], found.cycle()]
        say(f"{number}. {line(reports[-1])}")
        for name, connection in reports[-1].connections.items():
            if connection.error:
                say(f"  {sentence(name, connection.error)}")
        after = _told(found, acted)
        for key, what in acted.items():
            say(f"   {' '.join(key)} {what}: {_change(before.get(key), after.get(key))}")
        if not wanted:
            found.stopping.wait(found.config.every.total_seconds())
    return reports


def _act(urls: Mapping[str, str], seed: int) -> dict[tuple[str, str, str], str]:
    """Let a few leads of each CRM act, and one rep edit by hand: (connection, object, id) → what happened."""
    import requests

    happened = {}
    for name, url in urls.items():
        headers, body = {"Authorization": f"Bearer {_TOKEN}"}, {"seed": seed, "leads": _ACTORS}
        answer = requests.post(f"{url}/_sandbox/act", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        happened.update({(name, a.get("object", "contacts"), a["id"]): a["what"] for a in answer.json()["acted"]})
    time.sleep(1.1)  # a CRM with stamps of whole seconds shows it from the next one on
    return happened


def _told(found: "Coordinator", keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """Score and temperature of these leads, as their CRMs hold them now."""
    told = {}
    for (name, obj), group in groupby(sorted(keys), key=lambda key: key[:2]):
        connector = _connector(found, name)
        rows = connector.fetch(obj, [key[2] for key in group], found.config.connections[name].mapping.asked(obj))
        for id_, row in rows.items():
            if isinstance(row, Record):
                words = _written(found, name, obj, row.fields)
                told[name, obj, id_] = f"{float(words.get('score') or 0):g} {words.get('temperature') or ''}".strip()
        connector.close()
    return told


def _connector(found: "Coordinator", name: str) -> Any:
    """A connector of the demo's own, so that what it reads is not counted as leadsync's."""
    own = found.config.connections[name]
    return own.connector(own.settings, clock=found.clock, secrets=own.secrets, log=found.log)


def _read_back(found: "Coordinator") -> Snapshot:
    """What the CRMs hold now in the fields that leadsync writes, with each lead's name and mailbox: read by id."""
    snapshot: dict[tuple[str, str, str], Fields] = {}
    for name, connection in found.config.connections.items():
        connector = _connector(found, name)
        for obj, read in connection.mapping.reads.items():
            if read.role is not Role.LEAD:
                continue
            ids = [id_ for page in connector.ids(obj) for id_ in page.ids][:2000]
            rows = connector.fetch(obj, ids, connection.mapping.asked(obj)) if ids else {}
            snapshot.update({(name, obj, k): row.fields for k, row in rows.items() if isinstance(row, Record)})
        connector.close()
    return snapshot


def _written(found: "Coordinator", name: str, obj: str, fields: Fields) -> dict[str, Any]:
    return {w.value: fields.get(w.field) for w in found.config.connections[name].mapping.writes.get(obj, ())}


def _interesting(found: "Coordinator", after: Snapshot) -> list[tuple[str, str, str]]:
    """The best leads of each connection and the last one: an honest handful."""
    keys: list[tuple[str, str, str]] = []
    for name in found.config.connections:
        points = {key: _written(found, key[0], key[1], after[key]).get("score") for key in after if key[0] == name}
        own = sorted((-float(score), key) for key, score in points.items() if score not in (None, ""))
        keys += [key for _, key in own[:_SHOWN] + own[_SHOWN:][-1:]]
    return keys


def _row(found: "Coordinator", key: tuple[str, str, str], before: Snapshot, after: Snapshot) -> dict[str, Any]:
    name, obj, id_ = key
    return {
        "connection": name, "object": obj, "id": id_, "name": _name(found, key, after[key]),
        "before": _written(found, name, obj, before.get(key, {})), "after": _written(found, name, obj, after[key]),
    }  # fmt: skip


def _name(found: "Coordinator", key: tuple[str, str, str], fields: Fields) -> str:
    read = found.config.connections[key[0]].mapping.reads[key[1]]
    words = {field.name: fields.get(field.sources[0]) for field in read.fields}
    return " ".join(str(words[word]) for word in ("first_name", "last_name") if words.get(word)) or key[2]


def _table(found: "Coordinator", before: Snapshot, after: Snapshot) -> None:
    from rich.markup import escape
    from rich.table import Table

    console, names = wide(), _owner_names(found)
    console.print("\nBefore → after, as read back from the CRMs:")
    for name in found.config.connections:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in (name, "score", "temperature", "stage", "owner"):
            table.add_column(heading, no_wrap=True)
        keys = [key for key in _interesting(found, after) if key[0] == name]
        for row in (_row(found, key, before, after) for key in keys):
            old, new = ({**words, "owner": names.get((name, words.get("owner")), words.get("owner"))}
                        for words in (row["before"], row["after"]))  # fmt: skip
            changes = [_change(old.get(word), new.get(word)) for word in ("score", "temperature", "stage", "owner")]
            table.add_row(escape(row["name"]), *map(escape, changes))
        console.print(table)
        console.print(f"\nWhy, as {name} shows it to the rep:")
        for key in keys[:2]:
            row = _row(found, key, before, after)
            console.print(f"  {escape(row['name'])}: {escape(str(row['after'].get('reasons') or ''))}")
        console.print()


def _funnel(found: "Coordinator") -> tuple[dict[str, int], dict[str, Any]]:
    """How many leads came to each stage, and what `explain` tells of the one that came highest by its gates,
    if possible of those whom routing gave to a rep."""
    from leadsync.store import past, routing
    from leadsync.sync.explain.sections import body
    from leadsync.sync.explain.subject import subjects_of

    with found.store.begin():
        came = past.came_to(found.store)
        ladder = found.config.ladder
        climbed = [ladder.stages[k].name for k in ladder.steps]
        best = next((came[stage] for stage in climbed[::-1] if stage in came), [])
        routed = routing.latest(found.store, best)
        moves = past.moves_at(found.store, best, found.clock.now())
    kept, told = ("records", "stage", "gates", "transitions", "owner"), {}
    straight = {lead for lead in best if all(move.why == "gate" for _, move in moves.get(lead, ()))}
    given = {lead for lead in best if lead in routed and routed[lead].rep and routed[lead].why != "kept"}
    for lead in sorted(best, key=lambda lead: (lead not in straight, lead not in given))[:1]:
        [subject] = subjects_of(found.config, [lead], found.clock.now())
        told = {name: rows for name, rows in body(subject).items() if name in kept}
    return {stage: len(came[stage]) for stage in ladder.names if stage in came}, told


def _show_funnel(came: Mapping[str, int], told: Mapping[str, Any]) -> None:
    from leadsync.cli.explain import show

    print("Leads that came to each stage: " + ", ".join(f"{stage} {count}" for stage, count in came.items()))
    if told:
        print("\nOne of them, and whose it is; `leadsync explain` tells this, and more, of every lead.")
        show(told, wide())


def _owner_names(found: "Coordinator") -> dict[tuple[str, Any], str]:
    from leadsync.store import evaluation

    with found.store.begin():
        return {(connection, ext_id): name for connection, ext_id, name in evaluation.owner_names(found.store) if name}


def _change(before: Value, after: Value) -> str:
    old, new = (f"{value:g}" if isinstance(value, float) else str(value or "—") for value in (before, after))
    return new if old == new else f"{old} → {new}" if old != "—" else f"→ {new}"


def _farewell(folder: Path) -> None:
    print(f"\nThe files of this demo and its store are in {folder}")
    print(f"Where to look next:\n  leadsync status --config {folder / 'leadsync.yaml'}")
    print("  leadsync init                      your own CRMs; shows what it would write before it may")
    print("  docs/configuration.md              scoring, funnel and routing in short YAML files")
