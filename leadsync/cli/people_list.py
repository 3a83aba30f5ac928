"""A list of people as `leadsync match` is given it: which column holds what, and the rows of the file."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from leadsync.errors import Problem, UsageError, UserError

_SEVERAL = ("phone", "other")  # what more than one column may hold
_BETWEEN = re.compile(r"[,;](?=\s*\w+\s*=)")  # a comma elsewhere is part of a column's name
_LONGEST_FIELD = 10_000_000  # characters; a file with more between two commas is no list
_DELIMITERS = ",;\t|"


class PeopleList(NamedTuple):
    """The ids and rows, in an order that does not depend on that of the file, the names of further columns, and what is
    odd about the ids."""

    ids: list[str]
    rows: list[dict[str, str]]
    others: list[str]
    odd: list[str]


def wanted(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Field and column of each assignment. Raises `UsageError`."""
    from leadsync.core.match.features import COLUMNS

    known = ("id", *COLUMNS, "other")
    found: list[tuple[str, str]] = []
    for assignment in filter(None, (part.strip(" ,;") for text in columns for part in _BETWEEN.split(text))):
        name, sign, column = (part.strip() for part in assignment.partition("="))
        if not sign or not column or name not in known:
            what = f"--columns: {assignment!r} names no field" if sign else f"--columns: {assignment!r} is no FIELD=COL"
            turned = f"write {column}={name}; " if column in known else ""
            raise UsageError(what, fix=f"{turned}fields are {', '.join(known)}")
        if name not in _SEVERAL and name in (other for other, _ in found):
            raise UsageError(f"--columns: {name} is given twice", fix="give the second column as other=COL")
        found.append((name, column))
    if not any(name != "id" for name, _ in found):
        raise UsageError("--columns names nothing that people are known by", fix="write, say, email=COL,name=COL")
    return found


def read(source: Path, of: Sequence[tuple[str, str]]) -> PeopleList:
    """The rows of the file. Raises `UserError`."""
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            found = list(_rows(source, file, of))
    except UnicodeDecodeError:
        raise UserError([Problem("this is not UTF-8", _undecoded(source), "save it as `CSV UTF-8`")]) from None
    except OSError as error:
        raise UserError(f"{source} cannot be read: {error.strerror}") from None
    named = any(name == "id" for name, _ in of)
    odd = list(_odd(source, found)) if named else []
    told = [(id_, row) for _, id_, row in found]
    told.sort(key=lambda row: (row[0] if named else "", *row[1].values(), row[0]))
    others = [f"other{nth}" for nth, _ in enumerate([name for name, _ in of if name == "other"], 1)]
    return PeopleList([id_ for id_, _ in told], [row for _, row in told], others, odd)


def _rows(source: Path, file: TextIO, of: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """The line where each row begins, its id and what it says."""
    quotes, before = 0, 0

    def counted() -> Iterator[str]:
        nonlocal quotes
        for line in file:
            quotes += line.count('"')
            yield line

    csv.field_size_limit(_LONGEST_FIELD)
    head, delimiter, above = _head(source, file)
    lines = csv.reader(counted(), delimiter=delimiter)
    places = _places(source, head, of)
    begins = nth = 0
    try:
        for cells in lines:
            begins, before = above + before + 1, lines.line_num
            if cells:
                nth += 1
                yield begins, *_row(cells, places, str(nth))
    except csv.Error as error:
        told = Problem(f"this is no CSV: {error}", f"{source}:{above + before + 1}", "mend the quotes there")
        raise UserError([told]) from None
    if quotes % 2 and lines.line_num + above > begins:  # all that follows was taken for one cell
        raise UserError([Problem("a quote is opened that nothing closes", f"{source}:{begins}", "close it")])


def _head(source: Path, file: TextIO) -> tuple[list[str], str, int]:
    """The names of the columns, what stands between them, and how many lines that took."""
    first, taken = "", 0
    while not first.strip() or first.lower().startswith("sep="):  # Excel's own line above the header
        first, taken = file.readline(_LONGEST_FIELD), taken + 1
        if not first:
            raise UserError(f"{source} is empty", fix="a list begins with the names of its columns")
    if first.startswith("PK\x03\x04"):
        raise UserError(f"{source} is no CSV file but a workbook", fix="save it as `CSV UTF-8`")
    delimiter = max(_DELIMITERS, key=first.count)
    while first.count('"') % 2 and (more := file.readline(_LONGEST_FIELD)):  # a name in two lines
        first, taken = first + more, taken + 1
    return [name.strip() for name in next(csv.reader([first], delimiter=delimiter))], delimiter, taken


def _places(source: Path, head: Sequence[str], of: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
    there = ", ".join(filter(None, head)) or "none"
    if missing := [column for _, column in of if column not in head]:
        raise UsageError(f"{source} has no column {', '.join(missing)}", fix=f"its columns are {there}")
    if twice := next((column for _, column in of if head.count(column) > 1), ""):
        raise UsageError(f"{source} has two columns {twice}", fix="give one of them another name in the file")
    return [(name, head.index(column)) for name, column in of]


def _row(cells: Sequence[str], places: Sequence[tuple[str, int]], number: str) -> tuple[str, dict[str, str]]:
    row: dict[str, str] = {}
    others = 0
    for name, place in places:
        if name == "other":
            others += 1
            name = f"other{others}"
        told = cells[place] if place < len(cells) else ""
        row[name] = f"{row[name]};{told}" if name in row else told
    return row.pop("id", number), row


def _undecoded(source: Path) -> str:
    """Where the first line is that cannot be read."""
    with source.open(encoding="utf-8", errors="replace", newline="\n") as file:
        return next((f"{source}:{nth}" for nth, line in enumerate(file, 1) if "\ufffd" in line), str(source))


def _odd(source: Path, rows: Sequence[tuple[int, str, object]]) -> Iterator[str]:
    """What is wrong with the ids, by which nobody can tell the rows of the output apart."""
    seen: dict[str, int] = {}
    twice = [(line, id_) for line, id_, _ in rows if id_.strip() and seen.setdefault(id_, line) != line]
    if twice:
        line, id_ = twice[0]
        yield f"rows with the id of another: {len(twice)}, such as {id_[:40]} ({source}:{seen[id_]} and {line})"
    if without := [line for line, id_, _ in rows if not id_.strip()]:
        yield f"rows without an id: {len(without)}, such as {source}:{without[0]}"
