"""Whose a host name is: the part of it that somebody registered, and whether a company can be known by it."""

import re
import unicodedata
from collections.abc import Container
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_MOST = 2000  # signs of an address that are looked at
_SCHEME = re.compile(r"https?(?::|(?=//))[/\\]*|mailto:|[a-z][a-z0-9+.-]{0,20}://|//")
_END = re.compile(r"[/?#\\]")
_PORT = re.compile(r":\d{0,5}$", re.ASCII)
_PLAIN = re.compile(r"(?!.*--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_DOTS = str.maketrans("。．｡", "...")
_NON_JOINER = "\u200c"
_EXAMPLE = ".example"  # no registry has it; manuals and sandboxes speak of it


def host(text: str) -> str:
    """The host that a web address or a mailbox names, in small letters and its own script: `www.firma.pl`.

    Empty where there is none: an IP address, a bare name such as `localhost`, anything that is no address.
    """
    told = text[:_MOST].strip().lower()
    if scheme := _SCHEME.match(told):
        told = told[scheme.end() :]
    told = _END.split(told, maxsplit=1)[0].rpartition("@")[2].strip()
    told = _PORT.sub("", told.split(maxsplit=1)[0].rstrip(",;")) if told else ""
    told = told.removesuffix(".")
    if len(told) > 253:
        return ""
    return told if _PLAIN.fullmatch(told) else _unusual(told)


def _unusual(told: str) -> str:
    """A host in another script, or in the letters that stand for one (`xn--…`)."""
    labels = [_label(part) for part in unicodedata.normalize("NFC", told.translate(_DOTS)).split(".")]
    return ".".join(labels) if len(labels) > 1 and all(labels) and not labels[-1][0].isdecimal() else ""


def _label(told: str) -> str:
    if told.startswith("xn--"):
        try:
            told = told[4:].encode("ascii").decode("punycode").lower()
        except UnicodeError:
            return ""
    fits = 0 < len(told) <= 63 and told[0] != "-" != told[-1]
    return told if fits and all(c.isalnum() or c in ("-", _NON_JOINER) or _is_mark(c) for c in told) else ""


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M"


@lru_cache(maxsize=16384)
def registrable(name: str) -> str:
    """The part of a host, as `host` gives it, that somebody registered: `firma.com.pl` of `www.sklep.firma.com.pl`.

    Empty for a registry's own (`com.pl`), and where no such top level exists.
    """
    if name.endswith(_EXAMPLE):
        return ".".join(name.split(".")[-2:]) if len(name) > len(_EXAMPLE) else ""
    return _suffixes().privatesuffix(name) or ""


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False, accept_encoded_idn=False)


def own_domain(address: str, shared: Container[str]) -> str:
    """The domain by which a company is known, from its web address; empty where it is a page on a `shared` site."""
    found = host(address)
    labels = found.split(".")
    is_shared = any(".".join(labels[at:]) in shared for at in range(len(labels) - 1))
    return "" if is_shared or not found else registrable(found)
