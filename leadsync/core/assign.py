"""Who takes a lead: the first rule that fits, and among its reps whoever is furthest behind their share. Pure.

A rotation is fair by a deficit counter. Of each lead that it places every rep who could take it is owed a share by
weight, and whoever takes it has had one: so all shares together are always nothing, whoever is away is owed nothing
and has nothing to catch up with, and the same leads go to the same reps. Shares are whole billionths of a lead.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from leadsync.core.conditions import Condition
from leadsync.core.hours import Calendar, soonest

UNIT = 1_000_000_000
"""One lead, in the shares that a rotation counts."""

TOGETHER = "together"
"""What decided, in place of a rule, where a lead went to whoever has its company's other people."""

WHY: Mapping[str, str] = {
    "kept": "somebody owns it already",
    "account": "whoever owns its company takes it",
    "company": "other people of its company are with this rep, whom the rules need not name",
    "rotation": "of those who could take it, this rep was furthest behind their share",
    "catch_all": "no rule that fits has a rep who could take it",
    "waits": "all reps of the rule have as many open leads as `top:` allows, and it waits for its turn",
    "nobody": "no rule that fits has a rep who could take it, and there is no catch-all who could",
}
"""Why a lead has the owner that it has, or none."""

STATES: Mapping[str, str] = {
    "free": "could take it",
    "off": "is not at work",
    "away": "is away",
    "full": "has as many open leads as can be",
    "inactive": "has no active user in any CRM",
    "elsewhere": "has no active user in the CRMs in which this lead is",
}
"""How it stands with a rep when a lead is placed."""


@dataclass(frozen=True, slots=True)
class RepRule:
    """A sales rep whom leads may be given to; one of weight 2 gets twice as many. `capacity`: the most open leads.

    `language`: one of `catalog.LANGUAGES`, where it is known. A `partner` need not be known to a CRM. `skills` are
    words of the company's own by which rules name reps.
    """

    name: str
    email: str
    weight: int = 1
    capacity: int | None = None
    calendar: Calendar = field(default_factory=Calendar)
    language: str = ""
    partner: bool = False
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Leads for which `when` holds (None: all) go to reps by name, in turn, or to the owner of their company where it
    names none. `top`: a rep who has so many open leads gets no more, and the best lead goes first."""

    name: str
    to: tuple[str, ...] = ()
    when: Condition | None = None
    top: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A lead that should have an owner. `fits`: whether each rule's condition holds.

    `owner` is the e-mail of who owns it in a CRM, `given` of whom it was given to before, `account` of who owns its
    company; of these only active users count. `company` is the key of its company, `places` are the CRMs in which it
    is. `left` is who had it and is no active user any more.
    """

    lead: int
    at: datetime
    fits: Sequence[bool]
    score: int = 0
    owner: str | None = None
    given: str | None = None
    account: str | None = None
    company: int | None = None
    places: frozenset[str] = frozenset()
    left: str | None = None


@dataclass(slots=True)
class Rotation:
    """How the turns stand. By rep: `owed`, the share in leads that wait for them, in `UNIT`s; `load`, their open leads.
    `together`: company → the rep of its people."""

    owed: dict[str, int] = field(default_factory=dict)
    load: dict[str, int] = field(default_factory=dict)
    together: dict[int, str] = field(default_factory=dict)

    def copy(self) -> "Rotation":
        """For whoever only tries something out."""
        return Rotation(dict(self.owed), dict(self.load), dict(self.together))


