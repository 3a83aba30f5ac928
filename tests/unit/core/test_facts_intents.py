from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mappings
from leadsync.core.facts.intents import Intents, intents, own_words
from leadsync.core.facts.phrases import Phrases

TABLE = yaml.safe_load((Path(mappings.__file__).parent / "facts" / "words.yaml").read_text(encoding="utf-8"))
SHIPPED = intents(TABLE)
TAGS = {"price", "delivery", "demo", "quote", "support", "job"}

CASES = """
price: What is the price?; Pricing; PRICE LIST; How much does the basic plan cost; how much is it;
  prices for 20 users; Any discounts for schools?; Ile kosztuje abonament?; cennik; O cenie porozmawiamy jutro;
  ceny hurtowe; Jakie są koszty wdrożenia?; proszę o cenę; rabaty; Po ile jest?; pytanie o cenę; CENY;
  ile zaplace za 10 sztuk; Сколько стоит лицензия?; цена; вышлите прайс; Интересует стоимость; по ценам;
  уточнить цену; какие тарифы; скидки есть?; прайс-лист; قیمت محصول چقدر است؟; لطفا قيمت را اعلام کنید; هزینه نصب;
  هزینه‌ها; لیست قیمت; تعرفه‌ها; تخفیف دارید؟; Giá bao nhiêu?; Cho mình hỏi giá; bảng giá; giá;
  Chi phí triển khai; bang gia 2025; giá sỉ; xin giá tốt; bao nhiêu tiền; xin giá
delivery: Do you deliver to Norway?; Delivery time; shipping; When will it be delivered; lead times;
  can you ship to Oslo; Jaki jest czas dostawy?; dostawa do Gdańska; termin realizacji; wysyłka;
  kiedy dostarczycie? dostarczenie pod adres; Сроки доставки; есть доставка?; когда отгрузите; срок поставки;
  доставите в Казань?; زمان تحویل; تحویل فوری; حمل و نقل; ارسال کالا; نحوه ارسال; Giao hàng;
  bao giờ giao hàng được; thời gian giao; vận chuyển; giao hang tan noi
demo: Can I get a demo?; Product demo; Book a demonstration; product tour; demo request; Prezentacja systemu;
  umówić demo; chcę się umówić na prezentację; demo; демонстрация; хотим демо; покажите систему;
  презентация продукта; درخواست دمو; دموی محصول; نسخه نمایشی; Đặt lịch demo; bản demo; trình diễn sản phẩm
quote: Please send a quotation; RFQ 2025-11; Request for proposal; a quote for 5 seats; commercial offer;
  Proszę o ofertę; Zapytanie ofertowe; wycena; Wyceny dla trzech oddziałów; przesłać ofertę; kosztorys;
  коммерческое предложение; Пришлите КП; составить смету; счёт на оплату; درخواست پیش‌فاکتور; پیش فاکتور;
  پیشفاکتور; پروفرما; dự toán
price quote: Yêu cầu báo giá; báo giá; bao gia; Quote and price list; Oferta i cennik;
  Рассчитайте стоимость: цена и смета; استعلام قیمت; chào giá; cost estimate; cennik oraz wycena; КП и прайс
price delivery: Asked about price and delivery; cena i dostawa; цена с доставкой; قیمت و زمان تحویل;
  giá và vận chuyển; هزینه ارسال; phí ship và giá; delivery cost
support: The export is not working; It doesn't work; I can’t log in; error 500; support ticket;
  please reset my password; Nie działa logowanie; zgłaszam błąd; awaria; mam problem z fakturą; reklamacja;
  usterka; не работает вход; ошибка при оплате; техподдержка; не могу войти; технической поддержки; сбой;
  کار نمی‌کند; برنامه کار نمیکند; خطا در ورود; پشتیبانی فنی; خراب شده; bị lỗi; lỗi; phần mềm không hoạt động;
  không đăng nhập được; hỗ trợ kỹ thuật; sự cố
job: My CV is attached; CV; apply for the position; I am applying for this role; job application;
  looking for a new job; are you hiring?; internship; Szukam pracy; oferta pracy; list motywacyjny;
  Rekrutacja na stanowisko; aplikuję na stanowisko; poszukuję stażu; резюме; Вакансии; ищу работу; собеседование;
  соискатель; رزومه; ارسال رزومه; استخدام; فرصت‌های شغلی; جویای کار; Ứng tuyển; xin việc; tuyển dụng; tim viec;
  hồ sơ xin việc; việc làm
-: Hello; thank you for the meeting; Your question; Requirements and budget; Getting started; Product news;
  Buyer's guide; Mailbox unknown; /news; Re: Your question; Dzień dobry, dziękuję za spotkanie; centrum Warszawy;
  cenna uwaga; cenimy współpracę; ważny dostawca; w ofercie macie filtry?; oferta współpracy; ценный опыт;
  добрый день; поставщик стали; работа идёт; سلام; با تشکر; ارسال کنید; Xin chào; tham gia sự kiện; gia đình;
  đánh giá sản phẩm; giá trị cốt lõi; quốc gia; chuyên gia; cô giáo; loi; gia; chuyên gia của quốc gia;
  tham gia thế nào; xin gia hạn; đủ toàn bộ; at no cost; cost-effective; Delivery Status Notification (Failure);
  Mail delivery failed; resume the project; democracy; supportive team; I support this; low-cost carrier;
  bug tracker; trial and error; error-free; delivery manager; cv joints; costume; 😀
"""
"""What is written, by what it is about; `-` is nothing of it."""
ROWS = [
    (text.strip(), frozenset(tags.replace("-", "").split()))
    for tags, texts in (line.split(": ", 1) for line in CASES.replace("\n  ", " ").strip().splitlines())
    for text in texts.split("; ")
]


