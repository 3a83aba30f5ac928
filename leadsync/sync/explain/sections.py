"""What `explain` tells, section by section. A section is a function in `SECTIONS`: it takes the subject and gives rows,
each a mapping of what stands in it; whatever has something of its own to tell of a lead adds one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

import polars as pl

from leadsync.catalog import ACTIVITIES, ATTRIBUTES, NOT_ENOUGH
from leadsync.core.classes import BUYER
from leadsync.core.company_score import company_score
from leadsync.core.counting import WHY
from leadsync.core.facts import FOLLOWS, Fact
from leadsync.core.facts.fact import SAID
from leadsync.core.lists import told as waits_for
from leadsync.core.mapping import text
from leadsync.core.plan import WHY as PLAN_WHY
from leadsync.core.plan import Verdict
from leadsync.core.scoring import Scoring
from leadsync.core.talk import WORDS, talk
from leadsync.core.truth import EVENT, counting, happenings, with_activity_tests, with_field_tests
from leadsync.store.column_types import from_microseconds
from leadsync.store.evaluation import Member
from leadsync.store.records import companies_of
from leadsync.sync.companies import Fresh, words
from leadsync.sync.explain import contact, funnel
from leadsync.sync.explain.links import table
from leadsync.sync.explain.owner import owner
from leadsync.sync.explain.subject import Subject
from leadsync.sync.planning import meaning

Row = Mapping[str, Any]
_EVENTS = 3  # of each part of the score
_DENIED = "none"
_OURS = ("internal", "test")  # classes whose activity is our own
_TOLD = ("scored_as", "score", "fit", "engagement", "grade", "quadrant", "temperature", "stage", "owner", "next_action",
         "ask_for", "data", "duplicates", "waits", "reasons")  # fmt: skip


def records(subject: Subject) -> Iterator[Row]:
    """Which rows of which CRMs it is."""
    for member in subject.members:
        source = subject.evaluator.sources[member.source_id]
        held = subject.decision.held.get(member.id)
        created = None if member.created_at is None else from_microseconds(member.created_at)
        state = f"left on {subject.day(member.gone_at)}" if member.gone_at else "there"
        if member.fields is None:
            state = "only heard of so far"
        state += f", not touched: {PLAN_WHY[held]}" if held else ""
        yield {"connection": source.connection, "object": source.object, "id": member.ext_id,
               "created": subject.day(created), "state": state}  # fmt: skip


def one_lead(subject: Subject) -> Iterator[Row]:
    """Why its records are one lead: pair by pair what was compared. Not kept for the past."""
    said = {member.id: member for member in subject.members}
    for link in subject.links:
        sides = [said[id_] for id_ in (link.left, link.right)]
        pair = " = ".join(" ".join((s.connection, s.object, i)) for s, i in (subject.source(m.id) for m in sides))
        for row in table(link, sides[0].facts or {}, sides[1].facts or {}, subject.language):
            yield {"records": pair, **row}
            pair = ""


def facts(subject: Subject) -> Iterator[Row]:
    """What is known: each value with the row and fields that say it, since when, how sure it is; and what others say in
    its place, which does not count."""
    people = {member.id for member in subject.inside if member.gone_at is None and member.facts is not None}
    people = people if len(people) > 1 else set()
    for name, (fact, _), record, others in sorted(subject.facts, key=lambda each: each[0]):
        rule = subject.rules.get(name) if record in people else None
        at, fields, since = _said(subject, name, fact, record)
        if rule and rule.pick == "all":
            at = "; ".join([at, *(_said(subject, name, *other)[0] for other in others if text(other[0].value))])
            others = []
        why = f", by the rule {rule}" if rule else _preferred(subject, record, [other for _, other in others])
        yield {"fact": name, "value": text(fact.value) or _DENIED, "record": at, "field": ", ".join(fields),
               "since": since, "sure": f"{fact.confidence} %",
               "how": (f"from {fact.how}" if fact.how else "said") + why,
               "instead of": "; ".join(_other(subject, name, *each) for each in others)}  # fmt: skip
    for row in talk(subject.activities, subject.today).iter_rows(named=True):
        for name in (name for name in WORDS if row[name] is not None):
            yield {"fact": name, "value": text(row[name]), "record": "", "field": "", "since": "",
                   "sure": f"{SAID} %", "how": "from activity", "instead of": ""}  # fmt: skip


def _preferred(subject: Subject, record: int, others: Sequence[int]) -> str:
    """Why the record is believed, where it is because of its connection."""
    members = {member.id: member for member in subject.inside}
    if others and {record, *others} <= members.keys():
        mine, *theirs = (subject.evaluator.frames.connection(members[id_]) for id_ in (record, *others))
        return f", as {mine} is preferred" if mine not in theirs else ""
    return ""


def _other(subject: Subject, name: str, fact: Fact, record: int) -> str:
    at, _, since = _said(subject, name, fact, record)
    return f"{text(fact.value) or _DENIED} of {at}" + (f", since {since}" if since else "")


def _said(subject: Subject, name: str, fact: Fact, record: int) -> tuple[str, list[str], str]:
    """The row that says it, by which fields, and since when."""
    source, ext_id = subject.source(record)
    values = {n: d for n, d in subject.dated(record).items() if text(d.value)}
    fields = [f for f in _feeding(subject, source.connection, source.object, name, fact.how) if f in values]
    since = max((values[f].since for f in fields), default=None)
    return f"{source.connection} {source.object} {ext_id}", fields, subject.day(since)


def _feeding(subject: Subject, connection: str, obj: str, name: str, how: str) -> list[str]:
    """The CRM's fields that a word comes from, be it over other words."""
    reads = subject.evaluator.config.connections
    mapping = reads[connection].mapping.reads.get(obj) if connection in reads else None
    sources = {field.name: field.sources for field in mapping.fields} if mapping else {}
    wanted, seen, found = [*(how.replace(",", " ").split() or [name])], set[str](), list[str]()
    while wanted:
        word = wanted.pop(0)
        if word not in seen:
            seen.add(word)
            found += sources.get(word, ())
            wanted += () if word in sources else FOLLOWS.get(word, ())
    return list(dict.fromkeys(found))


