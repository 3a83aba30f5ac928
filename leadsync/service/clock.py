"""The real time, which ends every wait when the process is asked to stop."""

import threading
from datetime import UTC, datetime

from leadsync.errors import Transient


class SystemClock:
    """UTC now; sleeping is interrupted by `stopping`."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait; raises `Transient` when the process is asked to stop."""
        if self._stopping.wait(seconds):
            raise Transient("leadsync is stopping", code="stopping")
