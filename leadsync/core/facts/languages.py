"""The language that somebody writes in, where the record does not say: by letters, by words, or by where they are."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from leadsync.core.convert.base import fold
from leadsync.core.convert.country import code_of
from leadsync.core.facts.fact import DERIVED, GUESSED, Fact

_MOST_READ, _LONGEST_TOP = 600, 64
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_SCRIPTS: Sequence[tuple[re.Pattern[str], Sequence[tuple[str, Sequence[str]]]]] = tuple(
    (re.compile(f"[{script}]"), rules)
    for script, rules in (
        (
            "\u0400-\u052f",
            (
                ("ў", ["be"]), ("[їєґ]", ["uk"]), ("[әғқңөұүһӣӯҳҷ]", ["", "kk", "ky", "tg", "mn"]), ("[ђћ]", ["sr"]),
                ("[ѓќѕ]", ["mk"]), ("[јљњџ]", ["", "sr", "mk"]), ("і.*[ыэё]|[ыэё].*і", ["", "be", "kk"]), ("і", ["uk"]),
                ("[ыэё]", ["ru"]), ("", ["ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "tg", "mn"]),
            ),
        ),
        (
            "\u0620-\u06ff\u0750-\u077f",
            (
                ("[ٹڈڑںے]", ["ur"]), ("[ڕڵۆێە]", ["ku"]), ("[ټډړږښګڼې]", ["ps"]),
                ("[پچژگ]", ["fa", "ur", "ps", "ku"]), ("[ةإ]", ["ar"]), ("[یک]", ["fa", "ur", "ps", "ku"]),
                ("", ["", "fa", "ar", "ur", "ps", "ku"]),
            ),
        ),
        ("\u0370-\u03ff", (("", ["el"]),)),
        ("\u0590-\u05ff", (("", ["he"]),)),
        ("\u0530-\u058f", (("", ["hy"]),)),
        ("\u10a0-\u10ff", (("", ["ka"]),)),
        ("\u0e00-\u0e7f", (("", ["th"]),)),
        ("\uac00-\ud7af", (("", ["ko"]),)),
        ("\u3040-\u30ff", (("", ["ja"]),)),
        ("\u4e00-\u9fff", (("", ["", "zh", "ja"]),)),
    )
)  # fmt: skip
"""Per script the letters that tell its languages apart, the first that fits counts. Of several languages the first is
meant unless the country speaks another one of them; none is where the first is empty."""
_MARKS = (
    ("[ơưạảấầẩẫậắằẳẵặẻếềểễệỉịỏốồổỗộớờởỡợụủứừửữựỷỵ]", "vi"), ("[łśźżń]", "pl"), ("[ėįųķļņģ]", ""), ("[ąę]", "pl"),
    ("[řěů]", "cs"), ("[őű]", "hu"), ("ə", "az"), ("[ğı]", "tr"), ("ß", "de"), ("[ñ¿¡]", "es"), ("[țș]", "ro"),
)  # fmt: skip
_COMMON = {
    word: language
    for language, words in (
        ("en", "the and for we you please are of our with need your how hello would like have can looking is"),
        ("pl", "prosze sie nie jest czy dla mam jak cene oferte chcialbym dzien dobry witam pozdrawiam na ze"),
        ("vi", "toi muon ban cho hoi gia khong cua va duoc xin chao minh cong ty can bao nhieu san pham"),
        ("de", "und der die das wir ist ich bitte fur mit sie ein eine haben nicht von auf guten wie"),
        ("fr", "le les et nous vous pour est une des je dans bonjour merci avec pas sur"),
        ("es", "el los y para por que una con hola gracias nosotros como del necesito precio"),
    )
    for word in words.split()
}  # fmt: skip  # as `fold` spells them
_CLEARLY = 3

_FOR_ALL = "ac ag ai am as bz cc cd cm co dj fm gg gl io je la li ly md me mn ms mu nu pw sc sh st tk to tv vc ws"
"""Country domains that everybody uses."""
_TOPS = {"uk": "GB", "su": "RU", "рф": "RU", "xn--p1ai": "RU", "ایران": "IR", "xn--mgba3a4f16a": "IR"}
_SPOKEN = {
    "BY": "ru", "FI": "fi", "IE": "en", "IL": "he", "NO": "no", "NZ": "en", "TW": "zh", "UA": "uk",
    "AE": "", "MY": "", "QA": "", "ZA": "",
}  # fmt: skip
"""Where what is official is not what most business is done in; empty where several languages are usual."""
_ZONES = {"CN": "Asia/Shanghai", "DE": "Europe/Berlin", "UA": "Europe/Kyiv"}
"""Countries with one time in all their zones."""


def language(texts: Mapping[str, str], names: Mapping[str, str], places: Mapping[str, str]) -> Fact | None:
    """The language as two letters, from what stands under words of a record, each in the order of trust.

    `texts` are what the lead writes freely, `names` those of the person, `places` country codes, mailboxes and hosts.
    Clear letters and words count as derived. A country alone is a guess; and so it is where somebody with the letters
    of one language in the name lives where another one is spoken.
    """
    known = ((found, word) for word, place in places.items() if (found := _spoken_at(place[-_LONGEST_TOP:])))
    spoken, where = next(known, ("", ""))
    for word, text in texts.items():
        if written := _written(text[:_MOST_READ], spoken) or _by_words(text[:_MOST_READ]):
            return Fact(*written, word)
    for word, text in names.items():
        if written := _written(text[:_MOST_READ], spoken):
            if spoken in ("", written[0]) or not _LATIN.search(text[:_MOST_READ]):
                return Fact(*written, word)
            break
    return Fact(spoken, GUESSED, where) if spoken else None


def country(host: str) -> str:
    """The country, as ISO code, under whose domain a host or mailbox lies; empty where that says nothing of it."""
    return _country_of(host.rpartition(".")[2][:_LONGEST_TOP].lower()) if "." in host else ""


@lru_cache(maxsize=512)
def _country_of(top: str) -> str:
    code = "" if top in _FOR_ALL.split() else _TOPS.get(top, top.upper())
    return code if len(code) == 2 and code_of(code) == code else ""


@lru_cache(maxsize=512)
def time_zone(country: str) -> str:
    """The time zone of a country, as ISO code, where it has but one; else empty."""
    from babel.core import get_global

    zones = get_global("territory_zones").get(country, ())
    return _ZONES.get(country) or (zones[0] if len(zones) == 1 else "")


def _written(text: str, spoken: str) -> tuple[str, int] | None:
    """The language of the letters and how sure it is."""
    return None if text.isascii() else _by_letters(text, spoken)


@lru_cache(maxsize=4096)  # first names and titles occur again and again
def _by_letters(text: str, spoken: str) -> tuple[str, int] | None:
    told = unicodedata.normalize("NFC", text.lower())
    latin = len(_LATIN.findall(told))
    for letters, rules in _SCRIPTS:
        if len(letters.findall(told)) > latin:
            languages = next(languages for mark, languages in rules if not mark or re.search(mark, told))
            first = languages[0] or languages[1]
            if spoken in languages and spoken:
                return spoken, DERIVED if spoken == first else GUESSED
            return (languages[0], DERIVED) if languages[0] else None
    found = next((language for mark, language in _MARKS if re.search(mark, told)), "") if latin else ""
    return (found, DERIVED) if found else None


def _by_words(text: str) -> tuple[str, int] | None:
    """The language of a text in plain Latin letters, by its small words."""
    found = [_COMMON[word] for word in set(fold(text).split()) if word in _COMMON]
    if len(found) < _CLEARLY:
        return None
    best = max(sorted(set(found)), key=found.count)
    return (best, DERIVED) if found.count(best) >= max(_CLEARLY, 2 * (len(found) - found.count(best))) else None


@lru_cache(maxsize=4096)
def _spoken_at(place: str) -> str:
    """The language of a country code, or of the country that a host or mailbox belongs to; empty where unsure."""
    return _spoken_in(country(place) if "." in place else place.upper())


@lru_cache(maxsize=512)
def _spoken_in(country: str) -> str:
    from babel.languages import get_official_languages

    if country in _SPOKEN or len(country) != 2:
        return _SPOKEN.get(country, "")
    found = {name.partition("_")[0] for name in get_official_languages(country, de_facto=True)}
    return found.pop() if len(found) == 1 else ""
