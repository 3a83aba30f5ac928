"""Files with places: a YAML file as plain data, and as a model, with every problem at its file, line and column."""

import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from leadsync.config.syntax import MOST_BYTES, Loc, Syntax, lines_of
from leadsync.connector import SecretRef
from leadsync.errors import Problem, UserError

__all__ = ["Document", "Loc", "load", "validate"]

M = TypeVar("M", bound=BaseModel)

_LONGEST_LINE = 300  # characters of a line that is still shown whole
_GUESSED = 100  # problems of a file; after that many nobody guesses any more which keys were meant
_MAPPING, _TEXT, _LIST = "expected keys with values", "expected text", "expected a list"
_NUMBER, _WHOLE, _YES_NO = "expected a number", "expected a whole number", "expected true or false"
_SOME = "expected at least one"
_EXPECTED = {  # what pydantic calls wrong in words of Python
    "dict_type": _MAPPING, "model_type": _MAPPING, "model_attributes_type": _MAPPING, "string_type": _TEXT,
    "path_type": _TEXT, "tuple_type": _LIST, "list_type": _LIST, "bool_type": _YES_NO, "bool_parsing": _YES_NO,
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE, "int_parsing_size": _WHOLE,
    "float_type": _NUMBER, "float_parsing": _NUMBER, "finite_number": _NUMBER,
    "greater_than": "expected more than {gt:g}", "greater_than_equal": "expected {ge:g} or more",
    "less_than": "expected less than {lt:g}", "less_than_equal": "expected {le:g} or less",
    "too_short": _SOME, "string_too_short": "expected at least one character",
    "too_long": "expected at most {max_length} entries", "string_too_long": "expected at most {max_length} characters",
}  # fmt: skip
_NEXT = (  # what to do about a word that is told without advice
    ("unknown field", "use a field of leadsync, or declare your own under `fields:` of leadsync.yaml"),
    ("unknown word", "use a word of leadsync, or declare a field under `fields:` of leadsync.yaml"),
    ("unknown activity", "use an activity of leadsync"), ("unknown result", "use a result of leadsync"),
    ("is not available yet", "leave it out until then"),
)  # fmt: skip
_ADVICE = {  # what to do about it, where what to write instead is not plain
    _MAPPING: "write `key: value` lines below it, or {key: value}", _LIST: "write a list such as [a, b]",
    _TEXT: "write it in quotes", _YES_NO: "write true or false", _NUMBER: "write a number such as 12.5",
    _WHOLE: "write a number such as 12", "expected a time span": "write a number with its unit: s, m, h or d",
    "expected whole days,": "write a number of days, such as 30d",
}  # fmt: skip