def lead_class(subject: Subject) -> Iterator[Row]:
    """What it is to the company, and what makes it so."""
    words = subject.result.words
    if words:
        yield {"class": words.get("class"), "because": words.get("evidence") or "no other class fits"}


def result(subject: Subject) -> Iterator[Row]:
    """What follows for the sales team."""
    words = subject.result.words
    if subject.decision.waits:  # named with the record that it was found in, which no result keeps
        _, finding = subject.decision.waits
        words = {**words, "waits": waits_for(finding.reason, finding.value, subject.evaluator.config.classes.labels)}
    if not words:
        yield {"what": "result", "is": "leadsync leaves this lead alone: no score, no stage, nobody is given it"}
    elif words.get("data") == NOT_ENOUGH:
        yield {"what": "data", "is": "too little is known to judge this lead"}
    yield from ({"what": name.replace("_", " "), "is": text(words[name])} for name in _TOLD if text(words.get(name)))


def score(subject: Subject) -> Iterator[Row]:
    """Every part of the score: what stands for it, and the latest events that it counts. They add up."""
    labels = _scoring(subject).labels
    for part in subject.result.parts:
        key = (str(part["group"]), str(part["name"]))
        of = " ".join(filter(None, key)).replace("_", " ")
        what = f"{part['what']} of {of}" if of else str(part["what"])
        if part["what"] == "rule":
            what = labels.get(key, {}).get("en", of)
        events = _events(subject, *key) if part["what"] == "rule" and part["count"] else []
        yield {"points": f"{part['points'] / 100:+g}", "part": what, "group": part["group"],
               "times": part["count"] or "", "last": part["on"], "events": "; ".join(events)}  # fmt: skip
    if subject.result.parts:
        exact = sum(part["points"] for part in subject.result.parts)
        yield {"points": f"{exact / 100:g}", "part": "score", "group": "", "times": "", "last": "", "events": ""}


