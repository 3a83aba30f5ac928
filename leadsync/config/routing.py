"""`routing.yaml`: which leads get an owner, the rules that say who may take them, and the reps."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.conditions import Conditions
from leadsync.config.document import Document, validate
from leadsync.config.reading import Texts
from leadsync.config.reps import ACCOUNT, EVERYONE, PARTNERS, DaysOff, RepFile, rep_rule, with_table
from leadsync.config.settings import Strict
from leadsync.core.assign import RepRule, RouteRule
from leadsync.core.conditions import Condition
from leadsync.core.hours import read_days
from leadsync.core.implied import follows
from leadsync.core.score import RESULTS as SCORED
from leadsync.errors import Problem, UserError

RESULTS = (*SCORED, "stage")
RULES = ("rules", "customers", "others")
"""The lists of rules, by key."""
_UTC = ZoneInfo("UTC")


def _no_text(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("expected reps by name, or the name of a table")
    return value


class RouteFile(Strict):
    """A rule: leads for which `when` holds go `to` these reps."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    to: Annotated[Texts, Field(min_length=1)]
    when: str | None = None
    top: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class RoutingFile(Strict):
    """A routing file as written."""

    when: str | None = None
    rules: tuple[RouteFile, ...] = Field(default=(), max_length=100)
    customers: tuple[RouteFile, ...] = Field(default=(), max_length=100)
    others: tuple[RouteFile, ...] = Field(default=(), max_length=100)
    reps: Annotated[
        dict[str, RepFile], BeforeValidator(_no_text, json_schema_input_type=dict[str, RepFile] | str)
    ] = {}  # fmt: skip
    catch_all: str | None = None
    together: bool = True
    holidays: DaysOff = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """Leads for which `when` holds (None: all) go by `rules` to the reps; `customers`, and `others` that are no buyers,
    by rules of their own.

    `catch_all` is the rep whom those get that nobody else can take. `together`: people of one company go to one rep.
    `table` is the file that the reps stand in, if it is one of their own.
    """

    when: Condition | None
    reps: tuple[RepRule, ...]
    rules: tuple[RouteRule, ...] = ()
    customers: tuple[RouteRule, ...] = ()
    others: tuple[RouteRule, ...] = ()
    catch_all: str | None = None
    together: bool = True
    table: Path | None = field(default=None, compare=False)

    @property
    def buyers(self) -> tuple[RouteRule, ...]:
        """The rules of buyers: where the file has none, all reps take turns."""
        everyone = tuple(rep.name for rep in self.reps if not rep.partner)
        return self.rules or ((RouteRule(EVERYONE, everyone),) if everyone else ())

    @property
    def all_rules(self) -> tuple[RouteRule, ...]:
        """Those of every kind of lead."""
        return (*self.buyers, *self.customers, *self.others)

    @property
    def conditions(self) -> list[Condition]:
        """Those of buyers: to watch for a change by time."""
        return [c for c in (self.when, *(rule.when for rule in self.buyers)) if c is not None]

    @property
    def by_account(self) -> bool:
        """Whether it matters who owns a company."""
        return any(not rule.to for rule in self.all_rules)


def compile_routing(
    document: Document, fields: Mapping[str, Word] = catalog.FIELDS, hours: str | None = None, zone: ZoneInfo = _UTC
) -> Routing:
    """The routing as core works with it; `hours` and `zone` are those of home. Raises `UserError` with all problems."""
    conditions = Conditions(document, fields)
    table = with_table(document, conditions.problems)
    # what names reps is not judged by a table that cannot be read, nor by what is wrong with a rep
    named = None if conditions.problems else _named(document)
    try:
        file = validate(RoutingFile, document)
    except UserError as error:
        raise UserError([*conditions.problems, *error.problems]) from None
    when = conditions.read(file.when, ("when",), RESULTS)
    holidays = [read_days(each) for each in file.holidays]
    reps = [rep_rule(name, rep, hours, zone, holidays) for name, rep in file.reps.items()]
    problems = conditions.problems
    problems += _of_reps(document, reps)
    made: list[tuple[RouteRule, ...]] = []
    for key in RULES:
        before = len(problems)
        compiled = [
            RouteRule(
                rule.name, _to(document, (key, n, "to"), rule.to, reps, named, problems),
                conditions.read(rule.when, (key, n, "when"), RESULTS), rule.top,
            )
            for n, rule in enumerate(getattr(file, key))
        ]  # fmt: skip
        sound = named is not None and len(named[0]) == len(reps) and len(problems) == before
        problems += _of_rules(document, key, compiled, sound=sound)
        made.append(tuple(compiled))
    if file.catch_all is not None and named is not None and file.catch_all not in named[0]:
        problems.append(_stranger(document.place(("catch_all",)), "catch_all", file.catch_all, {*named[0]}))
    if document.gather is not None:  # those of the table stand in another file
        document.gather += [p for p in problems if table is not None and p.where.startswith(f"{table}:")]
        problems = [p for p in problems if p not in document.gather]
    if problems:
        raise UserError(problems)
    return Routing(when, tuple(reps), made[0], made[1], made[2], file.catch_all, file.together, table)


