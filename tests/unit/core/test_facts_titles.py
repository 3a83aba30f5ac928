"""What job titles say, in seven languages: how high somebody stands, and what for."""

from datetime import date
from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadsync.core.facts.phrases import WrongWords
from leadsync.core.facts.titles import SENIORITIES, Post, Titles, titles
from leadsync.testing.people import population
from leadsync.testing.people_work import LOCALES, TITLES

SHIPPED: dict[str, Any] = yaml.safe_load((resources.files("mappings") / "facts" / "titles.yaml").read_text("utf-8"))
TABLE = titles(SHIPPED)

CASES = """
Chief Executive Officer | c_level management
C.E.O. | c_level management
Founder & CEO | owner management
Co-Founder, CTO | owner it
Chief Operating Officer (COO) | c_level operations
CFO | c_level finance
Chief Marketing Officer | c_level marketing
CHRO | c_level hr
CISO | c_level it
Managing Director | c_level management
President | c_level management
Chairman of the Board | c_level management
Owner | owner management
Managing Partner | owner management
VP Sales | vp sales
Senior Vice President, Marketing | vp marketing
EVP of Human Resources | vp hr
Vice-President Finance | vp finance
Director of Procurement | director procurement
Sales Director EMEA | director sales
General Manager | director management
Head of IT | head it
Chief Accountant | head finance
Engineering Manager | manager engineering
Senior Marketing Manager | manager marketing
Product Manager | manager product
Office Manager | manager administration
Warehouse Supervisor | manager logistics
Plant Manager | manager production
Account Manager | specialist sales
Team Lead, Customer Support | manager support
Senior Software Engineer | senior it
Lead Developer | senior it
Principal Consultant | senior -
Senior Consultant | senior -
Accountant | specialist finance
Legal Counsel | specialist legal
HR Business Partner | specialist hr
Product Owner | specialist product
Business Development Representative | specialist sales
IT Recruiter | specialist hr
Data Scientist | specialist it
Registered Nurse | specialist medical
Associate Professor | specialist education
R&D Engineer | specialist engineering
Sales and Marketing Specialist | specialist sales
Lead Generation Specialist | specialist sales
Assistant to the CEO | specialist administration
Executive Assistant to the Managing Director | specialist administration
CEO's Assistant | specialist administration
Chief of Staff to the CEO | specialist -
Assistant Manager | manager -
Junior Accountant | junior finance
Junior Project Manager | junior -
Marketing Intern | intern marketing
Student | student -
Student of Marketing, University of Leeds | student -
Student Services Manager | manager -
School Principal | head education
Former CEO | - -
ex-Director of Sales | - -
Seeking new opportunities | - -
Aspiring Data Scientist | - -
Rock star | - -
Presidential suite | - -
Internal Auditor | specialist finance
Prezes Zarządu | c_level management
prezes | c_level management
Członek Zarządu | c_level management
WICEPREZES | vp -
Właścicielka | owner management
Współwłaściciel | owner management
Założyciel | owner management
Zastępca dyrektora | vp -
Z-ca dyrektora ds. produkcji | vp production
Dyrektor ds. sprzedaży | director sales
Dyrektorka marketingu | director marketing
Dział handlowy | - sales
Dyrektor Handlowy | director sales
Dyrektor generalny | c_level management
Kierownik Działu Zakupów | manager procurement
Kierowniczka kadr | manager hr
Kierownik magazynu | manager logistics
Zastępca kierownika | manager -
Menedżer produktu | manager product
Główny księgowy | head finance
Starszy specjalista ds. zakupów | senior procurement
Specjalistka ds. obsługi klienta | specialist support
Przedstawiciel handlowy | specialist sales
Programista | specialist it
Inżynier procesu | specialist engineering
Radca prawny | specialist legal
Asystentka prezesa | specialist administration
Asystent zarządu | specialist administration
Doradca zarządu | specialist -
Młodszy księgowy | junior finance
Praktykant | intern -
Studentka | student -
Były prezes | - -
Emerytka | - -
Генеральный директор | c_level management
Гендиректор | c_level management
Технический директор | c_level engineering
Вице-президент | vp -
вице-президент по маркетингу | vp marketing
Заместитель генерального директора | vp -
Зам. директора по производству | vp production
Владелец | owner management
Сооснователь | owner management
Коммерческий директор | director sales
Директор по персоналу | director hr
Директор по логистике | director logistics
Руководитель отдела продаж | head sales
Начальник отдела снабжения | head procurement
Главный бухгалтер | head finance
Главный инженер | head engineering
Заместитель начальника отдела | manager -
Менеджер по закупкам | manager procurement
Заведующая складом | manager logistics
Ведущий инженер | senior engineering
Старший бухгалтер | senior finance
Системный администратор | specialist it
Юрисконсульт | specialist legal
Врач-терапевт | specialist medical
Учительница | specialist education
Маркетолог | specialist marketing
Помощник генерального директора | specialist administration
Секретарь директора | specialist administration
Советник президента | specialist -
Младший аналитик | junior -
Стажер | intern -
Студентка | student -
Бывший директор | - -
مدیرعامل | c_level management
مدیر عامل | c_level management
مدير عامل | c_level management
رئیس هیئت مدیره | c_level management
عضو هیأت مدیره | c_level management
بنیان‌گذار | owner management
مالک | owner management
معاون مدیرعامل | vp management
معاون بازرگانی | vp -
قائم مقام مدیر عامل | vp management
مدیر کل | director management
رئیس حسابداری | head finance
رییس حسابداری | head finance
مدیر فروش | manager sales
مدیر منابع انسانی | manager hr
مدیر روابط عمومی | manager marketing
مدیر تولید | manager production
مدیر انبار | manager logistics
سرپرست فروش | manager sales
کارشناس ارشد بازاریابی | senior marketing
کارشناس مالی | specialist finance
برنامه‌نویس | specialist it
حسابدار | specialist finance
مهندس عمران | specialist engineering
وکیل | specialist legal
معلم | specialist education
پزشک عمومی | specialist medical
دستیار مدیرعامل | specialist administration
منشی مدیر عامل | specialist administration
مشاور مدیرعامل | specialist -
کارآموز | intern -
دانشجو | student -
مدیرعامل سابق | - -
بازنشسته | - -
Tổng Giám Đốc | c_level management
Giám đốc điều hành | c_level management
Chủ tịch HĐQT | c_level management
Chủ doanh nghiệp | owner management
Nhà sáng lập | owner management
Phó giám đốc | vp -
Phó Tổng Giám đốc | vp management
Giám đốc kinh doanh | director sales
Giám đốc nhân sự | director hr
Giám đốc sản xuất | director production
giam doc tai chinh | director finance
Trưởng phòng mua hàng | manager procurement
Phó phòng kế toán | manager finance
Trưởng nhóm marketing | manager marketing
Kế toán trưởng | head finance
Trưởng bộ phận IT | head it
Quản lý kho | manager logistics
Chuyên viên cao cấp | senior -
Nhân viên kinh doanh | specialist sales
Nhân viên chăm sóc khách hàng | specialist support
Lập trình viên | specialist it
Kỹ sư xây dựng | specialist engineering
Luật sư | specialist legal
Bác sĩ | specialist medical
Giáo viên | specialist education
Trợ lý giám đốc | specialist administration
Thư ký Tổng giám đốc | specialist administration
Thực tập sinh kế toán | intern finance
Sinh viên | student -
Nguyên giám đốc | - -
Geschäftsführer | c_level management
Geschäftsführerin | c_level management
Inhaber | owner management
Vertriebsleiter | head sales
Leiter Einkauf | head procurement
Werkstudentin | intern -
Directeur général | c_level management
Directrice commerciale | director sales
Chef de projet | manager -
Stagiaire | intern -
"""


