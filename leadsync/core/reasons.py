"""The score read aloud in one line of a CRM: the three strongest reasons, one item that carries all the rest, and what
changed and what to do next where the caller says so. In columns, for many leads at once.

Whole points that always add up to the score. Dates of events, not ages, so that the line does not change by itself.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from leadsync.core.line import FSI, LONGEST, LRI, PDI, RLI, cleaned, cut, isolated, share, units
from leadsync.core.score import Scores
from leadsync.core.scoring import Labels
from leadsync.core.wording import WORDINGS, Wording

_STRONGEST = 3
_DATED_DAYS = 300  # a date further back than this is told with its year
_OF_TWO_UNITS = "[\U00010000-\U0010ffff]"
_BETWEEN = " · "
_DIGITS = "0123456789۰۱۲۳۴۵۶۷۸۹"
_STEERING = (FSI, LRI, RLI, PDI)
_POINTS = f"{_DIGITS}▲▼ "
_SCORED = re.compile(f"[{_DIGITS}]+ ")
_NEXT = tuple(f". {words.next}: " for words in WORDINGS.values())
_HERE = pl.col("row")
_Named = Sequence[tuple[tuple[str, str], Mapping[str, str]]]
"""The items of `Labels`, by number of the rule."""


def reason_lines(
    scores: Scores,
    labels: Labels,
    language: str = "en",
    *,
    languages: Mapping[int, str] | None = None,
    before: Mapping[int, int] | None = None,
    actions: Mapping[int, str] | None = None,
) -> pl.DataFrame:
    """lead, day, reasons per row of `scores.totals`, in its order; at most `LONGEST`. `labels` as in `Scoring.labels`.

    Per lead: its language, where that is not `language`; the score `before`, to tell by how much it rose or fell; what
    to do next, in the lead's language. Raises KeyError for a language that there are no words for.

    A rule is told with what its own cap took, and together with those of the same label. "and N more" counts the others
    and carries, like "limits", what caps, floor, ceiling and rounding did.
    """
    leads = scores.totals["lead"].to_list()
    steps = {action: cleaned(action) for action in set((actions or {}).values())}
    rows = scores.totals.select("lead", "day", "score", "temperature").with_columns(
        pl.int_range(pl.len()).alias("row"),
        pl.Series("language", [(languages or {}).get(lead, language) for lead in leads], dtype=pl.String),
        change=pl.col("score") - pl.Series([(before or {}).get(lead) for lead in leads], dtype=pl.Int64),
        action=pl.Series([steps.get((actions or {}).get(lead, "")) for lead in leads], dtype=pl.String),
    )
    named = list(labels.items())
    items, rest = _told(scores.parts, rows, named)
    rows = rows.join(rest, on="row", how="left").with_columns(pl.col("rules", "shown", "told").fill_null(0))
    lines = [pl.DataFrame(schema={"row": pl.Int64, "line": pl.String})]
    for (spoken,), own in rows.partition_by("language", as_dict=True).items():
        mine = items if own.height == rows.height else items.join(own, on="row", how="semi", maintain_order="left")
        lines.append(_lines(WORDINGS[spoken], own, mine, named))
    line = pl.concat(lines).sort("row")["line"]
    return scores.totals.select("lead", "day", line.alias("reasons"))


def _told(parts: pl.DataFrame, rows: pl.DataFrame, named: _Named) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The strongest rules (row, rule: its number among `named`, whole, on, old), strongest first; and per row `rules`:
    how many count, `shown`: how many are strongest, `told`: their points, `limited`: whether a group was, or the total.
    Rules of the same label are the first of them.
    """
    both, first = ["group", "name"], dict[tuple[str, ...], int]()
    same = [first.setdefault(tuple(label.values()), number) for number, (_, label) in enumerate(named)]
    rules = pl.DataFrame([key for key, _ in named], {name: pl.String for name in both}, orient="row")
    rules = rules.with_columns(pl.Series("rule", same, dtype=pl.UInt32))
    rules = rules.with_columns(pl.col(name).cast(parts.schema[name], strict=False) for name in both)
    points, rule, many = pl.col("points"), pl.col("rule"), len(named) + 1
    merged = (
        parts.join(rules, on=both, how="left")
        .join(rows.select("lead", "day", "row"), on=["lead", "day"])
        .select(
            (_HERE * many + rule.fill_null(many - 1)).alias("key"), "points", "on",
            limited=rule.is_null() & (pl.col("what") != "rounding"),
        )
        .sort("key")  # makes the grouping cheap
        .group_by("key", maintain_order=True)
        .agg(points.sum(), pl.col("on").max(), pl.col("limited").any())
        .with_columns(row=pl.col("key") // many, rule=pl.col("key") % many)
        .with_columns(whole=points.sign() * ((points.abs() + 50) // 100), weight=-points.abs())
        .sort("row", "weight", "rule")
    )  # fmt: skip
    a_rule = rule < many - 1
    items = merged.filter(a_rule & (pl.col("whole") != 0)).filter((_HERE.shift(_STRONGEST) != _HERE).fill_null(True))
    day = rows["day"].gather(items["row"])
    items = items.select("row", "rule", "whole", "on", old=(day - pl.col("on")).dt.total_days() > _DATED_DAYS)
    rest = merged.group_by("row", maintain_order=True).agg(a_rule.sum().alias("rules"), pl.col("limited").any())
    shown = items.group_by("row", maintain_order=True).agg(pl.len().alias("shown"), told=pl.col("whole").sum())
    return items, rest.join(shown, on="row", how="left")


def _lines(words: Wording, rows: pl.DataFrame, items: pl.DataFrame, named: _Named) -> pl.DataFrame:
    """row, line. Where one would be too long, its labels and its next action share the room that there is."""
    rows = rows.select("row", "action", head=_head(words, rows), tail=_tail(words, rows))
    used = {rule: named[rule] for rule in items["rule"].unique()}
    texts = {rule: cleaned(label[words.code]) or cleaned(name) for rule, ((_, name), label) in used.items()}
    items = items.select("row", text=_mapped("rule", texts), end=_end(words, items))
    lines = _assembled(words, rows, items)
    chars = pl.col("line").str.len_chars()
    suspect = lines.filter(chars * 2 > LONGEST).filter((chars > LONGEST) | pl.col("line").str.contains(_OF_TWO_UNITS))
    if long := {row: length for row, line in suspect.iter_rows() if (length := units(line)) > LONGEST}:
        return lines.update(_assembled(words, *_shortened(long, rows, items)), on="row")
    return lines


def _assembled(words: Wording, rows: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """row, line of `rows` (row, head, tail, action) and `items` (row, text, end), which stand in the order of rows."""
    texts = {text: isolated(text, rtl=words.rtl) for text in items["text"].unique()}
    item = pl.concat_str(_mapped("text", texts), "end")
    others = [pl.when(_HERE.shift(-n) == _HERE).then(item.shift(-n)) for n in range(1, _STRONGEST)]
    items = items.select("row", items=pl.concat_str(item, *others, separator=_BETWEEN, ignore_nulls=True)).filter(
        _HERE.is_first_distinct()
    )
    steps = {action: _next(words, action) for action in rows["action"].drop_nulls().unique()}
    line = pl.concat_str("head", "items", "tail", separator=_BETWEEN, ignore_nulls=True)
    begin, end = (RLI, PDI) if words.rtl else ("", "")
    return rows.join(items, on="row", how="left").select(
        "row", line=pl.concat_str(pl.lit(begin), line, _mapped("action", steps).fill_null(""), pl.lit(end))
    )


def _shortened(long: Mapping[int, int], rows: pl.DataFrame, items: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What lines that are so long are made of, with texts that let them fit."""
    rows, items = (frame.filter(_HERE.is_in(list(long))) for frame in (rows, items))
    lengths: dict[int, list[int]] = {row: [] for row in long}
    for row, text in (*items.select("row", "text").iter_rows(), *rows.select("row", "action").drop_nulls().iter_rows()):
        lengths[row].append(units(text))
    most = {row: share(each, LONGEST - long[row] + sum(each)) for row, each in lengths.items()}

    def fitting(frame: pl.DataFrame, name: str) -> pl.Series:
        texts = frame.select("row", name).iter_rows()
        return pl.Series(name, [text and cut(text, most[row]) for row, text in texts], dtype=pl.String)

    return rows.with_columns(fitting(rows, "action")), items.with_columns(fitting(items, "text"))


def _head(words: Wording, rows: pl.DataFrame) -> pl.Expr:
    change = pl.col("change")
    moved = pl.when(change != 0).then(pl.concat_str(pl.lit(" "), _marked(words, rows, change, "▲", "▼")))
    temperature = _mapped("temperature", words.temperatures)
    return pl.concat_str(_number(words, rows, pl.col("score")), moved.fill_null(""), pl.lit(" "), temperature)


def _end(words: Wording, items: pl.DataFrame) -> pl.Expr:
    """What stands after a label: points, and the date."""
    days = items["on"].drop_nulls().unique()
    with_year, without = (_mapped("on", {day: f" ({words.date(day, year)})" for day in days}) for year in (True, False))
    dated = pl.when("old").then(with_year).otherwise(without).fill_null("")
    return pl.concat_str(pl.lit(" "), _marked(words, items, pl.col("whole"), "+", "−"), dated)


def _tail(words: Wording, rows: pl.DataFrame) -> pl.Expr:
    """What carries the rest, if there is one."""
    hidden, rest = pl.col("rules") - pl.col("shown"), pl.col("score") - pl.col("told")
    more = {count: words.and_more(count) for count in rows.select(hidden).to_series().unique()}
    limits = pl.when(pl.col("limited")).then(pl.lit(words.limits)).otherwise(pl.lit(words.rounding))
    name = pl.when(hidden > 0).then(_mapped(hidden, more)).when(rest != 0).then(limits)
    return pl.concat_str(name, pl.lit(" "), _marked(words, rows, rest, "+", "−"))


def _next(words: Wording, action: str) -> str:
    end = "" if action.endswith((".", "!", "?", "؟", "…")) else "."
    return f". {words.next}: {isolated(action, rtl=words.rtl)}{end}" if action else ""


def gist(line: str) -> tuple[str, ...]:
    """What a line of a CRM says besides points: the temperature, and what to do next; all of one that tells no score.

    Points and their reasons move a little every day, this does not. What is cut off ends in `…`.
    """
    for sign in _STEERING:
        line = line.replace(sign, "")
    if not _SCORED.match(line):
        return (line,)
    kept, _, action = line.rpartition(next((mark for mark in _NEXT if mark in line), "\n"))
    rest = "…" if line.endswith("…") else ""
    return (kept or action).partition(_BETWEEN)[0].lstrip(_POINTS), action.rstrip(".") if kept else rest


def outdated(before: str, after: str) -> bool:
    """Whether a line of a CRM has come to say something else than other points, as far as both tell it."""
    one, two = gist(before), gist(after)
    return one != two and (len(one) != len(two) or not all(map(_agree, one, two)))


def _agree(one: str, two: str) -> bool:
    whole, cut_off = sorted((one, two), key=lambda text: text.endswith("…"))
    begins = cut_off.removesuffix("…")
    return one == two or (
        begins != cut_off and (whole.startswith(begins) or begins.startswith(whole.removesuffix("…")))
    )


def _number(words: Wording, frame: pl.DataFrame, number: pl.Expr) -> pl.Expr:
    """A number of `frame` that is not negative."""
    numbers = frame.select(number.drop_nulls().unique()).to_series()
    return _mapped(number, {each: words.number(each) for each in numbers})


def _marked(words: Wording, frame: pl.DataFrame, number: pl.Expr, up: str, down: str) -> pl.Expr:
    """A number of `frame` with its sign, which stands before it in any direction."""
    begin, end = (LRI, PDI) if words.rtl else ("", "")
    sign = pl.when(number > 0).then(pl.lit(up)).when(number < 0).then(pl.lit(down)).otherwise(pl.lit("±"))
    return pl.concat_str(pl.lit(begin), sign, _number(words, frame, number.abs()), pl.lit(end))


def _mapped(column: str | pl.Expr, texts: Mapping[Any, str]) -> pl.Expr:
    """The text of each value, null for null."""
    column = pl.col(column) if isinstance(column, str) else column
    if not texts:
        return pl.lit(None, pl.String).alias(column.meta.output_name())
    return column.replace_strict(list(texts), list(texts.values()), default=None, return_dtype=pl.String)
