from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mappings
from leadsync.core.facts.phrases import WrongWords
from leadsync.core.facts.sources import INITIATIVES, Sources, sources
from leadsync.testing.people import population

TABLE = yaml.safe_load((Path(mappings.__file__).parent / "facts" / "words.yaml").read_text(encoding="utf-8"))
SHIPPED = sources(TABLE)
KINDS = (
    "advert", "referral", "bought_list", "event", "inbound_content", "social", "mobile", "landing_page", "directory",
    "press", "seo", "white_paper", "blog", "direct_mail", "telemarketing", "email_campaign", "survey", "marketplace",
    "paid_search", "print", "tv", "radio", "outdoor", "partner", "walk_in", "offline",
)  # fmt: skip

CASES = """
paid_search: Google Ads; google adwords; PPC; PAID_SEARCH; Paid Search; Bing Ads; Яндекс.Директ;
  Контекстная реклама; Reklama w Google; linki sponsorowane; تبلیغات گوگل; quảng cáo Google;
  utm_source=google&utm_medium=cpc&utm_campaign=spring
advert: advert; Advertisement; Display Ads; Facebook Ads; Meta ads; PAID_SOCIAL; LinkedIn Lead Ads; реклама;
  Реклама ВК; Таргетированная реклама; reklama; Reklama na Facebooku; baner reklamowy; تبلیغات; تبلیغات اینستاگرام;
  آگهی; quảng cáo; Quảng cáo Facebook; ?utm_source=facebook&utm_medium=cpc; utm_medium=cpc&utm_source=linkedin;
  Banner Ad
referral: referral; Referral; Employee Referral; External Referral; Partner Referral; Word of mouth;
  Customer referral; Customer referrals; recommended by a client; referred by our partner; Polecenie klienta;
  z polecenia; Rekomendacja; znajomy; Рекомендация; по рекомендации друга; сарафанное радио; معرفی دوستان;
  معرفی مشتری; معرف; دهان به دهان; giới thiệu; Bạn bè giới thiệu; khách hàng giới thiệu; truyen mieng;
  polecenie dostawcy
bought_list: bought list; Purchased List; purchased leads; Imported list; kupiona baza; Baza zakupiona 2024;
  List import; third-party list; Data provider; baza zaimportowana; import listy; импортированный список; импорт базы;
  لیست وارداتی; danh sách nhập; Купленная база; купленный список; لیست خریداری شده; لیست خریداری‌شده;
  Danh sách mua; ZoomInfo; Cold list
event: Trade Show; trade fair; Webinar; Webinars 2025; Conference; Seminar - Partner; Seminar - Internal;
  targi Warszawa 2025; Targi; konferencja; szkolenie; Выставка; выставка Металл-Экспо 2025; конференция; вебинар;
  نمایشگاه; نمایشگاه بین‌المللی تهران; همايش; وبینار; Hội chợ; hoi cho; Triển lãm VietBuild; hội thảo; sự kiện;
  Partner webinar
inbound_content: e-book; Ebook download; Case study; Content Marketing; lead magnet; poradnik PDF;
  материалы: чек-лист; контент-маркетинг; کتاب الکترونیکی; دانلود کاتالوگ محتوا; tải tài liệu; sách điện tử;
  inbound content
social: SOCIAL_MEDIA; Social media; LinkedIn; facebook; Instagram; Facebook page; соцсети; ВКонтакте;
  Телеграм-канал; media społecznościowe; شبکه‌های اجتماعی; شبکه های اجتماعي; اینستاگرام; mạng xã hội; Zalo; Fanpage;
  utm_medium=social
mobile: mobile app; SMS; sms campaign; aplikacja mobilna; мобильное приложение; پیامک; ứng dụng di động
landing_page: landing page; Web; Website; Contact Form; Strona WWW; formularz kontaktowy; лендинг; сайт;
  Заявка с сайта; وب‌سایت; وب سایت; فرم تماس; trang web; Trang đích
directory: Business directory; Yellow Pages; Panorama Firm; katalog firm; 2ГИС; Яндекс Карты; بانک مشاغل;
  Trang vàng; danh bạ doanh nghiệp; Google Maps; Capterra
press: press; Public Relations; PR; Press release; artykuł prasowy; prasa; СМИ; статья в журнале; مطبوعات; báo chí
seo: ORGANIC_SEARCH; organic search; SEO; Google; Google search; wyszukiwarka; Wyszukiwarka Google; поиск в Яндексе;
  Органический трафик; гугл; گوگل; جستجوی گوگل; سئو; tìm kiếm Google; Tìm kiếm tự nhiên;
  utm_source=google&utm_medium=organic
white_paper: White paper; whitepaper download; biała księga; sách trắng
blog: blog; Blog post; wpis na blogu; блог; وبلاگ; bài viết blog
direct_mail: direct mail; Direct Mailing; poczta tradycyjna; почтовая рассылка; پست مستقیم; thư trực tiếp
telemarketing: telemarketing; Cold call; cold calling; zimne telefony; холодный звонок; обзвон базы;
  بازاریابی تلفنی; tiếp thị qua điện thoại
email_campaign: EMAIL_MARKETING; e-mail campaign; Newsletter; mailing; kampania mailingowa; рассылка;
  Email-рассылка; خبرنامه; ایمیل مارکتینگ; chiến dịch email; utm_source=hs&utm_medium=email
survey: survey; ankieta; опрос; نظرسنجی; Khảo sát khách hàng
marketplace: marketplace; Allegro; OLX; ogłoszenie; Авито; маркетплейс; دیوار; Shopee; sàn thương mại điện tử;
  Chợ Tốt
print: print; newspaper ad; magazine; ulotka; reklama w prasie; газета; журнал «Станки»; روزنامه; tờ rơi; tạp chí
tv: TV; telewizja; реклама на ТВ; تلویزیون; truyền hình; quảng cáo truyền hình
radio: radio; Radio advert; reklama w radiu; радио; رادیو; đài phát thanh
outdoor: billboard; Outdoor; наружная реклама; plakat; بیلبورد; quảng cáo ngoài trời
partner: partner; Reseller; Channel Partner; affiliate; program partnerski; партнёр; Партнерская программа;
  نمایندگی; đối tác; đại lý
walk_in: walk-in; Walk in; Showroom visit; wizyta w salonie; визит в офис; مراجعه حضوری; khách vãng lai;
  khách ghé cửa hàng
offline: OFFLINE; Offline Sources; офлайн
-: Other; other; -; n/a; x; 42; 2025; DIRECT_TRAFFIC; REFERRALS; AI_REFERRALS; OTHER_CAMPAIGNS; Import; unknown;
  Anna; Inne; Другое; سایر; Khác; ad hoc; Google Drive; Facebook / targi; LinkedIn, выставка; Job fair; targi pracy;
  phone; Phone Inquiry; email; crm; baza danych; utm_medium=referral; mediana; radiologia; blogosphere?;
  targetowanie?
"""
"""What people and CRMs write, by kind; `-` is none."""
ROWS = [
    (text.strip(), kind.strip("-"))
    for kind, texts in (line.split(": ", 1) for line in CASES.replace("\n  ", " ").strip().splitlines())
    for text in texts.split("; ")
]