def post(row: str) -> Post:
    return Post(*("" if word == "-" else word for word in row.split()))


ROWS = [line.split(" | ") for line in CASES.strip().splitlines()]


@pytest.mark.parametrize(("title", "says"), ROWS)
def test_what_a_title_says(title: str, says: str) -> None:
    assert TABLE.post(title) == post(says)


POSTS = """
specialist administration | intern - | specialist - | specialist procurement | specialist engineering | specialist -
| manager - | manager marketing | manager sales | manager it | head procurement | director operations | director finance
| vp sales | c_level it | c_level management
"""


def test_the_titles_of_five_locales() -> None:
    """A Vietnamese `trưởng phòng` is a manager here, whatever he is the head of; a `технический директор` directs
    technology, be it that of computers or of a plant."""
    truth = [post(row) for row in POSTS.split("|")]
    also = {("ru_RU", 14): "engineering", ("pl_PL", 14): "engineering"}
    known = 0
    for card in population(5, 2000, 0, date(2026, 11, 20)).cards:
        if card.job_title in TITLES[card.locale]:
            nth = TITLES[card.locale].index(card.job_title)
            rank = "manager" if (card.locale, nth) == ("vi_VN", 10) else truth[nth].seniority
            assert TABLE.post(card.job_title) == Post(rank, also.get((card.locale, nth), truth[nth].department))
            known += 1
    assert known > 1500


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title, lambda text: f"  {text}\u200f .", str.casefold])
def test_case_blanks_and_signs_do_not_count(locale: str, spell: Any) -> None:
    for title in TITLES[locale]:
        assert TABLE.post(spell(title)) == TABLE.post(title)


