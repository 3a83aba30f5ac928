"""How far two records agree, field by field: levels, of which none counts a fact that another one counts already.

A mailbox is made of the name, so a like mailbox counts only with the same digits, and less where it says no more than
the name. An equal mailbox implies the company, and two mailboxes at one company say all that the company could; an
equal postcode or company implies the city. An equal phone is a `line` where the names differ: families and offices
share one. Names are one field with one level for each way that given and family name agree together: who shares only
the family name is a relative or namesake, surely a `relative` where both given names are known ones, or Vietnamese;
`across` is a name that one of them spells with vowels and the other without.
"""

from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler, Prefix

from leadsync.core.facts.name_words import SYLLABLE, VIETNAMESE_PLAIN
from leadsync.core.match.features import MOST_PHONES, Features
from leadsync.core.match.keys import LEAST_USER, names, number
from leadsync.core.match.vowels import apart, near, unlike

LEVELS = {
    "name": ("missing", "neither", "given", "relative", "family", "half", "initial", "close", "same", "across", "exact",
             "whole"),
    "email": ("missing", "differs", "work and own", "colleague", "user of the name", "user", "close", "exact"),
    "phone": ("missing", "differs", "close", "line", "exact"),
    "company": ("missing", "differs", "close", "name", "domain"),
    "city": ("missing", "differs", "close", "exact"),
    "postcode": ("missing", "differs", "close", "exact"),
    "address": ("missing", "differs", "close", "exact"),
    "birth_date": ("missing", "differs", "near", "close", "exact"),
    "other": ("missing", "differs", "close", "exact"),
}  # fmt: skip
"""The levels of each field, from the least agreement to the most; the first says nothing."""
FIELDS = tuple(name for name in LEVELS if name != "other")

TERMS = (
    "whole name", "name", "skeleton", "family", "email", "user", "company", "domain", "city", "postcode", "address",
    "birth_date", "phone", "phone", "phone",
)  # fmt: skip
"""What is counted, in the order in which `terms` gives it; the other columns follow, from `OTHERS` on."""
OTHERS = len(TERMS)
PHONES = range(TERMS.index("phone"), OTHERS)
_OF_PERSON = TERMS.index("company")
_COUNTED = {
    ("name", "whole"): "whole name", ("name", "exact"): "name", ("name", "same"): "skeleton",
    ("name", "across"): "skeleton", ("name", "close"): "skeleton", ("name", "initial"): "family",
    ("name", "half"): "family", ("name", "family"): "family",
    ("name", "relative"): "family", ("email", "exact"): "email", ("email", "user"): "user",
    ("email", "user of the name"): "user", ("phone", "exact"): "phone", ("phone", "line"): "phone",
    ("company", "name"): "company",
    ("company", "close"): "company", ("company", "domain"): "domain", ("city", "exact"): "city",
    ("postcode", "exact"): "postcode", ("address", "exact"): "address", ("birth_date", "exact"): "birth_date",
}  # fmt: skip
_NTH = {term: TERMS.index(term) for term in TERMS}
Levels = tuple[int, ...]
Terms = tuple[int, ...]


def counted(nth: int, level: int) -> int | None:
    """Which of `TERMS` tells how rare the agreement of the nth field on that level is."""
    if nth >= len(FIELDS):
        return OTHERS + nth - len(FIELDS) if level == _EXACT else None
    term = _COUNTED.get((FIELDS[nth], LEVELS[FIELDS[nth]][level]))
    return None if term is None else _NTH[term]


def terms(of: Features, like: Terms | None = None) -> Terms:
    """What is counted of a record; 0 for what it does not say. `like` are those of one of the same name and mailbox."""
    told = [
        of.company_skeleton.replace(" ", ""), of.domain, of.city, of.postcode, of.address, of.birth_date,
        *(*of.phones, "", "", "")[:MOST_PHONES],
    ]  # fmt: skip
    found = list(like[:_OF_PERSON]) if like else []
    if not like:
        both = names(of)
        told[:0] = (
            f"{of.given} {of.middle.replace(' ', '')} {of.family}" if of.given and of.family else "",
            f"{of.given} {of.family}" if of.given and of.family else "",
            both[0] if both else "",
            of.family_skeleton or of.given_skeleton,
            of.mail, of.user,
        )  # fmt: skip
    found += [number(kind, value) if value else 0 for kind, value in zip(TERMS[len(found) :], told, strict=True)]
    return (*found, *(number(f"other{nth}", value) if value else 0 for nth, value in enumerate(of.others)))


