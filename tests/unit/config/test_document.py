"""YAML with places: few things are resolved, and every problem has its line and column."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadsync.config.document import Document, load, validate
from leadsync.config.settings import Settings
from leadsync.errors import UserError

SEEN = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t\r")
PLAIN = st.recursive(
    st.text(SEEN, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(SEEN, max_size=5), inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.yaml"


def read(file: Path, text: str | bytes) -> Document:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file)


def problems(file: Path, text: str | bytes) -> list[tuple[str, str]]:
    with pytest.raises(UserError) as error:
        read(file, text)
    return [(p.where.replace(str(file), "file"), p.what) for p in error.value.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("NO", "NO"), ("True", "True"), ("8:30", "8:30"),
     ("2026-12-01", "2026-12-01"), ("0x10", "0x10"), ("010", "010"), ("1e3", "1e3"), ("1_000", "1_000"), (".5", ".5"),
     (".inf", ".inf"), ("Null", "Null"), ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
     ("0", 0), ("-12", -12), ("12.50", 12.5), ("'12'", "12"), ('"true"', "true")],
)  # fmt: skip
def test_only_plain_words_and_numbers_are_resolved(file: Path, written: str, value: Any) -> None:
    found = read(file, f"key: {written}\n").data["key"]
    assert (found, type(found)) == (value, type(value))


def test_a_key_is_always_text(file: Path) -> None:
    assert read(file, "no: 1\n12: 2\ntrue: 3\n2026-12-01: 4\n").data == {"no": 1, "12": 2, "true": 3, "2026-12-01": 4}


@pytest.mark.parametrize("digits", [16, 20, 5000])
def test_a_very_long_number_is_an_id_and_stays_text(file: Path, digits: int) -> None:
    assert read(file, "key: " + "9" * digits).data == {"key": "9" * digits}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_file_says_nothing(file: Path, text: str) -> None:
    assert read(file, text).data == {}


def test_duplicate_keys_are_all_told_with_their_places(file: Path) -> None:
    assert problems(file, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n") == [
        ("file:5:3", "the key 'c' stands here twice"), ("file:6:1", "the key 'a' stands here twice"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [("a: [1\nb: 2\n", "file:1:4", "this `[` is not closed"), ("\tx: 1", "file:1:1", "a tab stands"),
     ("- a\n- b\n", "file:1:1", "not a set of"), ("just text", "file:1:1", "not a set of"),
     ("a: 1\n---\nb: 2\n", "file:2:1", "a second document begins here"), (b"\xff\xfe\x00", "file:1:1", "UTF-8"),
     ("a: \x01", "file:1:4", "cannot be seen (U+0001)"), ('a: "\\ud800"', "file:1:4", "cannot be seen (U+D800)"),
     ("? [1]\n: 2\n", "file:1:3", "a key must be a word"), ("a: &x [*x]\n", "file:1:8", "repeats another one"),
     ("a: *nowhere", "file:1:4", "none of this name stands above")],
)  # fmt: skip
def test_what_cannot_be_read_is_told_at_its_place(file: Path, text: str | bytes, where: str, what: str) -> None:
    [(place, told)] = problems(file, text)
    assert place.startswith(where)
    assert what in told


def test_a_few_aliases_cannot_blow_up(file: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    [(place, told)] = problems(file, "\n".join(lines))
    assert place == "file:5:15"
    assert "more than 20000 values, repeated ones included" in told


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the file"):
        load(tmp_path / "none.yaml")


@given(data=st.dictionaries(st.text(SEEN, max_size=5), PLAIN, max_size=4))
def test_quoted_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    file = tmp_path_factory.mktemp("plain") / "file.yaml"
    file.write_text(yaml.safe_dump(data, default_style='"', allow_unicode=True), encoding="utf-8")

    assert load(file).data == data


def test_places_of_keys_values_and_what_lies_around(file: Path) -> None:
    found = read(file, "a:\n  b: [x, {c: d}]\n")
    places = {
        loc: found.place(loc).replace(str(file), "") for loc in [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 9)]
    }
    assert places == {("a",): ":1:1", ("a", "b"): ":2:3", ("a", "b", 0): ":2:7", ("a", "b", 9): ":2:3"}
    assert found.place(("a", "b", 1, "c")) == f"{file}:2:11"
    assert found.inside(("a", "b", 1, "c"), 3) == f"{file}:2:17"


def test_all_problems_of_a_file_are_told_at_once(file: Path) -> None:
    text = "every: soon\nconections: {}\nhome: {time_zone: Moon, weather: fine}\n"
    with pytest.raises(UserError) as error:
        validate(Settings, read(file, text))
    told = {(p.where.removeprefix(str(file)), p.what.split(":")[0], p.fix) for p in error.value.problems}
    assert told == {
        (":1:1", "every", "write a number with its unit: s, m, h or d"),
        (":2:1", "unknown key 'conections'", "write `connections: {}`"),
        (":3:8", "time_zone", "write one such as Europe/Warsaw"),
        (":3:25", "unknown key 'weather'", "remove it; the keys here are country, currency, hours, time_zone"),
    }


def test_a_file_laid_over_another_adds_and_replaces_by_name(tmp_path: Path) -> None:
    base, mine = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text("fit:\n  cap: 40\n  rules:\n    a: {points: 1, when: x}\n    b: {points: 2}\nonly: here\n")
    mine.write_text("use: base\nfit:\n  rules:\n    a: {points: 9}\n    c: {points: 3}\n")
    found = load(mine).over(load(base), 3)

    rules = {"a": {"points": 9}, "b": {"points": 2}, "c": {"points": 3}}
    assert found.data == {"use": "base", "fit": {"cap": 40, "rules": rules}, "only": "here"}
    assert found.place(("fit", "rules", "b")) == f"{base}:5:5"
    assert found.place(("fit", "rules", "a", "points")) == f"{mine}:4:9"
