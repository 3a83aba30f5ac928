"""A rep edits a field that leadsync writes, too: under each policy exactly the promised value wins, at each moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from fake_crm import MAPPING, Clock, Open
from policy_worlds import (
    COLLEAGUE,
    DOWN,
    FIRST,
    HUBSPOT,
    LEFT,
    OURS,
    QUEUE,
    SALESFORCE,
    UP,
    US,
    Moment,
    World,
    fake,
    owned,
    served,
)

from connectors.hubspot.driver import HubSpotDriver
from connectors.salesforce.driver import SalesforceDriver
from leadsync.core.mapping import CrmMapping, ReadField
from leadsync.core.plan import POLICIES, same
from leadsync.core.write_field import WriteField
from leadsync.types import Value

DAY_US = 86_400_000_000
SAME, WANTED = "the value that stands there", "the value that leadsync is about to write"


class Case(NamedTuple):
    """One lead: whether leadsync wrote its value (else it holds `start`), the score that it is to show, the edit."""

    ours: bool
    start: Value
    score: int
    rep: Value


class Scale(NamedTuple):
    """What a score looks like in the field, and what people write there."""

    shown: Mapping[int, Value]
    starts: Sequence[Value]
    reps: Sequence[Value]
    order: Sequence[str] = ()

    def cases(self) -> Iterator[Case]:
        for score, rep in product((UP, DOWN), (*self.reps, SAME, WANTED)):
            yield Case(True, self.shown[FIRST], score, rep)
            for start in self.starts:
                yield Case(False, start, score, rep)


NUMBERS = Scale({FIRST: 10, UP: 25, DOWN: 0}, (None, 7), (50, 5, None))
RUNGS = ("new", "known", "met", "asked", "agreed", "won")
LADDER = Scale({FIRST: "met", UP: "agreed", DOWN: "known"}, (None, "asked"), ("won", "new", None, "retired"), RUNGS)


def may(policy: str, scale: Scale, stands: Value, ours: Value, wanted: Value) -> bool:
    """Whether the policy lets leadsync put `wanted` where `stands` is, of which it knows; `ours` is what it wrote."""
    if policy == "if_empty":
        return stands is None
    if policy == "if_ours":
        return stands is None if ours is None else same(stands, ours)
    if policy == "never_lower":
        return stands is None or (isinstance(stands, int) and isinstance(wanted, int) and wanted > stands)
    if policy == "forward_only":
        return stands is None or (stands in scale.order and scale.order.index(wanted) > scale.order.index(stands))
    return policy in ("always", "if_unchanged")


def promised(policy: str, scale: Scale, case: Case, moment: Moment) -> tuple[Value, Value]:
    """What has to stand there after the cycle, and after one more in which nobody edits."""
    wanted, rep = scale.shown[case.score], edit_of(case, scale)
    ours, known = case.start if case.ours else None, rep if moment is Moment.BEFORE_PULL else case.start
    tries = not same(known, wanted) and may(policy, scale, known, ours, wanted)
    in_time = moment in (Moment.AFTER_PULL, Moment.BEFORE_LOOK) and policy != "always"  # seen just before the write
    if tries and not (in_time and not same(rep, known)):
        after, ours = (rep if moment is Moment.AFTER_WRITE else wanted), wanted
    else:
        after = rep
    again = not same(after, wanted) and may(policy, scale, after, ours, wanted)
    return after, wanted if again else after


def edit_of(case: Case, scale: Scale) -> Value:
    return {SAME: case.start, WANTED: scale.shown[case.score]}.get(case.rep, case.rep)  # type: ignore[arg-type]


def play(world: World, policy: str, scale: Scale, moment: Moment) -> None:
    """All cases at once, one lead each."""
    cases = list(scale.cases())
    ids = [world.add(None) if case.ours else "" for case in cases]
    world.cycle({}, moment)
    assert all(same(world.value(id_), case.start) for id_, case in zip(ids, cases, strict=True) if id_)
    ids = [id_ or world.add(case.start) for id_, case in zip(ids, cases, strict=True)]
    for id_, case in zip(ids, cases, strict=True):
        world.prompt(id_, case.score)
    expected = [promised(policy, scale, case, moment) for case in cases]

    world.cycle({id_: edit_of(case, scale) for id_, case in zip(ids, cases, strict=True)}, moment)
    told = [(case, world.value(id_)) for id_, case in zip(ids, cases, strict=True)]
    wrong = [(*one, after) for one, (after, _) in zip(told, expected, strict=True) if not same(one[1], after)]
    assert wrong == [], "after the cycle"

    for _ in range(2):  # what stands then stands for good
        world.cycle({}, moment)
        told = [(case, world.value(id_)) for id_, case in zip(ids, cases, strict=True)]
        wrong = [(*one, later) for one, (_, later) in zip(told, expected, strict=True) if not same(one[1], later)]
        assert wrong == [], "after another cycle"


def scale_of(policy: str) -> Scale:
    return LADDER if policy == "forward_only" else NUMBERS


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.name.lower())
@pytest.mark.parametrize("policy", sorted(set(POLICIES) - {"if_unowned"}))
def test_the_promised_value_wins(tmp_path: Path, clock: Clock, opened: Open, policy: str, moment: Moment) -> None:
    scale = scale_of(policy)
    if scale.order:
        words = {str(score): str(shown) for score, shown in scale.shown.items()}
        world = fake(tmp_path, clock, opened, [WriteField("Rung", "score", policy, words)], scale.order)
    else:
        world = fake(tmp_path, clock, opened, [WriteField("Score", "score", policy)])
    play(world, policy, scale, moment)


# the same, said by hand: what the table above is to come to

SAID = [
    # policy, ours, start, score, the rep writes, when: after the cycle, after one more
    ("always", True, 10, UP, 50, Moment.BEFORE_LOOK, 25, 25),
    ("always", True, 10, UP, 50, Moment.AFTER_WRITE, 50, 25),
    ("if_empty", False, None, UP, 50, Moment.AFTER_PULL, 50, 50),
    ("if_empty", False, None, UP, 50, Moment.BEFORE_LOOK, 50, 50),
    ("if_empty", False, None, UP, 50, Moment.BEFORE_WRITE, 25, 25),
    ("if_empty", True, 10, UP, None, Moment.BEFORE_PULL, 25, 25),
    ("if_empty", True, 10, UP, None, Moment.AFTER_PULL, None, 25),
    ("if_ours", True, 10, UP, 50, Moment.BEFORE_PULL, 50, 50),
    ("if_ours", True, 10, UP, 50, Moment.BEFORE_LOOK, 50, 50),
    ("if_ours", True, 10, UP, 50, Moment.BEFORE_WRITE, 25, 25),
    ("if_ours", True, 10, UP, None, Moment.BEFORE_LOOK, None, None),
    ("if_ours", False, 7, UP, None, Moment.BEFORE_LOOK, None, 25),
    ("if_ours", True, 10, UP, 50, Moment.AFTER_WRITE, 50, 50),
    ("if_unchanged", True, 10, UP, 50, Moment.BEFORE_LOOK, 50, 25),
    ("if_unchanged", True, 10, UP, 50, Moment.BEFORE_PULL, 25, 25),
    ("if_unchanged", True, 10, UP, 10, Moment.BEFORE_LOOK, 25, 25),
    ("never_lower", True, 10, UP, 50, Moment.BEFORE_LOOK, 50, 50),
    ("never_lower", True, 10, UP, 5, Moment.BEFORE_LOOK, 5, 25),
    ("never_lower", True, 10, DOWN, 5, Moment.BEFORE_LOOK, 5, 5),
    ("never_lower", True, 10, DOWN, None, Moment.BEFORE_LOOK, None, 0),
    ("forward_only", True, "met", UP, "won", Moment.BEFORE_LOOK, "won", "won"),
    ("forward_only", True, "met", UP, "won", Moment.BEFORE_WRITE, "agreed", "agreed"),
    ("forward_only", True, "met", UP, "new", Moment.BEFORE_LOOK, "new", "agreed"),
    ("forward_only", True, "met", DOWN, "retired", Moment.AFTER_WRITE, "retired", "retired"),
]


@pytest.mark.parametrize(("policy", "ours", "start", "score", "rep", "moment", "after", "later"), SAID)
def test_the_table_says_what_people_would_say(
    policy: str, ours: bool, start: Value, score: int, rep: Value, moment: Moment, after: Value, later: Value
) -> None:
    assert promised(policy, scale_of(policy), Case(ours, start, score, rep), moment) == (after, later)


# whose the record is

NOBODY = (None, QUEUE, LEFT, US)


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.name.lower())
def test_an_owner_is_given_only_to_what_nobody_owns(tmp_path: Path, clock: Clock, opened: Open, moment: Moment) -> None:
    world = owned(tmp_path, clock, opened, "if_unowned")
    cases = list(product((None, QUEUE, LEFT, US, COLLEAGUE), (None, QUEUE, LEFT, US, COLLEAGUE, OURS)))
    world.cycle({}, moment)
    ids = [world.add(start) for start, _ in cases]
    world.cycle(dict(zip(ids, (rep for _, rep in cases), strict=True)), moment)
    for id_, (start, rep) in zip(ids, cases, strict=True):
        known = rep if moment is Moment.BEFORE_PULL else start
        edited_in_time = moment in (Moment.AFTER_PULL, Moment.BEFORE_LOOK) and rep != known
        given = known in NOBODY and not edited_in_time and moment is not Moment.AFTER_WRITE
        assert world.value(id_) == (OURS if given else rep), (start, rep)
    for _ in range(2):
        left = [world.value(id_) for id_ in ids]
        world.cycle({}, moment)
        assert [world.value(id_) for id_ in ids] == [OURS if owner in NOBODY else owner for owner in left]


# the modifiers: a table of lines (the rep writes, when: after the cycle, after one more)


@pytest.mark.parametrize(
    ("rep", "moment", "after", "later"),
    [
        (27, Moment.BEFORE_PULL, 27, 27),  # two points are not worth a write
        (27, Moment.AFTER_PULL, 25, 25),
        (27, Moment.BEFORE_LOOK, 25, 25),  # the write was on its way, and `always` does not look
        (27, Moment.AFTER_WRITE, 27, 27),
        (29, Moment.AFTER_WRITE, 29, 29),
        (30, Moment.AFTER_WRITE, 30, 25),
        (50, Moment.AFTER_WRITE, 50, 25),
        (None, Moment.AFTER_WRITE, None, 25),
        (25, Moment.BEFORE_PULL, 25, 25),
    ],
)
def test_a_small_change_waits_whoever_made_the_difference(
    tmp_path: Path, clock: Clock, opened: Open, rep: Value, moment: Moment, after: Value, later: Value
) -> None:
    world = fake(tmp_path, clock, opened, [WriteField("Score", "score", least=5)])
    told = story(world, rep, moment)
    assert told == (after, later)


@pytest.mark.parametrize("policy", ["if_unchanged", "if_ours"])
def test_a_small_change_is_looked_at_under_a_policy_that_looks(
    tmp_path: Path, clock: Clock, opened: Open, policy: str
) -> None:
    world = fake(tmp_path, clock, opened, [WriteField("Score", "score", policy, least=5)])
    assert story(world, 27, Moment.BEFORE_LOOK) == (27, 27)


def test_a_small_change_goes_along_with_another_one(tmp_path: Path, clock: Clock, opened: Open) -> None:
    fields = [WriteField("Score", "score", least=5), WriteField("Heat", "temperature")]
    world = fake(tmp_path, clock, opened, fields)
    id_ = world.add(None)
    world.cycle({}, Moment.BEFORE_PULL)
    world.cycle({id_: 11}, Moment.BEFORE_PULL)
    assert world.value(id_) == 11
    world.crm.edit("Lead", id_, Heat="hot")
    world.cycle({}, Moment.BEFORE_PULL)
    assert (world.value(id_), world.crm.rows["Lead"][id_].fields["Heat"]) == (10, "cold")


@pytest.mark.parametrize(
    ("rep", "moment", "after", "later"),
    [
        (50, Moment.BEFORE_PULL, 50, 50),  # it was written less than a day ago
        (50, Moment.AFTER_PULL, 50, 50),
        (50, Moment.BEFORE_LOOK, 50, 50),
        (50, Moment.AFTER_WRITE, 50, 50),
        (None, Moment.BEFORE_PULL, None, None),
    ],
)
def test_a_field_is_not_written_again_before_its_time_and_then_is(
    tmp_path: Path, clock: Clock, opened: Open, rep: Value, moment: Moment, after: Value, later: Value
) -> None:
    world = fake(tmp_path, clock, opened, [WriteField("Score", "score", every_us=DAY_US)])
    id_ = world.add(None)
    world.cycle({}, moment)
    world.prompt(id_, UP)
    told = follow(world, id_, rep, moment)
    assert told == (after, later)
    clock.pass_(timedelta(days=1))
    world.cycle({}, moment)
    assert same(world.value(id_), 25)


def test_what_leadsync_has_not_written_need_not_wait(tmp_path: Path, clock: Clock, opened: Open) -> None:
    world = fake(tmp_path, clock, opened, [WriteField("Score", "score", every_us=DAY_US)])
    id_ = world.add(7)
    assert follow(world, id_, 50, Moment.BEFORE_PULL) == (10, 10)


@pytest.mark.parametrize(
    ("moment", "after"),
    [
        (Moment.BEFORE_PULL, False),
        (Moment.AFTER_PULL, False),
        (Moment.BEFORE_LOOK, False),
        (Moment.BEFORE_WRITE, False),
        (Moment.AFTER_WRITE, True),
    ],
)
def test_a_companion_is_written_with_its_field_and_not_for_its_own_sake(
    tmp_path: Path, clock: Clock, opened: Open, moment: Moment, after: bool
) -> None:
    """Whether the rep's words stand after a cycle in which the score is written, and until it is written again."""
    fields = [WriteField("Why", "reasons", rides_with="Score"), WriteField("Score", "score")]
    world = fake(tmp_path, clock, opened, fields)
    id_ = world.add("an old word")
    world.cycle({}, moment)
    first = world.value(id_)
    assert first not in (None, "an old word")
    world.prompt(id_, UP)
    stood, later = follow(world, id_, "the rep's words", moment)
    assert (stood == "the rep's words", later) == (after, stood)
    world.prompt(id_, DOWN)
    world.cycle({}, moment)
    assert world.value(id_) not in (first, "the rep's words")


