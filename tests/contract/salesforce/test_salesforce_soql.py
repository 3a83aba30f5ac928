"""The sandbox's SOQL: what it answers, and what it refuses in Salesforce's way."""

from datetime import UTC, date, datetime

import pytest

from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.ids import canonical, make, whole
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.query import run
from connectors.salesforce.sandbox.seed import Seeder


@pytest.fixture
def org():
    org = Org(lambda: datetime(2026, 3, 2, tzinfo=UTC), bare=False)
    seeder = Seeder(org, date(2026, 3, 2))
    seeder.staff([])
    people = [
        ("Ann", "O'Hara", "Acme", 10, "Hot", "2026-01-01T00:00:00"),
        ("Bob", "Stone", "Back\\slash", 200, None, "2026-01-02T00:00:00"),
        ("Cleo", "50% off_er", "acme", None, "Cold", "2026-01-02T00:00:00"),
    ]
    for first, last, company, size, rating, at in people:
        values = {"FirstName": first, "LastName": last, "Company": company, "NumberOfEmployees": size, "Rating": rating}
        seeder.add("Lead", values, datetime.fromisoformat(at + "Z"))
    contact = seeder.add("Contact", {"LastName": "Roe"}, datetime(2026, 1, 3, tzinfo=UTC))
    deal = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-02-01", "Amount": 12.5}
    opportunity = seeder.add("Opportunity", deal, datetime(2026, 1, 3, tzinfo=UTC))
    role = {"OpportunityId": opportunity, "ContactId": contact, "IsPrimary": True}
    seeder.add("OpportunityContactRole", role, datetime(2026, 1, 3, tzinfo=UTC))
    seeder.store()
    return org


def rows(org, text, everything=False):
    found = run(org, text, everything=everything)
    return [found.show(row) for row in found.rows]


def firsts(org, where):
    return [row["FirstName"] for row in rows(org, f"SELECT FirstName FROM Lead WHERE {where} ORDER BY Id")]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Company = 'ACME'", "Ann Cleo"),
        ("company != 'acme'", "Bob"),
        ("Company <> 'acme'", "Bob"),
        (r"LastName = 'O\'Hara'", "Ann"),
        (r"Company = 'Back\\slash'", "Bob"),
        (r"Company LIKE 'back\\%'", "Bob"),
        (r"FirstName = '\u0041nn'", "Ann"),
        ("Rating = null", "Bob"),
        ("Rating != null", "Ann Cleo"),
        ("Rating != 'Hot'", "Bob Cleo"),
        ("Rating IN ('hot', null)", "Ann Bob"),
        ("Rating NOT IN ('Hot')", "Bob Cleo"),
        ("NOT Rating = 'Hot'", "Bob Cleo"),
        ("NumberOfEmployees >= 10", "Ann Bob"),
        ("NumberOfEmployees > 1e1", "Bob"),
        ("NumberOfEmployees < 200", "Ann"),
        ("FirstName LIKE 'a%'", "Ann"),
        ("FirstName LIKE '_ob'", "Bob"),
        (r"LastName LIKE '50\% off\_er'", "Cleo"),
        (r"LastName LIKE '%\_%'", "Cleo"),
        ("IsConverted = FALSE", "Ann Bob Cleo"),
        ("SystemModstamp = 2026-01-02T00:00:00Z", "Bob Cleo"),
        ("SystemModstamp > 2026-01-01T00:00:00.000Z AND SystemModstamp <= 2026-01-02T01:00:00+01:00", "Bob Cleo"),
        ("SystemModstamp < 2026-01-02T00:00:00Z", "Ann"),
        ("(SystemModstamp = 2026-01-01T00:00:00Z AND FirstName = 'Ann') OR SystemModstamp > 2026-01-01T12:00:00Z",
         "Ann Bob Cleo"),
        ("SystemModstamp > 2026-01-01T12:00:00Z OR FirstName = 'Ann'", "Ann Bob Cleo"),
        ("NOT (Company = 'acme' OR FirstName = 'Bob')", ""),
        ("(FirstName = 'Ann' OR FirstName = 'Bob') AND Rating = 'Hot'", "Ann"),
        ("Owner.Name = 'leadsync integration'", "Ann Bob Cleo"),
        ("Owner.Type = 'Queue'", ""),
    ],
)  # fmt: skip
def test_conditions(org, where, names):
    assert firsts(org, where) == names.split()


def test_ids_in_both_lengths(org):
    ids = [row["Id"] for row in rows(org, "SELECT Id FROM Lead ORDER BY Id")]
    assert firsts(org, f"Id = '{ids[0][:15]}'") == ["Ann"]
    assert firsts(org, f"Id IN ('{ids[2]}', '{ids[1][:15]}')") == ["Bob", "Cleo"]
    assert firsts(org, f"Id > '{ids[0]}'") == ["Bob", "Cleo"]
    assert firsts(org, f"Id >= '{ids[1][:15]}' AND Id < '{ids[2]}'") == ["Bob"]
    keyset = f"((SystemModstamp = 2026-01-02T00:00:00Z AND Id > '{ids[1]}') OR SystemModstamp > 2026-01-02T00:00:00Z)"
    assert firsts(org, keyset) == ["Cleo"]


