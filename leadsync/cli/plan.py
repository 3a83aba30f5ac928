"""`leadsync plan`: what the next cycle would write, and why; nothing is written."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, coordinator, print_json, wide
from leadsync.cli.sync import show_troubles
from leadsync.errors import UsageError, UserError

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.sync.cycle import Coordinator
    from leadsync.sync.planning import Plan

CHANGES = 2  # the exit code where something would be written
_EXAMPLE = 48  # characters of an example
_MERGES = 20  # that are told one by one


def plan(
    config: ConfigOption = DEFAULT,
    lead: Annotated[
        str | None, typer.Option("--lead", metavar="LEAD", help="One lead, by e-mail, id in the CRM, or URL.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="DIR", help="What the files in this folder would change on the stored leads."
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", metavar="N", min=1, help="Only the N people of each object who changed last."),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option("--replay", metavar="SPAN", help="What the files would have made of the last days: 30d."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also keep the plan, for `sync --apply FILE`.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Read what is new and show what would be written, and what not and why. Nothing is written.

    Connections with `live: false` count like the others. Exit code 0 when nothing would be written, 2 when something
    would. With --replay nothing is read either, and the exit code is 0.
    """
    from leadsync.config.load import load_config
    from leadsync.sync import planning
    from leadsync.sync.sample import sampled

    if sum(option is not None for option in (lead, against, sample, out, replay)) > 1:
        raise UsageError("--lead, --against, --sample, --replay and --out go one at a time")
    loaded = load_config(config)
    if replay is not None:
        return _replay(loaded, replay, as_json)
    other = load_config(against / config.name) if against is not None else None
    with ExitStack() as stack:
        if sample is not None:
            loaded = sampled(loaded, sample, Path(stack.enter_context(TemporaryDirectory(prefix="leadsync-"))))
        found = stack.enter_context(coordinator(loaded, quiet=True))
        if other is not None:
            return _compare(found, other, as_json)
        found.read()
        failed, report = planning.unread(found), found.end_cycle()
        show_troubles(report)
        if lead is not None:
            code = _leads(found, lead, as_json)
            return report.exit_code or code
        made = planning.plan(found, whole=out is not None)
        if found.stopping.is_set():
            return 0
        if sample is not None and not as_json:
            _show_sample(found)
    if out is not None and not failed:
        try:
            out.write_bytes(made.file())
        except OSError as error:
            raise UserError(f"the plan cannot be kept in {out}: {error.strerror}") from None
    if as_json:
        print_json(made.body())
    else:
        show(made)
    return report.exit_code or (CHANGES if made.fields or made.merges else 0)


def _replay(config: "Config", said: str, as_json: bool) -> int:
    from rich.markup import escape
    from rich.table import Table

    from leadsync.config.settings import duration
    from leadsync.sync.replay import replay

    try:
        span = duration(said)
    except ValueError as error:
        raise UsageError(f"--replay: {error}", fix="write it such as 30d") from None
    body = replay(config, span, datetime.now(UTC)).body(config)
    if as_json:
        print_json(body)
        return 0
    console, zone = wide(), config.zone
    print(f"Since {datetime.fromisoformat(body['since']).astimezone(zone):%F %H:%M}, by the files as they are: "
          f"something happened to {body['leads']} leads")  # fmt: skip
    print("\nStages, how often leads came to them and how many stand there in the end:")
    for name, stage in body["stages"].items():
        print(f"  {name}: {stage['entered']}, {stage['stand']}")
    if body["reps"]:
        print("\nWho would have got how many leads, and by which rule:")
    for name, rep in body["reps"].items():
        rules = ", ".join(f"{rule or 'company'} {count}" for rule, count in rep["rules"].items())
        print(f"  {name}: {rep['leads']}" + (f" ({rules})" if rules else ""))
    if body["decisions"]:
        table = Table(box=None, pad_edge=False, title="\nWho would have got what", title_justify="left")
        for heading in ("at", "lead", "stage", "score", "to", "rule", "why", "is in truth of"):
            table.add_column(heading)
        for d in body["decisions"]:
            at = f"{datetime.fromisoformat(d['at']).astimezone(zone):%F %H:%M}"
            row = (at, d["record"], d["stage"], d["score"], d["rep"] or d["owner"], d["rule"], d["why"], d["is_of"])
            table.add_row(*(escape("—" if cell is None else str(cell)) for cell in row))
        console.print(table)
    return 0


def _show_sample(found: "Coordinator") -> None:
    print("A sample, read into a store that is thrown away:")
    for name, worker in found.connections.workers.items():
        since = getattr(worker.connector, "since", None)
        print(f"{name}: people who changed last" + (f", with their activity since {since:%F}" if since else ""))


def _compare(found: "Coordinator", other: "Config", as_json: bool) -> int:
    from leadsync.sync.against import compare

    made = compare(found, other)
    if found.stopping.is_set():
        return 0
    if as_json:
        print_json(made.body())
    else:
        changed = ", ".join(f"{word} {count}" for word, count in made.results.items())
        print(f"Leads that come out differently, of {made.then.leads}: {changed or 'none'}")
        for connection, obj, name in made.unread:
            print(f"{connection} {obj} {name} is not stored yet and counts as empty: `sync` would read it first")
        for name in found.config.connections:
            print(f"{name}: {made.now.records[name]} records would be written with the files as they are")
        print("\nWith the other files:")
        show(made.then)
    return CHANGES if made.results or made.now.fields != made.then.fields else 0