def _events(subject: Subject, group: str, name: str) -> list[str]:
    """The latest events that a rule gives points for."""
    rule = next((r for r in _scoring(subject).rules if (r.group, r.name) == (group, name)), None)
    if rule is None or rule.per is None:  # a lead that has come to an outcome keeps the score it had by other rules
        return []
    events = subject.events.filter((pl.col("kind") == rule.per) & (pl.col("counts") > 0))
    if rule.when is not None and not rule.when.fields.isdisjoint(ATTRIBUTES):
        every = subject.events.filter(pl.col("counts") > 0).with_columns(pl.col("id").alias(EVENT), count="counts")
        rows = with_field_tests([rule.when], subject.frame)
        happened = happenings([rule.when], rows, every, kinds=[rule.per])
        rows = with_activity_tests([rule.when], rows, happened)
        kept = counting(rule.when, rows, happened.lazy()).collect()
        events = events.filter(pl.col("id").is_in(kept[EVENT].implode()))
    given = len(rule.table.points) if not rule.table.after else subject.today.toordinal()
    first = subject.today - timedelta(days=given - 1)
    latest = events.filter(pl.col("on").is_between(first, subject.today)).sort("at", descending=True).head(_EVENTS)
    return [_event(subject, row) for row in latest.iter_rows(named=True)]


def _scoring(subject: Subject) -> Scoring:
    """What scored it: the rules of its segment, or the file's."""
    return subject.evaluator.config.scoring.of(subject.result.words.get("scored_as"))


def _event(subject: Subject, row: Mapping[str, Any]) -> str:
    about = ": ".join(filter(None, (row["topic"], row["detail"])))
    times = f" ×{row['counts']}" if row["counts"] > 1 else ""
    return f"{row['on']} {subject.evaluator.sources[row['source']].connection}{times}" + (
        f" “{about}”" if about else ""
    )


def companies(subject: Subject) -> Iterator[Row]:
    """The score of each record of its company that leadsync scores, what it is made of, and what becomes of it."""
    known = Fresh()
    known.add(subject.result)
    cuts = subject.evaluator.config.scoring.cuts
    for id_ in companies_of(subject.result.words):
        others = [person for person in subject.staff.get(id_, ()) if person.lead != subject.lead]
        found = company_score([*known.people[id_], *others], cuts.quadrant["engagement"])
        source, ext_id = subject.source(id_)
        office = subject.offices.get(id_)
        verdicts = subject.evaluator.verdicts(office, words(found), subject.now) if office else []
        yield {"record": f"{source.connection} {source.object} {ext_id}", "score": found.score, "fit": found.fit,
               "interest": found.interest, "breadth": found.breadth, "people": len(known.people[id_]) + len(others),
               "engaged": found.engaged,
               "becomes": "; ".join(f"{v.write.field} {meaning(v)}" for v in verdicts)}  # fmt: skip


def activities(subject: Subject) -> Iterator[Row]:
    """All that it did and that was done, and what of it does not count, and why."""
    ours = subject.result.words.get("class") in _OURS
    for row in subject.events.sort("at", "id", descending=True).iter_rows(named=True):
        ahead = row["on"] > subject.today
        why = WHY["internal"] if ours else WHY[row["why"]] if row["why"] else ""
        why = why or ("it is not yet: it counts from that day on" if ahead else "")
        yield {"on": str(row["on"]), "what": ACTIVITIES[row["kind"]].labels["en"] if row["kind"] in ACTIVITIES
               else row["kind"], "connection": subject.evaluator.sources[row["source"]].connection,
               "about": ": ".join(filter(None, (row["topic"], row["detail"]))), "times": row["count"],
               "counts": 0 if ours or ahead else row["counts"], "why not": why}  # fmt: skip
    for left in subject.left_out:
        source = subject.evaluator.sources[left.source_id]
        yield {"on": "", "what": f"row {left.ext_id} of {source.object}", "connection": source.connection,
               "about": "", "times": 1, "counts": 0, "why not": left.why}  # fmt: skip