def test_a_companion_of_a_field_that_stays_leaves_the_reps_words(tmp_path: Path, clock: Clock, opened: Open) -> None:
    fields = [WriteField("Why", "reasons", rides_with="Score"), WriteField("Score", "score")]
    world = fake(tmp_path, clock, opened, fields)
    id_ = world.add(None)
    world.cycle({}, Moment.BEFORE_PULL)
    assert follow(world, id_, "the rep's words", Moment.BEFORE_PULL) == ("the rep's words", "the rep's words")


def test_a_line_that_tells_another_next_step_is_written_though_the_score_stays(
    tmp_path: Path, clock: Clock, opened: Open
) -> None:
    """Whoever opts out is not to be called from the next cycle on, and a rep's own words stay all the same."""
    fields = [WriteField("Why", "reasons", rides_with="Score"), WriteField("Score", "score", least=5.0)]
    words = (*MAPPING.reads["Lead"].fields, ReadField("consent_email", ("OptOut",), map={"true": "denied"}))
    lead = replace(MAPPING.reads["Lead"], fields=words)
    world = fake(tmp_path, clock, opened, fields, mapping=CrmMapping({**MAPPING.reads, "Lead": lead}, {}))
    kept, left = world.add(None), world.add(None)
    world.cycle({}, Moment.BEFORE_PULL)
    assert str(world.value(left)).endswith("Next: leave to marketing, no call yet.")
    for id_ in (kept, left):
        world.crm.edit("Lead", id_, OptOut="true")
    world.cycle({kept: "the rep's words"}, Moment.BEFORE_PULL)
    assert str(world.value(left)).endswith("Next: do not contact, opted out.")
    assert world.value(kept) == "the rep's words"


