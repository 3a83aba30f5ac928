"""Filling the sandbox: believable people from the kit, or leads from a CSV file."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.org import Org, Row
from connectors.salesforce.sandbox.schema import NOT_PROVIDED, Field, custom_name
from connectors.salesforce.sandbox.soql import wire
from leadsync.connector import Problem, SandboxOptions, UserError
from leadsync.testing.custom_fields import Content, made, made_of_company
from leadsync.testing.people import Card, Company, Happening, Rep, population
from leadsync.testing.table import read_csv

US, QUEUE = "leadsync Integration", "Lead Queue"
_SOURCES = {
    "advert": "Advertisement", "webinar": "Webinar", "referral": "Partner Referral", "partner": "Partner Referral",
    "trade fair": "Trade Show", "bought list": "Purchased List", "walk-in": "Other", "e-mail campaign": "Other",
}  # fmt: skip
_TASKS: Mapping[str, Row] = {
    "call_in": {"TaskSubtype": "Call", "CallType": "Inbound"},
    "call_out": {"TaskSubtype": "Call", "CallType": "Outbound"},
    "email_sent": {"TaskSubtype": "Email"},
    "email_reply": {"TaskSubtype": "Email", "Status": "Received"},
}
_CAMPAIGNS = {
    "webinar": ("Webinar", "Attended"),
    "demo_request": ("Web", "Responded"),
    "form_submit": ("Web", "Responded"),
}
_FAIR = "Spring fair"
_REP_KINDS = ("call_out", "meeting", "email_reply")
_CONVERT_EVERY = 2
_MOST_PROBLEMS = 50


class Seeder:
    """Builds rows object by object and loads them at once, so that 50,000 leads take seconds.

    With `own`, a seed, the account's own fields are filled, too.
    """

    def __init__(self, org: Org, today: date, own: int | None = None) -> None:
        self.org, self.today, self.own = org, today, own
        self.midnight = datetime.combine(today, time(), UTC)
        self.rows: dict[str, list[Row]] = {name: [] for name in org.entities}
        self._reps: dict[int, str] = {}
        self._accounts: dict[int, str] = {}
        self._campaigns: dict[str, str] = {}

    def add(self, name: str, values: Row, created: datetime, modified: datetime | None = None) -> str:
        """One more row; its id."""
        row = self.org.complete(name, values, wire(created), wire(modified or created))
        self.rows[name].append(row)
        return str(row["Id"])

    def store(self) -> None:
        """Put all rows into the account."""
        for name, rows in self.rows.items():
            self.org.load(name, rows)

    def staff(self, reps: tuple[Rep, ...] | list[Rep]) -> None:
        """The integration user, the queue and the sales reps."""
        long_ago = self.midnight - timedelta(days=1000)
        self.org.us = self.org.new_id("User")
        us = {
            "Id": self.org.us,
            "Username": "leadsync@sales.example",
            "LastName": US,
            "Email": "leadsync@sales.example",
        }
        self.rows["User"].append(self.org.complete("User", us, wire(long_ago), id_=self.org.us))
        self.org.queue = self.add("Group", {"Name": QUEUE, "DeveloperName": "Lead_Queue", "Type": "Queue"}, long_ago)
        self._rights(long_ago)
        for rep in reps:
            values = {
                "FirstName": rep.first_name, "LastName": rep.last_name, "Email": rep.email, "Username": rep.email,
                "IsActive": rep.active, "LanguageLocaleKey": "en_US" if rep.language == "en" else rep.language,
            }  # fmt: skip
            self._reps[rep.number] = self.add("User", values, long_ago)

    def _rights(self, at: datetime) -> None:
        """The custom fields that the account came with are seen and edited by everybody, through their profile."""
        profile = self.add("PermissionSet", {"Name": "X00e5g", "Label": "Sales", "IsOwnedByProfile": True}, at)
        for obj, entity in self.org.entities.items():
            for name in entity.fields:
                if name.endswith("__c"):
                    what = {"ParentId": profile, "SobjectType": obj, "Field": f"{obj}.{name}"}
                    self.add("FieldPermissions", what | {"PermissionsRead": True, "PermissionsEdit": True}, at)

    def people(self, cards: list[Card], total: int) -> None:
        """Four fifths leads, one fifth contacts, `total` together: a converted lead counts with its contact."""
        room = total
        for card in cards:
            if room <= 0:
                return
            converted = bool(card.outcome) and card.number % _CONVERT_EVERY == 0 and room > 1
            if converted:
                self._converted(card)
            elif card.number % 5 == 4:
                self._contact(card)
            else:
                self._lead(card)
            room -= 2 if converted else 1

    def _owner(self, card: Card, *, queue: bool) -> str:
        if card.rep:
            return self._reps[card.rep.number]
        return self.org.queue if queue and card.number % 4 else self.org.us

    def _person(self, card: Card) -> Row:
        kinds = {happening.kind: happening for happening in card.story}
        bounce = kinds.get("bounce")
        return {
            "FirstName": card.first_name or None, "LastName": card.last_name or NOT_PROVIDED,
            "Email": card.email or None, "Phone": card.phone or None, "Title": card.job_title or None,
            "LeadSource": _SOURCES.get(card.source, "Web"),
            "HasOptedOutOfEmail": "unsubscribe" in kinds, "EmailBouncedReason": bounce.detail if bounce else None,
            "EmailBouncedDate": wire(bounce.at) if bounce else None,
        }  # fmt: skip

    def _own(self, obj: str, card: Card) -> Row:
        """The account's own fields of this object."""
        if self.own is None:
            return {}
        fields = self.org.entities[obj].fields
        return {name: value for name, value in _stored(made(self.own, card, self.today)).items() if name in fields}

    def _lead_values(self, card: Card) -> Row:
        company = card.company
        kinds = {happening.kind for happening in card.story}
        status = "Working" if kinds & set(_REP_KINDS) else "Nurturing" if len(card.story) > 4 else "New"
        values = self._person(card) | {
            "City": card.city, "Country": card.country, "Company": NOT_PROVIDED,
            "Status": "Unqualified" if card.outcome == "lost" else status, "OwnerId": self._owner(card, queue=True),
        }  # fmt: skip
        if company:
            values |= {
                "Company": company.name, "Website": f"https://{company.domain}", "NumberOfEmployees": company.employees,
                "AnnualRevenue": float(company.revenue), "Industry": company.industry.capitalize(),
            }  # fmt: skip
        return values | self._own("Lead", card)

    def _lead(self, card: Card) -> None:
        lead = self.add("Lead", self._lead_values(card), card.created_at, card.modified_at)
        self._story(card, "LeadId", lead)

    def _contact(self, card: Card) -> str:
        account = self._account(card.company) if card.company else None
        values = self._person(card) | {
            "MailingCity": card.city, "MailingCountry": card.country, "AccountId": account,
            "OwnerId": self._owner(card, queue=False),
        }  # fmt: skip
        contact = self.add("Contact", values | self._own("Contact", card), card.created_at, card.modified_at)
        self._story(card, "ContactId", contact)
        return contact

    def _converted(self, card: Card) -> None:
        contact = self._contact(card)
        opportunity = self._opportunity(card, contact)
        values = self._lead_values(card) | {
            "Status": "Qualified", "IsConverted": True, "ConvertedDate": card.modified_at.date().isoformat(),
            "ConvertedContactId": contact, "ConvertedOpportunityId": opportunity,
            "ConvertedAccountId": self._accounts[card.company.number] if card.company else None,
        }  # fmt: skip
        self.add("Lead", values, card.created_at, card.modified_at)

    def _opportunity(self, card: Card, contact: str) -> str:
        company = card.company
        values = {
            "Name": f"{company.name if company else card.last_name} - new business",
            "AccountId": self._accounts[company.number] if company else None,
            "StageName": "Closed Won" if card.outcome == "won" else "Closed Lost",
            "CloseDate": card.modified_at.date().isoformat(), "Amount": float(500 * (card.number % 40 + 10)),
            "OwnerId": self._owner(card, queue=False),
        }  # fmt: skip
        opportunity = self.add("Opportunity", values, card.created_at, card.modified_at)
        role = {"OpportunityId": opportunity, "ContactId": contact, "Role": "Decision Maker", "IsPrimary": True}
        self.add("OpportunityContactRole", role, card.created_at, card.modified_at)
        return opportunity

    def _account(self, company: Company) -> str:
        if company.number not in self._accounts:
            values = {
                "Name": company.name, "Website": f"https://{company.domain}", "BillingCity": company.city,
                "BillingCountry": company.country, "Industry": company.industry.capitalize(),
                "NumberOfEmployees": company.employees, "AnnualRevenue": float(company.revenue),
            }  # fmt: skip
            if self.own is not None:
                values |= _stored(made_of_company(self.own, company))
            self._accounts[company.number] = self.add("Account", values, self.midnight - timedelta(days=900))
        return self._accounts[company.number]

    # activity

    def _story(self, card: Card, reference: str, person: str) -> None:
        owner = self._owner(card, queue=False)
        joined: set[str] = set()
        for happening in card.story:
            if happening.kind in _TASKS:
                self._task(happening, person, owner)
            elif happening.kind == "meeting":
                self._meeting(happening, person, owner)
            elif happening.kind in _CAMPAIGNS:
                kind, status = _CAMPAIGNS[happening.kind]
                self._member(kind, status, happening.detail or kind, reference, person, happening.at, joined)
        if card.source == "trade fair":
            self._member("Trade Show", "Attended", _FAIR, reference, person, card.created_at, joined)

    def _task(self, happening: Happening, person: str, owner: str) -> None:
        values = task_values(happening.kind, happening.detail, happening.at) | {"WhoId": person, "OwnerId": owner}
        self.add("Task", values, happening.at)

    def _meeting(self, happening: Happening, person: str, owner: str) -> None:
        values = meeting_values(happening.detail, happening.at) | {"WhoId": person, "OwnerId": owner}
        self.add("Event", values, happening.at)

    def _member(
        self, kind: str, status: str, name: str, reference: str, person: str, at: datetime, joined: set[str]
    ) -> None:
        if name in joined:
            return  # a person is a member of a campaign once
        joined.add(name)
        if name not in self._campaigns:
            values = {"Name": name, "Type": kind, "Status": "In Progress", "IsActive": True}
            self._campaigns[name] = self.add("Campaign", values, self.midnight - timedelta(days=900))
        values = {"CampaignId": self._campaigns[name], reference: person, "Status": status}
        self.add("CampaignMember", values | {"FirstRespondedDate": at.date().isoformat()}, at)


