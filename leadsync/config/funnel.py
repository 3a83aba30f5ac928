"""`funnel.yaml`: the ladder of stages and the gate of each."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.scoring import version
from leadsync.config.settings import Strict
from leadsync.core.score import RESULTS
from leadsync.core.stage import Ladder, Stage
from leadsync.errors import Problem, UserError


class StageFile(Strict):
    """A stage is entered when every line of its gate, and of the gates below, holds. `shows` are labels to print."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    gate: dict[str, str] = {}
    shows: dict[str, str] = {}


class FunnelFile(Strict):
    """A funnel file as written."""

    use: str | None = None
    stages: tuple[StageFile, ...] = Field(default=(), max_length=50)


def compile_funnel(document: Document, fields: Mapping[str, Word] = catalog.FIELDS) -> Ladder:
    """The ladder as core works with it. Raises `UserError` with all problems."""
    file, conditions = validate(FunnelFile, document), Conditions(document, fields)
    stages, names = [], set[str]()
    for i, stage in enumerate(file.stages):
        if stage.name in names:
            told = f"the stage {stage.name!r} stands here twice"
            conditions.problems.append(
                Problem(told, document.place(("stages", i)), "give each stage a name of its own")
            )
        names.add(stage.name)
        read = {part: conditions.read(text, ("stages", i, "gate", part), RESULTS) for part, text in stage.gate.items()}
        stages.append(Stage(stage.name, {part: c for part, c in read.items() if c is not None}, dict(stage.shows)))
    if not stages:
        place = document.place(("stages",))
        conditions.problems.append(Problem("a funnel needs stages", place, "add them or write `use: default`"))
    if conditions.problems:
        raise UserError(conditions.problems)
    return Ladder(tuple(stages), version(document))
