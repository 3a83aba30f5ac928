"""The ledger of what a lead is and what leadsync does about it: 85 concepts, each met, partly met or not yet.

A concept counts as met when somebody can configure it, run it and see it. The proof is a test, anywhere under `tests/`,
that is marked `@pytest.mark.concept(NUMBER)`. A concept with such a test and an entry in `LACKS` is partly met; one
without a test is not yet met. `python tests/system/test_concepts.py --write` renders the ledger to `docs/concepts.md`.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "concepts.md"

LACKS: dict[int, str] = {
    1: "companies as leads of their own",
    31: "back-tests on outcomes, and weights that are suggested",
    33: "that it is learnt from",
    55: "an own score",
    66: "retention",
    71: "claim and expiry",
    84: "marketing automation",
}
"""What is still missing from a concept that is partly met."""

CONCEPTS = dict(
    enumerate(
        """
        A lead is a person or a company; interest decides its stage, never whether it exists
        Any small sign counts: visits, calls and clicks from every channel
        Suspects are scored but never routed
        Fit and interest are two axes with four named quadrants
        Information-qualified: contact data given in exchange for content
        Marketing-qualified: a stage with a gate, an entry time and marketing as owner
        The marketing gate checks contact, fit and consent apart and names what fails
        Sales-qualified: a stage with a gate and a record of the hand-over
        The sales gate wants engagement after capture, complete data and a high score
        Promotion only through written gates; each transition keeps the gate's version
        Stages carry their step and band as labels that a CRM can show
        A buyer's journey of any number of stages
        Five capture steps, each with its time, online and offline
        Top, middle and bottom of the funnel beside the stage
        Several funnels: by product, team or region
        Cold, warm and hot stand apart from score and stage
        A warning where bands disagree with the usual map of stage to temperature
        Hot by need, budget and date, whatever the points say
        Warm by need alone, by a trial or by comparing
        Cold without interest shown to us
        What hot means is written in one file, in plain words
        Budget, authority, need, timeline: typed answers with source and date
        Quality and urgency are two results
        Every kind of activity carries points
        Score bands and stages agree
        Character and behaviour are scored over a stretch of time
        Behaviour may outweigh who somebody is
        Probability and expected value rank beside the score
        One computation gives number, grade and temperature
        One definition for the whole team; drift between CRMs is found
        Points are adjusted by evidence: back-tests and comparisons
        Scores move at every poll, and when only time has passed
        Sales accept or reject leads with a reason, and that is learnt from
        Eight signs of a buyer, each with its own cap and explanation
        The ideal customer: must, should, exclude
        Questions about price, delivery and terms count as readiness
        Questions about the product count as stated need
        Asking for advice or a quote is the strongest sign and may pass several stages
        Pace through the stages is a feature
        Replies and answers: how two-way the talk is
        Forms, downloads, newsletters, baskets, surveys and chats are known
        Clicks, opens, browsing and social signs are known, worth little and cleaned of robots
        Demos, trials, samples and consultations are known and worth much
        Events away from the web count at their own date, not at the upload's
        Lead magnets: what brought the lead and what that is worth
        A coupon is strong interest although it tells little
        Content alone is capped until other facts agree
        Applicants, students, suppliers and press are kept out of sales
        How much data is enough is set per stage; too little is said, not scored low
        The six items to capture can be counted
        Role and horizon are fields; completeness is a score
        Data are checked and normalised before they are scored
        Inquiry, order, deal and customer stay linked
        Customers leave lead scoring
        Existing customers have an own queue with an own score
        Referrals are credited to whoever referred
        One taxonomy of sources, free text folded into it
        A warning when most leads come from one source
        Which channel works: conversion, cost and value per source
        A bought list ages and is on probation
        A bought lead is matched before it counts
        A bought lead who is a customer is held back
        A bought lead is checked against the use policy
        Who started the contact counts
        Consent per channel, with proof, gates stages and write-back
        Only mapped fields leave; data can expire and be erased
        Mailboxes are verified before anybody is promoted
        Bounces, complaints and unsubscribes count against and suppress
        One trace from source to revenue
        Sales-qualified leads are shared out by rule, turn, weight and capacity
        Leads for partners: only mapped fields, with claim and expiry
        An agreement between marketing and sales: clocks, breaches, reports
        First contact within a day, or the lead moves on
        Hot leads raise an alert at once
        Early leads stay with marketing and can be handed back
        Nurturing: ageing alarm and next touch
        Interests, last topics and the next best action are written back
        Support questions are activities
        Leads that were called too early count against the gate
        A chosen few per rep, not only a threshold
        The load of each rep is in view
        Cost is joined to outcome
        A weekly report on how well the score works
        Connectors to CRMs and to marketing automation
        Letters, digits and dates of five languages are folded for matching
        """.strip().splitlines(),
        start=1,
    )
)


def proofs(folder: Path) -> Iterator[tuple[int, str]]:
    """(concept, test) of every test below the folder that is marked as a concept's proof."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.concept":
                        for number in mark.args:
                            yield ast.literal_eval(number), f"{path.relative_to(folder.parent).as_posix()}::{node.name}"


