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
OTHER = {"hubspot": "salesforce", "salesforce": "hubspot"}
LEADS = {"hubspot": "contacts", "salesforce": "Lead"}


@pytest.fixture(scope="module")
def crms(hubspot: Sandbox, salesforce: Sandbox) -> dict[str, Sandbox]:
    return {crm.type: crm for crm in (hubspot, salesforce)}


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


def score(crm: Sandbox, id_: str) -> float:
    """What a lead's field of the score holds."""
    if crm.type == "hubspot":
        return float(crm.contact(id_, "leadsync_score")["leadsync_score"])
    (row,) = crm.query(f"SELECT Leadsync_Score__c FROM Lead WHERE Id = '{id_}'")
    return float(row["Leadsync_Score__c"])


def spoil(crm: Sandbox) -> str:
    """Put a score into a lead that no lead can have; its id."""
    if crm.type == "hubspot":
        id_ = min(crm.contacts())
        crm.edit(id_, leadsync_score="999")
    else:
        id_ = crm.query("SELECT Id FROM Lead WHERE IsConverted = false ORDER BY Id LIMIT 1")[0]["Id"]
        crm.change("Lead", id_, Leadsync_Score__c=999)
    return id_


def assert_told(here: Folder, crms: dict[str, Sandbox], broken: str, code: int, *told: str, **env: str | None) -> None:
    """The broken connection says what is wrong and how to mend it; the other one is written."""
    other = crms[OTHER[broken]]
    spoilt = spoil(other)
    done = here.run("sync", "--json", **env)
    assert done.code == code, done.out + done.err
    found = done.json["cycles"][0]["connections"]
    assert found[other.type]["error"] is None
    assert found[other.type]["written"] > 0
    assert score(other, spoilt) <= 100
    error = found[broken]["error"]
    assert error["fix"], error
    for words in told:
        assert words in error["message"] + " " + error["fix"], error
    assert "\n" not in error["message"]
    assert not found[broken]["written"]


BREAKS = ("hubspot", "salesforce")


@pytest.mark.parametrize("broken", BREAKS)
def test_a_missing_token(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    here = folder(*crms.values())
    variable = VARIABLES[broken]
    assert_told(
        here, crms, broken, 65, "leadsync.yaml:", f"environment variable {variable} is not set", **{variable: None}
    )


@pytest.mark.parametrize("broken", BREAKS)
def test_a_wrong_token(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    here = folder(*crms.values())
    assert_told(here, crms, broken, 69, "does not accept", "token", **{VARIABLES[broken]: "another-canary-99"})
    done = here.run("sync", **{VARIABLES[broken]: "another-canary-99"})
    # a person reads it on standard error, by the connection's name, and later in the status
    assert re.match(rf"{broken}: .+\n    fix: .+\n\Z", done.err)
    shown = here.run("status")
    assert shown.code == 1
    assert done.err in shown.out
    assert "another-canary-99" not in done.out + done.err + shown.out
    assert not [p for p in here.path.rglob("*") if p.is_file() and b"another-canary-99" in p.read_bytes()]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_host_that_cannot_be_reached(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    here = folder(*crms.values())
    port = free_port()
    here.connections[broken]["base_url"] = f"http://127.0.0.1:{port}"
    here.write()
    assert_told(here, crms, broken, 69, "cannot reach", f"127.0.0.1:{port}", "base_url")


@pytest.mark.parametrize("broken", BREAKS)
def test_a_crm_that_answers_html(broken: str, folder: NewFolder, crms: dict[str, Sandbox], website: str):
    here = folder(*crms.values())
    here.connections[broken]["base_url"] = website
    here.write()
    assert_told(here, crms, broken, 69, "HTML rather than JSON", website.removeprefix("http://"), "base_url")


@pytest.mark.parametrize("broken", BREAKS)
def test_a_field_to_read_that_does_not_exist(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    here = folder(*crms.values())
    here.file(f"mappings/{broken}.yaml", f"use: {broken}\nread:\n  {LEADS[broken]}:\n    need: no_such_field\n")
    assert_told(here, crms, broken, 65, "no_such_field", LEADS[broken], "mapping")


@pytest.mark.parametrize("broken", BREAKS)
def test_a_field_to_write_that_does_not_exist(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    here = folder(*crms.values())
    here.file(f"mappings/{broken}.yaml", f"use: {broken}\nwrite:\n  {LEADS[broken]}:\n    no_such_field: score\n")
    assert_told(here, crms, broken, 65, "no_such_field", LEADS[broken], "mapping")


@pytest.mark.parametrize("broken", BREAKS)
def test_an_account_without_leadsyncs_fields(broken: str, folder: NewFolder, crms: dict[str, Sandbox]):
    with Sandbox(broken, "--leads", "5", "--bare") as bare:
        here = folder(crms[OTHER[broken]], bare)
        wanted = "leadsync_score" if broken == "hubspot" else "Leadsync_Score__c"
        assert_told(here, crms, broken, 65, wanted, LEADS[broken], "mapping")


def test_what_is_not_yaml_is_told_with_its_place(folder: NewFolder, hubspot: Sandbox):
    here = folder(hubspot)
    here.file("mappings/hubspot.yaml", "use: hubspot\nwrite: {contacts: [}\n")
    asked = hubspot.calls()
    for verb in ("sync", "run", "status"):
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
        ("leadsync.yaml:1:1: ", "did you mean 'every'?"),
        ("leadsync.yaml:3:28: ", "a secret never stands in this file"),
        ("leadsync.yaml:4:8: ", "did you mean salesforce?"),
        ("leadsync.yaml:9:5: ", "'lif'"),
        ("scoring.yaml:4:20: ", "did you mean 'when'?"),
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


def test_a_refused_row_stops_no_other(tmp_path: Path):
    with Sandbox("hubspot", "--leads", "30") as hubspot:
        here = Folder(tmp_path, {"crm": connection(hubspot)})
        field = "hs_lead_status: {value: temperature, map: {cold: NO_SUCH_OPTION, warm: OPEN, hot: OPEN}}"
        here.file("mappings/crm.yaml", f"use: hubspot\nwrite:\n  contacts:\n    {field}\n")
        found = here.sync()["crm"]
        scored = [row for row in hubspot.contacts("leadsync_score").values() if row["leadsync_score"]]
        assert found["written"] == len(scored) > 0
        assert found["rejected"] == 30 - len(scored) > 0

        # what was refused is told, and not tried again
        assert here.sync()["crm"]["rejected"] == 0
        told = [line for line in here.run("status").out.splitlines() if line.startswith("refused by crm: contacts ")]
        assert told
        assert "INVALID_OPTION" in told[0]
        assert "NO_SUCH_OPTION" in told[0]