def changes_next(subject: Subject) -> Iterator[Row]:
    """What becomes of it by time alone, and when: told by evaluating it on that day."""
    due = subject.result.due_at
    if due is None:
        return
    decision, day, moved = subject.decided(due), subject.day(due), False
    then = decision.result
    for name in _TOLD:
        was, becomes = text(subject.result.words.get(name)), text(then.words.get(name))
        if was != becomes:
            moved = True
            yield {"on": day, "what": name.replace("_", " "), "now": was or "—", "then": becomes or "—"}
    before, after = _by_part(subject.result.parts), _by_part(then.parts)
    for key in dict.fromkeys((*before, *after)):
        was, becomes = (f"{parts.get(key, 0) / 100:+g}" for parts in (before, after))
        if was != becomes:
            yield {"on": day, "what": " ".join(filter(None, key)).replace("_", " "), "now": was, "then": becomes}
    if not moved:
        yield {"on": day, "what": "what is written", "now": "waits", "then": "may be written again"}
    elif not decision.writes and not subject.past:
        held = (subject.evaluator.verdicts(m, then.words, due, decision.held.get(m.id)) for m in subject.members)
        if any(v.why == "least" for verdicts in held for v in verdicts):
            yield {"on": day, "what": "in the CRM", "now": "—", "then": f"nothing yet: {PLAN_WHY['least']}"}


def _by_part(parts: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], int]:
    return {(p["group"], p["name"], "" if p["what"] == "rule" else p["what"]): p["points"] for p in parts}


def writes(subject: Subject) -> Iterator[Row]:
    """What becomes of every field that is written, and what is held back and why. Not kept for the past."""
    for member in () if subject.past else subject.members:
        source = subject.evaluator.sources[member.source_id]
        for verdict in _verdicts(subject, member):
            yield {"record": f"{source.connection} {source.object} {member.ext_id}", "field": verdict.write.field,
                   "becomes": meaning(verdict)}  # fmt: skip


def _verdicts(subject: Subject, member: Member) -> list[Verdict]:
    decision = subject.decision
    return subject.evaluator.verdicts(member, decision.result.words, subject.now, decision.held.get(member.id))


Section = Callable[[Subject], Iterator[Row]]
SECTIONS: Mapping[str, tuple[str, Section]] = {
    "records": ("Its records", records),
    "one_lead": ("Why these are one person", one_lead),
    "facts": ("What is known", facts),
    "class": ("What it is to the company", lead_class),
    "consent": ("Whether it may be contacted", contact.consent),
    "mail": ("Whether mail reaches it", contact.mail),
    "list": ("What becomes of a lead from a list", contact.of_list),
    "result": ("What follows", result),
    "stage": ("Where it stands on the funnel", funnel.standing),
    "gates": ("What the gates ask, and what is known", funnel.gates),
    "transitions": ("How it came to its stage", funnel.transitions),
    "score": ("What the score is made of", score),
    "temperature": ("What makes a lead hot, warm or cold: the first line that holds", funnel.temperature),
    "company": ("What its company's score is made of", companies),
    "activities": ("What happened, and what of it counts", activities),
    "changes_next": ("What time alone changes next", changes_next),
    "owner": ("Whose it is, and why", owner),
    "writes": ("What becomes of the fields in the CRM", writes),
}
"""By name in `--json`: the heading, and what tells the rows."""


def body(subject: Subject) -> dict[str, Any]:
    """A lead as JSON has it."""
    return {"lead": subject.lead, "as_of": subject.now.astimezone(UTC).isoformat(), "buyer": _buyer(subject),
            **{name: list(tell(subject)) for name, (_, tell) in SECTIONS.items()}}  # fmt: skip


def _buyer(subject: Subject) -> bool:
    return subject.result.words.get("class") == BUYER
