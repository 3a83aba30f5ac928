"""The fields that a mapping needs in an account and that leadsync may create there."""

from collections.abc import Iterator, Mapping, Sequence

from leadsync.core.fit import brings
from leadsync.core.line import LONGEST
from leadsync.core.mapping import CrmMapping
from leadsync.core.write_field import WriteField
from leadsync.types import ObjectSchema, WantedField

DESCRIPTIONS: Mapping[str, str] = {
    "score": "How promising this lead is, from 0 to 100; leadsync keeps it up to date.",
    "fit": "The part of the score that comes from who this lead is; leadsync keeps it up to date.",
    "engagement": "The part of the score that comes from what this lead does; leadsync keeps it up to date.",
    "temperature": "Cold, warm or hot, by the score; leadsync keeps it up to date.",
    "grade": "A to D by fit, 1 to 4 by engagement; leadsync keeps it up to date.",
    "quadrant": "Whether this lead fits, is interested, or both; leadsync keeps it up to date.",
    "stage": "The stage of the funnel that this lead has reached; leadsync keeps it up to date.",
    "step": "The step of the buyer's journey that this lead has reached; leadsync keeps it up to date.",
    "band": "Top, middle or bottom of the funnel; leadsync keeps it up to date.",
    "data": "Whether enough is known of this lead to judge it; leadsync keeps it up to date.",
    "next_action": "What to do next with this lead; leadsync keeps it up to date.",
    "ask_for": "What is most worth asking this lead for; leadsync keeps it up to date.",
    "company_score": "How promising this company is, from 0 to 100; leadsync keeps it up to date.",
    "company_engaged": "How many of its people are engaged; leadsync keeps it up to date.",
    "duplicates": "All rows that are this same person, in every CRM; leadsync keeps it up to date.",
    "reasons": "What the score is made of, the strongest reasons first; leadsync keeps it up to date.",
}
"""What people read about a field in the CRM, by result."""
OF_FIELDS = "What leadsync has found out about this lead."


def wanted(
    mapping: CrmMapping, words: Mapping[str, Sequence[str]], schemas: Mapping[str, ObjectSchema]
) -> Iterator[WantedField]:
    """The fields to create, or to find as they should be.

    A field that people edit, too (an owner, a stage that only moves forward), is taken as the account has it: it is
    wanted only where there is none. `words` are all that a result of few words can be, lowest first, since a field's
    options are in that order.
    """
    for obj, schema in schemas.items():
        for write in mapping.writes.get(obj, ()):
            if write.value != "owner" and (write.policy == "always" or schema.field(write.field) is None):
                yield _field(obj, write, words)


def _field(obj: str, write: WriteField, values: Mapping[str, Sequence[str]]) -> WantedField:
    options = brings(write, values)
    return WantedField(
        obj,
        write.field,
        "enum" if options else write.type,
        f"Leadsync {write.source.labels['en']}",
        DESCRIPTIONS.get(write.value, OF_FIELDS),
        tuple((word, word[:1].upper() + word[1:]) for word in options),
        LONGEST if write.type == "text" and not options else None,
    )
