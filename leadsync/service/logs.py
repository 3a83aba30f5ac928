"""Logs: text on a terminal, JSON lines elsewhere. What was handed out as a secret never appears in them."""

import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from leadsync.config.secrets import ConnectionSecrets


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Iterable[ConnectionSecrets], *, as_json: bool) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")
        self.secrets, self._as_json = list(secrets), as_json
        self.former: list[ConnectionSecrets] = []

    def format(self, record: logging.LogRecord) -> str:
        if self._as_json:
            body = {"at": datetime.fromtimestamp(record.created, UTC).isoformat(), "level": record.levelname.lower(),
                    "message": record.getMessage(), **getattr(record, "data", {})}  # fmt: skip
            if record.exc_info:
                body["trace"] = self.formatException(record.exc_info)
            line = orjson.dumps(body, default=str).decode()
        else:
            line = super().format(record)
        for secrets in (*self.secrets, *self.former):
            line = secrets.hide(line)
        return line


def logger(secrets: Iterable[ConnectionSecrets], *, quiet: bool = False) -> logging.Logger:
    """The log of this process, on standard error; `quiet` leaves only warnings.

    Secrets of the log before it stay hidden, too: what worked with them may still have something to say.
    """
    handler, log = logging.StreamHandler(sys.stderr), logging.getLogger("leadsync")
    shown = _Redacting(secrets, as_json=not sys.stderr.isatty())
    shown.former = [s for h in log.handlers if isinstance(h.formatter, _Redacting) for s in h.formatter.secrets]
    handler.setFormatter(shown)
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    return log
