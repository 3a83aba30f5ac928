"""Matching: how records are spelled and compared, what agreement is worth, and which records become one person."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.config.matching import model, words
from leadsync.core.match.evidence import FIELDS, LEVELS, PHONES, compare
from leadsync.core.match.features import PERSON, Features, features
from leadsync.core.match.keys import cap, described, keys
from leadsync.core.match.model import Scale, read, written
from leadsync.core.match.pairs import Book, all_edges, candidates, counts, entry, identifying, joined, key_rows, over
from leadsync.core.match.spelling import latin, skeleton
from leadsync.core.match.train import drift, train
from tests.bench.matching_people import leads, pairs

COLUMNS = ("first_name", "last_name", "email", "phone", "company", "city", "country", "domain")
WORDS = words()
ROWS = leads(31, 2000)
BOOK = {n: entry(features(row, WORDS)) for n, row in enumerate(ROWS)}


ACROSS = """
    محمد=Mohammad محمد=Mouhammad حسین=Hossein حسین=Husayn احمد=Ahmad حامد=Hamed محمود=Mahmoud حسن=Hassan سعید=Saeed
    سعید=Saeid سعید=Said صادق=Sadegh زهرا=Zahra مهدی=Mehdi علی=Ali فاطمه=Fatemeh فاطمه=Fateme محسن=Mohsen ناصر=Nasir
    مصطفی=Mostafa عبدالرضا=Abdolreza نصرالله=Nasrollah امیراحسان=Amirehsan کیومرث=Kiumars پیتر=Peter اسکات=Scott
    جواد=Jawad خسرو=Khosrow مائده=Maedeh نفیسه=Nafiseh رحمان=Rahmon
