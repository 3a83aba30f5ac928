"""Consent: the strictest of all records counts, opting out closes e-mail, and a closed lead is not contacted."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.consent import CAUSE_CONTACT, CHANNELS, WORDS, with_consent
from leadsync.core.convert import CONVERTERS, NOWHERE, Unreadable
from leadsync.core.plan import Account, Seen, verdicts
from leadsync.core.survive import golden
from leadsync.core.write_field import WriteField

DAY = date(2026, 11, 21)
BOTH = {"email": "a@b.pl", "phone": "+48601234567"}
ANSWERS = st.sampled_from(("granted", "denied", "perhaps"))
RECORDS = st.lists(
    st.fixed_dictionaries(
        {}, optional={**dict.fromkeys(WORDS, ANSWERS), **{n: st.just(v) for n, v in BOTH.items()},
                      "consent_at": st.sampled_from(("2026-11-20", "2026-11-22"))},
    ), min_size=1, max_size=4,
)  # fmt: skip


def consent(*records: Mapping[str, str], opted_out: date | None = None) -> dict[str, object]:
    found = with_consent(golden(records, ()), records, opted_out)
    return {name: value for name, value in found.items() if name.startswith("consent")}


@pytest.mark.parametrize(
    ("records", "opted_out", "told"),
    [
        ([BOTH], None, {}),
        ([BOTH | {"consent": "granted"}], None, dict.fromkeys(WORDS, "granted")),
        ([BOTH | {"consent": "granted"}, {"consent": "denied"}], None, dict.fromkeys(WORDS, "denied")),
        ([BOTH | {"consent_phone": "granted"}], None, {"consent": "granted", "consent_phone": "granted"}),
        ([BOTH | {"consent_phone": "denied"}], None, {"consent_phone": "denied"}),
        ([{"phone": "1", "consent_phone": "denied"}], None, {"consent": "denied", "consent_phone": "denied"}),
        ([BOTH], DAY, {"consent_email": "denied"}),
        ([{"email": "a@b.pl"}], DAY, {"consent": "denied", "consent_email": "denied"}),
        (
            [{"email": "a@b.pl", "consent_email": "granted", "consent_at": "2026-11-22", "consent_proof": "form 7"}],
            DAY,
            {"consent": "granted", "consent_email": "granted", "consent_at": "2026-11-22", "consent_proof": "form 7"},
        ),
        (
            [{"consent": "granted", "consent_proof": "form"}, {"consent": "denied", "consent_proof": "a letter"}],
            None,
            dict.fromkeys(WORDS, "denied") | {"consent_proof": "a letter"},
        ),
    ],
)
def test_the_strictest_counts(records: list[dict[str, str]], opted_out: date | None, told: dict[str, str]):
    assert consent(*records, opted_out=opted_out) == told


@given(RECORDS, st.sampled_from((None, DAY)), st.randoms())
def test_a_denial_counts_wherever_it_stands(records: list[dict[str, str]], opted_out: date | None, chance):
    found = consent(*records, opted_out=opted_out)
    for word in WORDS:
        if any(record.get(word) == "denied" for record in records):
            assert found[word] == "denied"
    if found.get("consent") == "denied":
        ways = [word for word, address in CHANNELS.items() if any(address in record for record in records)]
        assert all(found[word] == "denied" for word in ways)
    chance.shuffle(records)
    again = consent(*records, opted_out=opted_out)
    said = {word: {again.get(word), found.get(word)} for word in WORDS}
    assert all(len(values) == 1 or "perhaps" in {r.get(word) for r in records} for word, values in said.items())


@given(RECORDS, st.sampled_from(WORDS))
def test_one_more_denial_never_opens_a_way(records: list[dict[str, str]], word: str):
    before, after = consent(*records), consent(*records, {word: "denied"})
    assert not [w for w in WORDS if before.get(w) == "denied" != after.get(w)]


@pytest.mark.parametrize(
    ("said", "read"),
    [("TAK", "granted"), ("Đồng ý", "granted"), ("нет", "denied"), ("ندارد", "denied"), ("Opted-Out", "denied"),
     ("x" * 10_000, None), ("", None), ("maybe", None)],
)  # fmt: skip
def test_consent_is_read_in_five_languages(said: str, read: str | None):
    if read is None:
        with pytest.raises(Unreadable):
            CONVERTERS["consent"].read(said, NOWHERE, {})
    else:
        assert CONVERTERS["consent"].read(said, NOWHERE, {}) == read


def test_a_denied_consent_stops_what_would_cause_contact_and_nothing_else():
    results = {"score": 80, "stage": "SQL", "owner": "ann@x.pl", "consent": "denied"}
    writes = [WriteField(f"f_{word}", word, "always") for word in ("score", "stage", "owner")]
    account = Account({}, (), lambda email: f"id of {email}", lambda _: False)
    found = {v.write.value: v.why for v in verdicts(writes, Seen({}), results, account)}
    assert found == {"score": "", "stage": "consent", "owner": "consent"}
    assert {word for word, why in found.items() if why} <= CAUSE_CONTACT
    granted = verdicts(writes, Seen({}), results | {"consent": "granted"}, account)
    assert not any(v.why for v in granted)
