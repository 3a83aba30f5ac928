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
    """The leads of whom something else follows, and what those of them come to today who do not keep their score."""

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
        """Of these leads; of those that keep a score it is that of the `past`. Who is due is evaluated for that, and
        may be no buyer any more: what they come to is not asked."""
        known, activities = in_columns(rows, self._words)
        stages = pl.Series("stage", [row.stage for row in rows], dtype=pl.String)
        known = known.with_columns(stages, pl.lit(BUYER).alias("class"))
        changed, now = self._changed(rows, known, activities, past), in_days(today) or 0
        asked = changed.difference(r.lead_id for r in rows if r.ended or (r.due is not None and r.due <= now))
        leads = known.filter(pl.col("lead").is_in(list(asked))).with_columns(day=today)
        leads, found = self._scored(leads, activities)
        words, parts = pl.struct(*RESULTS, COLUMN).struct.json_encode(), divided(found)
        told = leads.select("lead", "temperature", words.alias("words")).iter_rows()
        return _Found(changed, [Scored(lead, heat, said, parts.get(lead, "[]")) for lead, heat, said in told])

    def _changed(
        self, rows: Sequence[Golden], known: pl.DataFrame, activities: pl.DataFrame, past: Mapping[int, Result]
    ) -> set[int]:
        """Those of whom something else follows, or from another day on: as of the days on which they were evaluated,
        until when nothing else has changed."""
        scoring, watched = self._config.scoring, self._evaluator.watched
        live, found = self._scored(known, activities)
        live = live.with_columns(self._evaluator.telling.ask_for(live), enough=True)
        ended, worked = [row.lead_id for row in rows if row.ended], found.worked
        leads, found = with_kept(live, found, kept(past, live, ended))
        digests = score_digests(scoring, live, leads, found.parts, divided(found))
        changed = {row.lead_id for row in rows if digests[row.lead_id] != row.digest}
        if 2 * len(changed) > live.height:  # it costs less to score the rest anew than to ask about all
            live, worked = live.filter(~pl.col("lead").is_in(list(changed))), {}
            activities = activities.join(live, on="lead", how="semi")
        due = next_changes(scoring, watched, live, activities, worked)
        moved = {r.lead_id for r in rows if not r.ended and r.lead_id in due and in_days(due[r.lead_id]) != r.due}
        return changed | moved

    def _scored(self, leads: pl.DataFrame, activities: pl.DataFrame) -> tuple[pl.DataFrame, Scores]:
        """The leads with their segment and results, and what these are the sum of."""
        leads = leads.with_columns(segment_of(self._config.scoring, leads, activities))
        found = scored(self._config.scoring, leads, activities, self._evaluator.watched)
        return leads.hstack(found.totals.select(RESULTS)), found
