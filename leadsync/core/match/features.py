"""What of a record is compared with other records: a record in, its features out. Nothing here raises."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from leadsync.core.convert.base import NOWHERE, Unreadable, fold, latin_digits
from leadsync.core.convert.contact import email
from leadsync.core.convert.country import code_of
from leadsync.core.convert.dates import read_date
from leadsync.core.facts.domains import own_domain
from leadsync.core.facts.name_words import (
    BETWEEN,
    GIVEN,
    NEVER_GIVEN_PLAIN,
    NEVER_LAST,
    PLACEHOLDERS,
    SECOND,
    SYLLABLE,
    TESTS,
    VIETNAMESE_PLAIN,
)
from leadsync.core.facts.names import as_typed
from leadsync.core.facts.tables import Tables
from leadsync.core.match.spelling import Spellings, latin, plain_russian, skeleton, sound, vowelless

COLUMNS = (
    "email", "phone", "first_name", "last_name", "name", "company", "domain", "country", "address", "city", "postcode",
    "birth_date",
)  # fmt: skip
"""What a record may say; besides these, `other1`, `other2`, … of a list with more columns."""
PERSON = ("email", "first_name", "last_name", "name", "domain", "country")
"""What tells who somebody is: name and mailbox, which are read together."""
_LONGEST = 300  # characters of a value that are looked at
MOST_PHONES, _MOST_CLASSES = 3, 4
_LEAST_DIGITS = 7
_EXTENSION = re.compile(r"(?:\b(?:ext|extension|доб|wew|داخلی|may le|máy lẻ)|[x#;])\.?[\s:]*\d*\s*$", re.IGNORECASE)
_BETWEEN_PHONES = re.compile(r"[;,/|\n]+|\s{2,}")
_BETWEEN_MAILS = re.compile(r"[;,|\s]+")
_NUMBER, _NO_DIGIT = re.compile(r"\d+"), re.compile("[^0-9]+")
_SYLLABLES = re.compile(f"(?:{SYLLABLE.pattern}){{1,3}}")
_GIVEN = frozenset(map(latin, GIVEN))
_DOUBLE = re.compile("m[ou]h?ham+[ae]d|am[ei]+r|al[iy]|s[ae]y+[ei]d|[gq]h?olam|mir|noo?u?r|fatem[ae]h?|ze[iy]nab")
_SECOND = frozenset(map(skeleton, SECOND))
_STREETS = {
    word: full
    for full, words in {
        "street": "st str ul ulica ulitsa", "avenue": "av ave al aleja", "road": "rd", "place": "pl plac",
        "drive": "dr", "court": "ct crt", "crescent": "cr cres cct", "lane": "ln", "close": "cl", "circuit": "cct",
    }.items()
    for word in words.split()
}  # fmt: skip


class Features(NamedTuple):
    """A record as it is compared; what it does not say is empty.

    Names and company are in Latin letters, with the skeleton of each beside them; `initial` is a given name of which
    the record has the first letter only, `vowelless` tells that the name is in Persian or Arabic letters, `classes` are
    the groups of given names that go by this one, of a known name in none the name. `mail` is equal for two spellings
    of one mailbox of one person, `user` is its part before the @ without signs, `named` tells that the name is all that
    stands there. `domain` is a company's. `phones` are national numbers, their last nine digits. `tones` is a
    Vietnamese given name with its marks behind, wherever in it they stand; empty where it is typed without any.
    """

    given: str = ""
    middle: str = ""
    family: str = ""
    given_skeleton: str = ""
    family_skeleton: str = ""
    initial: str = ""
    vowelless: bool = False
    classes: tuple[str, ...] = ()
    mail: str = ""
    user: str = ""
    mail_domain: str = ""
    named: bool = False
    domain: str = ""
    phones: tuple[str, ...] = ()
    company: str = ""
    company_skeleton: str = ""
    city: str = ""
    postcode: str = ""
    address: str = ""
    birth_date: str = ""
    others: tuple[str, ...] = ()
    tones: str = ""


NOTHING = Features()
EDITION = 11
"""Goes up with every change of what features or keys are made of a record, and of how two are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The tables by which records are read."""

    tables: Tables
    spellings: Spellings


def features(
    row: Mapping[str, str], words: Words, others: Sequence[str] = (), like: Features | None = None
) -> Features:  # fmt: skip
    """The features of a record by what it says of `COLUMNS`; `others` are the names of further ones, in order. `like`
    are those of a record that says the same of `PERSON`, by the same words."""
    told = {name: text.strip()[:_LONGEST] for name, text in row.items() if text}
    told_firm = told.get("company")
    firm = _company(told_firm, words) if told_firm else ""
    company = latin(firm)
    return (like or _person(told, words))._replace(
        phones=_phones(told["phone"], told.get("country", "")) if "phone" in told else (),
        company=company,
        company_skeleton=" ".join(filter(None, map(skeleton, firm.split()))) or company,
        city=latin(told.get("city", "")),
        postcode=latin(told["postcode"]).replace(" ", "").upper().lstrip("0") if "postcode" in told else "",
        address=_address(told["address"]) if "address" in told else "",
        birth_date=_birth_date(told["birth_date"]) if "birth_date" in told else "",
        others=tuple([latin(told.get(name, "")) for name in others]),
    )


def _person(told: Mapping[str, str], words: Words) -> Features:
    """Those that follow from `PERSON`, which are most of the work."""
    first, between, last, initial = _name(told)
    typed = latin(first)
    first, between, last = plain_russian(first, between, last)
    given, middle, family = latin(first), latin(between), latin(last)
    mail, user, host, domain = _mail(told, words)
    if given and user and not middle and family in VIETNAMESE_PLAIN:
        middle = _between(user.rstrip("0123456789"), given, family)
    known = words.spellings.given
    groups = known.get(typed) or known.get(given) or known.get(sound(given), ())
    classes = tuple(groups[:_MOST_CLASSES]) or ((given,) if given in _GIVEN else ())
    skeletons = skeleton(first), skeleton(last)
    return Features(
        given, middle, family, *skeletons, latin(initial)[:1] if initial else "", vowelless(f"{first} {last}"), classes,
        mail, user, host, bool(user) and _named(user, (family, given, middle + given, *classes), skeletons), domain,
        tones="" if f"{between}{first}".isascii() or family not in VIETNAMESE_PLAIN else _tones(first),
    )  # fmt: skip


def _name(told: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Given, middle and family name, and the initial that stands for the first."""
    first, last, full = (told.get(part, "") for part in ("first_name", "last_name", "name"))
    if first and first == last:
        first = ""
    found = as_typed(first, last, full, code_of(told["country"]) or "" if "country" in told else "")
    if found is None:
        return "", "", "", ""
    if found.given or found.family:
        given, middle, family = found.given, found.middle, found.family
        if not middle and not (first and last):
            left = _left_out(full or first or last, given, family)
            given, middle = (f"{given} {left}", "") if left and latin(family) in NEVER_GIVEN_PLAIN else (given, left)
    else:  # the order is not plain: as most write
        *before, family = fold(f"{first} {last}".strip() or full).split() or [""]
        if len(family) == 1 and before and before[0] in VIETNAMESE_PLAIN:  # Le A.
            return "", " ".join(before[1:]), before[0], family
        given, middle = " ".join(before), ""
    if given:
        return *_ordered(given, middle, family), ""
    head, *tail = family.split() or [""]
    if tail and latin(head) in NEVER_GIVEN_PLAIN:  # Tran Quoc Q.
        middle, family = " ".join(tail), head
    letters = next((word for word in (first or full).replace(".", " ").split() if len(word) == 1), "")
    return "", middle, family, letters


