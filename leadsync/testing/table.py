"""The rows of one object of a sandbox, in memory, found by id and read in the order of their last change."""

import csv
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from leadsync.errors import Problem, UserError

Row = dict[str, Any]


class Table:
    """Rows by id, with an index on (stamp, id) that `stamp` keeps. A stamp is any ordered value."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._stamps: dict[str, Any] = {}
        self._order: list[tuple[Any, str]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def load(self, rows: Sequence[tuple[str, Any, Row]]) -> None:
        """Add many new rows (id, stamp, row) at once: sorts once, so that 50,000 rows load quickly."""
        for id_, stamp, row in rows:
            self.rows[id_], self._stamps[id_] = row, stamp
            self._order.append((stamp, id_))
        self._order.sort()

    def put(self, id_: str, stamp: Any, row: Row) -> None:
        """Add or replace a row and move it to its place in the order of change."""
        if id_ in self._stamps:
            del self._order[bisect_left(self._order, (self._stamps[id_], id_))]
        self.rows[id_], self._stamps[id_] = row, stamp
        insort(self._order, (stamp, id_))

    def drop(self, id_: str) -> None:
        """Take a row away for good."""
        del self._order[bisect_left(self._order, (self._stamps.pop(id_), id_))]
        del self.rows[id_]

    def stamp(self, id_: str) -> Any:
        """When the row last changed."""
        return self._stamps[id_]

    def since(self, stamp: Any) -> Iterator[tuple[Any, str]]:
        """(stamp, id) of the rows changed at or after `stamp`, oldest first."""
        for i in range(bisect_left(self._order, (stamp, "")), len(self._order)):
            yield self._order[i]


class CsvRow(dict[str, str]):
    """The cells of a row by column, and where they stand."""

    def __init__(self, path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> None:
        super().__init__(zip(header, cells, strict=True))
        self._path, self._line, self._header = path, line, header

    def place(self, name: str) -> str:
        """`file:line:column` of a cell. Reads the file again, up to there."""
        index, quoted, line, column = self._header.index(name), False, self._line, 1
        with self._path.open(newline="", encoding="utf-8-sig") as file:
            for char in chain.from_iterable(islice(file, self._line - 1, None)):
                if index == 0:
                    break
                index -= char == "," and not quoted
                quoted ^= char == '"'
                line, column = (line + 1, 1) if char == "\n" else (line, column + 1)
        return f"{self._path}:{line}:{column}"


def read_csv(path: Path, known: Sequence[str]) -> list[CsvRow]:
    """The rows of a CSV file whose header holds the CRM's own field names (case as the CRM spells it).

    Raises `UserError` naming every unknown column, a duplicate column, or a row that is no match for the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            unknown = [name for name in header if name not in known]
            problems = [Problem(f"unknown column {name!r}", f"{path}:1") for name in unknown]
            problems += [
                Problem(f"column {n!r} twice", f"{path}:1") for n in sorted({n for n in header if header.count(n) > 1})
            ]
            if not header:
                problems.append(Problem("the file is empty", str(path), "its first line must hold field names"))
            rows, line = [], reader.line_num
            for cells in reader:
                line, ended = reader.line_num, line
                if cells and len(cells) != len(header):
                    said = "more" if len(cells) > len(header) else "fewer"
                    problems.append(Problem(f"{said} cells than columns", f"{path}:{ended + 1}"))
                elif cells:
                    rows.append(CsvRow(path, ended + 1, header, cells))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8: {error}") from error
    if problems:
        raise UserError(problems[:50])
    return rows
