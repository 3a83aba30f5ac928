"""A bought list of 5,000 rows, a tenth of them planted, against a store of people and customers: what is caught.

Every planted row has one fault, in the form that people send such rows; of the others none should be held.
"""

import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import yaml

from leadsync.config.load import load_config
from leadsync.sync.list_file import judge_file
from leadsync.testing.people import Card, population

TODAY = date(2026, 11, 21)
HEAD = ("No", "Email address", "Telefon", "First name", "Nazwisko", "Company", "Должность", "Country", "Consent",
        "Data sprawdzenia", "Note")  # fmt: skip
Row = dict[str, str]
Planter = Callable[[Row, Card, int], str]
_SUPPRESSED = "blocked-holding.example"
_LEGAL = ("KP", "SY")


def _row(card: Card, number: int) -> Row:
    checked = TODAY - timedelta(days=number % 300)
    company = card.company.name if card.company else ""
    values = (str(number), card.email, card.phone, card.first_name, card.last_name, company, card.job_title,
              card.country, "", f"{checked:%d.%m.%Y}" if number % 3 else "", "")  # fmt: skip
    return dict(zip(HEAD, values, strict=True))


def _set(reason: str, **values: str | Callable[[Row], str]) -> Planter:
    names = {name.lower().replace(" ", "_"): name for name in HEAD}

    def plant(row: Row, _: Card, __: int) -> str:
        for name, value in values.items():
            row[names[name]] = value if isinstance(value, str) else value(row)
        return reason

    return plant


def _of(column: str, change: Callable[[str], str]) -> Callable[[Row], str]:
    return lambda row: change(row[column])


def _user(row: Row) -> str:
    return f"u{row['No']}"


PLANTERS: Mapping[str, Planter] = {
    "broken address": _set("invalid_email", email_address=lambda row: f"{_user(row)}@@mail"),
    "nothing to be reached by": _set("no_contact", email_address="", telefon=""),
    "suppressed domain": _set("suppressed_domain", email_address=lambda row: f"{_user(row)}@sales.{_SUPPRESSED}"),
    "suppressed mailbox": _set("suppressed_mailbox", email_address=lambda row: f"Never.{_user(row)}+list@Gmail.com"),
    "hashed mailbox": _set("suppressed_mailbox", email_address=lambda row: f"hidden{_user(row)}@firm.example"),
    "suppressed country": _set("suppressed_country", country="Syria"),
    "opted out": _set("opted_out", consent="nie"),
    "job applicant": _set("class", должность="Szukam pracy"),
    "student": _set("class", должность="студент"),
    "dead domain": _set("dead_mailbox", email_address=lambda row: f"{_user(row)}@gone.nosuchtld"),
    "disposable mailbox": _set("disposable", email_address=lambda row: f"{_user(row)}@mailinator.com"),
    "misspelt mailbox": _set("misspelt", email_address=lambda row: f"{_user(row)}@gmial.com"),
    "old data": _set("old", data_sprawdzenia="2023-02-01"),
}
"""What is planted besides duplicates and customers, which need somebody else's row."""


