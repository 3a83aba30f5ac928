import orjson
import pytest
from hubspot_account import Account, Scripted, Vault

from connectors.hubspot import api
from leadsync.connector import AuthLost, Step, WantedField

PROPERTIES = f"{api.PROPERTIES}/contacts"
WANTED = [
    WantedField("contacts", "leadsync_score", "number", "Lead score", "How promising, 0 to 100"),
    WantedField("contacts", "leadsync_temperature", "enum", "Temperature", options=(("cold", "Cold"), ("hot", "Hot"))),
    WantedField("contacts", "leadsync_reasons", "text", "Reasons"),
    WantedField("contacts", "leadsync_model", "text", "Model", length=40),
    WantedField("contacts", "leadsync_scored_at", "datetime", "Scored at"),
]


@pytest.fixture
def bare(start) -> Account:
    return start(bare=True)


def states(steps: list[Step]) -> list[str]:
    return [step.state for step in steps if step.state != "by_hand"]


def properties(account: Account) -> dict[str, dict[str, object]]:
    return {found["name"]: found for found in account.ok("GET", PROPERTIES)["results"]}


def custom(account: Account, **changed: object) -> None:
    """The score, made by somebody else and otherwise."""
    body = {"name": "leadsync_score", "label": "S", "groupName": "contactinformation", "type": "string",
            "fieldType": "text", **changed}  # fmt: skip
    account.ok("POST", PROPERTIES, body)


def test_a_dry_run_says_what_is_missing_and_makes_nothing(bare) -> None:
    steps = bare.connector().install(WANTED, dry_run=True)
    assert states(steps) == ["missing"] * 6
    assert "leadsync_score" in steps[1].what
    assert not any(name.startswith("leadsync") for name in properties(bare))
    assert bare.calls().keys() == {"GET contacts/properties", "GET contacts/properties/groups/{id}"}


def test_what_is_missing_is_created_as_wanted_and_nothing_twice(bare) -> None:
    connector = bare.connector()
    assert states(connector.install(WANTED, dry_run=False)) == ["created"] * 6
    made = properties(bare)
    kinds = {name: (found["type"], found["fieldType"], found["groupName"]) for name, found in made.items()}
    assert [kinds[want.name] for want in WANTED] == [
        ("number", "number", "leadsync"),
        ("enumeration", "select", "leadsync"),
        ("string", "textarea", "leadsync"),
        ("string", "text", "leadsync"),
        ("datetime", "date", "leadsync"),
    ]
    assert made["leadsync_score"]["label"] == "Lead score"
    assert made["leadsync_score"]["description"] == "How promising, 0 to 100"
    bare.reset()
    assert states(connector.install(WANTED, dry_run=False)) == ["there"] * 5
    assert bare.calls() == {"GET contacts/properties": 1}
    schema = connector.describe("contacts")
    assert [schema.fields[want.name].type for want in WANTED] == [want.type for want in WANTED]
    assert schema.fields["leadsync_temperature"].options == ("cold", "hot")


def test_what_only_a_person_can_do_is_told_with_its_clicks(bare) -> None:
    steps = [step for step in bare.connector().install(WANTED, dry_run=True) if step.state == "by_hand"]
    assert ["Record Customization" in steps[0].fix, "Lead score" in steps[1].fix] == [True, True]


def test_a_property_of_another_type_is_wrong_and_left_alone(bare) -> None:
    custom(bare)
    steps = bare.connector().install(WANTED, dry_run=False)
    (wrong,) = [step for step in steps if step.state == "wrong"]
    assert "contacts.leadsync_score is of type string" in wrong.what
    assert "number" in wrong.fix
    assert properties(bare)["leadsync_score"]["type"] == "string"


def test_a_calculated_property_is_wrong(bare) -> None:
    custom(bare, type="number", fieldType="calculation_equation")
    (wrong,) = [step for step in bare.connector().install(WANTED, dry_run=False) if step.state == "wrong"]
    assert "read-only" in wrong.what


@pytest.mark.parametrize("dry_run", [True, False])
def test_options_that_are_missing_are_added_and_those_that_are_there_stay(bare, dry_run: bool) -> None:
    options = [{"value": "cold", "label": "Kalt"}, {"value": "boiling", "label": "Boiling"}]
    custom(bare, name="leadsync_temperature", type="enumeration", fieldType="radio", options=options)
    (step,) = [s for s in bare.connector().install(WANTED[1:2], dry_run=dry_run) if s.what.startswith("option")]
    assert ("hot" in step.what, step.state) == (True, "missing" if dry_run else "created")
    now = [(one["value"], one["label"]) for one in properties(bare)["leadsync_temperature"]["options"]]
    assert now == [("cold", "Kalt"), ("boiling", "Boiling")] + ([] if dry_run else [("hot", "Hot")])


def test_hubspots_own_options_are_left_to_a_person(bare) -> None:
    stage = WantedField("contacts", "lifecyclestage", "enum", "Stage", options=(("warm", "Warm"),))
    (step,) = [s for s in bare.connector().install([stage], dry_run=False) if s.what.startswith("option")]
    assert (step.state, bool(step.fix)) == ("by_hand", True)
    assert "PATCH contacts/properties/{id}" not in bare.calls()


def test_somebody_else_who_is_faster_is_no_trouble(start) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if (method, path) == ("POST", PROPERTIES) and orjson.loads(body)["name"] == "leadsync_score":
            return 409, {}, b'{"status":"error","message":"exists","category":"CONFLICT"}'
        if (method, path) == ("GET", f"{PROPERTIES}/leadsync_score"):
            return 200, {}, b'{"name":"leadsync_score","type":"number","fieldType":"number"}'
        return None

    assert states(start(bare=True, script=script).connector().install(WANTED[:1], dry_run=False)) == [
        "created",
        "there",
    ]


def test_a_property_in_the_bin_is_for_a_person_to_restore(start) -> None:
    def script(method: str, path: str, body: bytes) -> Scripted | None:
        if (method, path) == ("POST", PROPERTIES):
            return 409, {}, b'{"status":"error","message":"exists","category":"CONFLICT"}'
        return None

    steps = start(bare=True, script=script).connector().install(WANTED[:1], dry_run=False)
    (step,) = [step for step in steps if "leadsync_score" in step.what]
    assert (step.state, "restore" in step.fix) == ("by_hand", True)


def test_the_scope_that_is_missing_is_named(bare) -> None:
    vault = Vault()
    bare.install(vault, without=["crm.schemas.contacts.write"])
    with pytest.raises(AuthLost, match="properties of contacts") as caught:
        bare.app(vault).install(WANTED, dry_run=False)
    assert (caught.value.code, "crm.schemas.contacts.write" in caught.value.fix) == ("scope", True)
