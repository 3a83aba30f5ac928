"""`leadsync status`: where things stand, from the store alone."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json, wide

if TYPE_CHECKING:
    from leadsync.errors import UserError

_CYCLES = 10


def status(
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
    running: Annotated[
        bool, typer.Option("--running", help="Only ask whether leadsync runs: exit code 0 or 1.")
    ] = False,
) -> int:
    """Show leads, stages, refused writes and the last ten cycles. Exit code 1 when the last cycle had an error."""
    from leadsync.errors import StateRefused
    from leadsync.store import runs
    from leadsync.store.database import open_store

    url, wrong = _store(config)
    try:
        store = open_store(url, config.parent.resolve(), create=False)
    except StateRefused as error:
        raise wrong or error from None
    if wrong is not None:
        told = "the files cannot be used as they are now; what runs goes on with the former ones"
        print(f"{told}\n    fix: `leadsync check --offline` says what is wrong", file=sys.stderr)
    try:
        with store.reading() as db:
            body = {"cycles": runs.newest(db, _CYCLES), **runs.summary(db, datetime.now(UTC))}
    finally:
        store.close()
    if running:
        return 0 if body["running"] else 1
    last = body["cycles"][-1]["connections"] if body["cycles"] else {}
    if as_json:
        print_json(body)
    else:
        _show(body)
    return 1 if any(connection["error"] for connection in last.values()) else 0


def _store(config: Path) -> "tuple[str, UserError | None]":
    """Where the store is, and what is wrong with the files: leadsync may run on what they said before."""
    from leadsync.config import document
    from leadsync.config.load import load_config
    from leadsync.config.settings import Settings
    from leadsync.errors import UserError

    try:
        return load_config(config).store, None
    except UserError as error:
        store = document.load(config).data.get("store", Settings.model_fields["store"].default)
        if not isinstance(store, str):
            raise
        return store, error


def _show(body: dict[str, object]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = wide()
    console.print(f"{body['leads']} leads · running: {escape(str(body['running'] or 'no'))}")
    for what in ("stages", "temperatures"):
        counts = body[what]
        assert isinstance(counts, dict)
        console.print(f"{what}: " + (", ".join(f"{escape(k)} {v}" for k, v in counts.items()) or "none yet"))
    reps = body["reps"]
    assert isinstance(reps, dict)
    if reps or body["without_rep"]:
        load = ", ".join(f"{escape(rep)} {count}" for rep, count in reps.items()) or "none"
        console.print(f"open leads by rep: {load} · waiting for a rep: {body['without_rep']}")
    console.print(f"waiting to be evaluated: {body['waiting_marks']} · writes under way: {body['open_writes']}")
    table = Table(box=None, pad_edge=False)
    for name in (
        "cycle (UTC)",
        "connection",
        "pulled",
        "scored",
        "written",
        "planned",
        "refused",
        "API calls",
        "account's day",
        "state",
    ):
        table.add_column(name)
    cycles = body["cycles"]
    assert isinstance(cycles, list)
    for cycle in cycles:
        for name, c in cycle["connections"].items():
            waits = f"waiting until {c['waiting_until'][:19]}" if c["waiting_until"] else ""
            unfit = f"does not fit: {len(c['problems'])}" if c.get("problems") else "ok"
            state = f"failed ({c['error']['code']})" if c["error"] else waits or unfit
            table.add_row(
                cycle["started_at"][:19], name, str(c["pulled"]), str(c["evaluated"] + c["due"]), str(c["written"]),
                str(c["planned"]), str(c["rejected"]), str(c["api_calls"]), _day(c.get("quota")), escape(state),
            )  # fmt: skip
    console.print(table)
    for name, c in cycles[-1]["connections"].items() if cycles else ():
        if c["waiting_until"]:
            console.print(escape(f"{name}: waiting until {c['waiting_until'][:19]} UTC: {c.get('waiting_for')}"))
        for problem in c.get("problems", ()):
            console.print(escape(f"{name}: {problem['message']}\n    fix: {problem['fix']}"))
        if c["error"]:
            fix = f"\n    fix: {c['error']['fix']}" if c["error"]["fix"] else ""
            console.print(escape(f"{name}: {c['error']['message']}{fix}"))
    refused = body["refused"]
    assert isinstance(refused, list)
    for row in refused:
        told = f"refused by {row['connection']}: {row['object']} {row['ext_id']}: {row['code']} {row['message']}"
        console.print(escape(told))
    left_out = body["left_out"]
    assert isinstance(left_out, list)
    for each in left_out:
        many = f"{each['rows']} rows" + (" or more" if each["more"] else "")
        console.print(escape(f"left out: {many} of {each['connection']} {each['object']}, such as"))
        for row in each["such_as"]:
            console.print(escape(f"    {row['ext_id']}: {row['why']}"))
    if body["to_be_decided"]:
        console.print(f"to be decided: {body['to_be_decided']}; see `leadsync review`")
    if body["not_taken_in"]:
        console.print(f"{body['not_taken_in']} rows were not taken in: they are of people who were erased")


def _day(quota: dict[str, int | None] | None) -> str:
    """Requests of the account's day that are used, of those there are."""
    if not quota:
        return "–"
    return f"{'?' if quota['used'] is None else quota['used']}/{quota['limit']}"
