"""What is proposed for a field, and that the file is one whatever an account holds."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadsync.catalog import FIELDS
from leadsync.config.load import load_config
from leadsync.config.propose import Looked, Proposed, Proposer
from leadsync.config.propose_reading import reading
from leadsync.config.propose_text import flow, mapping_text
from leadsync.config.propose_words import meant, phrases
from leadsync.core.convert import Home
from leadsync.sync.propose import usable
from leadsync.types import FieldSchema, ObjectSchema

MAIN = {"connections": {"hubspot": {"type": "hubspot", "token": {"env": "ANY"}}}}
QUICK = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]  # each example loads whole files
RESULTS = {"temperature": ["cold", "warm", "hot"], "stage": ["suspect", "IQL", "MQL", "SQL"]}
HOME = Home("PL", "EUR")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proposed")


def installation(folder: Path, mapping: str = "", **more: Any) -> Any:
    """The connection of an installation with this mapping."""
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings/hubspot.yaml").write_text(mapping, "utf-8")
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({**MAIN, **more}), "utf-8")
    return load_config(folder / "leadsync.yaml").connections["hubspot"]


def proposed(folder: Path, *looked: Looked, home: Home = HOME, lacking: Sequence[str] = ()) -> list[Proposed]:
    """For an account that has all of the shipped mapping's fields, but those `lacking`, and these besides."""
    connection = installation(folder)
    mapping, whole = connection.mapping, []
    for look in looked:
        there = {n: FieldSchema(n, "text") for n in mapping.asked(look.object) if n not in lacking}
        schema = ObjectSchema(look.object, there | dict(look.schema.fields))
        fed = {s: ["x"] * look.rows for f in mapping.reads[look.object].fields for s in f.sources}
        whole.append(Looked(look.object, schema, look.rows, fed | dict(look.values)))
    proposer = Proposer(mapping, connection.written.data, FIELDS, RESULTS, home, usable, whole=True)
    return proposer.propose(whole)


def people(*fields: FieldSchema, **values: list[Any]) -> Looked:
    schema = ObjectSchema("contacts", {field.name: field for field in fields})
    return Looked("contacts", schema, 10, values)


def lines(found: Sequence[Proposed]) -> dict[str, str]:
    text = mapping_text(["x"], "hubspot", found)
    return {m[1]: m[0].strip() for m in re.finditer(r"^    (?:# )?(\w+): .*$", text, re.MULTILINE)}


def own(name: str, type_: str = "text", label: str = "", options: tuple[str, ...] = ()) -> FieldSchema:
    return FieldSchema(name, type_, label, options, custom=True)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Annual budget (EUR)", "budget"), ("annual_budget__eur", "budget"), ("BUDŻET", "budget"), ("بودجه", "budget"),
        ("Ngân sách", "budget"), ("Main need / Główna potrzeba", "need"), ("Purchase horizon", "timeline"),
        ("Decision Role", "authority"), ("Zgoda RODO", "consent"), ("Preferred language", "language"),
        ("Отрасль", "industry"), ("Liczba pracowników", "employees"), ("Company size", "employees"),
        ("Employees (this site only)", None), ("Country code", None), ("Previous industry", None),
        ("Data zgody", "consent_at"),
        ("Budget owner", None), ("Expected revenue", None), ("", None), ("🙂", None), ("the of our", None),
    ],
)  # fmt: skip
def test_a_field_is_known_by_what_it_is_plainly_called(said: str, word: str | None):
    assert meant(said, phrases(FIELDS)) == word


