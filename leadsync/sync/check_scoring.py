"""What the scoring files contradict themselves in: by the files alone, and by the leads there are."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from leadsync.config.document import Document, Loc
from leadsync.config.effective import shipped
from leadsync.config.load import Config
from leadsync.core.conditions import Condition, FieldTest
from leadsync.core.implied import follows
from leadsync.core.ladder import Stage
from leadsync.core.scoring import AXES, Scoring
from leadsync.sync.check_conditions import MEANT, fed, most_of
from leadsync.sync.check_leads import TELLING, Fired, Reach
from leadsync.types import Finding

_OVERWHELMS = 2 / 3  # of all points that leads were given


def findings(config: Config) -> Iterator[Finding]:
    """Caps, bands and stages of the admin's own files that do not go together."""
    document = config.documents["scoring"]
    for loc, scoring in _scorings(config.scoring):
        yield from _bands(scoring, document, loc)
        yield from _lifts(scoring, document, loc)
        yield from _caps(scoring, document, loc)
        yield from _groups(scoring, document, loc)
        yield from _twice(scoring, document, loc)
    yield from _stages(config)


def told_by_leads(config: Config, found: Reach) -> Iterator[Finding]:
    """Rules of the admin's own, each per activity, that no lead or every lead got points by, and those that outweigh
    all others together."""
    document, words = config.documents["scoring"], fed(config)
    for loc, scoring in _scorings(config.scoring):
        segment = config.scoring.segments[int(loc[1])].name if loc else None
        leads, of = found.scored.get(segment, 0), found.fired.get(segment, {})
        if leads >= TELLING:
            yield from _usage(scoring, document, loc, of, leads, words)


def _scorings(scoring: Scoring) -> Iterator[tuple[Loc, Scoring]]:
    """The file's, and those of its segments, each with its place."""
    yield (), scoring
    yield from ((("segments", i), each.scoring) for i, each in enumerate(scoring.segments))


def _own(document: Document, loc: Loc, *spot: str) -> str:
    """The place of what the admin has written there; "" where it is not there, or shipped."""
    place = document.places.get((*loc, *spot), "")
    return "" if shipped(place) else place


def _usage(
    scoring: Scoring, document: Document, loc: Loc, of: Fired, leads: int, words: frozenset[str]
) -> Iterator[Finding]:
    given = sum(points for _, points in of.values() if points > 0)
    in_all = sum(abs(points) for _, points in of.values())
    for rule in scoring.rules:
        place = _own(document, loc, rule.group, "rules", rule.name)
        count, points = of.get((rule.group, rule.name), (0, 0))
        if not place:
            continue
        if rule.per in words and not count:
            told = f"{place}: none of {leads} leads has points by {rule.name}"
            yield Finding("warning", told, "see whether it is meant so, and whether the CRM holds such activity")
        elif rule.per is not None and count == leads:
            told = f"{place}: all of {leads} leads have points by {rule.name}"
            yield Finding("warning", told, "see whether it is meant so: it makes little difference between them")
        most, what = (given, "have") if points > 0 else (in_all, "have or lose")
        if len(of) > 1 and abs(points) > most * _OVERWHELMS:
            told = f"{place}: {abs(points) / most:.0%} of all points that leads {what} are those of {rule.name}"
            yield Finding("warning", told, "give it fewer points or a lower cap, so that others count beside it")


