"""Judging a lead of a list: every fault by its own reason, the gravest first, and nothing against a clean one."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from core_frames import TODAY
from hypothesis import given
from hypothesis import strategies as st

from leadsync.catalog import FIELDS, LANGUAGES
from leadsync.config.facts import usual_tables
from leadsync.core.lists import (
    HOLD,
    OK,
    REASONS,
    REFUSE,
    Beside,
    Finding,
    Lists,
    Suppressed,
    findings,
    judge,
    old_on,
    told,
)

MAIL = usual_tables().mail
RULES = Lists(max_age=365, suppressed=Suppressed(countries={"KP"}, domains={"no.example"}))
CLEAN: dict[str, Any] = dict.fromkeys(FIELDS) | {
    "lead": 1, "day": TODAY, "email": "ala@firma.pl", "mailbox": "work", "domain": "firma.pl", "class": "buyer",
}  # fmt: skip
OLD = TODAY - timedelta(days=366)
MD5 = hashlib.md5(b"ala@firma.pl", usedforsecurity=False).hexdigest()


ALONE = Beside()


def reasons(rules: Lists = RULES, beside: Beside = ALONE, *, active: bool = False, **lead: Any) -> list[str]:
    return [each.reason for each in findings(rules, MAIL, CLEAN | lead, beside, active=active)]


def test_nothing_is_found_against_a_clean_lead():
    assert reasons() == []
    assert judge([], Beside()) == Finding(OK, "")


@pytest.mark.parametrize(
    ("lead", "reason"),
    [
        ({"email": None, "mailbox": None}, "no_contact"),
        ({"email": "a@x.no.example"}, "suppressed_domain"),
        ({"email": None, "phone": "+48601234567", "domain": "shop.no.example"}, "suppressed_domain"),
        ({"country": "KP"}, "suppressed_country"),
        ({"consent": "denied"}, "opted_out"),
        ({"class": "customer"}, "customer"),
        ({"class": "applicant"}, "class"),
        ({"mail_state": "invalid"}, "dead_mailbox"),
        ({"email": "a@b.nosuchtld", "mailbox": "unknown"}, "dead_mailbox"),
        ({"mailbox": "disposable"}, "disposable"),
        ({"verified_at": OLD}, "old"),
        ({"email": "ala@gmial.com", "mailbox": "misspelt"}, "misspelt"),
    ],
)
def test_every_fault_has_its_reason(lead: dict[str, Any], reason: str):
    assert reasons(**lead) == [reason]


def test_what_stands_beside_a_lead_counts():
    assert reasons(beside=Beside(twin=7, shown="crm/leads/7")) == ["duplicate"]
    assert reasons(beside=Beside(twin=7, customer=True)) == ["customer", "duplicate"]


@pytest.mark.parametrize("suppressed", [Suppressed(mailboxes={"ala@firma.pl"}), Suppressed(hashes={MD5})])
def test_a_mailbox_is_suppressed_by_itself_and_by_its_hash(suppressed: Suppressed):
    rules = Lists(suppressed=suppressed)
    assert reasons(rules) == ["suppressed_mailbox"]
    assert reasons(rules, email="ala+list@firma.pl") == ["suppressed_mailbox"]
    assert reasons(rules, email="ola@firma.pl") == []


def test_consent_and_a_living_mailbox_are_asked_for_only_where_the_rules_say_so():
    strict = Lists(consent=True, verified=True)
    assert reasons(strict) == ["no_consent", "unverified"]
    assert reasons(strict, consent="granted", mail_state="valid") == []


def test_data_grow_old_on_one_day_unless_the_lead_did_something_since():
    day = TODAY - timedelta(days=365)
    assert (reasons(verified_at=day), old_on(RULES, CLEAN | {"verified_at": day})) == ([], TODAY + timedelta(days=1))
    assert reasons(verified_at=OLD, active=True) == []
    assert reasons(verified_at=OLD, consent_at=TODAY) == []
    assert reasons(Lists(), verified_at=OLD) == []


def test_a_person_lets_go_on_what_is_held_but_not_what_is_refused():
    held, refused = Finding(HOLD, "old", "2024-01-01"), Finding(REFUSE, "opted_out")
    accepted = Beside(accepted={held.key, refused.key})
    assert judge([held], accepted).result == OK
    assert judge([refused, held], accepted) == refused
    assert judge([held._replace(value="2025-01-01")], accepted).result == HOLD  # another finding than that one
    assert judge([], Beside(rejected=True)) == Finding(REFUSE, "rejected")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_a_sentence_in_every_language(language: str):
    said = {told(reason, "x", {}, language) for reason in REASONS}
    assert len(said) == len(REASONS)
    assert all(sentence and "{" not in sentence for sentence in said)


def test_a_class_is_called_as_people_read_it_and_what_nobody_names_leaves_no_gap():
    labels = {"applicant": {"en": "job applicant", "pl": "kandydat do pracy"}}
    assert told("class", "applicant", labels, "pl") == "nie jest kupującym: kandydat do pracy"
    assert told("class", "applicant", labels, "vi") == "không phải người mua: job applicant"
    assert told("duplicate", "", labels) == "is there already"


HOSTILE = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(("=cmd()@a.b", "a@" + "x." * 3000 + "pl", "@")))


@given(st.fixed_dictionaries({name: HOSTILE for name in ("email", "phone", "domain", "country", "consent", "mailbox")}))
def test_hostile_values_are_judged_like_others(lead: dict[str, Any]):
    rules = Lists(max_age=1, consent=True, verified=True, suppressed=Suppressed({"b"}, {"a@b.pl"}, {"PL"}, {MD5}))
    found = list(findings(rules, MAIL, CLEAN | lead, Beside()))
    assert {each.reason for each in found} <= {*REASONS}
    results = [each.result for each in found]
    assert results == sorted(results, reverse=True)  # what is refused comes before what is held
