"""The door for tests and demos: who acts now, what is converted or merged. Not part of Salesforce."""

from datetime import timedelta
from random import Random
from typing import Any

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.errors import RowError
from connectors.salesforce.sandbox.org import Org, Row
from connectors.salesforce.sandbox.seed import meeting_values, task_values
from connectors.salesforce.sandbox.soql import wire

_WEBINAR = "Questions and answers, live"


def act(org: Org, seed: int, leads: int) -> list[dict[str, str]]:
    """That many leads or contacts do something now; one of them is not acting but edited by a rep, by hand."""
    rng = Random(seed)  # noqa: S311 - the same people every time are meant
    able = [
        (name, id_)
        for name in ("Lead", "Contact")
        for id_ in org.sorted_ids(name)
        if not (row := org.tables[name].rows[id_])["IsDeleted"] and not row.get("IsConverted")
    ]
    chosen = rng.sample(able, min(leads, len(able)))
    by_hand = rng.randrange(len(chosen)) if chosen else -1
    done = []
    for i, (name, id_) in enumerate(chosen):
        what = _edit(org, id_, rng) if i == by_hand else rng.choice((_reply, _call, _meet, _listen))(org, id_)
        done.append({"id": id_, "object": name, "what": what})
    return done


def _rep(org: Org, rng: Random) -> str:
    users = org.tables["User"].rows
    return rng.choice([id_ for id_ in org.sorted_ids("User") if users[id_]["IsActive"] and id_ != org.us])


def _edit(org: Org, id_: str, rng: Random) -> str:
    name = rng.choice(("Title", "Phone"))
    row = org.tables[org.kind(id_)].rows[id_]
    choices = ("Head of Sales", "Chief Executive") if name == "Title" else ("+1 202 555 0101", "+1 202 555 0102")
    org.change(id_, {name: next(value for value in choices if value != row.get(name))}, by=_rep(org, rng))
    return f"{name} was changed by a rep"


def _new(org: Org, name: str, values: Row) -> str:
    row = org.complete(name, values, wire(org.now()))
    org.put(name, row)
    return str(row["Id"])


def _reply(org: Org, id_: str) -> str:
    _new(org, "Task", task_values("email_reply", "Re: Your question", org.now()) | {"WhoId": id_})
    return "replied to an e-mail"


def _call(org: Org, id_: str) -> str:
    _new(org, "Task", task_values("call_in", "Asked about price and delivery", org.now()) | {"WhoId": id_})
    return "called in"


def _meet(org: Org, id_: str) -> str:
    _new(org, "Event", meeting_values("Product demo", org.now()) | {"WhoId": id_})
    return "booked a meeting"


def _listen(org: Org, id_: str) -> str:
    reference = f"{org.kind(id_)}Id"
    campaigns = org.tables["Campaign"].rows.values()
    webinar = next((row["Id"] for row in campaigns if row["Name"] == _WEBINAR), None)
    if webinar is None:
        live = {"Name": _WEBINAR, "Type": "Webinar", "Status": "In Progress", "IsActive": True}
        webinar = _new(org, "Campaign", live)
    members = org.tables["CampaignMember"].rows.values()
    if any(row["CampaignId"] == webinar and row.get(reference) == id_ for row in members):
        return _call(org, id_)  # nobody becomes a member twice
    _new(org, "CampaignMember", {"CampaignId": webinar, reference: id_, "Status": "Attended"})
    return "took part in a webinar"


def convert(org: Org, id_: str) -> dict[str, Any]:
    """Make contact, account and opportunity of a lead, as a rep would. Raises `RowError`."""
    lead = _live(org, id_, ("Lead",))
    if lead["IsConverted"]:
        raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "the lead is converted already")
    owner = org.us if org.kind(lead["OwnerId"]) == "Group" else lead["OwnerId"]
    account = _new(org, "Account", {"Name": lead["Company"], "Website": lead.get("Website"), "OwnerId": owner})
    shared = ("FirstName", "LastName", "Email", "Phone", "Title", "LeadSource")
    values = {name: lead.get(name) for name in shared}
    contact = _new(org, "Contact", values | {"AccountId": account, "OwnerId": owner})
    today = org.now().date()
    deal = {
        "Name": f"{lead['Company']} - new business", "AccountId": account, "StageName": "Qualification",
        "CloseDate": (today + timedelta(days=60)).isoformat(), "OwnerId": owner,
    }  # fmt: skip
    opportunity = _new(org, "Opportunity", deal)
    _new(org, "OpportunityContactRole", {"OpportunityId": opportunity, "ContactId": contact, "IsPrimary": True})
    converted = {"ConvertedAccountId": account, "ConvertedContactId": contact, "ConvertedOpportunityId": opportunity}
    now = {"IsConverted": True, "ConvertedDate": today.isoformat(), "Status": "Qualified"}
    org.change(lead["Id"], now | converted)
    _repoint(org, lead["Id"], contact, keep_lead=True)
    return {"id": lead["Id"], "contact": contact, "account": account, "opportunity": opportunity}


def merge(org: Org, winner: str, loser: str) -> dict[str, Any]:
    """Merge two leads, contacts or accounts: the deleted loser names the winner. Raises `RowError`."""
    kinds = ("Lead", "Contact", "Account")
    kept, lost = _live(org, winner, kinds), _live(org, loser, kinds)
    if kept["Id"] == lost["Id"] or org.kind(kept["Id"]) != org.kind(lost["Id"]):
        raise RowError("INVALID_INPUT", "merge takes two rows of one object")
    org.change(lost["Id"], {"IsDeleted": True, "MasterRecordId": kept["Id"]})
    org.change(kept["Id"], {})
    _repoint(org, lost["Id"], kept["Id"], keep_lead=False)
    return {"winner": kept["Id"], "loser": lost["Id"]}


def _live(org: Org, text: str, kinds: tuple[str, ...]) -> Row:
    id_ = ids.canonical(text)
    if id_ is None or org.kind(id_) not in kinds:
        raise RowError("MALFORMED_ID", f"{text!r} is not the id of a {' or '.join(kinds)}")
    return org.alive(org.kind(id_), id_)


def _repoint(org: Org, old: str, new: str, *, keep_lead: bool) -> None:
    """Activity follows the person; a campaign's member names its former lead beside the contact."""
    for name in ("Task", "Event"):
        for row in [row for row in org.tables[name].rows.values() if row.get("WhoId") == old]:
            org.change(row["Id"], {"WhoId": new})
    was, now = f"{org.kind(old)}Id", f"{org.kind(new)}Id"
    for name in ("CampaignMember", "OpportunityContactRole", "Contact", "Opportunity"):
        if was in org.entities[name].fields:
            for row in [row for row in org.tables[name].rows.values() if row.get(was) == old]:
                org.change(row["Id"], {now: new} if keep_lead or was == now else {was: None, now: new})
