"""What a cycle did, per connection: the numbers that `--json`, `status` and the log show."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from leadsync.errors import LeadsyncError, UserError
from leadsync.store.evaluation import Decision, Member
from leadsync.store.sources import Source
from leadsync.sync.messages import Waiting
from leadsync.types import Quota

_SAMPLES = 5  # of each connection


@dataclass(slots=True)
class ConnectionReport:
    """`pulled` leads new or changed; `evaluated` leads that something new touched; `due` leads that time alone moved;
    `merged` pairs of rows that became one; `planned` writes and merges that were only shown: the connection is not
    live, or nobody has looked at the merge; `problems` what does not fit the account: the rest goes on without it."""

    pulled: int = 0
    activities: int = 0
    evaluated: int = 0
    due: int = 0
    planned: int = 0
    written: int = 0
    merged: int = 0
    rejected: int = 0
    api_calls: int = 0
    waiting: Waiting | None = None
    quota: Quota | None = None
    problems: list[Mapping[str, str]] = field(default_factory=list)
    error: LeadsyncError | None = None

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        numbers = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "waiting"}
        quota = self.quota
        return numbers | {
            "waiting_until": self.waiting.until.isoformat() if self.waiting else None,
            "waiting_for": self.waiting.reason if self.waiting else None,
            "quota": {"used": quota.used, "limit": quota.limit} if quota and quota.limit else None,
            "error": told(self.error) if self.error else None,
        }


@dataclass(slots=True)
class Sample:
    """A write that was planned but not sent: shown to the admin."""

    connection: str
    object: str
    id: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class CycleReport:
    """One round of the coordinator. `routed`: leads whose owner was decided on anew, by why."""

    started_at: datetime
    connections: dict[str, ConnectionReport]
    seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    routed: Counter[str] = field(default_factory=Counter)

    def route(self, decisions: Iterable[Decision]) -> None:
        """Count who was decided on anew, by why they have the owner they have (see `core.assign.WHY`)."""
        self.routed.update(decision.routed.why for decision in decisions if decision.routed is not None)

    @property
    def unplaced(self) -> str:
        """What nobody should have to look for: leads that no rule placed."""
        said = []
        if count := self.routed["catch_all"]:
            said.append(f"{count} leads came to the catch-all, since no rule had a rep for them")
        if count := self.routed["nobody"]:
            said.append(f"{count} leads have nobody: no rule fits, or all its reps are away or full")
        return "; ".join(said) + ("; `leadsync explain LEAD` tells why" if said else "")

    def count(self, members: Iterable[Member], sources: Mapping[int, Source], what: str) -> None:
        """Count the leads that have these records, per connection, as `evaluated` or `due`."""
        seen: dict[str, set[int]] = defaultdict(set)
        for member in members:
            if member.gone_at is None and member.fields is not None:
                seen[sources[member.source_id].connection].add(member.lead_id)
        for name, leads in seen.items():
            if (report := self.connections.get(name)) is not None:
                setattr(report, what, getattr(report, what) + len(leads))

    def show(self, source: Source, ext_id: str, fields: Mapping[str, Any]) -> None:
        """A write is planned and not sent."""
        report = self.connections[source.connection]
        report.planned += 1
        if report.planned <= _SAMPLES:
            self.samples.append(Sample(source.connection, source.object, ext_id, dict(fields)))

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "connections": {name: report.body() for name, report in self.connections.items()},
            "seconds": round(self.seconds, 3),
            "routed": dict(self.routed),
        }

    def shown(self) -> list[dict[str, Any]]:
        """The sample writes as JSON has them."""
        return [asdict(sample) for sample in self.samples]

    @property
    def busy(self) -> bool:
        """Whether anything but asking happened."""
        return any(
            c.pulled
            or c.activities
            or c.evaluated
            or c.due
            or c.written
            or c.merged
            or c.rejected
            or c.problems
            or c.error
            for c in self.connections.values()
        )

    @property
    def exit_code(self) -> int:
        """0, or that of the first connection that failed; 65 where a mapping does not fit its account."""
        failed = next((c.error.exit_code for c in self.connections.values() if c.error), 0)
        return failed or (UserError.exit_code if any(c.problems for c in self.connections.values()) else 0)


def told(error: LeadsyncError) -> dict[str, str]:
    """The code, the message in one line and the fix of an error; of several problems all messages and the first fix."""
    problems = error.problems if isinstance(error, UserError) else ()
    message = "; ".join(f"{p.where}: {p.what}" if p.where else p.what for p in problems) or error.message
    fix = error.fix or next((p.fix for p in problems if p.fix), "")
    return {"code": error.code, "message": message, "fix": fix}


def problem_sentence(connection: str, problem: Mapping[str, str]) -> str:
    """What does not fit an account, in one line of a log."""
    return f"{connection}: {problem['message']}" + (f"; fix: {problem['fix']}" if problem["fix"] else "")


def sentence(connection: str, error: LeadsyncError) -> str:
    """What keeps a connection from working, in one line of a log."""
    said = told(error)
    return f"{connection}: {said['message']}" + (f"; fix: {said['fix']}" if said["fix"] else "")
