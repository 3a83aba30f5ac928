"""`leadsync review`: what waits for a person, and deciding on it."""

import getpass
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json, wide
from leadsync.errors import UsageError

WAITS = 2  # the exit code where something is to be decided
_DECISIONS = {"accept": "accepted", "reject": "rejected", "same": "same", "different": "different", "later": "later"}
_OF_LISTS = ("accept", "reject")
_SHOWN = 10  # pairs that are shown side by side


def review(
    action: Annotated[
        str | None,
        typer.Argument(metavar="[accept|reject|same|different|later]", help="Decide; without it what waits is listed."),
    ] = None,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Which, by the numbers in the list.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="REASON", help="Only what waits for this reason.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also list what was decided.")] = False,
    language: Annotated[
        Literal["en", "fa", "ru", "pl", "vi"], typer.Option("--language", help="The language of reasons and evidence.")
    ] = "en",
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
) -> int:
    """List what waits for a person, or decide.

    `accept` lets a lead of a list go on, `reject` keeps it back for good. Of two records that are likely one person,
    `same` makes one lead, `different` keeps them apart, `later` puts it off for a week. leadsync may run
    meanwhile; its next cycle follows. Exit code 2 when something is left to be decided, else 0.
    """
    from leadsync import catalog
    from leadsync.config.load import load_config
    from leadsync.core.lists import REASONS
    from leadsync.store import review as rows
    from leadsync.store.database import Store, open_store
    from leadsync.sync import pairs

    if reason not in (None, *REASONS, rows.LIKELY):
        raise UsageError(catalog.unknown_word(str(reason), "reason", (*REASONS, rows.LIKELY)))
    if action is not None and (action not in _DECISIONS or not (ids or reason)):
        fix = "`leadsync review accept ID …`, `reject --reason REASON`, or of a pair `same`, `different`, `later ID …`"
        raise UsageError("say what to do with which", fix=fix)
    loaded, now = load_config(config), datetime.now(UTC)
    line = loaded.matching.model.automatic
    store = open_store(loaded.store, loaded.folder, create=False, migrate=False)
    looking = Store(store.engine.execution_options(reading=True), store.shown)
    chosen: set[int] = set()
    try:
        if action is not None:
            with store.begin() as db:
                both = rows.items(db), pairs.waiting(store, now, decided=True)
                items, others = both if action in _OF_LISTS else both[::-1]
                chosen = _chosen(items, others, ids or (), reason, action)
                rows.decide(store, chosen, _DECISIONS[action], getpass.getuser(), now)
        with looking.begin() as db:
            found = [_body(item, loaded.classes.labels, language) for item in rows.items(db, decided=everything)]
            likely = pairs.waiting(looking, now, decided=everything)
            for n, each in enumerate(likely):
                shown = n < _SHOWN or as_json
                each["evidence"] = pairs.compared(looking, each, line, language) if shown else []
            waiting = sum(each["result"] == rows.HELD and not each["decision"] for each in found)
            waiting += rows.count_pairs(looking, now)
    finally:
        looking.close()
        store.close()
    found, likely = ([each for each in some if reason in (None, each["reason"])] for some in (found, likely))
    if as_json:
        print_json({"items": [*found, *likely], "waiting": waiting, "decided": len(chosen)})
    elif action is not None:
        print(f"{_DECISIONS[action]}: {len(chosen)}, to be decided: {waiting}; the next cycle follows")
    else:
        _show(likely)
        print("\n".join(_lines(found, waiting)))
    return WAITS if waiting else 0


def _show(likely: Sequence[Mapping[str, Any]]) -> None:
    """The pairs that are worth most, side by side."""
    from rich.markup import escape
    from rich.table import Table

    from leadsync.core.line import cleaned

    console = wide()
    for each in likely[:_SHOWN]:
        decided = f"; {each['decision']} by {each['decided_by']}" if each["decision"] else ""
        if each["again"]:
            decided = f" Told apart by {each['decided_by']} before they said this;"
        told = f"{each['id']:>6}  pair    {each['record']} and {each['other']}: one person?{decided}"
        console.print(f"{escape(told)} worth {each['worth']:g}")
        table = Table(box=None, pad_edge=False, show_header=False)
        for row in each["evidence"]:
            cells = (row["compared"], row["this"], row["that"], row["agreement"], row["bits"])
            table.add_row("      ", *(escape(cleaned(cell)) for cell in cells))
        console.print(table)
    if (more := len(likely) - _SHOWN) > 0:
        console.print(f"        and {more} more pairs: see --json")


def _chosen(
    items: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], ids: Sequence[int], reason: str | None,
    action: str,
) -> set[int]:  # fmt: skip
    """Which items are decided on. Raises `UsageError` for a number that is none of them, like that of one of the
    `others`, of which something else is said; or that nobody may accept."""
    waiting = {item["id"]: item for item in items}
    if strangers := [str(id_) for id_ in ids if id_ not in waiting]:
        if {int(strangers[0])} & {other["id"] for other in others}:
            wrong = ("two records that may be one person", "`same`, `different` or `later`")
            what, say = wrong if action in _OF_LISTS else ("a lead of a list", "`accept` or `reject`")
            raise UsageError(f"{strangers[0]} is {what}: `{action}` says nothing of it", fix=f"say {say}")
        told = f"nothing waits under the number {', '.join(strangers)}"
        raise UsageError(told, fix="`leadsync review` lists what waits")
    chosen = {id_ for id_ in ids or waiting if reason in (None, waiting[id_]["reason"])}
    refused = [id_ for id_ in sorted(chosen) if action == "accept" and waiting[id_]["result"] == "refuse"]
    if refused:
        told = f"{refused[0]} is refused by the rules ({waiting[refused[0]]['reason']}) and cannot be accepted"
        raise UsageError(told, fix="change lists.yaml, a file that it names, or the lead in its CRM")
    return chosen


def _body(item: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]], language: str) -> dict[str, Any]:
    from leadsync.core.facts import known
    from leadsync.core.lists import told

    facts = {name: str(known(kept).value) for name, kept in (item["facts"] or {}).items()}
    other = "/".join(item[f"other_{part}"] for part in ("connection", "object", "id")) if item["other_id"] else ""
    value = other or item["value"]
    return {
        "id": item["id"],
        "kind": item["kind"],
        "record": "/".join((item["connection"], item["object"], item["ext_id"])),
        "name": facts.get("name") or facts.get("email") or facts.get("phone") or "",
        "result": item["result"],
        "reason": item["reason"],
        "value": value,
        "means": told(item["reason"], value, labels, language),
        "found_at": item["found_at"].isoformat(),
        "decision": item["decision"],
        "decided_at": item["decided_at"] and item["decided_at"].isoformat(),
        "decided_by": item["decided_by"],
    }


def _lines(found: Sequence[dict[str, Any]], waiting: int) -> Iterator[str]:
    from leadsync.core.line import cleaned

    for each in found:
        decided = f"; {each['decision']} by {each['decided_by']}" if each["decision"] else ""
        told = f"{each['record']} {each['name']}: {each['means']} ({each['reason']}){decided}"
        yield f"{each['id']:>6}  {each['result']:6}  {cleaned(told)}"
    refused = sum(each["result"] == "refuse" and not each["decision"] for each in found)
    yield f"to be decided: {waiting}, refused by the rules: {refused}"
