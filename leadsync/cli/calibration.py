"""`leadsync match --calibrate`: likely pairs for a person to judge, and what the answers say of all pairs."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsync.cli.common import print_json
from leadsync.errors import Problem, UserError

if TYPE_CHECKING:
    from leadsync.config.load import Config
    from leadsync.core.match.calibration import Pair, Precision, Stratum

SEED = 1
STORE = "store"
_COLUMNS = (
    "answer", "left", "left_says", "right", "right_says", "agreement", "weight", "stratum", "pairs", "line", "list",
)  # fmt: skip
_ANSWERS = {"same": True, "s": True, "different": False, "d": False}
Shown = tuple[str, str, str]  # what the left record says, what the right one does, and how far they agree


def ask(
    path: Path, pairs: "Iterable[Pair]", line: float, shown: "Callable[[Pair], Shown]", of: str, *, as_json: bool
) -> int:
    """Draw a sample of these pairs into a file, with a column for the answers. `of` is the list that they are from."""
    from leadsync.core.match.calibration import draw

    sizes, drawn = draw(pairs, line, SEED)
    rows = [(nth, pair) for nth, own in drawn.items() for pair in own]
    try:
        with path.open("x", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for nth, pair in sorted(rows, key=lambda row: row[1][:2]):
                left, right, agreement = shown(pair)
                told = (
                    "",
                    pair.left,
                    left,
                    pair.right,
                    right,
                    agreement,
                    f"{pair.weight:.2f}",
                    nth,
                    sizes[nth],
                    line,
                    of,
                )
                writer.writerow(told)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"pairs": sum(sizes.values()), "drawn": len(rows), "answers": str(path)})
    else:
        print(f"{len(rows)} of {sum(sizes.values())} likely pairs are in {path}. Write same or different into its "
              "column `answer`, leave empty what cannot be told, and give the same command again.")  # fmt: skip
    return 0


def tell(path: Path, of: str, *, as_json: bool) -> int:
    """What the answers in the file say of all pairs at the automatic line and above. Raises `UserError` where they are
    answers of something else."""
    from leadsync.core.match.calibration import judged, precision

    sizes, answers, line, lists = _read(path)
    if lists - {of}:
        what = "the store" if of == STORE else "this list, or the list has changed since"
        raise UserError(
            f"{path} was not drawn of {what}", fix="name another file with --answers, or take this one away"
        )
    strata = judged(sizes, answers, line)
    found = precision([each for each in strata if each.low >= line])
    if as_json:
        names = ("low", "high", "pairs", "same", "different")
        told = [dict(zip(names, each, strict=True)) | {"precision": _plain(from_)} for each, from_ in _from(strata)]
        print_json({"line": line, "strata": told, "precision": _plain(found)})
        return 0
    print("\n".join(_lines(strata)))
    if found is None:
        print(
            f"At the automatic line ({line:g} bits) nothing can be told yet: answer pairs of every row from there on."
        )
    else:
        print(f"Expected precision at the automatic line ({line:g} bits): {found.share:.1%}, "
              f"with 95 % confidence between {found.low:.1%} and {found.high:.1%}")  # fmt: skip
    return 0


def _from(strata: "Sequence[Stratum]") -> Iterator[tuple["Stratum", "Precision | None"]]:
    """Each stratum with the precision of all pairs from it on: what would join by itself if the line stood there."""
    from leadsync.core.match.calibration import precision

    return ((each, precision(strata[nth:])) for nth, each in enumerate(strata))


def _plain(found: "Precision | None") -> dict[str, float] | None:
    return None if found is None else found._asdict()


def _lines(strata: "Sequence[Stratum]") -> Iterator[str]:
    yield f"{'bits':>16}  {'pairs':>8}  {'same':>6}  {'different':>9}  precision from there on"
    for each, found in _from(strata):
        share = "" if found is None else f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%})"
        told = f"{each.low:>7g} to {each.high:<6g}  {each.pairs:>8}  {each.same:>6}  {each.different:>9}"
        yield f"{told}  {share}".rstrip()


def _read(path: Path) -> tuple[dict[int, int], list[tuple[int, bool]], float, set[str]]:
    """How many pairs each stratum has, the answers, the line, and what was drawn of. Raises `UserError`."""
    from leadsync.core.match.calibration import STEPS

    sizes, answers, wrong, lines = dict[int, int](), list[tuple[int, bool]](), list[Problem](), set[float]()
    lists = set[str]()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for at, row in enumerate(csv.DictReader(file, delimiter=_delimiter(file)), 2):
                answer = (row["answer"] or "").strip().lower()
                nth = int(row["stratum"])
                sizes[nth] = int(row["pairs"])
                lines.add(float(row["line"]))
                lists.add(row["list"])
                if answer not in ("", *_ANSWERS) or not 0 <= nth < len(STEPS) - 1:
                    wrong.append(Problem(f"{answer!r} is no answer", f"{path}:{at}", "write same or different"))
                elif answer:
                    answers.append((nth, _ANSWERS[answer]))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (KeyError, ValueError, TypeError, csv.Error):
        fix = "take it away, and `leadsync match --calibrate` draws another"
        raise UserError(f"{path} is no sample of pairs", fix=fix) from None
    if wrong or len(lines) > 1:
        raise UserError(wrong or f"{path} holds samples of several lines")
    return sizes, answers, lines.pop() if lines else 0.0, lists


def _delimiter(file: Any) -> str:
    first = file.readline()
    file.seek(0)
    return max(",;\t", key=first.count)


def of_store(config: "Config", path: Path, *, as_json: bool) -> int:
    """Draw among the likely pairs of the store."""
    from math import isinf

    from leadsync.config.matching import model
    from leadsync.store.database import open_to_read
    from leadsync.sync import pairs

    line = config.matching.model.automatic
    with open_to_read(config.store, config.folder) as store:

        def shown(pair: "Pair") -> Shown:
            left, right, parts = pairs.told(store, pair[:2])
            return said(left.values()), said(right.values()), agrees((part[0], part[1]) for part in parts)

        with store.begin():
            line = model().automatic if isinf(line) else line
            return ask(path, pairs.likely(store), line, shown, STORE, as_json=as_json)


def said(values: Iterable[str]) -> str:
    """What a record says, in a line that no spreadsheet takes for a formula."""
    told = " · ".join(filter(None, values))
    return f"'{told}" if told.startswith(("=", "+", "-", "@", "\t", "\r")) else told


def agrees(parts: Iterable[tuple[str, str]]) -> str:
    """How far two records agree, by field and level, in a line."""
    from leadsync.core.match.telling import agreement, compared

    return "; ".join(f"{compared(field)}: {agreement(field, level)}" for field, level in parts if field != "prior")
