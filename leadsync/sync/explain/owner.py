"""Whose a lead is, and why: the decision as it was stored, in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadsync.core.assign import STATES, WHY, Routed
from leadsync.core.sentence import sentence
from leadsync.store.routing import Kept
from leadsync.sync.explain.subject import Subject

Row = Mapping[str, Any]
_NOW = "now, once it is evaluated"


def owner(subject: Subject) -> Iterator[Row]:
    """Whose it is, by which rule, and how it stood with every rep who could have had it; and who else owns it."""
    yield from _decided(subject)
    whose = subject.result.words.get("owner")
    for member, email, _ in subject.evaluator.router.owners(subject.inside):
        if email != whose:
            source = subject.evaluator.sources[member.source_id]
            told = f"somebody gave it to {email} there, which stays unless the mapping says `policy: always`"
            yield {"what": f"{source.connection} {source.object} {member.ext_id}", "because": told}


def _decided(subject: Subject) -> Iterator[Row]:
    new, last = subject.decision.routed, subject.found.routed.get(subject.lead)
    decided: Routed | Kept | None = new if new is not None else last
    whose = subject.result.words.get("owner")
    if decided is None or (whose is not None and decided.owner != whose):
        if whose is not None:
            yield {"what": str(whose), "because": "somebody in a CRM gave it to them"}
        return
    named = f"{decided.rep} ({decided.owner})" if decided.rep else decided.owner or "nobody"
    rule = f"rule {decided.rule}: " if decided.rule and decided.why not in ("catch_all", "company") else ""
    yield {"what": named, "because": rule + WHY[decided.why]}
    zone = subject.evaluator.config.zone
    yield {"what": "decided", "because": _NOW if new else f"{decided.at.astimezone(zone):%F %H:%M}"}  # type: ignore[union-attr]
    for step in decided.proof.get("rules", ()):
        if "left" in step:
            yield {"what": "before", "because": f"{step['left']} had it, who is no active user any more"}
        else:
            yield {"what": step["rule"], "because": _told(subject, step, decided)}


def _told(subject: Subject, step: Mapping[str, Any], decided: Routed | Kept) -> str:
    """What came of a rule."""
    config = subject.evaluator.config
    if not step["fits"]:
        rules = config.routing.all_rules if config.routing else ()
        when = next((rule.when for rule in rules if rule.name == step["rule"]), None)
        return "does not fit" + (f": asks that {sentence(when, 'en', config.fields)}" if when else "")
    reps: Mapping[str, Sequence[Any]] = step.get("reps", {})
    if "account" in step:
        if step["account"] is None:
            return "its company has no owner in any CRM"
        return f"{step['account']} owns its company" + "".join(f", and {_state(*each)}" for each in reps.values())
    chosen = step["rule"] == decided.rule and decided.rep in reps
    first = [f"{decided.rep} {_state(*reps[str(decided.rep)])}"] if chosen else []
    others = [f"{name} {_state(*each)}" for name, each in reps.items() if not (chosen and name == decided.rep)]
    return "; ".join([*first, *others]) + (f"; of the rules {step['of']} fits" if "of" in step else "")


def _state(state: str, until: str, owed: float, open_: int | None) -> str:
    """How it stood with a rep: is away until …, could take it (owed 0.83 of a lead, 12 open)."""
    if state in ("free", "off"):
        begins = f" until {datetime.fromisoformat(until):%F %H:%M} UTC" if until else ""
        counted = f"owed {owed:g} of a lead" + ("" if open_ is None else f", {open_} open")
        return f"{STATES[state]}{begins} ({counted})"
    return STATES[state] + (f" until {until}" if until else "")
