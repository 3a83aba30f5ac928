"""The stage of a lead: gates let it up, `keep:` and recycling lead it down, people and outcomes come first.

A lead goes up stage by stage while each gate holds, or straight to a stage whose `or:` path holds, any number at once.
It leaves a stage downwards only where neither the gate nor `keep:` has held for the days of grace, or by `recycle:`,
after which it sleeps until its wake-up date. A stage that a person has set holds for some days. An outcome decides as
long as it stands. All dates are days at home.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import polars as pl

from leadsync.core.conditions import Condition
from leadsync.core.truth import truths

OUTCOMES = ("won", "lost", "converted")
RECYCLED = "recycled"
RETURNED = "returned"
"""What has become of an outcome after which the lead showed interest again: it is one no more."""
STATE: Mapping[str, type[pl.DataType]] = {
    "stage": pl.String, "since": pl.Date, "below": pl.Date, "hold": pl.Date, "wake": pl.Date,
}  # fmt: skip
"""What is kept per lead: its stage, since when, below `keep:` since when, held by a person until, asleep until."""
MOVES = {"lead": pl.Int64, "on": pl.Date, "before": pl.String, "after": pl.String, "why": pl.String, "gate": pl.String}
WHY: Mapping[str, str] = {
    "gate": "every line of the gate held",
    "or": "the other way in, or:, held",
    "passed": "passed on the way to a stage whose or: held",
    "keep": "keep: had not held for the days of grace",
    "recycle": "recycle: held",
    "person": "somebody set it in a CRM",
    "outcome": "by the outcome",
    "returned": "it showed interest again after it was lost",
    "reopened": "the outcome stands no more",
    "funnel": "its funnel, or the stages of it, changed",
}
"""Why a lead came to a stage."""


@dataclass(frozen=True, slots=True)
class Recycle:
    """Where leads go for which `when` holds, and for how many days they sleep there."""

    when: Condition
    to: str
    wake_days: int

    @property
    def dwell_days(self) -> int:
        """How long a lead has to be on the stage before it is asked: what happened before does not count against it."""
        return max((test.days or 0 for test in self.when.windows), default=0) or 1


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and its gate: named parts that must all hold, or `either`. `shows` are labels to print (step, band …).

    One that stands for an outcome, or for being recycled (`when`), is beside the ladder. `version` names its gate.
    """

    name: str
    gates: Mapping[str, Condition] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    either: Condition | None = None
    keep: Condition | None = None
    grace_days: int = 14
    recycle: Recycle | None = None
    when: str = ""
    version: str = ""


