"""Bad input and bad days: one clear message each, the right exit code, and the other connection goes on."""

import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from doors import VARIABLES, Folder, NewFolder, Sandbox, connection

PAGE = b"<!DOCTYPE html><html><title>Sign in</title><body>Please sign in to the proxy</body></html>"
BROKEN = {"hubspot": "contacts", "salesforce": "Lead"}  # connection → its object of leads


@pytest.fixture(scope="module")
def website() -> Iterator[str]:
    """A server that answers everything with a web page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def assert_told(here: Folder, healthy: Sandbox, code: int, *told: str, **env: str | None) -> None:
    """Both broken connections say what is wrong and how to mend it; the one that works is written."""
    spoilt = min(healthy.contacts())
    healthy.edit(spoilt, leadsync_score="999")
    done = here.run("sync", "--allow", "--json", GOOD_TOKEN=healthy.token, **env)
    assert done.code == code, done.out + done.err
    found = done.json["cycles"][0]["connections"]
    good = found.pop("good")
    assert good["error"] is None
    assert good["written"] > 0
    assert float(healthy.contact(spoilt, "leadsync_score")["leadsync_score"]) <= 100
    assert set(found) == set(BROKEN)
    for name, c in found.items():
        error = c["error"] or {key: " ".join(p[key] for p in c["problems"]) for key in ("code", "message", "fix")}
        assert not (c["error"] and c["written"])
        assert error["code"]
        assert error["fix"]
        assert "\n" not in error["message"]
        for words in told:
            wanted = words.format(variable=VARIABLES[name], lead=BROKEN[name])
            assert wanted in error["message"] + " " + error["fix"], error


@pytest.fixture
def here(folder: NewFolder, hubspot: Sandbox, salesforce: Sandbox) -> Folder:
    """A folder with a connection that works, between the two that a test breaks."""
    made = folder(hubspot, salesforce)
    good = connection(hubspot) | {"token": {"env": "GOOD_TOKEN"}}
    broken = made.connections
    made.connections = {"hubspot": broken["hubspot"], "good": good, "salesforce": broken["salesforce"]}
    made.write()
    return made


def test_a_missing_token(here: Folder, hubspot: Sandbox):
    told = "the environment variable {variable} is not set"
    assert_told(here, hubspot, 65, "leadsync.yaml:", told, HUBSPOT_TOKEN=None, SF_TOKEN=None)


def test_a_wrong_token(here: Folder, hubspot: Sandbox):
    other = "another-canary-99"
    wrong: dict[str, str | None] = {"HUBSPOT_TOKEN": other, "SF_TOKEN": other}
    assert_told(here, hubspot, 69, "does not accept", "token", **wrong)

    # a person reads it on standard error, by the connection's name, and later in the status
    done = here.run("sync", GOOD_TOKEN=hubspot.token, **wrong)
    assert re.fullmatch(r"hubspot: .+\n    fix: .+\nsalesforce: .+\n    fix: .+\n", done.err), done.err
    shown = here.run("status")
    assert shown.code == 1
    assert done.err in shown.out
    assert other not in done.out + done.err + shown.out
    assert not [p for p in here.path.rglob("*") if p.is_file() and other.encode() in p.read_bytes()]


def test_a_host_that_cannot_be_reached(here: Folder, hubspot: Sandbox):
    port = free_port()
    here.base_url(f"http://127.0.0.1:{port}", *BROKEN)
    assert_told(here, hubspot, 69, "cannot reach", f"127.0.0.1:{port}", "base_url")


def test_a_crm_that_answers_html(here: Folder, hubspot: Sandbox, website: str):
    here.base_url(website, *BROKEN)
    assert_told(here, hubspot, 69, "HTML rather than JSON", website.removeprefix("http://"), "base_url")


def test_a_field_to_read_that_does_not_exist(here: Folder, hubspot: Sandbox):
    for name, obj in BROKEN.items():
        here.file(f"mappings/{name}.yaml", f"use: {name}\nread:\n  {obj}:\n    need: no_such_field\n")
    assert_told(here, hubspot, 65, "no_such_field", "{lead}", "mapping")
    shown = here.run("status").out
    assert "hubspot: contacts.no_such_field: there is no such field in contacts" in shown


def test_a_field_to_write_that_does_not_exist(here: Folder, hubspot: Sandbox):
    for name, obj in BROKEN.items():
        here.file(f"mappings/{name}.yaml", f"use: {name}\nwrite:\n  {obj}:\n    no_such_field: score\n")
    assert_told(here, hubspot, 65, "no_such_field", "{lead}", "mapping")


def test_accounts_without_leadsyncs_fields(here: Folder, hubspot: Sandbox):
    with Sandbox("hubspot", "--leads", "5", "--bare") as one, Sandbox("salesforce", "--leads", "5", "--bare") as two:
        here.base_url(one.url, "hubspot")
        here.base_url(two.url, "salesforce")
        assert_told(here, hubspot, 65, "{lead}", "eadsync_", "mapping", "create")


def test_what_is_not_yaml_is_told_with_its_place(folder: NewFolder, hubspot: Sandbox):
    here = folder(hubspot)
    here.file("mappings/hubspot.yaml", "use: hubspot\nwrite: {contacts: [}\n")
    asked = hubspot.calls()
    for verb in ("sync", "run", "status"):  # there is no store yet that `status` could tell of
        done = here.run(verb)
        assert done.code == 65
        assert "mappings/hubspot.yaml:2:20: this is not YAML" in done.err
    assert hubspot.calls() == asked
    assert not (here.path / "leadsync.db").exists()


def test_all_problems_of_all_files_are_told_at_once(folder: NewFolder, hubspot: Sandbox, salesforce: Sandbox):
    here = folder(hubspot, salesforce)
    here.file(
        "leadsync.yaml",
        f"evry: 60s\nconnections:\n  hubspot: {{type: hubspot, token: secret, base_url: '{hubspot.url}'}}\n"
        f"  sf: {{type: salesforc}}\n  salesforce:\n    type: salesforce\n    base_url: '{salesforce.url}'\n"
        "    token: {env: SF_TOKEN}\n    lif: true\nprefer: [nobody]\n",
    )
    here.file(
        "mappings/salesforce.yaml",
        "use: salesforce\nread:\n  Lead:\n    jobtitle: Title\n  Person: {role: lead}\n"
        "write:\n  Lead:\n    X__c: scor\n",
    )
    here.file(
        "scoring.yaml", "use: b2b\nfit:\n  rules:\n    x: {points: 5, wen: email}\n    y: {points: 5, per: visti}\n"
    )
    done = here.run("sync")
    assert done.code == 65
    told = done.err.splitlines()
    for place, words in (
        ("leadsync.yaml:1:1: ", "write `every`"),
        ("leadsync.yaml:3:28: ", "a secret never stands in this file"),
        ("leadsync.yaml:4:8: ", "did you mean salesforce?"),
        ("leadsync.yaml:9:5: ", "'lif'"),
        ("scoring.yaml:4:20: ", "x: {points: 5, when: email}"),
    ):
        at = next((i for i, line in enumerate(told) if line.startswith(place)), None)
        assert at is not None, done.err
        assert words in " ".join(told[at : at + 2])
    assert "secret}" not in done.err

    here.live(False)  # mends leadsync.yaml
    here.file("scoring.yaml", "use: b2b\nfit:\n  rules:\n    y: {points: 5, per: visti}\n")
    done = here.run("sync")
    for place, words in (
        ("mappings/salesforce.yaml:4:5: ", "'jobtitle'"),
        ("mappings/salesforce.yaml:5:3: ", "'Person'"),
        ("mappings/salesforce.yaml:8:5: ", "did you mean 'score'?"),
        ("scoring.yaml:4:20: ", "did you mean 'visit'?"),
    ):
        assert [line for line in done.err.splitlines() if line.startswith(place) and words in line], done.err


def test_a_value_that_is_no_option_is_never_sent_and_stops_no_other(tmp_path: Path):
    with Sandbox("hubspot", "--leads", "30") as hubspot:
        here = Folder(tmp_path, {"crm": connection(hubspot)})
        field = "hs_lead_status: {value: temperature, map: {cold: NO_SUCH_OPTION, warm: OPEN, hot: OPEN}}"
        here.file("mappings/crm.yaml", f"use: hubspot\nwrite:\n  contacts:\n    {field}\n")
        shown = here.run("sync")
        assert shown.code == 65
        assert "contacts.hs_lead_status: has no option 'NO_SUCH_OPTION'" in shown.err
        assert "fix: " in shown.err
        (cycle,) = here.run("status", "--json").json["cycles"]
        found = cycle["connections"]["crm"]
        assert (found["rejected"], found["written"]) == (0, 30)
        rows = hubspot.contacts("leadsync_score", "leadsync_temperature", "hs_lead_status").values()
        assert all(row["leadsync_score"] for row in rows)
        assert {row["hs_lead_status"] for row in rows if row["leadsync_temperature"] == "hot"} == {"OPEN"}


def test_a_refused_value_stops_no_other(tmp_path: Path):
    """Salesforce has rules of its own that no description of its fields tells."""
    with Sandbox("salesforce", "--leads", "30") as salesforce:
        here = Folder(tmp_path, {"crm": connection(salesforce)})
        leads = [row["Id"] for row in salesforce.query("SELECT Id FROM Lead WHERE IsConverted = false ORDER BY Id")]
        rule = {"object": "Lead", "when": "Leadsync_Temperature__c = 'cold'", "message": "no cold leads"}
        salesforce.ask("POST", "/_sandbox/rule", rule)
        shown = here.run("sync")
        assert shown.code == 0
        assert "`leadsync status`" in shown.out
        (cycle,) = here.run("status", "--json").json["cycles"]
        found = cycle["connections"]["crm"]
        assert 0 < found["rejected"] < len(leads)

        # what was refused is told, and not tried again
        assert here.sync()["crm"]["rejected"] == 0
        told = [line for line in here.run("status").out.splitlines() if line.startswith("refused by crm: Lead ")]
        assert told
        assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in told[0]
        assert "no cold leads" in told[0]
