"""What mapping files say about writing and scope: compiled as meant, refused at its place."""

from collections.abc import Callable

import pytest

from leadsync.config.load import Config
from leadsync.config.writing import WriteField as Model
from leadsync.core.plan import POLICIES
from leadsync.core.write_field import WriteField
from leadsync.errors import Problem

Load = Callable[..., Config]
Refused = Callable[..., list[Problem]]
HEAD = "read: {contacts: {role: lead, email: email, country: country}}\nwrite:\n  contacts:\n"
MAIN = "connections:\n  hubspot: {type: hubspot, token: {env: X}}\n"
SALESFORCE = "connections:\n  sf: {type: salesforce, domain: a.my.salesforce.com, token: {env: X}}\n"


def written(configured: Load, line: str, main: str = MAIN) -> WriteField:
    found = configured(leadsync=main, mappings__hubspot=f"{HEAD}    f: {line}\n")
    (field,) = found.connections["hubspot"].mapping.writes["contacts"]
    return field


def test_a_field_written_back_goes_where_nothing_stands(configured: Load) -> None:
    assert written(configured, "country") == WriteField("f", "country", "if_empty")
    assert written(configured, "{value: country, policy: always}").policy == "always"


def test_a_field_of_ones_own_is_written_by_its_type(configured: Load) -> None:
    found = written(configured, "renewal", f"{MAIN}fields: {{renewal: {{type: date, label: end of contract}}}}\n")
    assert (found.policy, found.type, found.source.labels["en"]) == ("if_empty", "date", "end of contract")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{value: score, format: '{} points', length: 9}",
         WriteField("f", "score", length=9, least=5.0, format="{} points")),
        ("{value: reasons, language: owner}", WriteField("f", "reasons", language="owner")),
        ("{value: temperature, map: {cold: null, hot: 1}}",
         WriteField("f", "temperature", map={"cold": None, "hot": "1"})),
    ],
)  # fmt: skip
def test_how_a_value_is_put(configured: Load, line: str, field: WriteField) -> None:
    assert written(configured, line) == field


def test_null_takes_a_written_field_away(configured: Load) -> None:
    shipped = configured().connections["hubspot"].mapping.writes["contacts"]
    text = f"use: hubspot\nwrite: {{contacts: {{{shipped[0].field}: null}}}}\n"
    left = configured(mappings__hubspot=text).connections["hubspot"].mapping.writes["contacts"]
    assert [w.field for w in left] == [w.field for w in shipped[1:]]


def test_strict_is_for_a_crm_that_can_refuse(configured: Load, refused: Refused) -> None:
    text = "use: salesforce\nwrite:\n  Lead:\n    Status: {value: stage, strict: true}\n"
    (field,) = [
        w for w in configured(leadsync=SALESFORCE, mappings__sf=text).connections["sf"].mapping.writes["Lead"]
        if w.field == "Status"
    ]  # fmt: skip
    assert field.strict
    assert WriteField("f", "score", strict=True).shared
    (problem,) = refused(mappings__hubspot=f"{HEAD}    f: {{value: score, strict: true}}\n")
    assert problem.where == "mappings/hubspot.yaml:4:23"
    assert "cannot refuse" in problem.what


@pytest.mark.parametrize(
    ("line", "column", "what", "fix"),
    [
        ("f: nonsense", 5, "unknown result 'nonsense'", ""),
        ("f: contry", 5, "did you mean 'country'?", ""),
        ("f: {value: score, policy: if_emtpy}", 23, "unknown policy 'if_emtpy'", "policy: if_empty"),
        ("f: {value: country, policy: if_unowned}", 25, "if_unowned is for owners only", "leave `policy` out"),
        ("f: {value: reasons, language: farsi}", 25, "unknown language 'farsi'", "there are en, fa"),
        ("f: {value: score, language: fa}", 23, "the same in all languages", "leave `language` out"),
        ("f: {value: temperature, language: fa, map: {hot: x}}", 29, "the `map` says already", ""),
        ("f: {value: temperature, map: {Hot: x}}", 35, "the temperature is never 'Hot'", "hot, warm, cold"),
        ("f: {value: score, format: points}", 23, "{} once", '"{} points"'),
        ("f: {value: score, format: ''}", 23, "{} once", ""),
        ("f: {value: score, format: '{} of {}'}", 23, "{} once", ""),
        ("f: {value: owner, format: 'x{}'}", 23, "the CRM's own id, without a format", ""),
        ("f: {value: owner, map: {a: b}}", 23, "the CRM's own id, without a map", ""),
        ("F: score\n    f: fit", 5, "f is written two ways, also as F", "keep one"),
    ],
)
def test_what_cannot_be_is_told_at_its_place(refused: Refused, line: str, column: int, what: str, fix: str) -> None:
    problems = refused(mappings__hubspot=f"{HEAD}    {line}\n")
    where = f"mappings/hubspot.yaml:{5 if chr(10) in line else 4}:{column}"
    assert [p for p in problems if p.where == where and what in p.what and fix in p.fix], problems


def test_editors_know_the_policies() -> None:
    schema = Model.model_json_schema()["properties"]["policy"]
    assert {"enum": list(POLICIES)} in schema["anyOf"]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("read:\n  contacts: {role: lead, email: email, scope: 'emial known'}\n", ":2:48", "did you mean 'email'?"),
        ("read:\n  contacts: {role: lead, email: email, scope: 'no visit'}\n", ":2:40", "nothing of what people do"),
        ("read:\n  contacts: {role: lead, email: email, scope: 'score > 5'}\n", ":2:48", "'score' is a result"),
        ("read:\n  companies: {role: company, domain: domain, scope: 'domain known'}\n", ":2:46", "no object of leads"),
    ],
)
def test_a_scope_is_about_what_a_lead_row_says(refused: Refused, text: str, where: str, what: str) -> None:
    problems = refused(mappings__hubspot=text)
    assert [p for p in problems if p.where == f"mappings/hubspot.yaml{where}" and what in p.what], problems


def test_scope_and_never_are_read(configured: Load, refused: Refused) -> None:
    text = "use: hubspot\nread: {contacts: {scope: 'country in [PL, VN]'}}\n"
    found = configured(leadsync=f"{MAIN}never: unsubscribe or email contains test\n", mappings__hubspot=text)
    scope = found.connections["hubspot"].mapping.reads["contacts"].scope
    assert scope is not None
    assert (scope.text, found.never and found.never.text) == (
        "country in [PL, VN]", "unsubscribe or email contains test"
    )  # fmt: skip
    (problem,) = refused(leadsync=f"{MAIN}never: unsubscribed\n")
    assert (problem.where, problem.what) == (
        "leadsync.yaml:3:8", "unknown word 'unsubscribed'; did you mean 'unsubscribe'?"
    )  # fmt: skip