@dataclass(frozen=True)
class Ladder:
    """The stages of a funnel, lowest first. `version` tells which text of the file this is; a stage that a person has
    set holds for `hold_days`. `others` are the funnels of those for whom their `when` holds, the first that fits."""

    stages: tuple[Stage, ...]
    version: str = ""
    hold_days: int = 30
    name: str = ""
    when: Condition | None = None
    others: tuple["Ladder", ...] = ()

    @cached_property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions of its stages, in order."""
        return tuple(condition for stage in self.stages for _, condition in _parts(stage))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all funnels: those to watch for a change by time."""
        whens = tuple(filter(None, (other.when for other in self.others)))
        return sum((other.parts for other in self.others), (*whens, *self.parts))

    @cached_property
    def names(self) -> Sequence[str]:
        """The stages, lowest first."""
        return [stage.name for stage in self.stages]

    @cached_property
    def every(self) -> Sequence[Stage]:
        """The stages of all funnels, the first of each name, in the order of the file."""
        stages = sum((other.stages for other in self.others), self.stages)
        first = {stage.name: stage for stage in reversed(stages)}
        return [first[name] for name in dict.fromkeys(stage.name for stage in stages)]

    @cached_property
    def steps(self) -> Sequence[int]:
        """The places of the stages that are climbed."""
        return [place for place, stage in enumerate(self.stages) if not stage.when]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Stages of leads that sales or marketing work on → how high they are among those that are climbed; 0 is the
        lowest. Deals and customers are as high as the highest one."""
        climbed = {self.stages[place].name: number for number, place in enumerate(self.steps)}
        top = {stage.name: len(climbed) - 1 for stage in self.stages if stage.when in ("won", "converted")}
        return climbed | top

    def beside(self, stage: str | None) -> str:
        """What has become of leads of this stage, if that is more than their place: customer, lost or recycled."""
        own = self._named.get(stage or "")
        when = own.when if own else ""
        return {"won": "customer", "lost": "lost", RECYCLED: RECYCLED}.get(when, "")

    def shown(self, stage: str | None, label: str) -> str | None:
        """A label of the stage, if it has one."""
        own = self._named.get(stage or "")
        return own.shows.get(label) if own else None

    @cached_property
    def _named(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in reversed(self.stages)}


def _parts(stage: Stage) -> Iterator[tuple[str, Condition]]:
    yield from stage.gates.items()  # whose names are none of those that follow
    recycle = stage.recycle.when if stage.recycle else None
    yield from ((key, c) for key, c in (("or", stage.either), ("keep", stage.keep), ("recycle", recycle)) if c)


@dataclass(frozen=True, slots=True)
class Placed:
    """`states`: lead and what is kept of it (`STATE`), and due: the first day on which its own dates change something.
    `moves` (as `MOVES` has it): every stage that was passed, in order."""

    states: pl.DataFrame
    moves: pl.DataFrame


def shares(ladder: Ladder, leads: pl.DataFrame, activities: pl.DataFrame) -> Iterator[tuple[Ladder, pl.Series]]:
    """Each funnel that any of the leads is on, and which of them are."""
    left = pl.repeat(True, leads.height, dtype=pl.Boolean, eager=True)
    holds = truths([other.when for other in ladder.others if other.when], leads, activities) if ladder.others else None
    for number, each in enumerate((*ladder.others, ladder)):
        theirs = left & holds[str(number)] if holds is not None and each.when else left
        left &= ~theirs
        if theirs.any():
            yield each, theirs


def checks(ladder: Ladder, leads: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """lead, stage, part, holds: each line of each gate, and `or`, `keep` and `recycle`, in the order of the file."""
    holds = truths(ladder.parts, leads, activities)
    keys = [(stage.name, part) for stage in ladder.stages for part, _ in _parts(stage)]
    columns = [
        leads.select("lead", stage=pl.lit(stage), part=pl.lit(part), holds=holds[str(i)])
        for i, (stage, part) in enumerate(keys)
    ]
    return pl.concat(columns) if columns else pl.DataFrame(
        schema={"lead": pl.Int64, "stage": pl.String, "part": pl.String, "holds": pl.Boolean}
    )  # fmt: skip


def place(ladder: Ladder, leads: pl.DataFrame, activities: pl.DataFrame, states: pl.DataFrame) -> Placed:
    """Where each row of `leads` stands now. The frames are described in `truth`; `leads` also needs the results that
    gates read (score, fit, …), and no lead twice.

    `states`, row by row like `leads`: what was kept (`STATE`), the stage that a person has just set (`told`) and the
    `outcome`, or nulls. Whoever has returned from a lost one climbs anew, by way of the stage of those recycled.
    """
    rows = leads.select("lead", "day").hstack(states).hstack(_truths(ladder, leads, activities))
    day, known = pl.col("day"), dict(zip(ladder.names, range(len(ladder.stages)), strict=True))
    ended = {stage.when: i for i, stage in enumerate(ladder.stages) if stage.when in OUTCOMES}
    rows = rows.with_columns(
        was=_numbered("stage", known).fill_null(-1), person=_numbered("told", known), ended=_numbered("outcome", ended)
    )
    rows = rows.with_columns(
        held=(pl.col("hold") > day).fill_null(False) & (pl.col("was") >= 0),
        asleep=(pl.col("wake") > day).fill_null(False) & (pl.col("was") >= 0),
    )
    # a stage beside the ladder that holds no longer is left for the lowest one
    aside = ~pl.col("was").is_in(list(ladder.steps)) & ~pl.col("held") & ~pl.col("asleep")
    rows = rows.with_columns(start=pl.when(aside).then(-1).otherwise("was"))
    nowhere = pl.repeat(-1, rows.height, dtype=rows.schema["start"], eager=True)
    rows = rows.with_columns(climbed=_climb(ladder, rows, rows["start"]), chain=_climb(ladder, rows, nowhere))
    rows = rows.with_columns(stays=_at(ladder, "start", "kept"), recycles=_recycles(ladder), low=_below(ladder))
    rows = rows.with_columns(falls=_climb(ladder, rows, rows["low"]))
    first = pl.when(pl.col("below").is_null()).then(day).otherwise("below")
    over = ~pl.col("stays") & (first + _days(ladder, "start", lambda s: s.grace_days) <= day)
    choice = (
        pl.when(pl.col("ended").is_not_null()).then(pl.lit("outcome"))
        .when(pl.col("person").is_not_null()).then(pl.lit("person"))
        .when(pl.col("held")).then(pl.lit("held"))
        .when(pl.col("asleep")).then(pl.lit("asleep"))
        .when(pl.col("climbed") > pl.col("start")).then(pl.lit("climb"))
        .when(pl.col("recycles")).then(pl.lit("recycle"))
        .when(over.fill_null(False)).then(pl.lit("keep"))
        .otherwise(pl.lit("stay"))
    )  # fmt: skip
    rows = rows.with_columns(choice=choice)
    rows = rows.with_columns(now=_now(ladder, known))
    return Placed(_states(ladder, rows), _moves(ladder, rows))


def _truths(ladder: Ladder, leads: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """Per stage N: gate N, either N, keep N, recycle N, and kept N: whether it is left for nothing lower."""
    holds, columns, number = truths(ladder.parts, leads, activities), list[pl.Series](), 0
    everyone, nobody = (pl.repeat(value, leads.height, dtype=pl.Boolean, eager=True) for value in (True, False))
    for place_, stage in enumerate(ladder.stages):
        found = {"or": nobody, "keep": everyone, "recycle": nobody}
        gate = everyone
        for part, _ in _parts(stage):
            if part in stage.gates:
                gate &= holds[str(number)]
            else:
                found[part] = holds[str(number)]
            number += 1
        kept = found["keep"] | gate | found["or"]
        named = {"gate": gate, "either": found["or"], "kept": kept, "recycle": found["recycle"], "keep": found["keep"]}
        columns += [series.alias(f"{name} {place_}") for name, series in named.items()]
    return pl.DataFrame(columns)


def _numbered(column: str, numbers: Mapping[str, int]) -> pl.Expr:
    if not numbers:
        return pl.lit(None, pl.Int64)
    return pl.col(column).replace_strict(numbers, default=None, return_dtype=pl.Int64)


def _climb(ladder: Ladder, rows: pl.DataFrame, start: pl.Series) -> pl.Series:
    """The highest stage that is reached from `start`."""
    reached, stands = start, start == -1  # on the stage before
    for k in ladder.steps:
        enters = (start < k) & ((stands & rows[f"gate {k}"]) | rows[f"either {k}"])
        reached, stands = reached.set(enters, k), enters | (start == k)
    return reached


def _at(ladder: Ladder, at: str, what: str) -> pl.Expr:
    """What is true of the stage whose place is in the column `at`; true of no stage."""
    found = pl.lit(True)
    for k in ladder.steps:
        found = pl.when(pl.col(at) == k).then(pl.col(f"{what} {k}")).otherwise(found)
    return found


def _days(ladder: Ladder, at: str, of: Callable[[Stage], int]) -> pl.Expr:
    found = pl.lit(timedelta())
    for k in ladder.steps:
        found = pl.when(pl.col(at) == k).then(pl.lit(timedelta(days=of(ladder.stages[k])))).otherwise(found)
    return found


def _recycles(ladder: Ladder) -> pl.Expr:
    found = pl.lit(False)
    for k in ladder.steps:
        if recycle := ladder.stages[k].recycle:
            long = pl.col("since") + timedelta(days=recycle.dwell_days) <= pl.col("day")
            found |= (pl.col("start") == k) & pl.col(f"recycle {k}") & long.fill_null(False)
    return found


def _below(ladder: Ladder) -> pl.Expr:
    """Where a lead falls that is kept no longer: the highest stage below that keeps it, or that it would reach anew,
    before it climbs from there as far as gates let it."""
    lowest = ladder.steps[0] if ladder.steps else -1
    fall = pl.lit(lowest)
    for k in ladder.steps:
        kept = pl.col("chain") >= k
        if ladder.stages[k].keep:
            kept |= pl.col(f"keep {k}")
        fall = pl.when((pl.col("start") > k) & kept).then(k).otherwise(fall)
    return pl.min_horizontal(fall, "start")


def _now(ladder: Ladder, known: Mapping[str, int]) -> pl.Expr:
    to, choice = pl.lit(-1), pl.col("choice")
    for k, stage in enumerate(ladder.stages):
        if stage.recycle:
            to = pl.when(pl.col("start") == k).then(known[stage.recycle.to]).otherwise(to)
    return (
        pl.when(choice == "outcome").then("ended").when(choice == "person").then("person")
        .when(choice.is_in(["held", "asleep"])).then("was").when(choice == "climb").then("climbed")
        .when(choice == "recycle").then(to).when(choice == "keep").then("falls").otherwise("start")
    )  # fmt: skip


def _states(ladder: Ladder, rows: pl.DataFrame) -> pl.DataFrame:
    day, choice, none = pl.col("day"), pl.col("choice"), pl.lit(None, pl.Date)
    wake = pl.lit(timedelta())
    for k, stage in enumerate(ladder.stages):
        if stage.recycle:
            wake = pl.when(pl.col("start") == k).then(timedelta(days=stage.recycle.wake_days)).otherwise(wake)
    free = choice.is_in(["climb", "keep", "stay"])
    same = pl.col("now") == pl.col("was")
    dwell = _days(ladder, "now", lambda s: s.recycle.dwell_days if s.recycle else 0)
    rows = rows.with_columns(
        since=pl.when(same).then("since").otherwise("day"),
        hold=pl.when(choice == "person").then(day + timedelta(days=ladder.hold_days))
        .when(choice == "held").then("hold").otherwise(none),
        wake=pl.when(choice == "recycle").then(day + wake).when(choice == "asleep").then("wake").otherwise(none),
        below=pl.when(~free | _at(ladder, "now", "kept")).then(none)
        .when(same & pl.col("below").is_not_null()).then("below").otherwise("day"),
    )  # fmt: skip
    ends = pl.col("below") + _days(ladder, "now", lambda s: s.grace_days)
    recycles = pl.when(dwell > timedelta()).then(pl.col("since") + dwell)
    later = [pl.when(at > day).then(at) for at in (ends, pl.col("hold"), pl.col("wake"), recycles)]
    name = pl.lit(None, pl.String)
    for k, each in enumerate(ladder.stages):
        name = pl.when(pl.col("now") == k).then(pl.lit(each.name)).otherwise(name)
    return rows.select("lead", name.alias("stage"), *(kept for kept in STATE if kept != "stage"),
                       due=pl.min_horizontal(*later))  # fmt: skip


def _moves(ladder: Ladder, rows: pl.DataFrame) -> pl.DataFrame:
    """A row per stage that was passed: only of leads that moved, so that each costs what changed."""
    moved: list[tuple[object, ...]] = []
    strange = (pl.col("was") < 0) & pl.col("stage").is_not_null()
    for row in rows.filter((pl.col("now") != pl.col("was")) | strange).iter_rows(named=True):
        at, choice, now = row["was"], row["choice"], row["now"]
        before = row["stage"]
        if choice == "keep":  # down first, and perhaps up again: said as one
            passed = [(now, "keep")]
        elif choice != "climb":
            why = choice if choice in WHY else "funnel" if row["was"] < 0 else "reopened"
            passed = [(now, why)]
        else:
            at = row["start"]
            passed = [(k, _way(row, k, now)) for k in ladder.steps if at < k <= now]
            if row["outcome"] == RETURNED and row["was"] >= 0 and ladder.stages[row["was"]].when == "lost":
                first = next((k for k, stage in enumerate(ladder.stages) if stage.when == RECYCLED), None)
                passed = [(passed[0][0], RETURNED), *passed[1:]] if first is None else [(first, RETURNED), *passed]
        for k, why in passed:
            stage = ladder.stages[k] if k >= 0 else None
            after = stage.name if stage else None
            moved.append((row["lead"], row["day"], before, after, why, stage.version if stage else ladder.version))
            before = after
    return pl.DataFrame(moved, schema=MOVES, orient="row")


def _way(row: Mapping[str, object], k: int, now: int) -> str:
    """How a stage was entered on the way up."""
    return "gate" if row[f"gate {k}"] else "or" if row[f"either {k}"] else "passed"
