"""The Salesforce sandbox as an account that has grown: forty fields of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from salesforce_box import Box
from salesforce_calls import client

from connectors.salesforce.sandbox.schema import custom_name
from leadsync.testing.custom_fields import COMPANIES, PEOPLE, CustomField

NAMES = {custom_name(field.stem): field for field in PEOPLE}
TYPES = {"text": "string", "long": "textarea", "url": "url", "phone": "phone", "number": "double", "bool": "boolean",
         "date": "date", "datetime": "datetime", "enum": "picklist", "multi": "multipicklist"}  # fmt: skip

Make = Callable[..., Box]


def people(box: Box) -> list[dict[str, Any]]:
    """All leads' own fields."""
    found = client(box).query_all(f"SELECT Id, {', '.join(NAMES)} FROM Lead ORDER BY Id")["records"]
    return [{name: row[name] for name in ("Id", *NAMES)} for row in found]


def test_names_are_of_the_kind_that_salesforce_takes() -> None:
    assert custom_name("annual_budget__eur") == "Annual_Budget_Eur__c"
    assert len(NAMES) == 40
    assert all(len(name) <= 43 and "__" not in name.removesuffix("__c") for name in NAMES)


@pytest.mark.parametrize(
    ("obj", "fields"),
    [("Lead", PEOPLE), ("Contact", tuple(field for field in PEOPLE if field.lasting)), ("Account", COMPANIES)],
)
def test_they_are_described_as_custom(make_box: Make, obj: str, fields: tuple[CustomField, ...]) -> None:
    grown, plain = (
        {one["name"]: one for one in getattr(client(box), obj).describe()["fields"]}
        for box in (make_box(custom=True), make_box())
    )
    assert set(grown) - set(plain) == {custom_name(field.stem) for field in fields}
    for field in fields:
        told = grown[custom_name(field.stem)]
        assert (told["custom"], told["label"], told["type"]) == (True, field.label, TYPES[field.type])
        assert [option["value"] for option in told["picklistValues"]] == list(field.options)
        assert told["updateable"]
        assert told["filterable"] == (field.type != "long")


def test_the_same_seed_gives_the_same_values_and_the_rest_of_the_account_is_as_ever(make_box: Make) -> None:
    one, same, other = (people(make_box(custom=True, leads=60, seed=seed)) for seed in (7, 7, 8))
    assert one == same
    assert one != other
    grown, plain = make_box(custom=True, leads=60), make_box(leads=60)
    query = "SELECT Id, LastName, Email, Status, OwnerId, SystemModstamp FROM Lead ORDER BY Id"
    assert client(grown).query(query)["records"] == client(plain).query(query)["records"]


def test_leads_contacts_and_accounts_hold_values(make_box: Make) -> None:
    box = make_box(custom=True, leads=200)
    sf = client(box)
    filled = {name for row in people(box) for name in NAMES if row[name] not in (None, False)}
    assert filled >= set(NAMES) - {"Test_Pole_2__c", "Zz_Old_Status__c", "Favourite_Colour__c", "Website_2__c"}
    assert sf.query("SELECT COUNT() FROM Contact WHERE Segment__c != null")["totalSize"] > 5
    assert sf.query("SELECT COUNT() FROM Account WHERE Payment_Terms__c != null")["totalSize"] > 5


def test_every_value_is_one_that_the_account_would_take(make_box: Make) -> None:
    box = make_box(custom=True, leads=60)
    before = people(box)
    for row in before:
        if not box.row(row["Id"])["IsConverted"]:
            values = {name: value for name, value in row.items() if name != "Id" and value is not None}
            assert client(box).Lead.update(row["Id"], values) == 204
    assert people(box) == before


def test_everybody_sees_and_edits_them(make_box: Make) -> None:
    box = make_box(custom=True)
    query = "SELECT COUNT() FROM FieldPermissions WHERE Field = 'Lead.Purchase_Horizon__c' AND PermissionsEdit = true"
    assert client(box).query(query)["totalSize"] == 1


def test_a_bare_account_can_have_grown_too(make_box: Make) -> None:
    names = {one["name"] for one in client(make_box(bare=True, custom=True)).Lead.describe()["fields"]}
    assert "Leadsync_Score__c" not in names
    assert set(NAMES) < names
