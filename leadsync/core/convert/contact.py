"""E-mail addresses and phone numbers. What is in normal form already passes without asking the library; tests hold the
two equal."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from leadsync.core.convert.base import Home, Unreadable, plain
from leadsync.core.convert.country import code_of

_EMAIL = re.compile(
    r"(?=.{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@"
    r"(?!.{254})(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?P<top>[a-z]{2,63})"
)
_SIGNS = str.maketrans("", "", " -.()/")
_ABROAD = re.compile(r"\+[1-9]\d{6,16}", re.ASCII)

_LONGEST = 1000  # characters of what may be an address yet, in another form


def email(text: str, _: Home, __: Mapping[str, str]) -> str:
    """An address that could be one, in small letters; nobody asks whether it exists."""
    told = text.lower()
    if len(told) > _LONGEST:
        raise Unreadable("is no e-mail address")
    found = _EMAIL.fullmatch(told) if len(told) <= 254 else None
    if found and found["top"] not in _reserved():
        return told
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(told, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Unreadable("is no e-mail address") from None


@cache
def _reserved() -> frozenset[str]:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def phone(text: str, home: Home, row: Mapping[str, str]) -> str:
    """The number as `+48221234567`. One without a country's code is of the row's country, else of the home's; where
    neither is known its digits stand as they were typed: a number that can be called is better than none."""
    told = plain(text[:200])
    if told.startswith("00"):
        told = f"+{told[2:]}"
    digits = told.translate(_SIGNS)
    region = ""
    if not told.startswith("+"):
        region = (code_of(row["country"]) if "country" in row else None) or home.country
    if not region and digits.isdecimal() and 6 <= len(digits) <= 15:
        return digits
    return _quick(digits, region) or _asked(told, region)


class _Numbering(NamedTuple):
    """How numbers of a calling code are written: its main region's rules."""

    code: str
    region: str
    lengths: frozenset[int]
    abroad: re.Pattern[str]  # what is dialled before a number of another country
    prefix: re.Pattern[str]  # what is dialled before a national number
    national: re.Pattern[str]
    rewrites: bool


@cache
def _numbering(code: int) -> _Numbering | None:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    region = COUNTRY_CODE_TO_REGION_CODE.get(code, ("",))[0]
    rules = PhoneMetadata.metadata_for_region(region)
    if rules is None or rules.general_desc is None:
        return None
    return _Numbering(
        str(code),
        region,
        frozenset(rules.general_desc.possible_length),
        re.compile(rules.international_prefix or "(?!)"),
        re.compile(rules.national_prefix_for_parsing or "(?!)"),
        re.compile(rules.general_desc.national_number_pattern or "(?!)"),
        bool(rules.national_prefix_transform_rule),
    )


@cache
def _calling_code(region: str) -> int:
    from phonenumbers import country_code_for_region

    return country_code_for_region(region)


def _quick(digits: str, region: str) -> str | None:
    """What the library would say of a number that is written plainly, or None where only the library can tell."""
    if _ABROAD.fullmatch(digits):
        found = next(filter(None, (_numbering(int(digits[1:end])) for end in (2, 3, 4))), None)
        if found is None:
            return None
        digits = digits[1 + len(found.code) :]
    else:
        found = _numbering(_calling_code(region)) if region and digits.isdecimal() and digits.isascii() else None
        if found is None or found.region != region or digits.startswith(found.code) or found.abroad.match(digits):
            return None
    if prefix := found.prefix.match(digits):
        if found.rewrites or found.national.fullmatch(digits):
            return None
        digits = digits[prefix.end() :]
    return f"+{found.code}{digits}" if len(digits) in found.lengths else None


def _asked(told: str, region: str) -> str:
    import phonenumbers as library

    try:
        found = library.parse(told, region or None)
    except library.NumberParseException as error:
        if error.error_type == error.INVALID_COUNTRY_CODE and not region and not told.startswith("+"):
            raise Unreadable("does not say of which country it is; map `country`, or set one for `home`") from None
        raise Unreadable("is no phone number") from None
    if library.is_possible_number_with_reason(found) != library.ValidationResult.IS_POSSIBLE:
        raise Unreadable("is no phone number: it has too few or too many digits")
    return library.format_number(found, library.PhoneNumberFormat.E164)
