from datetime import timedelta

import orjson
import pytest
from hubspot_account import TOKEN, Account, Scripted, Start, Vault

from connectors.hubspot import api
from leadsync.connector import Finding
from leadsync.testing.driver import ManualClock

WRITTEN = {"contacts": ["leadsync_score"], "tasks": ["hs_task_status"]}


def bad(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level != "ok"]


def told(scopes: list[str]):
    """A private app's token tells what it may do."""

    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if path != api.TOKEN_INFO:
            return None
        assert orjson.loads(body) == {"tokenKey": TOKEN}
        return 200, {}, orjson.dumps({"userId": 1, "hubId": 1, "appId": 1, "scopes": scopes})

    return script


def test_all_is_well_and_nothing_is_written(account) -> None:
    findings = account.connector().check(WRITTEN)
    assert bad(findings) == []
    assert {f"can read {obj}" for obj in api.KINDS} <= {finding.what for finding in findings}
    assert {name.split()[0] for name in account.calls()} == {"GET"}


def test_an_edition_without_leads_is_fine(account) -> None:
    account.install(vault := Vault(), without=["crm.objects.leads.read"])
    findings = account.app(vault).check({})
    assert bad(findings) == []
    assert any("leads are not read" in finding.what for finding in findings)


def test_a_missing_right_to_write_is_found_without_writing(account) -> None:
    account.install(vault := Vault(), without=["crm.objects.contacts.write"])
    found = bad(account.app(vault).check(WRITTEN))
    assert [("crm.objects.contacts.write" in one.what, one.level, bool(one.fix)) for one in found] == [
        (True, "error", True)
    ] * 2


@pytest.mark.parametrize(
    ("scopes", "level"), [(["crm.objects.contacts.write"], "ok"), (["crm.objects.deals.write"], "error")]
)
def test_a_private_apps_token_tells_its_scopes(start, scopes: list[str], level: str) -> None:
    findings = start(script=told(scopes)).connector().check({"contacts": ["leadsync_score"]})
    (finding,) = [one for one in findings if "write" in one.what]
    assert finding.level == level


def test_a_token_that_does_not_tell_is_not_suspected(account) -> None:
    findings = account.connector().check({"contacts": ["leadsync_score"]})
    (finding,) = [one for one in findings if "written" in one.what]
    assert (finding.level, "not tested" in finding.what) == ("ok", True)


def test_a_bad_token_is_one_finding(account) -> None:
    account.secrets.token = "wrong"
    (finding,) = account.connector().check(WRITTEN)
    assert (finding.level, bool(finding.fix)) == ("error", True)


def by_clock(start: Start, ahead: timedelta = timedelta()) -> Account:
    clock = ManualClock()
    account = start(now=lambda: clock.now() + ahead)
    account.clock = clock
    return account


def test_a_clock_that_is_wrong_is_found(start) -> None:
    (finding,) = bad(by_clock(start, timedelta(minutes=5)).connector().check({}))
    assert ("300 seconds" in finding.what, finding.level) == (True, "warning")
