"""Whose a web address is."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mappings
from leadsync.config import document
from leadsync.core.facts.domains import host, own_domain, registrable

SHARED = frozenset(
    document.load(Path(mappings.__file__).parent / "facts" / "companies.yaml").data["shared_hosts"],
)


@pytest.mark.parametrize(
    ("text", "found", "domain"),
    [("firma.pl", "firma.pl", "firma.pl"), ("WWW.Firma.PL", "www.firma.pl", "firma.pl"),
     ("https://www.firma.com.pl:8080/a?b=c#d", "www.firma.com.pl", "firma.com.pl"),
     ("http://user:word@sklep.firma.pl/", "sklep.firma.pl", "firma.pl"), ("firma.pl.", "firma.pl", "firma.pl"),
     ("//firma.pl/x", "firma.pl", "firma.pl"), ("mailto:ann@firma.pl", "firma.pl", "firma.pl"),
     ("ann@firma.pl", "firma.pl", "firma.pl"), ("http:/firma.pl", "firma.pl", "firma.pl"),
     ("http//firma.pl", "firma.pl", "firma.pl"), ("https:\\\\firma.pl\\x", "firma.pl", "firma.pl"),
     ("firma.pl?utm=1", "firma.pl", "firma.pl"), ("www.firma.pl, www.inna.pl", "www.firma.pl", "firma.pl"),
     ("firma.co.uk", "firma.co.uk", "firma.co.uk"), ("a.b.firma.edu.vn", "a.b.firma.edu.vn", "firma.edu.vn"),
     ("www.firma.msk.ru", "www.firma.msk.ru", "firma.msk.ru"),
     ("http://xn--e1afmkfd.xn--p1ai/", "пример.рф", "пример.рф"),
     ("ПРИМЕР.РФ", "пример.рф", "пример.рф"), ("żółć.pl", "żółć.pl", "żółć.pl"),
     ("ايران.ایران", "ايران.ایران", "ايران.ایران"),
     ("firma。pl", "firma.pl", "firma.pl"), ("acme.example", "acme.example", "acme.example"),
     ("www.acme.example", "www.acme.example", "acme.example"),
     ("com.pl", "com.pl", ""), ("firma.con", "firma.con", ""), ("Sp. z o.o.", "", ""), ("S.A.", "s.a", ""),
     ("192.168.0.1", "", ""), ("http://10.0.0.1:80/", "", ""), ("[::1]", "", ""), ("http://[2001:db8::1]:80/", "", ""),
     ("localhost:3000", "", ""), ("example", "", ""), (".example", "", ""), ("srv.local", "srv.local", ""),
     ("", "", ""),
     ("n/a", "", ""), ("-", "", ""), ("http://", "", ""), ("firma..pl", "", ""), ("-a.pl", "", ""), ("a_b.pl", "", ""),
     ("xn--a\ud800.pl", "", ""), ("a" * 64 + ".pl", "", ""), (".".join(["a"] * 130) + ".pl", "", "")],
)  # fmt: skip
def test_hosts_and_who_registered_them(text: str, found: str, domain: str) -> None:
    assert (host(text), own_domain(text, ())) == (found, domain)


@pytest.mark.parametrize(
    "text",
    ["https://www.linkedin.com/in/ann", "pl.linkedin.com/company/x", "facebook.com/firma", "https://t.me/firma",
     "instagram.com/firma", "vk.com/firma", "zalo.me/0901", "firma.wordpress.com", "firma.wixsite.com/home",
     "firma.github.io",
     "firma.blogspot.com", "firma.myshopify.com", "sites.google.com/view/firma", "firma.ucoz.ru", "firma.blogfa.com",
     "https://allegro.pl/uzytkownik/firma", "aparat.com/firma"],
)  # fmt: skip
def test_a_page_on_a_shared_site_is_no_companys_domain(text: str) -> None:
    assert own_domain(text, SHARED) == ""


@pytest.mark.parametrize("text", ["notlinkedin.com", "mywordpress.com.pl", "at.me", "x.com.pl"])
def test_a_name_that_only_ends_like_a_shared_one_is_a_companys(text: str) -> None:
    assert own_domain(text, SHARED) == text


ADDRESS = st.lists(
    st.one_of(st.sampled_from(["http://", "www.", "xn--", ".pl", "@", ":", "/", "。", "\u0301"]), st.text())
)


@given(ADDRESS.map("".join))
@example("@ /")
def test_any_text_may_be_asked_and_a_domain_is_its_own(text: str) -> None:
    found = host(text)
    assert len(found) <= 2000
    if domain := registrable(found):
        assert registrable(domain) == domain
        assert found == domain or found.endswith(f".{domain}")


@pytest.mark.parametrize(
    "text", ["a." * 50_000, "http://" * 20_000, "@" * 100_000, " " * 99_990 + "firma.pl", "١" * 100_000]
)
def test_of_a_long_text_only_the_beginning_is_read(text: str) -> None:
    assert host(text) == host(text[:2000]) == ""
