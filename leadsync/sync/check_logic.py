"""What conditions come to by themselves: those that can never hold or always do, and what another one takes in."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from itertools import pairwise

from leadsync.catalog import ATTRIBUTES
from leadsync.config.document import Loc
from leadsync.config.effective import shipped
from leadsync.config.load import Config
from leadsync.core.classes import BUYER
from leadsync.core.conditions import Combined, Condition, FieldTest, Node
from leadsync.core.facts import LEAST
from leadsync.core.implied import Asked, clash, follows, together
from leadsync.core.ladder import Ladder
from leadsync.core.scoring import AXES, Segment
from leadsync.core.sentence import sentence
from leadsync.sync.check_conditions import Placed, at_most, placed
from leadsync.types import Finding

_SCORE = FieldTest("score", "number", "between", (0.0, 100.0))
_BUYER = FieldTest("class", "text", "=", (BUYER,))
_ENDS: Mapping[str, FieldTest] = {
    **{word: FieldTest(word, "number", ">=", (least,)) for word, least in LEAST.items()},
    "answer_share": FieldTest("answer_share", "number", "between", (0.0, 100.0)),
    "answer_hours": FieldTest("answer_hours", "number", ">=", (0.0,)),
}
_BOUNDS: Mapping[str, Node] = {
    word: Combined("or", (test, Combined("not", (FieldTest(word, "number", "known"),)))) for word, test in _ENDS.items()
}
"""What holds of numbers, where there are any."""
_SO: Mapping[str, str] = {
    "cold_when": "so everybody is cold", "hot_when": "so everybody is hot who is not cold by `cold_when`",
    "warm_when": "so nobody is cold but by `cold_when`", "agrees": "so `alone` bounds nothing",
    "never": "so leadsync leaves everybody alone", "or": "so the gate asks for nothing",
}  # fmt: skip
"""What follows where a condition always holds, by its key."""


def findings(config: Config) -> Iterator[Finding]:
    """What the admin's own conditions contradict themselves or each other in."""
    own = [each for each in placed(config) if not each.shipped]
    most = at_most(config)
    always = (
        FieldTest("completeness", "number", "between", (0.0, most["completeness"])), _SCORE,
        *(FieldTest(axis, "number", "<=", (most[axis],)) for axis in AXES),
    )  # fmt: skip
    classes = {*config.classes.names, *config.classes.labels}
    for each in own:
        bounds = {field: bound for field, bound in _BOUNDS.items() if field in each.condition.fields}
        given = (*always, _BUYER) if each.file in ("scoring.yaml", "funnel.yaml") else always
        pair = clash([each.condition], given=given)
        if pair and (_BUYER, True) in pair and _of_class(pair, classes):
            told = f"{each.word('class')}: {each.at} holds for nobody: only buyers are scored and staged"
            yield Finding("warning", told, "leave it out, or write a rule of routing.yaml for such leads")
        elif pair and (_BUYER, True) in pair:
            continue  # a class that there is none of, which is told as such
        elif pair and not each.gate and not _of_several(each, pair):
            told = f"{_at(each, pair)}: {each.at} holds for nobody, since this cannot be: {_said(config, each, pair)}"
            fix = "ask for what one lead can have: perhaps `or` is meant in place of `and`, or `in [..]`"
            yield Finding("warning", told, fix)
        elif not pair and (word := next((w for w, bound in bounds.items() if clash([each.condition], bound)), None)):
            told = f"{each.word(word)}: {each.at} holds for nobody"
            if word in LEAST:
                fix = f"write `{word} = none` for whoever says so, `not {word}` for all without"
                yield Finding("warning", f"{told}: a {word} below {LEAST[word]:g} counts as none", fix)
            else:
                ends = sentence(Condition("", _ENDS[word]))
                yield Finding("warning", f"{told}, since always: {ends}", "ask for what there can be")
        elif clash([], Combined("not", (each.condition.root,)), *bounds.values(), given=given):
            of_segment = each.loc[0] == "segments" and len(each.loc) == 3
            so = (
                "so nobody is scored by what follows"
                if of_segment
                else _SO.get(str(each.loc[-1]), "so it asks for nothing")
            )
            told = f"{each.document.place(each.loc)}: {each.at} holds whoever the lead is, {so}"
            yield Finding("warning", told, "leave it out, or ask for what only some leads have")
    yield from _contrary(config, own)
    yield from _keeps_nobody(own)
    yield from _passed_over(config)
    yield from _segments(config)


def _of_class(pair: tuple[Asked, Asked], classes: Set[str]) -> bool:
    """Whether what a test on the class asks for is a class at all."""
    said = {str(value) for test, _ in pair if isinstance(test, FieldTest) and test != _BUYER for value in test.values}
    return not said or not said.isdisjoint(name.lower() for name in classes)