def _stored(values: Mapping[str, Content]) -> Row:
    """Values of the account's own fields, as Salesforce keeps them."""

    def kept(value: Content) -> Any:
        if isinstance(value, tuple):
            return ";".join(value)
        if isinstance(value, datetime):
            return wire(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str):
            return value.strip()
        return value if isinstance(value, bool) else float(value)

    return {custom_name(stem): kept(value) for stem, value in values.items()}


def task_values(kind: str, detail: str, at: datetime) -> Row:
    """A finished task for a call or e-mail; a sent e-mail's subject starts as Salesforce logs it, "Email: "."""
    subject = f"Email: {detail}" if kind == "email_sent" else detail or kind
    done = {"Status": "Completed", "ActivityDate": at.date().isoformat(), "CompletedDateTime": wire(at)}
    return {"Subject": subject, **done, **_TASKS[kind]}


def meeting_values(detail: str, at: datetime) -> Row:
    """An event of half an hour that starts at this moment."""
    return {
        "Subject": detail or "Meeting", "StartDateTime": wire(at), "EndDateTime": wire(at + timedelta(minutes=30)),
        "DurationInMinutes": 30, "ActivityDate": at.date().isoformat(), "EventSubtype": "Event",
    }  # fmt: skip


def seeded(org: Org, options: SandboxOptions) -> None:
    """Fill the account with leads and contacts, and all that belongs to them."""
    world = population(options.seed, options.leads, 1, options.today)
    seeder = Seeder(org, options.today, options.seed if options.custom else None)
    seeder.staff(list(world.reps))
    seeder.people(list(world.cards), options.leads)
    seeder.store()


