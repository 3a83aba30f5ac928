"""`leadsync erase`: remove a person from the store for good."""

import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json

WAITS = 2  # the exit code where nothing was removed yet


def erase(
    lead: Annotated[
        str, typer.Argument(metavar="LEAD", help="By e-mail, id in the CRM, URL, or CONNECTION/OBJECT/ID.")
    ],
    config: ConfigOption = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. It cannot be undone.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Remove a person from the store, and refuse their rows from then on. Without --yes it is only shown.

    The CRMs are not touched. Exit code 0 when it is done, 2 when it was only shown.
    """
    from leadsync.config.load import load_config
    from leadsync.service.clock import SystemClock
    from leadsync.store import erase as rows
    from leadsync.store.database import open_store
    from leadsync.sync.erase import Eraser

    loaded, clock = load_config(config), SystemClock(threading.Event())
    store = open_store(loaded.store, loaded.folder, create=False)
    try:
        store.take_lease(clock.now())
        if rows.scrub(store):
            print("what an earlier erase had left in the file is wiped now", file=sys.stderr)
        eraser = Eraser(loaded, store)
        found = eraser.person(lead)
        if yes:
            eraser.erase(found, clock.now())
            rows.scrub(store)
    finally:
        store.close()
    body = {"erased": yes, **found.body()}
    if as_json:
        print_json(body)
    else:
        print("\n".join(_lines(body)))
    return 0 if yes else WAITS


def _lines(body: dict[str, Any]) -> Iterator[str]:
    yield "Removed for good:" if body["erased"] else "This would be removed for good:"
    for record in body["records"]:
        yield f"  {_ref(record)}: {', '.join(record['fields']) or 'only heard of'}"
    yield "  with " + ", ".join(f"{count} {what}" for what, count in body["counts"].items())
    if body["same_phone"]:
        yield "With the same phone number, and not touched; erase them, too, if they are the same person:"
        yield from (f"  {_ref(record)}" for record in body["same_phone"])
    yield "The CRMs still hold these rows: delete them there. leadsync refuses them when it reads them again."
    yield "Plans that you kept, CSV files and backups are yours to clean."
    if not body["erased"]:
        yield "Nothing was removed yet: add --yes."


def _ref(record: dict[str, Any]) -> str:
    return f"{record['connection']}/{record['object']}/{record['id']}"
