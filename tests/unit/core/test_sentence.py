"""Every kind of test in every language, word for word: read by people who speak it before it changes."""

import pytest

from leadsync import catalog
from leadsync.catalog import LANGUAGES, Word
from leadsync.core.condition_parser import parse
from leadsync.core.conditions import Condition
from leadsync.core.sentence import sentence

OWN = {
    name: Word(name, type_, dict.fromkeys(LANGUAGES, name))
    for name, type_ in (("renewal", "date"), ("partner", "bool"))
}
FIELDS = {**catalog.FIELDS, **OWN}
SAID = {
    "budget": (
        "budget is known",
        "بودجه معلوم است",
        "известно: бюджет",
        "wiadomo: budżet",
        "đã biết ngân sách",
    ),
    "not budget known": (
        "budget is not known",
        "بودجه معلوم نیست",
        "неизвестно: бюджет",
        "nie wiadomo: budżet",
        "chưa biết ngân sách",
    ),
    "country = PL": (
        "country is PL",
        "کشور: \u2068PL\u2069",
        "страна: PL",
        "kraj: PL",
        "quốc gia là PL",
    ),
    "country != PL": (
        "country is not PL",
        "کشور: نه \u2068PL\u2069",
        "страна: не PL",
        "kraj: nie PL",
        "quốc gia không phải PL",
    ),
    "not country in [PL, VN]": (
        "country is not PL or VN",
        "کشور: نه \u2068PL\u2069 یا \u2068VN\u2069",
        "страна: не PL или VN",
        "kraj: nie PL lub VN",
        "quốc gia không phải PL hoặc VN",
    ),
    "job_title contains intern": (
        "job title contains “intern”",
        "سمت شامل «\u2068intern\u2069» است",
        "должность: содержит «intern»",
        "stanowisko: zawiera „intern”",
        "chức danh có chứa “intern”",
    ),
    "not job_title contains [intern, student]": (
        "job title does not contain “intern” or “student”",
        "سمت شامل «\u2068intern\u2069» یا «\u2068student\u2069» نیست",
        "должность: не содержит «intern» или «student»",
        "stanowisko: nie zawiera „intern” lub „student”",
        "chức danh không chứa “intern” hoặc “student”",
    ),
    'job_title matches "^cto$"': (
        "job title matches “^cto$”",
        "سمت با الگوی «\u2068^cto$\u2069» می‌خواند",
        "должность: подходит под шаблон «^cto$»",
        "stanowisko: pasuje do wzorca „^cto$”",
        "chức danh khớp mẫu “^cto$”",
    ),
    'not job_title matches "^cto$"': (
        "job title does not match “^cto$”",
        "سمت با الگوی «\u2068^cto$\u2069» نمی‌خواند",
        "должность: не подходит под шаблон «^cto$»",
        "stanowisko: nie pasuje do wzorca „^cto$”",
        "chức danh không khớp mẫu “^cto$”",
    ),
    "score >= 70": (
        "score at least 70",
        "امتیاز: دست‌کم ۷۰",
        "балл: не меньше 70",
        "punktacja: co najmniej 70",
        "điểm từ 70 trở lên",
    ),
    "score > 1234.5": (
        "score more than 1,234.5",
        "امتیاز: بیش از ۱٬۲۳۴٫۵",
        "балл: больше 1\xa0234,5",
        "punktacja: więcej niż 1\xa0234,5",
        "điểm trên 1.234,5",
    ),
    "score < 1000": (
        "score less than 1,000",
        "امتیاز: کمتر از ۱٬۰۰۰",
        "балл: меньше 1\xa0000",
        "punktacja: mniej niż 1\xa0000",
        "điểm dưới 1.000",
    ),
    "not score <= 70": (
        "not (score at most 70)",
        "نه (امتیاز: حداکثر ۷۰)",
        "не (балл: не больше 70)",
        "nie (punktacja: najwyżej 70)",
        "không (điểm tối đa 70)",
    ),
    "employees between 50 and 2000": (
        "employees between 50 and 2,000",
        "تعداد کارکنان: از ۵۰ تا ۲٬۰۰۰",
        "сотрудники: от 50 до 2\xa0000",
        "liczba pracowników: od 50 do 2\xa0000",
        "số nhân viên từ 50 đến 2.000",
    ),
    "timeline <= 1 month": (
        "timeline at most 1 month",
        "چارچوب زمانی: حداکثر ۱ ماه",
        "срок: не больше 1 мес.",
        "ramy czasowe: najwyżej 1 mies.",
        "thời gian tối đa 1 tháng",
    ),
    "budget = none and not need = no": (
        "no budget and not (no need)",
        "بدون بودجه و نه (بدون نیاز)",
        "бюджет: нет и не (потребность: нет)",
        "budżet: brak i nie (potrzeba: brak)",
        "không có ngân sách và không (không có nhu cầu)",
    ),
    "timeline = 3": (
        "timeline is 3 months",
        "چارچوب زمانی: ۳ ماه",
        "срок: 3 мес.",
        "ramy czasowe: 3 mies.",
        "thời gian là 3 tháng",
    ),
    "renewal = 2026-11-20": (
        "renewal on 20 Nov 2026",
        "renewal: ۲۹ آبان ۱۴۰۵",
        "renewal: 20.11.2026",
        "renewal: 20.11.2026",
        "renewal vào 20/11/2026",
    ),
    "renewal != 2026-11-20": (
        "renewal is not 20 Nov 2026",
        "renewal: نه ۲۹ آبان ۱۴۰۵",
        "renewal: не 20.11.2026",
        "renewal: nie 20.11.2026",
        "renewal không phải 20/11/2026",
    ),
    "renewal >= 2026-11-20": (
        "renewal on 20 Nov 2026 or later",
        "renewal: ۲۹ آبان ۱۴۰۵ یا پس از آن",
        "renewal: не раньше 20.11.2026",
        "renewal: najwcześniej 20.11.2026",
        "renewal từ 20/11/2026 trở đi",
    ),
    "renewal > 2026-03-01": (
        "renewal after 1 Mar 2026",
        "renewal: پس از ۱۰ اسفند ۱۴۰۴",
        "renewal: позже 01.03.2026",
        "renewal: po 01.03.2026",
        "renewal sau 01/03/2026",
    ),
    "renewal < 2026-11-20": (
        "renewal before 20 Nov 2026",
        "renewal: پیش از ۲۹ آبان ۱۴۰۵",
        "renewal: раньше 20.11.2026",
        "renewal: przed 20.11.2026",
        "renewal trước 20/11/2026",
    ),
    "renewal <= 2026-11-20": (
        "renewal on 20 Nov 2026 or earlier",
        "renewal: ۲۹ آبان ۱۴۰۵ یا پیش از آن",
        "renewal: не позже 20.11.2026",
        "renewal: najpóźniej 20.11.2026",
        "renewal muộn nhất 20/11/2026",
    ),
    "renewal between 2026-01-01 and 2026-12-31": (
        "renewal between 1 Jan 2026 and 31 Dec 2026",
        "renewal: از ۱۱ دی ۱۴۰۴ تا ۱۰ دی ۱۴۰۵",
        "renewal: от 01.01.2026 до 31.12.2026",
        "renewal: od 01.01.2026 do 31.12.2026",
        "renewal từ 01/01/2026 đến 31/12/2026",
    ),
    "partner": (
        "partner: yes",
        "partner: بله",
        "partner: да",
        "partner: tak",
        "partner: có",
    ),
    "not partner": (
        "not (partner: yes)",
        "نه (partner: بله)",
        "не (partner: да)",
        "nie (partner: tak)",
        "không (partner: có)",
    ),
    "partner = false": (
        "partner: no",
        "partner: خیر",
        "partner: нет",
        "partner: nie",
        "partner: không",
    ),
    "not partner known": (
        "partner is not known",
        "partner معلوم نیست",
        "неизвестно: partner",
        "nie wiadomo: partner",
        "chưa biết partner",
    ),
    "meeting": (
        "meeting at least once",
        "جلسه: دست‌کم یک بار",
        "встреча: хотя бы раз",
        "spotkanie: co najmniej raz",
        "cuộc hẹn ít nhất một lần",
    ),
    "not meeting": (
        "no meeting",
        "بدون جلسه",
        "встреча: ни разу",
        "spotkanie: ani razu",
        "không có cuộc hẹn",
    ),
    "2 meeting about [Quote, demo] in 30d": (
        "meeting (topic: demo or Quote) at least 2 times in the last 30 days",
        "جلسه (موضوع: \u2068demo\u2069 یا \u2068Quote\u2069): دست‌کم ۲ بار در ۳۰ روز گذشته",
        "встреча (тема: demo или Quote): не менее 2 раз за 30 дней",
        "spotkanie (temat: demo lub Quote): co najmniej 2 razy w ciągu 30 dni",
        "cuộc hẹn (chủ đề: demo hoặc Quote) ít nhất 2 lần trong 30 ngày qua",
    ),
    "2 meeting in 30d": (
        "meeting at least 2 times in the last 30 days",
        "جلسه: دست‌کم ۲ بار در ۳۰ روز گذشته",
        "встреча: не менее 2 раз за 30 дней",
        "spotkanie: co najmniej 2 razy w ciągu 30 dni",
        "cuộc hẹn ít nhất 2 lần trong 30 ngày qua",
    ),
    "21 visit in 21d": (
        "site visit at least 21 times in the last 21 days",
        "بازدید از وب‌سایت: دست‌کم ۲۱ بار در ۲۱ روز گذشته",
        "посещение сайта: не менее 21 раза за 21 день",
        "wizyta na stronie: co najmniej 21 razy w ciągu 21 dni",
        "truy cập website ít nhất 21 lần trong 21 ngày qua",
    ),
    "5 visit in 1d": (
        "site visit at least 5 times today",
        "بازدید از وب‌سایت: دست‌کم ۵ بار امروز",
        "посещение сайта: не менее 5 раз сегодня",
        "wizyta na stronie: co najmniej 5 razy dzisiaj",
        "truy cập website ít nhất 5 lần hôm nay",
    ),
    "no activity in 62d": (
        "no sign of interest in the last 62 days",
        "بدون نشانهٔ علاقه در ۶۲ روز گذشته",
        "признак интереса: ни разу за 62 дня",
        "oznaka zainteresowania: ani razu w ciągu 62 dni",
        "không có dấu hiệu quan tâm trong 62 ngày qua",
    ),
    "any of [form_submit, download]": (
        "download or form at least once",
        "دانلود یا پر کردن فرم: دست‌کم یک بار",
        "скачивание или заполнение формы: хотя бы раз",
        "pobranie lub wypełnienie formularza: co najmniej raz",
        "tải về hoặc điền biểu mẫu ít nhất một lần",
    ),
    "not email_click since capture": (
        "not (e-mail click at least once since the lead came in)",
        "نه (کلیک در ایمیل: دست‌کم یک بار از زمان ثبت سرنخ)",
        "не (переход из письма: хотя бы раз с появления лида)",
        "nie (kliknięcie w e-mailu: co najmniej raz od pozyskania leada)",
        "không (nhấp email ít nhất một lần kể từ khi tiếp nhận lead)",
    ),
    "visit within 1d of capture": (
        "site visit at least once within 1 day of coming in",
        "بازدید از وب‌سایت: دست‌کم یک بار در ۱ روز نخست پس از ثبت سرنخ",
        "посещение сайта: хотя бы раз в течение 1 дня после появления лида",
        "wizyta na stronie: co najmniej raz w ciągu 1 dnia od pozyskania leada",
        "truy cập website ít nhất một lần trong 1 ngày đầu kể từ khi tiếp nhận lead",
    ),
    "no meeting within 14d of capture": (
        "no meeting within 14 days of coming in",
        "بدون جلسه در ۱۴ روز نخست پس از ثبت سرنخ",
        "встреча: ни разу в течение 14 дней после появления лида",
        "spotkanie: ani razu w ciągu 14 dni od pozyskania leada",
        "không có cuộc hẹn trong 14 ngày đầu kể từ khi tiếp nhận lead",
    ),
    "(email or phone) and not (country = PL or need)": (
        "(e-mail is known or phone is known) and not (country is PL or need is known)",
        "(ایمیل معلوم است یا تلفن معلوم است) و نه (کشور: \u2068PL\u2069 یا نیاز معلوم است)",
        "(известно: e-mail или известно: телефон) и не (страна: PL или известно: потребность)",
        "(wiadomo: e-mail lub wiadomo: telefon) i nie (kraj: PL lub wiadomo: potrzeba)",
        "(đã biết email hoặc đã biết điện thoại) và không (quốc gia là PL hoặc đã biết nhu cầu)",
    ),
}


def condition(text: str) -> Condition:
    words = {**FIELDS, **catalog.RESULTS}
    return parse(text, fields={name: word.type for name, word in words.items()}, activities=catalog.ACTIVITIES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", SAID)
def test_a_condition_reads_as_a_sentence(text: str, language: str):
    assert sentence(condition(text), language, FIELDS) == SAID[text][LANGUAGES.index(language)]


def test_english_is_the_default_and_text_keeps_the_spelling_of_the_file():
    assert sentence(condition("city = 'Nha Trang' and industry in [IT, Real Estate]")) == (
        "city is Nha Trang and industry is IT or Real Estate"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_brackets_keep_the_meaning(language: str):
    texts = ["email and (phone or city)", "(email and phone) or city", "not (email and phone)", "not email and phone"]
    assert len({sentence(condition(text), language) for text in texts}) == len(texts)