def _left_out(text: str, given: str, family: str) -> str:
    """The words between given and family name, where it is not plain whose they are."""
    words, last = text.split(), family.split()[:1]
    if given not in words or not last or last[0] not in words:
        return ""
    return " ".join(word for word in words[words.index(given) + 1 : words.index(last[0])] if word.isalpha())


def _ordered(given: str, middle: str, family: str) -> tuple[str, str, str]:
    """Given, middle and family name: Ali Reza is one given name, and in Vietnamese without its marks the family's name
    tells which is which."""
    if _DOUBLE.fullmatch(latin(given)) and skeleton(middle) in _SECOND:
        return f"{given} {middle}", "", family
    if latin(middle) in NEVER_GIVEN_PLAIN and latin(family) in BETWEEN:  # Lan Nguyen Thi
        return given, family, middle
    if latin(middle) in NEVER_GIVEN_PLAIN and latin(given) in BETWEEN:  # Mai, which is a family's as well
        return family, given, middle
    *between, last = given.split()
    head, *tail = family.split() or [""]
    if between and not middle and latin(family) in NEVER_GIVEN_PLAIN:
        if latin(last) in NEVER_LAST and len(between) == 1:  # Hang Thi Tran
            last, between = between[0], [last]
        return last, " ".join(between), family
    if tail and not middle and latin(head) in NEVER_GIVEN_PLAIN and BETWEEN.issuperset(map(latin, tail)):
        return given, " ".join(tail), head
    return given, middle, family


@lru_cache(maxsize=16384)
def _tones(given: str) -> str:
    signs = unicodedata.normalize("NFD", given.casefold())
    return "".join(sorted(signs, key=lambda sign: sign if unicodedata.combining(sign) else ""))[:_LONGEST]


