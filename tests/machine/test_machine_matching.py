"""Leads in the store: whatever comes in which order, the same records are one lead, and nothing else moves."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from match_world import World

from leadsync.store import erase, schema
from leadsync.store import matching as store
from leadsync.sync import matching as sync
from leadsync.sync.planning import find

ANN = {"email": "ann.smith@acme.example", "phone": "+48601234567", "first_name": "Ann", "last_name": "Smith"}
BEN = {"email": "ben.brown@firm.example", "phone": "+48609876543", "first_name": "Ben", "last_name": "Brown"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    with ExitStack() as stack:

        def made(name: str = "w", **rules: float) -> World:
            found = World(tmp_path / name, **rules)
            stack.callback(found.store.close)
            return found

        yield made


def one(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_the_same_person_in_two_objects_is_one_lead_and_a_stranger_is_not(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Lead/2": BEN})
    assert w.match() == {one("Lead/1"), one("Lead/2")}
    first = w.lead_of()["Lead/1"]
    w.settle()
    w.say({"Contact/1": ANN | {"email": "Ann.Smith@Acme.example", "first_name": "ANN"}})
    assert w.match() == {one("Lead/1", "Contact/1"), one("Lead/2")}
    assert w.lead_of()["Contact/1"] == first
    assert w.marked() == {"Lead/1", "Contact/1"}
    [event] = w.rows(schema.lead_events)
    [alias] = w.rows(schema.lead_aliases)
    assert (event.what, event.other_id, alias.into_id) == ("merged", first, first)
    assert event.lead_id == alias.lead_id != first
    assert find(w.store, f"lead/{alias.lead_id}") == find(w.store, f"lead/{first}") == [first]
    assert find(w.store, "lead/77") == []


def test_a_script_makes_no_difference(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": {"first_name": "Сергей", "last_name": "Кузнецов", "email": "kuznetsov@zavod.example"},
           "Contact/1": {"first_name": "Sergey", "last_name": "Kuznetsov", "email": "kuznetsov@zavod.example"},
           "Lead/2": {"first_name": "محمد", "last_name": "کریمی", "phone": "+989121234567"},
           "Contact/2": {"first_name": "Mohammad", "last_name": "Karimi", "phone": "۰۹۱۲۱۲۳۴۵۶۷"}})  # fmt: skip
    assert w.match() == {one("Lead/1", "Contact/1"), one("Lead/2", "Contact/2")}


def test_an_edited_address_splits_what_it_should_and_the_former_id_comes_back(world: Callable[..., World]) -> None:
    w = world()
    same = {"email": "ann.smith@acme.example", "first_name": "Ann", "last_name": "Smith"}
    w.say({"Lead/1": same})
    w.match()
    w.say({"Contact/1": same})
    before = w.lead_of()  # each as it came
    w.match()
    w.settle()
    w.say({"Contact/1": {"email": "joe.doe@other.example", "first_name": "Joe", "last_name": "Doe"}})
    assert w.match() == {one("Lead/1"), one("Contact/1")}
    assert w.lead_of() == before
    assert w.marked() == {"Lead/1", "Contact/1"}
    assert [event.what for event in w.rows(schema.lead_events)] == ["merged", "split"]
    assert w.rows(schema.lead_aliases) == []
    w.say({"Contact/1": same})
    w.match()
    assert set(w.lead_of().values()) == {before["Lead/1"]}


def test_a_merge_in_the_crm_is_followed_and_takes_along_who_was_the_same(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Contact/1": ANN, "Contact/2": BEN, "Lead/1": ANN})
    assert w.match() == {one("Contact/1", "Lead/1"), one("Contact/2")}
    w.say({"Contact/3": BEN})
    w.merge("Contact/1", "Contact/3")
    w.merge("Contact/2", "Contact/3")
    assert w.match() == {one("Contact/1", "Contact/2", "Contact/3", "Lead/1")}
    w.say({"Contact/3": BEN | {"phone": ""}})
    assert w.match() == {one("Contact/1", "Contact/2", "Contact/3", "Lead/1")}


def test_what_says_the_same_as_before_is_not_compared_again(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Contact/1": ANN})
    w.match()
    w.settle()
    edges = w.rows(schema.match_edges)
    with w.store.begin() as db:
        db.execute(schema.match_edges.update().values(weight=99.0))  # would be found out
    w.say({"Lead/1": ANN | {"company": " "}})
    w.match()
    assert [row.weight for row in w.rows(schema.match_edges)] == [99.0]
    w.say({"Lead/1": ANN | {"phone": ""}})
    w.match()
    [edge] = w.rows(schema.match_edges)
    assert edge.weight < edges[0].weight
    assert edge.weight == pytest.approx(sum(part[2] for part in edge.evidence))


GIVEN = ("Ann", "Anna", "Ben", "Benjamin", "Olga", "Ольга", "Nina", "")
FAMILY = ("Smith", "Smyth", "Brown", "Petrova", "Петрова", "Ng", "")
FIRMS = ("Acme Ltd", "Acme", "Umbrella", "")
PHONES = tuple(f"+4860100{n:04}" for n in range(9)) + ("",) * 4


def somebody(rng: Random) -> dict[str, str]:
    given, family, firm = rng.choice(GIVEN), rng.choice(FAMILY), rng.choice(FIRMS)
    mail = rng.choice(
        ("", f"{given}.{family}@{firm.split(' ')[0] or 'mail'}.example", f"{family}{rng.randrange(9)}@gmail.com")
    )
    mail = mail if mail.isascii() and not mail.startswith(".") else ""
    return {
        "first_name": given,
        "last_name": family,
        "company": firm,
        "phone": rng.choice(PHONES),
        "email": mail.lower(),
    }


@pytest.mark.parametrize("seed", range(2))
def test_what_leads_are_depends_on_the_rows_and_not_on_their_order(world: Callable[..., World], seed: int) -> None:
    rng = Random(seed)
    rows = {f"{rng.choice(('Lead', 'Contact'))}/{n}": somebody(rng) for n in range(70)}
    whole = world("whole")
    whole.say(rows)
    expected = whole.match()
    assert max(map(len, expected)) > 2
    names = list(rows)
    for n in range(2):
        rng.shuffle(names)
        piecewise = world(f"order{n}")
        while_ = list(names)
        while while_:
            part = [while_.pop() for _ in range(min(len(while_), rng.randrange(1, 20)))]
            piecewise.say({name: rows[name] for name in part}, late=rng.random() < 0.5)
            piecewise.match()
        assert piecewise.edges() == whole.edges()
        assert piecewise.match() == expected


@pytest.mark.parametrize("seed", range(2))
def test_very_many_end_as_few_would_whatever_happens_in_between(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = Random(seed)
    few, many = world("few"), world("many")
    rows = {f"Lead/{n}": somebody(rng) for n in range(120)}
    told, fresh = dict(rows), {f"Lead/{n}": somebody(rng) for n in rng.sample(range(120), 60)}
    few.say(told)
    few.match()
    with monkeypatch.context() as small:
        small.setattr(sync, "AT_ONCE", 10)
        small.setattr(sync, "MANY", 30)
        many.say(told)
        assert many.match() == few.match()
        assert many.edges() == few.edges()
        few.say(fresh)
        few.match()
        many.say(fresh)
        for _ in range(9):
            with many.store.begin():
                assert many.matcher.step()
        ids = [many.id("Lead/7"), many.id("Lead/90")]
        with many.store.begin():
            assert store.state(many.store)["ahead"]
            store.touch(many.store, ids)
        many.say({"Lead/3": somebody(rng), "Lead/110": somebody(rng)})
        many.say({name: (told | fresh)[name] for name in ("Lead/3", "Lead/110")})
        many.match()
    with many.store.begin():
        assert not store.state(many.store)["ahead"]
    mine, other, floor = many.edges(), few.edges(), few.config.matching.review
    for pair in mine.keys() | other.keys():  # frequencies are known as the most that they were until then
        assert abs(mine.get(pair, floor) - other.get(pair, floor)) < 2.5
    for each in (few, many):
        each.weigh_anew()
    assert many.match() == few.match()
    assert many.edges() == few.edges()


@pytest.mark.parametrize("seed", range(2))
def test_edits_end_where_the_last_state_would_have_begun(world: Callable[..., World], seed: int) -> None:
    rng = Random(seed)
    w, rows = world("edited"), {f"Lead/{n}": somebody(rng) for n in range(60)}
    w.say(rows)
    w.match()
    for _ in range(6):
        for name in rng.sample(sorted(rows), 5):
            rows[name] = somebody(rng)
            w.say({name: rows[name]})
        w.match()
    w.weigh_anew()  # frequencies are known as the most that they were until then
    fresh = world("fresh")
    fresh.say(rows)
    assert w.match() == fresh.match()
    assert w.edges() == fresh.edges()


def test_another_line_holds_for_what_was_compared_before_as_well(world: Callable[..., World]) -> None:
    w = world()
    alike = {"first_name": "Ann", "last_name": "Smith", "company": "Acme", "phone": "+48601234567"}
    w.say({"Lead/1": alike, "Contact/1": alike, "Lead/2": BEN})
    together = {one("Lead/1", "Contact/1"), one("Lead/2")}
    apart = {one("Lead/1"), one("Contact/1"), one("Lead/2")}
    assert w.match() == together
    usual = w.config.matching.automatic
    w.weigh_anew(automatic=200.0)
    assert w.match() == apart
    assert len(w.pairs()) == 1
    w.weigh_anew(automatic=usual)
    assert w.match() == together
    assert w.pairs() == []


def test_another_edition_makes_all_keys_anew(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Lead/2": BEN, "Contact/1": ANN | {"email": ""}})
    apart = w.match()
    before = w.rows(schema.match_keys)
    with w.store.begin() as db:
        db.execute(sa.update(schema.match_keys).values(key=schema.match_keys.c.key + 1))
        store.keep_state(w.store, store.state(w.store) | {"edition": 1})
    w.weigh_anew()
    assert (w.match(), w.rows(schema.match_keys)) == (apart, before)
    w.say({"Lead/3": ANN})
    assert one("Lead/1", "Contact/1", "Lead/3") in w.match()


def test_a_decision_holds_until_it_is_taken_back(world: Callable[..., World]) -> None:
    w = world(automatic=20.0)
    alike = {"first_name": "Ann", "last_name": "Smith", "company": "Acme"}
    w.say({"Lead/1": alike | {"phone": "+48601234567"}, "Contact/1": alike | {"phone": "+48609876543"}})
    apart = {one("Lead/1"), one("Contact/1")}
    assert w.match() == apart
    [pair] = w.pairs()
    assert (pair["record"], pair["other"]) == ("crm/Lead/1", "crm/Contact/1")
    w.decide(pair["id"], "same")
    assert w.match() == {one("Lead/1", "Contact/1")}
    assert w.pairs() == []
    w.say({"Contact/1": {"first_name": "Joe"}})
    assert w.match() == {one("Lead/1", "Contact/1")}
    w.undo([pair["id"]])
    assert w.match() == apart


def test_two_records_taken_apart_stay_so(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Contact/1": ANN, "Contact/2": ANN})
    w.match()
    before = w.lead_of()
    w.take_apart("crm/Lead/1", "crm/Contact/2")
    assert w.match() == {one("Lead/1"), one("Contact/1"), one("Contact/2")}  # the third may be either
    assert len(w.pairs()) == 2
    w.say({"Contact/2": ANN | {"email": "ANN.smith@acme.example"}})
    w.match()
    assert w.lead_of()["Lead/1"] != w.lead_of()["Contact/2"]
    w.take_apart("crm/Lead/1", "crm/Contact/2")
    w.match()
    assert w.lead_of() == before


def test_what_is_joined_taken_apart_and_joined_again_is_what_it_was(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Contact/1": ANN, "Contact/2": ANN | {"phone": "+48 22 333 44 55"}})
    w.match()
    tables = (schema.records, schema.match_records, schema.match_keys, schema.match_terms, schema.match_edges,
              schema.match_edge_terms, schema.bonds, schema.lead_aliases)  # fmt: skip
    kept = [w.rows(table) for table in tables]
    for _ in range(2):
        w.take_apart("crm/Lead/1", "crm/Contact/1")
        w.match()
        assert [w.rows(table) for table in tables] != kept
        w.take_apart("crm/Lead/1", "crm/Contact/1")
        w.match()
        assert [w.rows(table) for table in tables] == kept


def test_two_told_apart_are_decided_again_only_once_they_say_something_else(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Contact/1": ANN})
    w.match()
    w.take_apart("crm/Lead/1", "crm/Contact/1")
    apart = w.match()
    w.say({"Contact/1": ANN | {"email": "ANN.Smith@acme.example"}})  # the same mailbox
    assert (w.match(), w.pairs()) == (apart, [])
    w.say({"Contact/1": ANN | {"phone": "+48 22 333 44 55"}})
    assert w.match() == apart
    [pair] = w.pairs()
    assert (pair["again"], pair["decision"]) == (True, None)
    w.decide(pair["id"], "different")
    assert (w.match(), w.pairs()) == (apart, [])
    w.say({"Contact/1": {"first_name": "Joe", "last_name": "Doe"}})
    assert (w.match(), w.pairs()) == (apart, [])
    w.say({"Contact/1": ANN})
    assert (w.match(), len(w.pairs())) == (apart, 1)
    w.decide(pair["id"], "same")
    assert w.match() == {one("Lead/1", "Contact/1")}


def test_names_that_disagree_keep_two_records_from_joining_by_themselves(world: Callable[..., World]) -> None:
    w = world()
    w.say({"Lead/1": ANN, "Contact/1": BEN | {"email": ANN["email"], "phone": ANN["phone"]}})
    w.say({"Lead/2": {"email": "only@mail.example"}, "Contact/2": {"email": "Only@mail.example", "last_name": "Ng"}})
    assert w.match() == {one("Lead/1"), one("Contact/1"), one("Lead/2", "Contact/2")}
    [pair] = w.pairs()
    assert {pair["record"], pair["other"]} == {"crm/Lead/1", "crm/Contact/1"}
    [gated] = [row for row in w.rows(schema.match_edges) if ["name", "unsure"] in [part[:2] for part in row.evidence]]
    assert gated.weight == pytest.approx(sum(part[2] for part in gated.evidence))
    w.decide(pair["id"], "same")
    assert one("Lead/1", "Contact/1") in w.match()


def test_nobody_joins_two_who_cannot_be_one(world: Callable[..., World]) -> None:
    w = world()
    apart = {one("Lead/1"), one("Lead/2"), one("Contact/1")}
    w.say({"Lead/1": ANN, "Lead/2": BEN | {"email": ANN["email"]}, "Contact/1": {"email": ANN["email"]}})
    assert (w.match(), len(w.pairs())) == (apart, 2)
    w.say({"Lead/2": BEN | {"email": ANN["email"], "phone": ANN["phone"]}})
    assert (w.match(), len(w.pairs())) == (apart, 3)
    w.decide(next(pair["id"] for pair in w.pairs() if "Contact/1" not in pair["record"] + pair["other"]), "different")
    w.match()
    w.say({"Lead/2": BEN | {"first_name": "Bob", "email": ANN["email"], "phone": ANN["phone"]}})
    assert (w.match(), len(w.pairs())) == (apart, 3)  # he says something else than what was decided on


def test_a_mailbox_alone_joins_all_rows_of_its_person(world: Callable[..., World]) -> None:
    w = world()
    ann = one("Lead/1", "Contact/1", "Lead/2")
    w.say({"Lead/1": ANN, "Contact/1": ANN | {"email": ""}, "Lead/2": {"email": ANN["email"]}, "Lead/3": BEN})
    assert w.match() == {ann, one("Lead/3")}
    w.say({"Contact/1": ANN | {"email": "ann.smith@mail.example"}})  # of two mailboxes the other one
    assert w.match() == {ann, one("Lead/3")}
    w.say({"Contact/1": ANN | {"email": "a.other@acme.example"}})  # a colleague's, though the rest is Ann's
    assert one("Lead/1", "Contact/1", "Lead/2") not in w.match()


def test_of_erased_people_nothing_is_left(world: Callable[..., World]) -> None:
    w, fresh = world("erased"), world("fresh")
    w.say({"Lead/1": ANN, "Contact/1": ANN, "Lead/2": BEN, "Contact/3": ANN | {"email": "", "phone": ""}})
    w.match()
    ids = [w.id(name) for name in ("Lead/1", "Contact/1", "Contact/3")]
    with w.store.begin():
        erase.remove(w.store, ids)
    fresh.say({"Lead/2": BEN})
    assert w.match() == fresh.match() == {one("Lead/2")}
    assert [r.body for r in w.rows(schema.match_records)] == [r.body for r in fresh.rows(schema.match_records)]
    assert {r.key for r in w.rows(schema.match_keys)} == {r.key for r in fresh.rows(schema.match_keys)}
    assert {(r.term, r.n) for r in w.rows(schema.match_terms)} == {
        (r.term, r.n) for r in fresh.rows(schema.match_terms)
    }
    for table in (schema.match_edges, schema.match_edge_terms, schema.bonds, schema.review):
        assert w.rows(table) == []


def test_a_switchboard_and_tests_make_no_giant_and_cost_no_more_than_they_must(world: Callable[..., World]) -> None:
    w = world()
    board = {f"Lead/{n}": {"first_name": "Test", "last_name": "Test", "email": "info@acme.example",
                           "phone": "+48221234567"} for n in range(9700)}  # fmt: skip
    long = {f"Contact/{n}": {"first_name": "x" * 5000, "last_name": f"‮{'y' * 5000}{n}", "phone": "+48221234567",
                             "company": "Acme"} for n in range(300)}  # fmt: skip
    w.say(board | long)
    assert max(map(len, w.match())) == 1
    assert len(w.rows(schema.match_edges)) == 0
    assert w.capped() == [("phone 221234567", 10_000)]