def _bands(scoring: Scoring, document: Document, loc: Loc) -> Iterator[Finding]:
    """Temperatures, grades and quadrants that no lead can have, and rules that nothing outweighs."""
    most = sum(map(most_of, scoring.groups)) / 100
    hot, warm = (document.place((*loc, "temperature", band)) for band in ("hot", "warm"))
    if scoring.warm == scoring.hot:
        told = f"{warm}: warm begins where hot does, so no lead is ever warm"
        yield Finding("warning", told, "make `warm` lower than `hot`")
    elif not scoring.warm and not scoring.cold_when:
        yield Finding("warning", f"{warm}: warm begins at 0, so no lead is ever cold", "raise `warm`")
    for band, lowest, place in (("hot", scoring.hot, hot), ("warm", scoring.warm, warm)):
        if most < lowest and not (band == "hot" and scoring.hot_when):
            told = f"{place}: {band} begins at {lowest}, and all rules together give at most {most:g}"
            yield Finding("warning", told, f"lower `{band}`, or raise points and caps")
    bare = "use" not in document.data and not any((g.axis or g.name) in AXES for g in scoring.groups)
    if bare:
        told = f"{document.path}:1:1: this file stands alone, and nothing in it counts towards fit or engagement"
        yield Finding(
            "warning", told, "begin it with `use: b2b` to add to shipped rules, or name what counts by `axis:`"
        )
    for axis in () if bare else AXES:
        most = sum(most_of(group) for group in scoring.groups if (group.axis or group.name) == axis) / 100
        best, least = scoring.cuts.grade[axis][0], scoring.cuts.quadrant[axis]
        for key, lowest, what in (("grade", best, "the best grade"), ("quadrant", least, f"the quadrant's {axis}")):
            if most < lowest:
                written = (*loc, key, axis)
                place = document.place(written if (*loc, key) in document.places else (*loc, axis))
                told = f"{place}: {what} begins at {lowest}, and {axis} is at most {most:g}"
                yield Finding("warning", told, f"lower it, or raise points and caps of what counts towards {axis}")
    for group in scoring.groups:
        if not group.rules and (place := _own(document, loc, group.name)):
            close = get_close_matches(group.name, [each.name for each in scoring.groups if each.rules], 1)
            fix = f"did you mean {close[0]}?" if close else "write `rules:` below it, or take it out"
            yield Finding("warning", f"{place}: the group {group.name} has no rules, so it gives nothing", fix)
        for rule in group.rules:
            place = _own(document, loc, group.name, "rules", rule.name)
            if place and min(most_of(replace(group, rules=(rule,), alone=None)), 10_000) >= scoring.hot * 100:
                told = f"{place}: {rule.name} alone can make hot, whatever else holds"
                yield Finding("warning", told, "give fewer points, or add `cap:` to the rule or its group")


def _lifts(scoring: Scoring, document: Document, loc: Loc) -> Iterator[Finding]:
    """Conditions of the temperature that never decide, since an earlier line holds wherever they do."""
    hot, warm = (Condition("", FieldTest("score", "number", ">=", (float(at),))) for at in (scoring.hot, scoring.warm))
    lines = [("cold_when", scoring.cold_when), ("hot", hot), ("hot_when", scoring.hot_when), ("warm", warm),
             ("warm_when", scoring.warm_when)]  # fmt: skip
    before = list[tuple[str, Condition]]()
    for key, condition in ((key, condition) for key, condition in lines if condition is not None):
        taken = next((name for name, other in before if follows(condition, other)), None)
        if taken and key.endswith("when") and (place := _own(document, loc, "temperature", key)):
            told = f"{place}: {key} never decides: wherever it holds `{taken}` does, which comes first"
            yield Finding("warning", told, f"ask for something that `{taken}` does not, or take it out")
        before.append((key, condition))


def _caps(scoring: Scoring, document: Document, loc: Loc) -> Iterator[Finding]:
    """Caps that never come to bear, since another one is reached before or there are not so many points."""
    for group in scoring.groups:
        taken = replace(group, cap=None, rules=tuple(replace(rule, points=-rule.points) for rule in group.rules))
        most = max(most_of(replace(group, cap=None)), most_of(taken))
        if group.cap is not None and 0 < most < group.cap and (place := _own(document, loc, group.name, "cap")):
            told = f"{place}: the rules of {group.name} give and take at most {most / 100:g}, so its cap of"
            yield Finding("warning", f"{told} {group.cap / 100:g} never counts", "lower it, or leave out `cap`")
        cap = group.cap if group.cap is not None else math.inf
        if group.alone is not None and group.alone >= cap and (place := _own(document, loc, group.name, "alone")):
            told = f"{place}: `alone` of {group.name} is no lower than its cap of {cap / 100:g}, so it bounds nothing"
            yield Finding("warning", told, "make `alone` lower than `cap`, or leave out both `alone` and `agrees`")
        for rule in group.rules:
            spot = (group.name, "rules", rule.name)
            if not rule.points and (place := _own(document, loc, *spot, "points")):
                told = f"{place}: {rule.name} gives no points, as if it were not there"
                yield Finding(
                    "warning", told, f"give it some, or write `{rule.name}: null` to take a shipped rule away"
                )
            fade, window = rule.fade_days, rule.window_days
            if fade and window and window >= fade and (place := _own(document, loc, *spot, "window")):
                told = (
                    f"{place}: {rule.name} is worth nothing after {fade} days by its `fade`, so `window` never counts"
                )
                yield Finding("warning", told, f"leave it out, or write fewer than {fade} days")
            limit = min(abs(rule.points) if rule.per is None else math.inf, rule.cap or math.inf)
            if rule.cap is not None and limit > cap and (place := _own(document, loc, *spot, "cap")):
                told = f"{place}: the cap of {rule.name} ({rule.cap / 100:g}) lies above that of its group"
                yield Finding("warning", f"{told} ({cap / 100:g}), so it never counts", f"lower it to {cap / 100:g}")
            elif rule.per is None and limit > cap and (place := _own(document, loc, *spot, "points")):
                told = f"{place}: {rule.name} has {rule.points / 100:g} points, and its group gives and takes at most"
                fix = f"give it {math.copysign(cap, rule.points) / 100:g}, or raise the cap of {group.name}"
                yield Finding("warning", f"{told} {cap / 100:g}", fix)
            elif rule.cap is not None and abs(rule.points) > rule.cap and (place := _own(document, loc, *spot, "cap")):
                told = f"{place}: {rule.name} has {rule.points / 100:g} points and a cap of {rule.cap / 100:g}"
                yield Finding("warning", f"{told}: it never has them in full", "raise `cap`, or lower `points`")
            elif rule.cap is not None and limit < rule.cap and (place := _own(document, loc, *spot, "cap")):
                told = f"{place}: {rule.name} gives its {rule.points / 100:g} points once, so its cap of"
                yield Finding("warning", f"{told} {rule.cap / 100:g} never counts", "leave out `cap`")


