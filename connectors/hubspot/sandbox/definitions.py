"""The properties that the sandbox's objects have."""

from collections.abc import Iterator

from connectors.hubspot.sandbox.properties import Property
from leadsync.testing.custom_fields import COMPANIES, PEOPLE, CustomField

LIFECYCLE = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
    "other",
)  # fmt: skip

DEAL_STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent",
    "closedwon", "closedlost",
)  # fmt: skip
LEAD_PIPELINE = "lead-pipeline-id"
LEAD_STAGES = ("new", "attempting", "connected", "qualified", "unqualified")

_FIELD_TYPES = {
    "string": "text", "number": "number", "datetime": "date", "date": "date", "enumeration": "select",
    "bool": "booleancheckbox",
}  # fmt: skip


def label(name: str) -> str:
    """A readable label for a property's name."""
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def _declare(
    kind: str, names: str, group: str, *, read_only: bool = False, calculated: bool = False
) -> Iterator[Property]:
    for name in names.split():
        yield Property(name, kind, _FIELD_TYPES[kind], group, label(name), read_only=read_only, calculated=calculated)


def _choice(
    name: str, values: str | tuple[str, ...], group: str, *, read_only: bool = False, field_type: str = "select"
) -> Property:
    options = tuple((value, label(value.lower())) for value in (values.split() if isinstance(values, str) else values))
    return Property(name, "enumeration", field_type, group, label(name), options, read_only)


def _owner(group: str) -> Property:
    return Property("hubspot_owner_id", "enumeration", "select", group, "Owner", refers_to="OWNER")


_SOURCES = (
    "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE "
    "PAID_SOCIAL AI_REFERRALS"
)
_COUNTERS = (
    "hs_analytics_num_visits hs_analytics_num_page_views hs_analytics_num_event_completions hs_email_delivered "
    "hs_email_open hs_email_click hs_email_bounce hs_email_replied num_conversion_events num_unique_conversion_events "
    "num_notes num_contacted_notes"
)
_COUNTER_DATES = (
    "hs_analytics_first_timestamp hs_analytics_last_timestamp hs_analytics_first_visit_timestamp "
    "hs_analytics_last_visit_timestamp hs_email_first_send_date hs_email_last_send_date hs_email_first_open_date "
    "hs_email_last_open_date hs_email_first_click_date hs_email_last_click_date hs_email_first_reply_date "
    "hs_email_last_reply_date hs_sales_email_last_opened hs_sales_email_last_clicked hs_sales_email_last_replied "
    "first_conversion_date recent_conversion_date notes_last_contacted notes_last_updated notes_next_activity_date "
    "hs_last_sales_activity_timestamp engagements_last_meeting_booked"
)


def _contacts() -> Iterator[Property]:
    info, web = "contactinformation", "contact_activity"
    yield from _declare(
        "string",
        "email firstname lastname jobtitle company country city state zip address phone mobilephone fax website "
        "industry numemployees salutation hs_language hs_persona hs_linkedin_url message",
        info,
    )
    yield from _declare("number", "annualrevenue", info)
    yield from _declare("number", "associatedcompanyid", info, read_only=True)
    yield from _declare("number", _COUNTERS, web, read_only=True)
    yield from _declare("number", "num_associated_deals hubspotscore", web, read_only=True, calculated=True)
    yield from _declare("datetime", _COUNTER_DATES, web, read_only=True)
    yield from _declare(
        "string",
        "hs_analytics_source_data_1 hs_analytics_source_data_2 hs_analytics_first_url hs_analytics_last_url "
        "hs_analytics_first_referrer first_conversion_event_name recent_conversion_event_name "
        "hs_merged_object_ids hs_calculated_merged_vids",
        web,
        read_only=True,
    )
    yield from _declare("bool", "hs_email_optout hs_email_bad_address hs_is_unworked", web, read_only=True)
    yield _choice(
        "hs_email_hard_bounce_reason_enum", "UNKNOWN_USER MAILBOX_FULL CONTENT POLICY SPAM OTHER", web, read_only=True
    )
    yield _choice("lifecyclestage", LIFECYCLE, info, field_type="radio")
    yield _choice(
        "hs_lead_status",
        "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING",
        info,
        field_type="radio",
    )
    yield _choice("hs_analytics_source", _SOURCES, web, read_only=True)
    yield from _stamps("createdate", "lastmodifieddate", "hs_lastmodifieddate")
    yield _owner("sales_properties")


def _companies() -> Iterator[Property]:
    group = "companyinformation"
    yield from _declare("string", "name domain phone website address city state zip country description", group)
    yield from _declare("number", "numberofemployees annualrevenue", group)
    yield from _declare(
        "number", "num_associated_contacts num_associated_deals", group, read_only=True, calculated=True
    )
    yield Property("industry", "enumeration", "select", group, "Industry")
    yield _choice("lifecyclestage", LIFECYCLE, group, field_type="radio")
    yield from _stamps("createdate", "hs_lastmodifieddate")
    yield _owner(group)


def _deals() -> Iterator[Property]:
    group = "dealinformation"
    yield from _declare("string", "dealname description", group)
    yield from _declare("number", "amount", group)
    yield from _declare("datetime", "closedate", group)
    yield from _declare("bool", "hs_is_closed hs_is_closed_won", group, read_only=True)
    yield _choice("dealstage", DEAL_STAGES, group)
    yield _choice("pipeline", "default", group)
    yield _choice("dealtype", "newbusiness existingbusiness", group)
    yield from _stamps("createdate", "hs_lastmodifieddate")
    yield _owner(group)


