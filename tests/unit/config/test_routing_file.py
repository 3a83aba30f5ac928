"""`routing.yaml` and the table of reps: what it means, and what is wrong with it."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from leadsync.config.document import load as document_of
from leadsync.config.load import Config, load_config
from leadsync.config.routing import compile_routing
from leadsync.core.assign import RouteRule
from leadsync.core.hours import Days, Span
from leadsync.errors import Problem, UserError
from leadsync.sync.check_routing import findings

MAIN = """\
connections: {hubspot: {type: hubspot, token: {env: T}}}
home: {time_zone: Europe/Warsaw, hours: "Mon-Fri 09:00-17:00"}
"""
ROUTING = """\
when: "stage = SQL"
rules:
  - {name: account,    to: company.owner}
  - {name: persian,    to: [rep_fa], when: "language = fa"}
  - {name: enterprise, to: [rep_a, rep_b], when: "employees >= 1000", top: 20}
  - {name: skilled,    to: big, when: "source = referral"}
  - {name: rest,       to: [everyone, partners]}
customers:
  - {name: expansion,  to: rep_a}
reps:
  rep_a:  {email: Rep-A@example.com, weight: 2, capacity: 40}
  rep_b:  {email: rep-b@example.com, hours: "Mon-Fri 08:00-17:00 Asia/Ho_Chi_Minh", skills: [big]}
  rep_fa: {email: rep-fa@example.com, away: ["2026-12-01 to 2026-12-14", 2026-12-24], language: fa, skills: big}
  shop:   {email: shop@partner.example, kind: partner}
catch_all: rep_a
holidays: [2026-12-25]
"""
TABLE = """\
name,email,weight,capacity,hours,away,kind,skills,language
rep_a,Rep-A@example.com,2,40,,,,,
rep_b,rep-b@example.com,,,Mon-Fri 08:00-17:00 Asia/Ho_Chi_Minh,,,big,

