"""Filling the account: made-up people with their history, or the rows of a CSV file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.hubspot.sandbox.portal import Portal, Row
from connectors.hubspot.sandbox.properties import instant, iso
from leadsync.connector import Problem, SandboxOptions, UserError
from leadsync.testing.custom_fields import Content, made, made_of_company
from leadsync.testing.people import Card, Company, Happening, Rep, World, population
from leadsync.testing.table import read_csv

Loaded = list[tuple[str, int, Row]]

_FIRST_ID = 1001
_FIRST_OWNER = 70001
_CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_HOUR, _DAY = 3_600_000, 86_400_000

# kind of happening: the counter that it moves, and the stamps of the first and the last time
COUNTERS = {
    "visit": ("hs_analytics_num_visits", "hs_analytics_first_visit_timestamp", "hs_analytics_last_visit_timestamp"),
    "page_view": ("hs_analytics_num_page_views", "hs_analytics_first_timestamp", "hs_analytics_last_timestamp"),
    "email_open": ("hs_email_open", "hs_email_first_open_date", "hs_email_last_open_date"),
    "email_click": ("hs_email_click", "hs_email_first_click_date", "hs_email_last_click_date"),
    "form_submit": ("num_conversion_events", "first_conversion_date", "recent_conversion_date"),
}
FORMS = frozenset({"form_submit", "demo_request", "quote_request", "inquiry", "webinar", "newsletter", "trial"})
_CALLS = {"call_in": "INBOUND", "call_out": "OUTBOUND"}
_EMAILS = {"email_sent": "EMAIL", "email_reply": "INCOMING_EMAIL"}
_SOURCES = {
    "advert": "PAID_SEARCH", "referral": "REFERRALS", "trade fair": "OFFLINE", "organic search": "ORGANIC_SEARCH",
    "paid search": "PAID_SEARCH", "social media": "SOCIAL_MEDIA", "bought list": "OFFLINE", "walk-in": "OFFLINE",
    "e-mail campaign": "EMAIL_MARKETING", "landing page": "DIRECT_TRAFFIC", "partner": "REFERRALS",
}  # fmt: skip


def fill(portal: Portal, options: SandboxOptions) -> None:
    """Seed the account, or load its contacts. The same options give the same rows."""
    midnight = _ms(datetime.combine(options.today, time(), UTC))
    world = population(options.seed, 1 if options.load else options.leads, 0, options.today)
    portal.owners = [_owner(rep, midnight) for rep in world.reps]
    if options.load:
        portal.objects["contacts"].load(_from_csv(portal, options, midnight))
    else:
        _Seeder(portal, world, midnight, options).run()


class _Seeder:
    """Turns a world into rows."""

    def __init__(self, portal: Portal, world: World, midnight: int, options: SandboxOptions) -> None:
        self._portal, self._world, self._midnight, self._options = portal, world, midnight, options
        self._rows: dict[str, Loaded] = {name: [] for name in portal.objects}
        self._company_ids: dict[int, str] = {}
        self._links: list[tuple[str, str, str, str, bool]] = []

    def run(self) -> None:
        """Make all rows, then load and link them."""
        for company in self._world.companies:
            created = self._midnight - 900 * _DAY + company.number * 60_000
            row = _company(company)
            if self._options.custom:
                row |= _written(made_of_company(self._options.seed, company))
            self._company_ids[company.number] = self._add("companies", created, created, row)
        for card in self._world.cards:
            self._card(card)
        industry = self._portal.objects["companies"].properties["industry"]
        names = sorted({_industry(company.industry) for company in self._world.companies})
        options = tuple((name, name.replace("_", " ").capitalize()) for name in names)
        self._portal.objects["companies"].define(replace(industry, options=options))
        for name, rows in self._rows.items():
            self._portal.objects[name].load(rows)
        for obj, id_, to, to_id, primary in self._links:
            self._portal.associate(obj, id_, to, to_id, primary=primary)

    def _add(self, obj: str, created: int, modified: int, row: Row) -> str:
        rows, objects = self._rows[obj], self._portal.objects[obj]
        id_ = str(_FIRST_ID + len(rows))
        rows.append((id_, modified, {objects.created: iso(created)} | {k: v for k, v in row.items() if v}))
        return id_

    def _card(self, card: Card) -> None:
        row = _contact(card)
        if self._options.custom:
            row |= _written(made(self._options.seed, card, self._options.today))
        id_ = self._add("contacts", _ms(card.created_at), _ms(card.modified_at), row)
        if len(past := _stages(card)) > 1:
            self._portal.objects["contacts"].history.load(id_, "lifecyclestage", past, "CRM_UI")
        company_id = self._company_ids[card.company.number] if card.company else ""
        if company_id:
            self._links.append(("contacts", id_, "companies", company_id, True))
        for obj, at, row in (*_engagements(card), *_paperwork(card, self._midnight - 1)):
            own = self._add(obj, at, at, row | {"hs_timestamp": iso(at), "hubspot_owner_id": owner_id(card.rep)})
            self._links.append((obj, own, "contacts", id_, False))
        if card.outcome:
            closed = _ms(card.modified_at)
            deal = self._add("deals", _ms(card.created_at), closed, _deal(card, closed))
            self._links.append(("deals", deal, "contacts", id_, False))
            if company_id:
                self._links.append(("deals", deal, "companies", company_id, True))


def _written(values: Mapping[str, Content]) -> Row:
    """Values of the account's own fields, as HubSpot keeps them."""

    def text(value: Content) -> str:
        if isinstance(value, tuple):
            return ";".join(value)
        if isinstance(value, datetime):
            return iso(_ms(value))
        if isinstance(value, date):
            return value.isoformat()
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {name: text(value) for name, value in values.items()}