def _mail(told: Mapping[str, str], words: Words) -> tuple[str, str, str, str]:
    """The mailbox of one person, its part before the @ without signs, its domain; and the company's domain."""
    domain = own_domain(told["domain"], words.tables.shared_hosts) if "domain" in told else ""
    text = latin_digits(told.get("email", "")).removeprefix("mailto:").lower().strip(" <>;,")
    if text.count("@") > 1:  # the first of several
        text = next((part for part in _BETWEEN_MAILS.split(text) if "@" in part), "").strip(" <>")
    if text.count("@") != 1:
        return "", "", "", domain
    try:
        text = email(text, NOWHERE, {})
    except Unreadable:
        if " " in text:
            return "", "", "", domain
    read = words.tables.mail.read(text)
    if read is None:
        return "", "", "", domain
    domain = read.company or domain
    user, _, host = read.key.rpartition("@")
    letters = user if user.isalnum() else "".join(sign for sign in user if sign.isalnum())
    if read.kind in ("role", "disposable") or _placeholder(user, letters):
        return "", "", "", domain
    return read.key, letters, host, domain


def _between(user: str, given: str, family: str) -> str:
    """The middle name that a Vietnamese mailbox tells where the record leaves it out, as most do in speech:
    `nguyenthitam` is Nguyễn Thị Tâm, called Tâm Nguyễn."""
    first = user.startswith(family)
    left = user.removeprefix(family) if first else user.removesuffix(family)
    middle = left.removesuffix(given)
    if middle in ("", left, family) or not _SYLLABLES.fullmatch(middle):
        return ""
    one = SYLLABLE.fullmatch(middle + given) or (first and SYLLABLE.fullmatch(family + middle))
    return "" if one else middle  # `doantrang` is Trang Đoàn as well as An Trang Đỗ


def _placeholder(user: str, letters: str) -> bool:
    return (
        letters in PLACEHOLDERS or letters in TESTS or len(set(letters)) < 2 or user.startswith(("noemail", "nomail"))
    )


def _named(user: str, names: Iterable[str], skeletons: Iterable[str]) -> bool:
    """Whether a mailbox says no more than the name does."""
    if _NUMBER.search(user):
        return False
    for name in names:
        if len(name) > 2 and name.replace(" ", "") in user:
            return True
    consonants = skeleton(user)
    return any(len(part) > 1 and part in consonants for part in skeletons)


def _phones(text: str, country: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for part in _BETWEEN_PHONES.split(text[:_LONGEST]):
        if (digits := _phone(_EXTENSION.sub("", part).strip(), country)) and not _repeated(digits):
            found[digits] = None
    return tuple(found)[:MOST_PHONES]


@lru_cache(maxsize=16384)
def _phone(text: str, country: str) -> str:
    told = latin_digits(text)
    digits = _NO_DIGIT.sub("", told)
    if told.lstrip("( ").startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        digits = digits[next((end for end in (1, 2, 3) if digits[:end] in _calling_codes()), 0) :]
    elif country and (code := _calling_code(country)) and digits.startswith(code) and len(digits) > len(code) + 8:
        digits = digits[len(code) :]
    digits = digits.lstrip("0")[-9:]
    return digits if len(digits) >= _LEAST_DIGITS else ""


@cache
def _calling_codes() -> frozenset[str]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


@lru_cache(maxsize=1024)
def _calling_code(country: str) -> str:
    from phonenumbers import country_code_for_region

    return str(country_code_for_region(code_of(country) or "") or "")


def _repeated(digits: str) -> bool:
    """Whether it is typed where a number must stand: 999999999, 123456789."""
    return len(set(digits[-6:])) == 1 or digits in "01234567890123456789" or digits in "98765432109876543210"


def _company(text: str, words: Words) -> str:
    found = words.tables.forms.identity(text)
    return "" if found in PLACEHOLDERS or found in TESTS else found


def _address(text: str) -> str:
    return " ".join(_STREETS.get(word, word) for word in latin(text).split())


@lru_cache(maxsize=16384)
def _birth_date(text: str) -> str:
    """As eight digits."""
    try:
        return read_date(text, NOWHERE, {}).replace("-", "") if text else ""
    except Unreadable:
        digits = "".join(_NUMBER.findall(latin_digits(text)))
        return digits if len(digits) == 8 else ""


def house(address: str) -> str:
    """House number and the longest word of the street, by which an address is found again."""
    number = _NUMBER.search(address)
    street: Iterable[str] = (word for word in address.split() if not word.isdecimal())
    longest = max(street, key=lambda word: (len(word), word), default="")
    return f"{number[0]} {longest}" if number and len(longest) > 2 else ""
