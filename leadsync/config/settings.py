"""`leadsync.yaml`: the store, the connections, the pace, the home."""

import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: Any) -> timedelta:
    """`30s`, `5m`, `2h`, `30d` as a time span. Raises ValueError."""
    match = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ValueError(f"expected a time span such as 60s, 5m, 2h or 30d, not {value!r}")
    try:
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise ValueError(f"{value!r} is too long a time span") from None


Duration = Annotated[timedelta, BeforeValidator(duration)]


class Strict(BaseModel):
    """A model of a file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Home(Strict):
    """Where the company is: its days begin at midnight of `time_zone`."""

    time_zone: str = "UTC"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not a time zone; write one such as Europe/Warsaw") from None
        return value


class Settings(Strict):
    """`leadsync.yaml`. What a connection holds beyond `type` is the connector's own: see its `Settings`."""

    store: str = "sqlite:///leadsync.db"
    connections: dict[str, dict[str, Any]] = Field(min_length=1)
    every: Duration = timedelta(seconds=60)
    home: Home = Home()
    prefer: tuple[str, ...] = ()

    @field_validator("connections")
    @classmethod
    def _plain_names(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name in value:
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name):
                raise ValueError(f"{name!r} is not a connection's name: use small letters, digits, - and _")
        return value