def _leads() -> Iterator[Property]:
    group = "leadinformation"
    yield from _declare("string", "hs_lead_name", group)
    yield _choice("hs_lead_type", "NEW_BUSINESS UPSELL RE_ATTEMPTING", group)
    yield _choice("hs_lead_label", "HOT WARM COLD", group)
    yield _choice("hs_pipeline", LEAD_PIPELINE, group)
    stages = tuple((f"{name}-stage-id", name.capitalize()) for name in LEAD_STAGES)
    yield Property("hs_pipeline_stage", "enumeration", "select", group, "Lead stage", stages)
    yield from _stamps("createdate", "hs_lastmodifieddate")
    yield _owner(group)


def _engagement(kind: str) -> Iterator[Property]:
    yield from _declare("datetime", "hs_timestamp", kind)
    yield from _stamps("hs_createdate", "hs_lastmodifieddate")
    yield _owner(kind)


_DISPOSITIONS = (
    ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
    ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    ("a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "Left live message"),
    ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    ("17b47fee-58de-441e-a44c-c6300d46f273", "Wrong number"),
)


def _calls() -> Iterator[Property]:
    yield from _engagement("call")
    yield from _declare("string", "hs_call_title hs_call_body hs_call_from_number hs_call_to_number", "call")
    yield from _declare("number", "hs_call_duration", "call")
    yield _choice("hs_call_direction", "INBOUND OUTBOUND", "call")
    yield _choice(
        "hs_call_status",
        "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING",
        "call",
    )
    yield Property("hs_call_disposition", "enumeration", "select", "call", "Call outcome", _DISPOSITIONS)


def _emails() -> Iterator[Property]:
    yield from _engagement("email")
    yield from _declare("string", "hs_email_subject hs_email_text hs_email_html hs_email_headers", "email")
    yield from _declare("string", "hs_email_from_email hs_email_to_email", "email", read_only=True)
    yield _choice("hs_email_direction", "EMAIL INCOMING_EMAIL FORWARDED_EMAIL", "email")
    yield _choice("hs_email_status", "BOUNCED FAILED SCHEDULED SENDING SENT", "email")


def _meetings() -> Iterator[Property]:
    yield from _engagement("meeting")
    yield from _declare("string", "hs_meeting_title hs_meeting_body hs_meeting_location hs_activity_type", "meeting")
    yield from _declare("datetime", "hs_meeting_start_time hs_meeting_end_time", "meeting")
    yield _choice("hs_meeting_outcome", "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED", "meeting")


def _notes() -> Iterator[Property]:
    yield from _engagement("note")
    yield from _declare("string", "hs_note_body", "note")


def _tasks() -> Iterator[Property]:
    yield from _engagement("task")
    yield from _declare("string", "hs_task_subject hs_task_body", "task")
    yield _choice("hs_task_status", "NOT_STARTED IN_PROGRESS COMPLETED WAITING DEFERRED", "task")
    yield _choice("hs_task_type", "EMAIL CALL TODO", "task")
    yield _choice("hs_task_priority", "NONE LOW MEDIUM HIGH", "task")


def _stamps(*names: str) -> Iterator[Property]:
    yield from _declare("datetime", " ".join(names), "system", read_only=True)
    yield from _declare("number", "hs_object_id", "system", read_only=True)


def _leadsync() -> Iterator[Property]:
    group = "leadsync"
    yield Property("leadsync_score", "number", "number", group, "Leadsync score", custom=True)
    temperatures = (("cold", "Cold"), ("warm", "Warm"), ("hot", "Hot"))
    yield Property(
        "leadsync_temperature", "enumeration", "select", group, "Leadsync temperature", temperatures, custom=True
    )
    for name in ("reasons", "duplicates"):
        yield Property(f"leadsync_{name}", "string", "textarea", group, f"Leadsync {name}", custom=True)


_CUSTOM_TYPES = {
    "text": ("string", "text"), "long": ("string", "textarea"), "url": ("string", "text"),
    "phone": ("string", "phonenumber"), "number": ("number", "number"), "bool": ("bool", "booleancheckbox"),
    "date": ("date", "date"), "datetime": ("datetime", "date"), "enum": ("enumeration", "select"),
    "multi": ("enumeration", "checkbox"),
}  # fmt: skip


def _grown(group: str, fields: tuple[CustomField, ...]) -> Iterator[Property]:
    for field in fields:
        kind, field_type = _CUSTOM_TYPES[field.type]
        options = tuple((value, value) for value in field.options) if kind == "enumeration" else ()
        yield Property(field.stem, kind, field_type, group, field.label, options, custom=True)


def definitions(*, bare: bool, custom: bool = False) -> dict[str, dict[str, Property]]:
    """All objects' properties by name; without leadsync's own when `bare`, with many of the account's when `custom`."""
    makers = {
        "contacts": _contacts, "companies": _companies, "deals": _deals, "leads": _leads, "calls": _calls,
        "emails": _emails, "meetings": _meetings, "notes": _notes, "tasks": _tasks,
    }  # fmt: skip
    found = {obj: {prop.name: prop for prop in make()} for obj, make in makers.items()}
    if not bare:
        found["contacts"] |= {prop.name: prop for prop in _leadsync()}
    if custom:
        found["contacts"] |= {prop.name: prop for prop in _grown("contactinformation", PEOPLE)}
        found["companies"] |= {prop.name: prop for prop in _grown("companyinformation", COMPANIES)}
    return found
