"""Reading changes while the search index lags: rows are found by what they held before, and shown as they are now."""

from collections.abc import Iterator

import pytest

from connectors.hubspot.driver import HubSpotDriver
from leadsync.testing.conformance import Account
from leadsync.testing.conformance.account import found


@pytest.fixture
def crm() -> Iterator[Account]:
    with Account(HubSpotDriver()) as account:
        yield account


def spread(crm: Account) -> list[str]:
    """300 contacts in half a minute."""
    ids = []
    for _ in range(30):
        crm.clock.advance(1)
        ids += crm.add(10)
    return ids


@pytest.mark.parametrize("edited", [range(199, 200), range(150, 250), range(300)], ids=["border", "half", "all"])
@pytest.mark.parametrize("old", [False, True], ids=["young", "old"])
def test_edits_hide_no_other_row(crm: Account, edited: range, old: bool) -> None:
    ids = spread(crm)
    if old:
        crm.wait()
    crm.driver.lag(120)
    for n in edited:
        crm.edit(ids[n])
    crm.clock.advance(5)
    pages = crm.changes()
    assert set(found(pages)) == set(ids)
    assert [p.cursor for p in pages] == sorted(p.cursor for p in pages if p.cursor)
    cursor = pages[-1].cursor
    crm.wait()
    assert {ids[n] for n in edited} <= set(found(crm.changes(cursor)))


def test_rows_that_are_all_newer_than_asked_for_hide_none(crm: Account) -> None:
    ids = spread(crm)
    crm.wait()
    until = crm.clock.now()
    crm.clock.advance(1)
    crm.driver.lag(120)
    for id_ in ids[:200]:
        crm.edit(id_)
    assert set(found(crm.changes(until=until))) == set(ids[200:])


def test_what_the_index_learns_late_while_very_many_arrive_is_not_skipped(crm: Account) -> None:
    ids = spread(crm)
    crm.driver.lag(10)
    (late,) = crm.add()
    crm.clock.advance(1)
    crm.edit(ids[250])
    cursor = crm.changes()[-1].cursor
    crm.clock.advance(20)
    assert late in found(crm.changes(cursor))


def test_after_very_many_came_a_round_costs_one_request_once_they_have_settled(crm: Account) -> None:
    spread(crm)
    costs, cursor = [], None
    for _ in range(3):
        before = crm.spent()
        cursor = crm.changes(cursor)[-1].cursor
        costs.append(crm.spent() - before)
        crm.clock.advance(60)
    assert costs == [3, 1, 1]
