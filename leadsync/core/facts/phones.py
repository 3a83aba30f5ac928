"""What a phone number says, by the numbering plans of all countries: where it is from, what kind of line it is.

Patterns are asked as the library `phonenumbers` asks them, in a tenth of its time; tests hold the two equal.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata

Kind = Literal[
    "", "fixed", "mobile", "either", "premium", "toll_free", "shared_cost", "voip", "personal", "pager", "company",
    "voicemail",
]  # fmt: skip

_SPECIAL: Final[tuple[tuple[Kind, str], ...]] = (  # asked in this order, before fixed and mobile
    ("premium", "premium_rate"), ("toll_free", "toll_free"), ("shared_cost", "shared_cost"), ("voip", "voip"),
    ("personal", "personal_number"), ("pager", "pager"), ("company", "uan"), ("voicemail", "voicemail"),
)  # fmt: skip
_OF_A_PLACE = ("fixed", "mobile", "either")
_ABROAD = re.compile(r"\+([1-9]\d{5,14})", re.ASCII)


class Phone(NamedTuple):
    """What a number says; each is empty where the number leaves it open.

    A number that nobody can have says nothing. `country` is an ISO code; service numbers that several countries share
    have none. `time_zone` is there where no other one is possible: for mobile phones, of countries with one zone.
    """

    country: str = ""
    kind: Kind = ""
    time_zone: str = ""


def phone(number: str) -> Phone:
    """What a number such as `+48221234567` says; nothing for one that is written in another way."""
    found = _ABROAD.fullmatch(number)
    if found is None:
        return Phone()
    digits = found[1]
    for end in (1, 2, 3):
        if regions := _regions(int(digits[:end])):
            return _read(digits[:end], digits[end:], regions)
    return Phone()


class _Line(NamedTuple):
    """The numbers of one kind: how many digits they have (any, where it is empty), and which."""

    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def has(self, digits: str) -> bool:
        return (not self.lengths or len(digits) in self.lengths) and self.pattern.fullmatch(digits) is not None


class _Plan(NamedTuple):
    """The numbers of one country. `first` is how all its numbers begin, where its calling code is of several."""

    country: str
    first: re.Pattern[str] | None
    every: _Line
    special: Sequence[tuple[Kind, _Line]]
    fixed: _Line | None
    mobile: _Line | None
    alike: bool  # fixed lines and mobile phones cannot be told apart

    def kind(self, digits: str) -> Kind:
        if not self.every.has(digits):
            return ""
        for kind, line in self.special:
            if line.has(digits):
                return kind
        is_mobile = self.mobile is not None and (self.alike or self.mobile.has(digits))
        if self.fixed is not None and self.fixed.has(digits):
            return "either" if is_mobile else "fixed"
        return "mobile" if is_mobile and not self.alike else ""


def _read(code: str, digits: str, plans: Sequence[_Plan]) -> Phone:
    for plan in plans:
        kind: Kind = "" if plan.first is not None and not plan.first.match(digits) else plan.kind(digits)
        if kind in _OF_A_PLACE:
            zone = _zone(code, plan.country) or (_only(_zones(code, digits), plan.country) if kind == "fixed" else "")
            return Phone(plan.country, kind, zone)
        if kind:
            return Phone(plan.country if len(plans) == 1 else "", kind)
    return Phone()


@cache
def _regions(code: int) -> Sequence[_Plan]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    found = (PhoneMetadata.metadata_for_region(region) for region in COUNTRY_CODE_TO_REGION_CODE.get(code, ()))
    return [plan for rules in found if rules is not None and (plan := _plan(rules)) is not None]


def _plan(rules: "PhoneMetadata") -> _Plan | None:
    every = _line(rules, "general_desc")
    if every is None:
        return None
    return _Plan(
        str(rules.id),
        re.compile(rules.leading_digits) if rules.leading_digits else None,
        every,
        [(kind, line) for kind, name in _SPECIAL if (line := _line(rules, name))],
        _line(rules, "fixed_line"),
        _line(rules, "mobile"),
        bool(rules.same_mobile_and_fixed_line_pattern),
    )


def _line(rules: "PhoneMetadata", name: str) -> _Line | None:
    told = getattr(rules, name)
    if told is None or told.national_number_pattern is None:
        return None
    return _Line(frozenset(told.possible_length), re.compile(told.national_number_pattern))


@cache
def _zone(code: str, country: str) -> str:
    """The one time zone of the country, among those of its calling code."""
    return _only(_zones(code, ""), country)


def _zones(code: str, digits: str) -> Sequence[str]:
    from phonenumbers import PhoneNumber
    from phonenumbers.timezone import time_zones_for_geographical_number

    zeros = len(digits) - len(digits.lstrip("0"))
    number = PhoneNumber(int(code), int(digits or 0), None, zeros > 0, zeros or None)
    return time_zones_for_geographical_number(number)


def _only(zones: Sequence[str], country: str) -> str:
    """The one of these zones that is the country's: the library names neighbours' zones and old names, too."""
    from babel.core import get_global

    now, owners = get_global("zone_aliases"), get_global("zone_territories")
    found = {name for zone in zones if owners.get(name := now.get(zone, zone)) == country}
    return found.pop() if len(found) == 1 else ""
