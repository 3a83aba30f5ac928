"""What the tests of the HubSpot sandbox ask of it again and again."""

import requests
from hubspot_account import Account

CONTACTS = "/crm/v3/objects/contacts"


def error(answer: requests.Response) -> tuple[int, str | None]:
    """Status and category of a refusal in JSON."""
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    return answer.status_code, answer.json().get("category")


def search(account: Account, *filters: tuple[str, str, str], obj: str = "contacts", **more: object) -> list[str]:
    """Ids of the rows that hold to all these filters: (property, operator, value)."""
    found = [{"propertyName": name, "operator": operator, "value": value} for name, operator, value in filters]
    body = {"filterGroups": [{"filters": found}], "limit": 200} | more
    return [row["id"] for row in account.ok("POST", f"/crm/v3/objects/{obj}/search", body)["results"]]
