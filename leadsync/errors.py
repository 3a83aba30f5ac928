"""One tree of errors, grouped by what to do about them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SHOWN = 50  # problems that the message of an error tells


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person has to mend: what is wrong, where (`file:line:column`), how to mend it."""

    what: str
    where: str = ""
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"\n    fix: {self.fix}" if self.fix else "")


class LeadsyncError(Exception):
    """The root. `code` is a short stable word for logs and `--json`; `fix` tells the reader what to do."""

    code = "failed"
    exit_code = 1

    def __init__(self, message: str, *, fix: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        if code is not None:
            self.code = code

    def hide(self, hide: Callable[[str], str]) -> None:
        """Take what `hide` takes out of a text out of message, fix and code, which a CRM's answer may have filled."""
        self.message, self.fix, self.code = hide(self.message), hide(self.fix), hide(self.code)
        self.args = (self.message,)  # what str, repr and tracebacks show
        if not re.fullmatch(r"[\w.-]{1,80}", self.code):
            self.code = type(self).code


class UserError(LeadsyncError):
    """Something that the person who runs or shapes leadsync wrote is wrong. Carries all problems at once.

    The message tells the first of very many.
    """

    code = "invalid"
    exit_code = 65

    def __init__(self, problems: Sequence[Problem] | str, *, fix: str = "", code: str | None = None) -> None:
        self.problems = [Problem(problems, fix=fix)] if isinstance(problems, str) else list(problems)
        more = [f"and {len(self.problems) - _SHOWN} more"] if len(self.problems) > _SHOWN else []
        super().__init__("\n".join([*map(str, self.problems[:_SHOWN]), *more]), code=code)


class UsageError(UserError):
    """The command line is wrong."""

    code = "usage"
    exit_code = 64


class StateRefused(LeadsyncError):
    """The store is corrupt, foreign, newer than this program, or on a disk that cannot keep it. Nothing was changed."""

    code = "state_refused"
    exit_code = 78


class Busy(LeadsyncError):
    """Another process holds the lease on the store."""

    code = "busy"
    exit_code = 75


class PlanOutdated(LeadsyncError):
    """What would be written is not what the plan promised. Nothing was written."""

    code = "outdated"
    exit_code = 3


class ConnectionFailed(LeadsyncError):
    """What one connection cannot do now; the other connections go on."""

    code = "unavailable"
    exit_code = 69


class Transient(ConnectionFailed):
    """It may work later: time-out, overload, rate limit. `retry_after` is in seconds where the CRM told."""

    code = "unavailable"

    def __init__(
        self, message: str, *, retry_after: float | None = None, fix: str = "", code: str | None = None
    ) -> None:
        super().__init__(message, fix=fix, code=code)
        self.retry_after = retry_after


class AuthLost(ConnectionFailed):
    """The CRM does not accept the credentials, or they lack a right. Only a person can mend it."""

    code = "auth"


class Rejected(ConnectionFailed):
    """The CRM understood the request and refused it (an unknown field, say). The same request will fail again."""

    code = "rejected"
    exit_code = 65


class Conflict(ConnectionFailed):
    """The row changed since it was read."""

    code = "conflict"


class NotFound(ConnectionFailed):
    """The row, object or path does not exist."""

    code = "not_found"