@dataclass
class Document:
    """A YAML file as plain data, and where each part of it stands.

    `lines` are those that a fix may show, by file. What `validate` finds goes to `gather`; where that is None, it is
    raised. `doubted` are the places, and `absent` the names, of what was left out and of what lies around it.
    """

    path: Path
    data: Any
    places: dict[Loc, str] = field(default_factory=dict)
    texts: dict[Loc, tuple[str, int, int]] = field(default_factory=dict)  # one-line text: file, line, column
    lines: dict[str, list[str]] = field(default_factory=dict)
    gather: list[Problem] | None = None
    doubted: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()

    def inside(self, loc: Sequence[str | int], offset: int) -> str:
        """`file:line:column` of the character at `offset` of a text; of the text itself where it spans lines."""
        if tuple(loc) not in self.texts:
            return self.place(loc)
        file, line, column = self.texts[tuple(loc)]
        return f"{file}:{line}:{column + offset}"

    def around(self, loc: Sequence[str | int]) -> str:
        """The quote that a text stands in, if any."""
        file, line, column = self.texts.get(tuple(loc), ("", 1, 1))
        before = self.lines[file][line - 1][: column - 1][-1:] if self.lines.get(file) else ""
        return before if before in ("'", '"') else ""

    def place(self, loc: Sequence[str | int]) -> str:
        """`file:line:column` of the part at `loc`, or of the nearest part around it."""
        spot = tuple(loc)
        while spot and spot not in self.places:
            spot = spot[:-1]
        return self.places.get(spot, str(self.path))

    def part(self, loc: Loc) -> Any:
        """What stands at `loc`."""
        data = self.data
        for part in loc:
            data = data[part]
        return data

    def at(self, loc: Loc) -> "Document":
        """The part at `loc` as a document of its own."""
        n = len(loc)
        places = {place[n:]: at for place, at in self.places.items() if place[:n] == loc}
        texts = {place[n:]: at for place, at in self.texts.items() if place[:n] == loc}
        return replace(self, data=self.part(loc), places=places, texts=texts)

    def over(self, base: "Document", depth: int, *, away: bool = False) -> "Document":
        """This document laid over `base`: mappings merge down to `depth` levels, anything else replaces by name; with
        `away`, null takes what stands there away.

        `counters` is one level of its own: its entries are names as well. A rule without a label keeps that which it
        replaces.
        """

        def merge(mine: Any, theirs: Any, levels: int) -> Any:
            if levels and isinstance(mine, dict) and isinstance(theirs, dict):
                gone = {k for k, v in mine.items() if away and v is None and k in theirs}
                return {k: v for k, v in theirs.items() if k not in gone} | {
                    k: merge(v, theirs[k], levels - (k != "counters")) if k in theirs else v
                    for k, v in mine.items() if k not in gone
                }  # fmt: skip
            if away and isinstance(mine, dict) and isinstance(theirs, dict) and "label" in theirs:
                return {"label": theirs["label"]} | mine
            return mine

        data = merge(self.data, base.data, depth)
        places = {loc: at for loc, at in base.places.items() if _holds(data, loc)}  # not those of what was replaced
        texts = {loc: at for loc, at in base.texts.items() if loc not in self.places} | self.texts
        return replace(self, data=data, places=places | self.places, texts=texts, lines=base.lines | self.lines)

    def leave_out(self, gone: set[Loc]) -> None:
        """Take parts out. What is said afterwards of them, or of what they stood in, may follow from that alone."""
        moved: dict[Loc, Loc] = {}  # entries of a list move up

        def kept(data: Any, old: Loc, new: Loc) -> Any:
            moved[old] = new
            if isinstance(data, dict):
                return {k: kept(v, (*old, k), (*new, k)) for k, v in data.items() if (*old, k) not in gone}
            if isinstance(data, list):
                left = [i for i in range(len(data)) if (*old, i) not in gone]
                return [kept(data[i], (*old, i), (*new, n)) for n, i in enumerate(left)]
            return data

        around = {loc[:n] for loc in gone for n in range(1, len(loc) + 1)}
        self.doubted |= {self.place(loc) for loc in around}
        self.absent |= {str(loc[-1]) for loc in gone if loc}
        self.data = kept(self.data, (), ())
        self.places = {moved[loc]: at for loc, at in self.places.items() if loc in moved}
        self.texts = {moved[loc]: at for loc, at in self.texts.items() if loc in moved}

    def told(self, problems: Sequence[Problem]) -> list[Problem]:
        """Those that do not merely follow from what was left out; a fix shows the line as it is meant where it can."""
        return [
            self._mended(problem)
            for problem in problems
            if problem.where not in self.doubted and not self.absent & set(re.findall(r"'([^']*)'", problem.what))
        ]

    def _mended(self, problem: Problem) -> Problem:
        guess = re.search(r"'([^']+)'; did you mean '([^']+)'\?$", f"{problem.what}; {problem.fix}".removesuffix("; "))
        if guess is not None:
            return replace(problem, fix=self.repaired(problem.where, guess[1], guess[2]))
        return problem if problem.fix else replace(problem, fix=next((f for w, f in _NEXT if w in problem.what), ""))

    def repaired(self, where: str, wrong: str, right: str) -> str:
        """A fix: the line at a place with the `wrong` word replaced; only the `right` one if it may not be shown."""
        spot = re.fullmatch(r"(.*):(\d+):(\d+)", where)
        lines = self.lines.get(spot[1], []) if spot else []
        line = lines[int(spot[2]) - 1] if spot and int(spot[2]) <= len(lines) else ""
        at = int(spot[3]) - 1 if spot else 0
        edge = r"\b" if wrong.isidentifier() else ""
        found = re.compile(edge + re.escape(wrong) + edge).search(line, at)
        if found is None or len(line) > _LONGEST_LINE:
            return f"write `{right}` instead of `{wrong}`"
        return f"write `{line[: found.start()]}{right}{line[found.end() :]}`"