def test_order_limit_and_offset(org):
    def names(rest):
        return [row["FirstName"] for row in rows(org, f"select FirstName from lead {rest}")]

    assert names("ORDER BY NumberOfEmployees") == ["Cleo", "Ann", "Bob"]
    assert names("ORDER BY NumberOfEmployees NULLS LAST") == ["Ann", "Bob", "Cleo"]
    assert names("ORDER BY NumberOfEmployees DESC NULLS LAST, Id") == ["Bob", "Ann", "Cleo"]
    assert names("order by SystemModstamp desc, Id desc") == ["Cleo", "Bob", "Ann"]
    assert names("ORDER BY Id LIMIT 1 OFFSET 1") == ["Bob"]
    assert names("LIMIT 0") == []


def test_shapes(org):
    (row,) = rows(org, "SELECT id, name, OWNER.name, Owner.Type, MasterRecordId FROM LEAD WHERE FirstName = 'Ann'")
    assert list(row) == ["attributes", "Id", "Name", "MasterRecordId", "Owner"]
    assert row["Name"] == "Ann O'Hara"
    assert row["attributes"] == {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{row['Id']}"}
    assert row["Owner"]["attributes"]["type"] == "User"
    assert (row["Owner"]["Name"], row["Owner"]["Type"]) == ("leadsync Integration", "User")
    (row,) = rows(org, "SELECT Account.Name, (SELECT Contact.LastName FROM OpportunityContactRoles) FROM Opportunity")
    assert row["Account"] is None
    related = row["OpportunityContactRoles"]
    assert (related["totalSize"], related["done"]) == (1, True)
    assert related["records"][0]["Contact"]["LastName"] == "Roe"


def test_count(org):
    found = run(org, "SELECT COUNT() FROM Lead WHERE Rating != null", everything=False)
    assert (found.only_count, len(found.rows)) == (True, 2)


def test_deleted_and_archived_rows_are_seen_by_query_all_only(org):
    id_ = rows(org, "SELECT Id FROM Lead LIMIT 1")[0]["Id"]
    org.delete("Lead", id_)
    assert len(rows(org, "SELECT Id FROM Lead")) == 2
    assert len(rows(org, "SELECT Id FROM Lead", everything=True)) == 3
    assert len(rows(org, f"SELECT Id FROM Lead WHERE Id = '{id_}'")) == 0
    org.load("Task", [org.complete("Task", {"IsArchived": True}, "2024-01-01T00:00:00.000+0000")])
    assert len(rows(org, "SELECT Id FROM Task")) == 0
    assert len(rows(org, "SELECT Id FROM Task", everything=True)) == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("SELECT Id, Foo FROM Lead", "INVALID_FIELD", "Row:1:Column:12\nNo such column 'Foo' on entity 'Lead'."),
        ("SELECT Foo.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."),
        ("SELECT Owner.Foo FROM Lead", "INVALID_FIELD", "No such column 'Foo' on entity 'Name'."),
        ("SELECT Id FROM Lead WHERE Foo = 1", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Id FROM Lead ORDER BY Foo", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Lead", "INVALID_TYPE", "Didn't understand relationship 'Foos' in FROM"),
        ("SELECT Id, ID FROM Lead", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Lead WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01 00:00:00", "MALFORMED_QUERY", "unexpected|viable"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01T00:00:00 00:00", "MALFORMED_QUERY", "unexpected|viable"),
        ("SELECT Id FROM Lead WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id FROM Lead WHERE LastName = 'x", "MALFORMED_QUERY", "no viable alternative at character"),
        (r"SELECT Id FROM Lead WHERE LastName = 'x\y'", "MALFORMED_QUERY", "invalid escape"),
        ("SELECT Id FROM Lead LIMIT -1", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead; DROP", "MALFORMED_QUERY", "no viable alternative"),
        ("SELECT Id FROM Lead extra", "MALFORMED_QUERY", "unexpected token: 'extra'"),
        ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected"),
        ("", "MALFORMED_QUERY", "unexpected end"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)  # fmt: skip
def test_refusals(org, text, code, said):
    with pytest.raises(ApiError) as caught:
        rows(org, text)
    assert caught.value.code == code
    assert any(part in caught.value.message for part in said.split("|"))


def test_a_date_where_a_moment_is_meant(org):
    with pytest.raises(ApiError, match="INVALID_FIELD"):
        rows(org, "SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01")
    assert len(rows(org, "SELECT Id FROM Opportunity WHERE CloseDate >= 2026-02-01")) == 1


def test_ids():
    # the suffix is a checksum of the case; these pairs stand in public documentation and forums
    assert whole("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert canonical("001A0000006Vm9rIAC") == canonical("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert canonical("001A0000006Vm9rIAA") is None
    assert canonical("001A0000006Vm9") is None
    made = [make("00Q", n) for n in (1, 61, 62, 5000)]
    assert made == sorted(made)
    assert {len(id_) for id_ in made} == {18}
