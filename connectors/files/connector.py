"""Reads `leads.csv`, `activities.csv` and `outcomes.csv` of a folder. Nothing is written.

A file has no stamps of its own rows. So a file that was changed gives all its rows, stamped with the file's time, and a
cursor names the content it has covered: the same content is not given twice, whatever happens to the file's time.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

import leadsync.connector as ls
from connectors.files.table import COLUMNS, UNDER_LEAD, Table, of_others, table

PAGE = 200


class FilesSettings(ls.ConnectionSettings):
    """Where the files are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"folder": "files"}]})
    folder: Path = Field(description="The folder with the CSV files, from that of leadsync.yaml.")


class FilesConnector:
    """A folder of CSV files."""

    Settings: ClassVar[type[ls.ConnectionSettings]] = FilesSettings
    capabilities: ClassVar[ls.Capabilities] = ls.Capabilities(
        {"leads": ls.Role.LEAD, "activities": ls.Role.ACTIVITY, "outcomes": ls.Role.OUTCOME},
        write_batch=1, settle=timedelta(minutes=1), optional=frozenset({"activities", "outcomes"}),
        dated=False,
    )  # fmt: skip

    def __init__(self, settings: FilesSettings, *, clock: ls.Clock, secrets: ls.Secrets, log: logging.Logger) -> None:
        self._folder, self._clock, self._log, self._calls = settings.folder, clock, log, 0

    @classmethod
    def driver(cls, folder: Path) -> Any:
        """For `leadsync conformance files`."""
        from connectors.files.driver import FilesDriver

        return FilesDriver(folder)

    def check(self, written: Mapping[str, Sequence[str]]) -> list[ls.Finding]:
        """Every file, every row that had to be left out, and rows of leads that are not there."""
        people: Mapping[str, Any] = {}
        found = [ls.Finding("error", f"{obj} cannot be written", "files are only read") for obj in written]
        for obj in COLUMNS:
            try:
                file = self._read(obj)
            except ls.ConnectionFailed as error:
                if not isinstance(error, ls.NotFound) or obj not in self.capabilities.optional:
                    found.append(ls.Finding("error", error.message, error.fix))
                continue
            found.append(ls.Finding("ok", f"{obj}.csv has {len(file.rows)} rows"))
            found += [ls.Finding("warning", problem, "mend the row; the others are read") for problem in file.problems]
            people = file.rows if obj == "leads" else people
            found += [ls.Finding("warning", told, UNDER_LEAD) for told in of_others(obj, file, people)]
        return found

    def now(self) -> datetime:
        """Files have the clock of this machine."""
        return self._clock.now()

    def user(self) -> str | None:
        """Nobody."""
        return None

    def quota(self) -> ls.Quota:
        """How often a file was read."""
        return ls.Quota(self._calls)

    def describe(self, obj: str) -> ls.ObjectSchema:
        """The columns that the file has, and those that it may have."""
        all_ = {**dict.fromkeys(self._read(obj).columns, "text"), **COLUMNS[obj]}
        own = all_.keys() - COLUMNS[obj].keys() - {"id"}
        return ls.ObjectSchema(obj, {n: ls.FieldSchema(n, t, writable=False, custom=n in own) for n, t in all_.items()})

    def backfill(self, obj: str, resume: str | None, fields: Sequence[str]) -> Iterator[ls.Page]:
        """All rows; `resume` counts those before. A file that changes meanwhile is given anew by `changes`."""
        read_at, file = self._clock.now(), self._read(obj, fields)
        records = self._records(file, fields)
        for start in range(int(resume or 0), len(records) or 1, PAGE):
            end = start + PAGE
            yield ls.Page(obj, records[start:end], read_at, resume=str(end) if end < len(records) else None)

    def changes(self, asks: Sequence[ls.Ask], until: datetime) -> Iterator[ls.Page | ls.Failed]:
        """All rows of each file that is not the one that the cursor names."""
        for ask in asks:
            try:
                read_at, file = self._clock.now(), self._read(ask.object, ask.fields)
            except (ls.NotFound, ls.Rejected) as error:
                yield ls.Failed(ask.object, error)
                continue
            since, seen = ask.since, ask.since.id == file.digest
            at = max(since.at, file.at)
            if at > until or seen or (file.at < since.at and not since.id):
                yield ls.Page(ask.object, (), read_at, since if at > until else ls.Cursor(since.at, file.digest))
                continue
            records = self._records(replace(file, at=at), ask.fields)
            for start in range(0, len(records) or 1, PAGE):
                end = start + PAGE
                cursor = since if end < len(records) else ls.Cursor(at, file.digest)  # half a file covers nothing
                yield ls.Page(ask.object, records[start:end], read_at, cursor)

    def ids(self, obj: str) -> Iterator[ls.IdPage]:
        """The ids that stand in the file now: what was taken out of it is gone."""
        yield ls.IdPage(tuple(self._read(obj).rows))

    def fetch(self, obj: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, ls.Record | ls.Gone]:
        """These rows."""
        found = {record.id: record for record in self._records(self._read(obj, fields), fields)}
        return {id_: found.get(id_) or ls.Gone(id_) for id_ in ids}

    def write(self, writes: Sequence[ls.WriteOp]) -> Sequence[ls.WriteResult]:
        """Refused: files are only read."""
        return [ls.WriteResult(op.key, ls.WriteStatus.REJECTED, message="files are only read") for op in writes]

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, obj: str, fields: Sequence[str] = ()) -> Table:
        """One request. Raises `NotFound`, `Transient` for a folder that is away, `Rejected` for an unusable file."""
        if obj not in COLUMNS:
            raise ls.NotFound(f"there is no object {obj!r} of files", fix=f"use {', '.join(COLUMNS)}")
        path, self._calls = self._folder / f"{obj}.csv", self._calls + 1
        try:
            at = datetime.fromtimestamp(path.stat().st_mtime_ns // 1000 / 1e6, UTC)
            file = table(path.name, path.read_bytes(), at)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self._folder.is_dir():
                fix = "put the file there; its first line names the columns"
                raise ls.NotFound(f"there is no {path}", fix=fix) from None
            told = f"{path} cannot be read: {error.strerror}"
            raise ls.Transient(told, fix="check `folder`, and the right to read it") from error
        if unknown := [name for name in fields if name not in file.columns and name not in COLUMNS[obj]]:
            raise ls.Rejected(f"{path.name}:1: no column {', '.join(unknown)}", fix="add it, or map another one")
        return file

    def _records(self, file: Table, fields: Sequence[str]) -> list[ls.Record]:
        for problem in file.problems:
            self._log.warning("%s; the row is left out", problem)
        return [
            ls.Record(
                id_, {name: row.get(name, "") for name in fields}, modified_at=file.at,
                links={"leads": (row["lead"],)} if row.get("lead") else {},
            )
            for id_, row in file.rows.items()
        ]  # fmt: skip
