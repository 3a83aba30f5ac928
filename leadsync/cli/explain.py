"""`leadsync explain`: why a lead stands as it does, or stood."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json, wide
from leadsync.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


_SHOWN = 100  # rows of a section


def explain(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="By e-mail, id in the CRM, or URL.")],
    config: ConfigOption = DEFAULT,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="T", help="By what was known then: a day (its end) or a time, ISO 8601."),
    ] = None,
    language: Annotated[
        Literal["en", "fa", "ru", "pl", "vi"],
        typer.Option("--language", help="The language of what makes several records one lead."),
    ] = "en",
    as_json: JsonOption = False,
) -> int:
    """Show what is known of a lead, every part of its score, what would change it next, and what is written or not.

    Only reads the store: it works beside a leadsync that runs, and asks no CRM.
    """
    from leadsync.config.load import load_config
    from leadsync.sync.explain.sections import body
    from leadsync.sync.explain.subject import subjects

    loaded, now = load_config(config), datetime.now(UTC)
    moment = None if as_of is None else _moment(as_of, loaded.zone, now)
    found = subjects(loaded, lead, now, moment)
    told = [body(replace(subject, language=language)) for subject in found]
    if as_json:
        print_json({"leads": told})
    else:
        for each in told:
            show(each, wide())
    return 0


def _moment(said: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A moment, at home where no zone is said; of a day its end, of today now."""
    try:
        at = datetime.fromisoformat(said.strip())
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if len(said.strip()) > 10:
            return at.astimezone(UTC)
        end = (datetime.combine(at.date() + timedelta(days=1), time(), zone) - timedelta(microseconds=1)).astimezone(
            UTC
        )
        return now if at.date() == now.astimezone(zone).date() else end
    except (ValueError, OverflowError):
        fix = "write a day such as 2026-11-20, or a time such as 2026-11-20T14:30"
        raise UsageError(f"--as-of: {said!r} is no moment", fix=fix) from None


def show(body: Mapping[str, Any], console: "Console") -> None:
    """Print the sections of a lead that there are."""
    from rich.markup import escape
    from rich.table import Table

    from leadsync.sync.explain.sections import SECTIONS

    for name, (heading, _) in SECTIONS.items():
        rows = body.get(name)
        if not rows:
            continue
        table = Table(box=None, pad_edge=False, show_header=len(rows[0]) > 2)
        for column in rows[0]:
            table.add_column(column, justify="right" if column in ("points", "times", "counts", "bits") else "left")
        for row in rows[:_SHOWN]:
            table.add_row(*(escape(_cell(cell)) for cell in row.values()))
        console.print(f"\n{heading}")
        console.print(table)
        if len(rows) > _SHOWN:
            console.print(f"and {len(rows) - _SHOWN:,} more: --json tells them all")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "" if value is None else str(value)