def loaded(org: Org, *, path: Path, seed: int, today: date) -> None:
    """Fill the account with the leads of a CSV file. Raises `UserError` naming every cell that cannot be used."""
    fields = org.entities["Lead"].fields
    seeder = Seeder(org, today)
    seeder.staff(list(population(seed, 1, 1, today).reps))
    problems: list[Problem] = []
    rows: list[Row] = []
    taken: set[str] = set()
    for cells in read_csv(path, [name for name, field in fields.items() if field.kind != "address"]):
        values: Row = {}
        for name, text in cells.items():
            try:
                values[name] = _cell(fields[name], text, taken)
            except ValueError as error:
                problems.append(Problem(f"{name}: {error}", cells.place(name)))
        rows.append({name: value for name, value in values.items() if value is not None})
        if len(problems) >= _MOST_PROBLEMS:
            break
    if problems:
        raise UserError(problems[:_MOST_PROBLEMS])
    midnight = wire(seeder.midnight)
    seeder.rows["Lead"] = [_loaded_row(org, values, midnight, taken) for values in rows]
    seeder.store()


def _loaded_row(org: Org, given: Row, midnight: str, taken: set[str]) -> Row:
    """Stamps stay where given; what is required and absent is filled in, and nobody owns a lead without OwnerId."""
    known = [given.get(name) for name in ("SystemModstamp", "LastModifiedDate", "CreatedDate")]
    stamp = next(filter(None, known), midnight)
    id_ = given.get("Id") or next(made for made in iter(lambda: org.new_id("Lead"), "") if made not in taken)
    defaults = {"LastName": NOT_PROVIDED, "Company": NOT_PROVIDED, "OwnerId": org.queue, "SystemModstamp": stamp}
    modified = given.get("LastModifiedDate") or stamp
    return org.complete("Lead", defaults | given, given.get("CreatedDate") or min(stamp, modified), modified, id_)