@pytest.mark.parametrize(("text", "tags"), ROWS)
def test_what_a_text_is_about(text: str, tags: frozenset[str]) -> None:
    assert SHIPPED.tags(text) == tags


def test_the_table_has_each_tag_and_enough_of_them() -> None:
    assert set(TABLE["intents"]) == {*TAGS, "nothing"}
    assert len(ROWS) >= 200


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes please.\nOn Mon, 3 Nov 2025 at 10:12, Ann Lee <ann@firm.example> wrote:\n> the price?", "Yes please."),
        ("Tak.\nOn Mon, 3 Nov 2025 at 10:12, Ann Lee\n<ann@firm.example> wrote:\n price", "Tak."),
        ("Yes. On Mon, 3 Nov 2025 Ann wrote: the price", "Yes."),
        ("Tak.\nOd: Ann Lee <ann@firm.example>\nWysłano: wtorek\nTemat: cennik", "Tak."),
        ("Tak.\nOd: Ann Lee\nData: 3.11.2025\nTemat: cennik", "Tak."),
        ("Да.\nОт: Ann Lee\nДата: вторник\nТема: цена", "Да."),
        ("بله\nاز: Ann\nتاریخ: دوشنبه\nموضوع: قیمت", "بله"),
        ("Vâng.\nTừ: ann@firm.example\nChủ đề: báo giá", "Vâng."),
        ("Tak.\nW dniu 3 lis 2025 o 10:12 Ann Lee napisał(a):\nile kosztuje?", "Tak."),
        ("Да.\nпн, 3 нояб. 2025 г. в 10:12, Ann Lee <ann@firm.example> пишет:\nцена?", "Да."),
        ("Vâng.\nVào Th 2, 3 thg 11, 2025 Ann Lee đã viết:\nbáo giá", "Vâng."),
        ("بله\nدر تاریخ دوشنبه ۳ نوامبر Ann نوشت:\nقیمت", "بله"),
        ("Yes.\n-----Original Message-----\nprice", "Yes."),
        ("Yes.\n________________________________\nprice", "Yes."),
        ("> what is the price?\nYes.\n > and delivery?", "Yes."),
        ("Yes.\n-- \nAnn, Pricing Manager", "Yes."),
        ("Yes.\nBest regards,\nAnn Lee\nTechnical Support", "Yes."),
        ("Tak.\nPozdrawiam\nJan, dział wycen", "Tak."),
        ("Да.\nС уважением,\nтехподдержка", "Да."),
        ("بله\nبا احترام\nپشتیبانی فنی", "بله"),
        ("Vâng.\nTrân trọng,\nphòng báo giá", "Vâng."),
        ("Yes. Kind regards, Ann, Recruiting, my CV", "Yes."),
        ("Yes.\nSent from my iPhone. Error", "Yes."),
        ("Yes.\nThis e-mail and its attachments are confidential. Errors in delivery", "Yes."),
        ("Tak.\nTreść tej wiadomości jest poufna. Błąd w dostawie", "Tak."),
        ("Да.\nДанное сообщение является конфиденциальным. Ошибка", "Да."),
        ("با احترام، قیمت را اعلام کنید", "با احترام، قیمت را اعلام کنید"),
        ("From: Oslo to Bergen", "From: Oslo to Bergen"),
        ("Need it soon\nFrom: Oslo\nMessage: how much?", "Need it soon\nFrom: Oslo\nMessage: how much?"),
        ("Best regards from me: what is the price?", "Best regards from me: what is the price?"),
        ("On Monday we wrote a quote", "On Monday we wrote a quote"),
    ],
)
def test_only_the_writers_own_words_are_read(text: str, own: str) -> None:
    assert own_words(text).strip() == own


