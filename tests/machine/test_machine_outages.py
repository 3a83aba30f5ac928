"""Whatever breaks, only that stops, says what it is and what to do, and goes on by itself once it is mended."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from soak_places import Office

from leadsync.connector import FaultRule
from leadsync.sync.report import ConnectionReport

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize(("hit", "other"), [("hubspot", "salesforce"), ("salesforce", "hubspot")])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = Office(tmp_path)
    yield found
    found.close()


def written(reports: Mapping[str, ConnectionReport]) -> dict[str, int]:
    return {name: report.written for name, report in reports.items()}


def at_rest(office: Office) -> None:
    """Nobody changes anything any more, and so nothing is written."""
    for minutes in (1, 11, 11):
        reports = office.cycle(minutes)
        assert written(reports) == {"hubspot": 0, "salesforce": 0}
        assert [(r.error, r.problems, r.waiting, r.rejected) for r in reports.values()] == [(None, [], None, 0)] * 2


def errors_of(report: ConnectionReport) -> tuple[str, str, str]:
    assert report.error is not None
    return report.error.code, report.error.message, report.error.fix


# the whole connection


@BOTH
def test_a_connection_that_is_dead_holds_up_nobody_and_comes_back(office: Office, hit: str, other: str) -> None:
    office.open()
    office.places[hit].stop()
    for name, place in office.places.items():
        place.edit(office.person[name], **{place.title: "CEO"})
        place.call(office.person[name])
    reports = office.cycle()
    code, message, fix = errors_of(reports[hit])
    assert code == "unreachable"
    assert office.places[hit].url.removeprefix("http://") in message
    assert "base_url" in fix
    assert office.held(other) == (55, "warm"), "within the same cycle"
    assert reports[other].error is None
    for _ in range(3):
        assert errors_of(office.cycle()[hit])[0] == "unreachable"
    office.places[hit].start()
    assert written(office.cycle()) == {hit: 1, other: 0}
    assert office.held(hit) == (55, "warm")
    at_rest(office)


@BOTH
def test_a_token_that_is_revoked_and_replaced(office: Office, hit: str, other: str) -> None:
    office.open()
    office.places[hit].revoke()
    for name, place in office.places.items():
        place.call(office.person[name])
    reports = office.cycle()
    code, message, fix = errors_of(reports[hit])
    assert code == "auth"
    assert "does not accept" in message
    assert "token" in fix
    assert "first" not in message + fix
    assert office.held(other) == (25, "cold")
    calls = office.cycle()[hit].api_calls
    assert calls <= 2, "it does not knock again and again"
    office.places[hit].renew()
    assert written(office.cycle()) == {hit: 1, other: 0}
    assert office.held(hit) == (25, "cold")
    at_rest(office)


def test_a_session_of_salesforce_that_ends_is_replaced_by_a_new_login(office: Office) -> None:
    place = office.places["salesforce"]
    secret = {"file": str(place.token)}
    office.open(salesforce={"token": None, "client_id": secret, "client_secret": secret})
    place.revoke()
    place.call(office.person["salesforce"])
    reports = office.cycle()
    assert reports["salesforce"].error is None
    assert office.held("salesforce") == (25, "cold")
    at_rest(office)


@pytest.mark.parametrize(
    ("hit", "fault", "said"),
    [
        ("hubspot", "477", "moving this account"),
        ("hubspot", "daily_limit", "used up its requests"),
        ("salesforce", "daily_limit", "used its API requests"),
    ],
)
def test_an_account_that_answers_nothing_for_hours_is_left_alone(
    office: Office, hit: str, fault: str, said: str
) -> None:
    (other,) = set(office.places) - {hit}
    office.open()
    office.places[hit].break_(FaultRule(fault=fault, times=0))
    for name, place in office.places.items():
        place.call(office.person[name])
    report = office.cycle()[hit]
    assert report.waiting is not None
    assert timedelta(minutes=59) < report.waiting.until - office.clock.now() <= timedelta(hours=1)
    assert said in report.waiting.reason
    assert office.held(other) == (25, "cold")
    for _ in range(3):
        again = office.cycle()[hit]
        assert again.api_calls == 0
        assert again.waiting == report.waiting
    office.places[hit].break_()
    reports = office.cycle(60)
    assert (written(reports), reports[hit].waiting) == ({hit: 1, other: 0}, None)
    assert office.held(hit) == (25, "cold")
    at_rest(office)


@BOTH
def test_leadsync_stops_at_its_share_of_the_day_and_status_says_so(office: Office, hit: str, other: str) -> None:
    office.open()
    office.places[hit].spend(76)
    for name, place in office.places.items():
        place.call(office.person[name])
    report = office.cycle()[hit]
    assert report.waiting is not None
    assert office.held(other) == (25, "cold")
    told = status(office)[hit]
    assert told["waiting_until"] == report.waiting.until.isoformat()
    assert report.waiting.until.minute == 0
    assert "75 %" in told["waiting_for"]
    assert told["quota"]["used"] >= 0.76 * told["quota"]["limit"]
    assert office.cycle()[hit].api_calls == 0
    hours = [office.cycle(60)[hit] for _ in range(26)]
    assert all(report.api_calls <= 2 for report in hours if report.waiting), "one look an hour"
    assert hours[-1].waiting is None
    assert office.held(hit) == (25, "cold")
    at_rest(office)


def status(office: Office) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-m", "leadsync", "status", "--json", "--config", str(office.folder / "leadsync.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found: dict[str, dict[str, object]] = json.loads(done.stdout)["cycles"][-1]["connections"]
    return found


# a part of it


@BOTH
def test_an_object_that_may_not_be_read_stops_alone(office: Office, hit: str, other: str) -> None:
    office.open()
    place, person = office.places[hit], office.person[hit]
    place.forbid()
    place.aside(person)
    place.call(person)
    reports = office.cycle()
    assert office.held(hit) == (25, "cold"), "the others go on within the same cycle"
    assert reports[hit].error is None
    (problem,) = reports[hit].problems
    assert problem["object"] == place.side
    assert place.side in problem["message"], "the sentence names it"
    assert problem["fix"]
    place.allow()
    office.cycle(5)
    office.cycle()
    assert office.held(hit)[0] in (40, 45), "nothing was lost"
    at_rest(office)


@BOTH
def test_a_field_that_is_read_goes_and_comes_back(office: Office, hit: str, other: str) -> None:
    office.open()
    place, person = office.places[hit], office.person[hit]
    place.take(place.title)
    place.call(person)
    place.edit(person, **{"country" if hit == "hubspot" else "Country": "DE"})
    reports = office.cycle()
    assert reports[hit].error is None
    assert [p["object"] for p in reports[hit].problems] == [place.person]
    assert place.title in reports[hit].problems[0]["message"]
    for _ in range(5):
        reports = office.cycle()
    (problem,) = reports[hit].problems
    assert (problem["object"], problem["field"], problem["code"]) == (place.person, place.title, "field_missing")
    assert office.held(hit) == (15, "cold")
    place.give(place.title)
    place.edit(person, **{place.title: "CEO"})
    for _ in range(6):
        office.cycle()
    assert office.held(hit) == (45, "warm")
    at_rest(office)


@BOTH
def test_a_field_that_is_written_goes_and_comes_back(office: Office, hit: str, other: str) -> None:
    office.open()
    place, person = office.places[hit], office.person[hit]
    place.take(place.heat)
    place.call(person)
    place.edit(person, **{place.title: "CEO"})
    for _ in range(6):
        reports = office.cycle()
    (problem,) = reports[hit].problems
    assert (problem["object"], problem["field"], problem["code"]) == (place.person, place.heat, "field_missing")
    assert office.held(hit)[0] == 55
    place.give(place.heat)
    for _ in range(6):
        office.cycle()
    assert office.held(hit) == (55, "warm")
    at_rest(office)


@BOTH
def test_an_option_that_is_removed_and_added_again(office: Office, hit: str, other: str) -> None:
    office.open()
    place, person = office.places[hit], office.person[hit]
    place.options_of_heat("cold", "hot")
    place.call(person)
    place.edit(person, **{place.title: "CEO"})
    office.cycle()
    assert office.held(hit) == (55, "cold"), "the rest of the record is written"
    reports = office.cycle(5)
    (problem,) = reports[hit].problems
    assert (problem["object"], problem["field"], problem["code"]) == (place.person, place.heat, "option_missing")
    assert "'warm'" in problem["message"]
    place.options_of_heat("cold", "warm", "hot")
    office.cycle(5)
    office.cycle()
    assert office.held(hit) == (55, "warm")
    at_rest(office)
