"""`leadsync match`: which rows of a list are the same person, without a store."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import file_digest
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from leadsync.cli import people_list
from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, print_json
from leadsync.errors import UsageError, UserError

if TYPE_CHECKING:
    import polars as pl

    from leadsync.core.match.model import Model, Scale
    from leadsync.core.match.pairs import Edge, Entry

_FEW = 100  # likely pairs below which a list hardly teaches
_SHOWN = 10  # capped keys and changed weights that are told


def match(
    source: Annotated[Path | None, typer.Argument(metavar="[IN.csv]", help="A list of people, with a header.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="FIELD=COL,…",
            help="Which column holds what. Fields: id email phone first_name last_name name company domain country "
            "address city postcode birth_date, and other for the rest.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="CLUSTERS.csv", help="Write id and cluster of each row here.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", metavar="PAIRS.csv", help="Write pairs with their evidence here.")
    ] = None,
    floor: Annotated[
        float, typer.Option("--floor", metavar="WEIGHT", help="Write pairs of at least so many bits.")
    ] = 0.0,
    train: Annotated[bool, typer.Option("--train", help="Learn the weights from this list, without labels.")] = False,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="How far the automatic line can be trusted: draw pairs to judge, or tell."),
    ] = False,
    answers: Annotated[
        Path, typer.Option("--answers", metavar="FILE", help="Where these pairs and your answers stand.")
    ] = Path("calibration.csv"),
    config: ConfigOption = DEFAULT,
    as_json: JsonOption = False,
) -> int:
    """Find the rows of a CSV file that are the same person.

    With --calibrate a sample of likely pairs is drawn, of the list or, without one, of the store; once they are
    answered, the same command tells the precision to expect of what joins by itself.
    """
    if calibrate and (source is None or answers.exists()):
        return _calibrated(config, source, answers, as_json=as_json)
    if source is None or not columns or (out is None and not calibrate):
        told = "a list needs IN.csv, --columns, and --out, or --calibrate in place of --out"
        raise UsageError(told, fix="leadsync match IN.csv --columns email=Mail,name=Name --out CLUSTERS.csv")
    if not isfinite(floor):
        raise UsageError(f"--floor {floor} is no number of bits", fix="write, say, --floor 0")
    _apart({"IN.csv": source, "--out": out, "--pairs": pairs, "--answers": answers if calibrate else None})
    from leadsync.config.matching import model, words
    from leadsync.core.match import pairs as matching
    from leadsync.core.match import train as training
    from leadsync.core.match.calibration import STEPS
    from leadsync.core.match.clusters import clusters
    from leadsync.core.match.features import features
    from leadsync.core.match.model import Scale

    ids, rows, others, odd = people_list.read(source, people_list.wanted(columns))
    table = words()
    entries = {n: matching.entry(features(row, table, others)) for n, row in enumerate(rows)}
    if not calibrate:
        rows.clear()  # of a long list they are more than what is compared of them
    keys, counts = matching.key_rows(entries), matching.counts(entries)
    found, using = matching.joined(keys), model()
    if train:
        using = training.train(found.rows(), entries, counts.__getitem__, using)
    scale = Scale(using, counts.__getitem__, len(entries), matching.identifying(entries))
    floor = using.automatic + STEPS[0] if calibrate else floor
    edges = matching.joining(matching.all_edges(found, entries, scale, min(floor, using.automatic)), entries, scale)

    def weigh(a: int, b: int) -> float:
        return matching.beside(a, b, entries, scale)

    if calibrate:
        if twice := next((id_ for id_, n in Counter(ids).items() if n > 1), None):
            raise UsageError(
                f"{source} has the id {twice} twice", fix="give each row an id of its own, or leave id= out"
            )
        return _ask(answers, _content(source), edges, ids, rows, entries, scale, as_json=as_json)
    assert out is not None
    done = clusters(entries, edges, weigh, using.automatic, using.veto)
    held = sum(done[left] != done[right] and scale.likely(weight) for left, right, weight in edges)
    _write(out, ("id", "cluster"), _clusters(ids, done))
    if pairs is not None:
        wanted = [edge for edge in edges if edge.weight >= floor]
        _write(pairs, ("left", "right", "weight", "probability", "evidence"), _pairs(wanted, ids, entries, scale))
    drift = list(training.drift(model(), using)) if train else []
    if train and (likely := sum(edge.weight >= using.automatic for edge in edges)) < _FEW:
        print(f"--train: only {likely} likely pairs to learn from, and it needs some hundred", file=sys.stderr)
    report = _report(done, len(found), held, _capped(keys, entries), using, drift, train=train)
    if as_json:
        print_json(report)
    else:
        _tell(report, out)
    for what in odd:
        print(f"{what}: give each row an id of its own, or leave id= out", file=sys.stderr)
    return 0


def _apart(files: dict[str, Path | None]) -> None:
    """Nothing is written over the list, nor one result over another. Raises `UsageError`."""
    seen: dict[Path, str] = {}
    for name, path in files.items():
        if path is not None and (other := seen.setdefault(path.resolve(), name)) != name:
            raise UsageError(f"{other} and {name} are the same file, {path}", fix=f"give {name} another name")


def _calibrated(config: Path, source: Path | None, answers: Path, *, as_json: bool) -> int:
    """What the answers tell; or, where there are none, pairs of the store to be answered."""
    from leadsync.cli import calibration
    from leadsync.config.load import load_config

    if answers.exists():
        return calibration.tell(answers, calibration.STORE if source is None else _content(source), as_json=as_json)
    return calibration.of_store(load_config(config), answers, as_json=as_json)


def _ask(
    path: Path, of_list: str, edges: "Sequence[Edge]", ids: Sequence[str], rows: Sequence[dict[str, str]],
    entries: "dict[int, Entry]", scale: "Scale", *, as_json: bool,
) -> int:  # fmt: skip
    """Draw among the likely pairs of the list."""
    from leadsync.cli.calibration import agrees, ask, said
    from leadsync.core.match.calibration import Pair

    of = {(ids[edge.left], ids[edge.right]): edge for edge in edges}

    def shown(pair: Pair) -> tuple[str, str, str]:
        edge = of[pair[:2]]
        one, two = entries[edge.left], entries[edge.right]
        parts = scale.explain(one.features, two.features, one.terms, two.terms)
        told = [said(rows[nth].values()) for nth in edge[:2]]
        return told[0], told[1], agrees((part.field, part.level) for part in parts)

    pairs = (Pair(*names, edge.weight) for names, edge in of.items())
    return ask(path, pairs, scale.model.automatic, shown, of_list, as_json=as_json)


def _content(source: Path) -> str:
    """By which a list is known again. Raises `UserError`."""
    try:
        with source.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{source} cannot be read: {error.strerror}") from None


def _clusters(ids: Sequence[str], of: dict[int, int]) -> Iterator[tuple[str, int]]:
    numbers: dict[int, int] = {}
    for n, id_ in enumerate(ids):
        yield id_, numbers.setdefault(of[n], len(numbers) + 1)


def _pairs(
    edges: "Sequence[Edge]", ids: Sequence[str], entries: "dict[int, Entry]", scale: "Scale"
) -> Iterator[tuple[str, str, str, str, str]]:
    """Each pair with its parts, the heaviest first; the weight is the sum of the parts as they are written."""
    for left, right, weight in sorted(edges, key=lambda edge: (-edge.weight, edge.left, edge.right)):
        one, two = entries[left], entries[right]
        parts = [
            part._replace(weight=round(part.weight, 2))
            for part in scale.explain(one.features, two.features, one.terms, two.terms)
        ]
        total, sure = sum(part.weight for part in parts), scale.model.probability(weight)
        yield (
            ids[left],
            ids[right],
            f"{total:.2f}",
            f"{sure:.4f}",
            orjson.dumps([list(part) for part in parts]).decode(),
        )


def _write(path: Path, header: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def _capped(keys: "pl.DataFrame", entries: "dict[int, Entry]") -> list[dict[str, Any]]:
    from leadsync.core.match.keys import described
    from leadsync.core.match.pairs import over

    return [
        {"key": described(entries[id_].features, key)[:100], "records": records}
        for key, records, id_ in over(keys).iter_rows()
    ]


def _report(
    of: dict[int, int], compared: int, held: int, capped: list[dict[str, Any]], model: "Model",
    drift: list[tuple[str, str, float, float]], *, train: bool,
) -> dict[str, Any]:  # fmt: skip
    from leadsync.core.match.model import written

    sizes = Counter(of.values())
    return {
        "rows": len(of), "clusters": len(sizes), "rows_in_larger_clusters": sum(n for n in sizes.values() if n > 1),
        "largest": max(sizes.values(), default=0), "compared": compared, "held_for_review": held,
        "automatic": model.automatic, "capped_keys": capped,
        "trained": [dict(zip(("field", "level", "before", "after"), row, strict=True)) for row in drift],
        **({"model": written(model)} if train else {}),
    }  # fmt: skip


def _tell(report: dict[str, Any], out: Path) -> None:
    people = "person" if report["clusters"] == 1 else "people"
    print(
        f"{report['rows']} rows are {report['clusters']} {people}: {report['rows_in_larger_clusters']} rows share "
        f"theirs with another, {report['largest']} at most; {report['compared']} pairs compared. Written to {out}."
    )
    if report["held_for_review"]:
        print(
            f"{report['held_for_review']} likely pairs did not join: their names, or other rows of theirs, disagree. "
            "See --pairs."
        )
    for row in report["trained"][:_SHOWN]:
        print(f"trained: {row['field']} {row['level']} {row['before']:+.1f} → {row['after']:+.1f} bits")
    for row in report["capped_keys"][:_SHOWN]:
        print(f"not looked at: {row['records']} rows have the same {row['key']}", file=sys.stderr)
    if (more := len(report["capped_keys"]) - _SHOWN) > 0:
        print(f"not looked at: and {more} more values", file=sys.stderr)
