"""What `explain` tells of a lead's stage: where it stands, what each gate asks and how that stands, how it came there,
and what would move it; and what hot, warm and cold mean."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from leadsync import catalog
from leadsync.core.conditions import ActivityTest, Condition, FieldTest
from leadsync.core.ladder import WHY, Ladder, Stage, checks, shares
from leadsync.core.mapping import text
from leadsync.core.sentence import sentence
from leadsync.core.truth import truths
from leadsync.sync.explain.subject import Subject

Row = Mapping[str, Any]
_AND_SO_ON = 4  # kinds of activity that are named one by one


def standing(subject: Subject) -> Iterator[Row]:
    """Its stage, since when and why; what holds it there; what would move it next."""
    if not subject.result.place:
        return
    ladder, place = _ladder(subject), subject.result.place
    at = next((stage for stage in ladder.stages if stage.name == place.get("stage")), None)
    if ladder.name:
        yield {"what": "funnel", "is": ladder.name}
    yield {"what": "stage", "is": f"{at.name} since {place['since']}" if at else "below the lowest one"}
    if moves := [*(move for _, move in subject.moves), *subject.decision.moves]:
        yield {"what": "because", "is": WHY[moves[-1].why]}
    for key, told in (("hold", "somebody set it in a CRM: it holds until"), ("wake", "asleep until")):
        if key in place:
            yield {"what": "held", "is": f"{told} {place[key]}"}
    if at is not None and "below" in place:
        ends = date.fromisoformat(place["below"]) + timedelta(days=at.grace_days)
        yield {"what": "grace", "is": f"neither gate nor keep: holds since {place['below']}; it leaves on {ends}"}
    yield from _next(subject, ladder, at)


def _next(subject: Subject, ladder: Ladder, at: Stage | None) -> Iterator[Row]:
    """What is missing for the next stage, or would bring it straight to a higher one."""
    holds = _holds(subject, ladder)
    if at is not None and at.when:
        yield {"what": "next", "is": f"nothing, while it is {at.when}"}
        return
    above = [ladder.stages[k] for k in ladder.steps if at is None or k > ladder.names.index(at.name)]
    for stage in above[:1]:
        lacking = [part for part in stage.gates if not holds[stage.name, part]]
        told = "; ".join(f"{part}: {_said(subject, stage.gates[part])}" for part in lacking)
        yield {"what": f"to {stage.name}", "is": told or "nothing is missing"}
    for stage in above:
        if stage.either is not None and not holds[stage.name, "or"]:
            yield {"what": f"to {stage.name}", "is": f"or: {_said(subject, stage.either)}"}


def gates(subject: Subject) -> Iterator[Row]:
    """Each line of each gate, whether it holds, and by what; `keep` and `recycle` of the stage where it stands."""
    if not subject.result.place:
        return
    ladder = _ladder(subject)
    for (name, part), holds in _holds(subject, ladder).items():
        stage = ladder.stages[ladder.names.index(name)]
        recycle = stage.recycle.when if stage.recycle else None
        condition = stage.gates.get(part) or {"or": stage.either, "keep": stage.keep, "recycle": recycle}[part]
        if condition is not None and (part not in ("keep", "recycle") or name == subject.result.words.get("stage")):
            yield {"stage": name, "part": part, "holds": holds, "asks": _said(subject, condition),
                   "known": "; ".join(_known(subject, condition))}  # fmt: skip


def transitions(subject: Subject) -> Iterator[Row]:
    """Every stage that it came to: when, why, and by which version of the gate."""
    zone = subject.evaluator.config.zone
    passed = [(f"{at.astimezone(zone):%F %H:%M}", move) for at, move in subject.moves]
    for at, move in (*passed, *(("with the next sync", move) for move in subject.decision.moves)):
        yield {"on": at, "from": move.before or "—", "to": move.after or "—", "why": WHY[move.why], "gate": move.gate}


def temperature(subject: Subject) -> Iterator[Row]:
    """What makes a lead hot, warm or cold, in plain words, and how that stands: the first line that holds decides."""
    if not subject.result.parts:
        return
    scoring = subject.evaluator.config.scoring.of(subject.result.words.get("scored_as"))
    lines = [("cold", None, scoring.cold_when), ("hot", scoring.hot, None), ("hot", None, scoring.hot_when),
             ("warm", scoring.warm, None), ("warm", None, scoring.warm_when)]  # fmt: skip
    score = int(str(subject.result.words["score"]))
    for name, lowest, condition in lines:
        if lowest is not None:
            yield {"temperature": name, "holds": score >= lowest, "asks": f"score at least {lowest}",
                   "known": f"score: {score}"}  # fmt: skip
        elif condition is not None:
            holds = truths([condition], subject.frame, subject.activities)["0"].item()
            yield {"temperature": name, "holds": holds, "asks": _said(subject, condition),
                   "known": "; ".join(_known(subject, condition))}  # fmt: skip
    yield {"temperature": "cold", "holds": True, "asks": "nothing: all others are cold", "known": ""}


def _ladder(subject: Subject) -> Ladder:
    [(ladder, _)] = shares(subject.evaluator.config.ladder, subject.frame, subject.activities)
    return ladder


def _holds(subject: Subject, ladder: Ladder) -> dict[tuple[str, str], bool]:
    told = checks(ladder, subject.frame, subject.activities).select("stage", "part", "holds")
    return {(stage, part): holds for stage, part, holds in told.iter_rows()}


def _said(subject: Subject, condition: Condition) -> str:
    return sentence(condition, "en", subject.evaluator.config.fields)


def _known(subject: Subject, condition: Condition) -> Iterator[str]:
    """What is known of all that a condition asks about."""
    words = {**catalog.RESULTS, **subject.evaluator.config.fields}
    for test in condition.tests:
        if isinstance(test, FieldTest):
            if test.field in subject.frame.columns:
                denied = test.field in (subject.frame[catalog.NO_TO].item() or "").split()
                known = text(subject.frame[test.field].item()) or ("none" if denied else "unknown")
                yield f"{words[test.field].labels['en']}: {known}"
        else:
            about = f" about {' or '.join(test.topics)}" if test.topics else ""
            yield f"{_kinds(test.kinds)}{about}: {_times(subject, test)}"
            if test.since_capture:
                yield f"when the lead came in: {text(subject.frame['capture'].item()) or 'unknown'}"


def _kinds(kinds: Sequence[str]) -> str:
    return "activity" if len(kinds) > _AND_SO_ON else " or ".join(catalog.ACTIVITIES[k].labels["en"] for k in kinds)


def _times(subject: Subject, test: ActivityTest) -> str:
    day = subject.frame["day"].item()
    theirs = subject.activities.filter(pl.col("kind").is_in(test.kinds) & (pl.col("on") <= day))
    if test.topics:
        theirs = theirs.filter(pl.col("topic").str.strip_chars().str.to_lowercase().is_in(test.topics))
    last = theirs["on"].max()
    times = theirs["count"].sum()
    if test.days is not None:
        theirs = theirs.filter(pl.col("on") > day - timedelta(test.days))
    if test.since_capture:
        after = (pl.col("on") - pl.lit(subject.frame["capture"]).first()).dt.total_days()
        theirs = theirs.filter(after >= 0, True if test.within is None else after < test.within)
    then = theirs["count"].sum()
    within = f", {then} × in that time" if then < times else ""
    return f"{times} ×, last on {last!s}{within}" if times else "never"
