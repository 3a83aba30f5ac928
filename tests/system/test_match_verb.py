"""`leadsync match`: a list in, clusters and pairs with their evidence out."""

import csv
import json
import os
import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from doors import leadsync

from tests.bench.matching_people import leads

NAMES = ("id", "first_name", "last_name", "email", "phone", "company", "city", "country")
COLUMNS = ",".join(f"{name}={name}" for name in NAMES)
LIST = """\
nr;Name;Mail;Tel;Firm;born;tier
a1;Anna Kowalska;anna84@wp.pl;601 234 567;Acme Sp. z o.o.;1984-03-02;gold
a2;KOWALSKA Anna;ANNA84+x@wp.pl;;ACME;02.03.1984;
b1;Юлия Щербакова;y.sch@romashka.ru;+7 912 555 01 43;ООО Ромашка;;
b2;Yuliia Shcherbakova;;89125550143;Romashka;;
c1;Jan Nowak;jan@nowak.pl;;;;
c2;Jan Nowak;nowakjan@onet.pl;;;;
"""
FAKE = Path(os.environ.get("LEADSYNC_DATA", Path(__file__).parents[3] / "shared" / "data")) / "er" / "fake_1000.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def groups(path: Path) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows(path):
        found.setdefault(row["cluster"], set()).add(row["id"])
    return set(map(frozenset, found.values()))


def test_a_list_in_clusters_and_pairs_out(tmp_path: Path):
    (tmp_path / "in.csv").write_text(LIST, encoding="utf-8-sig")
    columns = "id=nr,name=Name,email=Mail,phone=Tel,company=Firm,birth_date=born,other=tier"
    done = leadsync(
        "match", "in.csv", "--columns", columns, "--out", "out.csv", "--pairs", "pairs.csv", "--floor=-20", cwd=tmp_path
    )
    assert done.code == 0, done.err
    assert "6 rows are 4 people" in done.out
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "id,cluster"
    assert sorted(row["id"] for row in rows(tmp_path / "out.csv")) == ["a1", "a2", "b1", "b2", "c1", "c2"]
    assert groups(tmp_path / "out.csv") == {*map(frozenset, ({"a1", "a2"}, {"b1", "b2"}, {"c1"}, {"c2"}))}
    pairs = rows(tmp_path / "pairs.csv")
    assert list(pairs[0]) == ["left", "right", "weight", "probability", "evidence"]
    assert {(row["left"], row["right"]) for row in pairs} == {("a1", "a2"), ("b1", "b2"), ("c1", "c2")}
    for row in pairs:
        evidence = json.loads(row["evidence"])
        assert sum(part[4] for part in evidence) == pytest.approx(float(row["weight"]), abs=0.005)
        assert (float(row["weight"]) > 0) == (float(row["probability"]) > 0.5)
    assert {part[0]: part[1] for part in json.loads(pairs[0]["evidence"])}["email"] == "exact"


def test_headers_with_blanks_and_several_mailboxes_in_a_cell(tmp_path: Path):
    (tmp_path / "in.csv").write_text('id, Name , Mail\n1,Jan Nowak,"jan@nowak.pl, jn@x.pl"\n2,Jan Nowak,jan@nowak.pl\n')
    done = leadsync("match", "in.csv", "--columns", "id=id,name=Name,email=Mail", "--out", "out.csv", cwd=tmp_path)
    assert (done.code, groups(tmp_path / "out.csv")) == (0, {frozenset({"1", "2"})}), done.err


def test_rows_in_another_order_are_the_same_people(tmp_path: Path):
    people = leads(5, 1200)
    for name in ("one", "two"):
        with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(people[0]))
            writer.writeheader()
            writer.writerows(people)
        line = ("match", f"{name}.csv", "--columns", COLUMNS, "--out", f"{name}-out.csv", "--json")
        done = leadsync(*line, cwd=tmp_path)
        assert done.code == 0, done.err
        random.Random(1).shuffle(people)
    assert groups(tmp_path / "one-out.csv") == groups(tmp_path / "two-out.csv")
    assert done.json["rows"] == 1200
    assert done.json["clusters"] == len(groups(tmp_path / "two-out.csv"))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("mail=Mail", "'mail=Mail' names no field"),
        ("email", "'email' is no FIELD=COL"),
        ("email=Mail,email=Tel", "email is given twice"),
        ("email=E-mail", "has no column E-mail"),
        ("email=Mail, work,name=Name", "has no column Mail, work"),
        ("Mail=email", "write email=Mail; fields are"),
        ("email=twice", "has two columns twice"),
        ("id=nr", "names nothing that people are known by"),
    ],
)
def test_wrong_columns_are_64(tmp_path: Path, columns: str, said: str):
    (tmp_path / "in.csv").write_text(LIST.replace("tier\n", "tier;twice;twice\n"), encoding="utf-8")
    done = leadsync("match", "in.csv", "--columns", columns, "--out", "out.csv", cwd=tmp_path)
    assert done.code == 64
    assert said in done.err
    assert "fix: " in done.err
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_not_there_is_65(tmp_path: Path):
    done = leadsync("match", "in.csv", "--columns", "email=e", "--out", "out.csv", cwd=tmp_path)
    assert done.code == 65
    assert "in.csv cannot be read" in done.err


