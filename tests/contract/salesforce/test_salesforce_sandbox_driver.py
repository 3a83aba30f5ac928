"""The driver of the conformance suite: its connectors log in each way, and its account can be bare."""

import pytest

from connectors.salesforce.driver import SalesforceDriver
from leadsync.connector import AuthLost


@pytest.mark.parametrize("way", ["token", "client_credentials", "jwt"])
def test_every_way_in(way):
    driver = SalesforceDriver(way=way)
    try:
        (lead,) = driver.add("Lead", [driver.people.fresh])
        connector = driver.connect()
        assert [id_ for page in connector.ids("Lead") for id_ in page.ids] == [lead]
        assert connector.user() == driver.org.us
        driver.org.access.hide("Lead", "Title")
        assert "Title" not in connector.describe("Lead").fields
        connector.close()
        assert driver.calls() == connector.quota().calls
        assert len(driver.secrets) == (4 if way == "jwt" else 3)
    finally:
        driver.close()


def test_a_revoked_token_is_told(make_box):
    box = make_box()
    connector = box.connect()
    assert connector.describe("Lead").fields
    box.door("revoke")
    with pytest.raises(AuthLost):
        connector.describe("Lead")
    box.door("restore")
    assert connector.describe("Lead").fields


def test_a_bare_account_has_no_field_of_ours():
    driver = SalesforceDriver(bare=True)
    try:
        assert not [n for n in driver.connect().describe("Lead").fields if n.startswith("Leadsync_")]
    finally:
        driver.close()
