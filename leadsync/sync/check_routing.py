"""Rules and reps of routing that can come to nothing, by the files and by what the CRMs know of the reps."""

from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches

from leadsync.config.load import Config
from leadsync.config.routing import RULES, shadows
from leadsync.core.assign import RepRule
from leadsync.store import evaluation
from leadsync.store.database import Store, open_store
from leadsync.types import Finding


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


def of_reps(config: Config) -> Iterator[Finding]:
    """Reps whom CRMs do not know, by the users that the store has read. Raises `StateRefused` and `UserError` for a
    store that cannot be read."""
    routing = config.routing
    if routing is None or not routing.reps:
        return
    opened = open_store(config.store, config.folder, create=False, migrate=False)
    store = Store(opened.engine.execution_options(reading=True), opened.shown)
    try:
        with store.begin():
            rows = evaluation.owners(store)
    finally:
        store.close()
    known = defaultdict[str, dict[str, bool]](dict)  # connection → e-mail → active
    for connection, _, email, kind, active, _ in rows:
        if email and kind == "person":
            known[connection][email] = known[connection].get(email, False) or active
    for rep in routing.reps:
        if known and not rep.partner:
            yield from _of_rep(config, rep, known)


def _of_rep(config: Config, rep: RepRule, known: dict[str, dict[str, bool]]) -> Iterator[Finding]:
    place = config.documents["routing"].place(("reps", rep.name, "email"))
    missing = [connection for connection, users in known.items() if not users.get(rep.email)]
    if not missing:
        return
    if len(missing) < len(known):
        told = f"{place}: {rep.name} ({rep.email}) has no active user in {', '.join(missing)}"
        yield Finding("warning", f"{told}: whoever owns a lead there stays", f"add {rep.email} there")
        return
    left = [connection for connection in missing if rep.email in known[connection]]
    everyone = sorted({email for users in known.values() for email, active in users.items() if active})
    close = get_close_matches(rep.email, everyone, 1, 0.75)
    what = f"is no active user any more in {', '.join(left)}" if left else "is a user of no CRM"
    fix = f"write {close[0]} if that is meant" if close else "correct the e-mail, or take the rep out"
    yield Finding("error", f"{place}: {rep.name} ({rep.email}) {what}, and gets no leads", fix)
