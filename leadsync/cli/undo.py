"""`leadsync undo`: taking back a decision, or what made two records one lead."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json
from leadsync.errors import UsageError


def undo(
    what: Annotated[
        list[str], typer.Argument(metavar="ID... | RECORD RECORD", help="Decisions by number, or CONNECTION/OBJECT/ID.")
    ],
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
) -> int:
    """Take back decisions of the review, by their numbers in `review --all`; or take apart two records of one lead.

    Two records that are taken apart stay so; saying the same again takes that back. Nothing was destroyed in the CRMs,
    so nothing is lost. leadsync may run meanwhile; its next cycle follows.
    """
    from leadsync.config.load import load_config
    from leadsync.store.database import open_store
    from leadsync.sync import pairs

    numbers = [int(word) for word in what if word.removeprefix("-").isdecimal()]
    loaded, now, by = load_config(config), datetime.now(UTC), getpass.getuser()
    store = open_store(loaded.store, loaded.folder, create=False, migrate=False)
    try:
        with store.begin():
            if len(numbers) == len(what):
                pairs.take_back(store, numbers, by, now)
                done = f"decisions taken back: {len(numbers)}"
            elif len(what) == 2 and not numbers:
                done = pairs.take_apart(store, what, by, now)
            else:
                fix = "`leadsync undo 17`, or `leadsync undo hubspot/contacts/12 salesforce/Lead/00Q1`"
                raise UsageError("say which decisions, or which two records", fix=fix)
    finally:
        store.close()
    if as_json:
        print_json({"undone": what, "means": done})
    else:
        print(f"{done}; the next cycle follows")
    return 0
