"""`funnel.yaml`: the ladder of stages, the gate of each, and what leads back down."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Annotated, Literal, TypeVar

import orjson
from pydantic import Field

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, Loc, validate
from leadsync.config.scoring import Days, version
from leadsync.config.settings import Strict
from leadsync.core.implied import follows
from leadsync.core.ladder import RECYCLED, Ladder, Recycle, Stage
from leadsync.core.score import RESULTS
from leadsync.errors import Problem, UserError

T = TypeVar("T")
_TAKEN = ("or", "keep", "recycle")  # of the parts that are told of


class RecycleFile(Strict):
    """Leads for which `when` holds go `to` a lower stage, and sleep there for the time `wake`."""

    when: str
    to: str
    wake: Days = 90


class StageFile(Strict):
    """A stage is entered when every line of its gate, and of the gates below, holds, or `or` does.

    Once there a lead stays until neither gate nor `keep` has held for the time `grace`, or `recycle` takes it down. One
    with `when` is where leads of that outcome stand. `shows` are labels to print.
    """

    name: Annotated[str, Field(min_length=1, max_length=40)]
    gate: dict[str, str] = {}
    either: str | None = Field(None, alias="or")
    keep: str | None = None
    grace: Days = 14
    recycle: RecycleFile | None = None
    when: Literal["won", "lost", "converted", "recycled"] | None = None
    shows: dict[str, str] = {}


class OtherFile(Strict):
    """A funnel of its own for the leads for which `when` holds."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    when: str
    hold: Days = 30
    stages: tuple[StageFile, ...] = Field(min_length=1, max_length=50)


class FunnelFile(Strict):
    """A funnel file as written. Its own `stages` are for the leads that none of `funnels` takes."""

    use: str | None = None
    hold: Days = 30
    stages: tuple[StageFile, ...] = Field(default=(), max_length=50)
    funnels: tuple[OtherFile, ...] = Field(default=(), max_length=20)


def with_stages(own: Document, base: Document) -> Document:
    """`own` with the stages of `base` in their places, where it does not replace them by their name or outcome.

    A new one stands above the one that is written before it, or else on top of the ladder.
    """
    mine, theirs = own.data.get("stages"), base.data["stages"]
    if not isinstance(mine, list):
        return own
    known = {f"{key}: {stage[key]}": n for n, stage in enumerate(theirs) for key in ("name", "when") if key in stage}
    slots, at = [[(base, n)] for n in range(len(theirs))], sum("when" not in stage for stage in theirs) - 1
    for n, stage in enumerate(mine):
        said = [f"{key}: {stage.get(key)}" for key in ("name", "when")] if isinstance(stage, dict) else []
        same = next((known[each] for each in said if each in known and slots[known[each]][0][0] is base), None)
        if same is None:
            slots[at].append((own, n))
        else:
            at = same
            slots[at][0] = (own, n)
    order = list(chain(*slots))
    now = {(document is own, n): i for i, (document, n) in enumerate(order)}

    def moved(mine: Mapping[Loc, T], theirs: Mapping[Loc, T]) -> dict[Loc, T]:
        found = {loc: at for loc, at in mine.items() if loc[:1] != ("stages",) or not loc[1:]}
        for whose, spots in ((True, mine), (False, theirs)):
            found |= {
                ("stages", now[whose, int(loc[1])], *loc[2:]): at
                for loc, at in spots.items() if loc[:1] == ("stages",) and (whose, *loc[1:2]) in now
            }  # fmt: skip
        return found

    data = own.data | {"stages": [document.data["stages"][n] for document, n in order]}
    return replace(own, data=data, places=moved(own.places, base.places), texts=moved(own.texts, base.texts))


def compile_funnel(document: Document, fields: Mapping[str, Word] = catalog.FIELDS) -> Ladder:
    """The ladder as core works with it. Raises `UserError` with all problems."""
    file, conditions = validate(FunnelFile, document), Conditions(document, fields)
    if not file.stages:
        place = document.place(("stages",))
        conditions.problems.append(Problem("a funnel needs stages", place, "add them or write `use: default`"))
    stages, of = _stages(file.stages, conditions, document, ()), version(document)
    others, names = list[Ladder](), set[str]()
    for i, other in enumerate(file.funnels):
        loc = ("funnels", i)
        if other.name in names:
            twice = f"the funnel {other.name!r} stands here twice"
            conditions.problems.append(Problem(twice, document.place(loc), "give each funnel a name of its own"))
        names.add(other.name)
        when, own = conditions.read(other.when, (*loc, "when")), _stages(other.stages, conditions, document, loc)
        if above := next((o.name for o in others if when and o.when and follows(when, o.when)), None):
            told = f"the funnel {other.name!r} gets no lead: {above!r}, which stands above it, takes them all"
            fix = f"move it above {above!r}, or take it out"
            conditions.problems.append(Problem(told, document.place((*loc, "when")), fix))
        others.append(Ladder(own, of, other.hold, other.name, when))
    if conditions.problems:
        raise UserError(conditions.problems)
    return Ladder(stages, of, file.hold, others=tuple(others))


