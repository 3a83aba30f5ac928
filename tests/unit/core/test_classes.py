from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from core_frames import TODAY, activities_frame, cond, leads_frame, on
from hypothesis import given
from hypothesis import strategies as st

import mappings
from leadsync.catalog import FIELDS, LANGUAGES, Word
from leadsync.config.classes import compile_classes
from leadsync.config.document import Document, load
from leadsync.core.classes import BUYER, Classes, LeadClass, classify
from leadsync.core.conditions import ActivityTest
from leadsync.testing.people import population

DEFAULT = load(Path(mappings.__file__).parent / "classes" / "default.yaml")
OURS = {"own": ["our.example", "nasza-firma.example"], "competitors": ["rival.example"]}
SHIPPED = compile_classes(Document(DEFAULT.path, DEFAULT.data | OURS))
NAMES = ("internal", "test", "competitor", "customer", "applicant", "student", "press", "partner", "supplier", "buyer")


def classed(
    classes: Classes, *leads: Mapping[str, Any], did: tuple[tuple[Any, ...], ...] = ()
) -> list[tuple[Any, ...]]:
    """Class and evidence of each."""
    return classify(classes, leads_frame(*leads), activities_frame(did)).select("class", "evidence").rows()


def shipped(**lead: str) -> str:
    return str(classed(SHIPPED, lead)[0][0])


CASES = """
internal: email=ann@our.example; email=ANN@Our.Example; email=ann@mail.our.example; domain=our.example;
  domain=www.our.example; email=jan@nasza-firma.example; email=test@our.example
test: email=test@test.com; email=test1@firm.example; email=test.user@firm.example; email=asdf@firm.example;
  email=qwerty@mail.example; email=no-email@firm.example; email=aaaa@mail.example; email=ann@asdf.com;
  first_name=Test; first_name=test test; first_name=Тест; first_name=تست; first_name=asdfgh; last_name=Test;
  company=Test Company; company=Firma testowa; company=شرکت تست
competitor: email=bob@rival.example; domain=rival.example; email=bob@eu.rival.example
customer: source=Existing customer; source=current client; source=stały klient; source=Действующий клиент;
  source=مشتری فعلی; source=مشتري قديمي; source=Khách hàng hiện tại;
  need=I am already your customer and need seats; need=jestem już państwa klientem; need=Мы уже ваши клиенты;
  need=ما مشتری شما هستیم
applicant: job_title=Job seeker; job_title=Unemployed; job_title=Accountant, looking for a new job;
  job_title=szukam pracy; job_title=Kandydatka do pracy; job_title=соискатель; job_title=Ищу работу;
  job_title=کارجو; job_title=كارجو; job_title=جویای کار; job_title=ứng viên; job_title=Đang tìm việc;
  source=Careers page; source=LinkedIn Jobs; source=Pracuj.pl; source=Rekrutacja 2025; source=hh.ru;
  source=Вакансия на сайте; source=استخدام; source=TopCV; source=Tuyển dụng; campaign=Rekrutacja 2025;
  campaign=Careers; need=my CV is attached; need=I want to apply for the position of clerk;
  need=Szukam pracy w Krakowie; need=Ищу работу, моё резюме ниже; need=ارسال رزومه;
  need=Em muốn ứng tuyển vị trí kế toán
student: job_title=Student; job_title=PhD student; job_title=Law student; job_title=University students;
  job_title=studentka; job_title=Studentka prawa; job_title=doktorant; job_title=Студент;
  job_title=студентка 3 курса; job_title=аспирант; job_title=دانشجو; job_title=دانشجوی دکتری;
  job_title=دانشجوي ارشد; job_title=sinh viên; job_title=Sinh viên năm 3; email=an@student.uni.edu.pl;
  email=an@stud.uni.example; email=an@stu.uni.ac.ir; email=an@sv.uni.edu.vn; company=Student; company=دانشجو
press: job_title=Journalist; job_title=Senior reporter; job_title=Editor-in-Chief; job_title=dziennikarka;
  job_title=Redaktor naczelny; job_title=журналист; job_title=Главный редактор; job_title=خبرنگار;
  job_title=سردبیر; job_title=nhà báo; job_title=Phóng viên; email=redakcja@gazeta.example;
  need=press inquiry about your funding
partner: need=We would like to become a reseller; need=partnership opportunities;
  need=chcemy zostać dystrybutorem; need=Хотим стать вашим дилером; need=درخواست نمایندگی;
  need=muốn trở thành đại lý
supplier: source=Supplier; source=dostawca; source=Поставщик; source=تامین کننده; source=تأمین‌کننده;
  source=nhà cung cấp; need=We can offer you SEO services for your site; need=oferta współpracy;
  need=Предлагаем вашей компании станки; need=cung cấp dịch vụ cho quý công ty
buyer: first_name=Ann; email=ann@firm.example; email=contest@firm.example; email=tester.joe@firm.example;
  email=ann@detest.com; email=ann@notour.example; email=ann@our.example.com; domain=arrival.example;
  first_name=Tess; last_name=Testa; company=Test Labs GmbH; job_title=QA test engineer;
  job_title=Recruitment Manager; job_title=HR Director; job_title=Head of Student Affairs;
  job_title=Student Success Manager; job_title=Dean of students; job_title=مدیر امور دانشجویی;
  job_title=Phòng công tác sinh viên; job_title=kierownik działu rekrutacji;
  job_title=менеджер по работе со студентами; job_title=Press operator; job_title=PR Manager;
  job_title=Vendor manager; job_title=Supplier quality engineer; job_title=Managing Partner;
  job_title=Customer success manager; job_title=Intern; source=Partner; source=Referral; source=Trade show;
  source=customer referral; campaign=Recruitment software webinar; need=a CRM for our recruiting team;
  need=potrzebujemy systemu do rekrutacji; need=we offer our customers pumps and need a CRM; job_title=директор;
  job_title=مدیرعامل; job_title=Giám đốc
"""
"""What a lead says, by its class."""
ROWS = [
    (dict([text.strip().split("=", 1)]), name)
    for name, texts in (line.split(": ", 1) for line in CASES.replace("\n  ", " ").strip().splitlines())
    for text in texts.split("; ")
]


