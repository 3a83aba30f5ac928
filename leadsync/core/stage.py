"""The stage of a lead on the funnel."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from leadsync.core.conditions import Condition
from leadsync.core.truth import truths


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and its gate: named parts that must all hold. `shows` are labels to print (step, band …)."""

    name: str
    gates: Mapping[str, Condition] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The stages of a funnel, lowest first. `version` tells which text of the file this is."""

    stages: tuple[Stage, ...]
    version: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all gates, in order: those to watch for a change by time."""
        return tuple(condition for stage in self.stages for condition in stage.gates.values())


def stages(ladder: Ladder, leads: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """lead, day, stage per row of `leads`: the highest stage such that it and all below let the lead pass, or null.

    The frames are described in `truth`; `leads` also needs the results that gates read (score, fit, …).
    """
    holds = truths(ladder.conditions, leads, activities)
    stage, passed, gate = pl.lit(None, pl.String), pl.lit(True), 0
    for each in ladder.stages:
        for _ in each.gates:
            passed &= pl.col(str(gate))
            gate += 1
        stage = pl.when(passed).then(pl.lit(each.name)).otherwise(stage)
    return leads.select("lead", "day").hstack(holds).select("lead", "day", stage=stage)
