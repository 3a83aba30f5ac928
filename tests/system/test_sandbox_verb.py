"""`leadsync sandbox`: what a person gets who develops or tries something against it."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from doors import COMMAND, DATA, TOKENS, Sandbox, environment, leadsync

DAY = ("--today", "2026-03-02")
HEADERS = {
    "hubspot": "email,firstname,createdate,no_such_column\n",
    "salesforce": "LastName,Company,no_such_column\n",
}


def everything(crm: Sandbox) -> list[bytes]:
    """All people and their activity, as the API answers, but for what names the moment of asking."""
    if crm.type == "hubspot":
        objects = ("contacts", "companies", "calls", "emails", "meetings", "notes", "tasks", "deals")
        paths = [f"/crm/v3/objects/{name}?limit=100&properties=email,lastmodifieddate,hs_timestamp" for name in objects]
        paths.append("/crm/v3/owners?limit=500")
    else:
        more = {"Lead": "Email,OwnerId,Status", "Contact": "Email", "User": "Email", "Task": "WhoId,Subject",
                "Event": "WhoId", "CampaignMember": "LeadId", "Account": "Name", "Opportunity": "Name"}  # fmt: skip
        paths = [
            f"{DATA}/query?q=SELECT+Id,CreatedDate,SystemModstamp,{fields}+FROM+{name}+ORDER+BY+Id"
            for name, fields in more.items()
        ]
    return [raw(crm, path) for path in paths]


def raw(crm: Sandbox, path: str, token: str | None = None) -> bytes:
    answer = requests.get(crm.url + path, headers={"Authorization": f"Bearer {token or crm.token}"}, timeout=30)
    assert answer.status_code == 200 or token, answer.text
    return str(answer.status_code).encode() if token else answer.content


@pytest.mark.parametrize("type_", ["hubspot", "salesforce"])
def test_the_same_seed_on_the_same_day_gives_the_same_bytes(type_: str):
    with Sandbox(type_, "--leads", "40", "--seed", "7", *DAY) as one:
        first = everything(one)
    with Sandbox(type_, "--leads", "40", "--seed", "7", *DAY) as two:
        assert everything(two) == first
    with Sandbox(type_, "--leads", "40", "--seed", "8", *DAY) as other:
        assert everything(other)[0] != first[0]


@pytest.mark.parametrize(
    ("type_", "path"), [("hubspot", "/crm/v3/objects/contacts"), ("salesforce", f"{DATA}/sobjects/Lead/describe")]
)
def test_a_wrong_token_is_401_and_an_unknown_path_404(type_: str, path: str):
    with Sandbox(type_, "--leads", "1") as crm:
        assert raw(crm, path, "other") == b"401"
        assert raw(crm, path + "/no/such/path", crm.token) == b"404"
        assert requests.get(crm.url + path, timeout=30).status_code == 401


def test_bare_accounts_lack_our_fields():
    with Sandbox("hubspot", "--leads", "1", "--bare") as bare:
        names = [prop["name"] for prop in bare.ask("GET", "/crm/v3/properties/contacts")["results"]]
        assert "jobtitle" in names
        assert not [name for name in names if name.startswith("leadsync")]
    with Sandbox("salesforce", "--leads", "1", "--bare") as bare:
        for obj in ("Lead", "Contact"):
            names = [field["name"] for field in bare.ask("GET", f"{DATA}/sobjects/{obj}/describe")["fields"]]
            assert "Title" in names
            assert not [name for name in names if name.lower().startswith("leadsync")]


@pytest.mark.parametrize("type_", ["hubspot", "salesforce"])
def test_an_unknown_column_is_told_with_its_place(type_: str, tmp_path: Path):
    (tmp_path / "leads.csv").write_text(HEADERS[type_] + "a,b,c\n")
    done = leadsync("sandbox", type_, "--token", "t", "--load", "leads.csv", cwd=tmp_path)
    assert done.code == 65
    assert "leads.csv:1: unknown column 'no_such_column'" in done.err
    assert not done.out


@pytest.mark.parametrize("type_", ["hubspot", "salesforce"])
def test_a_bad_row_and_a_missing_file_are_told(type_: str, tmp_path: Path):
    header, row = ("email", "a@x.example") if type_ == "hubspot" else ("LastName", "Ash")
    (tmp_path / "leads.csv").write_text(f"{header}\n{row}\n{row},surplus\n")
    done = leadsync("sandbox", type_, "--token", "t", "--load", "leads.csv", cwd=tmp_path)
    assert done.code == 65
    assert "leads.csv:3: more cells than columns" in done.err
    done = leadsync("sandbox", type_, "--token", "t", "--load", "nowhere.csv", cwd=tmp_path)
    assert done.code == 65
    assert "nowhere.csv" in done.err


def test_loaded_rows_keep_ids_and_stamps(tmp_path: Path):
    sheet = tmp_path / "leads.csv"
    sheet.write_text(
        "Id,LastName,Company,CreatedDate,LastModifiedDate,Title\n"
        "00Q000000000001EAA,Ash,Ash Ltd,2024-01-02T03:04:05.000+0000,2024-05-06T07:08:09.000+0000,buyer\n"
        ",Birch,Birch Ltd,,,\n",
        "utf-8",
    )
    with Sandbox("salesforce", "--load", str(sheet)) as crm:
        rows = crm.query("SELECT Id, LastName, CreatedDate, LastModifiedDate, Title FROM Lead ORDER BY LastName")
        assert [row["LastName"] for row in rows] == ["Ash", "Birch"]
        assert rows[0]["Id"] == "00Q000000000001EAA"
        assert rows[0]["CreatedDate"].startswith("2024-01-02T03:04:05")
        assert rows[0]["LastModifiedDate"].startswith("2024-05-06T07:08:09")
        assert rows[1]["Id"].startswith("00Q")
    sheet.write_text(
        "hs_object_id,email,createdate,lastmodifieddate\n"
        "4711,ash@x.example,2024-01-02T03:04:05.000Z,2024-05-06T07:08:09.000Z\n,birch@x.example,,\n",
        "utf-8",
    )
    with Sandbox("hubspot", "--load", str(sheet)) as crm:
        found = crm.contacts("email", "createdate", "lastmodifieddate")
        assert {row["email"] for row in found.values()} == {"ash@x.example", "birch@x.example"}
        assert found["4711"]["createdate"].startswith("2024-01-02T03:04:05")
        assert found["4711"]["lastmodifieddate"].startswith("2024-05-06T07:08:09")


def test_a_port_that_is_taken_is_told(tmp_path: Path):
    with Sandbox("hubspot", "--leads", "1") as crm:
        port = crm.url.rsplit(":", 1)[1]
        done = leadsync("sandbox", "salesforce", "--token", "t", "--leads", "1", "--port", port, cwd=tmp_path)
    assert done.code == 64
    assert f"port {port}" in done.err
    assert "--port 0" in done.err
    assert not done.out


def test_limits_hold_unless_they_are_turned_off():
    command = [*COMMAND, "sandbox", "hubspot", "--token", TOKENS["hubspot"], "--leads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        headers = {"Authorization": f"Bearer {TOKENS['hubspot']}"}
        search = f"{url}/crm/v3/objects/contacts/search"
        with requests.Session() as http:
            answers = [http.post(search, json={}, headers=headers, timeout=30) for _ in range(12)]
        process.terminate()
    assert process.returncode == 0
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert json.loads(limited[0].content)["policyName"] == "SECONDLY"


@pytest.mark.slow
def test_fifty_thousand_leads_are_served_as_few_are():
    with ThreadPoolExecutor() as both:
        hubspot, salesforce = both.map(lambda type_: Sandbox(type_, "--leads", "50000"), ("hubspot", "salesforce"))
    with hubspot, salesforce:
        since = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1000"}
        search = {"filterGroups": [{"filters": [since]}], "limit": 200, "properties": ["email"]}
        page = hubspot.ask("POST", "/crm/v3/objects/contacts/search", search)
        assert (page["total"], len(page["results"])) == (50_000, 200)
        before = hubspot.calls()
        assert len(hubspot.contacts("email")) == 50_000
        assert hubspot.calls() - before == 500

        page = salesforce.ask("GET", f"{DATA}/query", q="SELECT Id, Email FROM Lead")
        sizes = [len(page["records"])]
        while not page["done"]:
            page = salesforce.ask("GET", page["nextRecordsUrl"])
            sizes.append(len(page["records"]))
        assert sum(sizes) == page["totalSize"] > 35_000
        assert set(sizes[:-1]) == {2000}