@given(st.text(max_size=400))
def test_any_text_is_a_title(title: str) -> None:
    found = TABLE.post(title)
    assert found.seniority in ("", *SENIORITIES)
    assert found.department in ("", *TABLE.departments)


@given(st.lists(st.sampled_from([row[0] for row in ROWS]), min_size=1, max_size=4), st.sampled_from([" ", " / ", ", "]))
def test_titles_in_a_row_say_nothing_that_none_of_them_could(listed: list[str], between: str) -> None:
    assert TABLE.post(between.join(listed)).seniority in ("", *SENIORITIES)


@pytest.mark.parametrize(
    "noise", ["director " * 100_000, "a" * 1_000_000, "\u202e\x00" * 50_000, "=cmd|' /C calc'!A0" * 999]
)
def test_a_hostile_title_is_cut_first(noise: str) -> None:
    assert TABLE.post(noise) == TABLE.post(noise[:200])


def test_a_later_table_adds_and_wins() -> None:
    own = {
        "seniority": {"head": ["trưởng phòng"], "director": ["boss of bosses"], "nothing": ["president"]},
        "department": {"green": ["sustainab*", "CSR"], "sales": ["vertriebsfuchs"]},
        "helpers": ["buddy"],
        "never": ["on leave"],
    }
    table = titles(SHIPPED, own)
    assert table.post("Trưởng phòng marketing") == Post("head", "marketing")
    assert table.post("Boss of bosses") == Post("director")
    assert table.post("President") == Post("", "management")
    assert table.post("Vice President") == Post("vp")
    assert table.post("Sustainability Sales Manager") == Post("manager", "green")
    assert table.post("csr specialist") == Post("specialist", "green")
    assert table.post("Vertriebsfuchs") == Post("", "sales")
    assert table.post("Buddy of the CEO") == Post("specialist")
    assert table.post("CEO, on leave") == Post()
    assert table.post("CFO") == TABLE.post("CFO")
    assert TABLE.post("Trưởng phòng marketing") == Post("manager", "marketing")


def test_the_longest_phrase_wins_wherever_it_begins() -> None:
    table = titles({"seniority": {"manager": ["ab bc"], "vp": ["bc cd de"], "nothing": ["ef gh"], "head": ["ef"]}})
    assert table.post("ab bc cd de") == Post("vp")
    assert table.post("ab bc de") == Post("manager")
    assert table.post("ef gh") == Post()
    assert table.post("ef ab bc") == Post("head")


def test_an_empty_table_says_nothing() -> None:
    assert titles({}).post("CEO") == Post()
    assert isinstance(titles(), Titles)


@pytest.mark.parametrize(
    ("table", "loc", "what"),
    [
        ({"senority": {}}, ("senority",), "unknown section 'senority'"),
        ({"seniority": ["ceo"]}, ("seniority",), "seniority: expected keys with values"),
        ({"seniority": {"boss": ["ceo"]}}, ("seniority", "boss"), "unknown seniority 'boss'"),
        ({"seniority": {"head": "ceo"}}, ("seniority", "head"), "head: expected a list"),
        ({"never": {"a": 1}}, ("never",), "never: expected a list"),
        ({"helpers": ["pa", 7]}, ("helpers", 1), "helpers: expected text"),
        ({"department": {"it": ["…"]}}, ("department", "it", 0), "it: '…' has no letters"),
        ({"department": {"it": ["*"]}}, ("department", "it", 0), "it: '*' has no letters"),
        ({"department": {"it": ["pr*"]}}, ("department", "it", 0), "it: 'pr*' is short of letters"),
        (
            {"seniority": {"head": ["chief"], "vp": ["Chief"]}},
            ("seniority", "vp", 0),
            "'Chief' stands under 'head' and 'vp'",
        ),
    ],
)
def test_a_wrong_table_is_told_at_its_place(table: dict[str, Any], loc: tuple[str | int, ...], what: str) -> None:
    with pytest.raises(WrongWords) as caught:
        titles(SHIPPED, table)
    ((nth, fault),) = caught.value.faults
    assert (nth, fault.loc, fault.what) == (1, loc, what)
    assert fault.fix


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(WrongWords) as caught:
        titles({"x": 1, "seniority": {"boss": [], "head": [1, "*"]}})
    assert len(caught.value.faults) == 4
