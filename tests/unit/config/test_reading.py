"""How a mapping file says that a word is read, and what it is told where that cannot be."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from leadsync.config.facts import usual_tables
from leadsync.config.load import Config
from leadsync.config.mapping import MappingFile
from leadsync.core import facts, mapping
from leadsync.core.convert import CONVERTERS
from leadsync.core.facts import known
from leadsync.core.frames import column
from leadsync.errors import Problem
from leadsync.types import Record

Load = Callable[..., Config]
Refused = Callable[..., list[Problem]]
MAIN = """\
connections: {hubspot: {type: hubspot, token: {env: X}}}
home: {country: PL, currency: EUR, time_zone: Europe/Warsaw}
fields:
  renewal: date
  partner: {type: bool, label: partner of ours}
  seats: number
  tier: text
"""


def read(config: Config, **row: Any) -> mapping.Said:
    return mapping.values_with_reasons(config.connections["hubspot"].mapping.reads["contacts"], Record("1", row))


def reading(configured: Load, lines: str, **row: Any) -> mapping.Said:
    return read(configured(leadsync=MAIN, mappings__hubspot=f"read:\n  contacts: {{role: lead, {lines}}}\n"), **row)


@pytest.mark.parametrize(
    ("lines", "value", "word"),
    [("budget: {from: x, as: money}", "1.234,50 €", "1234.50"), ("timeline: x", "0-3 m", "3"),
     ("timeline: x", "quarter", "3"), ("timeline: x", "-2", "-2"), ("timeline: x", "No date", "No date"),
     ("budget: {from: x, as: money}", "brak", "brak"), ("budget: x", "0", "0"), ("timeline: x", "now", "0"),
     ("timeline: {from: x, as: number}", "1,5 years", "18"),
     ("timeline: {from: x, map: {soon: 3 months}}", "Soon", "3"),
     ("employees: x", "120", "120"), ("employees: {from: x, as: [html, number]}", "<b>1 200</b>", "1200"),
     ("country: {from: x, as: country, default: Poland}", "", "PL"),
     ("first_name: {from: x, split: ' '}", "Ann Lee", "Ann"),
     ("phone: {from: x, as: phone}", "22 123 45 67", "+48221234567"),
     ("campaign: {from: x, match: 'c=(\\w+)'}", "?c=fair", "fair"),
     ("renewal: x", "20.11.2026", "2026-11-20"),
     ("renewal: {from: x, as: datetime}", "2026-11-19T23:30:00Z", "2026-11-20"),
     ("renewal: {from: x, as: jalali}", "۱۴۰۳/۰۵/۱۲", "2024-08-02"), ("partner: x", "Да", "yes"),
     ("seats: x", 12.5, "12.5"), ("employees: x", "51-200", "51-200"),
     ("revenue: {from: x, as: money}", "over 5M", "over 5M"),
     ("employees: {from: x, as: number}", "1 001–5 000", "1 001–5 000"),
     ("seats: {from: x, as: percent}", "45 %", "45"), ("tier: {from: x, as: [trim, upper]}", " a ", "A"),
     ("need: {from: [x, y], join: ' / '}", "a", "a")],
)  # fmt: skip
def test_values(configured: Load, lines: str, value: Any, word: str) -> None:
    told = reading(configured, lines, x=value)
    assert list(told.values.values()) == [word]
    assert told.reasons == {}


@pytest.mark.parametrize(
    ("lines", "value", "why"),
    [("employees: x", "1 200", "x: '1 200' is no number; `as: number` reads numbers as people write them"),
     ("timeline: x", "soon", "x: 'soon' is no time such as '3 months'"),
     ("renewal: x", "soon", "x: 'soon' is no date that can be read"),
     ("partner: x", "maybe", "x: 'maybe' is neither yes nor no"),
     ("budget: {from: x, as: money}", "$5", "x: '$5' is in USD, and amounts are in EUR")],
)  # fmt: skip
def test_why_a_word_is_absent(configured: Load, lines: str, value: str, why: str) -> None:
    assert list(reading(configured, lines, x=value).reasons.values()) == [why]


def test_the_country_is_read_before_the_phone_wherever_it_stands(configured: Load) -> None:
    lines = "phone: {from: p, as: phone}, country: {from: c, as: country}"
    assert reading(configured, lines, p="0912 345 67 89", c="Iran").values["phone"] == "+989123456789"


def test_the_shipped_mappings_read_what_people_typed(configured: Load) -> None:
    config = configured(leadsync=MAIN)
    row = {"email": " Ann@Example.com", "phone": "n/a", "mobilephone": "22 123 45 67", "country": "Polska"}
    assert read(config, **row).values == {"email": "ann@example.com", "phone": "+48221234567", "country": "PL"}


ABOUT = """\
read:
  calls:
    role: activity
    at: [ended, started]
    topic: {from: [about, title], match: 'about (\\w+)', map: {cost: price, delivery: logistics}, default: other}
    kinds:
      - {as: form_submit, when: {form: [quote, Prices]}, topic: price}
      - {as: call_in, when: {direction: in, ended: null}}
      - {as: call_out, when: {direction: [out, null], closed: [true, ""]}}
  contacts: {role: lead, counters: {views: {as: page_view, topic: price}}}