def show(made: "Plan") -> None:
    """A plan for a person."""
    from rich.markup import escape
    from rich.table import Table

    from leadsync.core.line import cut
    from leadsync.sync.planning import arrow

    body, console = made.body(), wide()
    for name, c in body["connections"].items():
        live = "" if c["live"] else "; it has `live: false`, so that `sync` only shows it"
        console.print(escape(f"{name}: {c['records']} records would be written{live}"))
    if body["fields"]:
        table = Table(box=None, pad_edge=False)
        for heading in ("connection", "object", "field", "set", "changed", "cleared", "for example"):
            table.add_column(heading, justify="right" if heading in ("set", "changed", "cleared") else "left")
        for f in body["fields"]:
            examples = (f"{e['id']}: {arrow(e['before'], e['after'])}" for e in f["examples"])
            told = "  ".join(cut(example, _EXAMPLE) for example in examples)
            words = (f["connection"], f["object"], f["field"], f["set"], f["changed"], f["cleared"], told)
            table.add_row(*(escape(str(word)) for word in words))
        console.print(table)
    for line in _lines(body):
        console.print(escape(line))


def _lines(body: dict[str, Any]) -> Iterator[str]:
    if merges := body["merges"]:
        calls = sum(merge["calls"] for merge in merges)
        yield f"\nRows that would become one in their CRM, which cannot undo it: {len(merges)}, with {calls} requests"
    for merge in body["merges"][:_MERGES]:
        yield from _merge(merge)
    if (more := len(body["merges"]) - _MERGES) > 0:
        yield f"  and {more} more: see --json"
    if body["movers"]:
        yield "\nScores that move most:"
    for m in body["movers"]:
        names = ", ".join(" ".join(record.values()) for record in m["records"])
        yield f"  {m['before']:g} → {m['after']:g}  {names}"
    if body["reps"]:
        yield "\nLeads that reps gain and lose:"
    for rep, r in body["reps"].items():
        yield f"  {rep}: +{r['gained']} −{r['lost']}"
    if body["stages"]:
        yield "\nStages, from the last evaluation to this one:"
    for stage, s in body["stages"].items():
        yield f"  {stage}: {s['before']} → {s['after']}"
    if body["held_back"]:
        yield "\nNot written, and why:"
    for h in body["held_back"]:
        yield f"  {h['count']:5} {h['connection']} {h['object']} {h['field']}: {h['means']}"


def _merge(merge: dict[str, Any]) -> Iterator[str]:
    from leadsync.core.line import cut
    from leadsync.core.mapping import text
    from leadsync.sync.planning import arrow

    yield f"  {merge['connection']} {merge['object']}: {merge['into']} stays and takes in {merge['id']}"
    for name, (before, after) in merge["fields"].items():
        yield f"    {name} is set: {cut(arrow(before, after), _EXAMPLE)}"
    for name, value in merge["lost"].items():
        yield f"    {name} loses {cut(text(value), _EXAMPLE)}"


def _leads(found: "Coordinator", wanted: str, as_json: bool) -> int:
    from rich.markup import escape

    from leadsync.sync import planning

    ids = planning.find(found.store, wanted)
    if not ids:
        raise UsageError(f"no lead has the e-mail, id or URL {wanted!r}", fix="write it as its CRM shows it")
    leads = list(planning.leads(found, ids))
    if as_json:
        print_json({"leads": [planning.lead_body(lead, found.config) for lead in leads]})
    else:
        console = wide()
        for line in (line for lead in leads for line in _told(planning.lead_body(lead, found.config))):
            console.print(escape(line))
    return (
        CHANGES if any(lead.merges or any(not v.why for _, _, vs in lead.records for v in vs) for lead in leads) else 0
    )


def _told(body: dict[str, Any]) -> Iterator[str]:
    """One lead in plain sentences."""
    for r in body["records"]:
        yield f"{r['connection']} {r['object']} {r['id']} says"
        yield from _pairs(r["fields"])
        yield from (f"  nothing of {word}: {why}" for word, why in r["unread"].items())
    yield "So leadsync knows"
    yield from _pairs(body["facts"])
    if waits := body["result"].get("waits"):
        yield f"It is of a list and waits, see `leadsync review`: {waits}"
    if body["result"]:
        yield from _result(body)
    else:
        yield "It is left alone: it has no score and no stage, and nobody is given it"
    for r in body["records"]:
        yield f"What becomes of {r['connection']} {r['object']} {r['id']}"
        yield from (f"  {w['field']} {w['means']}" for w in r["writes"])
    if body["merges"]:
        yield "Rows that would become one in their CRM, which cannot undo it"
    for merge in body["merges"]:
        yield from _merge(merge)


def _result(body: dict[str, Any]) -> Iterator[str]:
    result = body["result"]
    yield f"Score {result['score']}, {result['temperature']}"
    for part in body["parts"]:
        where = " ".join(word for word in (part["group"], part["name"], part["what"]) if word and word != "rule")
        often = f"{part['count']} times, last on" if part["count"] != 1 else "on"
        last = f" ({often} {part['on']})" if part["on"] else ""
        yield f"  {part['points'] / 100:+g} {where.replace('_', ' ')}{last}"
    yield f"Stage {result['stage'] or '—'}, owner {result['owner'] or '—'}"


def _pairs(fields: dict[str, Any]) -> Iterable[str]:
    from leadsync.core.mapping import text

    return [f"  {name}: {text(value)}" for name, value in fields.items() if value not in (None, "")]
