"""leadsync and the sandboxes as real processes, and the CRMs' own APIs as anybody would call them."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import warm
import yaml

TOKENS = {"hubspot": "canary-hubspot-4711", "salesforce": "canary-salesforce-0815"}
VARIABLES = {"hubspot": "HUBSPOT_TOKEN", "salesforce": "SF_TOKEN"}
COMMAND = [sys.executable, "-m", "leadsync"]
DATA = "/services/data/v62.0"
Json = Any


def environment(**more: str | None) -> dict[str, str]:
    """This process's environment with the tokens set; `None` takes a variable away."""
    wanted: dict[str, str | None] = {"LEADSYNC_CONFIG": None}
    wanted |= {variable: TOKENS[type_] for type_, variable in VARIABLES.items()} | more
    kept = {name: value for name, value in os.environ.items() if name not in wanted}
    return kept | {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        return json.loads(self.out)


def leadsync(*arguments: str, cwd: Path, **env: str | None) -> Done:
    """Run a command to its end. Nothing may ever show a traceback or a secret."""
    wanted = environment(**env)
    if warm.suits(wanted):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = warm.Forked(arguments, cwd, wanted, out.fileno(), err.fileno()).wait(180)
            out.seek(0)
            err.seek(0)
            done = Done(code, out.read().decode(), err.read().decode())
    else:
        command = [*COMMAND, *arguments]
        ended = subprocess.run(command, cwd=cwd, env=wanted, capture_output=True, text=True, timeout=180)
        done = Done(ended.returncode, ended.stdout, ended.stderr)
    said = done.out + done.err
    assert "Traceback" not in said, said
    assert not [token for token in TOKENS.values() if token in said], said
    return done


class Sandbox:
    """A CRM sandbox in a process of its own: `with Sandbox("hubspot", "--leads", "40") as crm:`."""

    def __init__(self, type_: str, *options: str) -> None:
        self.type, self.token = type_, TOKENS[type_]
        command = ["sandbox", type_, "--port", "0", "--token", self.token, "--no-rate-limit", *options]
        out, into = os.pipe()
        self._process = warm.Forked(command, Path.cwd(), os.environ, into, 2)
        os.close(into)
        self._out = open(out)  # noqa: SIM115
        self.said = self._out.readline()
        assert self.said.startswith("ready http://127.0.0.1:"), self.said
        self.url = self.said.split()[1]
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(10)
        self._out.close()

    def ask(self, method: str, path: str, body: Json = None, **params: str) -> Json:
        """The JSON that the API answers; fails on an error."""
        answer = self._http.request(method, self.url + path, json=body, params=params, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def calls(self) -> int:
        """How many requests have been made to the API."""
        return int(self.ask("GET", "/_sandbox/calls")["total"])

    def act(self, seed: int, leads: int) -> list[dict[str, str]]:
        """Let leads act."""
        found: list[dict[str, str]] = self.ask("POST", "/_sandbox/act", {"seed": seed, "leads": leads})["acted"]
        return found

    # as HubSpot's users do

    def contacts(self, *names: str) -> dict[str, dict[str, str]]:
        """All contacts by id, with these properties."""
        found: dict[str, dict[str, str]] = {}
        after = ""
        while after is not None:
            more = {"after": after} if after else {}
            page = self.ask("GET", "/crm/v3/objects/contacts", limit="100", properties=",".join(names), **more)
            found |= {row["id"]: row["properties"] | {"stamp": row["updatedAt"]} for row in page["results"]}
            after = page.get("paging", {}).get("next", {}).get("after")
        return found

    def contact(self, id_: str, *names: str) -> dict[str, str]:
        """One contact's properties."""
        row = self.ask("GET", f"/crm/v3/objects/contacts/{id_}", properties=",".join(names))
        return dict(row["properties"]) | {"stamp": row["updatedAt"]}

    def edit(self, id_: str, **properties: str) -> None:
        """Change a contact by hand."""
        self.ask("PATCH", f"/crm/v3/objects/contacts/{id_}", {"properties": properties})

    def log(self, obj: str, contact: str, **properties: str) -> None:
        """Log an engagement and associate it with a contact."""
        made = self.ask("POST", f"/crm/v3/objects/{obj}", {"properties": properties})
        self.ask("PUT", f"/crm/v4/objects/{obj}/{made['id']}/associations/default/contacts/{contact}")

    # as Salesforce's users do

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All rows of a query."""
        page = self.ask("GET", f"{DATA}/query", q=soql)
        rows: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.ask("GET", page["nextRecordsUrl"])
            rows += page["records"]
        return rows

    def create(self, obj: str, **values: Any) -> str:
        """A new row; its id."""
        return str(self.ask("POST", f"{DATA}/sobjects/{obj}", values)["id"])

    def change(self, obj: str, id_: str, **values: Any) -> None:
        """Change a row by hand, which has no assignment rule run."""
        path, alone = f"{DATA}/sobjects/{obj}/{id_}", {"Sforce-Auto-Assign": "FALSE"}
        answer = self._http.patch(self.url + path, json=values, headers=alone, timeout=60)
        assert answer.ok, answer.text


@dataclass
class Folder:
    """A folder with a configuration, as an admin keeps it."""

    path: Path
    connections: dict[str, dict[str, Any]]
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.write()

    def write(self) -> None:
        """Write `leadsync.yaml`."""
        self.file("leadsync.yaml", {"connections": self.connections, **self.more})

    def file(self, name: str, body: Mapping[str, Any] | str) -> None:
        """Write a file of the folder, as given or as YAML."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(body if isinstance(body, str) else yaml.safe_dump(body, sort_keys=False), "utf-8")

    def live(self, live: bool) -> None:
        """Let all connections write, or none."""
        for connection in self.connections.values():
            connection["live"] = live
        self.write()

    def base_url(self, url: str, *names: str) -> None:
        """Let these connections lead to another address."""
        for name in names:
            self.connections[name]["base_url"] = url
        self.write()

    def run(self, *arguments: str, **env: str | None) -> Done:
        """A command in this folder, which never leaves a secret there."""
        done = leadsync(*arguments, cwd=self.path, **env)
        held = [p for p in self.path.rglob("*") if p.is_file() and any(t.encode() in p.read_bytes() for t in _TOKENS)]
        assert not held, held
        return done

    def sync(self, code: int = 0, **env: str | None) -> dict[str, dict[str, Any]]:
        """One cycle, whatever it changes; what it did, by connection."""
        done = self.run("sync", "--allow", "--json", **env)
        assert done.code == code, done.out + done.err
        (cycle,) = done.json["cycles"]
        found: dict[str, dict[str, Any]] = cycle["connections"]
        return found

    def settle(self) -> None:
        """Cycles until nothing is written any more."""
        for _ in range(4):
            if not any(c["written"] + c["pulled"] for c in self.sync().values()):
                return
        raise AssertionError("it goes on writing")


_TOKENS = tuple(TOKENS.values())
NewFolder = Callable[..., Folder]


def connection(crm: Sandbox, *, live: bool = True) -> dict[str, Any]:
    """A connection to a sandbox."""
    return {"type": crm.type, "base_url": crm.url, "token": {"env": VARIABLES[crm.type]}, "live": live}


class Background:
    """A command that goes on until it is stopped."""

    def __init__(self, *arguments: str, cwd: Path, **env: str | None) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=cwd, env=environment(**env), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def lines(self, count: int) -> list[str]:
        """The next lines of its log."""
        assert self._process.stderr is not None
        found = []
        for _ in range(count):
            ready, _, _ = select.select([self._process.stderr], [], [], 60)
            assert ready, found
            found.append(self._process.stderr.readline().decode())
            assert found[-1], found
        return found

    def stop(self, number: int) -> tuple[int, str]:
        """Send a signal and wait for the end: exit code and the rest of the log."""
        self._process.send_signal(number)
        _, rest = self._process.communicate(timeout=30)
        return self._process.returncode, rest.decode()
