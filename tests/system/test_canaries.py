"""No secret is written anywhere: canaries are planted, CRMs repeat them in every shape, and all that was written is
searched. Only a rotated secret is kept, in a file that nobody else can open."""

import base64
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from doors import Background, Folder, Sandbox, leadsync
from gossip import Gossip
from toy_crm import MAPPING, plug_in

# characters that URLs, JSON and base64 each write in a way of their own
CANARIES = {
    name: f"Canary{name}/4711+{name.lower()}&=%22"
    for name in ("HubToken", "HubId", "HubSecret", "HubRefresh", "HubAccess", "HubRotated", "SfToken", "SfId",
                 "SfSecret", "SfAccess", "ToyToken")
}  # fmt: skip
DEBUG = "import logging\nlogging.basicConfig(level=logging.DEBUG)\n"


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may be written, whole or cut short."""
    for part in {secret, secret[:16], secret[-16:], max(re.findall(r"\w+", secret), key=len)}:
        for text in (part, quote(part), quote(part, safe=""), quote_plus(part), json.dumps(part)[1:-1]):
            yield text.encode()
            yield text.replace("/", "\\/").encode()
        yield part.encode().hex().encode()
        for shift in range(3):  # wherever it begins within what was encoded, without the ends that share a letter
            encoded = base64.b64encode(b"\0" * shift + part.encode())
            inner = encoded[(0, 2, 3)[shift] : len(encoded) // 4 * 4 - 4]
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def leaks(secrets: Mapping[str, str], written: Mapping[str, bytes]) -> list[str]:
    """`secret in place` for every secret that can be found."""
    return sorted({
        f"{name} in {place}"
        for name, secret in secrets.items()
        for form in set(forms(secret)) if len(form) >= 10
        for place, data in written.items() if form in data
    })  # fmt: skip


@dataclass
class Bench:
    """A folder, and everything that was said or written so far. Secrets lie in a vault beside it."""

    path: Path
    secrets: dict[str, str]
    said: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("here", "vault", "site"):
            (self.path / name).mkdir()
        (self.path / "site" / "sitecustomize.py").write_text(DEBUG)
        self.folder = Folder(self.path / "here", {}, {"every": "1s"})
        found = os.pathsep.join(filter(None, (str(self.path / "site"), os.environ.get("PYTHONPATH"))))
        self.env: dict[str, str | None] = {"PYTHONPATH": found}

    def kept(self, name: str, how: str) -> dict[str, Any]:
        """Keep a secret, and refer to it."""
        if how == "env":
            self.env[f"X_{name.upper()}"] = self.secrets[name]
            return {"env": f"X_{name.upper()}"}
        file = self.path / "vault" / name
        file.write_text(self.secrets[name])
        told = f"print(open({str(file)!r}).read())"
        return {"file": str(file)} if how == "file" else {"cmd": [sys.executable, "-S", "-c", told]}

    def run(self, *arguments: str) -> int:
        done = leadsync(*arguments, cwd=self.folder.path, **self.env)
        self.note(" ".join(arguments), done.out + done.err)
        return done.code

    def note(self, what: str, said: str) -> None:
        self.said[f"{len(self.said)}: {what}"] = said.encode()

    def leaks(self) -> list[str]:
        """In what was said, and in every file but those of rotated secrets, which nobody else can open."""
        files = [p for p in self.folder.path.rglob("*") if p.is_file()]
        for file in files:
            assert not file.name.endswith(".secrets.json") or file.stat().st_mode & 0o777 == 0o600
        written = {p.name: p.read_bytes() for p in files if not p.name.endswith(".secrets.json")}
        return leaks(self.secrets, self.said | written)


WAYS = {  # how to get in → the settings of both connections, each secret with the way in which it is kept
    "tokens": {"hubspot": {"token": ("HubToken", "env")}, "salesforce": {"token": ("SfToken", "file")}},
    "apps": {
        "hubspot": {
            "client_id": ("HubId", "cmd"),
            "client_secret": ("HubSecret", "file"),
            "refresh_token": ("HubRefresh", "env"),
        },
        "salesforce": {"client_id": ("SfId", "env"), "client_secret": ("SfSecret", "cmd")},
    },
    "key": {"salesforce": {"client_id": ("SfId", "file"), "private_key": ("SfKey", "file")}},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_whatever_crms_say_no_secret_is_written(
    tmp_path: Path, hubspot: Sandbox, salesforce: Sandbox, key: str, way: str
):
    bench = Bench(tmp_path, CANARIES | {f"SfKey{i}": line for i, line in enumerate(key.splitlines()[1:-1])})
    with (
        Gossip(hubspot, CANARIES["HubAccess"], CANARIES["HubRotated"]) as hub,
        Gossip(salesforce, CANARIES["SfAccess"], "") as sf,
    ):
        fronts = {"hubspot": hub, "salesforce": sf}
        bench.secrets["SfKey"] = key
        for name, settings in WAYS[way].items():
            refs = {setting: bench.kept(*secret) for setting, secret in settings.items()}
            more = {"username": "leadsync@example.com"} if way == "key" else {}
            bench.folder.connections[name] = {"type": name, "base_url": fronts[name].url, "live": True, **refs, **more}
        del bench.secrets["SfKey"]  # its lines are looked for
        bench.folder.write()
        exercise(bench, [fronts[name] for name in bench.folder.connections])
        assert all(fronts[name].heard > 20 for name in bench.folder.connections)
    rotated = bench.folder.path / ".hubspot.secrets.json"
    assert rotated.exists() is (way == "apps")
    assert way != "apps" or CANARIES["HubRotated"] in json.loads(rotated.read_text()).values()
    assert bench.leaks() == []


def exercise(bench: Bench, fronts: Iterable[Gossip]) -> None:
    """Every verb that talks to CRMs or tells of them: while all is well, in each shape, and in a storm of them."""

    def shape(name: str) -> None:
        for front in fronts:
            front.shape = name

    names = list(bench.folder.connections)
    assert bench.run("sync", "--json") == 0
    for each in ("400", "401", "403", "500"):
        shape(each)
        assert bench.run("sync", "--json") != 0
        assert bench.run("check", "--json") == 69
    for name in names:
        assert bench.run("install", name, "--apply") == 69
    shape("storm")
    with Background("run", cwd=bench.folder.path, **bench.env) as service:
        lines = service.lines(12)
        bench.run("status")
        bench.run("status", "--json")
        bench.note("run", "".join(lines) + service.stop(15)[1])
    bench.run("sync")
    bench.run("check")
    shape("")
    for front in fronts:
        bench.note("address", front.url)
    bench.run("sync")
    assert bench.run("check") in (0, 65)
    for name in names:
        bench.run("install", name, "--json")


@pytest.mark.parametrize("how", ["plain", "url", "base64", "json", "short"])
def test_a_leak_is_found_and_one_in_a_finding_is_hidden(tmp_path: Path, how: str):
    """A connector that tells its token: past leadsync, where only the search above finds it, and in what it returns."""
    bench = Bench(tmp_path, CANARIES)
    plug_in(tmp_path / "site")
    secret = CANARIES["ToyToken"]
    told = {
        "plain": f"token {secret} refused",
        "url": f"GET /?t={quote_plus(secret)}&x",
        "base64": base64.b64encode(f"me:{secret}".encode()).decode(),
        "json": json.dumps({"a": secret}).replace("/", "\\/"),
        "short": secret[:18],
    }[how]
    account = {"objects": {}, "findings": [["error", f"refused: {told}", "mend it"]]}
    (tmp_path / "toy.json").write_text(json.dumps(account))
    bench.folder.file("mappings/toy.yaml", MAPPING)
    toy = {"type": "toy", "account": str(tmp_path / "toy.json"), "token": bench.kept("ToyToken", "env")}
    bench.folder.connections["toy"] = toy
    bench.folder.write()
    assert bench.run("check") == 69
    assert "refused: " in bench.said["0: check"].decode()
    assert bench.leaks() == []

    (tmp_path / "toy.json").write_text(json.dumps(account | {"babbles": told}))
    assert bench.run("check") == 69
    (bench.folder.path / "some.log").write_text(told)
    assert bench.leaks() == ["ToyToken in 1: check", "ToyToken in some.log"]
