"""Judging a CSV file of people as a list, against itself and what the store holds. Nothing is stored."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sa

from leadsync import catalog
from leadsync.config.load import Config
from leadsync.config.propose_reading import reading
from leadsync.config.propose_words import meant, phrases
from leadsync.config.reading import ReadField, compile_field
from leadsync.config.settings import Settings
from leadsync.core.classes import classify
from leadsync.core.consent import WORDS, with_consent
from leadsync.core.convert import CONVERTERS
from leadsync.core.facts import Facts, derive
from leadsync.core.facts.mail import MailWords
from leadsync.core.frames import column
from leadsync.core.identity import Identity, identities, with_mailboxes
from leadsync.core.lists import REFUSE, Beside, Finding, findings, judge
from leadsync.core.mapping import ObjectMapping, values_with_reasons
from leadsync.core.survive import golden
from leadsync.errors import Problem, StateRefused, UserError
from leadsync.store import keys
from leadsync.store.database import open_to_read
from leadsync.store.erase import Tombstones
from leadsync.sync.lists import MOST_HOLDERS, Sought, customers, holders, shown
from leadsync.types import FieldSchema, Record, Role

_MOST = 200_000_000  # bytes
_LONGEST = 10_000  # characters of a cell that are looked at
_SAMPLE = 500  # rows by which it is seen how a column is read
_Rows = Sequence[Sequence[str]]
_NOTHING = pl.DataFrame(
    schema={"lead": pl.Int64, "kind": pl.String, "on": pl.Date, "count": pl.Int64, "topic": pl.String}
)


class Row(NamedTuple):
    """How a row of the file comes out: what it is called, and the gravest finding."""

    id: str
    finding: Finding


class Judged(NamedTuple):
    """The rows, and which word each column was read as."""

    rows: Sequence[Row]
    columns: Mapping[str, str]


def judge_file(config: Config, path: Path, said: Mapping[str, str], today: date) -> Judged:
    """How every row comes out. `said`: word → column, where the heading does not tell.

    Raises `UserError` for a file that cannot be read, or in which no column is known.
    """
    head, rows = _read(path)
    columns = _columns(config, path, head, said)
    id_ = columns.pop("id", None)
    mapping = _mapping(config, head, columns, rows)
    facts, invalid = list[Facts](), list[bool]()
    for cells in rows:
        told = values_with_reasons(mapping, Record("", dict(zip(head, cells, strict=False))))
        facts.append(derive(told.values, config.facts.tables))
        invalid.append("email" in told.reasons)
    at = head.index(id_) if id_ else -1
    names = [(cells[at].strip() if 0 <= at < len(cells) else "") or str(n) for n, cells in enumerate(rows, 1)]

    def known_by(row: int) -> Set[Identity]:
        said = identities(mapping, dict(zip(head, rows[row], strict=False)))
        return with_mailboxes(said, config.facts.tables.mail)

    (beside, erased), found = _beside(config, facts, names, known_by), list[Row]()
    for n, lead in enumerate(_frame(config, facts, today).iter_rows(named=True)):
        besides = beside.get(n, Beside())
        wrong = [
            Finding(REFUSE, reason) for reason, has in (("erased", n in erased), ("invalid_email", invalid[n])) if has
        ]
        wrong += findings(config.lists, config.facts.tables.mail, lead, besides)
        found.append(Row(names[n], judge(wrong, besides)))
    return Judged(found, {"id": id_, **columns} if id_ else columns)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """The headings, and the cells of every row that has any."""
    try:
        if path.stat().st_size > _MOST or not path.is_file():
            raise UserError(f"{path} is no file of at most {_MOST // 1_000_000} MB")
        said = path.read_bytes().decode("utf-8-sig").replace("\0", "")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8", fix="save it as `CSV UTF-8`") from None
    first = said.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(_MOST)
    lines = csv.reader(io.StringIO(said, newline=""), delimiter=delimiter)
    try:
        head = [cell.strip() for cell in next(lines, [])]
        rows = ([cell[:_LONGEST] for cell in cells] for cells in lines)
        return head, [cells for cells in rows if any(map(str.strip, cells))]
    except csv.Error as error:
        told = Problem(str(error), f"{path}:{lines.line_num}", "mend the quotes there, or further up")
        raise UserError([told]) from None


def _columns(config: Config, path: Path, head: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    """Word → column: as `said`, else by its heading; the first column of several."""
    known, found = phrases(config.fields), dict(said)
    problems = [
        Problem(f"'{word}' is worked out for a whole lead, and no column holds it") if word in catalog.OF_LEADS else
        Problem(catalog.unknown_word(word, "field", config.fields), fix="write it as in `--columns email=COLUMN`")
        for word in said if word != "id" and (word not in config.fields or word in catalog.OF_LEADS)
    ]  # fmt: skip
    wrong = [Problem(f"there is no column {name!r}", f"{path}:1") for name in said.values() if name not in head]
    if problems or wrong:
        raise UserError([*problems, *wrong])
    for name in head:
        word = "id" if name.lower() == "id" else meant(name, known)
        if word and word not in found and name not in said.values():
            found[word] = name
    if not {"email", "phone", "name", "first_name", "last_name", "company"} & found.keys():
        told = Problem("no column of it is known", f"{path}:1", "name them: `--columns email=COLUMN,phone=COLUMN`")
        raise UserError([told])
    return found


def _mapping(config: Config, head: Sequence[str], columns: Mapping[str, str], rows: _Rows) -> ObjectMapping:
    """How the columns are read: by what most of the first rows can be read by."""
    home = Settings.model_validate(config.documents["leadsync"].data).home.place
    fields = []
    for word, name in columns.items():
        at = head.index(name)
        if word in CONVERTERS or word in WORDS:
            how: Mapping[str, Any] = {"as": word if word in CONVERTERS else "consent"}
        else:
            sample = list(dict.fromkeys(cells[at].strip() for cells in rows[:_SAMPLE] if len(cells) > at))
            found = reading(config.fields[word], FieldSchema(name, "text"), list(filter(None, sample)), home)
            how = found.keys if found else {}
        fields.append(compile_field(config.fields[word], ReadField.model_validate({"from": name, **how}), home))
    fields.sort(key=lambda field: field.name != "country")  # phone numbers are read by it
    return ObjectMapping("list", Role.LEAD, tuple(fields), home=home)


def _frame(config: Config, facts: Sequence[Facts], today: date) -> pl.DataFrame:
    known = [with_consent(golden([each], ()), [each], None) for each in facts]
    words = {name: word.type for name, word in config.fields.items() if name != "class"} | {catalog.NO_TO: "text"}
    columns = {name: column(type_, [each.get(name) for each in known]) for name, type_ in words.items()}
    key_of = {"lead": range(len(facts)), "day": [today] * len(facts), "capture": [None] * len(facts)}
    types = {"lead": pl.Int64, "day": pl.Date, "capture": pl.Date}
    frame = pl.DataFrame(key_of, schema=types).with_columns(**columns)
    return frame.with_columns(classify(config.classes, frame, _NOTHING, fields=config.fields)["class"])


def _beside(
    config: Config, facts: Sequence[Facts], names: Sequence[str], known_by: Callable[[int], Set[Identity]]
) -> tuple[dict[int, Beside], Set[int]]:
    """Which rows are there already: further up in the file, or in the store, and whether as a customer; and which are
    of people who were erased."""
    mail, by_key = config.facts.tables.mail, defaultdict[int, list[int]](list)
    sought = [Sought.of(each, mail) for each in facts]
    found, erased = dict[int, Beside](), set[int]()
    for n, one in enumerate(sought):
        above = (at for hash_ in one.keys for at in by_key[hash_])
        if (twin := next((at for at in above if one.same(sought[at])), None)) is not None:
            found[n] = Beside(shown=f"row {names[twin]}")
        for hash_ in one.keys:
            if len(by_key[hash_]) < MOST_HOLDERS:
                by_key[hash_].append(n)
    # there may be no store, or one that the next cycle brings up to date
    with suppress(StateRefused), open_to_read(config.store, config.folder) as store, store.begin() as db:
        found |= _stored(db, sought, mail)
        graves = Tombstones(store)
        rows = range(len(facts)) if graves else ()
        erased = {n for n in rows if any(graves.has(*each) for each in known_by(n))}
    return found, erased


def _stored(db: sa.Connection, sought: Sequence[Sought], mail: MailWords) -> dict[int, Beside]:
    near = keys.holders(db, {hash_ for one in sought for hash_ in one.keys})
    rows = holders(db, near)
    twins: dict[int, Any] = {}
    for n, one in enumerate(sought):
        theirs = (rows[id_] for hash_ in one.keys for id_ in near.get(hash_, ()) if id_ in rows)
        if (row := next((row for row in theirs if one.same(Sought.of(row.facts or {}, mail))), None)) is not None:
            twins[n] = row
    bought = customers(db, {row.lead_id for row in twins.values()})
    return {n: Beside(row.id, shown(row), row.lead_id in bought) for n, row in twins.items()}
