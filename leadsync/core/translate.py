"""What leadsync tells people, in the languages that written fields want it in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from leadsync.catalog import TEMPERATURE_LABELS
from leadsync.core.reasons import reason_lines
from leadsync.core.score import Labels, Scores
from leadsync.core.write_field import OWNERS, WriteField
from leadsync.types import Value


def translations(
    writes: Iterable[WriteField], scores: Scores, labels: Labels, owners: Mapping[int, str]
) -> dict[int, dict[str, Value]]:
    """Per lead the words that are told in another language than English, by `WriteField.word`.

    `owners`: lead → the language of its owner. Only what a field asks for is worked out.
    """
    found: dict[int, dict[str, Value]] = defaultdict(dict)
    leads = scores.totals["lead"].to_list()
    for write in {write.word: write for write in writes if write.word != write.value}.values():
        asked = {lead: owners[lead] if write.language == OWNERS else write.language for lead in leads}
        languages = {lead: language for lead, language in asked.items() if language != "en"}
        theirs = pl.col("lead").is_in(list(languages))
        some = Scores(scores.totals.filter(theirs), scores.parts.filter(theirs))
        for lead, told in zip(languages, _told(write.value, some, labels, languages), strict=True):
            found[lead][write.word] = told
    return found


def _told(value: str, scores: Scores, labels: Labels, languages: Mapping[int, str]) -> Sequence[str]:
    if value == "reasons":
        return reason_lines(scores, labels, languages=languages)["reasons"].to_list()
    pairs = zip(languages.values(), scores.totals["temperature"], strict=True)
    return [TEMPERATURE_LABELS[language][word] for language, word in pairs]