@pytest.mark.parametrize(("text", "kind"), ROWS)
def test_what_is_written_for_a_source(text: str, kind: str) -> None:
    assert SHIPPED.kind(text) == kind


def test_the_table_has_each_kind_and_enough_of_them() -> None:
    assert set(TABLE["sources"]) == {*KINDS, "nothing"}
    assert len(ROWS) >= 250
    assert min(Counter(kind for _, kind in ROWS).values()) >= 3


@pytest.mark.parametrize(
    ("kind", "initiative"),
    [("event", "inbound"), ("telemarketing", "outbound"), ("bought_list", "third_party"), ("offline", ""), ("", "")],
)
def test_whose_first_step_a_kind_is(kind: str, initiative: str) -> None:
    assert SHIPPED.initiative(kind) == initiative


def test_kinds_with_an_initiative_are_kinds() -> None:
    listed = [kind for kinds in TABLE["initiatives"].values() for kind in kinds]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(KINDS)
    assert tuple(TABLE["initiatives"]) == INITIATIVES


@pytest.mark.parametrize(
    ("source", "campaign", "kind"),
    [
        ("", "spring?utm_source=google&utm_medium=cpc", "paid_search"),
        ("Other", "UTM_Medium=Email&utm_campaign=may", "email_campaign"),
        ("Trade show", "utm_medium=email", "event"),  # what is said of the source itself counts first
        ("", "Targi 2025", ""),  # a campaign's name is no source
        ("Other", "", ""),
    ],
)
def test_a_campaign_tells_by_its_parameters(source: str, campaign: str, kind: str) -> None:
    assert SHIPPED.kind(source, campaign) == kind


