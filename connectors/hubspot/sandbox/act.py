"""Things that happen while the sandbox runs: leads act, a rep edits, HubSpot counts."""

from collections.abc import Callable
from random import Random
from typing import Any

from connectors.hubspot.sandbox.portal import Portal, Row
from connectors.hubspot.sandbox.properties import Invalid, iso
from connectors.hubspot.sandbox.refusals import Refusal, bad_values, no_such_row
from connectors.hubspot.sandbox.seed import COUNTERS

Act = Callable[[Portal, Row, int], str]

_TITLES = ("Head of Purchasing", "Operations Manager", "IT Director", "Managing Director")
_HOUR = 3_600_000


def act(portal: Portal, seed: int, leads: int) -> list[dict[str, str]]:
    """So many contacts act now, each in one way, and one more is edited by a rep. The same seed picks the same."""
    contacts = portal.objects["contacts"]
    rng = Random(seed)  # noqa: S311
    rows = [row["hs_object_id"] for row in contacts.in_order()]
    chosen = rng.sample(rows, min(leads + 1, len(rows)))
    acted = []
    for number, id_ in enumerate(chosen):
        row, at = contacts.rows[id_], portal.clock()
        last = number == len(chosen) - 1
        what = _edit(portal, row, rng) if last else _ACTS[(seed + number) % len(_ACTS)](portal, row, at)
        acted.append({"id": id_, "what": what})
    return acted


def set_counters(portal: Portal, id_: str, properties: dict[str, Any], *, stamp: bool = True) -> dict[str, Any]:
    """Set what only HubSpot itself may set, and stamp the contact (or not, as a formula would not)."""
    contacts = portal.objects["contacts"]
    row = contacts.rows.get(id_)
    if row is None:
        raise no_such_row("contacts", id_)
    unknown = [name for name in properties if name not in contacts.properties]
    if unknown:
        raise bad_values([Invalid(n, "PROPERTY_DOESNT_EXIST", f'Property "{n}" does not exist') for n in unknown])
    if "hs_object_id" in properties:
        raise Refusal(400, "the id of a contact never changes")
    values = {name: "" if value is None else str(value) for name, value in properties.items()}
    row = contacts.update(id_, values, source="ANALYTICS") if stamp else contacts.calculate(id_, values)
    return {"id": id_, "properties": row}


def _count(portal: Portal, row: Row, kind: str, at: int, **more: str) -> None:
    counter, first, last = COUNTERS[kind]
    values = {counter: str(int(row.get(counter) or 0) + 1), last: iso(at), **more}
    if not row.get(first):
        values[first] = iso(at)
    portal.objects["contacts"].update(row["hs_object_id"], values, source="ANALYTICS")


def _log(portal: Portal, obj: str, row: Row, at: int, values: Row) -> None:
    values = {"hs_timestamp": iso(at), "hubspot_owner_id": row.get("hubspot_owner_id", "")} | values
    made = portal.objects[obj].create(values, source="CRM_UI")
    portal.associate(obj, made["hs_object_id"], "contacts", row["hs_object_id"])


def _open(portal: Portal, row: Row, at: int) -> str:
    _count(portal, row, "email_open", at, hs_email_delivered=str(int(row.get("hs_email_delivered") or 0) + 1))
    return "opened a marketing e-mail"


def _click(portal: Portal, row: Row, at: int) -> str:
    _open(portal, row, at)
    _count(portal, row, "email_click", at)
    return "opened a marketing e-mail and clicked its link"


def _visit(portal: Portal, row: Row, at: int) -> str:
    _count(portal, row, "visit", at)
    _count(portal, row, "page_view", at, hs_analytics_last_url="/pricing")
    return "visited the pricing page"


def _form(portal: Portal, row: Row, at: int) -> str:
    name = "Price list request"
    more = {} if row.get("first_conversion_event_name") else {"first_conversion_event_name": name}
    _count(portal, row, "form_submit", at, recent_conversion_event_name=name, **more)
    return "asked for the price list with a form"


def _reply(portal: Portal, row: Row, at: int) -> str:
    values = {
        "hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Re: Your question",
        "hs_email_from_email": row.get("email", ""), "hs_email_text": "What does it cost, and when could you deliver?",
    }  # fmt: skip
    _log(portal, "emails", row, at, values)
    return "replied to an e-mail"


def _book(portal: Portal, row: Row, at: int) -> str:
    start = at - at % _HOUR + 48 * _HOUR
    values = {
        "hs_timestamp": iso(start), "hs_meeting_start_time": iso(start), "hs_meeting_end_time": iso(start + _HOUR // 2),
        "hs_meeting_title": "Product demo", "hs_meeting_outcome": "SCHEDULED",
    }  # fmt: skip
    _log(portal, "meetings", row, at, values)
    return "booked a meeting"


def _edit(portal: Portal, row: Row, rng: Random) -> str:
    contacts = portal.objects["contacts"]
    if rng.random() < 0.5:
        title = rng.choice([title for title in _TITLES if title != row.get("jobtitle")])
        contacts.update(row["hs_object_id"], {"jobtitle": title}, source="CRM_UI")
        return f"was edited by a rep: the job title is now {title}"
    phone = f"+1 202 555 01{rng.randrange(100):02d}"
    contacts.update(row["hs_object_id"], {"phone": phone}, source="CRM_UI")
    return "was edited by a rep: a new phone number"


_ACTS: tuple[Act, ...] = (_open, _click, _visit, _form, _reply, _book)