@pytest.mark.parametrize(("lead", "name"), ROWS, ids=str)
def test_the_shipped_classes(lead: dict[str, str], name: str) -> None:
    assert shipped(**lead) == name


def test_there_is_a_case_of_every_class() -> None:
    assert SHIPPED.names == NAMES
    assert {name for _, name in ROWS} == set(NAMES)
    assert all(set(SHIPPED.labels[name]) == set(LANGUAGES) for name in NAMES)


def test_many_leads_at_once_are_classed_as_each_alone() -> None:
    assert [name for name, _ in classed(SHIPPED, *(lead for lead, _ in ROWS))] == [name for _, name in ROWS]


def test_made_up_people_are_buyers() -> None:
    cards = population(3, 1000, 0, date(2026, 11, 21)).cards
    leads = [
        {
            "email": card.email, "first_name": card.first_name, "last_name": card.last_name,
            "job_title": card.job_title,
            "company": card.company.name if card.company else None, "source": card.source,
            "domain": card.company.domain if card.company else None,
        }
        for card in cards
    ]  # fmt: skip
    assert {name for name, _ in classed(SHIPPED, *leads)} == {BUYER}


def test_the_first_class_that_fits_is_it() -> None:
    classes = Classes((LeadClass("a", cond("country = PL")), LeadClass("b", cond("country in [PL, VN]"))))
    leads = [{"country": "PL"}, {"country": "vn"}, {"country": "IR"}, {}]
    assert [name for name, _ in classed(classes, *leads)] == ["a", "b", BUYER, BUYER]
    assert classes.names == ("a", "b", BUYER)


def test_a_file_may_say_who_is_surely_a_buyer() -> None:
    classes = Classes((LeadClass(BUYER, cond("country = PL")), LeadClass("b", cond("email"))))
    assert [name for name, _ in classed(classes, {"country": "PL", "email": "x"}, {"email": "x"})] == [BUYER, "b"]
    assert classes.names == (BUYER, "b")


@pytest.mark.parametrize(
    ("when", "lead", "told"),
    [
        ("job_title contains [student, intern]", {"job_title": "Law Student"}, "job title contains “student”"),
        ("job_title contains [study, student]", {"job_title": "Student, study group"}, "job title contains “student”"),
        ('job_title matches "\\bstudents?\\b"', {"job_title": "law STUDENTS"}, "job title contains “STUDENTS”"),
        ("country in [PL, VN]", {"country": "pl"}, "country is PL"),
        ("email = a or phone known", {"email": "b", "phone": "1"}, "phone is known"),
        ("email or phone", {"email": "b", "phone": "1"}, "e-mail is known and phone is known"),
        ("email and not phone", {"email": "b"}, "e-mail is known"),
        ("not phone", {"email": "b"}, "phone is not known"),
        ("not phone and no meeting", {}, "phone is not known and no meeting"),
        ("email and (phone or city and country)", {"email": "b", "city": "x", "country": "y"},
         "e-mail is known and city is known and country is known"),
        ("employees > 10", {"employees": 12}, "employees more than 10"),
        ("visit in 30d", {}, "site visit at least once in the last 30 days"),
        ("topic = job", {}, "topic is job"),
        ('email matches "@"', {"email": "\u202ea@b"}, "e-mail contains “@”"),
        ('email matches ".*"', {"email": "x" * 99}, f"e-mail contains “{'x' * 39}…”"),
    ],
)  # fmt: skip
def test_the_evidence_is_what_makes_it_hold(when: str, lead: dict[str, Any], told: str) -> None:
    did = ((1, "visit", on(3)), (1, "message", on(3), 1, "job"))
    if "meeting" in when:
        did = ()
    assert classed(Classes((LeadClass("a", cond(when, topic="text")),)), lead, did=did) == [("a", told)]


