"""Names of countries in five languages to their ISO codes."""

from collections.abc import Mapping
from functools import cache, lru_cache

from leadsync.catalog import LANGUAGES
from leadsync.core.convert.base import Home, Unreadable, fold

_NOT_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")
_ALSO = {  # what forms and CRMs write besides the usual names
    "AE": "uae|emirates|эмираты|امارات|zea|emiraty",
    "BA": "bosnia",
    "BO": "bolivia plurinational state of",
    "BY": "белоруссия",
    "CD": "dr congo|drc|democratic republic of the congo|congo the democratic republic of the",
    "CG": "congo|republic of the congo",
    "CI": "ivory coast",
    "CN": "prc|peoples republic of china|кнр",
    "CZ": "czech republic|чешская республика|republika czeska|جمهوری چک|cộng hòa séc",
    "DE": "deutschland|фрг",
    "ES": "españa",
    "FM": "micronesia federated states of",
    "GB": "u k|great britain|britain|england|scotland|wales|northern ireland|англия|соединенное королевство"
    "|انگلیس|انگلستان|بریتانیای کبیر|anglia|zjednoczone królestwo|anh|anh quốc",
    "IR": "iran islamic republic of|islamic republic of iran|جمهوری اسلامی ایران",
    "KP": "северная корея|korea democratic peoples republic of|dprk",
    "KR": "korea republic of|republic of korea|korea|южная корея|корея|کره",
    "LA": "lao peoples democratic republic",
    "MD": "moldova republic of|republic of moldova|молдавия",
    "MK": "macedonia|македония|macedonia the former yugoslav republic of",
    "MM": "burma",
    "NL": "holland|the netherlands|голландия",
    "PS": "palestine|palestine state of",
    "RU": "russian federation|рф|российская федерация|federacja rosyjska",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey",
    "TW": "taiwan province of china|republic of china",
    "TZ": "tanzania united republic of",
    "US": "u s|u s a|america|united states of america|the united states|the usa|сша|америка"
    "|соединенные штаты америки|آمریکا|ایالات متحده آمریکا|ameryka|stany zjednoczone ameryki|mỹ",
    "VA": "vatican|holy see|holy see vatican city state",
    "VE": "venezuela bolivarian republic of",
    "VG": "virgin islands british",
    "VI": "virgin islands u s",
}


def country(text: str, _: Home, __: Mapping[str, str]) -> str:
    """The ISO 3166 code of two letters."""
    found = code_of(text)
    if found is None:
        raise Unreadable("is no country")
    return found


@lru_cache(maxsize=4096)
def code_of(text: str) -> str | None:
    """The code of the country that is named, or None."""
    codes, names = _known()
    code = text.upper()
    return code if code in codes else names.get(fold(text[:80]))


@cache
def _known() -> tuple[frozenset[str], Mapping[str, str]]:
    """All codes; and code by name, as `fold` spells names."""
    from babel import Locale
    from babel.core import get_global

    listed = [dict(Locale(language).territories) for language in LANGUAGES]
    codes = {c for c in listed[0] if len(c) == 2 and c.isalpha() and c not in _NOT_COUNTRIES}
    found = {fold(name): code for names in listed for code, name in names.items() if code in codes}
    for alias, now in get_global("territory_aliases").items():  # USA, UK
        if len(now) == 1 and now[0] in codes and alias.isalpha():
            found.setdefault(alias.lower(), now[0])
    return frozenset(codes), found | {fold(name): code for code, names in _ALSO.items() for name in names.split("|")}
