import pytest

from leadsync.core.facts import derive


@pytest.mark.parametrize(
    ("values", "facts"),
    [
        ({"email": "Ala@Firm.EXAMPLE"}, {"email": "ala@firm.example"}),
        ({"email": "not a mailbox", "phone": "+48 22"}, {"phone": "+48 22"}),
        ({"employees": "1200", "revenue": "1e6"}, {"employees": 1200.0, "revenue": 1_000_000.0}),
        ({"employees": "N/A", "city": "Gdańsk"}, {"city": "Gdańsk"}),
        ({"timeline": "3 months"}, {"timeline": 3.0}),
        ({"timeline": "1 month", "budget": "50000"}, {"timeline": 1.0, "budget": 50_000.0}),
        ({"domain": "HTTPS://www.Firm.example/about"}, {"domain": "firm.example"}),
    ],
)
def test_facts_are_what_can_be_used(values: dict[str, str], facts: dict[str, object]) -> None:
    assert derive(values) == facts
