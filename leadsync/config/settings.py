"""`leadsync.yaml`: the store, the connections, the pace, the home."""

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.core import convert
from leadsync.core.condition_parser import KEYWORDS
from leadsync.core.hours import read_hours

_OTHER_WORDS = (
    "role", "at", "kinds", "detail", "counters", "outcomes", "scope", "lead", "day", "capture", "of", "true", "false",
)  # fmt: skip
Resolver = tuple[str, int] | Literal["system"] | None
"""A DNS server (address, port), those of the machine, or none."""
_LONGEST = timedelta(days=3650)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: Any) -> timedelta:
    """`30s`, `5m`, `2h`, `30d` as a time span, of ten years at most. Raises ValueError."""
    match = re.fullmatch(r"\s*0*([1-9]\d*)\s*([smhd])\s*", value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a time span such as 60s, 5m, 2h or 30d, not {value!r}")
    if len(match[1]) > 9 or (span := timedelta(seconds=int(match[1]) * _UNITS[match[2]])) > _LONGEST:
        raise ValueError(f"{value[:40]!r} is too long a time span; write {_LONGEST.days}d at most")
    return span


def one_of(kind: str, known: Collection[str]) -> Callable[[Any], Any]:
    """A check that a word is one of those `known`; of any other it guesses what was meant. It raises ValueError."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value in known:
            return value
        close = get_close_matches(value.lower(), known, 1)
        meant = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"unknown {kind} '{value}'; {meant}")

    return check


Duration = Annotated[timedelta, BeforeValidator(duration)]


class Strict(BaseModel):
    """A model of a file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _hours(value: str) -> str:
    read_hours(value, ZoneInfo("UTC"))
    return value


Hours = Annotated[str, AfterValidator(_hours)]


class Home(Strict):
    """Where the company is: its days begin at midnight of `time_zone`; `country` and `currency` are ISO codes; its
    people work in these `hours`, unless they have their own."""

    country: str = ""
    currency: str = ""
    time_zone: str = "UTC"
    hours: Hours | None = None

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        code = convert.code_of(value)
        if code is None or code != value:
            raise ValueError(f"{value!r} is not a country's code; write " + (code or "one such as PL"))
        return code

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in convert.currencies():
            raise ValueError(f"{value!r} is not a currency's code; write one such as EUR")
        return value

    @property
    def place(self) -> convert.Home:
        """Home as values are read there."""
        return convert.Home(self.country, self.currency, ZoneInfo(self.time_zone))

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
            pl.select(pl.lit(0).cast(pl.Datetime("us", value)))  # leads are scored by days there: it must know it too
        except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.ComputeError):  # of a folder of zones, too
            raise ValueError(f"{value!r} is not a time zone; write one such as Europe/Warsaw") from None
        return value


class BrakeShares(Strict):
    """What is too much to write at once: `share` percent of a connection's records, or `replaced` owners and values."""

    share: float = Field(20, gt=0, le=100)
    replaced: int = Field(100, ge=0)


class CustomField(Strict):
    """A field of the company's own, which mappings feed and conditions read."""

    type: Literal["text", "number", "bool", "date"]
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"type": value} if isinstance(value, str) else value


def custom_words(declared: Any) -> dict[str, Word]:
    """The fields that `fields:` of `leadsync.yaml` declares, without those that `Settings` refuses."""
    found = {}
    for name, raw in declared.items() if isinstance(declared, dict) else ():
        with suppress(ValidationError):
            field = CustomField.model_validate(raw)
            label = field.label or str(name).replace("_", " ")
            found[str(name)] = Word(str(name), field.type, dict.fromkeys(catalog.LANGUAGES, label))
    return found


def _connection_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
        raise ValueError("not a connection's name; use small letters, digits, - and _")
    return name


def _field_name(name: str) -> str:
    taken = (catalog.FIELDS, catalog.ACTIVITIES, catalog.ATTRIBUTES, catalog.RESULTS, catalog.DESIGNED)
    if name in {*KEYWORDS, *_OTHER_WORDS}.union(*taken):
        raise ValueError("a word of leadsync already; give your field another name")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
        raise ValueError("not a field's name; use small letters, digits and _")
    return name


ConnectionName = Annotated[str, AfterValidator(_connection_name)]
FieldName = Annotated[str, AfterValidator(_field_name)]


class Settings(Strict):
    """`leadsync.yaml`. What a connection holds beyond `type` is the connector's own: see its `Settings`."""

    store: str = "sqlite:///leadsync.db"
    connections: dict[ConnectionName, dict[str, Any]] = Field(min_length=1)
    every: Duration = timedelta(seconds=60)
    home: Home = Home()
    fields: dict[FieldName, CustomField] = {}
    prefer: tuple[str, ...] = ()
    brake: BrakeShares = BrakeShares()
    never: str | None = None
    mail_check: str = "off"

    @field_validator("mail_check")
    @classmethod
    def _known_server(cls, value: str) -> str:
        if value not in ("off", "system"):
            _address(value)
        return value

    @property
    def resolver(self) -> Resolver:
        """Who is asked about the domains of mailboxes."""
        if self.mail_check in ("off", "system"):
            return "system" if self.mail_check == "system" else None
        return _address(self.mail_check)


def _address(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    try:
        if not 0 < int(port) < 65536:
            raise ValueError
        return str(ip_address(host.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError:
        raise ValueError(
            f"expected off, system or the address of a DNS server such as 192.0.2.53:53, not {value!r}"
        ) from None
