"""Rules and reps of routing that can come to nothing, by the files and by what the CRMs know of the reps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches

from leadsync.config.load import Config, ConnectionConfig
from leadsync.config.routing import RULES, shadows
from leadsync.connector import Connector
from leadsync.core.assign import RepRule, RouteRule
from leadsync.errors import LeadsyncError, StateRefused, UserError
from leadsync.store import evaluation
from leadsync.store.database import open_to_read
from leadsync.sync.pull import owner_row
from leadsync.sync.routes import turns
from leadsync.types import Finding, Role


def findings(config: Config) -> Iterator[Finding]:
    """What the file alone tells."""
    routing = config.routing
    if routing is None:
        return
    document = config.documents["routing"]
    if routing.catch_all is None and routing.reps:
        told = f"{document.path}: leads that no rule has a rep for, or all of whose reps are away, get nobody"
        yield Finding("warning", told, "add `catch_all: NAME`, with the rep who sees to them")
    for key in RULES:
        rules = getattr(routing, key)
        for n, rule in enumerate(rules):
            first = next((other for other in rules[:n] if other.to and shadows(other, rule)), None)
            if first is not None:
                place = document.place((key, n))
                told = f"{place}: the rule '{rule.name}' only gets leads that nobody of '{first.name}' can take"
                yield Finding("warning", told, f"move it above '{first.name}' if it is meant to come first")
    named = {name for rule in routing.all_rules for name in rule.to} | {routing.catch_all}
    for rep in routing.reps:
        if rep.name not in named:
            place = document.place(("reps", rep.name))
            told = f"{place}: no rule names {rep.name}, who only gets leads of own companies"
            yield Finding("warning", told, f"add {rep.name} to the `to:` of a rule, or take the rep out")


Users = Mapping[str, bool]
"""E-mail → whether there is an active user of it."""


def users(connection: ConnectionConfig, connector: Connector) -> Users | None:
    """The users of a CRM, as it tells now; None where it does not tell."""
    owners = {obj: read for obj, read in connection.mapping.reads.items() if read.role is Role.OWNER}
    try:
        rows = [
            owner_row(read, record)
            for obj, read in owners.items()
            for page in connector.backfill(obj, None, connection.mapping.asked(obj))
            for record in page.records
        ]
    except LeadsyncError:  # which the connection's own findings tell of
        return None
    return _active((row["email"], row["kind"], row["active"]) for row in rows) if owners else None


def _active(rows: Iterable[tuple[str, str, bool]]) -> Users:
    found: dict[str, bool] = {}
    for email, kind, active in rows:
        if email and kind == "person":
            found[email] = found.get(email, False) or active
    return found


def of_reps(config: Config, asked: Mapping[str, Users | None]) -> Iterator[Finding]:
    """Reps whom CRMs do not know, by their users as they were `asked`, or as the store has read them; and those who
    have more leads than a rule lets them."""
    routing = config.routing
    if routing is None or not routing.reps:
        return
    known = {name: told for name, told in asked.items() if told is not None}
    load: Mapping[str, int] = {}
    with suppress(StateRefused, UserError):  # which the installation's findings tell of
        with open_to_read(config.store, config.folder) as store, store.begin():
            rows = evaluation.owners(store)
            load = turns(store, config).load
        for name in {row[0] for row in rows} - known.keys():
            known[name] = _active((row[2], row[3], row[4]) for row in rows if row[0] == name)
    whole = known.keys() >= {
        name for name, connection in config.connections.items()
        if any(read.role is Role.OWNER for read in connection.mapping.reads.values())
    }  # fmt: skip
    for rep in routing.reps:
        if known and not rep.partner:
            yield from _of_rep(config, rep, known, whole)
    yield from _of_top(config, routing.rules, load)


def _of_top(config: Config, rules: Sequence[RouteRule], load: Mapping[str, int]) -> Iterator[Finding]:
    for n, rule in enumerate(rules):
        for name in rule.to:
            if rule.top is not None and (has := load.get(name, 0)) > rule.top:
                place = config.documents["routing"].place(("rules", n, "top"))
                told = f"{place}: {name} has {has} open leads, and `top: {rule.top}` of the rule '{rule.name}'"
                fix = "raise `top`, which counts all open leads of a rep, or give some of them to others"
                yield Finding("warning", f"{told} lets {name} have no more until fewer are open", fix)


def _of_rep(config: Config, rep: RepRule, known: Mapping[str, Users], whole: bool) -> Iterator[Finding]:
    """`whole`: no CRM is missing in `known`."""
    place = config.documents["routing"].place(("reps", rep.name, "email"))
    missing = [connection for connection, users in known.items() if not users.get(rep.email)]
    if not missing:
        return
    if len(missing) < len(known):
        told = f"{place}: {rep.name} ({rep.email}) has no active user in {', '.join(missing)}"
        yield Finding("warning", f"{told}: whoever owns a lead there stays", f"add {rep.email} there")
        return
    if not whole:
        return
    left = [connection for connection in missing if rep.email in known[connection]]
    everyone = sorted({email for users in known.values() for email, active in users.items() if active})
    close = get_close_matches(rep.email, everyone, 1, 0.75)
    what = f"is no active user any more in {', '.join(left)}" if left else "is a user of no CRM"
    fix = f"write {close[0]} if that is meant" if close else "correct the e-mail, or take the rep out"
    yield Finding("error", f"{place}: {rep.name} ({rep.email}) {what}, and gets no leads", fix)
