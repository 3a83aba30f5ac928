"""`lists.yaml`: what it comes to, and what is wrong with it or with a file that it names, at its place."""

from pathlib import Path

import pytest

from leadsync.config.lists import suppress_files
from leadsync.config.load import Config, load_config
from leadsync.errors import UserError

MAIN = "connections:\n  crm: {type: hubspot, token: {env: T}}\n  fair: {type: files, folder: fair}\n"


def config(folder: Path, text: str | None = None, **files: str) -> Config:
    (folder / "leadsync.yaml").write_text(MAIN, "utf-8")
    for name, body in files.items():
        (folder / f"{name}.txt").write_text(body, "utf-8")
    if text is not None:
        (folder / "lists.yaml").write_text(text, "utf-8")
    return load_config(folder / "leadsync.yaml")


def test_without_a_file_folders_and_bought_lists_are_lists(tmp_path: Path):
    lists = config(tmp_path).lists
    assert (lists.connections, lists.channels, lists.max_age, lists.probation) == ({"fair"}, {"bought_list"}, 365, True)
    assert lists.has("fair", {})
    assert lists.has("crm", {"channel": ["bought_list", 80, "source"]})
    assert not lists.has("crm", {"channel": ["referral", 80, "source"]})


def test_files_of_suppressed_names_are_read_as_people_write_them(tmp_path: Path):
    found = config(
        tmp_path,
        "use: default\nconnections: []\nsuppress: {domains: d.txt, mailboxes: m.txt, hashes: h.txt, countries: [KP]}\n",
        d="\ufeff# ours\n*.No.Example  # all of it\n@other.pl\n\n",
        m="Ann.Lee+x@Gmail.com\n",
        h=f"{'AB' * 32}\n",
    )
    rules = found.lists.suppressed
    assert (rules.domains, rules.mailboxes) == ({"no.example", "other.pl"}, {"annlee@gmail.com"})
    assert (rules.hashes, rules.countries, found.lists.connections) == ({"ab" * 32}, {"KP"}, set())
    assert [path.name for path in suppress_files(found.documents["lists"])] == ["d.txt", "m.txt", "h.txt"]
    before = found.lists.version
    (tmp_path / "d.txt").write_text("new.example\n", "utf-8")
    assert load_config(tmp_path / "leadsync.yaml").lists.version != before


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("connections: [fiar]", "lists.yaml:1:15", "unknown connection 'fiar'; did you mean 'fair'?"),
        ("channels: [buoght_list]", "lists.yaml:1:12", "unknown kind of source 'buoght_list'"),
        ("max_age: soon", "lists.yaml:1:1", "max_age: expected a time span"),
        ("suppress: {countries: [Narnia]}", "lists.yaml:1:24", "countries: 'Narnia' is no country"),
        ("suppress: {domains: gone.txt}", "lists.yaml:1:12", "suppress: gone.txt cannot be read: is not there"),
        ("suppress: {domains: d.txt}", "d.txt:2", "this is no domain"),
        ("suppress: {hashes: d.txt}", "d.txt:1", "this is no hash"),
        ("suppress: {mailboxes: d.txt}", "d.txt:1", "this is no mailbox"),
        ("surpress: {}", "lists.yaml:1:1", "unknown key 'surpress'"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, where: str, what: str):
    with pytest.raises(UserError) as error:
        config(tmp_path, text + "\n", d="a.pl\nno domain\n")
    assert any(p.where.endswith(where) and p.what.startswith(what) for p in error.value.problems), error.value.problems
