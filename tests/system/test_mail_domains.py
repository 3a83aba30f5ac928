"""What the DNS says of a domain, asked of a real server over real sockets."""

import threading
import time
from collections.abc import Iterator

import dns.resolver
import pytest
from dns_server import DnsServer
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.enrich import mail_domains
from leadsync.enrich.mail_domains import Found, Resolver, judged
from leadsync.errors import UserError

HERE = {"A": ["192.0.2.1"]}
ZONE = {
    "firm.example": {"MX": ["10 mx.firm.example."]},
    "mx.firm.example": HERE,
    "six.example": {"MX": ["10 mx6.example."]},
    "mx6.example": {"AAAA": ["2001:db8::1"]},
    "second.example": {"MX": ["20 mx.firm.example.", "10 gone.example."]},
    "null.example": {"MX": ["0 ."]},
    "own.example": HERE,
    "own6.example": {"AAAA": ["2001:db8::1"]},
    "bare.example": {"TXT": ['"nothing here"']},
    "nowhere.example": {"MX": ["10 gone.example.", "20 bare.example."]},
    "maybe.example": {"MX": ["10 gone.example.", "20 lame.example."]},
    "lame.example": "servfail",
    "refusing.example": "refused",
    "garbled.example": "garbage",
    "foreign.example": "foreign",
    "xn--bcher-kva.example": {"MX": ["10 mx.firm.example."]},
    "xn--80abaqnbpf2a4b.xn--p1ai": {"MX": ["10 mx.firm.example."]},
    "many.example": {"MX": [f"{n} server-number-{n}.firm.example." for n in range(5, 400)] + ["1 mx.firm.example."]},
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as found:
        yield found


@pytest.fixture
def resolver(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Resolver:
    monkeypatch.setattr(mail_domains, "_ONE_TRY", 0.4)
    monkeypatch.setattr(mail_domains, "_ONE_QUESTION", 1.0)
    return Resolver(("127.0.0.1", server.port))


@pytest.mark.parametrize(
    ("domain", "answer"),
    [
        ("firm.example", "takes_mail"),
        ("six.example", "takes_mail"),
        ("second.example", "takes_mail"),
        ("null.example", "takes_none"),
        ("own.example", "address"),
        ("own6.example", "address"),
        ("bare.example", "no_server"),
        ("nowhere.example", "no_server"),
        ("maybe.example", "silent"),
        ("missing.example", "no_domain"),
        ("lame.example", "silent"),
        ("refusing.example", "silent"),
        ("garbled.example", "silent"),
        ("foreign.example", "silent"),
        ("bücher.example", "takes_mail"),
        ("библиотека.рф", "takes_mail"),
        ("a..example", "no_domain"),
        ("x" * 64 + ".example", "no_domain"),
        ("\ud800.example", "no_domain"),
    ],
)
def test_what_a_domain_says(resolver: Resolver, domain: str, answer: str) -> None:
    assert resolver.answer(domain) == answer


def test_what_does_not_fit_a_packet_is_asked_for_over_tcp(server: DnsServer) -> None:
    resolver = Resolver(("127.0.0.1", server.port))
    assert resolver.answer("many.example") == "takes_mail"
    assert server.over_tcp["many.example"] == 1
    assert "server-number-399.firm.example" not in server.asked


def test_an_answer_that_never_is_whole_is_none(resolver: Resolver, server: DnsServer) -> None:
    server.zone["endless.example"] = "endless"
    assert resolver.answer("endless.example") == "silent"
    assert server.asked["endless.example"] <= 20


def test_a_server_that_is_silent_costs_a_bounded_time(resolver: Resolver, server: DnsServer) -> None:
    server.zone["silent.example"] = "silent"
    server.zone["slow.example"] = {"MX": [f"{n} silent.example." for n in range(30)]}
    started = time.monotonic()
    assert resolver.answer("silent.example") == "silent"
    assert resolver.answer("slow.example") == "silent"
    assert time.monotonic() - started < 20
    assert server.asked["silent.example"] <= 40


def test_the_time_for_a_domain_is_bounded_whatever_it_names(server: DnsServer) -> None:
    now = iter(range(0, 1000, 7))  # each look at the clock costs seven seconds
    resolver = Resolver(("127.0.0.1", server.port), clock=lambda: float(next(now)))
    assert resolver.answer("nowhere.example") == "silent"


def test_nothing_is_asked_once_it_is_to_stop(resolver: Resolver, server: DnsServer) -> None:
    before = server.asked.total()
    assert resolver.answer("firm.example", lambda: True) == "silent"
    assert server.asked.total() == before


def test_mail_servers_of_many_domains_are_asked_for_once(resolver: Resolver, server: DnsServer) -> None:
    server.zone |= {f"tenant{n}.example": {"MX": ["10 mx.shared.example."]} for n in range(20)}
    server.zone["mx.shared.example"] = HERE
    threads = [threading.Thread(target=resolver.answer, args=(f"tenant{n}.example",)) for n in range(1, 20)]
    assert resolver.answer("tenant0.example") == "takes_mail"
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked["mx.shared.example"] == 1


def test_whether_anybody_answers() -> None:
    with DnsServer({"*": "refused"}) as server:
        assert "REFUSED" in Resolver(("127.0.0.1", server.port)).trouble()
        server.zone = {}
        assert Resolver(("127.0.0.1", server.port)).trouble() == ""


def test_nobody_listens(resolver: Resolver) -> None:
    with DnsServer() as server:
        port = server.port
    resolver = Resolver(("127.0.0.1", port))
    assert resolver.answer("firm.example") == "silent"
    assert resolver.trouble()


def test_a_machine_without_a_resolver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: dns.resolver.Resolver, *_: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", none)
    with pytest.raises(UserError, match="no DNS resolver"):
        Resolver()


FOUND = st.one_of(st.just("no_domain"), st.just("silent"), st.lists(st.sampled_from([".", "a.", "b."])).map(tuple))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(["d", "a.", "b."]), st.sampled_from(["MX", "A", "AAAA"])), FOUND))
def test_a_domain_takes_mail_only_where_a_server_of_it_has_an_address(zone: dict[tuple[str, str], Found]) -> None:
    answer = judged("d", lambda name, kind: zone.get((name, kind), ()))

    def has(name: str) -> bool:
        return any(isinstance(zone.get((name, kind)), tuple) and bool(zone[name, kind]) for kind in ("A", "AAAA"))

    servers = zone.get(("d", "MX"), ())
    if answer == "takes_mail":
        assert any(has(server) for server in servers)
    elif answer == "address":
        assert servers == ()
        assert has("d")
    elif answer == "takes_none":
        assert set(servers) == {"."}
    elif answer in ("no_domain", "no_server"):
        assert not any(
            has(server) and zone.get((server, "A")) != "no_domain" for server in servers[:1] if server != "."
        )
