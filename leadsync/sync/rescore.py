"""Other rules of scoring: every lead is scored by them in columns, from its golden record, and those of whom nothing
else follows are left as they are."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import polars as pl

from leadsync.catalog import Word
from leadsync.config.load import Config
from leadsync.core.classes import BUYER
from leadsync.core.score import RESULTS, divided
from leadsync.core.score_digest import score_digests
from leadsync.core.segments import next_changes, scored, segment_of
from leadsync.store import agenda, evaluation, golden, matching
from leadsync.store.database import Store
from leadsync.store.golden import Golden
from leadsync.store.sources import Source
from leadsync.sync.directory import directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.golden import in_columns
from leadsync.sync.routes import at_once
from leadsync.sync.telling import kept, with_kept

_TIMES = 4  # as many leads at once as are evaluated: less is known of each
_MUCH = 10_000_000  # characters of what they did, from which on it is as many
_NEARLY_ALL = 0.8  # scoring a lead costs a fifth of evaluating it, or less


class Rescore:
    """Scores the stored leads in slices, and marks those who are to be evaluated."""

    def __init__(self, config: Config, store: Store, sources: Mapping[int, Source]) -> None:
        self._config, self._store = config, store
        self._evaluator = Evaluator(config, sources, directory([], {}), {})
        self._many = at_once(config)

    @cached_property
    def _words(self) -> Mapping[str, Word]:
        """The fields that something hangs on."""
        conditions = (*self._config.scoring.everything, *self._evaluator.watched)
        asked = {*self._config.facts.complete, *(name for each in conditions for name in each.fields)}
        return {name: word for name, word in self._config.fields.items() if name in asked}

    def slice(self, after: int) -> int | None:
        """The leads that come after this one; the last of them, or None where no more are to be scored. Inside
        `begin()`."""
        store, matched, last = self._store, matching.is_past(self._store), None
        if self._evaluator.frames.talks:  # of what golden records do not tell
            agenda.mark_all(store)
        elif rows := self._rows(after):
            digests = self._digests(rows)
            changed = [row.lead_id for row in rows if digests[row.lead_id] != row.digest]
            last = rows[-1].lead_id if len(rows) >= self._many else None
            if last is not None and len(changed) > _NEARLY_ALL * len(rows):  # to evaluate all that follow is less to do
                golden.mark_following(store, after)
                last = None
            else:
                golden.mark_changed(store, changed)
        if matched:  # no fact is another, so there is nothing to compare
            matching.go_past(store)
        return last

    def _rows(self, after: int) -> list[Golden]:
        rows = list[Golden]()
        for _ in range(_TIMES):
            part = golden.following(self._store, after, self._many)
            rows += part
            if len(part) < self._many or sum(len(row.activities) for row in rows) > _MUCH:
                break
            after = part[-1].lead_id
        return rows

    def _digests(self, rows: Sequence[Golden]) -> dict[int, int]:
        """Of these leads as of the days on which they were evaluated, until when nothing else has changed."""
        scoring, watched = self._config.scoring, self._evaluator.watched
        frame, activities = in_columns(rows, self._words)
        stages = pl.Series("stage", [row.stage for row in rows], dtype=pl.String)
        frame = frame.with_columns(stages, pl.lit(BUYER).alias("class"))
        frame = frame.with_columns(segment_of(scoring, frame, activities))
        scores = scored(scoring, frame, activities, watched)
        frame = frame.hstack(scores.totals.select(RESULTS))
        frame = frame.with_columns(self._evaluator.telling.ask_for(frame), enough=True)
        ended = [row.lead_id for row in rows if row.ended]
        due = next_changes(scoring, watched, frame, activities, scores.worked) | dict.fromkeys(ended)
        past = kept(evaluation.results(self._store, ended), frame, ended)
        live, (frame, scores) = frame, with_kept(frame, scores, past)
        return score_digests(scoring, live, frame, scores.parts, divided(scores), due)
