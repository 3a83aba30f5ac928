"""How much may be asked: in a second, in ten, in a day; and how much was."""

from collections.abc import Callable
from datetime import date, datetime

from connectors.hubspot.sandbox.refusals import too_many
from leadsync.testing.server import Calls, RateLimit

_BURST, _SEARCHES, _DAY = 190, 5, 1_000_000


class Limits:
    """The account's requests. With `enforced` too many are refused; they are counted in any case."""

    def __init__(self, now: Callable[[], datetime], *, enforced: bool) -> None:
        self.calls = Calls()
        self._now, self._enforced = now, enforced
        self._burst, self._searches = RateLimit(_BURST, 10, now), RateLimit(_SEARCHES, 1, now)
        self._used, self._day = 0, now().date()

    def take(self, endpoint: str, *, search: bool) -> None:
        """One more request. 429."""
        self.calls.count(endpoint)
        self._used = self._used_today() + 1
        if not self._enforced:
            return
        if self._used > _DAY:
            raise too_many("DAILY")
        if not (self._searches if search else self._burst).take():
            raise too_many("SECONDLY" if search else "TEN_SECONDLY_ROLLING")

    def headers(self, *, daily: bool) -> dict[str, str]:
        """What an answer tells of them; OAuth apps are told nothing of the day."""
        told = {
            "X-HubSpot-RateLimit-Max": str(_BURST), "X-HubSpot-RateLimit-Remaining": str(self._burst.left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }  # fmt: skip
        left = str(max(0, _DAY - self._used_today()))
        day = {"X-HubSpot-RateLimit-Daily": str(_DAY), "X-HubSpot-RateLimit-Daily-Remaining": left}
        return told | (day if daily else {})

    def reset(self, used: int) -> None:
        """Count from nought; so many requests of this day are spent."""
        self.calls.by_endpoint.clear()
        self._used, self._day = used, self._today()

    def _used_today(self) -> int:
        if self._day != self._today():
            self._used, self._day = 0, self._today()
        return self._used

    def _today(self) -> date:
        return self._now().date()