@pytest.mark.parametrize(
    ("out", "pairs", "said"),
    [
        ("./in.csv", "p.csv", "IN.csv and --out are the same file"),
        ("o.csv", "in.csv", "IN.csv and --pairs are the same file"),
        ("o.csv", "o.csv", "--out and --pairs are the same file"),
    ],
)
def test_nothing_is_written_over_the_list(tmp_path: Path, out: str, pairs: str, said: str):
    (tmp_path / "in.csv").write_text("id,name\n1,Ann Lee\n", "utf-8")
    done = leadsync("match", "in.csv", "--columns", "id=id,name=name", "--out", out, "--pairs", pairs, cwd=tmp_path)
    assert (done.code, said in done.err) == (64, True)
    assert (tmp_path / "in.csv").read_text("utf-8") == "id,name\n1,Ann Lee\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,name\n1,Anna Nowak\n2,Иван Петров\n".encode("cp1251"), "in.csv:3: this is not UTF-8"),
        ("id,name\n1,Иван\n".encode("utf-16"), "in.csv:1: this is not UTF-8"),
        (b"", "in.csv is empty"),
        (b"\n \n", "in.csv is empty"),
        (b"PK\x03\x04\x14", "in.csv is no CSV file but a workbook"),
        (b'id,name\n1,Ann\n2,"Bob\n3,Carl\n', "in.csv:3: a quote is opened that nothing closes"),
        (b'id,name\n1,Ann\n2,"' + b"a" * 10_000_001 + b'"\n', "in.csv:3: this is no CSV: field larger"),
    ],
)
def test_a_list_that_cannot_be_read_is_65_and_the_line_is_told(tmp_path: Path, text: bytes, said: str):
    (tmp_path / "in.csv").write_bytes(text)
    done = leadsync("match", "in.csv", "--columns", "id=id,name=name", "--out", "o.csv", cwd=tmp_path)
    assert (done.code, done.err.startswith(said), "fix: " in done.err) == (65, True, True), done.err


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("sep=;\nid;name;mail\n1;Ann Lee;annlee@x.com\n2;;annlee@x.com\n", "id=id,name=name,email=mail"),
        ("\n\nid|name|mail\n1|Ann Lee|annlee@x.com\n\n2||annlee@x.com\n", "id=id;name=name;email=mail"),
        ('id,name,"e\nmail"\r\n1,"Ann\r\nLee",annlee@x.com\r\n2,,annlee@x.com\r\n', "id=id,name=name,email=e\nmail"),
        ('id,name,mail,note\n1,Ann Lee,annlee@x.com,5" wide\n2,,annlee@x.com\n', "id=id,name=name,email=mail"),
        ("id,name,mail,x,x\n1,Ann Lee,annlee@x.com,1,2,3\n2,,annlee@x.com\n", "id=id,name=name,email=mail"),
    ],
)
def test_lists_as_programs_write_them(tmp_path: Path, text: str, columns: str):
    (tmp_path / "in.csv").write_text(text, "utf-8", newline="")
    done = leadsync("match", "in.csv", "--columns", columns, "--out", "o.csv", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert groups(tmp_path / "o.csv") == {frozenset("12")}


def test_ids_by_which_rows_cannot_be_told_apart_are_told(tmp_path: Path):
    (tmp_path / "in.csv").write_text("id,email\n7,a@b.pl\n7,c@d.pl\n,e@f.pl\n", "utf-8")
    done = leadsync("match", "in.csv", "--columns", "id=id,email=email", "--out", "o.csv", cwd=tmp_path)
    assert done.code == 0
    assert "rows with the id of another: 1, such as 7 (in.csv:2 and 3)" in done.err
    assert "rows without an id: 1, such as in.csv:4" in done.err


def test_two_of_one_family_and_office_are_two_people(tmp_path: Path):
    text = "id,first_name,last_name,email,phone,company,city,country\n" + "".join(
        f"{first},{first},Smith,{mail},+1 415 555 2671,Acme Robotics,,US\n"
        for first, mail in (("John", "john.smith@acme.com"), ("Jane", "jane.smith@acme.com"), ("J.", ""), ("Peter", ""))
    )
    (tmp_path / "in.csv").write_text(text, "utf-8")
    done = leadsync("match", "in.csv", "--columns", COLUMNS, "--out", "out.csv", cwd=tmp_path)
    assert "their names, or other rows of theirs, disagree" in done.out
    assert groups(tmp_path / "out.csv") == {frozenset({name}) for name in ("John", "Jane", "J.", "Peter")}


def test_twins_are_two_people(tmp_path: Path):
    told = "1990-05-06,12 High Street,Leeds,07700900111"
    (tmp_path / "in.csv").write_text(f"id,name,born,street,city,phone\n1,John Smith,{told}\n2,Mary Smith,{told}\n")
    columns = "id=id,name=name,birth_date=born,address=street,city=city,phone=phone"
    done = leadsync("match", "in.csv", "--columns", columns, "--out", "out.csv", cwd=tmp_path)
    assert groups(tmp_path / "out.csv") == {frozenset({"1"}), frozenset({"2"})}
    assert "their names, or other rows of theirs, disagree" in done.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--floor", "nan", "--out", "out.csv"), "--floor nan is no number of bits"),
        (("--calibrate",), "in.csv has the id 7 twice"),
    ],
)
def test_a_floor_that_is_none_and_an_id_that_two_have_are_64(tmp_path: Path, line: tuple[str, ...], said: str):
    (tmp_path / "in.csv").write_text("id,email\n7,a@b.pl\n7,c@d.pl\n", "utf-8")
    done = leadsync("match", "in.csv", "--columns", "id=id,email=email", *line, cwd=tmp_path)
    assert (done.code, said in done.err) == (64, True)


