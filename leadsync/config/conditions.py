"""Conditions as they stand in files: parsed with their place, all problems collected."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.document import Document
from leadsync.core.condition_parser import ConditionError, parse
from leadsync.core.conditions import Condition, FieldTest
from leadsync.core.convert import code_of
from leadsync.core.facts.mail_state import STATES
from leadsync.core.score import GRADES, QUADRANTS, TEMPERATURES
from leadsync.errors import Problem

_LATER = {name: word.type for name, word in (*catalog.RESULTS.items(), *catalog.ATTRIBUTES.items())}
_CLOSED: Mapping[str, Sequence[str]] = {  # all values that there are
    "temperature": TEMPERATURES, "grade": GRADES, "quadrant": QUADRANTS, "mail_state": STATES,
}  # fmt: skip
_SIGNS = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "&&": "and", "||": "or"}  # of other languages


class Conditions:
    """Parses the conditions of one document, on these fields; `problems` gathers what is wrong with them."""

    def __init__(self, document: Document, fields: Mapping[str, Word]) -> None:
        self._document = document
        self._fields = {name: word.type for name, word in fields.items()}
        self.problems: list[Problem] = []

    def read(self, text: str | None, loc: Sequence[str | int], also: Collection[str] = ()) -> Condition | None:
        """The condition, or None where there is none or it is wrong. It may read fields and `also` these results, or
        attributes of an activity."""
        if text is None:
            return None
        words = self._fields | {name: _LATER[name] for name in also}
        try:
            found = parse(text, fields=words, activities=catalog.ACTIVITIES)
            self.problems += _never(found, text, self._document, loc)
            return found
        except ConditionError as error:
            where, fix = self._document.inside(loc, error.offset), self._meant(error, text, loc)
            for wrong, right in _SIGNS.items():
                if (at := text.find(wrong, max(error.offset - 1, 0), error.offset + 2)) >= 0:
                    fix = self._document.repaired(self._document.inside(loc, at), wrong, right)
            if error.message.endswith("is a result and cannot be used here"):
                fix = "ask for what it follows from"
            what, _, advice = error.message.partition("; write ")
            self.problems.append(Problem(what, where, f"write {advice}" if advice else fix))
            return None

    def _meant(self, error: ConditionError, text: str, loc: Sequence[str | int]) -> str:
        """The line as it is meant, where that takes signs that YAML reads as well."""
        guess = re.search(r"found '(.+)'; did you mean '(.*[\[\"].*)'\?$", error.message)
        if guess is None:
            return ""
        wrong, right = guess[1], guess[2]
        around = self._document.around(loc)
        if around == '"':
            right = right.replace('"', '\\"' if "'" in right else "'")
        elif not around and "[" in right and '"' not in text:  # a list of YAML, where nothing is around it
            at = error.offset
            wrong, right = text, f'"{text[:at]}{text[at:].replace(wrong, right, 1)}"'
        return self._document.repaired(self._document.inside(loc, 0 if wrong == text else error.offset), wrong, right)


def _never(found: Condition, text: str, document: Document, loc: Sequence[str | int]) -> Iterator[Problem]:
    """Comparisons that hold for nothing, whatever is known of a lead."""
    for test in found.tests:
        if not isinstance(test, FieldTest):
            continue
        if test.op == "between" and test.type == "number" and test.values[0] > test.values[1]:  # type: ignore[operator]
            low, high = (f"{float(value):g}" for value in test.values)  # type: ignore[arg-type]
            told = f"nothing lies between {low} and {high}"
            yield Problem(told, document.inside(loc, _at(text, test.field)), f"write `between {high} and {low}`")
        for value in test.values if test.op in ("=", "in") else ():
            told, fix = _no_such(test.field, str(value))
            if told:
                yield Problem(told, document.inside(loc, _at(text, str(value))), fix)


def _no_such(field: str, value: str) -> tuple[str, str]:
    """Why a field never has this value, if its values are known."""
    if field == "country" and code_of(value) != value.upper():
        code = code_of(value)
        told = f"countries are told by their codes, not as '{value}'"
        return told, f"write `{code}`" if code else "write a code such as PL"
    known = _CLOSED.get(field, ())
    if known and value.lower() not in map(str.lower, known):
        return f"no {'mailbox' if field == 'mail_state' else 'lead'} is '{value}'", f"write one of {', '.join(known)}"
    return "", ""


def _at(text: str, word: str) -> int:
    return max(text.lower().find(word.lower()), 0)