rep_fa,rep-fa@example.com,,,,2026-12-01 to 2026-12-14;2026-12-24,,big,fa
shop,shop@partner.example,,,,,partner,,
"""


def load(folder: Path, routing: str, **tables: str) -> Config:
    for name, text in {"leadsync.yaml": MAIN, "routing.yaml": routing}.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return load_config(folder / "leadsync.yaml")


def told(folder: Path, routing: str, **tables: str) -> list[str]:
    """What is wrong with the file and its table, looked at alone."""
    (folder / "routing.yaml").write_text(routing, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found: list[Problem] = []
    document = document_of(folder / "routing.yaml", gather=found)
    try:
        compile_routing(document)
    except UserError as error:
        found += document.told(error.problems)
    return [f"{p.where.removeprefix(f'{folder}/')}: {p.what} | {p.fix}" for p in found]


def test_a_whole_file_means_what_it_says(tmp_path: Path) -> None:
    found = load(tmp_path, ROUTING).routing
    assert found is not None
    assert [(rule.name, rule.to, rule.top) for rule in found.rules] == [
        ("account", (), None), ("persian", ("rep_fa",), None), ("enterprise", ("rep_a", "rep_b"), 20),
        ("skilled", ("rep_b", "rep_fa"), None), ("rest", ("rep_a", "rep_b", "rep_fa", "shop"), None),
    ]  # fmt: skip
    assert found.customers == (RouteRule("expansion", ("rep_a",)),)
    a, b, fa, shop = found.reps
    christmas = Days(date(2026, 12, 25), date(2026, 12, 25))
    assert (a.email, a.weight, a.capacity, a.calendar.zone) == ("rep-a@example.com", 2, 40, ZoneInfo("Europe/Warsaw"))
    assert a.calendar.spans == tuple(Span(day, 540, 1020) for day in range(5))
    assert (b.calendar.spans[0], b.calendar.zone) == (Span(0, 480, 1020), ZoneInfo("Asia/Ho_Chi_Minh"))
    assert fa.calendar.off == (
        christmas, Days(date(2026, 12, 1), date(2026, 12, 14)), Days(date(2026, 12, 24), date(2026, 12, 24))
    )  # fmt: skip
    assert fa.calendar.off_until(datetime(2026, 12, 24, 12, tzinfo=UTC)) == date(2026, 12, 25)
    assert shop.partner


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_of_reps_means_the_same_as_reps_in_the_file(tmp_path: Path, separator: str) -> None:
    before, _, rest = ROUTING.partition("reps:\n")
    text = f"{before}reps: reps.csv\n{rest[rest.index('catch_all') :]}"
    table = TABLE.replace("2026-12-14;", '2026-12-14"";""').replace('"";""', ";")
    if separator == ";":
        table = table.replace("2026-12-01 to 2026-12-14;2026-12-24", '"2026-12-01 to 2026-12-14%2026-12-24"')
        table = table.replace(",", ";").replace("%", ";")
    in_table = load(tmp_path, text, reps="\ufeff" + table)
    other = tmp_path / "other"
    other.mkdir()
    in_file = load(other, ROUTING)
    assert in_table.routing == in_file.routing
    assert in_table.routing is not None
    assert in_table.routing.table == tmp_path / "reps.csv"
    assert in_table.documents["routing"].data["reps"].keys() == in_file.documents["routing"].data["reps"].keys()
    changed = load(tmp_path, text, reps=table.replace("rep-b@", "bea@"))
    assert changed.version != in_table.version


REPS = "reps:\n  ann: {email: ann@x.example}\n  bob: {email: bob@x.example}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: [{name: a, to: [an]}]\n" + REPS, ["routing.yaml:1:24: to: there is no rep 'an' and no such skill"]),
        ("catch_all: bobb\n" + REPS, ["routing.yaml:1:1: catch_all: there is no rep 'bobb' | write `catch_all: bob`"]),
        ("rules: [{name: a, to: []}]\n" + REPS, ["routing.yaml:1:19: to: expected at least one"]),
        ("rules: [{name: a, to: [company.owner, ann]}]\n" + REPS, ["company.owner goes alone | write a rule of its"]),
        ("rules: [{name: a, to: partners}]\n" + REPS, ["there are no partners | add `kind: partner`"]),
        ("rules: [{name: a, to: ann, top: 0}]\n" + REPS, ["routing.yaml:1:28: top: expected 1 or more"]),
        (
            "rules:\n  - {name: a, to: ann}\n  - {name: a, to: bob}\n" + REPS,
            ["routing.yaml:3:5: the rule 'a' stands here twice"],
        ),
        ("reps:\n  everyone: {email: a@b.c}\n", ["routing.yaml:2:3: 'everyone' has a meaning of its own"]),
        ("reps:\n  ann: {email: a@b.c, skills: [bob]}\n  bob: {email: b@b.c}\n", ["the skill 'bob' is the name of a"]),
        (
            "reps:\n  a: {email: a@b.c, hours: 9-17}\n",
            ["routing.yaml:2:21: hours: '9-17' are no hours | write such as"],
        ),
        ("reps:\n  a: {email: a@b.c, hours: 'Mon 9:00-17:00 Mars/Base'}\n", ["'Mars/Base' is not a time zone"]),
        ("reps:\n  a: {email: a@b.c, away: 1 Dec}\n", ["routing.yaml:2:21: away: '1 Dec' are no days | write"]),
        ("reps:\n  a: {email: a@b.c, away: 2026-12-14 to 2026-12-01}\n", ["ends before it begins | write the earlier"]),
        ("holidays: [2026-13-01]\n" + REPS, ["holidays: '2026-13-01' are no days"]),
        ("reps:\n  a: {email: a@b.c, capacity: -1}\n", ["capacity: expected 0 or more"]),
        ("reps:\n  a: {email: a@b.c, kind: boss}\n", ["kind: expected 'rep' or 'partner'"]),
        ("reps: [a]\n", ["reps: expected keys with values"]),
        ("reps: none.csv\n", ["routing.yaml:1:1: reps: none.csv cannot be read: it is not there | write the table"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_way_out(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = told(tmp_path, text)
    assert len(found) == len(expected), found
    for each, part in zip(found, expected, strict=True):
        assert part in each


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("nam,email\nann,a@b.c\n", ["reps.csv:1: unknown column 'nam' | write `name`"]),
        ("name,email,email\nann,a@b.c,x\n", ["reps.csv:1: the column 'email' stands here twice"]),
        ("name,email\nann,a@b.c\n,b@b.c\nann,c@b.c\nbob,b@b.c,7\n",
         ["reps.csv:3: this rep has no name", "reps.csv:4: the rep 'ann' stands here twice",
          "reps.csv:5: there are more cells here than columns"]),
        ("name,email,weight,away\nann,a@b.c,two,\nbob,@,1,soon\n",
         ["reps.csv:2: weight: expected a whole number", "reps.csv:3: email: '@' is not an e-mail address",
          "reps.csv:3: away: 'soon' are no days"]),
        ("name,email\nann,a@b.c\nbob,A@b.c\n", ["reps.csv:3: bob has the e-mail of ann"]),
        ("", ["reps.csv:1: the column 'name' is missing", "reps.csv:1: the column 'email' is missing"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_table_is_told_with_its_line(tmp_path: Path, table: str, expected: list[str]) -> None:
    found = told(tmp_path, "reps: reps.csv\n", reps=table)
    assert len(found) == len(expected), found
    assert all(part in each for each, part in zip(found, expected, strict=True)), found


def test_problems_of_the_file_and_of_its_table_are_told_together(tmp_path: Path) -> None:
    table = "name,email\nann,a\nbob,b@b.c\nbob,c@b.c\n"
    with pytest.raises(UserError) as error:
        load(tmp_path, "when: contry = PL\nreps: reps.csv\n", reps=table)
    assert {p.where.removeprefix(f"{tmp_path}/") for p in error.value.problems} == {
        "reps.csv:2", "reps.csv:4", "routing.yaml:1:7"
    }  # fmt: skip
    with pytest.raises(UserError, match="when: there is no stage 'sqll'") as error:
        load(tmp_path, "rules: [{name: a, to: ann, when: stage = SQLL}]\ncatch_all: ann\n" + REPS)
    assert error.value.problems[0].where.endswith("routing.yaml:1:28")


@pytest.mark.parametrize(
    ("first", "then", "shadowed"),
    [
        ("{name: a, to: everyone}", "{name: b, to: ann, when: language = fa}", True),
        ("{name: a, to: everyone, when: employees >= 500}", "{name: b, to: ann, when: employees > 500}", True),
        ("{name: a, to: ann, when: 'country in [PL, DE]'}", "{name: b, to: ann, when: country = PL and need}", True),
        ("{name: a, to: ann, when: need or budget}", "{name: b, to: ann, when: budget > 5}", True),
        ("{name: a, to: company.owner}", "{name: b, to: company.owner, when: need}", True),
        ("{name: a, to: ann, when: need}", "{name: b, to: ann}", False),
        ("{name: a, to: ann}", "{name: b, to: everyone}", False),  # whoever ann cannot take
        ("{name: a, to: company.owner}", "{name: b, to: everyone}", False),
        ("{name: a, to: everyone, when: employees > 500}", "{name: b, to: ann, when: employees >= 500}", False),
        ("{name: a, to: everyone, when: need and budget}", "{name: b, to: ann, when: need}", False),
        ("{name: a, to: everyone, when: 'not country = PL'}", "{name: b, to: ann, when: country = PL}", False),
    ],
)
def test_a_rule_that_an_earlier_one_leaves_nothing_is_refused(
    tmp_path: Path, first: str, then: str, shadowed: bool
) -> None:
    found = told(tmp_path, f"rules:\n  - {first}\n  - {then}\n{REPS}")
    if shadowed:
        (problem,) = found
        assert problem.startswith("routing.yaml:3:5: the rule 'b' never decides: 'a' in line 2 takes all its leads")
        assert "move it above 'a'" in problem
    else:
        assert found == []


@pytest.mark.parametrize(
    ("rule", "table", "only"),
    [
        ("{name: b, to: everyone}", "name,mail\nann,a@b.c\n", "unknown column 'mail'"),
        ("{name: b, to: everyone}", "name,email,weight\nann,a@b.c,x\n", "weight: expected a whole number"),
        ("{name: b, to: anne}", "name,email\nann,a@b.c\n", "to: there is no rep 'anne'"),
        (
            "{name: b, to: ann, when: contry = PL}, {name: c, to: ann}",
            "name,email\nann,a@b.c\n",
            "unknown word 'contry'",
        ),
    ],
)
def test_what_cannot_be_read_shadows_nothing(tmp_path: Path, rule: str, table: str, only: str) -> None:
    rules = f"rules: [{{name: a, to: company.owner}}, {rule}]\nreps: reps.csv\n"
    (problem,) = told(tmp_path, rules, reps=table)
    assert only in problem


def test_what_may_come_to_nothing_is_warned_of(tmp_path: Path) -> None:
    text = "rules:\n  - {name: a, to: ann}\n  - {name: b, to: everyone}\ncatch_all: ann\n" + REPS
    (finding,) = findings(load(tmp_path, text))
    assert finding.what.endswith("routing.yaml:3:5: the rule 'b' only gets leads that nobody of 'a' can take")
    text = "rules:\n  - {name: a, to: ann}\n" + REPS
    nobody, idle = findings(load(tmp_path, text))
    assert "leads that no rule has a rep for" in nobody.what
    assert "catch_all: NAME" in nobody.fix
    assert "no rule names bob" in idle.what


def test_the_effective_file_holds_the_reps_of_the_table(tmp_path: Path) -> None:
    from leadsync.config.effective import effective

    found = load(tmp_path, "reps: reps.csv\ncatch_all: ann\n", reps="name,email\nann,a@b.c\n")
    printed = next(each for each in effective(found) if each.file == "routing.yaml")
    assert yaml.safe_load(printed.text)["reps"] == {"ann": {"email": "a@b.c"}}
    other = tmp_path / "other"
    other.mkdir()
    assert load(other, printed.text).routing == found.routing