def test_nothing_but_a_header(tmp_path: Path):
    (tmp_path / "in.csv").write_text('"e, work"\n')
    done = leadsync("match", "in.csv", "--columns", "email=e, work", "--out", "out.csv", "--train", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "only 0 likely pairs to learn from" in done.err
    assert (tmp_path / "out.csv").read_text().split() == ["id,cluster"]


@pytest.mark.skipif(not FAKE.is_file(), reason="LEADSYNC_DATA names no folder with er/fake_1000.csv")
def test_a_list_without_labels_teaches_its_own_weights(tmp_path: Path):
    columns = "id=unique_id,first_name=first_name,last_name=surname,birth_date=dob,city=city,email=email"
    done = leadsync("match", str(FAKE), "--columns", columns, "--out", "out.csv", "--train", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.json["trained"]
    truth = {row["unique_id"]: row["cluster"] for row in rows(FAKE)}
    true = {pair for pair in combinations(sorted(truth), 2) if truth[pair[0]] == truth[pair[1]]}
    said = {pair for group in groups(tmp_path / "out.csv") for pair in combinations(sorted(group), 2)}
    assert 2 * len(true & said) / (len(true) + len(said)) >= 0.85
    assert Counter(row["id"] for row in rows(tmp_path / "out.csv")) == Counter(list(truth))


def test_judged_pairs_tell_how_far_the_line_can_be_trusted(tmp_path: Path):
    people = [row | {"first_name": f"={row['first_name']}"} for row in leads(5, 1500)]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(people[0]))
        writer.writeheader()
        writer.writerows(people)
    line = ("match", "in.csv", "--columns", COLUMNS, "--calibrate", "--json")
    drawn = leadsync(*line, cwd=tmp_path)
    assert drawn.code == 0, drawn.err
    asked = rows(tmp_path / "calibration.csv")
    assert drawn.json["drawn"] == len(asked) == 200
    assert leadsync(*line, cwd=tmp_path).json["precision"] is None
    assert not [row for row in asked if row["left_says"].startswith(("=", "+", "-", "@"))]
    person = {row["id"]: row["person"] for row in people}
    with (tmp_path / "calibration.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(asked[0]))
        writer.writeheader()
        for row in asked:
            same = person[row["left"]] == person[row["right"]]
            writer.writerow(row | {"answer": "same" if same else "different"})
    told = leadsync(*line, cwd=tmp_path)
    assert told.code == 0, told.err
    found = told.json["precision"]
    assert 0.9 < found["low"] <= found["share"] <= found["high"] <= 1
    from_ = {each["low"]: each["precision"]["share"] for each in told.json["strata"]}
    assert from_[4.0] == found["share"] > from_[1.0]
    shown = leadsync(*line[:-1], cwd=tmp_path).out
    assert "Expected precision at the automatic line (4 bits)" in shown
    assert f"{from_[1.0]:.1%} (" in shown
    text = (tmp_path / "calibration.csv").read_text("utf-8")
    (tmp_path / "calibration.csv").write_text(text.replace("\nsame", "\nperhaps", 1), "utf-8")
    wrong = leadsync(*line, cwd=tmp_path)
    assert (wrong.code, "'perhaps' is no answer" in wrong.err) == (65, True)
    (tmp_path / "calibration.csv").write_text(text, "utf-8")
    with (tmp_path / "in.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    other = leadsync(*line, cwd=tmp_path)
    assert (other.code, "was not drawn of this list" in other.err) == (65, True)