def _cell(field: Field, text: str, taken: set[str]) -> Any:
    """A cell's value; `taken` are the ids so far. Raises ValueError with a sentence."""
    text = text.strip()
    if not text:
        return False if field.kind == "boolean" else None
    if field.kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError("not true or false")
        return text.lower() == "true"
    if field.kind in ("id", "reference"):
        return _id_cell(field, text, taken)
    if field.numeric:
        return _number(field, text)
    if field.kind in ("date", "datetime"):
        return _time(field, text)
    if field.length and len(text) > field.length:
        raise ValueError(f"longer than {field.length} characters")
    return text


def _number(field: Field, text: str) -> float | int:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (field.kind == "int" and number != int(number)):
        raise ValueError(f"{text!r} is not a {'whole ' if field.kind == 'int' else ''}number")
    return int(number) if field.kind == "int" else number


def _time(field: Field, text: str) -> str:
    try:
        if field.kind == "date":
            return date.fromisoformat(text).isoformat()
        at = datetime.fromisoformat(text)
    except ValueError:
        example = "2026-01-31" if field.kind == "date" else "2026-01-31T10:00:00Z"
        raise ValueError(f"{text!r} is not a {field.kind} such as {example}") from None
    return wire(at if at.tzinfo else at.replace(tzinfo=UTC))


def _id_cell(field: Field, text: str, taken: set[str]) -> str:
    found = ids.canonical(text)
    if found is None or (field.kind == "id" and not found.startswith("00Q")):
        raise ValueError(f"{text!r} is not a Salesforce id" + (" of a lead (00Q…)" if field.kind == "id" else ""))
    if field.kind == "id":
        if found in taken:
            raise ValueError(f"{found} stands twice")
        taken.add(found)
    return found
