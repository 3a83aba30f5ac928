from datetime import date
from pathlib import Path

import polars as pl
import pytest

from leadsync.catalog import FIELDS, LANGUAGES, Word
from leadsync.config.classes import compile_classes
from leadsync.config.document import Document, load
from leadsync.config.load import shipped
from leadsync.core.classes import BUYER, Classes, classify
from leadsync.errors import UserError

BRANCH = {**FIELDS, "branch": Word("branch", "text", dict.fromkeys(LANGUAGES, "branch"))}


def document(folder: Path, text: str) -> Document:
    """The file as the loader merges it."""
    path = folder / "classes.yaml"
    path.write_text(text, encoding="utf-8")
    own = load(path)
    use = own.data.get("use")
    return own.over(shipped("classes", use, path, own), 3) if use else own


def told(folder: Path, text: str) -> list[tuple[str, str, str]]:
    """What is wrong with it: place, what, fix."""
    with pytest.raises(UserError) as error:
        compile_classes(document(folder, text))
    return [(p.where.replace(f"{folder}/", ""), p.what, p.fix) for p in error.value.problems]


def class_of(classes: Classes, **lead: str) -> str:
    keys = {"lead": pl.Int64, "day": pl.Date, "capture": pl.Date}
    types = {name: pl.Float64 if word.type == "number" else pl.String for name, word in BRANCH.items()}
    leads = pl.DataFrame([{"lead": 1, "day": date(2026, 11, 21), **lead}], schema={**keys, **types})
    activities = pl.DataFrame(
        schema={"lead": pl.Int64, "kind": pl.String, "on": pl.Date, "count": pl.Int64, "topic": pl.String}
    )
    return str(classify(classes, leads, activities, fields=BRANCH)["class"].item())


def test_a_file_stands_alone_without_use(tmp_path: Path) -> None:
    text = 'classes:\n  fan: {when: "email contains fan", label: a fan}\n  buyer: {label: {pl: kupujący}}\n'
    found = compile_classes(document(tmp_path, text))
    assert found.names == ("fan", BUYER)
    assert found.labels == {"fan": dict.fromkeys(LANGUAGES, "a fan"), "buyer": {"pl": "kupujący"}}
    assert class_of(found, email="fan@x") == "fan"
    assert class_of(found, job_title="student") == BUYER


def test_entries_add_to_the_shipped_file_or_replace_there(tmp_path: Path) -> None:
    text = 'use: default\nclasses:\n  student: {when: "branch = school"}\n  guest: {when: "branch = guest"}\n'
    found = compile_classes(document(tmp_path, text), BRANCH)
    assert (found.names[0], found.names[-2:]) == ("test", ("guest", BUYER))
    assert class_of(found, branch="school") == "student"
    assert class_of(found, branch="guest") == "guest"
    assert class_of(found, job_title="student") == BUYER
    assert class_of(found, job_title="journalist") == "press"
    assert found.labels["student"]["ru"] == "студент"


@pytest.mark.parametrize(("key", "name"), [("own", "internal"), ("competitors", "competitor")])
def test_a_list_of_domains_makes_a_class(tmp_path: Path, key: str, name: str) -> None:
    for text in (f"{key}: [A.example, b-c.example]\n", f"use: default\n{key}: [a.example, b-c.example]\n"):
        found = compile_classes(document(tmp_path, text))
        assert name in found.names
        for lead in ({"email": "x@a.example"}, {"email": "x@eu.B-C.example "}, {"domain": "www.a.example"}):
            assert class_of(found, **lead) == name, lead
        for lead in (
            {"email": "x@aa.example"},
            {"email": "x@a.example.com"},
            {"domain": "a-example"},
            {"email": "a.example"},
        ):
            assert class_of(found, **lead) == BUYER, lead


def test_a_list_adds_to_what_the_class_says(tmp_path: Path) -> None:
    found = compile_classes(document(tmp_path, 'own: [a.example]\nclasses: {internal: {when: "company = us"}}\n'))
    assert [class_of(found, **lead) for lead in ({"company": "Us"}, {"email": "x@a.example"}, {"company": "we"})] == [
        "internal", "internal", BUYER,
    ]  # fmt: skip


def test_the_same_text_has_the_same_version(tmp_path: Path) -> None:
    texts = "own: [a.example]\n", "own:  [a.example]\n", "own: [b.example]\n"
    one, same, other = (document(tmp_path, text) for text in texts)
    assert compile_classes(one).version == compile_classes(same).version != compile_classes(other).version


@pytest.mark.parametrize(
    ("text", "where", "what", "fix"),
    [
        ('classes:\n  a: {when: "emial = x"}\n', "2:14", "unknown word 'emial'; did you mean 'email'?", None),
        ('classes:\n  a: {when: "stage = SQL"}\n', "2:14", "'stage' is a result and cannot be used here", None),
        ('classes:\n  a: {when: "email contains"}\n', "2:28", "expected a value, but the condition ends here", None),
        ("classes:\n  a: {label: x}\n", "2:3", "a: this does not say which leads are of this class", "add `when: …`"),
        ("classes:\n  a: {wen: email}\n", "2:7", "unknown key 'wen'", "write `  a: {when: email}`"),
        ("classes:\n  a: {when: email, label: {de: x}}\n", "2:28", "de: expected 'en', 'fa', 'ru', 'pl' or 'vi'", None),
        ("classes: [a]\n", "1:1", "classes: expected keys with values", None),
        ("own: example.com\n", "1:1", "own: expected a list", None),
        ("own: [example.com, '@b.example']\n", "1:20",
         "own: '@b.example' is not a domain", "write one such as example.com"),
        ("competitors: ['https://b.example/x']\n", "1:15",
         "competitors: 'https://b.example/x' is not a domain", "write one such as example.com"),
        ("own: [localhost]\n", "1:7", "own: 'localhost' is not a domain", "write one such as example.com"),
        ("rivals: [b.example]\n", "1:1", "unknown key 'rivals'", None),
        ("use: defalt\n", "1:1", "no ready-made classes file is called 'defalt'", "there are default"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, where: str, what: str, fix: str | None) -> None:
    ((place, said, help_),) = told(tmp_path, text)
    assert (place, said) == (f"classes.yaml:{where}", what)
    assert fix is None or help_ == fix


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = 'classes:\n  a: {when: "emial"}\n  b: {label: x}\n  c: {when: "email ="}\n'
    assert [where for where, _, _ in told(tmp_path, text)] == [
        "classes.yaml:2:14",
        "classes.yaml:3:3",
        "classes.yaml:4:21",
    ]


def test_a_class_does_not_follow_from_a_class(tmp_path: Path) -> None:
    text = "classes:\n  guest: {when: 'class = student'}\n"
    [(_, what, _)] = told(tmp_path, text)
    assert what == "'class' is a field and cannot be used here"
