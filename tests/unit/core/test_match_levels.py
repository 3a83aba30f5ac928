"""How records are spelled, and how far two of them agree."""

import pytest
from match_kit import levels, of

from leadsync.core.match.spelling import latin, skeleton

ACROSS = """
    محمد=Mohammad محمد=Mouhammad حسین=Hossein حسین=Husayn احمد=Ahmad حامد=Hamed محمود=Mahmoud حسن=Hassan سعید=Saeed
    سعید=Saeid سعید=Said صادق=Sadegh زهرا=Zahra مهدی=Mehdi علی=Ali فاطمه=Fatemeh فاطمه=Fateme محسن=Mohsen ناصر=Nasir
    مصطفی=Mostafa عبدالرضا=Abdolreza نصرالله=Nasrollah امیراحسان=Amirehsan کیومرث=Kiumars پیتر=Peter اسکات=Scott
    جواد=Jawad خسرو=Khosrow مائده=Maedeh نفیسه=Nafiseh رحمان=Rahmon
"""


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
