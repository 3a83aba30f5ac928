"""What a record is found by: the same mailbox, number, web domain or name of a company, however it is written.

Keys are hashes of 8 bytes, so that an index over them is small; values that share one are told apart by their facts.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b

from rapidfuzz.distance import OSA

from leadsync.core.facts.companies import LegalForms
from leadsync.core.facts.fact import Facts, Value, value_of
from leadsync.core.facts.tables import Tables
from leadsync.core.match.spelling import latin, skeleton, vowelless

_LEAST_WRITTEN = 4  # consonants of a name by which a company is found
_LEAST_MISTYPED = 6  # letters of a word in which one may be wrong
_OWN_HOSTS = ("work", "role", "unknown")  # kinds of mailboxes whose domain is somebody's own


def key(kind: str, value: str) -> int:
    """The key of a value: `kind` is email, phone, mail_domain, domain, company or firm."""
    return int.from_bytes(blake2b(f"{kind}:{value}".encode(errors="replace"), digest_size=8).digest(), signed=True)


def keys(facts: Facts, tables: Tables) -> frozenset[int]:
    """All keys of a record, a person's or a company's."""
    return frozenset(key(kind, value) for kind, value in _values(facts, tables))


def _values(facts: Facts, tables: Tables) -> Iterator[tuple[str, str]]:
    said = {name: str(value_of(facts[name])) for name in ("email", "phone", "domain", "company") if name in facts}
    if box := tables.mail.read(said["email"]) if "email" in said else None:
        yield "email", box.key
        if box.kind in _OWN_HOSTS:
            yield "mail_domain", box.domain
    if "phone" in said:
        yield "phone", said["phone"]
    if "domain" in said:
        yield "domain", said["domain"]
    if name := tables.forms.identity(said.get("company", "")):
        yield "company", name
        if len(written := consonants(name).replace(" ", "")) >= _LEAST_WRITTEN:
            yield "firm", written


def consonants(name: str) -> str:
    """The words of a company's name without its legal form as every script writes them, in an order of their own."""
    return " ".join(sorted(skeleton(word) or latin(word) for word in name.split()))


@lru_cache(maxsize=16384)
def one_firm(one: str, two: str, forms: LegalForms) -> bool:
    """Whether two names are of one company: word by word the same in any order, script and legal form, but for a vowel
    or a slip in a long word. A word more or another one makes a subsidiary, which is a company of its own."""
    a, b = forms.identity(one), forms.identity(two)
    mine, theirs = sorted(latin(a).split()), sorted(latin(b).split())
    if a == b or mine == theirs or "".join(mine) == "".join(theirs):
        return True
    if consonants(a) == consonants(b) and (vowelless(a) or vowelless(b)):
        return True
    return len(mine) == len(theirs) and all(x == y or _mistyped(x, y) for x, y in zip(mine, theirs, strict=True))


def _mistyped(one: str, two: str) -> bool:
    long = min(len(one), len(two)) >= _LEAST_MISTYPED and one.isalpha() and two.isalpha()
    return long and OSA.distance(one, two, score_cutoff=1) <= 1


def own_companies(
    person: Mapping[str, Value], candidates: Mapping[int, Facts], forms: LegalForms
) -> list[int]:  # fmt: skip
    """Which company records, found by a key of theirs, are of the person's company: those of its domain; without such
    the one of its name, unless domain or country speak against it, or several companies have that name.

    `person` is what is known of the person (golden), `candidates` record → facts.
    """
    known_of = {id_: {n: value_of(raw) for n, raw in facts.items()} for id_, facts in candidates.items()}
    if same := [
        id_ for id_, facts in known_of.items() if "domain" in person and facts.get("domain") == person["domain"]
    ]:
        return same
    named = {
        id_: facts for id_, facts in known_of.items()
        if all(person.get(word) is None or facts.get(word) in (None, person[word]) for word in ("domain", "country"))
        and ("company" not in person or "company" not in facts
             or one_firm(str(person["company"]), str(facts["company"]), forms))
    }  # fmt: skip
    told_apart = {facts["domain"] for facts in named.values() if "domain" in facts}
    return list(named) if len(told_apart) <= 1 else []
