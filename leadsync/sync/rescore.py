"""Other rules of scoring: every lead is scored by them in columns, from its golden record.

Of whom something else follows, what they come to today is stored beside their results, and they are marked: line,
stage, owner and what is written to the CRM follow when they are evaluated. All others are left as they are.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

import polars as pl

from leadsync.catalog import Word
from leadsync.config.load import Config
from leadsync.core.classes import BUYER
from leadsync.core.score import RESULTS, Scores, divided
from leadsync.core.score_digest import score_digests
from leadsync.core.segments import COLUMN, next_changes, scored, segment_of
from leadsync.store import agenda, evaluation, golden, matching, scores
from leadsync.store.database import Store
from leadsync.store.evaluation import Result
from leadsync.store.golden import Golden
from leadsync.store.scores import Scored
from leadsync.store.sources import Source
from leadsync.sync.directory import directory
from leadsync.sync.evaluate import Evaluator
from leadsync.sync.golden import in_columns, in_days
from leadsync.sync.routes import at_once
from leadsync.sync.telling import kept, with_kept

_TIMES = 4  # as many leads at once as are evaluated: less is known of each
_MUCH = 10_000_000  # characters of what they did, from which on it is as many


class _Found(NamedTuple):
    """Leads of whom something else follows, and what those of them come to who do not keep their score."""

    changed: set[int]
    scored: Sequence[Scored]


class Rescore:
    """Scores the stored leads in slices, keeps what is another, and marks those who are to be evaluated."""

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

    def slice(self, after: int, now: datetime) -> int | None:
        """The leads that come after this one; the last of them, or None where no more are to be scored. Inside
        `begin()`."""
        store, matched, last = self._store, matching.is_past(self._store), None
        if self._evaluator.frames.talks:  # of what golden records do not tell
            agenda.mark_all(store)
        else:
            last = self._score(after, self._evaluator.frames.today(now))
        if matched:  # no fact is another, so there is nothing to compare
            matching.go_past(store)
        return last

    def _score(self, after: int, today: date) -> int | None:
        """Score them, several portions at once, while others are read and stored."""
        store, asked, much = self._store, list[tuple[int, Future[_Found]]](), 0
        with ThreadPoolExecutor(min(_TIMES, pl.thread_pool_size())) as threads:
            while len(asked) < _TIMES and much < _MUCH and (rows := golden.following(store, after, self._many)):
                past = evaluation.results(store, [row.lead_id for row in rows if row.ended])
                asked.append((len(rows), threads.submit(self._found, rows, past, today)))
                after, much = rows[-1].lead_id, much + sum(len(row.activities) for row in rows)
            for _, found in asked:
                golden.mark_changed(store, found.result().changed)
                scores.keep(store, found.result().scored)
        return after if asked and asked[-1][0] == self._many else None

    def _found(self, rows: Sequence[Golden], past: Mapping[int, Result], today: date) -> _Found:
        """Compares these leads as of the days on which they were evaluated, until when nothing else has changed. Of
        those that keep a score it is that of the `past`."""
        scoring, watched, ended = self._config.scoring, self._evaluator.watched, [r.lead_id for r in rows if r.ended]
        known, activities = in_columns(rows, self._words)
        stages = pl.Series("stage", [row.stage for row in rows], dtype=pl.String)
        known = known.with_columns(stages, pl.lit(BUYER).alias("class"))
        frame, live = self._scored(known, activities)
        frame = frame.with_columns(self._evaluator.telling.ask_for(frame), enough=True)
        told, kept_ = with_kept(frame, live, kept(past, frame, ended))
        parts = divided(kept_)
        digests = score_digests(scoring, frame, told, kept_.parts, parts)
        changed, worked, happened = {r.lead_id for r in rows if digests[r.lead_id] != r.digest}, live.worked, activities
        if 2 * len(changed) > frame.height:  # it costs less to score the rest anew than to ask about all
            frame, worked = frame.filter(~pl.col("lead").is_in(list(changed))), {}
            happened = activities.join(frame, on="lead", how="semi")
        due = next_changes(scoring, watched, frame, happened, worked)
        changed |= {r.lead_id for r in rows if not r.ended and r.lead_id in due and in_days(due[r.lead_id]) != r.due}
        other = pl.col("lead").is_in(list(changed.difference(ended)))
        told = told.filter(other)
        if (told["day"] != today).any():
            told, live = self._scored(known.filter(other).with_columns(day=today), activities)
            parts = divided(live)
        words = told.select("lead", "temperature", pl.struct(*RESULTS, COLUMN).struct.json_encode().alias("words"))
        return _Found(
            changed, [Scored(lead, heat, said, parts.get(lead, "[]")) for lead, heat, said in words.iter_rows()]
        )

    def _scored(self, leads: pl.DataFrame, activities: pl.DataFrame) -> tuple[pl.DataFrame, Scores]:
        """The leads with their segment and results, and what these are the sum of."""
        leads = leads.with_columns(segment_of(self._config.scoring, leads, activities))
        found = scored(self._config.scoring, leads, activities, self._evaluator.watched)
        return leads.hstack(found.totals.select(RESULTS)), found
