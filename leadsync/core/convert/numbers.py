"""Numbers, amounts of money, percents and spans of time as people type them; all give plain decimal text."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from leadsync.core.convert.base import Home, Unreadable, fold, plain, spoken_in

_PLAIN = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d\d?|\.\d{4,15})?", re.ASCII)  # no home reads it differently
_NUMBER = re.compile(r"([-+]?) ?(\d{1,20}(?:[ .,'’_٫٬]\d{1,20}){0,9})", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}([ .,'’_٬])\d{2,3}(\1\d{2,3})*(?<=\d\d\d)", re.ASCII)
_MONEY = re.compile(r"([-+]?)([^\d+-]{0,12})([-+]?\d[^a-z]*?)([^\d]{0,16})", re.ASCII | re.IGNORECASE)
_DOLLARS = ("ARS", "AUD", "CAD", "CLP", "COP", "HKD", "MXN", "NZD", "SGD", "TWD", "USD")
_CURRENCIES = {
    "€": "EUR", "euro": "EUR", "£": "GBP", "zł": "PLN", "zl": "PLN", "₽": "RUB", "руб": "RUB", "р": "RUB", "₫": "VND",
    "đ": "VND", "đồng": "VND", "﷼": "IRR", "ریال": "IRR", "ريال": "IRR", "¥": "JPY", "₴": "UAH", "грн": "UAH",
    "kč": "CZK", "₹": "INR", "₺": "TRY", "₩": "KRW", "₪": "ILS", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD",
    "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "r$": "BRL",
}  # fmt: skip

_NUM = r"\d{1,6}(?:[.,]\d{1,3})?"
_SPAN = re.compile(rf"(\D*?)\s*(?:{_NUM}\s*[^\W\d_]{{0,10}}\s*(?:[-–—]|to|до|do|đến|تا)\s*)?({_NUM})(\D*)")
_UP_TO = frozenset(("", "up to", "within", "in", "under", "less than", "до", "do", "w ciagu", "trong", "toi", "تا"))
_UNITS = {
    unit: months
    for months, units in (
        (1.0, "m mo mos month months мес месяц месяца месяцев mies miesiac miesiace miesiecy thang ماه"),
        (3.0, "q quarter quarters квартал квартала кварталов kwartal kwartaly kwartalow quy فصل"),
        (12.0, "y yr yrs year years г год года лет rok roku lata lat nam سال"),
        (12 / 52, "w wk wks week weeks нед неделя неделю недели недель tydzien tygodnie tygodni tuan هفته"),
        (12 / 365, "d day days день дня дней dzien dni روز"),
    )
    for unit in units.split()
}  # as `fold` spells them
_AT_ONCE = ("now", "asap", "immediately", "immediate", "сейчас", "срочно", "natychmiast", "teraz", "فوری")


def number(text: str, home: Home, _: Mapping[str, str]) -> str:
    """`1 234,56`, `1,234.56`, `۱۲۳٫۵`. A single sign before three digits is read as in the home country."""
    return text if _PLAIN.fullmatch(text) else _decimal(plain(text), _decimal_mark(home.country))


def _decimal(told: str, mark: str) -> str:
    """The number in plain digits. Before three digits only this mark, and the Arabic one, begin the decimals."""
    found = _NUMBER.fullmatch(told)
    if found is None:
        raise Unreadable("is no number")
    sign, body = found.groups()
    whole, part, marks = body, "", [c for c in body if not c.isdecimal()]
    if marks and marks[-1] in ".,٫" and marks.count(marks[-1]) == 1:
        left, _mark, right = body.rpartition(marks[-1])
        either = len(right) == 3 and len(left) <= 3 and left[0] != "0"  # 1.234: a thousand, or a little more than one
        if not either or marks[-1] in ("٫", mark):
            whole, part = left, right
    if not whole.isdecimal() and not _GROUPED.fullmatch(whole):
        raise Unreadable("is no number")
    digits = "".join(filter(str.isdecimal, whole)).lstrip("0") or "0"
    return sign.strip("+") + digits + (f".{part}" if part else "")


def percent(text: str, home: Home, row: Mapping[str, str]) -> str:
    """`45 %` is 45, and so is `45`."""
    return number(plain(text).strip("%٪ "), home, row)


def money(text: str, home: Home, row: Mapping[str, str]) -> str:
    """The amount. One in another currency than that of the home is not one that can be compared."""
    if _PLAIN.fullmatch(text):
        return text
    found = _MONEY.fullmatch(plain(text))
    if found is None:
        raise Unreadable("is no amount of money")
    minus, before, amount, after = found.groups()
    code = _code((before, after), home)
    if code is None:
        raise Unreadable("is no amount of money")
    if code and home.currency and code != home.currency:
        raise Unreadable(f"is in {code}, and amounts are in {home.currency}")
    return _decimal(minus + amount, "٫")  # no amount has three decimals: such a sign stands between thousands


def currency(text: str, home: Home, _: Mapping[str, str]) -> str:
    """The code of the currency that an amount names."""
    code = _code(re.split(r"[\d.,'’_+\s-]+", plain(text)), home)
    if not code:
        raise Unreadable("names no currency")
    return code


def months(text: str, _: Home, __: Mapping[str, str]) -> str:
    """`3 months`, `0-3 m` (the later end), `up to 2 weeks`, `quarter`, `asap`, in months; a bare number is months, and
    one below zero lies behind."""
    if _PLAIN.fullmatch(text):
        return text
    found = _months(text)
    if found is None:
        raise Unreadable("is no time such as '3 months'")
    return found


@lru_cache(maxsize=4096)
def _months(text: str) -> str | None:
    told = plain(text).casefold()
    word = fold(told)
    if word in _AT_ONCE:
        return "0"
    if word in _UNITS:
        return _tidy(_UNITS[word])
    found = _SPAN.fullmatch(told[:80])
    if found is None or told[0] in "-+" or set(told) & set("+>≥"):
        return None
    before, count, unit = fold(found[1]), float(found[2].replace(",", ".")), fold(found[3])
    return _tidy(count * _UNITS.get(unit, 1.0)) if before in _UP_TO and unit in {"", *_UNITS} else None


def _tidy(value: float) -> str:
    return str(round(value, 2)).removesuffix(".0")


def _code(affixes: Iterable[str], home: Home) -> str | None:
    """The currency that words around an amount name: empty where there are none, `None` where they make no sense."""
    words = {word for affix in affixes if (word := affix.strip(" .,-").casefold())}
    if len(words) > 1:
        words.discard("$")  # the other one says which dollar
    if words == {"$"}:
        return home.currency if home.currency in _DOLLARS else "USD"
    codes = {_CURRENCIES.get(word) or (word.upper() if word.upper() in currencies() else None) for word in words}
    return codes.pop() if len(codes) == 1 else None if codes else ""


@cache
def currencies() -> frozenset[str]:
    """The ISO codes of all currencies."""
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


@cache
def _decimal_mark(country: str) -> str:
    return str(spoken_in(country).number_symbols.get("latn", {}).get("decimal", "."))
