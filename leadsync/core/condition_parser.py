"""Reading conditions: their text becomes the tree of tests that `conditions` describes."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple, NoReturn

import polars as pl

from leadsync.catalog import BANT, FIELDS, NOT_INTEREST, unknown_word
from leadsync.core import condition_slips as slips
from leadsync.core.condition_slips import HOURS, Slip
from leadsync.core.conditions import ActivityTest, Combined, Condition, FieldTest, Literal, Node
from leadsync.core.facts.derive import denies

_DEEPEST, _MOST_TESTS = 50, 500
KEYWORDS = (
    "and", "or", "not", "in", "between", "contains", "matches", "known", "no", "any", "since", "activity", "about",
    "within",
)  # fmt: skip
_COMPARED = ("=", "!=", "<", "<=", ">", ">=", "in", "between", "contains", "matches", "known")
_FIRST = ("not", "no", "any", "activity")  # keywords that a test may begin with
_ORDER = {"number", "date"}
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>!=|<=|>=|[=<>()\[\],])|(?P<quoted>"[^"]*"|'[^']*')|(?P<word>[^\s=<>!()\[\],"'][^\s=<>!()\[\],"]*))"""
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)  # one and a bit, or in much of the world a thousand


class ConditionError(ValueError):
    """A condition that cannot be read: `message` says why, `offset` is the 0-based place in its text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse(text: str, *, fields: Mapping[str, str], activities: Collection[str]) -> Condition:
    """Read a condition that may use these fields (name → text, number, bool or date) and activity kinds.

    Raises `ConditionError` with the place of the first word that is wrong.
    """
    return Condition(text, _Parser(text, fields, activities).whole())


class _Token(NamedTuple):
    kind: str  # sign, quoted, word, end
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens, at, end = list[_Token](), 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            wrong = "this quote is not closed" if text[at] in "\"'" else f"unexpected '{text[at]}'"
            stands = not tokens or tokens[-1].text in ("and", "or", "not", "(")
            denied = text[at] == "!" and stands and text[at + 1 : at + 2].isalpha()
            raise ConditionError(f"{wrong}; did you mean 'not '?" if denied else wrong, at)
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return [*tokens, _Token("end", "", end)]


class _Parser:
    """Recursive descent, one method per rule of the grammar."""

    def __init__(self, text: str, fields: Mapping[str, str], activities: Collection[str]) -> None:
        self._text, self._fields, self._activities = text, fields, activities
        self._tokens = _tokens(text)
        self._place = 0
        self._depth = self._tests = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _at(self, *words: str) -> bool:
        return self._next.kind in ("word", "sign") and self._next.text in words

    def _found(self, *words: str) -> bool:
        found = self._at(*words)
        self._place += found
        return found

    def _need(self, word: str, why: str) -> None:
        if not self._found(word):
            self._fail(f"expected '{word}' {why}", self._next)

    def _fail(self, message: str, token: _Token, *meant: str) -> NoReturn:
        if token.kind == "end":
            raise ConditionError(f"{message}, but the condition ends here", token.at)
        close = get_close_matches(token.text.lower(), meant, n=1, cutoff=0.6)
        raise ConditionError(
            f"{message}, found {token.text!r}" + (f"; did you mean '{close[0]}'?" if close else ""), token.at
        )

    def whole(self) -> Node:
        node = self._either()
        if self._at(","):
            raise ConditionError("a comparison has one value; write `in [.., ..]` for several", self._next.at)
        token = self._next
        if token.kind != "end":
            told, low = "expected 'and', 'or' or the end", token.text.lower()
            meant = ["or"] if low == "or" else get_close_matches(low, ("and",), cutoff=0.75)
            self._slip(told, token.at, (token.text, meant[0]) if meant else None)
            told = f"{told}, found {token.text!r}"
            raise ConditionError(f"{told}; write `and` or `or` before it, or leave it out", token.at)
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self._found("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Combined("or", tuple(parts))

    def _both(self) -> Node:
        parts = [self._single()]
        while self._found("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Combined("and", tuple(parts))

    def _single(self) -> Node:
        token = self._next
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError(f"nested more than {_DEEPEST} deep", token.at)
        try:
            if self._found("not"):
                return Combined("not", (self._single(),))
            if self._found("("):
                node = self._either()
                self._need(")", "to close the bracket")
                return node
            return self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Node:
        token = self._take()
        self._tests += 1
        if self._tests > _MOST_TESTS:
            raise ConditionError(f"more than {_MOST_TESTS} tests in one condition; make several of it", token.at)
        if token.kind != "word" or token.text in ("and", "or"):
            self._fail("expected a field, an activity, 'not' or '('", token)
        if token.text == "any":
            self._need("of", "after 'any'")
            return self._window(tuple(sorted({kind for item in self._items() for kind in self._kinds(item)})), 1)
        if token.text in ("no", "0"):
            self._slip("none of them is said otherwise", token.at, slips.none(self._text, token.at))
        if token.text == "no":
            return self._window(self._kinds(self._take()), 0)
        if _NUMBER.fullmatch(token.text):
            if not token.text.isdecimal() or int(token.text) == 0:
                self._fail("how often must be a whole number from 1 on (or write 'no')", token)
            return self._window(self._kinds(self._take()), int(token.text))
        if token.text == "activity" or token.text in self._activities:
            return self._window(self._kinds(token), 1)
        if token.text in self._fields:
            return self._field(token)
        self._no_test(token)

    def _slip(self, told: str, at: int, slip: Slip) -> None:
        if slip:
            raise ConditionError(f"{told}, found '{slip[0]}'; did you mean '{slip[1]}'?", at)

    def _no_test(self, token: _Token) -> NoReturn:
        self._slip("that is said in another order", token.at, slips.moved(self._text, token.at))
        if token.text in KEYWORDS:
            told = f"'{token.text}' stands behind what it is about"
            raise ConditionError(f"{told}; write the field or the activity before it", token.at)
        raise ConditionError(unknown_word(token.text, "word", (*self._fields, *self._activities, *_FIRST)), token.at)

    def _kinds(self, token: _Token) -> tuple[str, ...]:
        if token.kind != "word":
            self._fail("expected an activity", token)
        if token.text == "activity":
            return tuple(sorted(set(self._activities) - NOT_INTEREST))
        if token.text in ("any", "of"):
            raise ConditionError("several kinds are not counted together; write `3 visit or 3 chat`", token.at)
        if token.text not in self._activities:
            raise ConditionError(unknown_word(token.text, "activity", (*self._activities, "activity")), token.at)
        return (token.text,)

    def _window(self, kinds: tuple[str, ...], least: int) -> ActivityTest:
        topics = self._topics() if self._found("about") else ()
        if self._at("=", "!=", "<", "<=", ">", ">="):
            told, kind = "an activity is not compared", self._tokens[self._place - 1]
            if least == 1 and kind.text in kinds:
                self._slip(told, kind.at, slips.count(self._text, kind.at))
            raise ConditionError(f"{told}; write `3 visit` for at least 3 of them", self._next.at)
        if self._at("within") and "of" in (token.text for token in self._tokens[self._place + 2 :][:1]):
            self._take()
            within = self._days()
            self._need("of", "after the days")
            self._need("capture", "after 'of'")
            return ActivityTest(kinds, least, since_capture=True, topics=topics, within=within)
        self._slip("expected days such as 'in 30d'", self._next.at, slips.period(self._text, self._next.at))
        if self._found("since"):
            if not self._at("capture") and self._next.kind != "end":
                told = f"expected 'capture' after 'since', found {self._next.text!r}"
                raise ConditionError(f"{told}; write `since capture`, or `in 30d` for 30 days", self._next.at)
            self._need("capture", "after 'since'")
            return ActivityTest(kinds, least, since_capture=True, topics=topics)
        return ActivityTest(kinds, least, self._days() if self._found("in") else None, topics=topics)

    def _days(self) -> int:
        token = self._take()
        days = re.fullmatch(r"([1-9]\d{0,4})d", token.text, re.ASCII)
        if days is None:
            self._no_days(token)
        return int(days[1])

    def _no_days(self, token: _Token) -> NoReturn:
        told = "expected a number of days such as '30d'"
        unit = self._next if token.text.isdigit() and self._next.text in HOURS else token._replace(text="")
        text = self._text[token.at : max(token.at + len(token.text), unit.at + len(unit.text))]
        span = re.fullmatch(r"([1-9]\d{0,3})\s*([a-z]*)", text, re.ASCII)
        if span is None or span[2] not in HOURS:
            self._fail(told, token)
        days = -(-int(span[1]) * HOURS[span[2]] // 24)
        raise ConditionError(f"{told}, found '{text}'; did you mean '{days}d'?", token.at)

    def _topics(self) -> tuple[str, ...]:
        tokens = self._items() if self._at("[") else [self._take()]
        for token in tokens:
            if token.kind not in ("word", "quoted") or token.text.strip("\"' ") in ("", "and", "or", "not"):
                self._fail("expected a topic", token)
        said = (token.text[1:-1] if token.kind == "quoted" else token.text for token in tokens)
        return tuple(sorted({each.strip().lower() for each in said}))

    def _field(self, of: _Token) -> Node:
        name, kind, token = of.text, self._fields[of.text], self._next
        unknown = slips.asked(self._text, of.at, also_unknown=kind != "text" or name in BANT)
        self._slip("whether something is known is not compared", of.at, unknown)
        if not self._found(*_COMPARED):
            if token.text == "not" or self._text.startswith("is not in", token.at):
                raise ConditionError(f"'not' cannot stand here; write `not {name} in [..]`", token.at)
            self._slip(f"expected a comparison after '{name}'", token.at, slips.copula(self._text, token.at))
            if token.kind == "word" and token.text not in ("and", "or"):
                self._fail(f"expected a comparison after '{name}'", token, *_COMPARED, "and", "or")
            return FieldTest(name, kind, "=", (True,)) if kind == "bool" else FieldTest(name, kind, "known")
        op = token.text
        if op in ("<", "<=", ">", ">=", "between") and kind not in _ORDER:
            raise ConditionError(f"'{name}' is {kind} and has no order: use =, != or in", token.at)
        if op in ("contains", "matches") and kind != "text":
            raise ConditionError(f"'{op}' is for text, and '{name}' is {kind}", token.at)
        if op in ("=", "!=") and self._denial(name, self._next):
            self._take()
            denied = FieldTest(name, kind, "none")
            return denied if op == "=" else Combined("not", (denied,))
        if op in ("=", "!=") and self._at("["):
            meant = f"{name} in [" if op == "=" else f"not {name} in ["
            self._slip("a comparison has one value", of.at, (self._text[of.at : self._next.at + 1], meant))
        match op:
            case "known":
                return FieldTest(name, kind, op)
            case "!=":
                return Combined("not", (FieldTest(name, kind, "=", (self._value(name),)),))
            case "in" if kind == "date" and not self._at("["):
                raise ConditionError(f"a date is compared with dates; write `{name} >= 2026-11-20`", token.at)
            case "in":
                items = self._items()
                if denial := next((item for item in items if self._denial(name, item)), None):
                    told = f"what is answered with no is asked for alone; write `{name} = none`"
                    raise ConditionError(told, denial.at)
                return FieldTest(name, kind, op, tuple(self._literal(item, name) for item in items))
            case "contains" if self._at("["):
                return FieldTest(name, kind, op, tuple(self._literal(item, name) for item in self._items()))
            case "between":
                low = self._value(name)
                self._need("and", "between the two values")
                return FieldTest(name, kind, op, (low, self._value(name)))
            case "matches":
                return FieldTest(name, kind, op, (self._pattern(),))
        return FieldTest(name, kind, op, (self._value(name),))

    def _denial(self, name: str, token: _Token) -> bool:
        """Whether a value is a no to what leads are asked for."""
        return name in BANT and token.kind in ("word", "quoted") and denies(token.text.strip("\"'"))

    def _no_list(self) -> NoReturn:
        first = last = self._take()
        while self._found(","):
            last = self._take()
        said = self._text[first.at : last.at + len(last.text)]
        raise ConditionError(f"expected '[' to open a list, found '{said}'; did you mean '[{said}]'?", first.at)

    def _value(self, name: str) -> Literal:
        token = self._take()
        unit = FIELDS[name].unit if name in FIELDS else ""
        if unit:
            self._slip(f"'{name}' is a number of {unit}", token.at, slips.months(self._text, token.at))
        value = self._literal(token, name)
        if unit and self._at(unit, unit.removesuffix("s")):
            self._take()
        if self._fields[name] == "text" and token.kind == "word":
            self._one_word(token)
        return value

    def _one_word(self, first: _Token) -> None:
        """Refuse text of several words without quotes, where it is no other fault."""
        place, last = self._place, first
        while self._next.kind == "word" and self._next.text.lower() not in ("and", "or"):
            last = self._take()
            if last.text in self._fields or last.text in self._activities or last.text in KEYWORDS:
                break
        else:
            if last != first:
                said = self._text[first.at : last.at + len(last.text)]
                self._slip("several words are one value in quotes", first.at, (said, f'"{said}"'))
        self._place = place

    def _literal(self, token: _Token, name: str) -> Literal:
        kind, text = self._fields[name], token.text[1:-1] if token.kind == "quoted" else token.text
        if token.kind not in ("word", "quoted") or (token.kind == "word" and text in ("and", "or", "not")):
            self._fail("expected a value", token)
        if kind == "text":
            if not text.strip():
                raise ConditionError(f"empty text is unknown: write '{name} known' or 'not {name} known'", token.at)
            return text.strip().lower()
        if kind == "number" and _THOUSANDS.fullmatch(text):
            whole = text.replace(".", "")
            raise ConditionError(f"{text} can be read two ways; write {whole}, or {float(text):g}", token.at)
        if kind == "number" and _NUMBER.fullmatch(text):
            return float(text)
        if kind == "bool" and text in ("true", "false"):
            return text == "true"
        if kind == "date":
            try:
                return date.fromisoformat(text)
            except ValueError:
                self._fail(f"'{name}' needs a date such as 2026-11-20", token)
        unit = FIELDS[name].unit if name in FIELDS else ""
        told = f"'{name}' needs a number {f'of {unit} such as 3' if unit else 'such as 50'}"
        if kind == "number":
            self._slip(told, token.at, slips.number(text, unit))
        self._fail(f"'{name}' needs true or false" if kind == "bool" else told, token)

    def _pattern(self) -> str:
        token = self._take()
        if token.kind != "quoted":
            told = "expected a regular expression in quotes"
            self._slip(told, token.at, (token.text, f'"{token.text}"') if token.kind == "word" else None)
            self._fail(told, token)
        pattern = token.text[1:-1]
        try:
            pl.select(pl.lit("").str.contains(f"(?i){pattern}"))
        except pl.exceptions.ComputeError as error:
            why = re.search(r"^error: (.*)$", str(error), re.MULTILINE)
            raise ConditionError(f"not a usable regular expression: {why[1] if why else error}", token.at) from None
        return pattern

    def _items(self) -> list[_Token]:
        """A list in brackets; its items may hold spaces without quotes."""
        if self._next.kind in ("word", "quoted"):
            self._no_list()
        self._slip("expected '[' to open a list", self._next.at, slips.brackets(self._text, self._next.at))
        self._need("[", "to open a list")
        items: list[_Token] = []
        while True:
            first = last = self._take()
            while first.kind == "word" and self._next.kind == "word":
                last = self._take()
            items.append(first._replace(text=self._text[first.at : last.at + len(last.text)]))
            if first.kind not in ("word", "quoted"):
                self._fail("expected a value", first)
            if self._found("]"):
                return items
            self._need(",", "or ']' after a value")
