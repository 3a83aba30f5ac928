"""What is said of each lead, in the words that conditions know, and in the languages that written fields want."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from leadsync.catalog import ENOUGH, LANGUAGES, NOT_ENOUGH
from leadsync.config.load import Config
from leadsync.core import next_action
from leadsync.core.assign import RepRule
from leadsync.core.completeness import ask_for as asked_for
from leadsync.core.completeness import unanswered, worth_asking
from leadsync.core.convert.consent import DENIED
from leadsync.core.ladder import Ladder
from leadsync.core.next_action import ASKED, NONE, OPEN, REFUSED, Step, Way
from leadsync.core.plan import score_before
from leadsync.core.score import RESULTS, Scores
from leadsync.core.scoring import Labels
from leadsync.core.segments import COLUMN, split, together
from leadsync.core.translate import label, translations
from leadsync.core.write_field import WriteField
from leadsync.store.evaluation import Member, Result
from leadsync.sync.directory import Directory
from leadsync.sync.frames import Frames
from leadsync.types import Value


@dataclass
class Telling:
    """Tells of leads, whose owners are known by `directory` and `reps`."""

    frames: Frames
    directory: Directory
    reps: Sequence[RepRule]

    @property
    def config(self) -> Config:
        """The installation."""
        return self.frames.config

    @cached_property
    def _worth_asking(self) -> Mapping[str | None, Sequence[str]]:
        """By segment."""
        complete, scoring = self.config.facts.complete, self.config.scoring
        names = (None, *(each.name for each in scoring.segments))
        return {name: worth_asking(complete, scoring.of(name)) for name in names}

    @cached_property
    def _write_fields(self) -> Sequence[WriteField]:
        return [w for c in self.config.connections.values() for own in c.mapping.writes.values() for w in own]

    def ask_for(self, frame: pl.DataFrame) -> pl.Series:
        """What is most worth asking for, by what it is worth in the segment."""
        asked = (
            part.select("lead", "day", asked_for(self._worth_asking[name], part))
            for name, part in split(self.config.scoring, frame)
        )
        return together(frame, asked)["ask_for"]

    def steps(self, frame: pl.DataFrame, funnels: Mapping[int, Ladder]) -> dict[int, Step]:
        """What to do next with each buyer."""
        kinds = frame.select(
            "stage", "temperature", *map(unanswered, ASKED), "consent",
            pl.col("consent_phone").fill_null("") == DENIED, pl.col("phone").is_not_null(),
            pl.col("consent_email").fill_null("") == DENIED,
            (pl.col("email").is_not_null() & (pl.col("mail_state").fill_null("") != "invalid")).alias("mailbox"),
        )  # fmt: skip
        found, known = dict[int, Step](), dict[tuple[str, tuple[Any, ...]], Step]()
        for lead, kind in zip(frame["lead"].to_list(), kinds.iter_rows(), strict=True):
            funnel = funnels[lead]
            if (step := known.get((funnel.name, kind))) is None:  # many leads are of one kind
                step = known[funnel.name, kind] = _step(funnel, *kind)
            found[lead] = step
        return found

    def before(self, members: Mapping[int, Sequence[Member]], frame: pl.DataFrame) -> dict[int, int]:
        """The score that each lead was last shown with before this one, in the CRM that is trusted most."""
        scores = {id_: [write for write in own if write.value == "score"] for id_, own in self.frames.writes.items()}
        found: dict[int, int] = {}
        for lead, now in frame.select("lead", "score").iter_rows():
            for member in self.frames.by_trust(members[lead]):
                ours = member.ours if member.ours and member.gone_at is None else {}
                writes = [write for write in scores[member.source_id] if write.field in ours]
                if writes:
                    if (was := score_before(writes[0], ours[writes[0].field], now)) is not None:
                        found[lead] = was
                    break
        return found

    def words(
        self, frame: pl.DataFrame, owners: Mapping[int, str | None], reasons: Mapping[int, str],
        steps: Mapping[int, Step], funnels: Mapping[int, Ladder],
    ) -> dict[int, dict[str, Value]]:  # fmt: skip
        """All that is said of each lead, in the words that conditions know and in English."""
        written = sorted({w.value for w in self._write_fields} & self.config.fields.keys())
        fields = [*dict.fromkeys((*written, "class", COLUMN, "consent"))]
        found: dict[int, dict[str, Value]] = {}
        columns = frame.select(*RESULTS, "stage", *fields).with_columns(pl.col(pl.Date).cast(pl.String))
        rest = frame.select("lead", "stage", "enough", "ask_for").iter_rows()
        for words, (lead, stage, enough, missing) in zip(columns.rows(named=True), rest, strict=True):
            for name in fields:
                if words[name] is None:
                    del words[name]
            funnel = funnels.get(lead, self.config.ladder)
            words["step"], words["band"] = funnel.shown(stage, "step"), funnel.shown(stage, "band")
            words["data"] = ENOUGH if enough else NOT_ENOUGH
            words["owner"], words["reasons"] = owners[lead], reasons[lead]
            words["next_action"] = next_action.told(steps[lead]) if lead in steps else None
            words["ask_for"] = self.config.fields[missing].labels["en"] if missing else None
            found[lead] = words
        return found

    def translated(
        self, words: Mapping[int, Mapping[str, Value]], frame: pl.DataFrame, owners: Mapping[int, str | None],
        lines: Callable[[Mapping[int, str]], pl.DataFrame], steps: Mapping[int, Step],
    ) -> dict[int, dict[str, Value]]:  # fmt: skip
        """Per lead the words that are told in another language than English, as from `translations`. `lines` are the
        reasons of leads, each in a language."""
        known = self.directory.language | {rep.email: rep.language for rep in self.reps if rep.language}
        missing = dict(frame.select("lead", "ask_for").iter_rows())

        def tell(value: str, languages: Mapping[int, str]) -> Sequence[str | None]:
            if value == "reasons":
                return lines(languages)["reasons"].to_list()
            if value == "next_action":
                said_so = ((steps.get(lead), language) for lead, language in languages.items())
                return [next_action.told(step, language) if step else None for step, language in said_so]
            said = {lead: missing[lead] if value == "ask_for" else words[lead][value] for lead in languages}
            return [label(value, said[lead], language, self.config.fields, self.config.classes.labels)
                    for lead, language in languages.items()]  # fmt: skip

        return translations(self._write_fields, {lead: known.get(owners[lead] or "", "en") for lead in words}, tell)


def kept(results: Mapping[int, Result], frame: pl.DataFrame, ended: Collection[int]) -> Scores:
    """What leads that came to an outcome had been scored with before, and keep; with their segment, and whether enough
    was known. They are told of anew, since owner, language and next step may be others."""
    rows, parts = list[Mapping[str, Any]](), list[Mapping[str, Any]]()
    for lead, day in frame.filter(pl.col("lead").is_in(list(ended))).select("lead", "day").iter_rows():
        former = results.get(lead)
        words = former.words if former is not None else {}
        if former is None or words.get("score") is None:
            continue
        said = {name: words.get(name) for name in (*RESULTS, COLUMN)}
        rows.append({"lead": lead, "day": day, **said, "enough": words.get("data") != NOT_ENOUGH})
        parts += ({**part, "lead": lead, "day": day, "on": part["on"] or None} for part in former.parts)
    types = {name: frame.schema[name] for name in ("lead", "day", *RESULTS, COLUMN, "enough")}
    of_parts = {"lead": pl.Int64, "day": pl.Date, "name": pl.String, "group": pl.String, "what": pl.String,
                "points": pl.Int64, "on": pl.String, "count": pl.Int64}  # fmt: skip
    told = pl.DataFrame(parts, of_parts)
    return Scores(pl.DataFrame(rows, types), told.with_columns(pl.col("on").str.to_date()))


def with_kept(frame: pl.DataFrame, scores: Scores, past: Scores) -> tuple[pl.DataFrame, Scores]:
    """These leads and their scores, but of those that keep the ones of `past` these."""
    if past.totals.is_empty():
        return frame, scores
    frame = frame.update(past.totals, on="lead", include_nulls=True)
    return frame, Scores(frame.select("lead", "day", *RESULTS), _parts_with(scores.parts, past))


def _parts_with(parts: pl.DataFrame, past: Scores) -> pl.DataFrame:
    live = parts.filter(~pl.col("lead").is_in(past.totals["lead"].implode()))
    words = {name: parts.schema[name] for name in ("name", "group", "what")}
    theirs = past.parts.cast(words, strict=False)  # type: ignore[arg-type]
    if any(theirs[name].null_count() for name in words):  # of rules that the files do not hold any more
        return pl.concat([live.with_columns(pl.col(*words).cast(pl.String)), past.parts])
    return pl.concat([live, theirs])


def named(past: Scores, labels: Labels) -> Labels:
    """The labels with those of rules of `past` that the files do not hold any more: their names."""
    if past.parts.is_empty():
        return labels
    rules = past.parts.lazy().filter(pl.col("what") == "rule").select("group", "name").unique().collect()
    gone = sorted({*rules.rows()} - labels.keys())
    return {**labels, **{key: dict.fromkeys(LANGUAGES, key[1].replace("_", " ")) for key in gone}} if gone else labels


def _step(
    funnel: Ladder, stage: str, temperature: str, need: bool, budget: bool, consent: str | None, no_calls: bool,
    phone: bool, no_mail: bool, mailbox: bool,
) -> Step:  # fmt: skip
    return next_action.next_step(
        funnel.places.get(stage), len(funnel.steps), temperature,
        "opted out" if consent == DENIED else funnel.beside(stage),
        call=_way(no_calls, phone), write=_way(no_mail, mailbox),
        ask=[name for name, is_open in zip(ASKED, (need, budget), strict=True) if is_open],
    )  # fmt: skip


def _way(refused: bool, there: bool) -> Way:
    return REFUSED if refused else OPEN if there else NONE