def test_what_is_answered_to_says_nothing() -> None:
    assert (
        SHIPPED.tags("Thanks, we will think about it.\n\nOn Tue, 4 Nov 2025 Bob wrote:\n> our price list")
        == frozenset()
    )


def test_an_admins_table_adds_and_overrides() -> None:
    both = intents(TABLE, {"intents": {"lease": ["leasing*"], "nothing": ["cennik*"], "price": ["leasing*"]}})
    assert both.tags("Leasing maszyn, cennik") == {"lease", "price"}
    assert SHIPPED.tags("Leasing maszyn, cennik") == {"price"}


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert SHIPPED.tags(text) <= TAGS
    assert len(own_words(text)) <= len(text)


@given(st.sampled_from([text for text, _ in ROWS]), st.sampled_from(["\n", " ", ".\n\n", "\u200f "]))
def test_space_and_letter_case_change_nothing(text: str, around: str) -> None:
    assert SHIPPED.tags(around + text.upper() + around) == SHIPPED.tags(text.upper())


class _Counted(frozenset[str]):
    """Beginnings of words, which count how many words are looked at."""

    asked = 0

    def __contains__(self, word: object) -> bool:
        _Counted.asked += 1
        return super().__contains__(word)


ODD = [
    "price ",
    "On on ",
    "\n",
    "\n ",
    ">",
    "> \n",
    ". ",
    "a",
    "-",
    "_",
    "From: \n",
    "\u202e",
    "\x00",
    "ữ",
    "قیمت‌",
    "apply for ",
]


@pytest.mark.parametrize("odd", ODD)
def test_a_long_text_costs_no_more_than_its_start(odd: str) -> None:
    table = Intents(Phrases(SHIPPED.phrases.root, _Counted(SHIPPED.phrases.heads)))
    _Counted.asked = 0
    table.tags(odd * 100_000)
    assert _Counted.asked <= 4_000


def test_what_stands_behind_the_first_page_is_not_read() -> None:
    assert SHIPPED.tags("." * 4_000 + " price") == frozenset()
    assert SHIPPED.tags("." * 3_000 + " price") == {"price"}