@dataclass(frozen=True, slots=True)
class Routed:
    """Whose a lead is: `owner` by e-mail, and `rep` where that is one of ours; `why` is one of `WHY`.

    `rule` is the one that decided (or `TOGETHER`), or that it waits for. `proof` tells how it came about, as JSON has
    it; it is empty for what has been so before. `shares`: what the turn changes in `Rotation.owed`. `again`: when
    somebody may take it who could not now.
    """

    lead: int
    owner: str | None
    rep: str | None
    why: str
    rule: str = ""
    company: int | None = None
    proof: Mapping[str, Any] = field(default_factory=dict)
    shares: Mapping[str, int] = field(default_factory=dict)
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """The reps and rules by which leads are placed. `users`: e-mail → the CRMs in which somebody is active."""

    reps: Sequence[RepRule]
    rules: Sequence[RouteRule]
    users: Mapping[str, Collection[str]]
    catch_all: str | None = None
    together: bool = True

    def assign(self, leads: Iterable[Asked], turns: Rotation) -> list[Routed]:
        """Whose each lead is. `turns` is brought up to date.

        Whoever owns a lead keeps it. Of the others the one with the best score goes first, then the older one.
        """
        table, found, left = _Table(self, turns), list[Routed](), list[Asked]()
        for lead in leads:
            if (email := lead.owner or lead.given) is None:
                left.append(lead)
                continue
            rep = table.by_email.get(email)
            found.append(Routed(lead.lead, email, rep.name if rep else None, "kept", company=lead.company))
            if rep is not None:
                turns.load[rep.name] = turns.load.get(rep.name, 0) + 1
                if lead.company is not None:
                    turns.together.setdefault(lead.company, rep.name)
        for lead in sorted(left, key=lambda lead: (lead.at, -lead.score, lead.lead)):
            found.append(table.place(lead))
        return found


def limited(reps: Iterable[RepRule], rules: Iterable[RouteRule]) -> set[str]:
    """The reps who can have only so many open leads."""
    return {rep.name for rep in reps if rep.capacity is not None}.union(*(r.to for r in rules if r.top is not None))


class _State(NamedTuple):
    """One of `STATES`, until when as it is shown, and when work begins."""

    name: str
    until: str = ""
    begins: datetime | None = None


_CAN = ("free", "off")
_FULL = _State("full")


