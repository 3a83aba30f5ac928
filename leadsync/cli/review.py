"""`leadsync review`: what waits for a person, and deciding on it."""

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadsync.cli import review_shown
from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json
from leadsync.errors import UsageError

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.store.database import Store

WAITS = 2  # the exit code where something is to be decided
_DECISIONS = {"accept": "accepted", "reject": "rejected", "same": "same", "different": "different", "later": "later"}
_OF_LISTS = ("accept", "reject")
_BY_KEYS = "decide"


def review(
    action: Annotated[
        str | None,
        typer.Argument(
            metavar="[decide|accept|reject|same|different|later]", help="Decide; without it what waits is listed."
        ),
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

    `decide` asks about one after the other, a key for each answer. `accept` lets a lead of a list go on, `reject` keeps
    it back for good. Of two records that are likely one person, `same` makes one lead, `different` keeps them apart,
    `later` puts it off for a week. leadsync may run meanwhile; its next cycle follows. Exit code 2 when something is
    left to be decided, else 0.
    """
    from leadsync import catalog
    from leadsync.cli.review_keys import by_keys, need_terminal
    from leadsync.config.load import load_config
    from leadsync.core.lists import REASONS
    from leadsync.store import review as rows
    from leadsync.store.database import Store, open_store
    from leadsync.sync import pairs

    if reason not in (None, *REASONS, rows.LIKELY):
        raise UsageError(catalog.unknown_word(str(reason), "reason", (*REASONS, rows.LIKELY)))
    if action == _BY_KEYS:
        need_terminal(as_json)
    elif action is not None and (action not in _DECISIONS or not (ids or reason)):
        fix = "`leadsync review accept ID …`, `reject --reason REASON`, of a pair `same`, `different`, `later ID …`"
        raise UsageError("say what to do with which", fix=f"{fix}; or `decide`, which asks about one after the other")
    loaded, now, me = load_config(config), datetime.now(UTC), getpass.getuser()
    store = open_store(loaded.store, loaded.folder, create=False, migrate=False)
    looking = Store(store.engine.execution_options(reading=True), store.shown)

    def decide(id_: int, decision: str) -> None:
        with store.begin():
            rows.decide(store, [id_], decision, me, datetime.now(UTC))

    try:
        decided = 0
        if action in _DECISIONS:
            with store.begin() as db:
                both = rows.items(db), pairs.waiting(store, now, decided=True)
                items, others = both if action in _OF_LISTS else both[::-1]
                chosen = _chosen(items, others, ids or (), reason, action)
                rows.decide(store, chosen, _DECISIONS[action], me, now)
            decided = len(chosen)
        compared = inf if as_json else review_shown.SHOWN if action is None else 0
        found, waiting = _what_waits(looking, loaded, now, reason, language, everything=everything, compared=compared)
        if action == _BY_KEYS:
            decided = by_keys(found, lambda each: _evidence(looking, loaded, each, language), decide)
            waiting = _what_waits(looking, loaded, now, reason, language)[1]
    finally:
        looking.close()
        store.close()
    if as_json:
        print_json({"items": found, "waiting": waiting, "decided": decided})
    elif action is not None:
        print(f"{_DECISIONS.get(action, 'decided')}: {decided}, to be decided: {waiting}; the next cycle follows")
    else:
        review_shown.show(found)
        print("\n".join(review_shown.lines(found, waiting)))
    return WAITS if waiting else 0


def _what_waits(
    store: "Store", config: "Config", now: datetime, reason: str | None, language: str, *, everything: bool = False,
    compared: float = 0,
) -> tuple[list[dict[str, Any]], int]:  # fmt: skip
    """Leads of lists, then pairs, the first of which are `compared`, so many; how many of all wait."""
    from leadsync.store import review as rows
    from leadsync.sync import pairs

    with store.begin() as db:
        listed = [
            review_shown.body(each, config.classes.labels, language) for each in rows.items(db, decided=everything)
        ]
        likely = pairs.waiting(store, now, decided=everything)
        waiting = sum(each["result"] == rows.HELD and not each["decision"] for each in listed)
        waiting += rows.count_pairs(store, now)
    for n, each in enumerate(likely):
        each["evidence"] = _evidence(store, config, each, language) if n < compared else []
    return [each for each in (*listed, *likely) if reason in (None, each["reason"])], waiting


def _evidence(store: "Store", config: "Config", pair: Mapping[str, Any], language: str) -> Sequence[Mapping[str, Any]]:
    from leadsync.sync import pairs

    with store.begin():
        return pairs.compared(store, pair, config.matching.model.automatic, language)


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
