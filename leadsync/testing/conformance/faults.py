"""Checks of what goes wrong, and of the connector's manners: quota, clock, secrets, closing."""

import logging
import traceback
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from leadsync.connector import AuthLost, FaultRule, LeadsyncError, Rejected, Transient, WriteStatus
from leadsync.testing.conformance.account import MOST_CALLS, Account, Checks, attempt, found

_ANY = (Transient, AuthLost, Rejected)
FAULTS: dict[str, tuple[type[LeadsyncError], ...]] = {
    "401": (AuthLost,), "403": _ANY, "429": (Transient,), "503": (Transient,), "html": _ANY, "not_json": _ANY,
    "empty": _ANY, "cut": (Transient,), "lost": (Transient,),
}  # fmt: skip
each_fault = pytest.mark.parametrize("fault", FAULTS)


class Faults(Checks):
    """A CRM, a network or an account that fails."""

    @each_fault
    def test_errors(self, crm: Account, fault: str) -> None:
        """Whatever goes wrong is `Transient`, `AuthLost` or `Rejected`, as it should be, after a few requests."""
        crm.needs("fault")
        calls = crm.everything()
        crm.driver.fault(FaultRule(fault=fault, times=0))
        for name, call in calls.items():
            before, slept = crm.spent(), crm.clock.slept
            result, error = attempt(call)
            if name == "write" and error is None:
                assert {r.status for r in result.values()} == {WriteStatus.RETRY}, "nothing was confirmed"
            else:
                assert isinstance(error, FAULTS[fault]), f"{name} answers {fault} with {error!r}"
            assert crm.spent() - before <= MOST_CALLS, f"{name} asks again and again"
            assert crm.clock.slept - slept <= 60, f"{name} sleeps instead of saying that it waits"

    @each_fault
    def test_recovery(self, crm: Account, fault: str) -> None:
        """Once a fault is over the same connector works again."""
        crm.needs("fault")
        calls = crm.everything()
        attempt(crm.changes)
        crm.driver.fault(FaultRule(fault=fault, times=0))
        for call in calls.values():
            attempt(call)
        crm.driver.fault()
        crm.clock.advance(2 * 3600)
        for call in calls.values():
            assert call() is not None

    def test_a_slow_answer(self, crm: Account) -> None:
        """An answer that takes its time is waited for."""
        crm.needs("fault")
        ids = crm.add(2)
        crm.wait()
        crm.driver.fault(FaultRule(fault="slow", seconds=0.1))
        assert set(ids) <= set(found(crm.changes()))

    def test_no_login_loop(self, crm: Account) -> None:
        """Credentials that are refused are tried once more at most, in each call."""
        crm.needs("fault")
        crm.changes()
        crm.driver.fault(FaultRule(fault="401", times=0))
        before = crm.spent()
        assert isinstance(attempt(crm.changes)[1], AuthLost)
        assert crm.spent() - before <= 4
        crm.driver.fault(FaultRule(fault="401", times=1))
        assert isinstance(attempt(crm.changes)[1], AuthLost | None)
        assert crm.changes()

    def test_long_waits_are_raised(self, crm: Account) -> None:
        """A wait of more than ten seconds is not slept but raised, with the CRM's `retry_after`."""
        crm.needs("fault")
        crm.driver.fault(FaultRule(fault="429", times=0, seconds=60))
        slept = crm.clock.slept
        error = attempt(crm.changes)[1]
        assert isinstance(error, Transient)
        assert error.retry_after is not None
        assert error.retry_after >= 60
        assert crm.clock.slept - slept <= 10

    def test_short_waits_are_kept(self, crm: Account) -> None:
        """The CRM is not asked again before the time that it named is over."""
        crm.needs("fault")
        crm.driver.fault(FaultRule(fault="429", times=1, seconds=3))
        slept = crm.clock.slept
        error = attempt(crm.changes)[1]
        if error is None:
            assert crm.clock.slept - slept >= 3
        else:
            assert isinstance(error, Transient)
            assert (error.retry_after or 0) >= 3

    @pytest.mark.parametrize("fault", ["cut", "lost"])
    def test_lost_answers_to_writes(self, crm: Account, fault: str) -> None:
        """A write whose answer is lost is never reported as done without being so, nor sent on and on."""
        crm.needs("write", "fault")
        ops = [crm.op(id_) for id_ in crm.add(2)]
        for times in (0, 1):
            crm.driver.fault(FaultRule(fault=fault, times=times))
            before = crm.spent()
            results, error = attempt(lambda: crm.write(*ops))
            assert crm.spent() - before <= MOST_CALLS
            assert isinstance(error, Transient | None)
            for op in ops if results else ():
                status = results[op.key].status
                assert status is WriteStatus.RETRY or (status is WriteStatus.APPLIED and crm.holds(op))
        crm.driver.fault()
        assert {r.status for r in crm.write(*ops).values()} <= {WriteStatus.APPLIED, WriteStatus.UNCHANGED}

    def test_no_secret_shows(self, crm: Account) -> None:
        """No secret shows in a log record of any logger, in an error with its causes, a result or a finding."""
        said: list[Any] = []

        def note(_: logging.Logger, record: logging.LogRecord) -> None:
            said.extend((logging.Formatter().format(record), record.__dict__))

        enabled = mock.patch.object(logging.Logger, "isEnabledFor", return_value=True)
        with enabled, mock.patch.object(logging.Logger, "callHandlers", note):
            calls = crm.everything()
            for fault in ("", *FAULTS) if crm.can("fault") else ("",):
                crm.driver.fault(*([FaultRule(fault=fault, times=0)] if fault else ()))
                said.append(crm.conn.check({}))
                for call in calls.values():
                    result, error = attempt(call)
                    said += [result, error, vars(error), *traceback.format_exception(error)] if error else [result]
        crm.driver.fault()
        text = "\n".join(map(str, [*said, repr(crm.conn)]))
        for number, secret in enumerate(crm.driver.secrets, 1):
            at = text.find(secret)
            assert at < 0, f"secret {number} shows: …{text[max(0, at - 80) : at]}***"

    def test_base_url(self, crm: Account) -> None:
        """`base_url` is where every request goes: at a port where nobody listens nothing is reached."""
        crm.needs("fault")
        before = crm.driver.calls()
        lost = crm.driver.connect(base_url="http://127.0.0.1:9")
        error = attempt(lambda: lost.describe(crm.people.object))[1]
        lost.close()
        assert isinstance(error, Transient)
        assert crm.driver.calls() == before

    def test_quota(self, crm: Account) -> None:
        """`quota` sends no request, and counts every one."""
        crm.changes()
        before, calls = crm.conn.quota(), crm.driver.calls()
        assert crm.driver.calls() == calls
        crm.changes()
        crm.backfill()
        assert crm.conn.quota().calls - before.calls == crm.driver.calls() - calls > 0

    def test_check(self, crm: Account) -> None:
        """`check` finds nothing wrong with a good account."""
        findings = crm.conn.check({crm.people.object: crm.people.ours} if crm.can("write") else {})
        assert findings
        assert [finding for finding in findings if finding.level not in ("ok", "warning")] == []

    @each_fault
    def test_check_never_raises(self, crm: Account, fault: str) -> None:
        """`check` never raises: it tells the trouble in a finding, with its fix."""
        crm.needs("fault")
        crm.driver.fault(FaultRule(fault=fault, times=0))
        try:
            findings = crm.conn.check({})
        except Exception as error:
            raise AssertionError(f"check raised {type(error).__name__}: {error}") from error
        wrong = [finding for finding in findings if finding.level == "error"]
        assert wrong
        assert all(finding.what for finding in wrong)
        assert fault not in ("401", "cut") or any(finding.fix for finding in wrong), "what is to be done?"

    def test_now_and_user(self, crm: Account) -> None:
        """`user` names an owner's id, or nobody; `now` follows the CRM's clock."""
        user = crm.conn.user()
        assert user is None or (isinstance(user, str) and user)
        crm.needs("skew")
        crm.driver.skew(3600)
        crm.changes()
        assert abs(crm.conn.now() - crm.clock.now() - timedelta(hours=1)) < timedelta(seconds=5)

    def test_making_and_closing(self, crm: Account) -> None:
        """Making a connector sends no request; `close` can be called twice, and before anything else."""
        before = crm.driver.calls()
        other = crm.driver.connect()
        other.close()
        other.close()
        assert crm.driver.calls() == before
