"""What people write in conditions where it is said otherwise: each is (what they wrote, what is meant), or None.

All look at a text from one place on. Nothing is read here: the parser asks when it finds a fault.
"""

import re

from leadsync.core.convert import numbers
from leadsync.core.convert.base import NOWHERE, Unreadable

Slip = tuple[str, str] | None

HOURS = {"h": 1, "hour": 1, "hours": 1, "": 24, "d": 24, "day": 24, "days": 24, "w": 168, "week": 168, "weeks": 168,
         "m": 720, "month": 720, "months": 720, "y": 8760, "year": 8760, "years": 8760}  # fmt: skip
"""Hours of what people write in place of days."""
_MOVED = tuple(
    (re.compile(wrong, re.ASCII), right)
    for wrong, right in (
        (r"known (\w+)", r"\1 known"),
        (r"since capture (\w+)", r"\1 since capture"),
        (r"at least (\d+)", r"\1"),
        (r"about(?= )", "activity about"),
    )
)
_PERIOD = re.compile(r"(in|for|within|during|over) (the )?(last |past )?([1-9]\d{0,3})(?: ?([a-z]+))?", re.ASCII)
_SOON = re.compile(
    r"(?:in|within|for) (?:the )?(?:first )?([1-9]\d{0,3})(?: ?([a-z]+))? (?:of|since|after|from) capture\b", re.ASCII
)
_NONE = re.compile(r"(?:no|0) (any of|(?<=0 )\w+)", re.ASCII)
_SPAN = re.compile(r"(\d{1,4}) ?([a-z]+)", re.ASCII)
_ASKED = re.compile(r"(\w+) ?(=|!=|is(?: not)?) ?(known|unknown|null)(?![^ )])")
_COPULA = re.compile(r"is( not| in)?\b")
_ROUND = re.compile(r"\(([^()\[\]]+)\)")
_LARGE = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)([km])", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(r"(\w+) ?(<=?|>=?) ?(\d{1,6})(?![^ )])", re.ASCII)


def moved(text: str, at: int) -> Slip:
    """What a test does not begin with."""
    found = ((wrong.match(text, at), right) for wrong, right in _MOVED)
    return next(((said[0], said.expand(right)) for said, right in found if said), None)


def period(text: str, at: int) -> Slip:
    """A time that is not `in` so many days, nor `within` so many of capture."""
    soon = _SOON.match(text, at)
    if soon is not None and (soon[2] or "") in HOURS:
        return soon[0], f"within {-(-int(soon[1]) * HOURS[soon[2] or ''] // 24)}d of capture"
    said = _PERIOD.match(text, at)
    if said is None or (said[5] or "") not in HOURS or (said[1] == "in" and not said[2] and not said[3]):
        return None
    return said[0], f"in {-(-int(said[4]) * HOURS[said[5] or ''] // 24)}d"


def none(text: str, at: int) -> Slip:
    """An activity that never happened."""
    said = _NONE.match(text, at)
    return (said[0], f"{'not' if said[1] == 'any of' else 'no'} {said[1]}") if said else None


def months(text: str, at: int) -> Slip:
    """A time that is not told in months."""
    said = _SPAN.match(text, at)
    if said is None or said[2] not in HOURS or said[2] in ("month", "months"):
        return None
    return said[0], f"{int(said[1]) * (12 if said[2][0] == 'y' else HOURS[said[2]] / 720):.2g}"


def number(word: str, unit: str) -> Slip:
    """A number that is told in a word, such as `asap`, or in thousands or millions."""
    if said := _LARGE.fullmatch(word):
        return word, f"{float(said[1]) * (1e3 if said[2].lower() == 'k' else 1e6):.10g}"
    try:
        return (word, numbers.months(word, NOWHERE, {})) if unit else None
    except Unreadable:
        return None


def asked(text: str, at: int, *, also_unknown: bool) -> Slip:
    """A field that is compared with `known` or `null`, and `also_unknown`, since that is no value of it."""
    said = _ASKED.match(text, at)
    if said is None or (said[3] == "unknown" and said[2][0] != "i" and not also_unknown):
        return None
    known = (said[3] == "known") == (said[2] in ("=", "is"))
    return said[0], f"{said[1]} known" if known else f"not {said[1]} known"


def copula(text: str, at: int) -> Slip:
    """An `is` in place of a comparison."""
    said = _COPULA.match(text, at)
    return (said[0], {" not": "!=", " in": "in"}.get(said[1], "=")) if said else None


def brackets(text: str, at: int) -> Slip:
    """A list in round ones."""
    said = _ROUND.match(text, at)
    return (said[0], f"[{said[1]}]") if said else None


def count(text: str, at: int) -> Slip:
    """An activity that is compared with how often it happened."""
    said = _COUNT.match(text, at)
    least = int(said[3]) + (said[2] in (">", "<=")) if said else 0
    if said is None or not least:
        return None
    few = f"no {said[1]}" if least == 1 else f"not {least} {said[1]}"
    return said[0], f"{least} {said[1]}" if said[2][0] == ">" else few