def planted(folder: Path, rows: int, seed: int = 1) -> dict[str, tuple[str, str]]:
    """Write an installation whose CRM is a folder of files, and `list.csv`; row → (what is planted, its reason)."""
    chance, cards = Random(seed), population(seed, rows * 2, 0, TODAY).cards
    unique = {card.person: card for card in cards if card.email}
    crm = [card for card in unique.values() if card.phone][: rows // 5]
    listed = [card for person, card in unique.items() if person > crm[-1].person][:rows]
    table = [_row(card, number) for number, card in enumerate(listed, 1)]
    truth: dict[str, tuple[str, str]] = {}
    kinds = [*PLANTERS, "duplicate by mailbox", "duplicate by number", "duplicate in the list", "customer"]
    for n, at in enumerate(sorted(chance.sample(range(rows // 10, rows), rows // 10))):
        kind, row, theirs = kinds[n % len(kinds)], table[at], crm[n]
        if kind in PLANTERS:
            truth[row["No"]] = (kind, PLANTERS[kind](row, listed[at], n))
            continue
        if kind == "duplicate by number":
            row |= {"Telefon": theirs.phone, "Nazwisko": theirs.last_name, "Email address": f"{_user(row)}@new.example"}
        elif kind == "duplicate in the list":
            row["Email address"] = table[n]["Email address"].upper()
        else:
            row["Email address"] = theirs.email.title()
        truth[row["No"]] = (kind, "customer" if kind == "customer" else "duplicate")
    _installation(folder, crm, [n for n in range(len(crm)) if kinds[n % len(kinds)] == "customer"])
    gmail = [f"never{_user(row)}@gmail.com" for row in table if truth.get(row["No"], [""])[0] == "suppressed mailbox"]
    (folder / "mailboxes.txt").write_text("# wrote to us\n" + "\n".join(gmail) + "\n", "utf-8")
    hidden = [row["Email address"] for row in table if truth.get(row["No"], [""])[0] == "hashed mailbox"]
    digests = [hashlib.sha256(address.encode()).hexdigest() for address in hidden]
    (folder / "hashes.txt").write_text("\n".join(digests) + "\n", "utf-8")
    _write(folder / "list.csv", HEAD, ([row[name] for name in HEAD] for row in table))
    return truth


def _installation(folder: Path, crm: Sequence[Card], won: Sequence[int]) -> None:
    (folder / "crm").mkdir()
    suppress = {"domains": "domains.txt", "mailboxes": "mailboxes.txt", "hashes": "hashes.txt", "countries": [*_LEGAL]}
    files: dict[str, object] = {
        "leadsync.yaml": {"connections": {"crm": {"type": "files", "folder": "crm"}}},
        "lists.yaml": {"use": "default", "connections": [], "suppress": suppress},
    }
    for name, body in files.items():
        (folder / name).write_text(yaml.safe_dump(body), "utf-8")
    (folder / "domains.txt").write_text(f"{_SUPPRESSED}  # asked for it\n", "utf-8")
    people = ([str(n), c.email, c.phone, c.first_name, c.last_name, c.country] for n, c in enumerate(crm))
    _write(folder / "crm" / "leads.csv", ("id", "email", "phone", "first_name", "last_name", "country"), people)
    ended = ([f"o{n}", str(n), "won", f"{TODAY - timedelta(days=90)}T10:00:00Z"] for n in won)
    _write(folder / "crm" / "outcomes.csv", ("id", "lead", "kind", "at"), ended)


def _write(path: Path, head: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def sync(folder: Path) -> None:
    """Read the CRM into the store, in a process of its own."""
    command = [sys.executable, "-m", "leadsync", "sync", "--json", "--config", str(folder / "leadsync.yaml")]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": root}, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def caught(found: Mapping[str, str], truth: Mapping[str, tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """By what was planted: how many rows got the right reason, of how many; of clean rows how many were held."""
    right = Counter(kind for id_, (kind, reason) in truth.items() if found[id_] == reason)
    planted = Counter(kind for kind, _ in truth.values())
    clean = [reason for id_, reason in found.items() if id_ not in truth]
    told = {kind: (right[kind], count) for kind, count in sorted(planted.items())}
    return told | {"clean rows that are held": (sum(map(bool, clean)), len(clean))}


def main() -> None:
    """The counts, and CPU seconds per 1,000 rows."""
    folder = Path(sys.argv[1])
    truth = planted(folder, 5000)
    sync(folder)
    config, before = load_config(folder / "leadsync.yaml"), time.process_time()
    rows = judge_file(config, folder / "list.csv", {}, TODAY).rows
    cost = (time.process_time() - before) / len(rows) * 1e6
    found = caught({row.id: row.finding.reason for row in rows}, truth)
    print(
        json.dumps({"CPU of a row": f"{cost:.0f} µs"} | {kind: f"{got} of {of}" for kind, (got, of) in found.items()})
    )


if __name__ == "__main__":
    main()
