"""The driver of the conformance suite for a folder of files."""

import csv
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.files.connector import FilesConnector, FilesSettings
from connectors.files.table import COLUMNS
from leadsync.connector import FaultRule, Value
from leadsync.testing.driver import ManualClock, Subject

_READ_ONLY = "files are only read"
_NO_CRM = "a file has no notion of it"
_LOCAL = "no network lies between"


class FilesDriver:
    """Keeps rows and writes the files anew at each change."""

    cannot: Mapping[str, str] = {
        **dict.fromkeys(("write", "lock", "install", "bulk"), _READ_ONLY),
        **dict.fromkeys(("merge", "convert", "history", "late_commit"), _NO_CRM),
        **dict.fromkeys(("lag", "fault", "skew"), _LOCAL),
        "delete": "what is taken out of a file cannot be restored: see purge",
    }
    people = Subject("leads", ("first_name", "city"), "employees", read_only="email")
    activity = Subject("activities", ("kind", "detail"), fresh={"kind": "visit", "at": "2026-03-01"}, links="leads")
    secrets: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.clock, self._folder = ManualClock(), folder
        self._rows: dict[str, dict[str, dict[str, Value]]] = {obj: {} for obj in COLUMNS}
        self._made: list[FilesConnector] = []
        for obj in COLUMNS:
            self._save(obj)

    def _save(self, obj: str) -> None:
        path, now = self._folder / f"{obj}.csv", self.clock.now().timestamp()
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["id", *COLUMNS[obj]])
            table.writeheader()
            table.writerows({"id": id_, **row} for id_, row in self._rows[obj].items())
        os.utime(path, (now, now))

    def connect(self, **settings: Any) -> FilesConnector:
        """A fresh connector to the folder."""
        given = FilesSettings(**{"type": "files", "folder": self._folder, **settings})
        log = logging.getLogger("conformance")
        self._made.append(FilesConnector(given, clock=self.clock, secrets=None, log=log))  # type: ignore[arg-type]
        return self._made[-1]

    def add(self, obj: str, rows: Sequence[Mapping[str, Value]], links: Sequence[str] = ()) -> list[str]:
        """More lines."""
        first = len(self._rows[obj])
        whose = {"lead": links[0]} if links else {}
        new = {f"{obj}-{number}": {**row, **whose} for number, row in enumerate(rows, first)}
        self._rows[obj] |= new
        self._save(obj)
        return list(new)

    def edit(self, obj: str, id_: str, fields: Mapping[str, Value]) -> None:
        """Another value in a cell."""
        self._rows[obj][id_] |= fields
        self._save(obj)

    def row(self, obj: str, id_: str) -> Mapping[str, Value] | None:
        """What stands in the file."""
        return self._rows[obj].get(id_)

    def purge(self, obj: str, id_: str) -> None:
        """A line less."""
        del self._rows[obj][id_]
        self._save(obj)

    def calls(self) -> int:
        """How often a file was read."""
        return sum(conn.quota().calls for conn in self._made)

    def close(self) -> None:
        """Nothing is held open."""

    def fault(self, *rules: FaultRule) -> None:
        """There are none to be had."""

    def _never(self, *_: Any) -> Any:
        raise NotImplementedError("see `cannot`")

    delete = merge = convert = skew = lag = commit_late = lock = _never
