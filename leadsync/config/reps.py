"""The sales reps of `routing.yaml`, written there or in a table of their own that sales operations keep."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from leadsync import catalog
from leadsync.config.document import Document
from leadsync.config.reading import Texts
from leadsync.config.settings import Hours, Strict, one_of
from leadsync.config.syntax import MOST_BYTES
from leadsync.core.assign import RepRule
from leadsync.core.hours import Calendar, Days, read_days, read_hours
from leadsync.errors import Problem

EVERYONE, PARTNERS, ACCOUNT = "everyone", "partners", "company.owner"
"""What `to:` may say besides names and skills."""
_LANGUAGES = catalog.LANGUAGES
_TOLD = 20  # problems of a table
_SEVERAL = ("away", "skills")  # columns with several values in a cell
Language = Annotated[str, BeforeValidator(one_of("language", _LANGUAGES)), WithJsonSchema({"enum": list(_LANGUAGES)})]


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value.strip()):
        raise ValueError(f"{value!r} is not an e-mail address; write one such as ann@example.com")
    return value.strip().lower()


def days_off(value: Sequence[str]) -> Sequence[str]:
    """Days as they are written. Raises ValueError."""
    for each in value:
        read_days(each)
    return value


DaysOff = Annotated[Texts, AfterValidator(days_off)]


class RepFile(Strict):
    """A sales rep, found in every CRM by e-mail; a partner may be in none."""

    email: Annotated[str, AfterValidator(_email)]
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    hours: Hours | None = None
    away: DaysOff = ()
    language: Language = ""
    kind: Literal["rep", "partner"] = "rep"
    skills: Texts = ()


def rep_rule(name: str, rep: RepFile, hours: str | None, zone: ZoneInfo, holidays: Sequence[Days]) -> RepRule:
    """A rep as core knows one. `hours` and `zone` are those of home, where the rep has no own; `holidays` are all's."""
    spans, where = read_hours(rep.hours or hours or "", zone) if rep.hours or hours else ((), zone)
    calendar = Calendar(spans, where, (*holidays, *map(read_days, rep.away)))
    return RepRule(
        name, rep.email, rep.weight, rep.capacity, calendar, rep.language, rep.kind == "partner", rep.skills
    )  # fmt: skip


def with_table(document: Document, problems: list[Problem]) -> Path | None:
    """Put the reps of the table that a routing file names where the name stands; the table, if there is one.

    Its first line names the columns: `name` and the keys of a rep. Several days or skills stand with `;` between them.
    """
    named = document.data.get("reps")
    if not isinstance(named, str):
        return None
    path, where = document.path.parent / named, document.place(("reps",))
    reps, found = dict[str, dict[str, Any]](), len(problems)
    try:
        text = _text(path)
        separator = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        header = [cell.strip().lower() for cell in next(rows, [])]
        problems += _of_header(header, f"{path}:1")
        start = rows.line_num + 1
        for cells in rows if len(problems) == found else ():
            place, start = f"{path}:{start}", rows.line_num + 1
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
            name = row.pop("name", "")
            if told := _of_row(cells, header, name, reps):
                problems += [Problem(told[0], place, told[1])] if len(problems) - found < _TOLD else []
            elif name:
                reps[name] = {key: _parts(cell) if key in _SEVERAL else cell for key, cell in row.items()}
                document.places |= dict.fromkeys([("reps", name), *(("reps", name, key) for key in row)], place)
    except (OSError, ValueError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        problems.append(Problem(f"reps: {named} cannot be read: {why}", where, "write the table, a rep per line"))
    document.data = {**document.data, "reps": reps}
    return path


def _text(path: Path) -> str:
    """What stands in a table. Raises OSError and ValueError."""
    if not path.is_file():
        raise ValueError("it is no file" if path.exists() else "it is not there")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None


def _of_header(header: Sequence[str], place: str) -> Iterator[Problem]:
    columns = ("name", *RepFile.model_fields)
    for name in dict.fromkeys(header):
        if name and name not in columns:
            close = get_close_matches(name, columns, 1)
            fix = f"write `{close[0]}`" if close else f"take the column out; there are {', '.join(columns)}"
            yield Problem(f"unknown column '{name}'", place, fix)
        elif name and header.count(name) > 1:
            yield Problem(f"the column '{name}' stands here twice", place, "keep one of them")
    meant = {close for name in header if name not in columns for close in get_close_matches(name, columns, 1)}
    for name in ("name", "email"):
        if name not in header and name not in meant:
            yield Problem(f"the column '{name}' is missing", place, f"write the names of the columns, `{name}` too")


def _of_row(cells: Sequence[str], header: Sequence[str], name: str, reps: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a line, and what to do about it."""
    if not any(cell.strip() for cell in cells):
        return None
    if any(cell.strip() for cell in cells[len(header) :]):
        return "there are more cells here than columns", "put a text that holds the separator in double quotes"
    if not name:
        return "this rep has no name", "write one, as the rules call this rep"
    if name in reps:
        return f"the rep '{name}' stands here twice", "keep one of them"
    return None


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]
