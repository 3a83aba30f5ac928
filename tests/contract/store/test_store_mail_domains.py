"""What the DNS said of mail domains, kept over restarts, and asked about again when it is time."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa
from store_kit import DAY, HOUR, MAPPING, NOW, Kit, record

from leadsync.config.facts import usual_tables
from leadsync.core.facts.mail_state import DEAD, GOOD
from leadsync.core.keys import key
from leadsync.store import erase, evaluation, keys, mail_domains, schema
from leadsync.store.database import Store
from leadsync.sync.erase import Eraser


def live_in(kit: Kit, **domains: str) -> dict[str, int]:
    """People (id → mail domain) with their keys; their records."""
    kit.keep("Lead", *(record(id_, Email=f"{id_}@{domain}") for id_, domain in domains.items()))
    found = {id_: kit.record("Lead", id_).id for id_ in domains}
    with kit.store.begin():
        hashes = {found[id_]: [key("mail_domain", domain)] for id_, domain in domains.items()}
        keys.replace(kit.store, keys.PERSON, hashes)
    return found


def due(kit: Kit, now: datetime, limit: int = 100) -> list[str]:
    with kit.store.begin():
        return mail_domains.due(kit.store, now, limit)


def want(kit: Kit, *domains: str) -> bool:
    with kit.store.begin():
        return mail_domains.want(kit.store, domains, NOW)


def keep(kit: Kit, now: datetime, **found: str) -> set[int]:
    """Answers by domain; `_` stands for a dot."""
    with kit.store.begin():
        return mail_domains.keep(kit.store, {name.replace("_", "."): told for name, told in found.items()}, now)


def test_a_domain_is_asked_about_once_until_its_answer_is_old(kit: Kit) -> None:
    live_in(kit, L1="a.example", L2="b.example", L3="b.example")
    assert want(kit, "a.example", "b.example")
    assert not want(kit, "b.example")
    assert due(kit, NOW) == ["a.example", "b.example"]
    keep(kit, NOW, a_example="takes_mail", b_example="no_domain")
    assert due(kit, NOW + DEAD - HOUR) == []
    assert due(kit, NOW + DEAD) == ["b.example"]
    assert due(kit, NOW + GOOD) == ["b.example", "a.example"]
    with kit.store.begin():
        assert mail_domains.next_due(kit.store) == NOW + DEAD


def test_work_is_bounded(kit: Kit) -> None:
    domains = [f"d{n}.example" for n in range(30)]
    live_in(kit, **{f"L{n}": domain for n, domain in enumerate(domains)})
    want(kit, *domains)
    assert len(due(kit, NOW, limit=10)) == 10


def test_only_an_answer_that_is_new_touches_people_and_only_those_of_that_domain(kit: Kit) -> None:
    people = live_in(kit, L1="a.example", L2="b.example", L3="a.example")
    want(kit, "a.example", "b.example")
    assert keep(kit, NOW, a_example="takes_mail") == {people["L1"], people["L3"]}
    assert keep(kit, NOW + DAY, a_example="takes_mail", b_example="silent") == {people["L2"]}
    assert keep(kit, NOW + DAY, a_example="silent", b_example="silent") == set()
    assert keep(kit, NOW + 2 * DAY, a_example="takes_none") == {people["L1"], people["L3"]}


def test_what_evaluation_reads(kit: Kit) -> None:
    live_in(kit, L1="a.example")
    want(kit, "a.example", "b.example")
    with kit.store.begin():
        assert mail_domains.answers(kit.store, ["a.example", "c.example"]) == {}
    keep(kit, NOW, a_example="takes_mail")
    with kit.store.begin():
        told = mail_domains.answers(kit.store, ["a.example", "b.example", "c.example"])
    assert {name: (found.answer, found.since) for name, found in told.items()} == {"a.example": ("takes_mail", NOW)}


def test_answers_survive_a_restart(opened: Callable[..., Store]) -> None:
    kit = Kit(opened())
    live_in(kit, L1="a.example")
    want(kit, "a.example")
    keep(kit, NOW, a_example="no_server")
    kit.store.close()
    again = Kit(opened(create=False))
    with again.store.begin():
        assert mail_domains.answers(again.store, ["a.example"])["a.example"].answer == "no_server"
    assert due(again, NOW + DAY) == []


def test_domains_without_anybody_are_forgotten_when_their_time_comes(kit: Kit) -> None:
    people = live_in(kit, L1="a.example", L2="b.example")
    want(kit, "a.example", "b.example", "c.example")
    with kit.store.begin() as db:
        db.execute(sa.delete(schema.keys).where(schema.keys.c.record_id == people["L2"]))
    assert due(kit, NOW, limit=1) == ["a.example"]
    assert due(kit, NOW) == ["a.example"]
    assert [row.domain for row in kit.rows(schema.mail_domains)] == ["a.example"]
    assert keep(kit, NOW, b_example="takes_mail") == set()
    assert [row.domain for row in kit.rows(schema.mail_domains)] == ["a.example"]


def test_nobody_gets_a_domain_twice_however_many_there_are(kit: Kit) -> None:
    domains = [f"d{n}.example" for n in range(6000)]
    assert want(kit, *domains[:5500])
    assert want(kit, *domains[5000:])
    assert len(kit.rows(schema.mail_domains)) == 6000


def test_what_happened_to_mail_counts_for_the_address_of_that_time(kit: Kit) -> None:
    """Somebody corrects an address that mail came back from: what is known of the former one is not of this one."""
    kit.keep("Lead", record("L1", Email="wrong@a.example", at=NOW - 9 * DAY), record("L2", Email="right@a.example"))
    for id_ in ("L1", "L2"):
        person = kit.record("Lead", id_).id
        with kit.store.begin() as db:
            [event] = kit.store.new_ids(schema.activities, 1)
            db.execute(sa.insert(schema.activities), {
                "id": event, "record_id": person, "source_id": kit.sources["Task"].id,
                "ext_id": f"T{id_}", "kind": "bounce", "happened_at": NOW - 5 * DAY, "known_at": NOW, "count": 1,
            })  # fmt: skip

    def addressed(until: datetime | None = None) -> dict[str, datetime | None]:
        leads = [kit.lead("Lead", "L1"), kit.lead("Lead", "L2")]
        with kit.store.begin():
            found = evaluation.material(kit.store, leads)
            since = evaluation.addressed_since(kit.store, found.members, found.activities, until)
        assert until or found.addressed == since
        return {m.ext_id: since.get(m.id) for m in found.members}

    assert addressed() == {"L1": None, "L2": None}
    kit.keep("Lead", record("L1", Email="Right@a.example", at=NOW - DAY), now=NOW + HOUR)
    kit.keep("Lead", record("L2", Email="right@a.example", Note="x", at=NOW - DAY), now=NOW + HOUR)
    assert addressed() == {"L1": NOW - DAY, "L2": None}
    assert addressed(NOW) == {"L1": None, "L2": None}


def test_an_erased_persons_domain_goes_with_them_unless_others_are_there(kit: Kit, tmp_path: Path) -> None:
    live_in(kit, L1="canary.example", L2="firm.example", L3="firm.example")
    want(kit, "canary.example", "firm.example")
    keep(kit, NOW, canary_example="takes_mail", firm_example="takes_mail")
    connections = {kit.connection: SimpleNamespace(mapping=MAPPING)}
    config = SimpleNamespace(connections=connections, facts=SimpleNamespace(tables=usual_tables()))
    for address in ("L1@canary.example", "L2@firm.example"):
        eraser = Eraser(config, kit.store)  # type: ignore[arg-type]
        eraser.erase(eraser.person(address), NOW)
        erase.scrub(kit.store)
    assert [row.domain for row in kit.rows(schema.mail_domains)] == ["firm.example"]
    kit.store.close()
    assert b"canary" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
