"""What HubSpot calls things: the objects we read, their cursor properties, and the version prefix of every path."""

from dataclasses import dataclass

from leadsync.connector import Role

OBJECTS = "/crm/v3/objects"
PROPERTIES = "/crm/v3/properties"
OWNERS = "/crm/v3/owners"
ASSOCIATIONS = "/crm/v4/associations"

LIST_LIMIT = 100
SEARCH_LIMIT = 200
OWNERS_LIMIT = 500
BATCH_LIMIT = 100
ASSOCIATIONS_LIMIT = 1000

COMPANY_ID = "associatedcompanyid"
MERGED_IDS = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class Kind:
    """One object of HubSpot. `cursor` is the property that its changes are ordered by (contacts also own a property
    named as the others' cursor, on which searches silently find nothing); `links` the object whose ids it carries."""

    role: Role
    cursor: str = "hs_lastmodifieddate"
    always: tuple[str, ...] = ()
    links: str = ""


KINDS = {
    "contacts": Kind(Role.LEAD, "lastmodifieddate", (COMPANY_ID, MERGED_IDS)),
    "companies": Kind(Role.COMPANY),
    "owners": Kind(Role.OWNER),
    "calls": Kind(Role.ACTIVITY, links="contacts"),
    "emails": Kind(Role.ACTIVITY, links="contacts"),
    "meetings": Kind(Role.ACTIVITY, links="contacts"),
    "notes": Kind(Role.ACTIVITY, links="contacts"),
    "tasks": Kind(Role.ACTIVITY, links="contacts"),
    "deals": Kind(Role.OUTCOME, links="contacts"),
}
