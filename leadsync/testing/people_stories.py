"""What the people of a sandbox did: months of visits, mails, forms, calls and meetings, in believable sequences."""

from datetime import datetime, timedelta
from random import Random

Step = tuple[str, str, int]
"""Kind, detail, minutes after the step before it."""

_READ: tuple[Step, ...] = (("email_sent", "Product news", 0), ("email_open", "Product news", 90))
_CLICKED: tuple[Step, ...] = (*_READ, ("email_click", "/news", 1), ("visit", "/news", 0), ("page_view", "/news", 0))
_LOOKED: tuple[Step, ...] = (("visit", "/", 0), ("page_view", "/", 0))
_BROWSED: tuple[Step, ...] = (*_LOOKED, ("page_view", "/product", 2), ("page_view", "/customers", 3))
_DOWNLOADED: tuple[Step, ...] = (
    ("visit", "/resources", 0), ("page_view", "/resources", 0), ("form_submit", "Buyer's guide", 4),
    ("download", "Buyer's guide", 1),
)  # fmt: skip
_PRICED: tuple[Step, ...] = (
    ("visit", "/pricing", 0), ("page_view", "/pricing", 0), ("page_view", "/delivery", 3),
    ("form_submit", "Price list request", 5),
)  # fmt: skip
_REPLIED: tuple[Step, ...] = (
    ("email_sent", "Your question", 0), ("email_open", "Your question", 120), ("email_reply", "Re: Your question", 45),
)  # fmt: skip
_DEMO: tuple[Step, ...] = (
    ("visit", "/demo", 0), ("page_view", "/demo", 0), ("demo_request", "Product demo", 4),
    ("call_out", "Demo follow-up", 1500), ("meeting", "Product demo", 4300),
)  # fmt: skip
_CALLED: tuple[Step, ...] = (("call_in", "Asked about price and delivery", 0),)
_MET: tuple[Step, ...] = (("meeting", "Requirements and budget", 0),)
_LISTENED: tuple[Step, ...] = (("webinar", "Getting started", 0),)

_MILD, _MILD_WEIGHTS = (_READ, _CLICKED, _LOOKED, _BROWSED, _DOWNLOADED, _LISTENED), (40, 8, 30, 10, 4, 8)
_KEEN, _KEEN_WEIGHTS = (_CLICKED, _BROWSED, _DOWNLOADED, _LISTENED), (30, 35, 20, 15)
_STRONG = (_PRICED, _REPLIED, _DEMO, _CALLED, _MET)
_NEEDS_MAILBOX = frozenset({"email_sent", "email_open", "email_click", "email_reply"})
_DAY = 86_400_000  # milliseconds

KINDS = frozenset(
    step[0] for episode in (*_MILD, *_KEEN, *_STRONG) for step in episode
) | {"bounce", "unsubscribe"}  # fmt: skip
"""Every activity kind that occurs."""


def story(
    rng: Random, buyer: bool, mailbox: bool, midnight: datetime
) -> tuple[datetime, list[tuple[str, datetime, str]]]:
    """When the card was made, and (kind, moment, detail) of what happened from then until before `midnight`, in order.

    Buyers are at it now: several episodes up to yesterday, strong signs within the last three weeks. The others did
    little and long ago.
    """
    age, episodes = _keen(rng) if buyer else _mild(rng)
    end = 0
    created = end - age * _DAY + _working_hour(rng)
    happened: list[tuple[int, str, str]] = []
    for day, episode in episodes:
        at = max(end - day * _DAY + _working_hour(rng), created + rng.randrange(60_000, 600_000))
        for kind, detail, minutes in episode:
            at += round(minutes * rng.uniform(30_000, 90_000)) + rng.randrange(1, 3000)
            if at < end and (mailbox or kind not in _NEEDS_MAILBOX):
                happened.append((at, kind, detail))
    if mailbox and not buyer:
        _farewell(rng, happened, created)
    happened.sort()
    ms = timedelta(milliseconds=1)
    return midnight + created * ms, [(kind, midnight + at * ms, detail) for at, kind, detail in happened]


def _working_hour(rng: Random) -> int:
    return rng.randrange(6 * 3_600_000, 17 * 3_600_000)


def _keen(rng: Random) -> tuple[int, list[tuple[int, tuple[Step, ...]]]]:
    age = rng.randrange(20, 200)
    episodes = [
        (1 + int(age * rng.random() ** 2), rng.choices(_KEEN, _KEEN_WEIGHTS)[0]) for _ in range(rng.randrange(2, 6))
    ]
    episodes += [(rng.randrange(1, 21), episode) for episode in rng.sample(_STRONG, rng.randrange(2, 4))]
    return age, episodes


def _mild(rng: Random) -> tuple[int, list[tuple[int, tuple[Step, ...]]]]:
    fresh = rng.random() < 0.08
    age = rng.randrange(2, 20) if fresh else rng.randrange(40, 700)
    youngest = 1 if fresh else 25
    episodes = [
        (rng.randrange(youngest, age + 1), rng.choices(_MILD, _MILD_WEIGHTS)[0])
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))
    ]
    return age, episodes


def _farewell(rng: Random, happened: list[tuple[int, str, str]], created: int) -> None:
    """A few mailboxes are dead, a few people ask to be left alone; no mail goes out after that."""
    luck = rng.random()
    if luck < 0.06:
        kind, detail = ("bounce", "Mailbox unknown") if luck < 0.03 else ("unsubscribe", "Product news")
        at = max((moment for moment, _, _ in happened), default=created) + rng.randrange(60_000, 3_600_000)
        if at < 0:
            happened.append((at, kind, detail))
