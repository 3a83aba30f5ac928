"""What is told of conditions that compare a word with what it never is."""

from pathlib import Path

import pytest

from leadsync.catalog import FIELDS
from leadsync.config.load import load_config
from leadsync.core.condition_parser import parse
from leadsync.core.facts import Facts
from leadsync.core.frames import fulfilled
from leadsync.sync.check_words import findings, parts

FILES = "connections: {crm: {type: files, folder: .}}\n"
OWN = {
    "classes": "use: default\nclasses: {Press: {when: job_title contains journalist}}\n",
    "facts": "sources: {taxi: [cab]}\ndepartment: {guild: [guildmaster]}\n",
}


def told(folder: Path, when: str, main: str, **files: str) -> list[tuple[str, str]]:
    scoring = "use: b2b\nsegments: [{name: EMEA, when: country = DE}]\nown:\n rules:\n  a:\n   points: 5\n"
    scoring += f'   when: "{when}"\n'
    for name, text in {"leadsync": main, "scoring": scoring, **OWN, **files}.items():
        (folder / f"{name}.yaml").write_text(text)
    found = [finding for finding, _ in findings(load_config(folder / "leadsync.yaml"))]
    assert all(finding.level == "warning" for finding in found)
    return [(finding.what.removeprefix(f"{folder}/"), finding.fix) for finding in found]


HUBSPOT = "connections: {crm: {type: hubspot, token: {env: T}}}\n"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("class = custmer", "class is never 'custmer'; did you mean 'customer'?"),
        ("not consent = yes", "consent is never 'yes'"),
        ("scored_as != EMAE", "scored_as is never 'EMAE'; did you mean 'emea'?"),
        ("email and seniority in [owner, directr]", "seniority is never 'directr'; did you mean 'director'?"),
        ("mailbox = corporate", "mailbox is never 'corporate'"),
        ("language = Polish", "language is never 'Polish'; did you mean 'pl'?"),
        ("intent contains pricing", "intent is never 'pricing'; did you mean 'price'?"),
        ("revenue_band = 1-5M", "revenue_band is never '1-5M'; did you mean '1M-10M'?"),
        ("revenue_band = large", "revenue_band is never 'large'"),
        ("class = buyr", "class is never 'buyr'; did you mean 'buyer'?"),
        ("employees_band = 11-15", "employees_band is never '11-15'; did you mean '11-50'?"),
    ],
)  # fmt: skip
def test_a_value_that_a_word_never_has(tmp_path: Path, when: str, said: str) -> None:
    [(what, fix)] = told(tmp_path, when, HUBSPOT)
    column = 11 + when.index(said.split("'")[1])
    assert what == f"scoring.yaml:7:{column}: {said}"
    assert fix.startswith("write `   when: " if "did you mean" in said else "write one of ")


@pytest.mark.parametrize(
    "when",
    ["class in [press, buyer, competitor]", "scored_as = emea", "channel in [taxi, referral]", "department = guild",
     "intent contains [price, quot] or intent = 'price, quote'", "call_in about price", "language = pl",
     "consent_email = denied and mailbox != free", "department = it or job_title = custmer"],
)  # fmt: skip
def test_what_it_can_have_is_no_news(tmp_path: Path, when: str) -> None:
    assert told(tmp_path, when, HUBSPOT) == []


def test_short_words_that_text_contains_are_asked_about(tmp_path: Path) -> None:
    when = "job_title contains [cto, engineer, Head of] or intent contains price or industry = it"
    told(tmp_path, when, HUBSPOT)
    [(found, both)] = parts(load_config(tmp_path / "leadsync.yaml"))
    assert "job_title contains 'cto' in some leads as a word" in found.what
    titles: list[Facts] = [{"job_title": title} for title in ("CTO, founder", "Director", "Engineer")]
    assert [fulfilled(each, titles, FIELDS) for each in both] == [[True, False, False], [False, True, False]]
    written = found.fix.partition("`when: '")[2].removesuffix("'`")
    assert fulfilled(parse(written, fields={"job_title": "text"}, activities=()), titles, FIELDS) == [
        True,
        False,
        False,
    ]


def test_of_a_word_that_the_crm_says_only_slips_are_told(tmp_path: Path) -> None:
    assert told(tmp_path, "seniority in [boss, chair] and department = depot", FILES) == []
    [(what, _)] = told(tmp_path, "seniority in [boss, directr]", FILES)
    assert what.endswith("seniority 'directr' looks like a slip; did you mean 'director'?")
