"""The mail check: what the DNS says of domains reaches leads, in time and no more often than it must."""

import csv
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
import sqlalchemy as sa
from dns_server import DnsServer, Zone
from doors import Folder, Sandbox, connection

from leadsync.config.load import Config, load_config
from leadsync.enrich import mail_domains
from leadsync.service.daemon import Daemon
from leadsync.store import schema
from leadsync.store.database import open_store
from leadsync.sync import cycle, planning
from leadsync.sync.check import of_mail_check
from leadsync.sync.cycle import Coordinator
from leadsync.sync.explain.sections import body
from leadsync.sync.explain.subject import subjects

NOW = datetime.now(UTC)
HERE = {"A": ["192.0.2.1"]}
ZONE: Zone = {
    "alive.example": {"MX": ["10 mx.alive.example."]},
    "mx.alive.example": HERE,
    "null.example": {"MX": ["0 ."]},
    "own.example": HERE,
    "lame.example": "servfail",
}  # fmt: skip
PEOPLE = {
    "ann": "ann@alive.example", "info": "info@alive.example", "bob": "bob@dead.example", "cid": "cid@null.example",
    "dan": "dan@gmail.com", "eve": "eve@lame.example", "fay": "fay@own.example",
}  # fmt: skip
STATES = {"ann": "unknown", "info": "risky", "bob": "invalid", "cid": "invalid", "dan": "unknown", "eve": "unknown",
          "fay": "risky"}  # fmt: skip


