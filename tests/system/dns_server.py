"""A DNS server on loopback, UDP and TCP, that answers from a small zone and misbehaves when told to."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[str, Mapping[str, list[str]] | str]
"""Name → its records by type, or what is wrong with it: silent, servfail, refused, garbage, endless, foreign. A name
that is not there does not exist; `*` is all of these."""


class DnsServer:
    """Answers while it is entered. `asked` counts the questions by name; `over_tcp` those that came that way."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone: Zone = zone or {}
        self.asked: Counter[str] = Counter()
        self.over_tcp: Counter[str] = Counter()
        self._udp, self._tcp = _sockets()
        self.port = int(self._udp.getsockname()[1])
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._packets, self._streams)]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> "DnsServer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (self._udp, self._tcp):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _packets(self) -> None:
        while True:
            try:
                wire, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not wire:  # it was shut down
                return
            for answer in self._answers(wire, most=512):
                with suppress(OSError):
                    self._udp.sendto(answer, peer)

    def _streams(self) -> None:
        while True:
            try:
                stream, _ = self._tcp.accept()
            except OSError:
                return
            with stream, suppress(OSError, struct.error):
                stream.settimeout(2)
                wire = stream.recv(4096)[2:]
                for answer in self._answers(wire, most=65535):
                    stream.sendall(struct.pack("!H", len(answer)) + answer)

    def _answers(self, wire: bytes, most: int) -> list[bytes]:
        query = dns.message.from_wire(wire)
        name, kind = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        key = name.to_text(omit_final_dot=True).lower()
        self.asked[key] += 1
        self.over_tcp[key] += most > 512
        held: Any = self.zone.get(key, self.zone.get("*"))
        reply = dns.message.make_response(query)
        match held:
            case None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            case "silent":
                return []
            case "servfail" | "refused":
                reply.set_rcode(dns.rcode.SERVFAIL if held == "servfail" else dns.rcode.REFUSED)
            case "garbage":
                return [wire[:2] + b"\x81\x80" + b"\xff" * 300]
            case "endless":  # says that more follows than does, and over TCP the same
                reply.flags |= dns.flags.TC
                return [reply.to_wire()]
            case "foreign":  # an answer to another question
                reply = dns.message.make_response(dns.message.make_query("other.example", kind))
                reply.id = query.id
            case _ if held.get(kind):
                reply.answer.append(dns.rrset.from_text_list(name, 300, "IN", kind, held[kind]))
        whole = reply.to_wire(max_size=65535)
        if len(whole) > most:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            whole = short.to_wire()
        return [whole]


def _sockets() -> tuple[socket.socket, socket.socket]:
    """Both on the same port, which somebody else may have taken for one of them."""
    for _ in range(20):
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return udp, tcp
    raise OSError("no port is free for both")