def owner_id(rep: Rep | None) -> str:
    """The owner id of a rep."""
    return str(_FIRST_OWNER + rep.number) if rep else ""


def _owner(rep: Rep, midnight: int) -> dict[str, Any]:
    at = iso(midnight - 1000 * _DAY)
    number = _FIRST_OWNER + rep.number
    return {
        "id": str(number), "email": rep.email, "firstName": rep.first_name, "lastName": rep.last_name,
        "type": "PERSON", "userId": 10 * number if rep.active else None, "userIdIncludingInactive": 10 * number,
        "teams": [], "createdAt": at, "updatedAt": at, "archived": not rep.active,
    }  # fmt: skip


def _company(company: Company) -> Row:
    return {
        "name": company.name, "domain": company.domain, "website": f"https://{company.domain}",
        "country": company.country, "city": company.city, "industry": _industry(company.industry),
        "numberofemployees": str(company.employees), "annualrevenue": str(company.revenue),
    }  # fmt: skip


def _industry(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name).upper().split())


def _contact(card: Card) -> Row:
    company = card.company
    row = {
        "email": card.email.lower(), "firstname": card.first_name, "lastname": card.last_name, "phone": card.phone,
        "jobtitle": card.job_title, "country": card.country, "city": card.city,
        "company": company.name if company else "", "website": f"https://{company.domain}" if company else "",
        "industry": company.industry if company else "", "hubspot_owner_id": owner_id(card.rep),
        "hs_analytics_source": _SOURCES.get(card.source, "OTHER_CAMPAIGNS"), "hs_analytics_source_data_1": card.source,
        "hs_lastmodifieddate": iso(_ms(card.created_at)), "lifecyclestage": _stages(card)[-1][0],
    }  # fmt: skip
    return row | _counters(card.story) | _work(card)


def _stages(card: Card) -> list[tuple[str, int]]:
    """The lifecycle so far: each stage with its beginning."""
    stages = [("subscriber", _ms(card.created_at))]
    stages += [("lead", _ms(one.at)) for one in card.story if one.kind in FORMS][:1]
    if card.outcome:
        stages.append(("customer" if card.outcome == "won" else "opportunity", _ms(card.modified_at)))
    return stages


def _counters(story: tuple[Happening, ...]) -> Row:
    row: Row = {}
    counts: Counter[str] = Counter()
    for one in story:
        kind = "form_submit" if one.kind in FORMS else one.kind
        if kind in COUNTERS:
            counter, first, last = COUNTERS[kind]
            counts[counter] += 1
            row.setdefault(first, iso(_ms(one.at)))
            row[last] = iso(_ms(one.at))
        if kind == "form_submit":
            row.setdefault("first_conversion_event_name", one.detail)
            row["recent_conversion_event_name"] = one.detail
        elif kind == "page_view":
            row.setdefault("hs_analytics_first_url", one.detail)
            row["hs_analytics_last_url"] = one.detail
        elif kind == "email_reply":
            row["hs_sales_email_last_replied"] = iso(_ms(one.at))
        elif kind == "bounce":
            counts["hs_email_bounce"] += 1
            row["hs_email_hard_bounce_reason_enum"] = "UNKNOWN_USER"
        elif kind == "unsubscribe":
            row["hs_email_optout"] = "true"
    if opens := counts["hs_email_open"]:
        counts["hs_email_delivered"] = opens
    if forms := {one.detail for one in story if one.kind in FORMS}:
        counts["num_unique_conversion_events"] = len(forms)
    return row | {name: str(count) for name, count in counts.items()}


