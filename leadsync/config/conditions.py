"""Conditions as they stand in files: parsed with their place, all problems collected."""

from collections.abc import Collection, Mapping, Sequence

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.config.document import Document
from leadsync.core.conditions import Condition, ConditionError, parse
from leadsync.errors import Problem

_LATER = {name: word.type for name, word in (*catalog.RESULTS.items(), *catalog.ATTRIBUTES.items())}

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
            return parse(text, fields=words, activities=catalog.ACTIVITIES)
        except ConditionError as error:
            where, fix = self._document.inside(loc, error.offset), ""
            for wrong, right in _SIGNS.items():
                if (at := text.find(wrong, max(error.offset - 1, 0), error.offset + 2)) >= 0:
                    fix = self._document.repaired(self._document.inside(loc, at), wrong, right)
            self.problems.append(Problem(error.message, where, fix))
            return None