@pytest.mark.parametrize(
    ("word", "field", "values", "keys"),
    [
        ("budget", own("b", "number"), [], {}),
        ("budget", own("b"), ["12 500 EUR", "€900", "1.200,00 €"], {"as": "money"}),
        ("budget", own("b"), ["12500", "900.50"], {}),
        ("budget", own("b"), [], {"as": "money"}),
        ("budget", own("b"), ["yes", "no", "12"], None),
        ("budget", own("b", "enum", options=("yes", "no")), [], None),
        ("budget", own("b", "enum", options=("<10k", "100")), [], {"map": {"<10k": ""}}),
        ("budget", own("b", "bool"), [], None),
        ("budget", own("b", "date"), [], None),
        ("timeline", own("t", "enum", options=("0-3 m", "1 year", "later")), [], {"map": {"later": ""}}),
        ("budget", own("b", "enum", options=("No budget", "5000")), [], {}),
        ("timeline", own("t"), ["3 months", "kwartał", "no plans", "brak terminu"], {}),
        ("employees", own("e"), ["1 200", "30"], {"as": "number"}),
        ("consent", own("c", "bool"), [], {"map": {"true": "granted", "false": ""}}),
        ("consent", own("c", "enum", options=("Tak", "Nie", "?")), [],
         {"map": {"tak": "granted", "nie": "denied", "?": ""}}),
        ("consent", own("c"), ["tak", "nie", "да", "call Ann"],
         {"map": {"tak": "granted", "nie": "denied", "да": "granted"}}),
        ("authority", own("a", "bool"), [], {"map": {"true": "yes", "false": ""}}),
        ("authority", own("a", "enum", options=("CEO", "user")), [], {}),
        ("need", own("n", "multi", options=("a", "b")), [], {"split": ";", "join": ", "}),
        ("need", own("n"), ["<p>less paper</p>", "<b>x</b>"], {"as": "html"}),
        ("need", own("n", "number"), [], None),
        ("need", own("n", "ref"), [], None),
        ("country", own("k"), ["Polska", "Iran", "ایران"], {"as": "country"}),
        ("country", own("k"), ["+48", "+7"], None),
        ("language", own("l", "enum", options=("Polski", "فارسی", "-")), [], {"map": {"Polski": "pl", "فارسی": "fa"}}),
        ("language", own("l"), ["pl", "en"], {}),
    ],
)  # fmt: skip
def test_how_it_is_read_follows_from_type_options_and_values(
    word: str, field: FieldSchema, values: list[str], keys: dict[str, Any] | None
):
    found = reading(FIELDS[word], field, values, HOME)
    assert (None if found is None else dict(found.keys)) == keys


def test_only_what_is_sure_is_live(folder: Path):
    look = people(
        own("annual_budget", label="Budget"), own("employees", "number", "Employees (this site only)"),
        own("authority", label="Power 17"), own("sector", "enum", "Branża", ("IT", "Food")), own("renewal__c", "date"),
        annual_budget=["100 EUR"], renewal__c=["2027-01-01"] * 5,
    )  # fmt: skip
    firms = Looked("companies", ObjectSchema("companies", {}), 10)
    said = lines(proposed(folder, look, firms))
    assert said["budget"].startswith("budget: {from: annual_budget, as: money}  # Budget, text, filled 10 %")
    assert said["authority"].startswith("# authority: authority  # going by its name alone")
    assert said["industry"].startswith("# industry: sector  # companies feed it already")
    assert said["renewal"] == "# renewal: renewal__c  # fields: {renewal: date}; date, filled 50 %, e.g. 2027-01-01"
    assert "number" in said["own_employees"] if "own_employees" in said else "employees" in said


def test_amounts_in_several_currencies_wait_for_the_currency_of_the_home(folder: Path):
    look = people(own("budget"), budget=["100 EUR", "700 PLN", "20 USD"])
    for home, live in ((Home(), False), (HOME, False)):
        said = lines(proposed(folder, look, home=home))
        assert said.get("budget", "").startswith("budget:") is live
    assert "say yours in leadsync.yaml" in lines(proposed(folder, look, home=Home()))["budget"]


def test_what_the_account_lacks_is_taken_away(folder: Path):
    look, firms = people(), Looked("companies", ObjectSchema("companies", {}), 10)
    lacking = ("numberofemployees", "mobilephone", "jobtitle", "leadsync_score")
    said = lines(proposed(folder, look, firms, lacking=lacking))
    assert said["employees"] == "employees: null  # this account has no numberofemployees"
    assert said["job_title"] == "job_title: null  # this account has no jobtitle"
    assert said["phone"] == "phone: {from: [phone], as: phone}  # this account has no mobilephone"
    assert said["leadsync_score"] == "leadsync_score: score  # not there yet: see `leadsync install`"


def test_a_stage_is_mapped_to_the_options_that_there_are(folder: Path):
    look = people(FieldSchema("lifecyclestage", "enum", "Stage", ("lead", "mql", "17")))
    said = lines(proposed(folder, look))["lifecyclestage"]
    assert "map: {IQL: lead, MQL: mql}}" in said
    assert "has no option 'marketingqualifiedlead', 'salesqualifiedlead'" in said
    assert "its options: lead, mql, 17" in said


