"""Whether a domain takes mail, asked of the DNS. Nothing but names of domains leaves the machine."""

import time
from collections.abc import Callable
from typing import Any, Literal

import dns.exception
import dns.flags
import dns.name
import dns.rdatatype
import dns.resolver

from leadsync.core.facts.mail_state import Answer
from leadsync.errors import UserError

_ONE_TRY = 2.0  # seconds that a server has for one packet
_ONE_QUESTION = 5.0  # seconds for all tries of a question, over TCP too
_ONE_DOMAIN = 12.0  # seconds for all questions about a domain
_SERVERS = 5  # mail servers of a domain that are looked at, the preferred ones first
_CACHED = 2000  # addresses kept in memory: thousands of domains share the mail servers of a few providers
Found = tuple[str, ...] | Literal["no_domain", "silent"]
"""What the DNS says of a name: its records, the best first; that there is no such name; nothing that can be used."""
Look = Callable[[str, Literal["MX", "A", "AAAA"]], Found]


class _Addresses(dns.resolver.LRUCache):
    """Keeps addresses only: that there is nothing would be kept for as long as a server likes, or for ever."""

    def put(self, key: Any, value: dns.resolver.Answer) -> None:
        """Keep it, if it is an address."""
        if value.rrset is not None and value.rdtype != dns.rdatatype.MX:
            super().put(key, value)


class Resolver:
    """Asks the DNS server at `server` (address, port), or those of the machine. Threads may share it.

    Raises `UserError` where the machine has none.
    """

    def __init__(self, server: tuple[str, int] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            self._dns = dns.resolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            fix = "write the address of a DNS server, such as `mail_check: 192.0.2.53:53`, or take the line out"
            raise UserError("this machine has no DNS resolver", fix=fix) from None
        if server is not None:
            self._dns.nameservers, self._dns.port = [server[0]], server[1]
        self._dns.timeout = _ONE_TRY
        self._dns.cache = _Addresses(_CACHED)
        self._clock = clock

    def answer(self, domain: str, stopped: Callable[[], bool] = lambda: False) -> Answer:
        """Whether this domain, in small letters and its own script, takes mail. No question is begun once `stopped`."""
        end = self._clock() + _ONE_DOMAIN
        return judged(domain, lambda name, kind: self._look(name, kind, 0 if stopped() else end - self._clock()))

    def trouble(self) -> str:
        """Why no question is answered, if none is."""
        try:
            self._dns.resolve(dns.name.root, "NS", search=False, raise_on_no_answer=False, lifetime=_ONE_QUESTION)
        except dns.resolver.NXDOMAIN:
            return ""
        except (dns.exception.DNSException, OSError) as error:
            return str(error)
        return ""

    def _look(self, name: str, kind: str, left: float) -> Found:
        try:
            whole = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
        except (dns.exception.DNSException, UnicodeError):
            return "no_domain"  # no registry can have it
        if left <= 0:
            return "silent"
        try:
            found = self._dns.resolve(
                whole, kind, search=False, raise_on_no_answer=False, lifetime=min(left, _ONE_QUESTION)
            )
        except dns.resolver.NXDOMAIN:
            return "no_domain"
        except (dns.exception.DNSException, OSError):
            return "silent"
        if found.response.flags & dns.flags.TC:  # cut off, over TCP too
            return "silent"
        if kind == "MX":
            return tuple(row.exchange.to_text() for row in sorted(found, key=lambda row: row.preference))
        return tuple(row.address for row in found)


def judged(domain: str, look: Look) -> Answer:
    """What the answers of the DNS come to.

    A domain without an MX takes mail at its own address (RFC 5321, section 5.1), and one whose only MX is the root
    takes none (RFC 7505). Mail servers of which none has an address are none.
    """
    servers = look(domain, "MX")
    if not isinstance(servers, tuple):
        return servers
    if not servers:
        has = _has_address(domain, look)
        return "silent" if has is None else "address" if has else "no_server"
    named = [server for server in servers if server != "."]
    if not named:
        return "takes_none"
    unsure = False
    for server in named[:_SERVERS]:
        has = _has_address(server, look)
        if has:
            return "takes_mail"
        unsure |= has is None
    return "silent" if unsure else "no_server"


def _has_address(name: str, look: Look) -> bool | None:
    """Whether a name has an address; None where that cannot be known."""
    found = look(name, "A")
    if found == ():
        found = look(name, "AAAA")
    return None if found == "silent" else found not in ((), "no_domain")
