"""`lists.yaml`: which leads come from a list, and what they must be before they go on; files of whom not to contact."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from leadsync.catalog import Word
from leadsync.config.document import Document, Loc, validate
from leadsync.config.scoring import Days
from leadsync.config.settings import Strict
from leadsync.core.convert import NOWHERE, Unreadable, code_of
from leadsync.core.convert.contact import email
from leadsync.core.facts.domains import host
from leadsync.core.facts.mail import MailWords
from leadsync.core.lists import ALGORITHMS, Lists, Suppressed
from leadsync.errors import Problem, UserError

_MOST = 100_000_000  # bytes of a file of suppressed names
_TOLD = 20  # problems of one such file
_HASH = re.compile("|".join(f"[0-9a-f]{{{length}}}" for length in ALGORITHMS))


def _country(value: str) -> str:
    code = code_of(value)
    if code is None:
        raise ValueError(f"{value!r} is no country; write a code such as PL")
    return code


File = Annotated[str, Field(min_length=1, max_length=1000)]


class SuppressFile(Strict):
    """Whom nobody may contact: files with a domain, mailbox or hash of one per line, and countries."""

    domains: File | None = None
    mailboxes: File | None = None
    hashes: File | None = None
    countries: tuple[Annotated[str, AfterValidator(_country)], ...] = ()


class ListsFile(Strict):
    """A file of lists as written."""

    use: str | None = None
    channels: tuple[str, ...] = ()
    connections: tuple[str, ...] | None = None
    max_age: Days | None = None
    consent: bool = False
    verified: bool = False
    probation: bool = True
    suppress: SuppressFile = SuppressFile()


def compile_lists(
    document: Document, _: Mapping[str, Word], connections: Mapping[str, str], kinds: Collection[str], mail: MailWords
) -> Lists:
    """The rules as core works with them; `connections`: name → type, `kinds` of sources. Raises `UserError` with all
    problems."""
    file = validate(ListsFile, document)
    problems = list(_strangers(document, "connections", file.connections or (), connections))
    problems += _strangers(document, "channels", file.channels, kinds)
    own = file.connections
    if own is None:
        own = tuple(name for name, type_ in connections.items() if type_ == "files")
    held = _Suppressed(document, problems)
    suppressed = Suppressed(
        held.read("domains", file.suppress.domains, _domain),
        held.read("mailboxes", file.suppress.mailboxes, lambda line: _mailbox(line, mail)),
        frozenset(file.suppress.countries),
        held.read("hashes", file.suppress.hashes, _hash),
    )
    if problems:
        raise UserError(problems)
    said = repr((document.data, sorted(own), held.digests))
    return Lists(
        frozenset(file.channels), frozenset(own), file.max_age, file.consent, file.verified, file.probation, suppressed,
        hashlib.sha256(said.encode(errors="replace")).hexdigest()[:12],
    )  # fmt: skip


def suppress_files(document: Document) -> Iterator[Path]:
    """The files that a right `lists.yaml` names."""
    for name, at in (document.data.get("suppress") or {}).items():
        if name != "countries" and at is not None:
            yield document.path.parent / at


def _strangers(document: Document, key: str, names: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    for n, name in enumerate(names):
        if name not in known:
            close = get_close_matches(name, known, 1, 0.6)
            what = "connection" if key == "connections" else "kind of source"
            told = f"unknown {what} '{name}'" + (f"; did you mean '{close[0]}'?" if close else "")
            fix = f"write one of {', '.join(sorted(known))}"
            yield Problem(told, document.place((key, n)), "" if close else fix)


class _Suppressed:
    """Reads files of suppressed names; what is wrong with them is added to the problems."""

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self._document, self._problems = document, problems
        self.digests: list[str] = []

    def read(self, key: str, at: str | None, entry: Callable[[str], str]) -> frozenset[str]:
        """The entries of a file, a line each; empty lines and what follows a # count for nothing."""
        if at is None:
            return frozenset()
        loc: Loc = ("suppress", key)
        path = self._document.path.parent / at
        try:
            if not path.is_file() or path.stat().st_size > _MOST:
                raise UserError("is no file" if path.exists() and not path.is_file() else "is not there, or too large")
            data = path.read_bytes()
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError, UserError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else why
            told = f"suppress: {at} cannot be read: {why}"
            self._problems.append(Problem(told, self._document.place(loc), "write the file, an entry per line"))
            return frozenset()
        self.digests.append(hashlib.sha256(data).hexdigest())
        found, wrong = set[str](), 0
        for number, raw in enumerate(text.splitlines(), 1):
            if line := raw.partition("#")[0].strip().strip('"').strip():
                if value := entry(line.lower()):
                    found.add(value)
                elif (wrong := wrong + 1) <= _TOLD:
                    told = f"this is no {key.removesuffix('es') if key != 'domains' else 'domain'}"
                    self._problems.append(Problem(told, f"{path}:{number}", "mend the line, or put a # before it"))
        return frozenset(found)


def _domain(line: str) -> str:
    return host(line.removeprefix("*.").removeprefix("@"))


def _mailbox(line: str, mail: MailWords) -> str:
    try:
        box = mail.read(email(line, NOWHERE, {}))
    except Unreadable:
        return ""
    return box.key if box else ""


def _hash(line: str) -> str:
    return line if _HASH.fullmatch(line) else ""