def _groups(scoring: Scoring, document: Document, loc: Loc) -> Iterator[Finding]:
    """Groups beside those of the used file: names that may be slips of the pen, and who counts towards no axis."""
    used = {spot[0] for spot, place in document.places.items() if spot[1:] and shipped(place)}
    used |= {rule.group for rule in scoring.rules if not _own(document, loc, rule.group, "rules", rule.name)}
    new = [group for group in scoring.groups if used and group.rules and group.name not in used]
    for group in new:
        if close := get_close_matches(group.name.lower(), [str(name) for name in used], 1, 0.8):
            told = f"{_own(document, loc, group.name)}: {group.name} is a group of its own beside {close[0]}"
            yield Finding("warning", told, f"did you mean {close[0]}?")
    if aside := ", ".join(group.name for group in new if (group.axis or group.name) not in AXES):
        told = f"{document.place(loc)}: without `axis:` these groups count towards the score alone: {aside}"
        yield Finding("ok", told)


def _twice(scoring: Scoring, document: Document, loc: Loc) -> Iterator[Finding]:
    """The admin's own rules for what a rule of the file that is used counts already. A narrower one adds to it."""
    rules = [(rule, _own(document, loc, rule.group, "rules", rule.name)) for rule in scoring.rules]
    used = [(rule, rule.when and rule.when.root) for rule, place in rules if not place]
    for rule, place in rules:
        when = rule.when and rule.when.root
        for other, also in used if place else ():
            wider = rule.name == other.name and rule.when and other.when and follows(other.when, rule.when)
            if rule.per == other.per and (when == also or wider) and rule.points * other.points > 0:
                what = rule.per or f"that `{rule.when.text if rule.when else ''}`"
                told = f"{place}: {what} counts by {other.group}.{other.name} as well, which is used, too"
                fix = f"write `{other.group}: {{rules: {{{other.name}: null}}}}` to take that one away"
                yield Finding("warning", told, f"{fix}, or this rule under its name to replace it")


def _stages(config: Config) -> Iterator[Finding]:
    """Stages that begin at a score of another temperature than their leads are meant to have."""
    below = 0.0
    for i, stage in enumerate(config.ladder.stages):
        below, at = max([below, *_scores(stage).values()]), ("stages", i)
        meant = MEANT.get(stage.name)
        if meant is None or not _scores(stage):
            continue
        funnel, bands = config.documents["funnel"], config.documents["scoring"]
        part = next(part for part, least in _scores(stage).items() if least == max(_scores(stage).values()))
        for loc, scoring in _scorings(config.scoring):
            begins = "hot" if below >= scoring.hot else "warm" if below >= scoring.warm else "cold"
            usual = loc and (scoring.hot, scoring.warm) == (config.scoring.hot, config.scoring.warm)
            places = [funnel.place((*at, "gate", part))] if not loc else []
            places += [bands.place((*loc, "temperature", "hot")), bands.place((*loc, "temperature"))]
            place = next((place for place in places if not shipped(place)), "")
            if place and begins != meant and not usual:
                told = f"{place}: {stage.name} is meant to be {meant}, and begins at a score of {below:g}, which is"
                fix = f"let it begin where {meant} does, or move the bands: warm {scoring.warm}, hot {scoring.hot}"
                yield Finding("warning", f"{told} {begins}", fix)


def _scores(stage: Stage) -> Mapping[str, float]:
    """Part of the gate → the lowest score that it lets pass, for those that say it plainly."""
    return {
        part: float(str(condition.root.values[0]))
        for part, condition in stage.gates.items()
        if isinstance(condition.root, FieldTest)
        and condition.root.field == "score"
        and condition.root.op in (">=", ">")
    }
