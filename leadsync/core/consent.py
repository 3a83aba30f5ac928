"""Whether a lead may be contacted, and by which way: what its records say, and what it did. The strictest counts."""

from collections.abc import Mapping, Sequence
from datetime import date

from leadsync.core.convert.consent import DENIED, GRANTED
from leadsync.core.facts.fact import Facts, Value, value_of

CHANNELS: Mapping[str, str] = {"consent_email": "email", "consent_phone": "phone"}
"""The words of consent to one way of contact, and the field that holds the address of it."""
WORDS = ("consent", *CHANNELS)
OPT_OUTS = frozenset(("unsubscribe", "complaint"))
"""Activities by which somebody opts out of e-mail."""
CAUSE_CONTACT = frozenset(("owner", "stage"))
"""Results that make somebody get in touch with the lead once a CRM shows them; `next_action` then says not to."""


def with_consent(facts: dict[str, Value], records: Sequence[Facts], opted_out: date | None) -> dict[str, Value]:
    """What is known of a lead, with its consent by all its `records`, most trusted first, instead of the first one's.

    Of each word a denial counts wherever it stands. A lead that denies its consent denies every way; one that grants
    it grants those of which nothing else is said. Whoever `opted_out` on that day has denied e-mail, unless the consent
    is of a later day. Where no way is left by which the lead could be reached, its consent is denied. The day and
    the proof are those of the record that decides.
    """
    if opted_out is None and facts.keys().isdisjoint(WORDS):
        return facts
    told = {word: _strictest(records, word) for word in WORDS}
    if opted_out is None and not any(told.values()):
        return facts
    found = {name: value for name, value in facts.items() if name not in ("consent_at", "consent_proof")}
    overall = told["consent"]
    for word in CHANNELS:
        told[word] = DENIED if overall == DENIED else told[word] or overall
    if opted_out is not None and not _after(records, opted_out):
        told["consent_email"] = DENIED
    ways = [told[word] for word, address in CHANNELS.items() if address in facts]
    if ways and all(way == DENIED for way in ways):
        told["consent"] = DENIED
    elif not overall and GRANTED in told.values():
        told["consent"] = GRANTED
    found |= {word: value for word, value in told.items() if value}
    decides = next((r for r in records if any(_value(r, w) == told["consent"] for w in WORDS)), {})
    return found | {name: value_of(decides[name]) for name in ("consent_at", "consent_proof") if name in decides}


def _value(record: Facts, word: str) -> str:
    return str(value_of(record[word])) if word in record else ""


def _strictest(records: Sequence[Facts], word: str) -> str:
    said = {_value(record, word) for record in records}
    return DENIED if DENIED in said else GRANTED if GRANTED in said else ""


def _after(records: Sequence[Facts], day: date) -> bool:
    """Whether e-mail was granted after that day, and denied nowhere."""
    granted = [r for r in records if GRANTED in (_value(r, "consent_email"), _value(r, "consent"))]
    denied = any(DENIED in (_value(r, "consent_email"), _value(r, "consent")) for r in records)
    return not denied and any(_value(r, "consent_at") > day.isoformat() for r in granted)
