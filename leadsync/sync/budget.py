"""How many requests leadsync allows itself: a share of the account's day, so that the rest is left to people."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from leadsync.errors import Transient
from leadsync.types import Quota

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Budget:
    """Counts the requests of each quota holder over the last 24 hours. Connection threads share it.

    Where a CRM does not tell its limit there is nothing to share, and nothing is held back.
    """

    def __init__(self, spent: Mapping[str, Mapping[str, int]]) -> None:
        self._spent: dict[str, dict[datetime, int]] = {
            holder: {datetime.fromisoformat(hour): calls for hour, calls in hours.items()}
            for holder, hours in spent.items()
        }
        self._counted: dict[str, int] = defaultdict(int)  # connection → calls that are counted already
        self._lock = threading.Lock()

    def spend(self, connection: str, quota: Quota, now: datetime) -> None:
        """Count what a connection has sent since it was counted last."""
        holder, hour = quota.holder or connection, now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            hours = self._spent.setdefault(holder, {})
            hours[hour] = hours.get(hour, 0) + quota.calls - self._counted[connection]
            self._counted[connection] = quota.calls
            for old in [at for at in hours if at <= now - _DAY]:
                del hours[old]

    def reopened(self, connection: str) -> None:
        """A new connector of this connection counts from nothing."""
        with self._lock:
            self._counted[connection] = 0

    def check(self, connection: str, quota: Quota, *, own: float, account: float, now: datetime) -> None:
        """Raises `Transient` (code `quota`) once `own` percent of the account's day were used by leadsync, or
        `account` percent by everybody; it is worth another look at the next full hour."""
        if not quota.limit:
            return
        with self._lock:
            mine = sum(self._spent.get(quota.holder or connection, {}).values())
        if quota.used is not None and quota.used >= account / 100 * quota.limit:
            told = f"{quota.used} of the account's {quota.limit} requests of the day are used up"
            told += f"; leadsync stops at {account:g} % and leaves the rest to people"
            fix = "wait, see which other app asks so much, or raise `quota: {account: …}`"
        elif mine >= own / 100 * quota.limit:
            told = f"leadsync has sent {mine} requests in 24 hours, {own:g} % of the account's {quota.limit} a day"
            fix = "wait, poll less often (`every:`), or raise `quota: {own: …}`"
        else:
            return
        wait = (now.replace(minute=0, second=0, microsecond=0) + _HOUR - now).total_seconds()
        raise Transient(told, retry_after=wait, code="quota", fix=fix)

    def body(self) -> dict[str, dict[str, int]]:
        """To be kept over a restart."""
        with self._lock:
            return {
                holder: {hour.isoformat(): calls for hour, calls in hours.items() if calls}
                for holder, hours in self._spent.items()
            }