def compare(a: Features, b: Features) -> Levels:
    """The level of each of `FIELDS`, and of the other columns; the same whichever comes first."""
    if a > b:  # a name that is turned is looked at from one side only
        a, b = b, a
    name = _name(a, b)
    mail = _mail(a, b, name) if a.mail and b.mail else 0
    company = 0 if mail >= _MAIL_CLOSE or mail == _COLLEAGUE else _company(a, b)
    postcode = _text(a.postcode, b.postcode) if a.postcode and b.postcode else 0
    implied = postcode == _EXACT or company > 1 or mail == _COLLEAGUE
    found = (
        name,
        mail,
        _phone(a.phones, b.phones, _LINE + (name >= _INITIAL)) if a.phones and b.phones else 0,
        company,
        _text(a.city, b.city) if a.city and b.city and not implied else 0,
        postcode,
        _address(a.address, b.address) if a.address and b.address else 0,
        _birth_date(a.birth_date, b.birth_date) if a.birth_date and b.birth_date else 0,
    )
    if not a.others:
        return found
    return (*found, *(_other(one, two) if one and two else 0 for one, two in zip(a.others, b.others, strict=True)))


_NEITHER, _GIVEN, _RELATIVE, _FAMILY, _HALF, _INITIAL, _CLOSE, _SAME, _ACROSS, _WHOLE_PAIR, _WHOLE = range(1, 12)
_EXACT = _LINE = 3
_TWO_KINDS, _COLLEAGUE, _NAMED_USER, _USER, _MAIL_CLOSE, _MAILBOX = range(2, 8)
_MISTER = "anh"  # in Vietnamese, but the second part of a name as well


def _name(a: Features, b: Features) -> int:
    straight = _in_order(a, b)
    if straight >= _CLOSE:
        return straight
    across = a.given_skeleton and a.given_skeleton == b.family_skeleton
    if not across and not (a.family_skeleton and a.family_skeleton == b.given_skeleton):
        return straight
    turned = b._replace(
        given=b.family, family=b.given, given_skeleton=b.family_skeleton, family_skeleton=b.given_skeleton,
        classes=(), tones="",
    )  # fmt: skip
    return max(straight, _in_order(a, turned))


def _in_order(a: Features, b: Features) -> int:
    family = 3 if a.family and a.family == b.family else _part(a.family, b.family, a.family_skeleton, b.family_skeleton)
    given = 3 if a.given and a.given == b.given else _part(a.given, b.given, a.given_skeleton, b.given_skeleton)
    if family == 2 and a.vowelless and b.vowelless and {a.family + "y", b.family + "y"} & {a.family, b.family}:
        family = 0  # Hossein is no Hosseini
    shared = bool(a.classes and b.classes) and not {*a.classes}.isdisjoint(b.classes)
    if given < 2 and shared:
        given = 2
    if not family and given > 1:
        family = _slip(a, b, a.family, b.family, a.family_skeleton, b.family_skeleton)
    elif not given and family > 1:
        given = _slip(a, b, a.given, b.given, a.given_skeleton, b.given_skeleton)
    if given < 0 or family < 0:
        return _incomplete(a, b, given, family)
    if a.middle or b.middle:
        given = _with_middle(a, b, given)
    if given and _two(a, b, given, shared=shared):
        given = 0
    if given and family:
        if given > 2 and family == 3:
            return _WHOLE if given == 4 else _WHOLE_PAIR
        return _CLOSE if min(given, family) == 1 else _ACROSS if a.vowelless != b.vowelless else _SAME
    if family > 1:
        other = not shared and a.given_skeleton != b.given_skeleton and (
            bool(a.classes and b.classes) or (a.family in VIETNAMESE_PLAIN and _syllables(a.given, b.given))
        )  # fmt: skip
        return _RELATIVE if other else _FAMILY
    return _GIVEN if given > 1 else _NEITHER