def _holds(data: Any, loc: Loc) -> bool:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def load(path: Path, *, listed: bool = False, gather: list[Problem] | None = None, shown: bool = True) -> Document:
    """Read a YAML file of keys and values, or of a list where it is `listed`. Its lines may be `shown` in a fix unless
    they can hold secrets.

    Raises `UserError` with the place for what cannot be read. What can be left out, duplicate keys and their like, goes
    to `gather`, if there is one.
    """
    text = _text(path)
    syntax = Syntax(text, str(path))
    lines = lines_of(text) if shown else []
    problems = [_without_tabs(problem, lines) for problem in syntax.problems]
    if not syntax.whole or (problems and gather is None):
        raise UserError(problems)
    data = syntax.data if syntax.data is not None else [] if listed else {}
    if not isinstance(data, list if listed else dict):
        wanted = "a list, each entry after a `-`" if listed else "a set of `key: value` lines"
        raise UserError([*problems, Problem(f"this is not {wanted}", f"{path}:1:1", f"write {wanted}")])
    found = Document(path, data, syntax.places, syntax.texts, {str(path): lines}, gather)
    if gather is not None:
        gather += problems
        found.leave_out(syntax.refused)
    return found


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError([Problem("this is not a file", str(path), "put a text file here")])
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = f"cannot read the file: {getattr(error, 'strerror', None) or 'that is no name of a file'}"
        raise UserError([Problem(why, str(path), "give the user who runs leadsync a file to read")]) from error
    if len(raw) > MOST_BYTES:
        told = f"the file is larger than {MOST_BYTES // 1_000_000} MB"
        raise UserError([Problem(told, str(path), "keep only what leadsync is to read")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace").split("\n")
        where = f"{path}:{len(before)}:{len(before[-1]) + 1}"
        raise UserError([Problem("the file is not text in UTF-8", where, "save it as UTF-8")]) from error


def _without_tabs(problem: Problem, lines: list[str]) -> Problem:
    line = lines[int(problem.where.split(":")[-2]) - 1] if lines else ""
    indent = re.match(r"[ \t]*", line)
    if "a tab" not in problem.what or not indent or "\t" not in indent[0]:
        return problem
    return replace(problem, fix=f"write `{indent[0].expandtabs(2)}{line[indent.end() :]}`")


def validate(model: type[M], document: Document) -> M:
    """The document as a model.

    Every problem of its form is told at once, each at its place: raised as `UserError`, or added to the document's
    `gather`. Then what is wrong is left out of the document, and the model is that of the rest; where nothing is left,
    a `UserError` without problems is raised.
    """
    problems: dict[Problem, None] = {}
    whole = True
    while True:
        found, wrong, beside = None, dict[Loc, list[ErrorDetails]](), dict[tuple[Loc, str], set[str]]()
        try:
            found = model.model_validate(document.data)
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                wrong.setdefault(_written(document, item["loc"]), []).append(item)
        for spot, items in wrong.items():
            if (spot or whole) and document.place(spot) not in document.doubted:
                few = beside if len(problems) < _GUESSED else None
                problems |= dict.fromkeys(document.told(list(_problems(model, document, spot, items, few))))
        if found is not None or () in wrong:
            break
        document.leave_out(set(wrong))
        whole = False
    if problems and document.gather is None:
        raise UserError(list(problems))
    if document.gather is not None:
        document.gather += problems
    if found is None:
        raise UserError([])
    return found


def _problems(
    model: type[BaseModel], document: Document, spot: Loc, items: list[ErrorDetails],
    beside: dict[tuple[Loc, str], set[str]] | None,
) -> Iterator[Problem]:  # fmt: skip
    """What is wrong at one place: several things where it could be one of several.

    `beside` keeps the keys of a part that one file holds, so that they are looked up once; None where no unknown key
    is guessed at.
    """
    value, where = document.part(spot), document.place(spot)
    label = next((f"{part if part.strip() else repr(part)}: " for part in reversed(spot) if isinstance(part, str)), "")
    said: dict[str, None] = {}
    for item in items:
        name = str(item["loc"][-1]) if item["loc"] else ""
        if item["type"] == "missing" and isinstance(value, list):
            whole = max(int(each["loc"][-1]) for each in items if each["type"] == "missing") + 1
            said[f"expected {whole} values, and there are {len(value)}; write all {whole}"] = None
        elif item["type"] == "missing":
            known = _keys(model, item["loc"][:-1])
            if not get_close_matches(name, [key for key in value if key not in known], 1):  # which is told as unknown
                yield Problem(f"the key {name!r} is missing", where, f"add `{name}: …`")
        elif item["type"] == "extra_forbidden":
            known, around = _keys(model, item["loc"][:-1]), spot[:-1]
            here = (around, where.rsplit(":", 2)[0])
            if beside is not None and here not in beside:
                beside[here] = {
                    k for k in document.part(around) if document.place((*around, k)).startswith(f"{here[1]}:")
                }
            loose = name in ("points", "per", "when")  # of a rule without a name
            if "rules" in known and (loose or (isinstance(value, dict) and "points" in value)):
                fix = f"put it below `rules:`, as in `rules: {{{'NAME' if loose else name}: {{points: …}}}}`"
                yield Problem(f"unknown key {name!r}", where, fix)
                continue
            yield _unknown(name, known, known if beside is None else beside[here], where)
        elif item["type"] in ("literal_error", "enum"):
            known = re.findall(r"'([^']+)'", item["ctx"]["expected"])
            close = get_close_matches(str(value).lower(), known, 1)
            told = f"{label}expected {item['ctx']['expected']}"
            if close:
                yield Problem(f"{told}, not {value!r}", where, f"did you mean '{close[0]}'?")
            else:
                yield Problem(told, where, "write one of them")
        else:
            what = _EXPECTED[item["type"]].format(**item.get("ctx", {})) if item["type"] in _EXPECTED else item["msg"]
            said[what.removeprefix("Value error, ")] = None
    if said:
        what = _one_of(list(said))
        plain = isinstance(value, str | int | float)
        right = _meant(what, str(value)) if plain and _meant(what, str(value)) != value else None
        advice = _ADVICE.get(what.split(" such as")[0], "") if plain or what != _TEXT else "write one text, not several"
        fix = document.repaired(document.inside(spot, 0), str(value), right) if right else advice
        if not fix and len(said) == 1:
            what, fix = _with_fix(what)
        yield Problem(label + what[:1].lower() + what[1:], where, fix)


def _with_fix(what: str) -> tuple[str, str]:
    """What is wrong, and what to do about it where that is said with it."""
    if re.fullmatch(r"expected (\S+ or (more|less)|(more|less) than \S+)", what):
        return what, f"write {what.removeprefix('expected ')}"
    found = re.fullmatch(r"(.*?); ((?:write|there are|did you mean) .*)", what, re.DOTALL)
    return (found[1], found[2]) if found else (what, "")


def _one_of(expected: list[str]) -> str:
    """What may stand at a place that takes one of several things."""
    others = [what for what in expected if not (what == _WHOLE and _NUMBER in expected) and what != _SOME] or expected
    first, *rest = others
    return first + "".join(", or " + what.removeprefix("expected ") for what in rest)


def _unknown(name: str, known: list[str], beside: Collection[str], where: str) -> Problem:
    if not name.isprintable():
        fix = "type it again, with plain blanks"
        return Problem("signs that cannot be seen stand in or before this key", where, fix)
    if name.isdecimal():
        return Problem(f"unknown key {name!r}", where, f"write decimals with a point, such as 1.{name}, or remove it")
    close = get_close_matches(name, [key for key in known if key not in beside], 1)
    if set(known) == set(SecretRef.model_fields) and not close:  # it may be the secret
        return Problem("this key does not say where a secret is kept", where, "write {env: THE_VARIABLE}")
    here = f"remove it; the keys here are {', '.join(known)}" if known else "remove it"
    return Problem(f"unknown key {name!r}", where, f"did you mean '{close[0]}'?" if close else here)


def _meant(what: str, value: str) -> str | None:
    """What to write instead of a value, where that is plain."""
    text = value.strip().lower()
    if what == _YES_NO:
        return (
            "true" if text in ("on", "yes", "y", "true") else "false" if text in ("off", "no", "n", "false") else None
        )
    if what in (_NUMBER, _WHOLE):
        plain = re.sub(r"[\s_%]", "", text) if what == _WHOLE else re.sub(r"[\s_%]", "", text).replace(",", ".")
        return plain if plain != value and re.fullmatch(r"-?\d+(\.\d+)?", plain, re.ASCII) else None
    if what == "expected more than 0" and re.fullmatch(r"-[1-9]\d{0,2}(\.\d+)?", text, re.ASCII):
        return text[1:]
    if not what.startswith(("expected a time span", "expected whole days")):
        return None
    if clock := re.fullmatch(r"(\d{1,4}):([0-5]\d)", text, re.ASCII):
        return f"{int(clock[1]) * 60 + int(clock[2])}m"
    span = re.fullmatch(r"([1-9]\d{0,5})\s*([smhdw])(ec|in|r|econd|inute|our|ay|eek)?s?", text, re.ASCII)
    if span is None:
        return None
    return f"{int(span[1]) * 7}d" if span[2] == "w" else span[1] + span[2]


def _written(document: Document, loc: Loc) -> Loc:
    """The place of a problem without the levels that only the model has (`groups`, `fields`, a validator's name)."""
    spot: Loc = ()
    for part in loc:
        spot = (*spot, part) if (*spot, part) in document.places else spot
    return spot


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that a file may have at a place of the model."""
    schema = _schema(model)

    def opened(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
            inner = [n for kind in ("anyOf", "allOf", "oneOf") for n in node.get(kind, ())]
            for other in (*inner, *([schema["$defs"][node["$ref"].split("/")[-1]]] if "$ref" in node else ())):
                yield from opened(other)

    nodes = list(opened(schema))
    for part in loc:
        below = [
            inner
            for node in nodes
            for inner in opened(
                node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items")
            )
        ]
        nodes = below or nodes
    return sorted({key for node in nodes for key in node.get("properties", {})})
