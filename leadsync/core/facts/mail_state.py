"""Whether mail to an address arrives, by all that is known of it. No single source can tell for good.

The DNS knows domains, not mailboxes: that one takes mail makes no mailbox valid, that it takes none makes all invalid.
Only somebody who answers shows that a mailbox is read, and only mail that comes back shows that one is not; what a tool
has found out by asking the mail server comes with a CRM's field.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from leadsync.core.convert import Unreadable
from leadsync.core.facts.fact import Facts, value_of

State = Literal["valid", "risky", "catch_all", "invalid", "unknown"]
STATES: tuple[State, ...] = ("valid", "risky", "catch_all", "invalid", "unknown")
Answer = Literal["takes_mail", "takes_none", "address", "no_server", "no_domain", "silent"]
"""What the DNS says of a domain. `address`: it names no mail server, but has an address; `silent`: no usable answer."""

_DEAD = ("takes_none", "no_server", "no_domain")
_RISKY = ("disposable", "role", "misspelt", "unknown")
_ASKED = ("work", "role", "unknown")  # kinds of mailboxes whose domain is somebody's own
TELLS = {"bounce": "bounce", "complaint": "complaint", "email_reply": "alive", "email_click": "alive"}
"""What an activity of these kinds tells of the mailbox."""

GOOD = timedelta(days=30)
"""For so long a domain that takes mail is believed to go on doing so."""
DEAD = timedelta(days=5)
"""And one that takes none: mail servers go on trying for four to five days (RFC 5321, section 4.5.4.1)."""
RETRY = (timedelta(hours=1), timedelta(days=1))
"""Where no answer came, it is asked again after so long as it has been silent, but not sooner or later than this."""
KEPT = timedelta(days=60)
"""For so long an answer is kept that cannot be had again."""


def read_state(text: str, *_: object) -> str:
    """A converter of what a CRM's field says. Raises `Unreadable` for what is none of the states."""
    told = text.lower().replace("-", "_").replace(" ", "_")
    if told not in STATES:
        raise Unreadable(f"is none of {', '.join(STATES)}")
    return told


class Checked(NamedTuple):
    """What the DNS says of a domain, since when, when it said so last, and when it is to be asked again."""

    answer: Answer
    since: datetime
    told_at: datetime
    due_at: datetime


class Met(NamedTuple):
    """When mail to a lead came back last, when it was answered last, when somebody complained of it last."""

    bounce: datetime | None = None
    alive: datetime | None = None
    complaint: datetime | None = None


_NOTHING = Met()


class MailState(NamedTuple):
    """A state, why it is so, and since when that is known; `at` is None where nobody says.

    `why`: `said` by a CRM, `bounce`, `alive`, `complaint`, a kind of mailbox, an answer of the DNS, or `free` for a
    provider that is known to take mail.
    """

    state: State
    why: str
    at: datetime | None = None


def checked(before: Checked | None, answer: Answer, now: datetime) -> Checked:
    """What is known of a domain once it has answered so."""
    if answer != "silent":
        since = before.since if before and before.answer == answer else now
        return Checked(answer, since, now, now + (DEAD if answer in _DEAD else GOOD))
    if before is None or (before.answer != "silent" and now - before.told_at >= KEPT):
        return Checked("silent", now, now, now + RETRY[0])
    silent = now - before.told_at
    return before._replace(due_at=now + min(max(silent, RETRY[0]), RETRY[1]))


def asked_about(facts: Facts) -> str:
    """The domain of a record's mailbox, where the DNS can tell something about it that is not known without."""
    email, kind = facts.get("email"), value_of(facts["mailbox"]) if "mailbox" in facts else ""
    return email.rpartition("@")[2] if isinstance(email, str) and kind in _ASKED else ""


def met(activities: Iterable[tuple[str, datetime]]) -> Met:
    """What of these activities (kind, when) tells of the mailbox."""
    last: dict[str, datetime] = {}
    for kind, at in activities:
        if (name := TELLS.get(kind)) and (name not in last or at > last[name]):
            last[name] = at
    return Met(**last)


def latest(found: Sequence[Met]) -> Met:
    """All of these as one."""
    if len(found) < 2:
        return found[0] if found else _NOTHING
    return Met(*(max(filter(None, column), default=None) for column in zip(*found, strict=True)))


def mail_state(
    kind: str, seen: Met, said: str = "", said_at: datetime | None = None, domain: Checked | None = None
) -> MailState | None:
    """The state of an address whose mailbox is of this kind; None where nothing is known of it.

    What a CRM says without a date beats all else. Of what it says with one, of mail that came back and of answers the
    latest counts, unless the DNS has found the domain dead since.
    """
    told = next((state for state in STATES if state == said and state != "unknown"), None) if said else None
    if told and said_at is None:
        return MailState(told, "said")
    since: datetime | None = None
    newest: MailState | None = None
    for state, why, at in ((told, "said", said_at), ("valid", "alive", seen.alive), ("invalid", "bounce", seen.bounce)):
        if state and at and (since is None or at > since):
            since, newest = at, MailState(state, why, at)
    if domain and domain.answer in _DEAD and (since is None or domain.since > since):
        return MailState("invalid", domain.answer, domain.since)
    if newest and newest.state == "invalid":
        return newest
    if seen.complaint and (since is None or seen.complaint > since):
        return MailState("risky", "complaint", seen.complaint)
    if newest and kind != "disposable":
        return newest
    if kind in _RISKY:
        return MailState("risky", kind)
    if kind == "free":
        return MailState("unknown", kind)
    return domain and MailState("risky" if domain.answer == "address" else "unknown", domain.answer, domain.since)