def status(number: int, proved: dict[int, list[str]]) -> str:
    if number not in proved:
        return "not yet"
    return "partly" if number in LACKS else "met"


def render(proved: dict[int, list[str]]) -> str:
    """The page, as Markdown."""
    rows = []
    for number, words in CONCEPTS.items():
        proof = "<br>".join(f"`{test}`" for test in proved.get(number, []))
        lacks = f"lacks: {LACKS[number]}" if number in LACKS else ""
        rows.append(
            f"| {number} | {words.strip()} | {status(number, proved)} | {'; '.join(x for x in (proof, lacks) if x)} |"
        )
    count = {state: sum(status(n, proved) == state for n in CONCEPTS) for state in ("met", "partly", "not yet")}
    return "\n".join(
        [
            "# Concepts",
            "",
            "What a lead is, in 85 concepts, and how far leadsync meets each. A concept is met when it can be",
            "configured, run and seen; the proof is a test. This page is rendered by",
            "`python tests/system/test_concepts.py --write`.",
            "",
            ", ".join(f"{n} {state}" for state, n in count.items()) + ".",
            "",
            "| # | concept | status | proof |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def ledger() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, test in proofs(ROOT / "tests"):
        found.setdefault(number, []).append(test)
    return found


def test_there_are_eighty_five_concepts():
    assert list(CONCEPTS) == list(range(1, 86))
    assert len({words.strip() for words in CONCEPTS.values()}) == 85


def test_every_proof_and_every_gap_belongs_to_a_concept():
    proved = ledger()
    assert set(proved) <= set(CONCEPTS)
    assert set(LACKS) <= set(proved), "a concept that nothing proves is not partly met but not yet met"


def test_what_is_not_yet_met_is_listed_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert text == render(ledger()), "run: python tests/system/test_concepts.py --write"
    listed = {int(n) for n in re.findall(r"^\| (\d+) \|.*\| not yet \|", text, re.MULTILINE)}
    missing = sorted(set(CONCEPTS) - set(ledger()))
    print(f"{len(missing)} concepts not yet met: {missing}")
    assert listed == set(missing)


def test_a_marked_test_is_found_as_proof(tmp_path: Path):
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_x.py").write_text("@pytest.mark.concept(3, 16)\ndef test_a(): ...\n\ndef test_b(): ...\n")
    assert list(proofs(folder)) == [(3, "tests/test_x.py::test_a"), (16, "tests/test_x.py::test_a")]
    assert status(3, {3: ["tests/test_x.py::test_a"]}) == "met"
    assert status(4, {3: ["tests/test_x.py::test_a"]}) == "not yet"
    assert "| 3 | Suspects are scored but never routed | met | `tests/x.py::t` |" in render({3: ["tests/x.py::t"]})


if __name__ == "__main__":
    page = render(ledger())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(page)
