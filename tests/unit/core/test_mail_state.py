"""The state of a mailbox: evidence in, a state with its reason and date out."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.facts.mail_state import (
    DEAD,
    GOOD,
    KEPT,
    RETRY,
    STATES,
    Answer,
    Checked,
    MailState,
    Met,
    asked_about,
    checked,
    mail_state,
    met,
)

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
OLD, OLDER, OLDEST = (NOW - timedelta(days=days) for days in (1, 30, 300))
KINDS = ("work", "free", "disposable", "role", "misspelt", "unknown")
ANSWERS = ("takes_mail", "takes_none", "address", "no_server", "no_domain", "silent")


def since(answer: Answer, at: datetime) -> Checked:
    return Checked(answer, at, at, at)


@pytest.mark.parametrize("dead", ["takes_none", "no_server", "no_domain"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_domain_that_takes_no_mail_makes_a_mailbox_invalid(kind: str, dead: str) -> None:
    assert mail_state(kind, Met(), domain=since(dead, OLD)) == MailState("invalid", dead, OLD)


def test_the_dns_alone_never_makes_a_mailbox_valid() -> None:
    for answer in ANSWERS:
        assert mail_state("work", Met(), domain=since(answer, OLD)).state != "valid"
    assert mail_state("work", Met(), domain=since("takes_mail", OLD)) == MailState("unknown", "takes_mail", OLD)
    assert mail_state("work", Met(), domain=since("silent", OLD)) == MailState("unknown", "silent", OLD)
    assert mail_state("work", Met(), domain=since("address", OLD)) == MailState("risky", "address", OLD)


@pytest.mark.parametrize("kind", ["disposable", "role", "misspelt", "unknown"])
def test_what_is_no_persons_mailbox_is_risky(kind: str) -> None:
    assert mail_state(kind, Met()) == MailState("risky", kind)
    assert mail_state(kind, Met(), domain=since("takes_mail", OLD)) == MailState("risky", kind)


def test_what_nobody_has_looked_at_has_no_state() -> None:
    assert mail_state("work", Met()) is None
    assert mail_state("free", Met()) == MailState("unknown", "free")


def test_mail_that_came_back_until_somebody_answers() -> None:
    assert mail_state("work", Met(bounce=OLD)) == MailState("invalid", "bounce", OLD)
    assert mail_state("work", Met(bounce=OLD, alive=OLDER)) == MailState("invalid", "bounce", OLD)
    assert mail_state("work", Met(bounce=OLDER, alive=OLD)) == MailState("valid", "alive", OLD)
    assert mail_state("role", Met(alive=OLD)) == MailState("valid", "alive", OLD)
    assert mail_state("disposable", Met(alive=OLD)) == MailState("risky", "disposable")


def test_a_domain_that_died_after_the_last_answer() -> None:
    assert mail_state("work", Met(alive=OLDER), domain=since("no_domain", OLD)).state == "invalid"
    assert mail_state("work", Met(alive=OLD), domain=since("no_domain", OLDER)).state == "valid"


def test_a_complaint_makes_a_mailbox_risky_that_is_read() -> None:
    assert mail_state("work", Met(complaint=OLD, alive=OLDER)) == MailState("risky", "complaint", OLD)
    assert mail_state("work", Met(complaint=OLDER, alive=OLD)) == MailState("valid", "alive", OLD)
    assert mail_state("work", Met(complaint=OLD, bounce=OLDER)) == MailState("invalid", "bounce", OLDER)
    assert mail_state("free", Met(complaint=OLD)) == MailState("risky", "complaint", OLD)


def test_what_a_crm_says_beats_what_was_found_out_here() -> None:
    dead, bounced = since("no_domain", NOW), Met(bounce=NOW)
    for said in ("valid", "risky", "catch_all", "invalid"):
        assert mail_state("role", bounced, said, domain=dead) == MailState(said, "said")
    assert mail_state("work", bounced, "unknown", domain=dead) == MailState("invalid", "bounce", NOW)
    assert mail_state("work", bounced, "deliverable!", domain=dead) == MailState("invalid", "bounce", NOW)


def test_what_a_crm_says_with_a_date_holds_until_something_newer() -> None:
    assert mail_state("work", Met(bounce=OLD), "valid", OLDER).state == "invalid"
    assert mail_state("work", Met(bounce=OLDER), "valid", OLD) == MailState("valid", "said", OLD)
    assert mail_state("work", Met(alive=OLD), "invalid", OLDER).state == "valid"
    assert mail_state("work", Met(bounce=OLD), "valid", OLD) == MailState("valid", "said", OLD)
    assert mail_state("work", Met(), "catch_all", OLDER, since("takes_mail", OLD)).state == "catch_all"
    assert mail_state("work", Met(), "catch_all", OLDER, since("no_domain", OLD)).state == "invalid"


def test_the_latest_of_each_kind_is_what_counts() -> None:
    happened = [("bounce", OLDER), ("email_click", OLDEST), ("email_reply", OLD), ("bounce", OLDEST), ("visit", NOW)]
    assert met(happened) == Met(bounce=OLDER, alive=OLD)
    assert met([*happened, ("complaint", OLD), ("alive", NOW)]) == Met(OLDER, OLD, OLD)


MOMENTS = st.none() | st.sampled_from([OLD, OLDER, OLDEST])


@given(
    st.sampled_from(KINDS), st.builds(Met, MOMENTS, MOMENTS, MOMENTS), st.sampled_from(["", *STATES, "?"]), MOMENTS,
    st.none() | st.builds(since, st.sampled_from(ANSWERS), st.sampled_from([OLD, OLDER])),
)  # fmt: skip
def test_every_state_rests_on_something(
    kind: str, seen: Met, said: str, said_at: datetime | None, domain: Checked | None
) -> None:
    found = mail_state(kind, seen, said, said_at, domain)
    if found is None:
        assert (domain, kind, said in ("", "unknown", "?")) == (None, "work", True)
        return
    assert found.state in STATES
    if found.state == "valid":
        assert seen.alive or said == "valid"
    if found.state == "catch_all":
        assert said == "catch_all"
    assert found.at in (None, said_at, *seen, domain and domain.since)


# how long an answer is believed


def test_a_good_answer_is_believed_longer_than_a_bad_one() -> None:
    assert checked(None, "takes_mail", NOW) == Checked("takes_mail", NOW, NOW, NOW + GOOD)
    assert checked(None, "no_domain", NOW) == Checked("no_domain", NOW, NOW, NOW + DEAD)
    assert DEAD < GOOD


def test_the_same_answer_again_holds_since_it_came_first() -> None:
    first = checked(None, "takes_mail", OLDER)
    assert checked(first, "takes_mail", NOW) == Checked("takes_mail", OLDER, NOW, NOW + GOOD)
    assert checked(first, "no_domain", NOW).since == NOW


def test_silence_is_asked_about_less_and_less_often() -> None:
    found, asked = checked(None, "silent", NOW), []
    for _ in range(9):
        asked.append(found.due_at)
        found = checked(found, "silent", found.due_at)
    spans = [after - before for before, after in pairwise(asked)]
    assert spans[0] == RETRY[0]
    assert spans == sorted(spans)
    assert spans[-1] == RETRY[1]
    assert (found.answer, found.since) == ("silent", NOW)


def test_silence_does_not_take_away_what_was_known_a_while_ago() -> None:
    found = checked(None, "takes_mail", NOW)
    while found.answer == "takes_mail":
        before, now = found, found.due_at
        assert now - before.told_at < KEPT + RETRY[1]
        found = checked(found, "silent", now)
        assert found.due_at - now <= RETRY[1]
    assert (found.answer, found.since) == ("silent", now)
    assert now - before.told_at >= KEPT


@pytest.mark.parametrize(
    ("facts", "domain"),
    [
        ({"email": "ann@firm.example", "mailbox": ["work", 80, "email"]}, "firm.example"),
        ({"email": "ann@firm.exampel", "mailbox": ["unknown", 80, "email"]}, "firm.exampel"),
        ({"email": "ann@gmial.com", "mailbox": ["misspelt", 80, "email"]}, ""),
        ({"email": "ann@firm.example"}, ""),
        ({"email": "info@firm.example", "mailbox": ["role", 80, "email"]}, "firm.example"),
        ({"email": "ann@gmail.com", "mailbox": ["free", 80, "email"]}, ""),
        ({"email": "ann@mailinator.com", "mailbox": ["disposable", 80, "email"]}, ""),
        ({}, ""),
    ],
)
def test_which_domains_are_asked_about(facts: dict[str, str | list[str | int]], domain: str) -> None:
    assert asked_about(facts) == domain