class _Table:
    """Places leads one after the other."""

    def __init__(self, team: Team, turns: Rotation) -> None:
        self.team, self.turns = team, turns
        self.by_name = {rep.name: rep for rep in team.reps}
        self.by_email = {rep.email: rep for rep in team.reps}
        self._limited = limited(team.reps, team.rules)
        self._states: dict[tuple[datetime, frozenset[str]], Mapping[str, _State]] = {}

    def place(self, lead: Asked) -> Routed:
        """Whose it is, by the first rule that fits and has somebody."""
        told: list[dict[str, Any]] = [{"left": lead.left}] if lead.left else []
        back: list[datetime | None] = []
        for rule, fits in zip(self.team.rules, lead.fits, strict=True):
            if not fits:
                told.append({"rule": rule.name, "fits": False})
                continue
            if not rule.to:
                if (found := self._account(rule, lead, told)) is not None:
                    return found
                continue
            if (found := self._company(rule, lead, told)) is not None:
                return found
            states = {name: self._state(self.by_name[name], lead, rule.top) for name in rule.to}
            told.append({"rule": rule.name, "fits": True, "reps": self._shown(states)})
            pool = [name for name, state in states.items() if state.name in _CAN]
            if pool:
                return self._turn(rule, lead, self._first(states, pool), told)
            back += (self._back(name, lead.at) for name, state in states.items() if state.name == "away")
            if rule.top is not None and _FULL in states.values():
                return self._none(lead, "waits", rule.name, told, back)
        if (name := self.team.catch_all) is not None:
            state = self._state(self.by_name[name], lead, None)
            told.append({"rule": "catch_all", "fits": True, "reps": self._shown({name: state})})
            if state.name in _CAN:
                return self._given(lead, name, "catch_all", "catch_all", told)
            back += [self._back(name, lead.at)] if state.name == "away" else []
        rule_name = next((each["rule"] for each in told if "reps" in each), "")
        return self._none(lead, "nobody", rule_name, told, back)

    def _account(self, rule: RouteRule, lead: Asked, told: list[dict[str, Any]]) -> Routed | None:
        """The owner of its company, who need be no rep of the file."""
        if lead.account is None:
            told.append({"rule": rule.name, "fits": True, "account": None})
            return None
        rep = self.by_email.get(lead.account)
        state = self._state(rep, lead, None) if rep else _State("free")
        entry = {"rule": rule.name, "fits": True, "account": lead.account}
        told.append(entry | ({"reps": self._shown({rep.name: state})} if rep else {}))
        if state.name not in _CAN:
            return None
        if rep is not None:
            return self._given(lead, rep.name, "account", rule.name, told)
        return Routed(lead.lead, lead.account, None, "account", rule.name, lead.company, {"rules": told})

    def _company(self, rule: RouteRule, lead: Asked, told: list[dict[str, Any]]) -> Routed | None:
        """The rep of its company's other people, if that one can take it."""
        if not self.team.together or lead.company is None:
            return None
        rep = self.by_name.get(self.turns.together.get(lead.company, ""))
        if rep is None or (state := self._state(rep, lead, rule.top)).name not in _CAN:
            return None
        told.append({"rule": TOGETHER, "of": rule.name, "fits": True, "reps": self._shown({rep.name: state})})
        return self._given(lead, rep.name, "company", TOGETHER, told)

    def _turn(self, rule: RouteRule, lead: Asked, pool: Sequence[str], told: list[dict[str, Any]]) -> Routed:
        """Whoever of the pool is owed most after their share of this lead; of equals the first of the file."""
        owed, weights = self.turns.owed, [self.by_name[name].weight for name in pool]
        whole = sum(weights)
        shares = {name: UNIT * weight // whole for name, weight in zip(pool, weights, strict=True)}
        chosen = max(pool, key=lambda name: owed.get(name, 0) + shares[name])
        shares[chosen] -= sum(shares.values())  # so that nothing is left over, whatever was rounded off
        for name, share in shares.items():
            owed[name] = owed.get(name, 0) + share
        return self._given(lead, chosen, "rotation", rule.name, told, shares)

    def _given(
        self, lead: Asked, name: str, why: str, rule: str, told: list[dict[str, Any]],
        shares: Mapping[str, int] | None = None,
    ) -> Routed:  # fmt: skip
        self.turns.load[name] = self.turns.load.get(name, 0) + 1
        if lead.company is not None:
            self.turns.together[lead.company] = name
        email = self.by_name[name].email
        return Routed(lead.lead, email, name, why, rule, lead.company, {"rules": told}, shares or {})

    def _none(
        self, lead: Asked, why: str, rule: str, told: list[dict[str, Any]], back: Iterable[datetime | None]
    ) -> Routed:
        proof = {"rules": told}
        return Routed(lead.lead, None, None, why, rule, lead.company, proof, again=soonest(back))

    def _state(self, rep: RepRule, lead: Asked, top: int | None) -> _State:
        """How it stands with a rep for this lead."""
        state = self._before(lead)[rep.name]
        most = rep.capacity if top is None or (rep.capacity is not None and rep.capacity < top) else top
        if most is None or state.name not in _CAN or self.turns.load.get(rep.name, 0) < most:
            return state
        return _FULL

    def _before(self, lead: Asked) -> Mapping[str, _State]:
        """How it stands with each rep, whatever they have: worked out once for all leads of a moment and place."""
        key = (lead.at, lead.places)
        if key not in self._states:
            self._states[key] = {name: self._there(rep, *key) for name, rep in self.by_name.items()}
        return self._states[key]

    def _there(self, rep: RepRule, at: datetime, asked_in: frozenset[str]) -> _State:
        places = self.team.users.get(rep.email, ())
        if not rep.partner and not places:
            return _State("inactive")
        if not rep.partner and asked_in and asked_in.isdisjoint(places):
            return _State("elsewhere")
        if (until := rep.calendar.off_until(at)) is not None:
            return _State("away", until.isoformat())
        if rep.calendar.works(at):
            return _State("free")
        begins = rep.calendar.begins(at)
        return _State("off", begins.isoformat(timespec="minutes") if begins else "", begins)

    def _back(self, name: str, at: datetime) -> datetime | None:
        """When somebody who is away can take leads again: with the first day after it."""
        calendar = self.by_name[name].calendar
        until = calendar.off_until(at)
        if until is None:
            return None
        day = until + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=calendar.zone)

    def _first(self, states: Mapping[str, _State], pool: Sequence[str]) -> Sequence[str]:
        """Those who are at work now; where nobody is, those who begin first."""
        if working := [name for name in pool if states[name].name == "free"]:
            return working
        first = soonest(states[name].begins for name in pool)
        return [name for name in pool if states[name].begins == first] if first else pool

    def _shown(self, states: Mapping[str, _State]) -> dict[str, Sequence[Any]]:
        """How it stood with each rep: state, until when, what they were owed (leads), and how many they had where there
        is a limit to that."""
        owed, load = self.turns.owed, self.turns.load
        return {
            name: (
                state.name,
                state.until,
                round(owed.get(name, 0) / UNIT, 3),
                load.get(name, 0) if name in self._limited else None,
            )
            for name, state in states.items()
        }
