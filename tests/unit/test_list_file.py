"""A CSV file judged as a list, in this process: which columns it has, and what is no list at all."""

from datetime import date
from pathlib import Path

import pytest

from leadsync.config.load import load_config
from leadsync.errors import UserError
from leadsync.sync.list_file import Judged, judge_file


def judged(folder: Path, data: bytes, **said: str) -> Judged:
    (folder / "leadsync.yaml").write_text("connections: {crm: {type: files, folder: crm}}\n", "utf-8")
    (folder / "list.csv").write_bytes(data)
    return judge_file(load_config(folder / "leadsync.yaml"), folder / "list.csv", said, date(2026, 11, 21))


@pytest.mark.parametrize(
    ("data", "said", "told"),
    [
        (b"a;b\n1;2\n", {}, "list.csv:1: no column of it is known"),
        (b"", {}, "list.csv:1: no column of it is known"),
        (b"a;b\nx@y.pl;2\n", {"email": "c"}, "there is no column 'c'"),
        (b"a;b\nx@y.pl;2\n", {"emial": "a"}, "did you mean 'email'?"),
        (b"a;b\nx@y.pl;2\n", {"class": "a"}, "'class' is worked out for a whole lead"),
        (b"\xff\xfe\x00", {}, "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_is_told(tmp_path: Path, data: bytes, said: dict[str, str], told: str):
    with pytest.raises(UserError, match=told.replace("?", r"\?")):
        judged(tmp_path, data, **said)


@pytest.mark.parametrize(
    ("head", "email"),
    [("E-mail;Telefon;Zgoda", "E-mail"), ("Почта,Телефон,Согласие", "Почта"), ("ایمیل,تلفن,رضایت", "ایمیل"),
     ("Thư điện tử\tSố điện thoại\tĐồng ý tiếp thị", "Thư điện tử"), ("Email Address,Mobile,Opt in", "Email Address")],
)  # fmt: skip
def test_headings_are_known_in_five_languages(tmp_path: Path, head: str, email: str):
    sign = next(sign for sign in ";\t," if sign in head)
    row = sign.join(("ala@firma.pl", "+48601234567", "nie"))
    found = judged(tmp_path, f"{head}\n{row}\n".encode())
    assert found.columns == dict(zip(("email", "phone", "consent"), head.split(sign), strict=True))
    assert [(row.id, row.finding.reason) for row in found.rows] == [("1", "opted_out")]


def test_hostile_cells_are_judged_like_others(tmp_path: Path):
    rows = ["x@y.pl,1", "=cmd()@a.pl,2", f"{'n' * 10_000},3", "\u202eab@c.pl,4", f"{'+48601234567;' * 100_000},5", ",6"]
    found = judged(tmp_path, "\n".join(["a,b", *rows, "x@y.pl"]).encode(), email="a", id="b")
    told = [(row.id, row.finding.result, row.finding.reason) for row in found.rows]
    assert told[0] == ("1", "ok", "")
    assert {result for _, result, _ in told[1:6]} == {"refuse"}
    assert told[6] == ("7", "hold", "duplicate")