def story(world: World, rep: Value, moment: Moment) -> tuple[Value, Value]:
    """A lead whose score goes from 10 to 25 while the rep edits: what stands after that, and after one more cycle."""
    id_ = world.add(None)
    world.cycle({}, moment)
    world.prompt(id_, UP)
    return follow(world, id_, rep, moment)


def follow(world: World, id_: str, rep: Value, moment: Moment) -> tuple[Value, Value]:
    """What stands after a cycle with this edit, and after one more."""
    world.cycle({id_: rep}, moment)
    after = world.value(id_)
    world.cycle({}, moment)
    return after, world.value(id_)


# the same in the accounts of the CRMs, behind HTTP

SERVED = (Moment.BEFORE_PULL, Moment.BEFORE_LOOK, Moment.BEFORE_WRITE)
DRIVERS = {"hubspot": (HUBSPOT, HubSpotDriver), "salesforce": (SALESFORCE, SalesforceDriver)}
OPTIONS = {
    "hubspot": ("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "CONNECTED"),
    "salesforce": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Trade Show", "Other"),
}


@pytest.mark.parametrize("policy", ["always", "if_empty", "if_ours", "if_unchanged", "never_lower", "forward_only"])
@pytest.mark.parametrize("type_", sorted(DRIVERS))
def test_the_promised_value_wins_in_the_account_of_a_crm(tmp_path: Path, type_: str, policy: str) -> None:
    kind, driver = DRIVERS[type_]
    if policy == "forward_only":
        new, known, met, asked, agreed, won = rungs = OPTIONS[type_]
        scale = Scale({FIRST: met, UP: agreed, DOWN: known}, (asked,), (won, new, None), rungs)
        words = {str(score): str(shown) for score, shown in scale.shown.items()}
        name, write = kind.ladder, {"value": "score", "policy": policy, "map": words}
    else:
        scale, name = Scale(NUMBERS.shown, (None,), (50, None)), kind.number
        write = {"value": "score", "policy": policy, "least": 0}
    with served(tmp_path, driver(), kind, name, write) as world:
        world.leadsync.allow()  # all cases are more at once than the brake lets pass
        for moment in SERVED:
            play(world, policy, scale, moment)


@pytest.mark.parametrize("policy", ["if_unchanged", "if_ours"])
def test_salesforce_itself_closes_the_last_gap_of_a_strict_field(tmp_path: Path, policy: str) -> None:
    write = {"value": "score", "policy": policy, "least": 0, "strict": True}
    with served(tmp_path, SalesforceDriver(), SALESFORCE, SALESFORCE.number, write) as world:
        ids = [world.add(None), world.add(None)]
        world.cycle({}, Moment.BEFORE_WRITE)
        for id_ in ids:
            world.prompt(id_, UP)
        world.cycle({ids[0]: 50}, Moment.BEFORE_WRITE)
        assert [world.value(id_) for id_ in ids] == [50, 25]
        world.cycle({}, Moment.BEFORE_WRITE)
        assert [world.value(id_) for id_ in ids] == [25 if policy == "if_unchanged" else 50, 25]
