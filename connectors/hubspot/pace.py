"""Keeping under HubSpot's limits before they are met, by what its answers tell."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from leadsync.connector import Clock

_SEARCH_PAUSE = 0.25  # the account shares 5 searches a second among all its apps
_RESERVE = 0.1  # of the burst: below it what remains is spread over the interval
_LONGEST = 10.0


class Pace:
    """Waits where the next request would come too early. Searches have a limit of their own, of which answers tell
    nothing; `searches_limited` says whether it is known to be there from the start."""

    def __init__(self, clock: Clock, *, searches_limited: bool) -> None:
        self._clock = clock
        self._search_pause = _SEARCH_PAUSE if searches_limited else 0.0
        self._last_search: datetime | None = None
        self._next: datetime | None = None

    def wait(self) -> None:
        """Before any request but a search."""
        self._sleep_until(self._next)

    def wait_to_search(self) -> None:
        """Before a search."""
        if self._last_search is not None:
            self._sleep_until(self._last_search + timedelta(seconds=self._search_pause))
        self._last_search = self._clock.now()

    def slow_searches(self) -> None:
        """A search was one too many."""
        self._search_pause = _SEARCH_PAUSE

    def learn(self, headers: Mapping[str, str]) -> None:
        """What the last answer says about the burst: how many requests remain of how many, within how long."""
        try:
            most, left, ms = (
                int(headers[f"X-HubSpot-RateLimit-{name}"]) for name in ("Max", "Remaining", "Interval-Milliseconds")
            )
        except (KeyError, ValueError):
            return
        wait = min(ms / 1000, _LONGEST) / (max(left, 0) + 1) if left < most * _RESERVE else 0.0
        self._next = self._clock.now() + timedelta(seconds=wait)

    def _sleep_until(self, moment: datetime | None) -> None:
        wait = (moment - self._clock.now()).total_seconds() if moment else 0.0
        if 0 < wait <= _LONGEST:  # longer ones come of a clock that was set back
            self._clock.sleep(wait)
