"""`scoring.yaml`: groups of rules with their points, and the temperature bands."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, Loc, validate
from leadsync.config.settings import Strict, duration
from leadsync.core.line import cleaned
from leadsync.core.scoring import AXES, CUTS, Cuts, Group, Rule, Scoring, Segment
from leadsync.errors import Problem, UserError

MOST_RULES, _MOST_IN_ALL = 1000, 10_000  # that one lead is scored by; of a file with those of its segments
Ready = Callable[[str, str, Path, Document], Document]
"""Gives a ready-made file: its kind, its name, and the file and document that use it."""


def _days(value: Any) -> int:
    span = duration(value)
    if span % timedelta(days=1):
        raise ValueError("expected whole days, such as 30d")
    return span.days


Days = Annotated[int, BeforeValidator(_days)]


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # which Python counts as 1 and 0
        raise ValueError(f"expected a number, not {str(value).lower()}; write a number such as 12")
    return value


def _usual(value: Any) -> Any:
    return {} if value is None else value


def _one_kind(value: Any) -> Any:
    named = value if isinstance(value, list) else re.findall(r"\w+", value) if isinstance(value, str) else ()
    if value == "activity" or len(catalog.ACTIVITIES.keys() & {each for each in named if isinstance(each, str)}) > 1:
        raise ValueError("points are given per activity of one kind; write a rule for each, such as `per: visit`")
    return value


Score = Annotated[int, Field(ge=0, le=100), BeforeValidator(_number)]
Points = Annotated[float, Field(ge=-1000, le=1000), BeforeValidator(_number)]
Cap = Annotated[float, Field(gt=0, le=1000), BeforeValidator(_number)]


def _per_language(value: Any) -> Any:
    if not isinstance(value, dict | str | None):
        raise ValueError("expected a text, or one per language")
    return dict.fromkeys(catalog.LANGUAGES, value) if isinstance(value, str) else value or {}


def _readable(text: str) -> str:
    if not cleaned(text):
        raise ValueError("there is nothing to read in this text; write a word or two")
    return text


Name = Annotated[str, AfterValidator(_readable)]
Label = Annotated[str, Field(max_length=80), AfterValidator(_readable)]
PerLanguage = dict[Literal["en", "fa", "ru", "pl", "vi"], Label]
Labels = Annotated[PerLanguage, BeforeValidator(_per_language, json_schema_input_type=Label | PerLanguage | None)]


class RuleFile(Strict):
    """Points where `when` holds: once, or `per` activity of a kind, fading by its age.

    With `per`, `when` may also test what is told of each activity.
    """

    points: Points
    when: str | None = None
    per: Annotated[str | None, BeforeValidator(_one_kind, json_schema_input_type=str | None)] = None
    half_life: Days | None = None
    fade: Days | None = None
    window: Days | None = None
    cap: Cap | None = None
    label: Labels = {}


class GroupFile(Strict):
    """Rules whose sum is kept within ±`cap`, and gives no more than `alone` until `agrees` holds."""

    axis: Literal["fit", "engagement"] | None = None
    cap: Cap | None = None
    alone: Cap | None = None
    agrees: str | None = None
    rules: dict[Name, RuleFile | None] = {}


class TemperatureFile(Strict):
    """The lowest scores that are hot and warm; `hot_when` and `warm_when` lift to that, `cold_when` lowers to cold."""

    hot: Score = 70
    warm: Score = 35
    hot_when: str | None = None
    warm_when: str | None = None
    cold_when: str | None = None


Points100 = Annotated[int, Field(ge=0, le=1000), BeforeValidator(_number)]
Three = tuple[Points100, Points100, Points100]


class GradeFile(Strict):
    """The lowest fit of A, B and C, and the lowest engagement of 1, 2 and 3."""

    fit: Three = CUTS.grade["fit"]
    engagement: Three = CUTS.grade["engagement"]


class QuadrantFile(Strict):
    """The lowest fit and engagement that count as such."""

    fit: Points100 = CUTS.quadrant["fit"]
    engagement: Points100 = CUTS.quadrant["engagement"]


class RulesFile(Strict):
    """What leads are scored by: besides these keys every key is a group of rules."""

    use: str | None = None
    temperature: Annotated[TemperatureFile, BeforeValidator(_usual, json_schema_input_type=TemperatureFile | None)] = (
        TemperatureFile()
    )
    grade: Annotated[GradeFile, BeforeValidator(_usual, json_schema_input_type=GradeFile | None)] = GradeFile()
    quadrant: Annotated[QuadrantFile, BeforeValidator(_usual, json_schema_input_type=QuadrantFile | None)] = (
        QuadrantFile()
    )
    groups: dict[Name, GroupFile | None] = {}

    @model_validator(mode="before")
    @classmethod
    def _groups(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [k for k in cls.model_fields if k != "groups"]
        own = {k: v for k, v in value.items() if k in known}
        own |= {  # slips of the pen, which are told as unknown
            k: v for k, v in value.items()
            if v and not (isinstance(v, dict) and "rules" in v) and get_close_matches(k, known, 1, 0.8)
        }  # fmt: skip
        return own | {"groups": {k: v for k, v in value.items() if k not in own}}


class SegmentFile(RulesFile):
    """Leads that are scored by rules of their own: those of the file, or of the ready-made one that the segment uses,
    and what it says itself."""

    name: Annotated[Name, Field(max_length=40)]
    when: str


class ScoringFile(RulesFile):
    """A scoring file as written."""

    segments: tuple[SegmentFile, ...] = Field(default=(), max_length=20)


def version(*documents: Document) -> str:
    """A short name of what the files say: the same text, the same name."""
    data = orjson.dumps([d.data for d in documents], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(data).hexdigest()[:12]


def compile_scoring(
    document: Document, fields: Mapping[str, Word] = catalog.FIELDS, *, ready: Ready | None = None
) -> Scoring:
    """The scoring as core works with it. Raises `UserError` with all problems. Segments need what is `ready`."""
    file, conditions = validate(ScoringFile, document), Conditions(document, fields)
    problems, segments = conditions.problems, tuple[Segment, ...]()
    groups, empty = _there(file)
    for loc in empty:
        told, fix = f"{loc[-1]}: expected keys with values", "write `key: value` lines below it, or take it out"
        problems.append(Problem(told, document.place(loc), fix))
    rules = [(name, "rules", rule) for name, (_, own) in groups.items() for rule in own]
    if len(rules) > MOST_RULES:
        fix = "take some out: one rule can ask for many values, as in `country in [de, at, ch]`"
        places = [document.place(rule) for rule in rules]
        last = [place for place in places if place.startswith(str(document.path))][-1:] or places
        problems.append(Problem(f"more than {MOST_RULES} rules", last[-1], fix))
    elif len(rules) * (1 + len(file.segments)) + sum(map(_rules, file.segments)) > _MOST_IN_ALL:
        told = f"more than {_MOST_IN_ALL} rules, counted again for each segment"
        problems.append(Problem(told, document.place(("segments",)), "take some out"))
    elif ready is not None:
        segments = tuple(_segments(document, fields, file, conditions, ready))
    made = tuple(
        Group(
            name,
            None if group.cap is None else _hundredths(group.cap),
            tuple(_rule(document, conditions, name, rule_name, rule) for rule_name, rule in own.items()),
            None if group.alone is None else _hundredths(group.alone),
            conditions.read(group.agrees, (name, "agrees")),
            group.axis or "",
        )
        for name, (group, own) in groups.items()
    )
    bands = file.temperature
    if bands.warm > bands.hot and document.place(("temperature",)) not in document.doubted:
        told = f"warm ({bands.warm}) begins above hot ({bands.hot}), so no lead could be warm"
        problems.append(Problem(told, document.place(("temperature", "warm")), "make `warm` lower than `hot`"))
    for axis, cuts in file.grade:
        if list(cuts) != sorted(cuts, reverse=True):
            told, fix = f"grade: {axis}: the limits have to fall", f"write [{', '.join(map(str, sorted(cuts)[::-1]))}]"
            problems.append(Problem(told, document.place(("grade", axis)), fix))
    for name, (group, _) in groups.items():
        if (group.alone is None) != (group.agrees is None):
            told = f"{name}: `alone` and `agrees` belong together"
            problems.append(Problem(told, document.place((name,)), "write both, or none of them"))
    hot, warm, cold = (
        conditions.read(text, ("temperature", key), ("score", *AXES))
        for key, text in bands if key in ("hot_when", "warm_when", "cold_when")
    )  # fmt: skip
    if problems:
        raise UserError(problems)
    cuts = Cuts(dict(file.grade), dict(file.quadrant))
    return Scoring(made, bands.hot, bands.warm, hot, version(document), warm, cold, cuts, segments)


def _there(file: RulesFile) -> tuple[dict[str, tuple[GroupFile, dict[str, RuleFile]]], list[Loc]]:
    """The groups with their rules; and the places of those of which nothing is said, which took nothing away either."""
    groups = {name: group for name, group in file.groups.items() if group is not None}
    empty: list[Loc] = [(name,) for name in file.groups.keys() - groups.keys()]
    empty += [(name, "rules", rule) for name, group in groups.items() for rule, said in group.rules.items() if not said]
    rules = {name: {rule: r for rule, r in group.rules.items() if r is not None} for name, group in groups.items()}
    return {name: (group, rules[name]) for name, group in groups.items()}, empty


def _rules(file: RulesFile) -> int:
    return sum(len(group.rules) for group in file.groups.values() if group is not None)


def _segments(
    document: Document, fields: Mapping[str, Word], file: ScoringFile, conditions: Conditions, ready: Ready
) -> Iterator[Segment]:
    known, seen = {name: word for name, word in fields.items() if name != "scored_as"}, set[str]()
    whole = replace(document, data={key: value for key, value in document.data.items() if key != "segments"})
    early = Conditions(document, known)
    for i, each in enumerate(file.segments):
        own = document.at(("segments", i))
        if each.name in seen:
            told = f"the segment {each.name!r} stands here twice"
            early.problems.append(Problem(told, own.place(("name",)), "give each segment a name of its own"))
        seen.add(each.name)
        own.data = {key: value for key, value in own.data.items() if key not in ("name", "when")}
        when = early.read(each.when, ("segments", i, "when"))
        try:
            base = whole if each.use is None else ready("scoring", each.use, document.path, own)
            scoring = compile_scoring(own.over(base, 3, away=True), fields)
        except UserError as error:
            early.problems += error.problems
            continue
        if when is not None:
            yield Segment(each.name, when, scoring)
    conditions.problems += early.problems


def _rule(document: Document, conditions: Conditions, group: str, name: str, rule: RuleFile) -> Rule:
    loc = (group, "rules", name)
    if rule.per is not None and rule.per not in catalog.ACTIVITIES:
        conditions.problems.append(Problem(catalog.unknown_word(rule.per, "activity"), document.place((*loc, "per"))))
    elif rule.per is None and (rule.half_life or rule.fade or rule.window):
        told = f"{name}: half_life, fade and window are about the age of an activity"
        conditions.problems.append(Problem(told, document.place(loc), "say which with `per:`"))
    if rule.half_life is not None and rule.fade is not None:
        told = f"{name}: points either halve or fade evenly"
        conditions.problems.append(Problem(told, document.place((*loc, "fade")), "keep one of `half_life` and `fade`"))
    if rule.when is None and rule.per is None:
        told = f"{name}: every lead would get these points"
        conditions.problems.append(Problem(told, document.place(loc), "add `when:` or `per:`"))
    when = conditions.read(rule.when, (*loc, "when"), catalog.ATTRIBUTES if rule.per else ())
    return Rule(
        name, group, _hundredths(rule.points), when, rule.per,
        half_life_days=rule.half_life, fade_days=rule.fade, window_days=rule.window,
        cap=None if rule.cap is None else _hundredths(rule.cap), label=dict(rule.label.items()),
    )  # fmt: skip


def _hundredths(points: float) -> int:
    return round(points * 100)
