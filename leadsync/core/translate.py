"""What leadsync tells people, in the languages that written fields want it in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from leadsync import catalog
from leadsync.catalog import Word
from leadsync.core.write_field import OWNERS, WriteField
from leadsync.types import Value

Tell = Callable[[str, Mapping[int, str]], Sequence[str | None]]
"""What a word says of some leads, in the language of each (lead → language), in their order."""
TRANSLATED = ("reasons", "temperature", "quadrant", "class", "data", "ask_for", "next_action")
"""The words that differ from language to language."""


def translations(writes: Iterable[WriteField], owners: Mapping[int, str], tell: Tell) -> dict[int, dict[str, Value]]:
    """Per lead the words that are told in another language than English, by `WriteField.word`.

    `owners`: lead → the language of its owner. Only what a field asks for is worked out.
    """
    found: dict[int, dict[str, Value]] = defaultdict(dict)
    for write in {write.word: write for write in writes if write.word != write.value}.values():
        asked = {lead: spoken if write.language == OWNERS else write.language for lead, spoken in owners.items()}
        languages = {lead: language for lead, language in asked.items() if language != "en"}
        if languages:
            for lead, told in zip(languages, tell(write.value, languages), strict=True):
                found[lead][write.word] = told
    return found


def label(
    value: str, said: Value, language: str, fields: Mapping[str, Word], classes: Mapping[str, Mapping[str, str]]
) -> str | None:
    """What people read for something that one of `TRANSLATED` (but the reasons) says. `classes`: labels by class."""
    if said is None:
        return None
    if value == "ask_for":
        return fields[str(said)].labels[language]
    if value == "class":
        own = classes.get(str(said), {})
        return own.get(language) or own.get("en") or str(said)
    return catalog.VALUE_LABELS[value][language][str(said)]