def _slip(a: Features, b: Features, one: str, two: str, skeleton: str, other: str) -> int:
    """How far a part of a name agrees by what only script or language tells: what cannot be a Vietnamese syllable is a
    slip of one that is near, and of two scripts no more than the consonants can be compared."""
    if a.vowelless != b.vowelless:
        if skeleton == other != "":  # one consonant: Ziaei
            return 2 * (not (unlike(one, two) if a.vowelless else unlike(two, one)))
        shorter, longer = sorted((len(skeleton), len(other)))
        turned = shorter == longer == 3 and sorted(skeleton) == sorted(other)
        return int((turned or (shorter > 2 and longer > 3)) and OSA.distance(skeleton, other, score_cutoff=1) <= 1)
    if VIETNAMESE_PLAIN.isdisjoint((a.family, b.family)):
        return 0
    told = [SYLLABLE.fullmatch(part) is not None for part in (one, two)]
    return int(told[0] != told[1] and OSA.distance(one, two, score_cutoff=1) <= 1)


def _syllables(a: str, b: str) -> bool:
    """Whether two given names are Vietnamese, which nobody shortens, and more than a typing error apart."""
    return all(map(SYLLABLE.fullmatch, (a, b))) and OSA.distance(a, b) > 1


def _two(a: Features, b: Features, given: int, *, shared: bool) -> bool:
    """Whether given names that are alike so far are two names; `shared` tells of a group that both are in."""
    if a.given == b.given:
        return a.tones != b.tones and "" not in (a.tones, b.tones)
    if shared or given > 3:
        return False
    if a.given_skeleton != b.given_skeleton:
        return given == 1 and bool(a.classes and b.classes)
    if a.vowelless == b.vowelless:
        return apart(a.given, b.given, a.vowelless)
    return unlike(a.given, b.given) if a.vowelless else unlike(b.given, a.given)


def _incomplete(a: Features, b: Features, given: int, family: int) -> int:
    """The level where a part of a name is missing."""
    if family >= 1:
        if a.initial or b.initial:
            across = a.vowelless != b.vowelless
            mine, theirs = (
                {_letter(text, across=across) for text in (of.initial or of.given, of.middle)} for of in (a, b)
            )
            one = mine & theirs - {""}
            other = (a.initial or a.given) and (b.initial or b.given)
            return _INITIAL if one else _FAMILY if other else _HALF
        return _HALF
    if family == 0:
        return _NEITHER
    return _HALF if given >= 1 else _NEITHER if given == 0 else 0


def _letter(text: str, *, across: bool) -> str:
    """The first letter of a name; of two scripts any vowel is alef or ʿayn."""
    letter = text[:1]
    return letter if not across else "a" if letter in "aeiou" and letter else "q" if letter == "g" else letter


def _with_middle(a: Features, b: Features, given: int) -> int:
    """How far given names agree with their second parts; 4 where these are equal themselves, wherever they stand."""
    one, two = (a.middle + a.given).replace(" ", ""), (b.middle + b.given).replace(" ", "")
    after = {(of.given + of.middle).replace(" ", "") for of in (a, b)}
    if one == two or (len(after) == 1 and not (a.middle and b.middle)):  # Mary Ann, Maryann
        return 4
    if a.middle and b.middle:
        if a.middle == b.given and a.given == b.middle:  # who is called by which is not plain: Phương Thu Nguyễn
            return 2
        given = min(given, _middle(a.middle, b.middle))
    elif not given and a.family in VIETNAMESE_PLAIN and (a.middle == b.given or a.given == b.middle):
        return 1
    return given or int(min(len(one), len(two)) > 4 and OSA.distance(one, two, score_cutoff=1) <= 1)


@lru_cache(maxsize=65536)
def _middle(a: str, b: str) -> int:
    """How far the given name can be taken as equal, whose second parts differ."""
    if (len(a) == 1 or len(b) == 1) and a[0] == b[0]:
        return 3
    one, two = ({*text.split()} - {_MISTER} for text in (a, b))
    if one <= two or two <= one or a.replace(" ", "").endswith(b) or b.replace(" ", "").endswith(a):
        return 2
    return 1 if near(a, b) else 0


def _part(a: str, b: str, a_skeleton: str, b_skeleton: str) -> int:
    """3 equal, 2 the same by its consonants or by a part of it, 1 close, 0 another; -1 where one is missing."""
    if not a or not b:
        return -1
    if a == b:
        return 3
    parts = " " in a or " " in b
    if parts and a.replace(" ", "") == b.replace(" ", ""):
        return 3
    if a_skeleton == b_skeleton and (len(a_skeleton) > 1 or (a_skeleton and near(a, b))):
        return 2
    if parts:
        one, two = a.split(), b.split()
        if len(one) != len(two) and (set(one) <= set(two) or set(two) <= set(one)):
            return 2
    if near(a, b):
        return 1
    return int(len(a_skeleton) > 3 < len(b_skeleton) and OSA.distance(a_skeleton, b_skeleton, score_cutoff=1) <= 1)


