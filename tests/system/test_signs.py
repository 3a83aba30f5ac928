"""What people do, from files, as the shipped scorings count it: the signs of a buyer, and what proves little."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors import Folder

NOW = datetime.now(UTC)
SIGNS = {"fit", "need", "readiness", "contact", "engagement", "behaviour", "feedback", "progress"}
BUYER, READER, TAKER, NEEDS, TRIES, COMPARES, LOOKS = "1", "2", "3", "4", "5", "6", "7"
ASKS, COUPON, ASKS_ALL, CALLS = "8", "9", "10", "11"
LEADS: dict[str, dict[str, str]] = {
    BUYER: {"job_title": "Director of Purchasing", "need": "a new press", "budget": "50000"},
    READER: {},
    TAKER: {},
    NEEDS: {"need": "a new press"},
    TRIES: {},
    COMPARES: {},
    LOOKS: {},
    ASKS: {"need": "Could you show us how it works? We need a product demo"},
    COUPON: {},
    ASKS_ALL: {},
    CALLS: {},
}
CONTENT = [("page_view", 1), ("visit", 1), ("visit", 2), ("visit", 3), ("visit", 4), ("email_click", 1),
           ("email_click", 2)]  # fmt: skip
DONE: dict[str, list[tuple[str, int]]] = {
    BUYER: [("form_submit", 2), ("email_reply", 1), ("demo_request", 1), ("visit", 1)],
    READER: CONTENT,
    TAKER: [*CONTENT, ("form_submit", 1), ("download", 1), ("newsletter", 1), ("cart_abandoned", 1), ("survey", 1),
            ("chat", 1)],
    TRIES: [("trial", 3)],
    COMPARES: [("inquiry", 2)],
    LOOKS: [("visit", 2)],
    COUPON: [("coupon", 1)],
    ASKS_ALL: [("demo_request", 1), ("trial", 1), ("sample", 1), ("quote_request", 1), ("visit", 1),
               ("email_click", 1)],
    CALLS: [("call_in", 1), ("ticket", 2), ("event", 3)],
}  # fmt: skip
SCORING = """\
use: b2c
comparing: {axis: engagement, rules: {compares: {points: 35, per: inquiry, when: topic = comparison}}}
temperature: {warm_when: need or trial in 30d}
"""


def settled(path: Path, files: dict[str, str]) -> Folder:
    """A folder of these files that has read the people."""
    (path / "here").mkdir()
    columns = ("id", "email", "job_title", "need", "budget")
    with (path / "here" / "leads.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, columns, restval="")
        rows.writeheader()
        rows.writerows({"id": id_, "email": f"p{id_}@firm{id_}.example", **said} for id_, said in LEADS.items())
    with (path / "here" / "activities.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("id", "lead", "kind", "at", "detail"))
        did = [(lead, kind, days) for lead, done in DONE.items() for kind, days in done]
        for n, (lead, kind, days) in enumerate(did):
            detail = "How do you compare with others?" if kind == "inquiry" else ""
            lines.writerow((f"a{n}", lead, kind, (NOW - timedelta(days=days)).isoformat(), detail))
    made = Folder(path, {"here": {"type": "files", "folder": "here"}})
    for name, text in files.items():
        made.file(name, text)
    made.sync()
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return settled(tmp_path_factory.mktemp("signs"), {})


def told(folder: Folder, id_: str) -> dict[str, Any]:
    [lead] = folder.run("explain", f"p{id_}@firm{id_}.example", "--json").json["leads"]
    return lead


@pytest.mark.concept(34)
def test_each_sign_of_a_buyer_is_a_group_with_its_own_cap_and_is_told(folder: Folder) -> None:
    parts = told(folder, BUYER)["score"]
    assert {row["group"] for row in parts} - {"", "negative"} == SIGNS
    effective = folder.run("check", "--effective", "--offline").out
    scoring = effective[effective.index("# scoring.yaml") :]
    for sign in SIGNS:
        assert f"\n{sign}:" in scoring
        assert "  cap: " in scoring[scoring.index(f"\n{sign}:") :].split("\n\n")[0]
    assert all(row["part"] for row in parts)


@pytest.mark.concept(47)
def test_content_alone_counts_little_until_something_else_agrees(folder: Folder) -> None:
    reader, taker = ({(row["part"], row["group"]): float(row["points"]) for row in told(folder, id_)["score"]}
                     for id_ in (READER, TAKER))  # fmt: skip
    assert sum(points for (_, group), points in reader.items() if group == "behaviour") == 10
    assert reader["alone of behaviour", "behaviour"] < 0
    assert ("alone of behaviour", "behaviour") not in taker
    assert sum(points for (_, group), points in taker.items() if group == "behaviour") > 10


@pytest.mark.concept(39)
def test_several_steps_taken_and_still_active_is_a_reason_of_its_own(folder: Folder) -> None:
    assert ("several steps taken", "+8") in {(row["part"], row["points"]) for row in told(folder, BUYER)["score"]}


@pytest.mark.concept(19)
@pytest.mark.concept(41)
def test_with_a_scoring_for_private_customers(tmp_path: Path) -> None:
    folder = settled(tmp_path, {"scoring.yaml": SCORING, "facts.yaml": "intents: {comparison: [compare]}\n"})
    taken = [row for row in told(folder, TAKER)["score"] if row["times"]]
    kinds = {"form", "download", "newsletter sign-up", "abandoned basket", "survey answer", "live chat"}
    assert kinds <= {row["part"] for row in taken}
    heat = {id_: next(row["is"] for row in told(folder, id_)["result"] if row["what"] == "temperature")
            for id_ in (NEEDS, TRIES, COMPARES, LOOKS)}  # fmt: skip
    assert heat == {NEEDS: "warm", TRIES: "warm", COMPARES: "warm", LOOKS: "cold"}


@pytest.mark.concept(43)
def test_what_is_asked_for_and_tried_out_is_worth_much(folder: Folder) -> None:
    points = {row["part"]: float(row["points"]) for row in told(folder, ASKS_ALL)["score"]}
    looked = points["e-mail click"] + points["site visit"]
    assert {name for name in points if points[name] > looked} >= {"demo request", "quote request", "trial", "sample"}


@pytest.mark.concept(37)
def test_a_question_about_the_product_is_a_need_with_a_tag_of_its_own(folder: Folder) -> None:
    need = {row["part"]: row["points"] for row in told(folder, ASKS)["score"] if row["group"] == "need"}
    assert need == {"need stated": "+6", "asks about the product": "+6"}


@pytest.mark.concept(46)
def test_a_coupon_counts_in_full_for_somebody_of_whom_little_is_known(folder: Folder) -> None:
    lead = told(folder, COUPON)
    assert {row["part"] for row in lead["score"]} == {"company known", "coupon", "rounding", "score"}
    [line] = [row["is"] for row in lead["result"] if row["what"] == "reasons"]
    assert line.startswith("12 not enough data · ")  # and is not called cold


@pytest.mark.concept(78)
def test_a_question_to_support_is_an_activity(folder: Folder) -> None:
    happened = {row["what"]: row["counts"] for row in told(folder, CALLS)["activities"]}
    assert happened == {"incoming call": 1, "support ticket": 1, "event": 1}


@pytest.mark.concept(21)
def test_what_hot_means_stands_in_one_file_and_is_told_in_plain_words(tmp_path: Path) -> None:
    folder = settled(tmp_path, {"scoring.yaml": "use: b2b\ntemperature: {hot: 90, hot_when: demo_request in 14d}\n"})
    means = [(row["temperature"], row["holds"], row["asks"]) for row in told(folder, TRIES)["temperature"]]
    assert means[:3] == [
        ("hot", False, "score at least 90"),
        ("hot", False, "demo request at least once in the last 14 days"),
        ("warm", False, "score at least 35"),
    ]
    assert [row["known"] for row in told(folder, ASKS_ALL)["temperature"]][1].startswith("demo request: 1 ×")