def test_made_up_people_have_the_kind_that_their_source_is() -> None:
    meant = {
        "advert": "advert", "webinar": "event", "referral": "referral", "trade fair": "event", "organic search": "seo",
        "paid search": "paid_search", "social media": "social", "bought list": "bought_list",
        "e-mail campaign": "email_campaign", "landing page": "landing_page", "partner": "partner", "walk-in": "walk_in",
    }  # fmt: skip
    found = {card.source: SHIPPED.kind(card.source) for card in population(1, 500, 0, date(2026, 11, 21)).cards}
    assert found == meant


def test_an_admins_table_adds_and_overrides() -> None:
    mine = {
        "sources": {
            "event": ["Metal Days"],
            "press": ["newsletter*"],
            "nothing": ["blog"],
            "guild": ["guild of mills"],
        },
        "initiatives": {"inbound": ["guild"], "outbound": ["event"]},
    }
    both = sources(TABLE, mine)
    assert [both.kind(text) for text in ("METAL-days '25", "Newsletter May", "blog", "Guild of Mills", "targi")] == [
        "event", "press", "", "guild", "event",
    ]  # fmt: skip
    assert (both.initiative("guild"), both.initiative("event"), both.initiative("seo")) == (
        "inbound",
        "outbound",
        "inbound",
    )
    assert SHIPPED.kind("blog") == "blog"


def test_everything_that_is_wrong_is_told_with_its_place() -> None:
    wrong = {
        "sources": {"event": ["fair", "a*", "—", 7, "b c d e f g h i j"], "press": ["Fair"], "tv": "telly"},
        "initiatives": {"inbound": ["evnt"], "sideways": ["event"], "outbound": "event"},
        "vague": ["ad"],
    }
    with pytest.raises(WrongWords) as error:
        sources({}, wrong)
    assert [(nth, fault.loc, fault.what) for nth, fault in error.value.faults] == [
        (1, ("sources", "event", 1), "'a*' is short of letters"),
        (1, ("sources", "event", 2), "'—' has no letters"),
        (1, ("sources", "event", 3), "expected text"),
        (1, ("sources", "event", 4), "'b c d e f g h i j' is too long"),
        (1, ("sources", "press", 0), "'Fair' stands under 'event' and 'press'"),
        (1, ("sources", "tv"), "tv: expected a list"),
        (1, ("vague", 0), "unknown kind of source 'ad'"),
        (1, ("initiatives", "inbound", 0), "unknown kind of source 'evnt'"),
        (1, ("initiatives", "sideways"), "unknown initiative 'sideways'"),
        (1, ("initiatives", "outbound"), "outbound: expected a list"),
    ]
    assert all(fault.fix for _, fault in error.value.faults)


@pytest.mark.parametrize(
    "table", [{}, {"sources": None}, {"sources": {"event": []}, "initiatives": None, "vague": None}]
)
def test_a_table_may_say_nothing(table: dict[str, object]) -> None:
    assert sources(table).kind("fair") == ""


@given(st.text(), st.text())
def test_no_text_raises(source: str, campaign: str) -> None:
    assert SHIPPED.kind(source, campaign) in {*KINDS, ""}


@pytest.mark.parametrize(
    "odd", ["\u202egoogle", "\x00", "a" * 10_000, "google " * 20_000, "\u0301" * 50_000, "ads\u200c" * 9999]
)
def test_a_long_or_odd_text_costs_no_more_than_its_start(odd: str) -> None:
    own = Sources(SHIPPED.phrases, SHIPPED.initiatives, SHIPPED.vague)  # with an empty memory
    assert own.kind(odd, odd) == own.kind(odd[:300], odd[:300])
