"""Evidence in words that people read who have never heard of bits: what was compared, and how far it agrees."""

from collections.abc import Mapping

_AGREES: Mapping[str, Mapping[str, str]] = {
    "name": {
        "neither": "different", "given": "only the given name agrees", "family": "only the family name agrees",
        "half": "the same, as far as both tell it", "initial": "the same family name and initial",
        "close": "nearly the same", "same": "the same, spelt otherwise", "across": "the same in another script",
        "exact": "the same", "whole": "the same, middle name included",
        "unsure": "names that do not agree keep the two from joining by themselves",
    },
    "email": {
        "differs": "different", "colleague": "different, at the same company",
        "user of the name": "the same before the @, made of the name", "user": "the same before the @",
        "close": "the same but for a typing error", "exact": "the same mailbox",
    },
    "phone": {
        "differs": "different", "close": "one digit differs", "line": "the same, though names differ",
        "exact": "the same number",
    },
    "company": {"differs": "different", "close": "nearly the same", "name": "the same", "domain": "the same web site"},
}  # fmt: skip
_OTHERWISE = {"differs": "different", "near": "partly the same", "close": "nearly the same", "exact": "the same"}


def agreement(field: str, level: str) -> str:
    """How far two values agree, by field and level."""
    if field == "prior":
        return f"before anything is compared: one {level}"
    return _AGREES.get(field, _OTHERWISE).get(level, level)