"""


@pytest.mark.parametrize(
    ("row", "told"),
    [({"form": "prices", "about": "about delivery"}, ("form_submit", "price")),
     ({"direction": "In", "title": "call about Delivery"}, ("call_in", "logistics")),
     ({"direction": "in", "about": "nothing", "title": "about cost"}, ("call_in", "price")),
     ({"direction": "in", "ended": ""}, ("call_in", "other")),
     ({"direction": "in", "ended": "2026-03-02"}, None),
     ({}, ("call_out", "other")), ({"direction": " ", "closed": True}, ("call_out", "other")),
     ({"direction": "out", "closed": False}, None)],
)  # fmt: skip
def test_kinds_and_topics_of_activities(configured: Load, row: dict[str, Any], told: tuple[str, str] | None) -> None:
    found = configured(leadsync=MAIN, mappings__hubspot=ABOUT).connections["hubspot"].mapping.reads["calls"]
    fields = {"form": None, "started": "2.3.2026 10:00", **row}
    happened = mapping.activity(found, Record("1", fields))
    assert (None if happened is None else (happened.kind, happened.topic)) == told
    if happened is not None and "ended" not in row:
        assert happened.at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_what_topics_are_read_from_is_asked_for(configured: Load) -> None:
    reads = configured(leadsync=MAIN, mappings__hubspot=ABOUT).connections["hubspot"].mapping
    assert {"about", "title", "form", "direction", "closed"} <= set(reads.asked("calls"))
    assert reads.reads["contacts"].counters[0].topic == "price"


def test_a_rule_per_activity_may_test_what_it_was_about(configured: Load) -> None:
    price = '{points: 20, per: inquiry, when: "topic = price", half_life: 14d, cap: 20}'
    config = configured(leadsync=MAIN, scoring=f"use: b2b\nengagement: {{rules: {{price: {price}}}}}\n")
    (rule,) = (rule for rule in config.scoring.rules if rule.name == "price")
    assert rule.when is not None
    assert (rule.per, rule.when.fields) == ("inquiry", {"topic"})


@pytest.mark.parametrize(
    ("file", "text", "column"),
    [("scoring", 'fit: {rules: {x: {points: 5, when: "email and topic = price"}}}', 47),
     ("scoring", "temperature: {hot_when: topic = price}", 25), ("funnel", "stages: [{name: A, gate: {x: topic}}]", 30),
     ("routing", "{when: topic = price, reps: {a: {email: a@example.com}}}", 8)],
)  # fmt: skip
def test_elsewhere_nothing_is_known_of_a_single_activity(refused: Refused, file: str, text: str, column: int) -> None:
    [problem] = refused(leadsync=MAIN, **{file: f"{text}\n"})
    assert problem.where == f"{file}.yaml:1:{column}"
    assert problem.what == "'topic' is about a single activity: only `when` of a scoring rule with `per` can test it"


def test_the_language_of_an_owner(configured: Load) -> None:
    main = "connections: {salesforce: {type: salesforce, domain: x.my.salesforce.com, token: {env: X}}}\n"
    user = configured(leadsync=main).connections["salesforce"].mapping.reads["User"]
    keys = ("en_US", "pl", "fa", "vi", "ru", "", None)
    told = [mapping.values(user, Record("1", {"LanguageLocaleKey": key})).get("language") for key in keys]
    assert told == ["en", "pl", "fa", "vi", "ru", None, None]


def test_fields_of_the_company_stand_in_conditions(configured: Load) -> None:
    when = "renewal > 2026-11-01 and partner and seats >= 5 and tier = a"
    config = configured(
        leadsync=MAIN,
        scoring=f'fit:\n  rules:\n    x: {{points: 5, when: "{when}"}}\n',
        funnel='stages:\n  - {name: A, gate: {x: "partner"}}\n',
        routing='when: "seats > 3"\nreps: {a: {email: a@example.com}}\n',
    )
    assert {"renewal", "partner", "seats", "tier"} <= set(config.fields)
    assert config.fields["partner"].labels["fa"] == "partner of ours"
    assert config.fields["renewal"].type == "date"


def test_facts_of_own_fields_become_columns_of_their_type() -> None:
    said = {"renewal": "2026-11-20", "partner": "no", "seats": "5.5"}
    values = {name: known(fact).value for name, fact in facts.derive(said, usual_tables()).items()}
    assert column("date", [values["renewal"], None, "old text"]).to_list() == [date(2026, 11, 20), None, None]
    assert column("bool", [values["partner"], "yes", None]).to_list() == [False, True, None]
    assert column("number", [values["seats"], 3.0, None, "old text"]).to_list() == [5.5, 3.0, None, None]
    assert column("text", [values["seats"], None]).to_list() == ["5.5", None]


AT = "mappings/hubspot.yaml:3:"


@pytest.mark.parametrize(
    ("line", "column", "what", "fix"),
    [("phone: {from: x, as: fone}", 20, "unknown converter 'fone'", "as: phone"),
     ("phone: {from: x, as: [trim, 5]}", 31, "expected text", ""),
     ("phone: {as: phone}", 3, "the key 'from' is missing", ""),
     ("phone: {from: x, az: phone}", 20, "unknown key 'az'", ""),
     ("phone: {from: []}", 11, "from: expected at least one", ""),
     ("phone: {from: x, map: [a]}", 20, "map: expected", ""),
     ("phone: {from: x, split: 5}", 20, "split: expected text", ""),
     ("employees: {from: x, as: email}", 24, "'email' gives text, and 'employees' is number", "money, percent"),
     ("renewal: {from: x, as: yes_no}", 22, "'yes_no' gives bool, and 'renewal' is date", "date, datetime, jalali"),
     ("phone: {from: x, as: [phone, lower]}", 20, "'lower' cannot read what 'phone' gives", "put 'phone' last"),
     ("timeline: {from: x, map: {soon: quickly}}", 29, "'quickly' is no time such as '3 months'", ""),
     ("country: {from: x, as: country, default: Moon}", 35, "'Moon' is no country", ""),
     ("employees: {from: [x, y], join: ','}", 29, "several values cannot be joined", ""),
     ("need: {from: x, match: '(a'}", 19, "not a usable regular expression", "one group"),
     ("need: {from: x, match: 'a'}", 19, "it has 0 groups in brackets, not one", ""),
     ("need: {from: x, match: '(?=a)(b)'}", 19, "look-around", ""),
     (f"need: {{from: x, match: '({'a' * 300})'}}", 19, "200 characters", ""),
     ("topic: x", 3, "'topic' is an attribute of activities and cannot be used here", ""),
     ("counters: {views: {as: page_view, topic: ''}}", 37, "topic", ""),
     ("tear: x", 3, "unknown field 'tear'; did you mean 'tier'?", "")],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_place(refused: Refused, line: str, column: int, what: str, fix: str) -> None:
    problems = refused(leadsync=MAIN, mappings__hubspot=f"use: hubspot\nread: {{contacts: {{\n  {line}}}}}\n")
    assert [p for p in problems if p.where == f"{AT}{column}" and what in p.what and fix in p.fix], problems
    assert len(problems) == 1, problems


@pytest.mark.parametrize(
    ("obj", "line", "what"),
    [("calls", "topik: x", "unknown field 'topik'; did you mean 'topic'?"),
     ("calls", "email: x", "'email' says nothing of an object with the role activity"),
     ("deals", "email: x", "'email' says nothing of an object with the role outcome"),
     ("owners", "phone: x", "'phone' says nothing of an object with the role owner"),
     ("calls", "kinds: [{as: meeting, topic: 5}]", "expected text"),
     ("calls", f"kinds: [{{as: meeting, topic: {'x' * 201}}}]", "200 characters")],
)  # fmt: skip
def test_what_an_object_of_its_role_cannot_say(refused: Refused, obj: str, line: str, what: str) -> None:
    [problem] = refused(leadsync=MAIN, mappings__hubspot=f"use: hubspot\nread: {{{obj}: {{\n  {line}}}}}\n")
    assert problem.where.startswith(AT)
    assert what in problem.what


@pytest.mark.parametrize(
    ("line", "what"),
    [("home: {country: Poland}", "'Poland' is not a country's code write PL"),
     ("home: {country: Moon}", "'Moon' is not a country's code write one such as PL"),
     ("home: {currency: euro}", "'euro' is not a currency's code"),
     ("fields: {email: text}", "email: a word of leadsync already"),
     ("fields: {role: text}", "a word of leadsync already"),
     ("fields: {topic: text}", "a word of leadsync already"), ("fields: {Renewal: date}", "not a field's name"),
     ("fields: {renewal: time}", "'text', 'number', 'bool' or 'date'"),
     ("fields: {renewal: {label: x}}", "the key 'type' is missing")],
)  # fmt: skip
def test_what_leadsync_yaml_is_told(refused: Refused, line: str, what: str) -> None:
    found = refused(leadsync=f"connections: {{hubspot: {{type: hubspot, token: {{env: X}}}}}}\n{line}\n")
    assert [p for p in found if p.where.startswith("leadsync.yaml:2:") and what in f"{p.what} {p.fix}"], found


def test_editors_can_complete_converters() -> None:
    assert str(list(CONVERTERS)) in str(MappingFile.model_json_schema())


@pytest.mark.parametrize(
    ("type_", "obj", "row", "words"),
    [
        ("hubspot", "contacts", {"hs_email_bad_address": "true"}, {"mail_state": "invalid"}),
        ("hubspot", "contacts", {"hs_email_bad_address": True}, {"mail_state": "invalid"}),
        ("hubspot", "contacts", {"hs_email_bad_address": "false"}, {}),
        (
            "hubspot",
            "contacts",
            {"hs_email_bad_address": "false", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"},
            {"mail_state": "invalid"},
        ),
        ("hubspot", "contacts", {"hs_email_hard_bounce_reason_enum": "POLICY"}, {}),
        (
            "salesforce",
            "Lead",
            {"EmailBouncedDate": "2026-03-01T10:00:00.000+0000"},
            {"mail_state": "invalid", "mail_since": "2026-03-01"},
        ),
        ("salesforce", "Contact", {"EmailBouncedDate": None}, {}),
        ("files", "leads", {"mail_state": "Catch-all", "mail_since": "1.3.2026"},
         {"mail_state": "catch_all", "mail_since": "2026-03-01"}),
        ("files", "leads", {"mail_state": "fine"}, {}),
    ],
)  # fmt: skip
def test_what_the_shipped_mappings_know_of_mailboxes(
    configured: Load, type_: str, obj: str, row: dict[str, Any], words: dict[str, str]
) -> None:
    needs = {
        "files": "folder: .",
        "hubspot": "token: {env: X}",
        "salesforce": "domain: x.my.salesforce.com, token: {env: X}",
    }
    config = configured(leadsync=f"connections: {{a: {{type: {type_}, {needs[type_]}}}}}\nhome: {{country: PL}}\n")
    read = config.connections["a"].mapping.reads[obj]
    assert mapping.values(read, Record("1", row)) == words
