"""Who owns leads: the people, queues and former people of each CRM, and leadsync's own users there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadsync.catalog import LANGUAGES


@dataclass(slots=True)
class Directory:
    """Who owns leads: the users of each connection, and our own one there."""

    users: dict[str, str] = field(default_factory=dict)  # connection → id of our own user
    email: dict[tuple[str, str], str] = field(default_factory=dict)  # (connection, id) → e-mail of an active person
    id: dict[tuple[str, str], str] = field(default_factory=dict)  # (connection, e-mail) → id of an active person
    queues: set[tuple[str, str]] = field(default_factory=set)  # (connection, id)
    left: dict[tuple[str, str], str] = field(default_factory=dict)  # (connection, id) → e-mail of who is active no more
    language: dict[str, str] = field(default_factory=dict)  # e-mail → one of `LANGUAGES`, where a CRM tells it

    def owner(self, connection: str, ext_id: str | None) -> str | None:
        """The e-mail of the person who owns, or None for nobody."""
        if ext_id is None or ext_id == self.users.get(connection):
            return None
        return self.email.get((connection, ext_id))

    def had(self, connection: str, ext_id: str) -> bool:
        """Whether a person has or had what this owner owns: no queue, and not our own user."""
        return (connection, ext_id) in self.left or not self.unowned(connection, ext_id)

    def unowned(self, connection: str, ext_id: str) -> bool:
        """Whether this owner counts as nobody: a queue, someone who left, our own user."""
        key = (connection, ext_id)
        return ext_id == self.users.get(connection) or key in self.queues or key in self.left


def directory(
    rows: Iterable[tuple[str, str, str, str, bool, str | None]], users: Mapping[str, str | None]
) -> Directory:
    """The directory of owner rows (connection, id, e-mail, kind, active, language) and our own users."""
    found = Directory({name: user for name, user in users.items() if user})
    for connection, ext_id, email, kind, active, language in rows:
        if kind != "person":
            found.queues.add((connection, ext_id))
        elif not active:
            found.left[connection, ext_id] = email
        elif email:
            if (spoken := (language or "")[:2].lower()) in LANGUAGES:
                found.language.setdefault(email, spoken)
            found.email[connection, ext_id] = email
            found.id.setdefault((connection, email), ext_id)
    return found