def _mail(a: Features, b: Features, name: int) -> int:
    """How far mailboxes agree. Two that are made of names are as different as these: no error of typing."""
    if a.mail == b.mail:
        return _MAILBOX
    if a.mail_domain == b.mail_domain:
        if (name >= _ACROSS or not (a.named and b.named)) and _mistyped(a.user, b.user):
            return _MAIL_CLOSE
        return _COLLEAGUE if a.domain else 1
    if a.user == b.user and len(a.user) >= LEAST_USER:
        return _NAMED_USER if _common(a) or _common(b) else _USER
    return _TWO_KINDS if _at_work(a) != _at_work(b) else 1


def _at_work(of: Features) -> bool:
    return bool(of.domain) and of.mail_domain.endswith(of.domain)


def _common(of: Features) -> bool:
    """Whether namesakes may well have chosen the same mailbox: the name, with at most an age or a year beside it."""
    digits = _digits(of.user)
    few = len(digits) <= 2 or (len(digits) == 4 and digits.startswith(("19", "20")))
    return of.named or (few and any(len(part) > 2 and part in of.user for part in (of.given, of.family)))


def _mistyped(a: str, b: str) -> bool:
    """Whether two names of mailboxes differ by typing errors only: not in a number, nor in an initial at either end."""
    allowed = min(min(len(a), len(b)) // 4, 2)
    if not allowed or OSA.distance(a, b, score_cutoff=allowed) > allowed or _digits(a) != _digits(b):
        return False
    return a[0] == b[0] and not (len(a) == len(b) and a[:-1] == b[:-1])


def _digits(user: str) -> str:
    return "" if user.isalpha() else "".join(sign for sign in user if sign.isdigit())


def _phone(a: tuple[str, ...], b: tuple[str, ...], equal: int) -> int:
    close = 1
    for one in a:
        for two in b:
            if one == two:
                return equal
            if OSA.distance(one, two, score_cutoff=1) <= 1:
                close = 2
    return close


def _company(a: Features, b: Features) -> int:
    if a.domain and a.domain == b.domain:
        return 4
    if not a.company or not b.company:
        return 1 if a.domain and b.domain else 0
    return 3 if a.company == b.company else _firm(a.company, b.company, a.company_skeleton, b.company_skeleton)


def _firm(a: str, b: str, a_skeleton: str, b_skeleton: str) -> int:
    """3 the same name, 2 nearly it, or the one within the other, 1 another."""
    mine, theirs = a_skeleton.replace(" ", ""), b_skeleton.replace(" ", "")
    if mine == theirs and len(mine) > 2:
        return 3
    if JaroWinkler.similarity(a, b, score_cutoff=0.92) or (
        len(mine) > 4 and OSA.distance(mine, theirs, score_cutoff=1) <= 1
    ):
        return 2
    one, two, part = set(a_skeleton.split()), set(b_skeleton.split()), min(len(mine), len(theirs))
    whole = one <= two or two <= one or Prefix.similarity(mine, theirs) == part  # "Alborz Foods" is not "Alborz Steel"
    return 2 if whole and part > 3 and 2 * part >= max(len(mine), len(theirs)) else 1


def _text(a: str, b: str) -> int:
    """A value of few words: 3 equal, 2 close, 1 another."""
    if a == b:
        return _EXACT
    return 2 if near(a, b) or (len(a) > 3 and JaroWinkler.similarity(a, b) >= 0.92) else 1


def _other(a: str, b: str) -> int:
    """A value of another column: no numbers that follow one another are close."""
    found = _text(a, b)
    return 1 if found == 2 and _digits(a) != _digits(b) else found


def _address(a: str, b: str) -> int:
    one, two = a.split(), b.split()
    if a == b or sorted(one) == sorted(two):
        return _EXACT
    shared = len(set(one) & set(two))
    return 2 if 2 * shared > max(len(one), len(two)) or near(a, b) or JaroWinkler.similarity(a, b) >= 0.92 else 1


def _birth_date(a: str, b: str) -> int:
    if a == b:
        return 4
    if OSA.distance(a, b, score_cutoff=1) <= 1 or (a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]):
        return 3
    return 2 if (a[:4] == b[:4]) + (a[4:6] == b[4:6]) + (a[6:] == b[6:]) == 2 else 1
