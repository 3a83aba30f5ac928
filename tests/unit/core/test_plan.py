"""The difference between what a CRM holds and what it should hold."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.fit import unwritable
from leadsync.core.plan import WHY, Account, Planned, Seen, left_alone, planned, same, verdicts
from leadsync.core.write_field import WriteField
from leadsync.types import FieldSchema, ObjectSchema, Value

REPS = {"rep@example.com": "7"}
ACCOUNT = Account(
    {"stage": ("Lead", "mql", "SQL", "customer"), "plain": ()}, ("frozen",), REPS.get,
    lambda owner: owner in ("queue", "ourselves"),
)  # fmt: skip
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-100, 100), st.floats(allow_nan=False), st.text(max_size=5))


def alone(write: WriteField, before: Value, results: Mapping[str, Value]) -> dict[str, Any] | None:
    found = planned(verdicts([write], Seen({write.field: before}), results, ACCOUNT))
    return dict(found.fields) if found else None


@pytest.mark.parametrize(
    ("a", "b"), [(73, 73.0), (73, "73"), ("73.0", 73), (None, ""), (" a ", "a"), (True, "true"), ("0.50", 0.5)]
)
def test_the_same_to_a_crm(a: Value, b: Value) -> None:
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(("a", "b"), [(73, 74), ("a", "A"), (0, None), (0, ""), (False, None), ("73a", 73), ("nan", 1)])
def test_not_the_same_to_a_crm(a: Value, b: Value) -> None:
    assert not same(a, b)


@given(VALUES, VALUES)
def test_same_is_symmetric_and_every_value_is_itself(a: Value, b: Value) -> None:
    assert same(a, b) == same(b, a)
    assert same(a, a)


@given(VALUES, VALUES)
def test_our_own_echo_is_never_planned_again(before: Value, after: Value) -> None:
    write = WriteField("score", "score")
    if (first := alone(write, before, {"score": after})) is not None:
        assert alone(write, first["score"][1], {"score": after}) is None


def test_only_what_differs_is_written_with_what_stood_there() -> None:
    writes = [WriteField("a", "score"), WriteField("b", "temperature")]
    found = planned(verdicts(writes, Seen({"a": "5", "b": "cold"}), {"score": 5, "temperature": "hot"}, ACCOUNT))
    assert found == Planned({"b": ("cold", "hot")})


@pytest.mark.parametrize("results", [{}, {"score": None}])
def test_a_word_without_a_value_leaves_the_field_alone(results: dict[str, Value]) -> None:
    assert alone(WriteField("score", "score"), 5, results) is None


def test_a_map_translates_and_what_it_does_not_know_is_left_alone() -> None:
    write = WriteField("rating", "temperature", map={"hot": "Hot"})
    assert alone(write, "Cold", {"temperature": "hot"}) == {"rating": ("Cold", "Hot")}
    assert alone(write, "Cold", {"temperature": "warm"}) is None


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [("lead", "SQL", True), ("SQL", "Lead", False), ("MQL", "MQL", False), ("", "Lead", True), (None, "Lead", True),
     ("evangelist", "SQL", False), ("lead", "unheard of", False)],
)  # fmt: skip
def test_forward_only(before: Value, after: str, written: bool) -> None:
    found = alone(WriteField("stage", "stage", "forward_only"), before, {"stage": after})
    assert found == ({"stage": (before, after)} if written else None)


@pytest.mark.parametrize(("field", "word"), [("unheard", "stage"), ("unheard", "score"), ("plain", "score")])
def test_forward_only_leaves_alone_what_has_no_order_or_none_that_is_known(field: str, word: str) -> None:
    assert alone(WriteField(field, word, "forward_only"), "a", {word: "b"}) is None
    assert alone(WriteField(field, word, "forward_only"), "", {word: "b"}) == {field: ("", "b")}


def test_the_stage_goes_its_own_way_in_a_plain_field() -> None:
    assert alone(WriteField("plain", "stage", "forward_only"), "a", {"stage": "b"}) == {"plain": ("a", "b")}


@pytest.mark.parametrize(
    ("before", "written"), [(None, True), ("", True), ("queue", True), ("ourselves", True), ("9", False)]
)
def test_an_owner_is_given_only_to_what_nobody_owns(before: Value, written: bool) -> None:
    write = WriteField("owner", "owner", "if_unowned")
    found = alone(write, before, {"owner": "rep@example.com"})
    assert found == ({"owner": (before, "7")} if written else None)
    assert alone(write, before, {"owner": "left@example.com"}) is None


def test_an_owner_whom_leadsync_gave_may_follow_and_one_whom_people_gave_stays() -> None:
    write = WriteField("owner", "owner", "if_unowned")
    for ours, why in ((("5", 0), ""), (("6", 0), "if_unowned"), (None, "if_unowned")):
        seen = Seen({"owner": "5"}, {"owner": ours} if ours else {})
        (found,) = verdicts([write], seen, {"owner": "rep@example.com"}, ACCOUNT)
        assert found.why == why


def test_what_was_refused_is_not_tried_again_until_it_is_another_value() -> None:
    write, seen = WriteField("score", "score"), Seen({}, refused={"score": 5})
    assert planned(verdicts([write], seen, {"score": 5.0}, ACCOUNT)) is None
    assert planned(verdicts([write], seen, {"score": 6}, ACCOUNT)) == Planned({"score": (None, 6)})


# what else keeps a field from being written

DAY = 86_400_000_000


def why(write: WriteField, seen: Seen, results: Mapping[str, Value], now_us: int = 0) -> str:
    (found,) = verdicts([write], seen, results, ACCOUNT, now_us)
    assert not found.why or found.why in WHY
    return found.why


@pytest.mark.parametrize(("before", "written"), [(None, True), (" ", True), ("0", False), (0, False), ("x", False)])
def test_if_empty(before: Value, written: bool) -> None:
    found = alone(WriteField("f", "score", "if_empty"), before, {"score": 5})
    assert found == ({"f": (before, 5)} if written else None)


@pytest.mark.parametrize(
    ("before", "ours", "written"),
    [
        (None, {}, True),  # nobody wrote anything
        ("theirs", {}, False),  # somebody did
        ("5", {"f": (5, 0)}, True),  # ours still stands
        ("6", {"f": (5, 0)}, False),  # a rep changed ours
        ("", {"f": (5, 0)}, False),  # a rep cleared ours
    ],
)
def test_if_ours(before: Value, ours: dict[str, tuple[Value, int]], written: bool) -> None:
    assert why(WriteField("f", "score", "if_ours"), Seen({"f": before}, ours), {"score": 9}) == (
        "" if written else "if_ours"
    )


@pytest.mark.parametrize(
    ("before", "after", "written"), [(None, 1, True), (5, 6, True), ("5", 4, False), (5, 5.5, True), ("N/A", 7, False)]
)
def test_never_lower(before: Value, after: Value, written: bool) -> None:
    found = alone(WriteField("f", "score", "never_lower"), before, {"score": after})
    assert found == ({"f": (before, after)} if written else None)


def test_a_field_whose_option_is_not_there_or_that_nobody_may_write_is_left_alone() -> None:
    assert why(WriteField("stage", "stage"), Seen({}), {"stage": "unheard of"}) == "no_option"
    assert why(WriteField("frozen", "score"), Seen({}), {"score": 5}) == "blocked"


@pytest.mark.parametrize(
    ("before", "after", "small"), [(50, 54, True), (50, 55, False), (54, 50, True), (None, 1, False)]
)
def test_a_small_change_waits_for_another_one(before: Value, after: Value, small: bool) -> None:
    score, heat = WriteField("score", "score", least=5), WriteField("heat", "temperature")
    assert why(score, Seen({"score": before}), {"score": after}) == ("least" if small else "")
    both = planned(
        verdicts(
            [score, heat], Seen({"score": before, "heat": "cold"}), {"score": after, "temperature": "hot"}, ACCOUNT
        )
    )
    assert both == Planned({"score": (before, after), "heat": ("cold", "hot")})


def test_a_small_change_over_a_band_is_not_small() -> None:
    account = Account({}, (), REPS.get, lambda _: False, (35, 70))
    write = WriteField("score", "score", least=5)
    assert planned(verdicts([write], Seen({"score": 69}), {"score": 70}, account)) == Planned({"score": (69, 70)})
    assert planned(verdicts([write], Seen({"score": 70}), {"score": 69}, account)) == Planned({"score": (70, 69)})
    assert planned(verdicts([write], Seen({"score": 68}), {"score": 69}, account)) is None


def test_a_companion_rides_along_and_never_causes_a_write() -> None:
    score, heat = WriteField("score", "score"), WriteField("heat", "temperature", rides_with="score")
    assert planned(verdicts([score, heat], Seen({"score": 5}), {"score": 5, "temperature": "hot"}, ACCOUNT)) is None
    assert planned(verdicts([score, heat], Seen({"score": 5}), {"score": 6, "temperature": "hot"}, ACCOUNT)) == Planned(
        {"score": (5, 6), "heat": (None, "hot")}
    )


OUT = "not to be contacted"


@pytest.mark.parametrize(
    ("held", "ours", "score", "becomes", "written"),
    [
        (f"5 cold. Next: {OUT}.", None, 5, f"5 ▲2 cold · chief +5. Next: {OUT}.", ""),  # never ours
        ("5 cold. Next: call.", "5 cold. Next: call.", 5, "5 ▲2 cold · chief +5. Next: call.", ""),  # points alone
        ("5 cold. Next: call.", "5 cold. Next: call.", 5, f"5 cold. Next: {OUT}.", "why"),
        ("5 cold. Next: call.", "5 cold. Next: call.", 5, "5 warm. Next: call.", "why"),
        ("5 cold. Next: call.", "5 cold. Next: call.", 7, f"7 ▲2 cold. Next: {OUT}.", "score why"),
        ("5 cold. Next: call.", "5 cold. Next: call.", 7, "7 ▲2 cold. Next: call.", ""),  # less than `least`
        ("5 cold. Next: call.", "5 cold. Next: call.", 5, "5 холодный. Дальше: позвонить.", "why"),
        ("a rep's words", "5 cold. Next: call.", 5, f"5 cold. Next: {OUT}.", ""),
        ("", None, 5, "5 cold. Next: call.", "why"),
        ("", "5 cold. Next: call.", 5, "5 cold. Next: call.", ""),  # somebody has cleared it
        ("vendor: a mail", "vendor: a mail", 5, "vendor: a title", "why"),
        ("5 cold · a +5. Next: no cal…", "5 cold · a +5. Next: no cal…", 5, "5 ▲2 cold · a +5. Next: no c…", ""),
        ("5 cold · chief +5. Nex…", "5 cold · chief +5. Nex…", 5, "5 ▲2 cold · chief +5.…", ""),
        ("5 cold · chief +5. Nex…", "5 cold · chief +5. Nex…", 5, "5 ▲2 hot · chief +5.…", "why"),
        ("5 cold. Next: no cal…", "5 cold. Next: no cal…", 5, "5 cold. Next: do not c…", "why"),
    ],
)
def test_reasons_are_written_once_they_say_something_else_than_other_points(
    held: str, ours: str | None, score: int, becomes: str, written: str
) -> None:
    writes = [WriteField("score", "score", least=5.0), WriteField("why", "reasons", rides_with="score")]
    seen = Seen({"score": 5, "why": held}, {} if ours is None else {"why": (ours, 1)})
    found = planned(verdicts(writes, seen, {"score": score, "reasons": becomes}, ACCOUNT))
    assert sorted(found.fields if found else ()) == written.split()


def test_reasons_stay_as_they_are_where_the_score_may_not_be_written() -> None:
    writes = [WriteField("score", "score", "if_empty"), WriteField("why", "reasons", rides_with="score")]
    seen = Seen({"score": 9, "why": "9 hot. Next: call."}, {"why": ("9 hot. Next: call.", 1)})
    words: dict[str, Value] = {"score": 5, "reasons": "5 cold. Next: wait."}
    assert planned(verdicts(writes, seen, words, ACCOUNT)) is None


def test_a_field_waits_until_its_time_has_come() -> None:
    write, seen = WriteField("f", "score", every_us=DAY), Seen({"f": 5}, {"f": (5, 10 * DAY)})
    assert planned(verdicts([write], seen, {"score": 9}, ACCOUNT, 10 * DAY + 5)) == Planned({}, 11 * DAY)
    assert planned(verdicts([write], seen, {"score": 9}, ACCOUNT, 11 * DAY)) == Planned({"f": (5, 9)})
    assert planned(verdicts([write], Seen({"f": 5}), {"score": 9}, ACCOUNT, 0)) == Planned({"f": (5, 9)})


# how a value is put

WORDS: dict[str, Value] = {
    "score": 73.0, "temperature": "hot", "reasons": "73 hot", "reasons@fa": "۷۳ داغ", "country": "PL", "vip": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("write", "after"),
    [
        (WriteField("f", "score", format="{} points"), "73 points"),
        (WriteField("f", "score", format="{} points", length=6), "73 po…"),
        (WriteField("f", "temperature", format="is {}", map={"hot": "on fire"}), "is on fire"),
        (WriteField("f", "reasons"), "73 hot"),
        (WriteField("f", "reasons", language="en"), "73 hot"),
        (WriteField("f", "reasons", language="fa"), "۷۳ داغ"),
        (WriteField("f", "reasons", language="owner"), "73 hot"),  # no word of its own: the owner reads English
        (WriteField("f", "country", "if_empty"), "PL"),
        (WriteField("f", "vip", map={"true": "yes"}), "yes"),
    ],
)
def test_a_value_is_put_as_the_mapping_says(write: WriteField, after: str) -> None:
    assert alone(write, None, WORDS) == {"f": (None, after)}
    assert alone(write, after, WORDS) is None


def test_a_map_may_clear_a_field_and_what_it_does_not_name_is_left_alone() -> None:
    write = WriteField("stage", "temperature", map={"cold": None, "hot": "SQL"})
    assert alone(write, "mql", {"temperature": "cold"}) == {"stage": ("mql", None)}
    assert alone(write, "", {"temperature": "cold"}) is None
    assert why(write, Seen({"stage": "mql"}), {"temperature": "warm"}) == "not_in_map"


@pytest.mark.parametrize("policy", ["if_empty", "if_ours", "never_lower", "forward_only"])
def test_clearing_is_no_way_round_a_policy(policy: str) -> None:
    write = WriteField("stage", "temperature", policy, map={"cold": None})
    assert why(write, Seen({"stage": "mql"}), {"temperature": "cold"}) == policy
    assert why(write, Seen({"stage": None}), {"temperature": "cold"}) == "same"


@pytest.mark.parametrize(("before", "written"), [("73 points", False), ("70 points", False), ("68 points", True)])
def test_least_change_looks_at_the_number_within_a_format(before: str, written: bool) -> None:
    write = WriteField("f", "score", format="{} points", least=5)
    assert (alone(write, before, {"score": 73}) is not None) is written


@pytest.mark.parametrize(("before", "written"), [("", True), ("72 points", True), ("74 points", False), ("?", False)])
def test_never_lower_looks_at_the_number_within_a_format(before: str, written: bool) -> None:
    write = WriteField("f", "score", "never_lower", format="{} points")
    assert (alone(write, before, {"score": 73}) is not None) is written


def test_a_record_that_is_left_alone_shows_what_stands_there() -> None:
    (found,) = left_alone([WriteField("f", "score")], Seen({"f": 5}), "never")
    assert (found.before, found.after, found.why in WHY) == (5, None, True)


# whatever is planned

LADDER = ("a", "b", "c", "d")
LINES = st.sampled_from((None, "", " ", "a", "b", "d", "C", "1", "2.50", "73", "x y", "سلام 🙂"))
MAPS = st.none() | st.dictionaries(st.sampled_from((*LADDER, "1", "73")), st.none() | st.sampled_from(LADDER))


@st.composite
def writes(draw: st.DrawFn, field: str) -> WriteField:
    return WriteField(
        field,
        draw(st.sampled_from(("score", "temperature", "reasons", "country"))),
        draw(st.sampled_from(("always", "if_empty", "if_ours", "if_unchanged", "never_lower", "forward_only"))),
        map=draw(MAPS),
        length=draw(st.none() | st.integers(1, 9)),
        least=draw(st.none() | st.just(5.0)),
        language=draw(st.sampled_from(("", "fa", "owner"))),
        format=draw(st.sampled_from(("", "{}", "{} points", " <{}> "))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[WriteField], Seen, dict[str, Value], Account]:
    fields = ("f", "g")
    made = [draw(writes(field)) for field in fields]
    if draw(st.booleans()):
        made[1] = WriteField("g", "reasons", rides_with="f")
    told = {field: draw(LINES) for field in fields}
    ours: dict[str, tuple[Value, int]] = {field: (draw(LINES), 0) for field in fields if draw(st.booleans())}
    words: dict[str, Value] = {"score": draw(st.none() | st.integers(0, 100))}
    words |= {word: draw(LINES) for word in ("temperature", "reasons", "reasons@fa", "country")}
    options = {field: draw(st.sampled_from(((), LADDER))) for field in fields if draw(st.booleans())}
    lengths = {field: draw(st.integers(1, 9)) for field in fields if draw(st.booleans())}
    return made, Seen(told, ours), words, Account(options, (), REPS.get, lambda _: False, (35, 70), lengths)


@given(cases())
def test_after_a_plan_is_carried_out_nothing_is_left_to_do(
    case: tuple[list[WriteField], Seen, dict[str, Value], Account],
) -> None:
    made, seen, words, account = case
    if (first := planned(verdicts(made, seen, words, account))) is not None:
        done = {field: after for field, (_, after) in first.fields.items()}
        later = Seen({**seen.fields, **done}, {**seen.ours, **{field: (after, 1) for field, after in done.items()}})
        assert planned(verdicts(made, later, words, account)) is None


@given(st.sampled_from((*LADDER, "D", "other", "")), st.sampled_from((*LADDER, "E", "other")), MAPS)
def test_forward_only_never_goes_back(before: str, word: str, map_: Mapping[str, str | None] | None) -> None:
    account = Account({"f": LADDER}, (), REPS.get, lambda _: False)
    found = planned(
        verdicts([WriteField("f", "stage", "forward_only", map=map_)], Seen({"f": before}), {"stage": word}, account)
    )
    if found is not None and before:
        assert LADDER.index(str(found.fields["f"][1])) > LADDER.index(before.lower())


@given(
    st.none() | st.integers(-9, 9) | st.floats(-9, 9) | st.sampled_from(("", "N/A", "5 points")),
    st.none() | st.integers(-9, 9) | st.floats(-9, 9),
    st.sampled_from(("", "{} points")),
)
def test_never_lower_never_lowers(before: Value, after: Value, format_: str) -> None:
    found = alone(WriteField("f", "score", "never_lower", format=format_), before, {"score": after})
    if found is not None and before not in (None, ""):
        low, high = (float(str(value).removesuffix(" points")) for value in found["f"])
        assert high > low


@given(st.text(max_size=40), st.integers(1, 30))
def test_a_text_is_shortened_honestly(long: str, length: int) -> None:
    found = alone(WriteField("f", "reasons", length=length), "before", {"reasons": long})
    if found is not None:
        short = str(found["f"][1])
        assert len(short) <= length
        assert short == long if len(long.encode("utf-16-le")) <= 2 * length else short.endswith("…")


@pytest.mark.parametrize(
    ("length", "most", "after"), [(None, 6, "73 po…"), (5, 6, "73 p…"), (6, 5, "73 p…"), (6, 99, "73 po…")]
)
def test_a_text_is_no_longer_than_its_field_in_the_crm(length: int | None, most: int, after: str) -> None:
    account = Account({}, (), REPS.get, lambda _: False, lengths={"f": most})
    (found,) = verdicts(
        [WriteField("f", "score", format="{} points", length=length)], Seen({"f": ""}), {"score": 73}, account
    )
    assert found.after == after


@pytest.mark.parametrize(
    ("value", "type_", "fits"), [("score", "text", False), ("stage", "text", True), ("temperature", "enum", True)]
)
def test_an_order_is_asked_for_where_only_steps_forward_are_allowed(value: str, type_: str, fits: bool) -> None:
    schema = ObjectSchema("people", {"f": FieldSchema("f", type_, options=("cold", "warm", "hot"))})
    found = unwritable("people", [WriteField("f", value, "forward_only")], schema, {})
    assert [misfit.code for misfit in found] == ([] if fits else ["wrong_type"])
