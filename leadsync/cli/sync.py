"""`leadsync sync`: one cycle."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, coordinator, print_json, wide

if TYPE_CHECKING:
    from leadsync.sync.report import CycleReport


def sync(
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
    allow: Annotated[
        bool, typer.Option("--allow", help="Write also what the brake on mass changes holds back.")
    ] = False,
    apply: Annotated[
        Path | None,
        typer.Option("--apply", metavar="FILE", help="Write what this plan says, or nothing if it holds no more."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Accepted for clarity: sync always is one cycle.")] = False,
) -> int:
    """Read what is new, score it, write it back: one cycle.

    Connections with `live: false` are read and scored; what would be written to them is only shown.
    """
    from leadsync.config.load import load_config
    from leadsync.sync import planning

    with coordinator(load_config(config), quiet=True) as found:
        if allow:
            found.allow()
        report = planning.apply(found, apply) if apply is not None else found.cycle()
    if as_json:
        print_json({"cycles": [report.body()], "samples": report.shown()})
    else:
        show(report)
    return report.exit_code


def show(report: "CycleReport") -> None:
    """The cycle for a person; errors go to standard error."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=None, box=None, pad_edge=False)
    table.add_column("connection")
    merged = any(c.merged for c in report.connections.values())
    more = ("merged",) if merged else ()
    for name in ("pulled", "activities", "scored", "due", "written", *more, "planned", "refused", "API calls"):
        table.add_column(name, justify="right")
    for name, c in report.connections.items():
        became = (c.merged,) if merged else ()
        numbers = (c.pulled, c.activities, c.evaluated, c.due, c.written, *became, c.planned, c.rejected, c.api_calls)
        table.add_row(name, *(str(number) for number in numbers))
    console = wide()
    console.print(table)
    if report.samples:
        console.print("\nNot written (`live: false`, or the brake is pulled); for example:")
        for sample in report.samples:
            for field, (before, after) in sample.fields.items():
                line = f"  {sample.connection} {sample.object} {sample.id}  {field}: {before or '—'} → {after}"
                console.print(escape(line))
    if report.unplaced:
        console.print(f"\nRouting: {report.unplaced}")
    if any(c.rejected for c in report.connections.values()):
        console.print("\nWhy a CRM refused a write: `leadsync status`")
    show_troubles(report)


def show_troubles(report: "CycleReport") -> None:
    """What keeps connections from working as they should, on standard error."""
    from leadsync.sync.report import told

    for name, c in report.connections.items():
        for said in (*c.problems, *([told(c.error)] if c.error else ())):
            print(f"{name}: {said['message']}" + (f"\n    fix: {said['fix']}" if said["fix"] else ""), file=sys.stderr)
