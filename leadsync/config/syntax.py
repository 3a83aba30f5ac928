"""The text of a YAML file as plain data, with the place of each part. What can surprise or harm is refused.

Only true, false, plain decimal numbers and null are resolved; all else stays text. Reading stops at the limits below,
so that no file, however odd, takes long or much memory.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from leadsync.errors import Problem

Loc = tuple[str | int, ...]

MOST_BYTES, MOST_DEPTH, MOST_VALUES = 1_000_000, 30, 20_000

_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")  # a longer one is an id, and stays as it is
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # could not be printed, stored or sent to a CRM
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines
_QUOTE = "put the value in quotes"
_BLANKS = "indent by blanks, as many as the lines beside it have"
_TAG = "a value that begins with `!` is a tag to YAML, and tags are not supported"
_FLOW = "put `,` between entries and text with `:` or `,` in quotes, and close the bracket"
_SAID: tuple[tuple[str, bool, str, str], ...] = (  # what PyYAML says; whether its first place is meant; what we say
    (r"character '\t'", False, "a tab stands where blanks belong", _BLANKS),
    ("cannot start any token", False, "a value cannot begin with this character", _QUOTE),
    ("could not find expected ':'", True, "after this key a `: ` is missing", "write `key: value`"),
    ("mapping values are not", False, "a `:` cannot stand here", f"put text with `:` in quotes, or {_BLANKS}"),
    ("sequence entries are not", False, "a list entry cannot stand here", "give each `- ` a line of its own"),
    ("unexpected end of stream", True, "this quote is not closed", "close it"),
    ("unexpected document separator", True, "this quote is not closed", "close it"),
    ("unknown escape", False, "after a backslash this character has no meaning", "write two backslashes, or use '…'"),
    ("hexadecimal", False, "this is no character", "write the character itself"),
    ("an alias", True, "a value that begins with `*` repeats another one", _QUOTE),
    ("an anchor", True, "a value that begins with `&` names what follows", _QUOTE),
    ("flow sequence", True, "this `[` is not closed, or what it holds is not a list", _FLOW),
    ("flow mapping", True, "this `{` is not closed, or what it holds are not keys and values", _FLOW),
    ("a block scalar", True, "a value that begins with `>` or `|` is a text of several lines", _QUOTE),
    ("node content", False, "a value is missing before this", _QUOTE),
    ("document start", False, "this does not belong to what stands above", "a file holds one document"),
    ("block", False, "this does not fit with what stands above", f"{_BLANKS}; put text in quotes as a whole"),
    ("directive", False, "a line cannot begin with `%`", _QUOTE),
    ("a tag", True, _TAG, _QUOTE),
    ("tag handle", False, _TAG, _QUOTE),
)


def lines_of(text: str) -> list[str]:
    """The lines of a text, as places count them."""
    return _BREAK.split(text)


class Syntax:
    """`data`, `places` and `texts` (one-line text: file, line, column) of a file; the `problems` of its text.

    `refused` are the parts that mean nothing here; they are in `data`, for whoever reads on to leave them out. `whole`
    tells whether all of it could be read.
    """

    def __init__(self, text: str, file: str) -> None:
        self._file, self._lines = file, lines_of(text)
        self.data: Any = None
        self.places: dict[Loc, str] = {}
        self.texts: dict[Loc, tuple[str, int, int]] = {}
        self.problems: dict[Problem, None] = {}  # each once
        self.refused: set[Loc] = set()
        self.whole = False
        self._values = 0
        self._seen: list[Any] = []
        self._anchors: dict[str, tuple[int, int]] = {}  # where in `_seen` it begins and ends; 0 while it is open
        try:
            self._loader: Any = yaml.SafeLoader(text)  # untyped, as its events are
            self._document()
            self.whole = True
        except yaml.reader.ReaderError as error:
            line = _BREAK.split(text[: error.position])
            self._tell(f"{file}:{len(line)}:{len(line[-1]) + 1}", *_unseen(error.character))
        except yaml.MarkedYAMLError as error:
            self._misread(error)
        except (ValueError, OverflowError):  # an escape for a character that does not exist
            self._tell(self._loader.get_mark(), "this is no character", "write the character itself")
        except _Limit as limit:
            self._tell(limit.mark, limit.what, limit.fix)

    def _tell(self, mark: Any, what: str, fix: str = "") -> None:
        self.problems[Problem(what, mark if isinstance(mark, str) else self._at(mark), fix)] = None

    def _at(self, mark: Any) -> str:
        return f"{self._file}:{mark.line + 1}:{mark.column + 1}"

    def _misread(self, error: yaml.MarkedYAMLError) -> None:
        said = f"{error.context} {error.problem}"
        found = next((row for row in _SAID if row[0] in said), None)
        mark = error.context_mark if found and found[1] and error.context_mark else error.problem_mark
        what, fix = (found[2], found[3]) if found else ("this cannot be read", _QUOTE)
        self._tell(mark, f"this is not YAML: {what}", fix)

    def _document(self) -> None:
        events = self._events()
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and self.places:
                fix = "take out this line, or put what follows into a file of its own"
                return self._tell(event.start_mark, "a second document begins here, and a file holds one", fix)
            if isinstance(event, yaml.NodeEvent):
                self.data = self._build(event, events, (), 0)

    def _events(self) -> Iterator[Any]:
        while self._loader.check_event():
            self._seen.append(self._loader.get_event())
            yield self._seen[-1]

    def _build(self, event: Any, events: Iterator[Any], loc: Loc, depth: int) -> Any:
        mark = event.start_mark
        self.places[loc] = self._at(mark)
        self._values += 1
        if depth > MOST_DEPTH:
            raise _Limit(mark, f"nested more than {MOST_DEPTH} deep", "close the brackets, or write it flatter")
        if self._values > MOST_VALUES:
            fix = "take out what is not needed, and repeat less by `*name`"
            raise _Limit(mark, f"the file holds more than {MOST_VALUES} values, repeated ones included", fix)
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event, loc, depth)
        begin = len(self._seen) - 1
        live = self._seen[begin] is event  # and not repeated
        if live and event.anchor:
            self._anchors[event.anchor] = (begin, 0)
        if event.tag is not None:
            self._tell(mark, _TAG, f"leave the tag out, or {_QUOTE}")
            self.refused.add(loc)
        data = self._plain(event, events, loc, depth)
        if live and event.anchor:
            self._anchors[event.anchor] = (begin, len(self._seen))
        return data

    def _repeated(self, event: Any, loc: Loc, depth: int) -> Any:
        begin, end = self._anchors.get(event.anchor, (0, 0))
        if not end:
            told = "a value that begins with `*` repeats another one, and none of this name stands above"
            self._tell(event.start_mark, told, _QUOTE)
            self.refused.add(loc)
            return None
        again: Iterator[Any] = iter(self._seen[begin:end])
        first = next(again)
        try:
            data = self._build(first, again, loc, depth)
        except _Limit as limit:  # which is not the fault of what is repeated, but of repeating it
            raise _Limit(event.start_mark, limit.what, limit.fix) from None
        self.places[loc] = self._at(event.start_mark)
        return data

    def _plain(self, event: Any, events: Iterator[Any], loc: Loc, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, loc, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            found: list[Any] = []
            for item in events:
                if isinstance(item, yaml.SequenceEndEvent):
                    break
                found.append(self._build(item, events, (*loc, len(found)), depth + 1))
            return found
        if odd := _UNSEEN.search(event.value):
            self._tell(event.start_mark, *_unseen(odd[0]))
            self.refused.add(loc)
        if event.start_mark.line == event.end_mark.line:
            quote = event.style in ("'", '"')
            self.texts[loc] = (self._file, event.start_mark.line + 1, event.start_mark.column + 1 + quote)
        return _scalar(event)

    def _mapping(self, events: Iterator[Any], loc: Loc, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            mark, key = event.start_mark, getattr(event, "value", None)
            if key is None or _UNSEEN.search(key):
                self._tell(mark, "a key must be a word", "put a key that begins with * & ! or a bracket in quotes")
                self._build(event, events, (*loc, "?"), depth + 1)
                self._build(next(events), events, (*loc, "?"), depth + 1)
                continue
            if event.anchor or event.tag:
                self._tell(mark, "a key is given no name and no tag", "put a key that begins with & or ! in quotes")
            if key == "<<" and event.style is None:
                fix = "write out the entries here, or repeat a whole value by `*name`"
                self._tell(mark, "merging by `<<` is not supported", fix)
                self.refused.add((*loc, key))
            elif key in found:
                self._tell(mark, f"the key {key!r} stands here twice", "keep one of them")
            found[key] = self._build(next(events), events, (*loc, key), depth + 1)
            self.places[(*loc, key)] = self._at(mark)
        return found


class _Limit(Exception):
    """Reading on would not end soon, or not at all."""

    def __init__(self, mark: Any, what: str, fix: str) -> None:
        super().__init__(what)
        self.mark, self.what, self.fix = mark, what, fix


def _scalar(event: Any) -> Any:
    value: str = event.value
    if event.style is not None:  # quoted or block text
        return value
    if value in ("", "~", "null"):
        return None
    if value in ("true", "false"):
        return value == "true"
    if _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _unseen(character: str | int) -> tuple[str, str]:
    code = ord(character) if isinstance(character, str) else character
    fix = "save the file as UTF-8" if not code else "remove it"
    return f"a character that cannot be seen (U+{code:04X}) stands here", fix
