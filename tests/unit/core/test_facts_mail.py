"""What a mailbox says: what kind it is, whose company's, what a misspelt one was meant to be."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mappings
from leadsync.config import document
from leadsync.core.facts.mail import Mailbox, MailWords
from leadsync.testing.people import population
from leadsync.testing.people_work import FREE_MAIL

SHIPPED = document.load(Path(mappings.__file__).parent / "facts" / "mail.yaml").data
WORDS = MailWords(*(frozenset(SHIPPED[part]) for part in ("free", "disposable", "roles")))


def read(address: str, words: MailWords = WORDS) -> Mailbox:
    found = words.read(address)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "kind", "company"),
    [("ann@firma.pl", "work", "firma.pl"), ("ann@mail.firma.com.pl", "work", "firma.com.pl"),
     ("ivan@пример.рф", "work", "пример.рф"), ("reza@sherkat.co.ir", "work", "sherkat.co.ir"),
     ("an@congty.com.vn", "work", "congty.com.vn"), ("ann@acme.example", "work", "acme.example"),
     ("ann@firma.con", "unknown", ""), ("ann@gmail", "unknown", ""), ("ann@com.pl", "unknown", ""),
     ("ann@gmail.com", "free", ""), ("jan@poczta.onet.pl", "free", ""), ("jan@biuro.onet.pl", "free", ""),
     ("ivan@bk.ru", "free", ""), ("ann@duck.com", "free", ""), ("a@firma.onmicrosoft.com", "free", ""),
     ("reza@chmail.ir", "free", ""), ("an@hcm.vnn.vn", "free", ""),
     ("x@mailinator.com", "disposable", ""), ("info@eu.mailinator.com", "disposable", ""),
     ("info@firma.pl", "role", "firma.pl"), ("info@gmail.com", "role", "")],
)  # fmt: skip
def test_the_kind_of_a_mailbox_and_its_company(address: str, kind: str, company: str) -> None:
    assert (read(address).kind, read(address).company) == (kind, company)


ROLES = (
    "info sales office contact hello support admin hr jobs no-reply noreply contact-us sales-team sales1 info2 info.pl "
    "export.eu webmaster postmaster accounts it biuro kontakt sklep sekretariat ksiegowosc dzial.handlowy zamowienia "
    "kadry faktury oferty obsluga.klienta zakaz zakupki priemnaya otdel.prodazh buhgalteria office1 opt "
    "snab инфо продажи заказ закупки forosh foroosh tamas poshtibani modiriat kharid فروش پشتیبانی lienhe kinhdoanh "
    "tuyendung ketoan hotro cskh baogia van-phong info+lead"
)
PEOPLE = (
    "ann a.kowalska jan.nowak office.ann infomir sales.j.smith ivan.zakazov marketa reza.forushani hr.nguyen an.vi "
    "adminski mr.it biuro.jan 123 ivan2 linh.vi.tran hoa.kinh info-anna buhler press.ley postnik salesh"
)


@pytest.mark.parametrize("user", ROLES.split())
def test_mailboxes_of_several_people(user: str) -> None:
    assert read(f"{user}@firma.pl").kind == "role"


@pytest.mark.parametrize("user", PEOPLE.split())
def test_mailboxes_of_one_person(user: str) -> None:
    assert read(f"{user}@firma.pl").kind == "work"


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("gmial.com", "gmail.com"), ("gmai.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmail.co", "gmail.com"),
     ("gmaill.com", "gmail.com"), ("gnail.com", "gmail.com"), ("gmail.cmo", "gmail.com"), ("gamil.com", "gmail.com"),
     ("gmailcom", "gmail.com"), ("hotmial.com", "hotmail.com"), ("hotmal.com", "hotmail.com"),
     ("outlok.com", "outlook.com"),
     ("outlook.cm", "outlook.com"), ("yaho.com", "yahoo.com"), ("yahooo.com", "yahoo.com"), ("yahoo.comm", "yahoo.com"),
     ("icoud.com", "icloud.com"), ("protonmial.com", "protonmail.com"), ("yadex.ru", "yandex.ru"),
     ("yandex.rru", "yandex.ru"), ("ramber.ru", "rambler.ru"), ("wp.lp", "wp.pl"), ("onet.lp", "onet.pl"),
     ("interia.ppl", "interia.pl"), ("mail.ur", "mail.ru"), ("mail.ruu", "mail.ru"), ("yahoo.com.vm", "yahoo.com.vn"),
     ("mihanmail.ri", "mihanmail.ir"), ("gmail.comm", "gmail.com"), ("mgail.com", "gmail.com")],
)  # fmt: skip
def test_misspelt_domains(domain: str, meant: str) -> None:
    assert read(f"ann.b@{domain}") == ("misspelt", domain, read(f"ann.b@{meant}").key, "", f"ann.b@{meant}")


REAL = (
    "mail.com ymail.com email.com gmx.com me.com live.com grail.com vp.pl sp.pl onet.eu interia.eu gazela.pl intera.pl "
    "mai.ru mial.ru gmail.ru yandex.eu yahoo.gr hotmail.gr inbox.lv inbox.com qmail.com zmail.com cloud.com outlook.de "
    "list.com web.com goo.com gmailer.org look.com boutlook.com hotel.com tlen.eu vnn.com ya.com"
)


@pytest.mark.parametrize("domain", REAL.split())
def test_real_domains_are_not_misspelt(domain: str) -> None:
    assert read(f"ann@{domain}").suggestion == ""


def test_no_shipped_domain_is_misspelt_or_of_two_kinds() -> None:
    assert {read(f"ann@{domain}").kind for domain in WORDS.free} == {"free"}
    assert {read(f"ann@{domain}").kind for domain in WORDS.disposable} == {"disposable"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("ann.b@gmail.com", "annb+news@googlemail.com", True), ("ann+x@firma.pl", "ann@firma.pl", True),
     ("a.b@ya.ru", "a-b@yandex.com", True), ("ann@pm.me", "a.nn@protonmail.com", True),
     ("ann@gmial.com", "ann@gmail.com", True), ("a.b@firma.pl", "ab@firma.pl", False),
     ("ann@outlook.com", "ann@hotmail.com", False), ("+x@firma.pl", "+y@firma.pl", False),
     ("...@gmail.com", "....@gmail.com", False)],
)  # fmt: skip
def test_one_mailbox_has_one_key(one: str, other: str, same: bool) -> None:
    assert (read(one).key == read(other).key) is same


@pytest.mark.parametrize("text", ["", "@", "ann", "@firma.pl", "ann@", "a@b@c.pl", "a" * 250 + "@b.pl", "@" * 100_000])
def test_what_is_no_address_says_nothing(text: str) -> None:
    assert WORDS.read(text) is None


@given(st.one_of(st.text(), st.builds("{}@{}".format, st.text("ab.+-_1é\u200c", max_size=12), st.text("gmail.cox-"))))
def test_any_text_may_be_asked_and_a_key_is_its_own(text: str) -> None:
    if (found := WORDS.read(text)) and (again := WORDS.read(found.key)):
        assert again.key == found.key


def test_made_up_people_in_five_locales() -> None:
    words = MailWords(WORDS.free | set(FREE_MAIL), WORDS.disposable, WORDS.roles)
    cards = [card for card in population(7, 3000, 0, date(2026, 1, 1)).cards if card.email]
    for card in cards:
        found, domain = read(card.email, words), card.email.partition("@")[2]
        assert found == (
            ("free", domain, card.email, "", "")
            if domain in FREE_MAIL
            else ("work", domain, card.email, card.company and card.company.domain, "")
        )
    assert len({card.locale for card in cards}) == 5
