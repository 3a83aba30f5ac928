"""The HubSpot sandbox as an account that has grown: forty properties of its own."""

from collections import Counter

import pytest
from hubspot_account import TODAY, Account
from sandbox_probes import CONTACTS

from leadsync.testing.custom_fields import COMPANIES, PEOPLE, CustomField

FIELDS = {field.stem: field for field in PEOPLE}


def people(account: Account) -> list[dict[str, str | None]]:
    """All contacts' own properties."""
    found, after = [], "0"
    names = [*FIELDS, "firstname"]
    while after:
        page = account.ok("GET", CONTACTS, properties=",".join(names), limit=100, after=after)
        found += [{name: row["properties"][name] for name in names} for row in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    return found


@pytest.mark.parametrize(("obj", "fields"), [("contacts", PEOPLE), ("companies", COMPANIES)])
def test_they_are_listed_as_properties_of_the_account(start, obj: str, fields: tuple[CustomField, ...]) -> None:
    account, plain = start(custom=True), start()
    path = f"/crm/v3/properties/{obj}"
    listed, known = ({one["name"]: one for one in at.ok("GET", path)["results"]} for at in (account, plain))
    assert set(listed) - set(known) == {field.stem for field in fields}
    for field in fields:
        told = listed[field.stem]
        assert told["hubspotDefined"] is False
        assert told["modificationMetadata"]["readOnlyValue"] is False
        assert told["label"] == field.label
        assert [option["value"] for option in told["options"]] == list(field.options)
        assert (told["type"] == "enumeration") == bool(field.options) == (field.type in ("enum", "multi"))
    assert listed[fields[0].stem]["groupName"] in {
        group["name"] for group in account.ok("GET", f"{path}/groups")["results"]
    }


def test_the_same_seed_gives_the_same_values_and_the_rest_of_the_account_is_as_ever(start) -> None:
    one, same, other = (people(start(custom=True, leads=60, seed=seed)) for seed in (7, 7, 8))
    assert one == same
    assert one != other
    grown, plain = start(custom=True), start()
    shared = "email,jobtitle,lifecyclestage,hs_email_open,lastmodifieddate"
    assert [grown.ok("GET", CONTACTS, properties=shared, limit=100)] == [
        plain.ok("GET", CONTACTS, properties=shared, limit=100)
    ]


def test_fields_are_filled_as_often_as_they_say(start) -> None:
    rows = people(start(custom=True, leads=400))
    filled = Counter(name for row in rows for name in FIELDS if row[name])
    assert len(PEOPLE) == 40
    for name, field in FIELDS.items():
        assert filled[name] <= len(rows) * field.fill / 100 * 1.3 + 8, name
        assert filled[name] >= len(rows) * field.fill / 100 * 0.6 - 8, name
    assert filled["test_pole_2"] == 0
    assert filled["lead_score_old"] > 300


def test_every_value_is_one_that_the_account_would_take(start) -> None:
    account = start(custom=True, leads=100)
    inputs = [
        {"id": str(1001 + number), "properties": {name: row[name] for name in FIELDS if row[name]}}
        for number, row in enumerate(people(account))
    ]
    before = people(account)
    account.ok("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})
    assert people(account) == before


def test_they_are_strict_like_any_other(account, start) -> None:
    grown = start(custom=True)
    path = f"{CONTACTS}/1001"
    good = {"purchase_horizon": "0-3 m", "interests": "CRM;ERP", "rodo_zgoda": "true", "discount": "5"}
    assert grown.call("PATCH", path, {"properties": good}).status_code == 200
    for name, value in (("purchase_horizon", "soon"), ("interests", "CRM;Nope"), ("rodo_zgoda", "tak"),
                        ("discount", "5 %"), ("data_zgody", "yesterday")):  # fmt: skip
        assert grown.call("PATCH", path, {"properties": {name: value}}).status_code == 400, name
    assert account.call("PATCH", path, {"properties": good}).status_code == 400
    assert grown.call("DELETE", "/crm/v3/properties/contacts/favourite_colour").status_code == 204


def test_a_bare_account_can_have_grown_too(start) -> None:
    account = start(bare=True, custom=True)
    names = {one["name"] for one in account.ok("GET", "/crm/v3/properties/contacts")["results"]}
    assert "leadsync_score" not in names
    assert set(FIELDS) < names


def test_nothing_has_happened_after_the_day_of_the_data(start) -> None:
    for row in people(start(custom=True, leads=100)):
        for name in ("imported_at", "last_webinar", "data_zgody"):
            assert not row[name] or row[name] < f"{TODAY}T00:00:00.000Z"
