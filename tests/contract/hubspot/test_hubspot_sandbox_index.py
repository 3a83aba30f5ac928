"""The HubSpot sandbox. The index behind the search: what it learns late, and that every way through it agrees."""

from random import Random

import pytest
from hubspot_account import Account
from sandbox_probes import CONTACTS, error, search

from leadsync.testing.driver import ManualClock

STAMP = "lastmodifieddate"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def lagging(start, clock: ManualClock) -> Account:
    return start(leads=0, now=clock.now, search_lag=60.0)


def ms(clock: ManualClock) -> int:
    return round(clock.now().timestamp() * 1000)


class TestLag:
    def test_a_new_row_is_not_found_at_first(self, lagging, clock) -> None:
        id_ = lagging.contact(email="a@x.example")
        clock.advance(59)
        assert search(lagging) == search(lagging, (STAMP, "GTE", "1000")) == []
        clock.advance(1)
        assert search(lagging) == search(lagging, (STAMP, "GTE", "1000")) == [id_]

    def test_a_changed_row_is_found_by_what_it_held_and_shown_as_it_is(self, lagging, clock) -> None:
        id_ = lagging.contact(email="a@x.example", city="Ulm")
        before = ms(clock)
        clock.advance(120)
        lagging.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"city": "Bonn"}})
        window = {"propertyName": STAMP, "operator": "BETWEEN", "value": str(before), "highValue": str(before)}
        body = {"filterGroups": [{"filters": [window]}], "properties": ["city"]}
        (row,) = lagging.ok("POST", f"{CONTACTS}/search", body)["results"]
        assert (row["properties"]["city"], row["updatedAt"]) == ("Bonn", "2026-03-02T12:02:00.000Z")
        assert (search(lagging, ("city", "EQ", "ulm")), search(lagging, ("city", "EQ", "bonn"))) == ([id_], [])
        clock.advance(60)
        assert (search(lagging, ("city", "EQ", "ulm")), search(lagging, ("city", "EQ", "bonn"))) == ([], [id_])
        assert lagging.ok("POST", f"{CONTACTS}/search", body)["results"] == []

    def test_each_change_arrives_in_its_turn(self, lagging, clock) -> None:
        id_ = lagging.contact(email="a@x.example", city="Ulm")
        for city in ("Bonn", "Kiel"):
            clock.advance(40)
            lagging.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"city": city}})
        known = []
        for _ in range(3):
            known.append([city for city in ("Ulm", "Bonn", "Kiel") if search(lagging, ("city", "EQ", city.lower()))])
            clock.advance(40)
        assert known == [["Ulm"], ["Bonn"], ["Kiel"]]

    def test_rows_that_left_are_not_found(self, lagging, clock) -> None:
        one, two, three = (lagging.contact(email=f"{n}@x.example") for n in range(3))
        clock.advance(60)
        lagging.ok("PATCH", f"{CONTACTS}/{one}", {"properties": {"city": "Bonn"}})
        lagging.call("DELETE", f"{CONTACTS}/{one}")
        lagging.ok("POST", f"{CONTACTS}/merge", {"primaryObjectId": two, "objectIdToMerge": three})
        assert search(lagging) == []
        clock.advance(60)
        assert len(search(lagging)) == 1


@pytest.mark.parametrize("lag", [0.0, 60.0])
def test_every_way_through_the_index_finds_the_same(start, clock, lag: float) -> None:
    """Searches that the index answers by itself agree with the same ones forced through every row."""
    account = start(leads=0, now=clock.now, search_lag=lag)
    rng, begin = Random(7), ms(clock)
    inputs = [{"properties": {"email": f"{n}@x.example", "lastname": "L"}} for n in range(60)]
    ids = [row["id"] for row in account.ok("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})["results"]]
    for id_ in rng.sample(ids, 40):
        clock.advance(rng.choice((0, 0, 20)))
        account.ok("PATCH", f"{CONTACTS}/{id_}", {"properties": {"city": "Ulm"}})
    account.call("DELETE", f"{CONTACTS}/{ids[5]}")
    clock.advance(30)
    whatever = {"propertyName": "email", "operator": "HAS_PROPERTY"}
    found_some = 0
    for _ in range(60):
        low, high = sorted(begin + 1000 * rng.randrange(-5, 500) for _ in range(2))
        first = int(ids[0]) + rng.randrange(-2, 62)
        filters = rng.sample(
            [{"propertyName": STAMP, "operator": rng.choice(("GT", "GTE", "EQ")), "value": str(low)},
             {"propertyName": STAMP, "operator": rng.choice(("LT", "LTE")), "value": str(high)},
             {"propertyName": "hs_object_id", "operator": rng.choice(("GT", "GTE", "LT", "LTE")), "value": str(first)}],
            rng.randrange(4),
        )  # fmt: skip
        name, direction = rng.choice(("hs_object_id", STAMP)), rng.choice(("ASCENDING", "DESCENDING"))
        body = {"sorts": [{"propertyName": name, "direction": direction}], "limit": 7, "after": rng.randrange(30)}
        quick, slow = (
            account.ok("POST", f"{CONTACTS}/search", body | {"filterGroups": [{"filters": found}]})
            for found in (filters, [*filters, whatever])
        )
        assert quick == slow, filters
        found_some += 0 < quick["total"] < 59
    assert found_some > 20


@pytest.mark.parametrize(
    ("value", "status"), [("0", 500), ("1000", 200), ("2026-03-02", 400), ("2026-03-02T00:00:00Z", 200)]
)
def test_moments_that_a_search_takes(start, value: str, status: int) -> None:
    filters = [{"propertyName": STAMP, "operator": "GTE", "value": value}]
    answer = start(leads=0).call("POST", f"{CONTACTS}/search", {"filterGroups": [{"filters": filters}]})
    assert answer.status_code == status


def test_a_search_reaches_ten_thousand_rows_and_counts_more(start, clock) -> None:
    account = start(leads=0, now=clock.now)
    for batch in range(101):
        inputs = [{"properties": {"lastname": f"{batch} {n}"}} for n in range(100)]
        account.ok("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
    instant = [{"propertyName": STAMP, "operator": "EQ", "value": str(ms(clock))}]
    body = {"filterGroups": [{"filters": instant}], "sorts": [{"propertyName": "hs_object_id"}], "limit": 200}
    last = account.ok("POST", f"{CONTACTS}/search", body | {"after": "9900"})
    assert (last["total"], len(last["results"]), last["paging"]["next"]["after"]) == (10_100, 100, "10000")
    assert error(account.call("POST", f"{CONTACTS}/search", body | {"after": "10000"})) == (400, "VALIDATION_ERROR")
    above = {"propertyName": "hs_object_id", "operator": "GT", "value": last["results"][-1]["id"]}
    rest = account.ok("POST", f"{CONTACTS}/search", body | {"filterGroups": [{"filters": [*instant, above]}]})
    assert (rest["total"], len(rest["results"]), "paging" in rest) == (100, 100, False)
