"""What records are found by, and whose frequency is counted: 63-bit numbers, the same in every process."""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from leadsync.core.match.features import Features, house
from leadsync.core.match.spelling import skeleton

CAPS = (60, 100, 20, 10)
"""Records that a key may have before it is skipped, and reported beyond the first of these: the last two bits of a key
tell which one holds. An e-mail or phone may have most, what says little of a person least: two who share no more than a
name are one person only where it is rare."""
LEAST_USER = 4
_CLASS = {
    "email": 1, "phone": 1, "birth date": 2, "part and city": 2, "short mailbox": 2, "name": 3, "whole name": 3,
    "name and city": 3, "family and mailbox": 3, "family and company": 3, "family and domain": 3,
}  # fmt: skip

_SAID = {
    "name": ("given", "family"), "whole name": ("given", "middle", "family"), "family": ("family",),
    "company": ("company",), "domain": ("domain",), "city": ("city",), "mailbox": ("user",), "email": ("mail",),
    "birth date": ("birth_date",), "postcode": ("postcode",),
}  # fmt: skip


def once(kind: str, value: str) -> int:
    """The number of a key, or of something else that is hardly asked for again."""
    told = blake2b(f"{kind} {value}".encode("utf-8", "replace"), digest_size=8).digest()
    return (int.from_bytes(told) >> 1) & ~3 | _CLASS.get(kind, 0)


number = lru_cache(maxsize=65536)(once)
"""The number of a term: many share a name or company."""


def cap(key: int) -> int:
    """How many records a key may have."""
    return CAPS[key & 3]


def keys(of: Features) -> set[int]:
    """Every key of a record. Two records that share none are never compared."""
    return {once(kind, value) for kind, value in _keys(of)}


def described(of: Features, key: int) -> str:
    """A key of the record in words: its kind, and what the record says of that."""
    kind, value = next(((kind, value) for kind, value in _keys(of) if once(kind, value) == key), ("", ""))
    told = [" ".join(filter(None, (getattr(of, name) for name in _SAID.get(part, ())))) for part in kind.split(" and ")]
    return f"{kind} {', '.join(told) if all(told) else value}".strip()


def _keys(of: Features) -> Iterator[tuple[str, str]]:
    family, domain, firm = of.family_skeleton or of.family, of.domain, of.company_skeleton.replace(" ", "")
    if of.mail:
        yield "email", of.mail
    for phone in of.phones:
        yield "phone", phone
    if len(of.user) >= LEAST_USER:
        if not of.named:
            yield ("mailbox" if len(of.user) > LEAST_USER else "short mailbox"), of.user
        rest = of.user.removeprefix(of.family).removesuffix(of.family)
        if family and len(rest) > 2:  # what the mailbox says beside the family's name
            yield "family and mailbox", f"{family[:3]} {rest[:5]}"
    for both in names(of):
        if len(both) > 3:
            yield "name", both
        if firm:
            yield "name and company", f"{both} {firm}"
        if domain:
            yield "name and domain", f"{both} {domain}"
        if of.city:
            yield "name and city", f"{both} {skeleton(of.city) or of.city}"
    if of.middle and of.given and of.family:
        yield "whole name", " ".join(sorted((f"{of.middle}{of.given}".replace(" ", ""), of.family)))
    if family and firm:
        yield "family and company", f"{family} {firm}"
    if family and domain:
        yield "family and domain", f"{family[:2]} {domain}"
    if of.birth_date or of.postcode or of.address or of.others:
        yield from _of_lists(of)


def _of_lists(of: Features) -> Iterator[tuple[str, str]]:
    """The keys of lists that have more of a person than a CRM has."""
    for part in {of.family_skeleton, of.given_skeleton} - {""}:
        if of.birth_date:
            yield "name and birth date", f"{part} {of.birth_date}"
            yield "name and birthday", f"{part} {of.birth_date[4:]}"
        if of.birth_date and of.city:
            yield "part and city", f"{part} {of.city}"
        if of.postcode:
            yield "name and postcode", f"{part} {of.postcode}"
    if of.birth_date:
        yield "birth date", of.birth_date
    if place := house(of.address):
        yield "house", place
    for nth, value in enumerate(of.others):
        if value:
            yield f"other{nth + 1}", value


def names(of: Features) -> list[str]:
    """The skeletons of the whole name in any order, one for each group that the given name is in; what has no
    skeleton, like Võ and Vũ, stands for itself."""
    family = of.family_skeleton or of.family
    if not family or not (of.given or of.classes):
        return []
    given = [skeleton(head) or head for head in of.classes] or [of.given_skeleton or of.given]
    return [" ".join(sorted((one, family))) for one in dict.fromkeys(given)]
