"""Matching: what agreement is worth, and which records become one person."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from match_kit import WORDS, levels, of

from leadsync.config.matching import model
from leadsync.core.match.evidence import FIELDS, PHONES, compare
from leadsync.core.match.features import PERSON, features
from leadsync.core.match.keys import cap, described, keys
from leadsync.core.match.model import Scale, read, written
from leadsync.core.match.pairs import Book, all_edges, candidates, counts, entry, identifying, joined, key_rows, over
from leadsync.core.match.train import drift, train
from tests.bench.matching_people import leads, pairs

COLUMNS = ("first_name", "last_name", "email", "phone", "company", "city", "country", "domain")
ROWS = leads(31, 2000)
BOOK = {n: entry(features(row, WORDS)) for n, row in enumerate(ROWS)}


# ---- weights


def scale() -> Scale:
    return Scale(model(), counts(BOOK).__getitem__, len(BOOK))


def test_the_parts_add_up_to_the_weight():
    using = scale()
    for a, b in joined(key_rows(BOOK)).head(300).iter_rows():
        one, two = BOOK[a], BOOK[b]
        parts = using.explain(one.features, two.features, one.terms, two.terms)
        levels = compare(one.features, two.features)
        whole = using.weigh(levels, one.terms, two.terms)
        assert sum(part.weight for part in parts) == pytest.approx(using.lowered(whole, levels))


def test_names_that_differ_keep_a_pair_below_the_line_however_much_it_weighs():
    using = scale()
    apart = compare(*(of(first_name=name, last_name="Smith", phone="601234567") for name in ("John", "Jane")))
    told = [using.lowered(weight, apart) for weight in (3.0, 3.5, 4.0, 9.0, 30.0)]
    assert told == sorted(told)
    assert len({*told}) == 5
    assert told[-1] < using.model.automatic
    again = compare(*(of(first_name="John", last_name="Smith", phone="601234567") for _ in range(2)))
    assert using.lowered(30.0, again) == 30.0
    box = {"last_name": "Smith", "email": "smiths@gmail.com"}
    couple, typo = (compare(of(first_name="John", **box), of(first_name=other, **box)) for other in ("Anna", "Jhno"))
    assert using.lowered(30.0, couple) < using.model.automatic
    assert using.lowered(30.0, typo) == 30.0


def test_a_column_tells_people_apart_if_few_share_its_values():
    rows = [features({"other1": str(n // 2), "other2": str(n % 4)}, WORDS, ("other1", "other2")) for n in range(40)]
    assert identifying({n: entry(row) for n, row in enumerate(rows)}) == [len(FIELDS)]


def weight(shared: int, others: int = 5000, **row: str) -> float:
    """What two records of the row weigh, where so many have what it says."""
    same = entry(of(**row))
    having = Counter({term: shared for term in same.terms})
    using = Scale(model(), having.__getitem__, others)
    return using.weigh(compare(same.features, same.features), same.terms, same.terms) - using.prior


def test_a_phone_weighs_by_how_many_have_the_one_that_both_have():
    rows = [entry(of(name="Anna Kowalska", phone=f"{own}; 22 333 44 55")) for own in ("601234567", "609876543")]
    shared, told = {*rows[0].terms[PHONES.start :]} & {*rows[1].terms[PHONES.start :]} - {0}, []
    for have in (2, 200):
        using = Scale(model(), lambda term, have=have: have if term in shared else 2, 5000)
        told.append(using.weigh(compare(*(each.features for each in rows)), *(each.terms for each in rows)))
    assert told[0] > told[1]


def test_what_few_have_says_more():
    for name, text in (("name", "Anna Kowalska"), ("phone", "601234567"), ("email", "a84@wp.pl"), ("company", "Acme")):
        told = [weight(shared, **{name: text}) for shared in (2, 20, 200)]
        assert told == sorted(told, reverse=True)
        assert told[0] > told[2]


@pytest.mark.parametrize("records", [20_000, 1_000_000])
@pytest.mark.parametrize(
    "row", [{"email": "ann.lee84@wp.pl"}, {"first_name": "Ann", "last_name": "Leewood", "phone": "+48601234567"}]
)
def test_what_few_share_joins_in_a_large_store_too(records: int, row: dict[str, str]):
    using, both = Scale(model(), lambda _: 2, records), entry(of(**row))
    assert using.weigh(compare(both.features, both.features), both.terms, both.terms) >= using.model.automatic


def test_a_phone_is_never_worth_more_than_nine_bits_where_names_differ_and_an_offices_little():
    assert weight(2, 1_000_000, phone="601234567") <= 9
    assert weight(80, 1_000_000, phone="601234567") < 4
    one, two = (of(name=name, phone="601234567") for name in ("Anna Nowak", "Jan Kowalczyk"))
    assert levels(one, two) == {"name": "neither", "phone": "line"}


def test_an_own_mailbox_alone_makes_one_person_and_an_office_line_never():
    using = Scale(model(), lambda _: 2, 100_000)
    assert weight(2, 100_000, email="anna84@wp.pl") + using.prior > model().automatic
    assert weight(2, 100_000, phone="601234567") + using.prior < 0


def test_a_model_survives_writing():
    assert written(read(written(model()))) == written(model())


def test_probability_grows_with_the_weight_and_stays_within_its_bounds():
    told = [model().probability(bits) for bits in (-1e9, -10, 0, 10, 1e9)]
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] <= 1


# ---- pairs: two ways, one result


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 200), st.sampled_from([-15.0, 0.0, 4.0]))
def test_looking_up_and_joining_give_the_same_edges(rng: random.Random, changed: int, floor: float):
    """Also after records changed and went, and where keys are above their cap."""
    chosen = rng.sample(list(BOOK), 200)
    crowd = entry(of(name="Anna Kowalska", phone="601234567", email="anna84@wp.pl"))
    book = Book()
    for n in chosen:
        book.put(n, BOOK[rng.choice(chosen)])
    for n in chosen[:changed]:
        book.put(n, crowd if rng.random() < 0.5 else BOOK[n])
    for n in chosen[:20]:
        book.take(n)
    entries = dict(sorted(book.entries.items()))
    assert +book.counts == counts(entries)
    using = book.scale(model())
    rows = key_rows(entries)
    together = all_edges(joined(rows), entries, using, floor)
    alone = {edge for n in entries for edge in book.edges(n, using, floor)}
    assert alone == set(together)
    assert len(alone) == len(together)
    some = chosen[20:60]
    assert set(all_edges(joined(rows, some), entries, using, floor)) == {
        edge for n in some for edge in book.edges(n, using, floor)
    }


def test_a_key_above_its_cap_is_skipped_and_reported():
    same = of(phone="601234567")
    (key,) = keys(same)
    for size, found in ((cap(key), cap(key) - 1), (cap(key) + 1, 0)):
        entries = {n: entry(same) for n in range(size)}
        assert len(candidates(0, keys(same), lambda _, size=size: range(size))) == found
        assert len(over(key_rows(entries))) == (0 if found else 1)


def test_a_key_is_told_by_what_the_record_says():
    ann = of(first_name="Anna", last_name="Kowalska", company="Acme Sp. z o.o.", phone="601234567")
    told = {described(ann, key) for key in keys(ann)}
    assert {"phone 601234567", "name and company anna kowalska, acme", "family and company kowalska, acme"} <= told


def test_a_mailbox_is_a_key_by_what_it_says_beside_the_family_name():
    anna, beata, a = (
        keys(of(first_name=first, last_name="Kowalska", email=f"kowalska.{user}"))
        for first, user in (("Anna", "anna@wp.pl"), ("Beata", "beata@gmail.com"), ("A.", "anna@o2.pl"))
    )
    assert not anna & beata
    assert anna & a


def test_most_true_pairs_share_a_key_and_few_others_do():
    found, true = set(joined(key_rows(BOOK)).iter_rows()), pairs(ROWS)
    assert len(found & true.keys()) > 0.93 * len(true)
    assert 2 * len(found) / len(BOOK) < 10


# ---- training


def test_training_learns_what_a_list_is_like():
    """In a list where half of the mailboxes of a person differ, another mailbox says little."""
    rng = random.Random(3)
    entries = {}
    for n in range(0, 600, 2):
        first, last = ("".join(rng.choices("bdgklmnprstz", k=6)) for _ in range(2))
        for twin in (n, n + 1):
            row = {"first_name": first, "last_name": last, "city": "Warszawa" if n % 4 else "Opole"}
            entries[twin] = entry(of(**row, email=f"box{rng.randrange(10**6)}@wp.pl"))
    found = joined(key_rows(entries))
    trained = train(found.rows(), entries, counts(entries).__getitem__, model())
    changed = {(name, level): (before, after) for name, level, before, after in drift(model(), trained)}
    assert changed["email", "differs"][1] > changed["email", "differs"][0]
    assert 0.4 < trained.pairs < 0.6
    assert train([], {}, Counter[int]().__getitem__, model()).automatic == model().automatic


# ---- input that means harm

_NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["A" * 5000, "محمد \u202eSmith", "\ud800", "a\x00b", "+" * 400, "@" * 50, "O'" * 900]),
)
_EVERY = (*COLUMNS, "name", "address", "postcode", "birth_date", "other1")


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_EVERY, _NASTY)))
def test_nothing_that_a_record_says_raises(row: dict[str, str]):
    found = features(row, WORDS, ["other1"])
    assert all(0 < key < 2**63 for key in keys(found))
    compare(found, features({"name": "Anna Kowalska", "email": "a@b.pl"}, WORDS, ["other1"]))
    assert all(len(text) <= 300 for text in found if isinstance(text, str))


@settings(max_examples=60, deadline=None)
@given(*[st.fixed_dictionaries({}, optional=dict.fromkeys(_EVERY, _NASTY)) for _ in range(2)])
def test_who_says_the_same_of_a_person_has_the_same_features_of_one(row: dict[str, str], other: dict[str, str]):
    before = {name: row[name] for name in PERSON if name in row}
    before |= {name: text for name, text in other.items() if name not in PERSON}
    like, now = entry(features(before, WORDS)), features(row, WORDS, ["other1"])
    assert features(row, WORDS, ["other1"], like=like.features) == now
    assert entry(now, like) == entry(now)


def test_thousands_with_one_switchboard_cost_no_pairs():
    office = {"email": "info@acme.pl", "phone": "22 123 45 67", "company": "Acme"}
    entries = {n: entry(of(name="test test" if n % 2 else f"Anna{n}", **office)) for n in range(4_000)}
    rows = key_rows(entries)
    assert len(joined(rows)) == 0
    assert over(rows)["records"].max() == 4_000
