import math
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hubspot_account import Account, Scripted, Start

from leadsync.connector import Gone, Past
from leadsync.testing.driver import ManualClock

HOUR = timedelta(hours=1)


def timed(start: Start, **options: object) -> Account:
    account = start(leads=0, now=(clock := ManualClock()).now, **options)
    account.clock = clock
    return account


def edited(account: Account, id_: str, **properties: str) -> None:
    account.ok("PATCH", f"/crm/v3/objects/contacts/{id_}", {"properties": properties})


# what properties held before


def test_the_past_is_told_oldest_first_with_its_times(start) -> None:
    account = timed(start)
    begin = account.clock.now()
    id_ = account.contact(email="a@x.example", jobtitle="clerk")
    for title in ("manager", "", "director"):
        account.clock.advance(3600)
        edited(account, id_, jobtitle=title)
    past = account.connector().history("contacts", [id_, "999"], ("jobtitle", "city", "lastmodifieddate"))
    titles = [("clerk", 0), ("manager", 1), (None, 2), ("director", 3)]
    assert past == {id_: [Past("jobtitle", title, begin + hours * HOUR) for title, hours in titles]}


def test_fields_stand_in_one_row_of_time(start) -> None:
    account = timed(start)
    id_ = account.contact(jobtitle="clerk")
    for name, value in (("city", "Riga"), ("jobtitle", "manager")):
        account.clock.advance(60)
        edited(account, id_, **{name: value})
    past = account.connector().history("contacts", [id_], ("jobtitle", "city"))[id_]
    assert [(one.field, one.value) for one in past] == [
        ("jobtitle", "clerk"),
        ("city", "Riga"),
        ("jobtitle", "manager"),
    ]


@pytest.mark.parametrize(
    ("rows", "fields"), [(0, ("jobtitle",)), (120, ("jobtitle",)), (3, ()), (3, ("hs_object_id",))]
)
def test_fifty_rows_are_asked_for_at_once_and_nothing_in_vain(start, rows: int, fields: tuple[str, ...]) -> None:
    account = start(csv="\n".join(["email,jobtitle", *(f"p{n}@x.example,clerk" for n in range(rows))]))
    ids = [id_ for page in account.connector().ids("contacts") for id_ in page.ids]
    account.reset()
    past = account.connector().history("contacts", ids, fields)
    asked = fields == ("jobtitle",)
    assert len(past) == (rows if asked else 0)
    assert account.calls().get("POST contacts/batch/read", 0) == (math.ceil(rows / 50) if asked else 0)


def test_odd_history_stops_nothing(start) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if not path.endswith("batch/read"):
            return None
        told = {"jobtitle": [{"value": "b", "timestamp": "2026-01-01T00:00:00Z"},
                             {"value": "a", "timestamp": "2026-01-01T00:00:00Z"},
                             {"value": "x", "timestamp": "soon"}, {}], "city": None}  # fmt: skip
        rows = [{"id": "1", "properties": {}, "propertiesWithHistory": told}, {"id": "2", "properties": {}}]
        return 200, {}, orjson.dumps({"results": rows})

    past = start(script=script).connector().history("contacts", ["1", "2"], ("jobtitle", "city"))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert past == {"1": [Past("jobtitle", "a", at), Past("jobtitle", "b", at)]}


def test_owners_have_no_history(account) -> None:
    connector = account.connector()
    assert connector.history("owners", ["70001"], ("email",)) == {}
    assert connector.quota().calls == 0


# what was deleted


def test_the_bin_is_listed_with_its_times_from_a_moment_on(start) -> None:
    account = timed(start)
    ids = [account.contact(email=f"p{number}@x.example") for number in range(4)]
    times = []
    for id_ in ids[:3]:
        account.clock.advance(3600)
        times.append(account.clock.now())
        account.call("DELETE", f"/crm/v3/objects/contacts/{id_}")
    pages = list(account.connector().deleted("contacts", times[1]))
    assert [gone for page in pages for gone in page.gone] == [Gone(ids[1], times[1]), Gone(ids[2], times[2])]
    assert all(not page.records for page in pages)


def test_a_long_bin_is_read_page_by_page(start) -> None:
    account = start(csv="\n".join(["email", *(f"p{n}@x.example" for n in range(250))]))
    ids = [id_ for page in account.connector().ids("contacts") for id_ in page.ids]
    for begin in (0, 100, 200):
        inputs = [{"id": id_} for id_ in ids[begin : begin + 100]]
        account.ok("POST", "/crm/v3/objects/contacts/batch/archive", {"inputs": inputs})
    account.reset()
    pages = list(account.connector().deleted("contacts", datetime(2020, 1, 1, tzinfo=UTC)))
    assert {gone.id for page in pages for gone in page.gone} == set(ids)
    assert account.calls() == {"GET contacts": 3}


@pytest.mark.parametrize("obj", ["calls", "owners"])
def test_an_empty_bin_is_one_empty_page(account, obj: str) -> None:
    (page,) = account.connector().deleted(obj, datetime(2026, 1, 1, tzinfo=UTC))
    assert (page.object, list(page.records), list(page.gone)) == (obj, [], [])
