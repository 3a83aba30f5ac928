"""What becomes of the leads of reps who leave."""

from collections import Counter
from pathlib import Path

import pytest
from doors import Folder, Sandbox, connection

MANY, FEW, CLOSED = 20, 4, 3


def routing(emails: dict[str, str]) -> str:
    reps = "".join(f"  {name}: {{email: {email}}}\n" for name, email in emails.items())
    rules = f"rules: [{{name: rest, to: [{', '.join(emails)}]}}]\n"
    return f'when: "email contains -firm.pl"\n{rules}reps:\n{reps}catch_all: one\n'


@pytest.mark.concept(70)
def test_open_leads_of_who_leaves_go_to_others_and_many_of_them_only_once_it_is_allowed(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "1") as hubspot:
        ids = {o["email"]: o["id"] for o in hubspot.ask("GET", "/crm/v3/owners", limit="100")["results"]}
        reps = dict(zip(("one", "two", "few", "many"), sorted(ids), strict=False))
        names = {ids[email]: name for name, email in reps.items()}
        for rep, count, end in (("many", MANY, "firm.pl"), ("few", FEW, "firm.pl"), ("many", CLOSED, "else.pl")):
            for n in range(count):
                person = {"email": f"ann@{rep}{n}-{end}", "lastname": f"Nr {n}", "hubspot_owner_id": ids[reps[rep]]}
                hubspot.ask("POST", "/crm/v3/objects/contacts", {"properties": person})
        folder = Folder(tmp_path, {"hubspot": connection(hubspot)}, {"brake": {"share": 100, "replaced": 10}})
        folder.file("routing.yaml", routing(reps))
        folder.settle()

        def owners(end: str) -> Counter[str | None]:
            rows = hubspot.contacts("email", "hubspot_owner_id").values()
            return Counter(names.get(row["hubspot_owner_id"]) for row in rows if row["email"].endswith(end))

        assert owners("-firm.pl") == {"many": MANY, "few": FEW}
        hubspot.ask("POST", "/_sandbox/leave", {"id": ids[reps["few"]]})
        planned = folder.run("plan", "--json").json["reps"]
        assert planned.pop(reps["few"]) == {"gained": 0, "lost": FEW}
        assert sum(rep["gained"] for rep in planned.values()) == FEW
        done = folder.run("sync", "--json")
        assert done.code == 0, done.out
        before = owners("-firm.pl")
        assert set(before) == {"one", "two", "many"}, "at once, and without asking"

        hubspot.ask("POST", "/_sandbox/leave", {"id": ids[reps["many"]]})
        planned = folder.run("plan", "--json").json["reps"]
        assert planned.pop(reps["many"]) == {"gained": 0, "lost": before["many"]}
        assert planned.keys() == {reps["one"], reps["two"]}
        for _ in range(2):
            done = folder.run("sync", "--json")
            told = done.json["cycles"][0]["connections"]["hubspot"]
            assert (done.code, told["written"], told["error"]["code"]) == (2, 0, "brake")
            assert f"({before['many']} of them would lose an owner" in told["error"]["message"]
            assert "sync --allow" in told["error"]["fix"]
        assert owners("-firm.pl") == before
        shown = folder.run("status")
        assert shown.code == 1
        assert "the brake is pulled" in shown.out
        assert "sync --allow" in shown.out

        folder.settle()
        after = owners("-firm.pl")
        assert after.keys() == {"one", "two"}
        assert after.total() == MANY + FEW
        assert owners("-else.pl") == {"many": CLOSED}, "those that are not open stay"