def test_a_buyer_has_no_evidence() -> None:
    assert classed(Classes((LeadClass("a", cond("email")),)), {}) == [(BUYER, None)]


def test_evidence_is_told_in_five_languages_and_of_fields_of_ones_own() -> None:
    words = {**FIELDS, "branch": Word("branch", "text", dict.fromkeys(LANGUAGES, "filia"))}
    classes = Classes((LeadClass("a", cond("branch = Lublin", branch="text")),))
    leads = leads_frame({"branch": "lublin"}, types={**{name: word.type for name, word in words.items()}})
    told = {
        language: classify(classes, leads, activities_frame([]), language=language, fields=words)["evidence"].item()
        for language in ("en", "pl", "vi")
    }
    assert told == {"en": "filia is Lublin", "pl": "filia: Lublin", "vi": "filia là Lublin"}


@pytest.mark.parametrize(
    ("did", "name"),
    [
        ((), BUYER),
        (((1, "message", on(1), 1, "job"),), "applicant"),
        (((1, "form_submit", on(900), 1, " Job "),), "applicant"),
        (((1, "message", on(-1), 1, "job"),), BUYER),  # not yet
        (((1, "rep_activity", on(1), 1, "job"),), BUYER),  # that was us
        (((2, "message", on(1), 1, "job"),), BUYER),  # that was another one
        (((1, "message", on(1), 1, "price"), (1, "message", on(1))), BUYER),
    ],
)
def test_what_anything_was_about_can_tell_the_class(did: tuple[tuple[Any, ...], ...], name: str) -> None:
    assert classed(SHIPPED, {}, did=did) == [(name, "topic is job" if did and name != BUYER else None)]


def test_topics_and_windows_of_one_condition_are_looked_at_apart() -> None:
    classes = Classes((LeadClass("a", cond("topic = job and no bounce in 9d", topic="text")),))
    message, bounce = (1, "message", on(50), 1, "job"), (1, "bounce", on(3), 1, "job")
    assert [classed(classes, {}, did=did)[0][0] for did in ((message,), (message, bounce), (bounce,))] == [
        "a",
        BUYER,
        BUYER,
    ]


def test_every_lead_and_day_has_its_row() -> None:
    frame = leads_frame({"lead": 7, "email": "x"}, {"lead": 3})
    found = classify(Classes((LeadClass("a", cond("email")),)), frame, activities_frame([]))
    assert found.rows() == [(7, TODAY, "a", "e-mail is known"), (3, TODAY, BUYER, None)]
    assert classify(SHIPPED, frame.clear(), activities_frame([])).columns == ["lead", "day", "class", "evidence"]
    assert classify(Classes(()), frame, activities_frame([]))["class"].to_list() == [BUYER, BUYER]


def test_what_time_may_change_is_told() -> None:
    classes = Classes((LeadClass("a", cond("visit in 3d or email")), LeadClass("b", cond("visit in 3d and no chat"))))
    assert [each.root for each in classes.watched] == [ActivityTest(("visit",), 1, 3), ActivityTest(("chat",), 0)]
    assert SHIPPED.watched == ()


@given(st.dictionaries(st.sampled_from(["email", "first_name", "job_title", "company", "source", "need"]), st.text()))
def test_no_text_raises(lead: dict[str, str]) -> None:
    ((name, evidence),) = classed(SHIPPED, lead)
    assert name in NAMES
    assert (evidence is None) == (name == BUYER)
    assert evidence is None or evidence.isprintable()


@pytest.mark.parametrize("odd", ["student ", "a@", "ứng viên\u200c", "\u202eدانشجو ", "\x00test ", "my cv "])
def test_a_long_text_is_read_and_told_in_short(odd: str) -> None:
    ((_, evidence),) = classed(
        SHIPPED, dict.fromkeys(("email", "first_name", "job_title", "company", "need"), odd * 9999)
    )
    assert evidence is None or len(evidence) < 400