def _stages(
    stages: Sequence[StageFile], conditions: Conditions, document: Document, loc: Sequence[str | int]
) -> tuple[Stage, ...]:
    made, names = [], set[str]()
    for i, stage in enumerate(stages):
        at = (*loc, "stages", i)
        if stage.name in names:
            told = f"the stage {stage.name!r} stands here twice"
            conditions.problems.append(Problem(told, document.place(at), "give each stage a name of its own"))
        names.add(stage.name)
        made.append(_stage(stage, conditions, at))
    conditions.problems += _impossible(stages, document, (*loc, "stages"))
    return tuple(made)


def _stage(stage: StageFile, conditions: Conditions, loc: Sequence[str | int]) -> Stage:
    read = {part: conditions.read(text, (*loc, "gate", part), RESULTS) for part, text in stage.gate.items()}
    back = stage.recycle
    when = conditions.read(back.when, (*loc, "recycle", "when"), RESULTS) if back else None
    said = orjson.dumps([stage.gate, stage.either], option=orjson.OPT_SORT_KEYS)
    return Stage(
        stage.name, {part: c for part, c in read.items() if c is not None}, dict(stage.shows),
        conditions.read(stage.either, (*loc, "or"), RESULTS), conditions.read(stage.keep, (*loc, "keep"), RESULTS),
        stage.grace, Recycle(when, back.to, back.wake) if back and when else None, stage.when or "",
        hashlib.sha256(said).hexdigest()[:12],
    )  # fmt: skip


def _impossible(stages: Sequence[StageFile], document: Document, loc: Sequence[str | int]) -> Iterator[Problem]:
    """What no lead could follow: stages that nobody reaches or leaves, ways down that lead nowhere."""
    climbed, ends, seen = [s.name for s in stages if not s.when], dict[str, str](), set[str]()
    beside = [s.name for s in stages if s.when == RECYCLED]
    for i, stage in enumerate(stages):
        at = (*loc, i)
        if stage.when:
            if given := [key for key in ("gate", *_TAKEN) if getattr(stage, "either" if key == "or" else key)]:
                told = (
                    f"{stage.name}: leads come here by `when: {stage.when}` alone, so `{given[0]}` is never looked at"
                )
                yield Problem(told, document.place((*at, given[0])), f"take out `{given[0]}`, or `when`")
            if (other := ends.setdefault(stage.when, stage.name)) != stage.name:
                told = f"{stage.name} is never reached: {other} takes all that are {stage.when}"
                yield Problem(told, document.place((*at, "when")), "keep one of them")
            continue
        for part in stage.gate:
            if part in _TAKEN:
                told = f"{stage.name}: a line of a gate cannot be called {part!r}"
                yield Problem(told, document.place((*at, "gate", part)), "give it another name")
        if not stage.gate and (stage.keep or stage.either):
            key = "keep" if stage.keep else "or"
            told = f"{stage.name}: without a gate every lead comes here, so `{key}` says nothing"
            yield Problem(told, document.place((*at, key)), "add a gate")
        if back := stage.recycle:
            lower = [*climbed[: climbed.index(stage.name)], *beside]
            if back.to not in lower:
                told = f"{stage.name}: recycle: there is no lower stage '{back.to}'"
                yield Problem(told, document.place((*at, "recycle", "to")), f"write one of {', '.join(lower)}")
            seen.add(back.to)
    for i, stage in enumerate(stages):
        if stage.when == RECYCLED and stage.name not in seen and "lost" not in ends:
            told = f"{stage.name} is never reached: no stage recycles to it, and no lost lead comes back by it"
            yield Problem(told, document.place((*loc, i, "when")), f"write `recycle: {{to: {stage.name}, …}}`")