@pytest.mark.parametrize(
    ("field", "values", "shown"),
    [
        (own("x", "enum", options=("A", "B")), ["B", "B", "A", "ann@example.com"], ["e.g. B, A"]),
        (own("x", "number"), [7, 7, 9], ["e.g. 7, 9"]),
        (own("x", "date"), ["2027-01-01", "2027-02-01"], ["e.g. 2027-01-01, 2027-02-01"]),
        (own("x", "bool"), [True, True, False], ["e.g. true, false"]),
        (own("x"), ["red"] * 5 + ["blue"] * 2, []),
        (own("x", label="Opiekun handlowy"), ["Jan Kowalski"] * 5 + ["Anna Nowak"] * 4, []),
        (own("x"), ["Ann Smith", "Bob Brown", "Eve White"], []),
        (own("x"), ["ann@example.com"] * 9, []),
        (own("x"), ["+48 600 700 800"] * 9, []),
        (own("x"), ["a text that is too long to be one of a few words"] * 9, []),
        (own("x", "number"), [48600700800, 48600700801], []),
        (own("x", "number", "Phone 2"), [12, 12, 12], []),
        (own("x", "date", "Date of birth"), ["1980-01-01"] * 5, []),
        (own("mother_name"), ["Ann"] * 9, []),
        (own("x", "ref"), ["42"] * 9, []),
    ],
)  # fmt: skip
def test_no_example_is_about_one_person(folder: Path, field: FieldSchema, values: list[Any], shown: list[str]):
    look = people(field, **{field.name: values})
    text = mapping_text(["x"], "hubspot", proposed(folder, look))
    (line,) = [line for line in text.splitlines() if line.startswith("    # ")]
    assert any(part in line for part in shown) if shown else "e.g." not in line
    if not shown:
        assert not [value for value in values if str(value) in line]


anything = st.text(max_size=30)
kinds = st.sampled_from(["text", "number", "bool", "date", "datetime", "enum", "multi", "ref"])
telling = st.sampled_from(["Budget", "need", "Срок", "زبان", "consent", "Country", "industry", "e-mail", "class", "on"])
fields = st.builds(
    FieldSchema, anything | telling, kinds, anything | telling, st.lists(anything, max_size=4).map(tuple),
    custom=st.booleans() | st.just(True),
)  # fmt: skip
held = st.lists(anything | st.integers() | st.booleans() | st.sampled_from(["12 EUR", "tak", "1404/05/01"]), max_size=6)


def objects(size: int) -> st.SearchStrategy[list[tuple[FieldSchema, list[Any]]]]:
    return st.lists(st.tuples(fields, held), max_size=size, unique_by=lambda found: found[0].name)


@given(objects(8), objects(4))
@settings(max_examples=30, deadline=None, phases=QUICK)
def test_whatever_an_account_holds_the_file_loads_line_by_line(
    folder: Path, persons: list[tuple[FieldSchema, list[Any]]], firms: list[tuple[FieldSchema, list[Any]]]
):
    looked = [
        Looked(obj, ObjectSchema(obj, {f.name: f for f, _ in found}), 6, {f.name: v for f, v in found})
        for obj, found in (("contacts", persons), ("companies", firms))
    ]
    text = mapping_text(["x"], "hubspot", proposed(folder, *looked))
    installation(folder, text)
    declared = dict(re.findall(r"# fields: \{(\w+): (\w+)\}", text))
    whole = re.sub(r"^    # ", "    ", text, flags=re.MULTILINE)
    assert len(whole.splitlines()) == len(text.splitlines())
    reads = installation(folder, whole, fields=declared).mapping.reads
    named = {source for obj in ("contacts", "companies") for source in reads[obj].source_fields()}
    for field, _ in [*persons, *firms]:
        if field.custom and field.name.isprintable() and field.name == field.name.strip() != "":
            assert field.name in named or field.name.lower().startswith("leadsync_")


def test_two_thousand_fields(folder: Path):
    many = [own(f"Поле {n} «{n}»", "text", "тот же") for n in range(2000)]
    look = people(*many, **{field.name: ["a", "b"] for field in many})
    found = proposed(folder, look)
    assert found[0].left == 2000
    installation(folder, mapping_text(["x"], "hubspot", found))


plain = st.text(st.characters(exclude_categories=["C"]), max_size=30)
nested = st.recursive(
    plain | st.none() | st.booleans() | st.integers(-(10**14), 10**14),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
)


@given(nested)
@settings(deadline=None)
def test_a_value_reads_back_as_it_was(folder: Path, value: Any):
    from leadsync.config import document

    path = folder / "flow.yaml"
    path.write_text(f"value: {flow(value)}\n", "utf-8")
    assert document.load(path).data["value"] == value
