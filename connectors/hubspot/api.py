"""What HubSpot calls things: the objects we read, their cursor properties, and the version in every path."""

from dataclasses import dataclass
from datetime import timedelta

from leadsync.connector import Role

VERSION = "2026-09"
"""HubSpot's date version. From this one on an account's own validation rules hold for what an API writes, too."""

OBJECTS = f"/crm/objects/{VERSION}"
PROPERTIES = f"/crm/properties/{VERSION}"
OWNERS = f"/crm/owners/{VERSION}"
ASSOCIATIONS = f"/crm/associations/{VERSION}"
OAUTH_TOKEN = "/oauth/v3/token"  # noqa: S105 - a path
TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path

LIST_LIMIT = 100
SEARCH_LIMIT = 200
OWNERS_LIMIT = 500
BATCH_LIMIT = 100
HISTORY_LIMIT = 50
ASSOCIATIONS_LIMIT = 1000
TEXT_LENGTH = 65_536
QUERY_LENGTH = 4000
"""Characters of property names that fit into an address; HubSpot refuses longer ones from about 8,000 on."""

SETTLE = timedelta(minutes=5)
"""How far the index of the search may be behind."""

COMPANY_ID = "associatedcompanyid"
MERGED_IDS = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class Kind:
    """One object of HubSpot. `cursor` is the property that its changes are ordered by (contacts also own a property
    named as the others' cursor, on which searches silently find nothing); `links` the object whose ids it carries;
    `scope` the object whose scopes it is read and written with, where that is another one."""

    role: Role
    cursor: str = "hs_lastmodifieddate"
    always: tuple[str, ...] = ()
    links: str = ""
    scope: str = ""


_ENGAGEMENT = Kind(Role.ACTIVITY, links="contacts", scope="contacts")

KINDS = {
    "contacts": Kind(Role.LEAD, "lastmodifieddate", (COMPANY_ID, MERGED_IDS)),
    "leads": Kind(Role.LEAD, links="contacts"),
    "companies": Kind(Role.COMPANY),
    "owners": Kind(Role.OWNER),
    "calls": _ENGAGEMENT,
    "emails": _ENGAGEMENT,
    "meetings": _ENGAGEMENT,
    "notes": _ENGAGEMENT,
    "tasks": _ENGAGEMENT,
    "deals": Kind(Role.OUTCOME, links="contacts"),
}
OPTIONAL = frozenset({"leads"})
"""Objects that not every edition of HubSpot has."""


def write_scope(obj: str) -> str:
    """The scope that a token needs to change rows of this object."""
    return f"crm.objects.{KINDS[obj].scope or obj}.write"
