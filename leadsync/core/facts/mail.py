"""What an e-mail address says: whose mailbox it is, where its owner works, whether it is misspelt."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from leadsync.core.facts.domains import registrable

Kind = Literal["work", "free", "disposable", "role", "misspelt", "unknown"]

_LONGEST = 254
_ONE_MAILBOX = {  # other names of the same mailbox
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("ya.ru", "yandex.by", "yandex.com", "yandex.kz", "yandex.ua", "yandex.uz"), "yandex.ru"),
    **dict.fromkeys(("protonmail.com", "protonmail.ch", "pm.me"), "proton.me"),
}
_MISSPELT = (  # names so long and odd that what differs from them by one letter is no other name
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "outlook.com", "yahoo.com", "yahoo.co.uk",
    "yahoo.com.vn", "icloud.com", "protonmail.com", "yandex.ru", "yandex.com", "rambler.ru", "mihanmail.ir",
)  # fmt: skip
_SHORT = (  # of these only such misspellings are known as end in no country or other top level
    "aol.com", "gmx.de", "gmx.net", "web.de", "live.com", "msn.com", "proton.me", "wp.pl", "o2.pl", "op.pl", "onet.pl",
    "interia.pl", "gazeta.pl", "tlen.pl", "mail.ru", "bk.ru", "list.ru", "inbox.ru", "ya.ru", "chmail.ir", "vnn.vn",
)  # fmt: skip
_REAL = frozenset(("grail.com", "hotmall.com"))  # as near, but somebody's own
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-."
_PARTS = re.compile(r"[._-]+")
_COUNTRIES = frozenset(
    ("ae", "at", "be", "by", "ca", "ch", "cn", "cz", "de", "en", "es", "eu", "fa", "fr", "gb", "hu", "in", "int", "ir",
     "it", "kz", "nl", "pl", "ro", "ru", "sk", "ua", "uk", "us", "vn")
)  # fmt: skip
_TO_HYPHEN, _AWAY = str.maketrans(".", "-"), str.maketrans("", "", "._-")


class Mailbox(NamedTuple):
    """What an address says.

    `kind`: `role` is read by several people, `unknown` lies below a top level that does not exist. `key` is equal for
    two spellings of one mailbox; it is to be compared, never shown. `company` is the domain of the company that the
    mailbox belongs to, empty where it belongs to none. `suggestion` is the address that a misspelt one was meant to be.
    """

    kind: Kind
    domain: str
    key: str
    company: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class MailWords:
    """Domains of mailboxes for anybody, and of such as are thrown away; what mailboxes of several people are called."""

    free: frozenset[str]
    disposable: frozenset[str]
    roles: frozenset[str]

    def read(self, address: str) -> Mailbox | None:
        """What an address in small letters says, as the converter `email` gives it; None where it is none."""
        return _read(self, address)

    def is_role(self, user: str) -> bool:
        """Whether every part of the name is a role's; after the first it may be a number or a country, too."""
        name = user.partition("+")[0]
        if name in self.roles:
            return True
        first, *others = [part.rstrip("0123456789") for part in _PARTS.split(name)]
        return "".join((first, *others)) in self.roles or (
            first in self.roles and all(not part or part in self.roles or part in _COUNTRIES for part in others)
        )


@lru_cache(maxsize=4096)  # a record's mailbox is read for its facts, and for what it is found by
def _read(words: MailWords, address: str) -> Mailbox | None:
    user, at, domain = address.rpartition("@")
    if not user or not at or not domain or len(address) > _LONGEST or "@" in user:
        return None
    kind, company, meant = _domain(words, domain)
    if kind != "disposable" and not meant and words.is_role(user):
        kind = "role"
    return Mailbox(kind, domain, _key(user, meant or domain), company, meant and f"{user}@{meant}")


def _key(user: str, domain: str) -> str:
    domain = _ONE_MAILBOX.get(domain, domain)
    user = user.partition("+")[0] or user
    if domain == "gmail.com":
        user = user.replace(".", "") or user
    elif domain == "yandex.ru":
        user = user.translate(_TO_HYPHEN)
    elif domain == "proton.me":
        user = user.translate(_AWAY) or user
    return f"{user}@{domain}"


@lru_cache(maxsize=16384)
def _domain(words: MailWords, domain: str) -> tuple[Kind, str, str]:
    """Kind, company and meant domain of a mailbox's domain."""
    registered = registrable(domain)
    if domain in words.disposable or registered in words.disposable:
        return "disposable", "", ""
    if domain in words.free or registered in words.free:
        return "free", "", ""
    if (meant := _variants().get(domain)) and domain not in _REAL:
        return "misspelt", "", meant
    if not registered and (meant := _variants_of_short().get(domain)):
        return "misspelt", "", meant
    return ("work" if registered else "unknown"), registered, ""


@cache
def _variants() -> Mapping[str, str]:
    return _nearest(_MISSPELT)


@cache
def _variants_of_short() -> Mapping[str, str]:
    return _nearest(_SHORT)


def _nearest(names: Iterable[str]) -> dict[str, str]:
    """The one name that each misspelling can be meant for. What begins otherwise is another name: `mail.com`."""
    found: dict[str, str] = {}
    for name in names:
        for wrong in _one_off(name):
            found[wrong] = name if found.get(wrong, name) == name else ""
    return {wrong: name for wrong, name in found.items() if name and wrong not in names}


def _one_off(name: str) -> Iterator[str]:
    """What one slip makes of a name: a letter left out, added, or another one; two that changed places."""
    yield name[1] + name[0] + name[2:]
    for at in range(1, len(name) + 1):
        before, after = name[:at], name[at:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            yield before + letter + after[1:]