class Clock:
    """The time that the test says."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class World:
    """A folder of CSV files, and coordinators that work on it."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path, self.clock, self._stack = path, Clock(), stack
        self.said: list[str] = []
        self._log = logging.getLogger("test.mail_check")
        self._log.setLevel(logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.said.append(record.__dict__.get("data", {}).get("event", ""))  # type: ignore[method-assign]
        self._log.handlers, self._log.propagate = [handler], False
        self.people(**PEOPLE)

    def people(self, **emails: str) -> None:
        rows = [{"id": id_, "email": email, "country": "PL"} for id_, email in emails.items()]
        self._write("leads", ("id", "email", "country", "mail_state", "mail_since"), rows)

    def did(self, *rows: tuple[str, str, datetime]) -> None:
        told = [
            {"id": str(n), "lead": lead, "kind": kind, "at": at.isoformat()} for n, (lead, kind, at) in enumerate(rows)
        ]
        self._write("activities", ("id", "lead", "kind", "at"), told)

    def until(self, event: str) -> None:
        """It is logged, last of all, before long."""
        end = time.monotonic() + 10
        while self.said[-1:] != [event] and time.monotonic() < end:
            time.sleep(0.05)
        assert self.said[-1:] == [event]

    def later(self, **span: float) -> None:
        """So much later; what was written to files before has happened."""
        self.clock.at = max(self.clock.at + timedelta(**span), datetime.now(UTC) + timedelta(seconds=1))

    def _write(self, name: str, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
        (self.path / "files").mkdir(exist_ok=True)
        with (self.path / "files" / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)

    def config(self, mail_check: str) -> Config:
        more = f"mail_check: {mail_check}\n" if mail_check else ""
        (self.path / "leadsync.yaml").write_text(f"connections:\n  crm: {{type: files, folder: files}}\n{more}")
        return load_config(self.path / "leadsync.yaml")

    def open(self, mail_check: str = "off") -> Coordinator:
        config = self.config(mail_check)
        stopping = threading.Event()
        found = Coordinator(config, open_store(config.store, self.path), self.clock, self._log, stopping)
        self._stack.callback(found.close)
        found.open()
        return found


def nobody(self: dns.resolver.Resolver, *_: object) -> None:
    """A machine without a resolver."""
    raise dns.resolver.NoResolverConfiguration


def states(found: Coordinator) -> dict[str, str | None]:
    """The mailbox state of each lead, as a plan shows it."""
    with found.store.begin() as db:
        leads = list(db.scalars(sa.select(schema.leads.c.id)))
    told = {lead.records[0][0][2]: lead.facts.get("mail_state") for lead in planning.leads(found, leads)}
    return {id_: told[id_] for id_ in sorted(told)}  # type: ignore[misc]


def rows(found: Coordinator) -> dict[str, Any]:
    with found.store.begin() as db:
        return {row.domain: row for row in db.execute(sa.select(schema.mail_domains))}


def evaluated(found: Coordinator) -> int:
    return found.cycle().connections["crm"].evaluated


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with DnsServer(dict(ZONE)) as server:
        yield server


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_without_being_asked_nothing_leaves_the_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver, "Resolver", None)
    found = world.open("")
    assert evaluated(found) == 7
    offline = {"dan": "unknown", "info": "risky"}
    assert {id_: state for id_, state in states(found).items() if state} == offline
    assert rows(found) == {}


def test_a_cycle_waits_for_answers_and_evaluates_each_lead_once(world: World, dns_server: DnsServer) -> None:
    found = world.open(dns_server.address)
    assert evaluated(found) == 7
    assert states(found) == dict(sorted(STATES.items()))
    assert "gmail.com" not in dns_server.asked
    assert set(rows(found)) == {"alive.example", "dead.example", "null.example", "lame.example", "own.example"}


def test_an_idle_cycle_asks_nothing_and_nothing_grows(world: World, dns_server: DnsServer) -> None:
    found = world.open(dns_server.address)
    found.cycle()
    asked, before = dns_server.asked.total(), rows(found)
    for _ in range(3):
        assert evaluated(found) == 0
    assert (dns_server.asked.total(), rows(found)) == (asked, before)


def test_the_answers_are_there_after_a_restart(world: World, dns_server: DnsServer) -> None:
    first = world.open(dns_server.address)
    first.cycle()
    first.close()
    asked = dns_server.asked.total()
    again = world.open(dns_server.address)
    assert evaluated(again) == 0
    assert states(again) == dict(sorted(STATES.items()))
    assert dns_server.asked.total() == asked


def test_a_domain_that_changes_touches_its_own_leads_when_its_time_has_come(
    world: World, dns_server: DnsServer
) -> None:
    found = world.open(dns_server.address)
    found.cycle()
    dns_server.zone["dead.example"] = {"MX": ["10 mx.alive.example."]}
    world.clock.at += timedelta(days=4)
    found.cycle()
    assert states(found)["bob"] == "invalid"
    world.clock.at += timedelta(days=2)
    assert evaluated(found) == 1
    assert states(found)["bob"] == "unknown"


def test_mail_that_comes_back_and_somebody_who_answers(world: World, dns_server: DnsServer) -> None:
    world.did(("ann", "bounce", NOW - timedelta(hours=3)), ("dan", "email_click", NOW - timedelta(hours=3)),
              ("fay", "complaint", NOW))  # fmt: skip
    found = world.open(dns_server.address)
    found.cycle()
    told = states(found)
    assert (told["ann"], told["info"], told["dan"], told["fay"]) == ("invalid", "risky", "valid", "risky")
    world.did(("ann", "bounce", NOW - timedelta(hours=3)), ("ann", "email_reply", NOW - timedelta(hours=2)))
    world.later()
    found.cycle()
    assert states(found)["ann"] == "valid"
    why = {"ann": "somebody has answered, or followed a link", "fay": "somebody reported a message as spam"}
    for id_, because in why.items():
        [row] = body(subjects(found.config, id_, world.clock.now())[0])["mail"]
        assert (row["state"], row["because"]) == (states(found)[id_], because)
        assert row["domain asked again"] == str(rows(found)[row["address"].rpartition("@")[2]].due_at.date())


def test_what_a_mail_gateway_clicks_shows_no_mailbox_to_be_read(world: World, dns_server: DnsServer) -> None:
    sent = NOW - timedelta(hours=3)
    quick, slow = sent + timedelta(seconds=3), sent + timedelta(minutes=3)
    world.did(*((who, "email_sent", sent) for who in ("ann", "dan", "eve")), ("ann", "bounce", sent),
              *((who, "email_click", quick) for who in ("ann", "dan")), ("eve", "email_click", slow))  # fmt: skip
    found = world.open(dns_server.address)
    found.cycle()
    told = states(found)
    assert (told["ann"], told["dan"], told["eve"]) == ("invalid", "unknown", "valid")


def test_switched_on_every_lead_is_evaluated_and_off_it_is_forgotten(world: World, dns_server: DnsServer) -> None:
    off = world.open()
    off.cycle()
    off.close()
    on = world.open(dns_server.address)
    on.cycle()
    assert states(on) == dict(sorted(STATES.items()))
    on.close()
    off = world.open()
    assert evaluated(off) == 7
    assert states(off)["bob"] is None


def test_who_does_not_answer_holds_up_a_cycle_for_a_bounded_time(
    world: World, dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_domains, "_ONE_QUESTION", 3.0)
    monkeypatch.setattr(cycle, "PATIENCE", 0.3)
    dns_server.zone["*"] = "silent"
    found = world.open(dns_server.address)
    world.people(**{f"p{n}": f"p{n}@silent{n}.example" for n in range(20)})
    started = time.monotonic()
    assert evaluated(found) == 20
    assert states(found)["p0"] is None
    found.close()
    assert time.monotonic() - started < 8


def test_a_server_that_is_away_changes_nothing_that_was_known(world: World, dns_server: DnsServer) -> None:
    found = world.open(dns_server.address)
    found.cycle()
    before, dns_server.zone = states(found), {"*": "refused"}
    world.clock.at += timedelta(days=31)
    assert evaluated(found) == 0
    assert states(found) == before
    world.until("mail_check.silent")
    dns_server.zone = {**ZONE, ".": {"NS": ["ns.example."]}}
    world.clock.at += timedelta(days=2)
    found.cycle()
    world.until("mail_check.back")


def test_a_machine_without_a_resolver_goes_on_without(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", nobody)
    found = world.open("system")
    assert world.said == ["mail_check.off"]
    assert evaluated(found) == 7


def test_run_goes_on_while_the_dns_is_slow_and_takes_in_what_comes(
    world: World, dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_domains, "_ONE_QUESTION", 1.5)
    dns_server.zone["lame.example"] = "silent"
    found = world.open(dns_server.address)
    daemon, deadline = Daemon(found, found.log), time.monotonic() + 30
    thread = threading.Thread(target=daemon.run)
    thread.start()
    while len(answered(world)) < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    found.stopping.set()
    thread.join(10)
    assert states(found) == dict(sorted(STATES.items()))


def answered(world: World) -> list[Any]:
    """The domains that have an answer, seen from outside."""
    store = open_store("sqlite:///leadsync.db", world.path, create=False)
    try:
        with store.reading() as db:
            return list(db.execute(sa.select(schema.mail_domains).where(schema.mail_domains.c.answer.is_not(None))))
    finally:
        store.close()


@pytest.mark.parametrize(
    ("zone", "told"), [({}, "answers: mail domains are checked"), ({"*": "refused"}, "gives no answer")]
)
def test_check_tells_whether_anybody_answers(world: World, zone: Zone, told: str) -> None:
    with DnsServer(zone) as server:
        [said] = of_mail_check(world.config(server.address))
    assert said.finding.what.startswith(f"the DNS server {server.address} {told}")
    assert (said.finding.level == "ok") == (not zone) == (not said.finding.fix)
    assert said.exit_code == 0


def test_check_tells_where_there_is_nobody_to_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", nobody)
    [said] = of_mail_check(world.config("system"))
    assert (said.finding.level, said.exit_code) == ("warning", 0)
    assert "no DNS resolver" in said.finding.what
    assert "mail_check: 192.0.2.53:53" in said.finding.fix
    assert list(of_mail_check(world.config(""))) == []


# as a whole, in a CRM


@pytest.mark.concept(67)
@pytest.mark.concept(68)
def test_a_dead_domain_and_mail_that_came_back_keep_people_from_being_promoted(tmp_path: Path) -> None:
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Id", "email", "firstname"))
        writer.writerows((str(n), email, "Ann") for n, email in enumerate(PEOPLE.values(), 101))
    with Sandbox("hubspot", "--load", str(tmp_path / "people.csv")) as crm, DnsServer(dict(ZONE)) as server:
        for name in ("mailbox_state", "ladder"):
            made = {
                "name": name,
                "label": name,
                "groupName": "contactinformation",
                "type": "string",
                "fieldType": "text",
            }
            crm.ask("POST", "/crm/v3/properties/contacts", made)
        folder = Folder(tmp_path, {"hubspot": connection(crm)}, {"mail_check": server.address})
        write = {"contacts": {"mailbox_state": {"value": "mail_state", "policy": "always"}, "ladder": "stage"}}
        folder.file("mappings/hubspot.yaml", {"use": "hubspot", "write": write})
        gate = {"mail": "mail_state in [valid, unknown]"}
        folder.file("funnel.yaml", {"stages": [{"name": "new"}, {"name": "known", "gate": gate}]})
        folder.sync()
        seen = crm.contacts("mailbox_state", "ladder")
        assert {row["mailbox_state"] for row in seen.values()} == {"unknown", "risky", "invalid"}
        assert [seen[str(101 + n)]["mailbox_state"] for n in range(len(PEOPLE))] == [STATES[id_] for id_ in PEOPLE]
        assert {row["ladder"] for row in seen.values() if row["mailbox_state"] != "unknown"} == {"new"}
        assert {row["ladder"] for row in seen.values() if row["mailbox_state"] == "unknown"} == {"known"}
        plan = folder.run("plan", "--lead", PEOPLE["bob"], "--json").json
        assert "invalid" in str(plan["leads"][0]["facts"]["mail_state"])
        asked = server.asked.total()
        crm.log("emails", "101", hs_timestamp=NOW.isoformat(), hs_email_direction="EMAIL", hs_email_status="BOUNCED")
        folder.sync()
        assert crm.contact("101", "mailbox_state", "ladder")["mailbox_state"] == "invalid"
        assert server.asked.total() == asked