def _of_several(each: Placed, pair: tuple[Asked, Asked]) -> bool:
    """Whether it asks about the topics of all that a lead did, which may be several."""
    return each.file == "classes.yaml" and any(getattr(test, "field", "") in ATTRIBUTES for test, _ in pair)


def _at(each: Placed, pair: tuple[Asked, Asked]) -> str:
    test = pair[1][0]
    return each.word(test.field if isinstance(test, FieldTest) else test.kinds[0])


def _said(config: Config, each: Placed, pair: tuple[Asked, Asked]) -> str:
    return sentence(Condition(each.condition.text, together(pair)), "en", config.fields)


def _contrary(config: Config, own: list[Placed]) -> Iterator[Finding]:
    """Gates that ask for what cannot be together, in one line or in several."""
    gates = defaultdict[Loc, list[Placed]](list)
    for each in own:
        if not each.gate:
            continue
        lines = gates[each.loc[:-1]]
        lines.append(each)
        for other in (each, *lines[:-1]):
            if pair := clash([other.condition, each.condition]):
                both = "all that it asks" if other is each else f"both it and {other.loc[-1]!r}"
                test, plain = pair[1][0], all(isinstance(test, FieldTest) and so for test, so in pair)
                fits = isinstance(test, FieldTest) and plain and f"no {test.field} fits {both}"
                why = fits or f"this cannot be: {_said(config, each, pair)}"
                told = f"{_at(each, pair)}: nobody passes {each.gate}: {why}"
                yield Finding("warning", told, "ask for what one lead can have")
                break


def _keeps_nobody(conditions: list[Placed]) -> Iterator[Finding]:
    """Each `keep` that asks for more than the gate of its stage, which keeps leads as well."""
    own = {each.loc: each for each in conditions if each.file == "funnel.yaml"}
    for loc, each in own.items():
        gates = [gate for at, gate in own.items() if at[:-1] == (*loc[:-1], "gate")] if loc[-1] == "keep" else []
        implied = [gate for gate in gates if follows(each.condition, gate.condition)]
        stricter = [gate for gate in implied if not follows(gate.condition, each.condition)]
        if gates and (stricter or len(implied) == len(gates)):
            told = f"{each.document.place(loc)}: `keep` asks for no less than {(stricter or implied)[0].gate}"
            fix = "ask for less than the gate does, such as a lower score, or leave `keep` out"
            yield Finding("warning", f"{told}: whoever it holds for is kept by that already", fix)


def _passed_over(config: Config) -> Iterator[Finding]:
    """The admin's own stages that nobody stays on, since the gate of the next one asks for nothing more."""
    document, ladder = config.documents["funnel"], config.ladder
    ladders: list[tuple[Loc, Ladder]] = [((), ladder), *((("funnels", n), o) for n, o in enumerate(ladder.others))]
    for loc, each in ladders:
        slept = {stage.recycle.to for stage in each.stages if stage.recycle}
        for k, after in pairwise(each.steps):
            stage, upper, place = each.stages[k], each.stages[after], document.place((*loc, "stages", k))
            ways = stage.either or stage.keep or stage.name in slept or shipped(place)
            lines = stage.gates.values()
            if not ways and all(any(follows(line, more) for line in lines) for more in upper.gates.values()):
                told = (
                    f"{place}: nobody stays on {stage.name}: whoever passes its gate passes that of {upper.name}, too"
                )
                yield Finding("warning", told, f"let the gate of {upper.name} ask for more, or take one of them out")


def _segments(config: Config) -> Iterator[Finding]:
    """Segments of the scoring that stand behind others that take all their leads; and rules of the file likewise."""
    document, segments = config.documents["scoring"], config.scoring.segments
    for n, segment in enumerate(segments):
        if clash([segment.when]) is None and clash([segment.when], *map(_other, segments[:n])) is not None:
            takers = [m for m, other in enumerate(segments[:n]) if follows(segment.when, other.when)]
            line = document.place(("segments", *takers[:1])).rsplit(":", 2)[-2]
            who = f"{segments[takers[0]].name!r} in line {line} takes" if takers else "those before it take"
            told = f"{document.place(('segments', n, 'when'))}: nobody is of the segment {segment.name!r}: {who}"
            fix = f"move it above {segments[takers[0] if takers else 0].name!r}, or take it out"
            yield Finding("warning", f"{told} all its leads", fix)
    alone = any(clash([], _other(each)) for each in segments)  # which is told by itself
    instead = all("use" in each for each in document.data.get("segments") or ())  # none goes on with those rules
    if instead and not alone and clash([], *map(_other, segments)) is not None:
        told = f"{document.place(('segments',))}: every lead is of a segment, and the rules of the file itself score"
        yield Finding("warning", f"{told} nobody", "see whether it is meant so, or narrow a `when:`")


def _other(segment: Segment) -> Combined:
    return Combined("not", (segment.when.root,))