def _work(card: Card) -> Row:
    """What reps did with the contact, as HubSpot sums it up on the contact."""
    touches = [one for one in card.story if one.kind in _CALLS or one.kind in ("meeting", "email_sent", "rep_activity")]
    if not touches:
        return {"hs_lead_status": "NEW", "hs_is_unworked": "true"}
    last = iso(_ms(touches[-1].at))
    talked = [one for one in touches if one.kind in _CALLS or one.kind == "meeting"]
    meetings = [one for one in talked if one.kind == "meeting"]
    return {
        "hs_lead_status": "CONNECTED" if talked else "OPEN", "hs_is_unworked": "false",
        "num_contacted_notes": str(len(touches)), "num_notes": str(len(touches)), "notes_last_contacted": last,
        "notes_last_updated": last, "hs_last_sales_activity_timestamp": last,
        "engagements_last_meeting_booked": iso(_ms(meetings[-1].at)) if meetings else "",
    }  # fmt: skip


def _engagements(card: Card) -> Iterator[tuple[str, int, Row]]:
    """The calls, e-mails and meetings of a story: object, time, properties."""
    for one in card.story:
        at = _ms(one.at)
        if one.kind in _CALLS:
            yield "calls", at, {
                "hs_call_direction": _CALLS[one.kind], "hs_call_status": "COMPLETED", "hs_call_title": one.detail,
                "hs_call_disposition": _CONNECTED, "hs_call_duration": str(60_000 + at % 900_000),
            }  # fmt: skip
        elif one.kind in _EMAILS:
            yield "emails", at, {
                "hs_email_direction": _EMAILS[one.kind], "hs_email_status": "SENT", "hs_email_subject": one.detail,
            }  # fmt: skip
        elif one.kind == "meeting":
            yield "meetings", at, {
                "hs_meeting_title": one.detail, "hs_meeting_start_time": iso(at),
                "hs_meeting_end_time": iso(at + _HOUR // 2), "hs_meeting_outcome": "COMPLETED",
            }  # fmt: skip


def _paperwork(card: Card, latest: int) -> Iterator[tuple[str, int, Row]]:
    """The notes and tasks that a rep leaves behind."""
    for one in card.story:
        at = min(_ms(one.at) + _HOUR, latest)
        if one.kind == "rep_activity" or (card.rep and one.kind == "meeting"):
            yield "notes", at, {"hs_note_body": one.detail}
        elif card.rep and one.kind == "call_in":
            task = {"hs_task_subject": f"Answer: {one.detail}", "hs_task_status": "COMPLETED", "hs_task_type": "EMAIL"}
            yield "tasks", at, task


def _deal(card: Card, closed: int) -> Row:
    won = card.outcome == "won"
    size = card.company.employees if card.company else 5
    return {
        "dealname": f"{card.company.name if card.company else card.last_name} - new business", "pipeline": "default",
        "dealstage": "closedwon" if won else "closedlost", "amount": str(1000 + 40 * size), "closedate": iso(closed),
        "dealtype": "newbusiness", "hs_is_closed": "true", "hs_is_closed_won": str(won).lower(),
        "hubspot_owner_id": owner_id(card.rep),
    }  # fmt: skip


def _from_csv(portal: Portal, options: SandboxOptions, midnight: int) -> Loaded:
    assert options.load is not None
    objects = portal.objects["contacts"]
    rows = read_csv(options.load, [*objects.properties, "Id"])
    problems: list[Problem] = []
    given = [row.pop("Id", "") or row.get("hs_object_id", "") for row in rows]
    for known, count in Counter(filter(None, given)).items():
        if count > 1 or not known.isdigit():
            problems.append(Problem(f"id {known!r} is not a number of its own", str(options.load)))
    highest = max((int(id_) for id_ in given if id_.isdigit()), default=0)
    free = iter(range(max(_FIRST_ID, highest + 1), max(_FIRST_ID, highest + 1) + len(rows)))
    loaded: Loaded = []
    for number, (row, id_) in enumerate(zip(rows, given, strict=True)):
        stamps = {}
        for name, otherwise in (("createdate", midnight - _DAY), ("lastmodifieddate", midnight - len(rows) + number)):
            try:
                stamps[name] = instant(row[name]) if row.get(name) else otherwise
            except ValueError:
                stamps[name] = otherwise
                problems.append(Problem(f"{row[name]!r} is not a time", f"{options.load}: row {number + 1}, {name}"))
        values = {name: value for name, value in row.items() if value} | {"createdate": iso(stamps["createdate"])}
        loaded.append((id_ or str(next(free)), stamps["lastmodifieddate"], values))
    if problems:
        raise UserError(problems[:50])
    return loaded


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS
