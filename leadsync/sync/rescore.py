"""Other rules of scoring: every lead is scored by them in columns, from its golden record.

Who comes to something else is stored with that, and marked: the line, the stage, the owner and what is written to the
CRM follow when it is evaluated. All others are left as they are.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import NamedTuple

import polars as pl

from leadsync.catalog import Word
from leadsync.config.load import Config
from leadsync.core.classes import BUYER
from leadsync.core.score import RESULTS, divided
from leadsync.core.score_digest import score_digests
from leadsync.core.segments import next_changes, scored, segment_of
from leadsync.store import agenda, evaluation, golden, matching
from leadsync.store.database import Store
from leadsync.store.evaluation import SCORED, Result
from leadsync.store.golden import Golden
from leadsync.store.sources import Source
from leadsync.sync.directory import directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.golden import in_columns, in_days
from leadsync.sync.routes import at_once
from leadsync.sync.telling import kept, with_kept

_TIMES = 4  # as many leads at once as are evaluated: less is known of each
_MUCH = 10_000_000  # characters of what they did, from which on it is as many


class _Scored(NamedTuple):
    """Leads that are scored with something else, and those of whom only the day is another on which that changes. Of
    all the `totals` and `parts` as `save_scores` wants them."""

    changed: set[int]
    sooner: set[int]
    totals: Mapping[int, tuple[int, str, str]]
    parts: Mapping[int, str]


class Rescore:
    """Scores the stored leads in slices, keeps that, and marks those who are to be evaluated."""

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
        else:
            last = self._score(after)
        if matched:  # no fact is another, so there is nothing to compare
            matching.go_past(store)
        return last

    def _score(self, after: int) -> int | None:
        """Score them, several portions at once, while others are read and stored."""
        asked, much = list[tuple[list[Golden], Future[_Scored]]](), 0
        with ThreadPoolExecutor(pl.thread_pool_size()) as threads:
            while len(asked) < _TIMES and much < _MUCH and (rows := golden.following(self._store, after, self._many)):
                past = evaluation.results(self._store, [row.lead_id for row in rows if row.ended])
                asked.append((rows, threads.submit(self._scored, rows, past)))
                after, much = rows[-1].lead_id, much + sum(len(row.activities) for row in rows)
            for rows, found in asked:
                self._keep(rows, found.result())
        return after if asked and len(asked[-1][0]) == self._many else None

    def _keep(self, rows: Sequence[Golden], found: _Scored) -> None:
        """Mark those of these leads of whom something else follows, and store what they are scored with: not of who
        came to an outcome and keeps that score, nor of who waits for something else besides, which comes first."""
        golden.mark_changed(self._store, found.changed | found.sooner)
        alone = golden.marked_alone(self._store, found.changed.difference(row.lead_id for row in rows if row.ended))
        evaluation.save_scores(self._store, {lead: found.totals[lead] for lead in alone}, found.parts)

    def _scored(self, rows: Sequence[Golden], past: Mapping[int, Result]) -> _Scored:
        """As of the days on which these leads were evaluated, until when nothing else has changed; of those that keep
        a score it is that of the `past`."""
        scoring, watched = self._config.scoring, self._evaluator.watched
        frame, activities = in_columns(rows, self._words)
        stages = pl.Series("stage", [row.stage for row in rows], dtype=pl.String)
        frame = frame.with_columns(stages, pl.lit(BUYER).alias("class"))
        frame = frame.with_columns(segment_of(scoring, frame, activities))
        scores = scored(scoring, frame, activities, watched)
        frame = frame.hstack(scores.totals.select(RESULTS))
        frame = frame.with_columns(self._evaluator.telling.ask_for(frame), enough=True)
        live, worked, ended = frame, scores.worked, [row.lead_id for row in rows if row.ended]
        frame, scores = with_kept(frame, scores, kept(past, frame, ended))
        parts = divided(scores)
        digests = score_digests(scoring, live, frame, scores.parts, parts)
        changed = {row.lead_id for row in rows if digests[row.lead_id] != row.digest}
        if 2 * len(changed) > live.height:  # it costs less to score the others anew than to ask about all
            live = live.filter(~pl.col("lead").is_in(list(changed)))
            activities, worked = activities.join(live, on="lead", how="semi"), {}
        due = next_changes(scoring, watched, live, activities, worked) | dict.fromkeys(ended)
        sooner = {row.lead_id for row in rows if row.lead_id in due and in_days(due[row.lead_id]) != row.due}
        told = frame.select("lead", "score", "temperature", pl.struct(SCORED).struct.json_encode().alias("told"))
        return _Scored(
            changed, sooner, {lead: (score, heat, said) for lead, score, heat, said in told.iter_rows()}, parts
        )