"""


def of(**row: str) -> Features:
    return features(row, WORDS)


def levels(a: Features, b: Features) -> dict[str, str]:
    """The levels that say something."""
    assert compare(a, b) == compare(b, a)
    return {name: LEVELS[name][level] for name, level in zip(FIELDS, compare(a, b), strict=True) if level}


def named(a: str, b: str) -> str | None:
    one, two = (of(**dict(zip(("first_name", "last_name"), text.split("|"), strict=True))) for text in (a, b))
    return levels(one, two).get("name")


# ---- spelling


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("محمدحسین", "Mohammad Hossein"), ("رضایی", "Rezaei"), ("علي", "علی"), ("غلامرضا", "Gholam Reza"),
        ("علی‌رضا", "علی رضا"), ("مـحـمـد", "محمد"), ("Щербакова", "Shcherbakova"), ("فاطمه", "Fatemeh"),
        ("ژاله", "Zhaleh"), ("Đỗ", "do"),
    ],
)  # fmt: skip
def test_a_skeleton_is_equal_in_two_scripts(one: str, two: str):
    assert skeleton(one) == skeleton(two) != ""


@pytest.mark.parametrize(
    ("text", "told"), [("Łukasz", "lukasz"), ("Đặng", "dang"), ("Юлия", "yuliya"), ("O'Neil", "oneil"), ("۱۲", "12")]
)
def test_latin(text: str, told: str):
    assert latin(text) == told


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("Anna|Kowalska", "ANNA|KOWALSKA", "exact"),
        ("Łukasz|Wójcik", "Lukasz|Wojcik", "exact"),
        ("Nguyễn|Văn An", "An|Nguyen", "exact"),
        ("Minh Anh|Trần", "Minh Anh|Tran", "whole"),
        ("محمد|رضایی", "Mohammad|Rezaee", "across"),
        ("علي|كريمي", "علی|کریمی", "exact"),
        ("Dr. Anna|Kowalska", "Anna|Kowalska", "exact"),
        ("Bob|Smith", "Robert|Smith", "same"),
        ("Саша|Иванов", "Aleksandr|Ivanov", "same"),
        ("Smith|Robert", "Robert|Smith", "exact"),
        ("Anna|Kowalska", "Anna|Kowlaska", "same"),
        ("Tomasz|Zieliński", "Tomasz|Zielińskk", "same"),
        ("Jonathan|Brown", "Jonatahn|Browni", "same"),
        ("Marek|Bondar", "Marek|Bonder", "same"),
        ("Marek|Bondar", "Marek|Gondar", "close"),
        ("J.|Smith", "John|Smith", "initial"),
        ("K.|Smith", "John|Smith", "family"),
        ("T.|Nguyễn", "Thị Lan|Nguyễn", "initial"),
        ("Anh Hoàng|Nguyễn", "Minh Hoàng|Nguyễn", "same"),
        ("Gia Hoàng|Nguyễn", "Minh Hoàng|Nguyễn", "family"),
        ("Văn Hùng|Nguyễn", "Văn Hưng|Nguyễn", "family"),
        ("Thị Thủy|Nguyễn", "Thị Thúy|Nguyễn", "family"),
        ("Thị Thuý|Nguyễn", "Thị Thúy|Nguyễn", "whole"),
        ("Thị Lan|Nguyễn", "Thị Lân|Nguyễn", "family"),
        ("Hoà|Nguyễn", "Hòa|Nguyễn", "exact"),
        ("Van Hung|Nguyen", "Văn Hưng|Nguyễn", "whole"),
        ("Józef|Wójcik", "Jozéf|Wójcik", "exact"),
        ("Paul J.|Fox", "Paula J.|Fox", "family"),
        ("Văn Lon|Vũ", "Văn Long|Vũ", "close"),
        ("Lon|Vũ", "Long|Vũ", "family"),
        ("Thanh Hải|Tạ", "Thế Nam|Tạ", "relative"),
        ("Anna|Smith", "John|Smith", "relative"),
        ("Оля|Серова", "Ольга|Серова", "same"),
        ("Natalja|Zajceva", "Наталья|Зайцева", "same"),
        ("Oxana|Alexeeva", "Оксана|Алексеева", "exact"),
        ("Dmitrij Anatolevič|Hohlov", "Дмитрий|Хохлов", "same"),
        ("Ž.|Kuznecov", "Женя|Кузнецов", "initial"),
        ("Volodia|Serov", "Владимир|Серов", "same"),
        ("Lubov|Serova", "Любовь|Серова", "same"),
        ("Maciej|Wójcicki", "Maciej|Wojcicki", "exact"),
        ("Adma|Fox", "Adam|Fox", "same"),
        ("Lan T.|Nguyễn", "Lan Thủy|Nguyễn", "initial"),
        ("Huy|Nguyễn", "Hfuy|Nguyễn", "close"),
        ("Huy|Nguyễn", "Hùng|Nguyễn", "relative"),
        ("Lan|Trần", "Loan|Trần", "family"),
        ("م.|همایون زاده", "محمد|همایون‌زاده", "initial"),
        ("ا.|کریمی", "Elham|Karimi", "initial"),
        ("مریم|کظمی", "Maryam|Kazemi", "across"),
        ("مریم|کامظی", "Maryam|Kazemi", "close"),
        ("مریم|حسنی", "Maryam|Rahimi", "given"),
        ("علی|حسین", "علی|حسینی", "given"),
        ("|Smith", "John|Smith", "half"),
        ("John|Brown", "John|Smith", "given"),
        ("Anna|Nowak", "John|Smith", "neither"),
        ("test|test", "John|Smith", None),
    ],
)
def test_names_agree_on_a_level(one: str, two: str, level: str | None):
    assert named(one, two) == level


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("Ali Reza Karimi", "علیرضا کریمی", "across"),
        ("Ali Reza Karimi", "Alireza Karimi", "exact"),
        ("Karimi, Mohammad Reza", "محمدرضا کریمی", "across"),
        ("Amir Hossein Karimi", "Amirhossein Karimi", "exact"),
        ("Mohammad Reza Karimi", "Mohammad Ali Karimi", "family"),
        ("Mary Ann Fox", "Maryann Fox", "whole"),
        ("Mary Ann Fox", "Mary Fox", "exact"),
        ("John Paul Fox", "John Peter Fox", "family"),
        ("Thi Mai Nguyen", "Nguyễn Thị Mai", "whole"),
        ("Mai Nguyen Thi", "Nguyễn Thị Mai", "whole"),
        ("Lan Nguyen Thi", "Nguyễn Thị Lan", "whole"),
        ("Nguyen Thi Mai", "Nguyễn Thị Mai", "whole"),
        ("Hang Thi Tran", "Trần Thị Hằng", "whole"),
        ("Phương Thu Nguyễn", "Nguyễn Thu Phương", "same"),
        ("Phạm Bá M.", "Phạm Bá Minh", "initial"),
        ("Le A.", "Lê Anh", "initial"),
        ("Tran Quoc Q.", "Trần Quốc Quân", "initial"),
        ("Новикова Сергеевна", "Валентина Новикова", "half"),
        ("Rick Markov", "Richard Markov", "same"),
        ("رضا محمدنژاد", "Reza Mohammadnejad", "across"),
        ("علی ضیایی", "Ali Ziaei", "across"),
        ("Masoumeh Rad", "Masume Rad", "same"),
        ("Ю. Максимович Серов", "Юрий Серов", "initial"),
        ("ا بهرامی", "اعظم بهرامی", "initial"),
        ("تقی زاده, فاطمه", "فاطمه تقی‌زاده", "exact"),
        ("فاطمه رضا پور", "فاطمه رضاپور", "exact"),
        ("Serov Dmitrij Romanovič", "Дмитрий Серов", "same"),
    ],
)
def test_a_second_part_of_a_whole_name_counts(one: str, two: str, level: str):
    assert levels(of(name=one), of(name=two))["name"] == level
    assert named("Mai|Nguyen Thi", "Thị Mai|Nguyễn") == "whole"


@pytest.mark.parametrize(
    ("email", "other", "level"),
    [
        ("nguyenthitam@gmail.com", "Thị Tâm", "whole"),
        ("thitam.nguyen84@gmail.com", "Thi Tam", "whole"),
        ("thi_tam@abc.vn", "Ngọc Tâm", "family"),
        ("ngocbaotam@abc.vn", "Ngọc Bảo Tâm", "whole"),
        ("nguyentam@gmail.com", "Thị Tâm", "exact"),
        ("wolf84@gmail.com", "Thị Tâm", "exact"),
    ],
)
def test_a_vietnamese_mailbox_tells_the_middle_name_that_the_record_leaves_out(email: str, other: str, level: str):
    one, two = of(first_name="Tâm", last_name="Nguyễn", email=email), of(first_name=other, last_name="Nguyễn")
    assert levels(one, two)["name"] == level


@pytest.mark.parametrize(
    ("email", "first", "last"), [("doantrang@abc.vn", "Trang", "Đỗ"), ("nguyentoan@abc.vn", "An", "Nguyễn")]
)
def test_a_mailbox_that_reads_in_two_ways_tells_no_middle_name(email: str, first: str, last: str):
    assert of(first_name=first, last_name=last, email=email).middle == ""


# ---- evidence


def test_a_like_mailbox_made_of_the_name_is_no_evidence():
    a = of(name="Karen Johnson", email="karenjohnson5025@gmail.com")
    b = of(name="Karen Johnson", email="karen.johnson9434@gmail.com")
    assert levels(a, b)["email"] == "differs"


@pytest.mark.parametrize(
    ("user", "level"), [("annlee", 0), ("annlee84", 0), ("ann.lee1984", 0), ("annlee84301", 1), ("wolf84", 1)]
)
def test_namesakes_may_choose_one_mailbox_at_two_hosts(user: str, level: int):
    both = [of(first_name="Ann", last_name="Lee", email=f"{user}@{host}") for host in ("wp.pl", "gmail.com")]
    assert levels(*both)["email"] == ("user of the name", "user")[level]


@pytest.mark.parametrize("names", ["Dan Don", "Andrew Andrea", "Tom Tim", "Oleg Olga", "Maria Marta"])
def test_two_mailboxes_that_differ_as_their_names_do_are_two(names: str):
    both = [of(first_name=name, last_name="Orlov", email=f"{name}.orlov@acme.com") for name in names.split()]
    assert levels(*both)["email"] == "colleague"


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("Anna.K+news@GMAIL.com", "annak@googlemail.com", "exact"),
        ("karen.jonson84@acme.com", "karen.johnson84@acme.com", "close"),
        ("wolf8867@wp.pl", "wolf8867@gmail.com", "user"),
        ("wolf8867@wp.pl", "wolf.jan@acme.com", "work and own"),
        ("wolf8867@firm.com", "wolf.jan@acme.com", "differs"),
        ("nguyen.d@acme.vn", "nguyen.t@acme.vn", "colleague"),
        ("a.kowal@gmail.com", "b.zielona@gmail.com", "differs"),
        ("info@acme.com", "info@acme.com", None),
        ("none@none.com", "none@none.com", None),
    ],
)
def test_mailboxes_agree_on_a_level(one: str, two: str, level: str | None):
    assert levels(of(email=one), of(email=two)).get("email") == level


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("+48 601 234 567", "0048601234567"), ("+98 912 555 0143", "۰۹۱۲ ۵۵۵ ۰۱۴۳"),
        ("8 (912) 555-01-43", "+79125550143"),
        ("(202) 555-0143 ext. 12", "+1 202 555 0143"), ("+7 912 555 01 43 доб. 4", "89125550143"),
    ],
)  # fmt: skip
def test_a_phone_is_the_same_in_every_form(one: str, two: str):
    assert levels(of(name="Anna Nowak", phone=one), of(name="Anna Nowak", phone=two))["phone"] == "exact"


@pytest.mark.parametrize("phone", ["0000000000", "123456789", "+1 111 111 1111", "12", "none"])
def test_a_placeholder_is_no_phone(phone: str):
    assert of(phone=phone).phones == ()


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ({"company": "Romashka LLC"}, {"company": "ООО «Ромашка»"}, "name"),
        ({"company": "Acme Logistics"}, {"company": "Acme Logistics Poland"}, "close"),
        ({"domain": "https://www.acme.com/pl"}, {"email": "info@acme.com"}, "domain"),
        ({"company": "Logistics Acme"}, {"company": "Acme Logistics"}, "close"),
        ({"company": "Northbridge"}, {"company": "Northbridge Foods"}, "close"),
        ({"company": "Alborz Foods"}, {"company": "Alborz Steel"}, "differs"),
        ({"company": "Minh Sao Công Nghệ"}, {"company": "Mỹ Mai Công Nghệ"}, "differs"),
        ({"company": "Acme"}, {"company": "Zenith"}, "differs"),
        ({"company": "Acme"}, {"domain": "acme.com"}, None),
    ],
)
def test_companies_agree_on_a_level(one: dict[str, str], two: dict[str, str], level: str | None):
    assert levels(of(**one), of(**two)).get("company") == level


def test_what_is_implied_is_not_counted_again():
    row = {"email": "a.kowal@acme.com", "company": "Acme", "city": "Łódź", "postcode": "90-001"}
    assert levels(of(**row), of(**row)) == {"email": "exact", "postcode": "exact"}
    del row["email"], row["postcode"]
    assert levels(of(**row), of(**row)) == {"company": "name"}


@pytest.mark.parametrize(
    "pair",
    ["Олег Иванов|Ольга Иванова", "حسن احمدی|حسین احمدی", "Hasan Rezaei|Hossein Rezaei", "Paul Carter|Paula Carter",
     "Jan Nowak|Joanna Nowak", "Daniel Fox|Danielle Fox", "Samuel Fox|Samantha Fox", "Erik Holm|Erika Holm",
     "Александр Попов|Александра Попова", "Stanisław Lis|Stanisława Lis", "فرید کریمی|فریده کریمی",
     "محمد کریمی|محمود کریمی", "Maria Rossi|Mario Rossi", "Анна Котова|Инна Котова", "احمد کریمی|حامد کریمی",
     "کامل کریمی|کمال کریمی", "صالح کریمی|صلاح کریمی", "هادی کریمی|هدی کریمی", "ناصر کریمی|نصر کریمی",
     "احمد کریمی|Hamed Karimi", "حامد کریمی|Ahmad Karimi", "محمود کریمی|Mohammad Karimi",
     "محمد کریمی|Mahmoud Karimi", "حسن کریمی|Hossein Karimi", "حمید کریمی|Hamed Karimi", "فرید کریمی|Farideh Karimi",
     "حمیده کریمی|Hamid Karimi", "مونا کریمی|Mina Karimi",
     "Simon Fox|Simone Fox", "Jean Fox|Jeanne Fox", "Hamid Karimi|Hamide Karimi",
     "Marina Fox|Martina Fox", "Maria Fox|Marta Fox", "Jana Fox|Jane Fox", "Марина Котова|Арина Котова"],
)  # fmt: skip
def test_two_given_names_of_the_same_consonants_are_two_people(pair: str) -> None:
    one, two = (dict(zip(("first_name", "last_name"), name.split(), strict=True)) for name in pair.split("|"))
    found = levels(of(**one), of(**two))
    assert found == levels(of(**two), of(**one))
    assert found["name"] in ("relative", "family")


@pytest.mark.parametrize(
    ("pair", "level"),
    [("Mohammad Ahmadi|Muhammed Ahmadi", "same"), ("Hossein Karimi|Hussein Karimi", "same"),
     ("Sergei Popov|Sergey Popov", "same"), ("Julia Popova|Юлия Попова", "same"),
     ("Elena Kotova|Yelena Kotova", "same"), ("Fatemeh Karimi|Fatima Karimi", "same"),
     ("Saeed Karimi|Said Karimi", "same"), ("Catherine Fox|Katherine Fox", "same"),
     ("Ehsan Karimi|Ihsan Karimi", "same"),
     ("Zohre Karimi|Zohreh Karimi", "same"), ("Anne Fox|Ann Fox", "same"), ("Georg Fox|George Fox", "same"),
     ("Christina Fox|Krystyna Fox", "same"), ("Karen Fox|Karin Fox", "same"),
     ("اسماعیل کریمی|اسمعیل کریمی", "same"), ("رحمان کریمی|رحمن کریمی", "same"),
     ("ابراهیم کریمی|ابرهیم کریمی", "same"), ("موسی کریمی|موسا کریمی", "same"), ("داوود کریمی|داود کریمی", "same"),
     ("آرش کریمی|ارش کریمی", "exact"), ("رضا کریمی|رضاء کریمی", "exact"),
     *((f"{pair.replace('=', ' احمدی|')} Ahmadi", "across") for pair in ACROSS.split())],
)  # fmt: skip
def test_a_given_name_spelt_otherwise_is_the_same(pair: str, level: str) -> None:
    one, two = (dict(zip(("first_name", "last_name"), name.split(), strict=True)) for name in pair.split("|"))
    assert levels(of(**one), of(**two)) == levels(of(**two), of(**one)) == {"name": level}


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("1971-06-24", "24.06.1971", "exact"), ("19710624", "1971-06-24", "exact"),
        ("1971-06-24", "1971-06-25", "close"), ("1971-06-04", "1971-04-06", "close"),
        ("1971-06-24", "1971-09-24", "close"), ("1971-06-24", "1982-06-24", "near"),
        ("1971-06-24", "1980-01-02", "differs"), ("soon", "1980-01-02", None),
    ],
)  # fmt: skip
def test_birth_dates_agree_on_a_level(one: str, two: str, level: str | None):
    assert levels(of(birth_date=one), of(birth_date=two)).get("birth_date") == level


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
