"""`matching.yaml`: what it comes to, and what is wrong with it."""

from math import inf
from pathlib import Path

import pytest

from leadsync.config.load import load_config
from leadsync.config.matching import Matching, model
from leadsync.core.survivorship import Rule
from leadsync.errors import UserError

MAIN = "connections:\n  crm: {type: hubspot, token: {env: T}}\n"


def matching(folder: Path, text: str | None = None, **files: str) -> Matching:
    for name, body in {"leadsync": MAIN, **files}.items():
        (folder / f"{name}.yaml").write_text(body, "utf-8")
    if text is not None:
        (folder / "matching.yaml").write_text(text, "utf-8")
    return load_config(folder / "leadsync.yaml").matching


def test_without_a_file_leads_are_matched_as_shipped(tmp_path: Path) -> None:
    found = matching(tmp_path)
    assert (found.off, found.model.automatic, found.review) == (False, model().automatic, 0.0)


def test_pairs_wait_for_a_person_or_nothing_is_compared(tmp_path: Path) -> None:
    assert matching(tmp_path, "link: review\n").model.automatic == inf
    assert matching(tmp_path, "link: off\n").off
    assert matching(tmp_path, "automatic: 12\nreview: 5\n").model.automatic == 12


def test_names_of_ones_own_are_one(tmp_path: Path) -> None:
    spellings = matching(tmp_path, "names: {given: [[Bogdan, Bodzio]]}\n").words.spellings
    assert set(spellings.given["bodzio"]) & set(spellings.given["bogdan"])
    assert "robert" in spellings.given["bob"]


def test_all_that_weights_and_features_rest_on_makes_another_version(tmp_path: Path) -> None:
    versions = [
        matching(tmp_path).version,
        matching(tmp_path, "review: -1\n").version,
        matching(tmp_path, "review: -1\n", facts="legal_forms: {after: [bizz]}\n").version,
        matching(tmp_path, "review: -1\n", facts="complete: [email]\n").version,
        matching(tmp_path, "review: -1\n", facts="complete: [email]\n", lists="connections: [crm]\n").version,
    ]
    assert len(set(versions)) == 4
    assert versions[1] == versions[3]


def test_rules_of_survivorship_are_words_or_lists_of_connections_or_values(tmp_path: Path) -> None:
    text = "survive: {phone: newest, job_title: [crm], source: [fair, web]}\nmerge: [crm]\n"
    found = matching(tmp_path, text)
    rules = {
        "phone": Rule("newest"),
        "job_title": Rule("connections", ("crm",)),
        "source": Rule("values", ("fair", "web")),
    }
    assert (found.survive, found.merge) == (rules, ("crm",))
    assert found.version == matching(tmp_path, "{}\n").version  # nothing has to be compared again


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("review: 9\nautomatic: 3\n", "1:1"),
        ("link: maybe\n", "1:1"),
        ("names: {given: [[bob]]}\n", "1:"),
        ("x: 1\n", "1:1"),
        ("merge: [crn]\n", "1:9"),
        *(
            (f"survive: {{{rule}}}\n", "1:11")
            for rule in (
                "phon: newest",
                "consent: newest",
                "first_name: newest",
                "phone: newer",
                "phone: highest",
                "employees: longest",
                "phone: []",
            )
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(UserError) as told:
        matching(tmp_path, text)
    [problem] = told.value.problems
    assert f"matching.yaml:{where}" in problem.where