def _of_reps(document: Document, reps: Sequence[RepRule]) -> Iterator[Problem]:
    """Reps who cannot be told apart, or not from what `to:` says otherwise."""
    seen: dict[str, str] = {}
    names = {rep.name for rep in reps}
    for rep in reps:
        loc = ("reps", rep.name)
        if (other := seen.setdefault(rep.email, rep.name)) != rep.name:
            told = f"{rep.name} has the e-mail of {other}"
            yield Problem(told, document.place((*loc, "email")), "keep one of them, or correct the address")
        if rep.name in (EVERYONE, PARTNERS, ACCOUNT, "catch_all"):
            yield Problem(f"'{rep.name}' has a meaning of its own", document.place(loc), "give the rep another name")
        for skill in rep.skills:
            if skill in names or skill in (EVERYONE, PARTNERS, ACCOUNT):
                told = f"the skill '{skill}' is the name of a rep, or has a meaning of its own"
                yield Problem(told, document.place((*loc, "skills")), "give the skill another name")


def _named(document: Document) -> tuple[Collection[str], Collection[str]]:
    """The reps that stand in the file, and their skills, whatever else is wrong with them."""
    reps = document.data.get("reps")
    skills = [rep.get("skills") for rep in reps.values() if isinstance(rep, dict)] if isinstance(reps, dict) else ()
    single = (skill for own in skills for skill in (own if isinstance(own, list) else (own,)))
    return [*map(str, reps)] if isinstance(reps, dict) else (), [skill for skill in single if isinstance(skill, str)]


def _to(
    document: Document, loc: tuple[str | int, ...], words: Sequence[str], reps: Sequence[RepRule],
    named: tuple[Collection[str], Collection[str]] | None, problems: list[Problem],
) -> tuple[str, ...]:  # fmt: skip
    """The reps that `to:` means, in the order in which they stand; none for the company's owner. `named`: as of
    `_named`, if that is known."""
    if ACCOUNT in words:
        if len(words) > 1:
            fix = f"write a rule of its own for {ACCOUNT}, before this one"
            problems.append(Problem(f"to: {ACCOUNT} goes alone", document.place(loc), fix))
        return ()
    known = {name for names in named or () for name in names}
    whole = named is not None and len(named[0]) == len(reps)
    for n, word in enumerate(words if named is not None else ()):
        where = document.place((*loc, n))
        if word in (EVERYONE, PARTNERS) and whole and not any(rep.partner == (word == PARTNERS) for rep in reps):
            fix = "add `kind: partner` to those who are" if word == PARTNERS else "add them under `reps:`"
            problems.append(Problem(f"to: there are no {'partners' if word == PARTNERS else 'reps'}", where, fix))
        elif word not in known and word not in (EVERYONE, PARTNERS):
            problems.append(_stranger(where, "to", word, {*known, EVERYONE, PARTNERS, ACCOUNT}))
    wanted = {*words}
    return tuple(
        rep.name for rep in reps
        if rep.name in wanted or (PARTNERS if rep.partner else EVERYONE) in wanted or not wanted.isdisjoint(rep.skills)
    )  # fmt: skip


def _stranger(where: str, key: str, word: str, known: set[str]) -> Problem:
    close = get_close_matches(word, sorted(known), 1, 0.6)
    told = f"{key}: there is no rep '{word}'" + (" and no such skill" if key == "to" else "")
    there = f"there are {', '.join(sorted(known))}" if known else "add reps under `reps:`"
    return Problem(told, where, f"did you mean '{close[0]}'?" if close else there)


def _of_rules(document: Document, key: str, rules: Sequence[RouteRule], *, sound: bool) -> Iterator[Problem]:
    """Rules that nobody ever gets to: an earlier one takes all that they would, with at least the same reps. Not
    `sound`: some reps or conditions could not be read, so that this cannot be told."""
    for n, rule in enumerate(rules):
        place = document.place((key, n))
        for m, other in enumerate(rules[:n]):
            line = document.place((key, m)).rsplit(":", 2)[-2]
            if other.name == rule.name:
                yield Problem(f"the rule '{rule.name}' stands here twice", place, "give each rule a name of its own")
                break
            if sound and shadows(other, rule) and {*rule.to} <= {*other.to} and bool(rule.to) == bool(other.to):
                told = f"the rule '{rule.name}' never decides: '{other.name}' in line {line} takes all its leads"
                yield Problem(told, place, f"move it above '{other.name}', or take it out")
                break


def shadows(earlier: RouteRule, later: RouteRule) -> bool:
    """Whether the earlier rule fits wherever the later one does, as far as that can be told of short conditions."""
    if earlier.when is None or later.when is None:
        return earlier.when is None
    return follows(later.when, earlier.when)
