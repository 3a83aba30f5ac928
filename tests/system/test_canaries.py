"""No secret is written anywhere: canaries are planted, CRMs repeat them in every shape, and all that was written is
searched. Only a rotated secret is kept, in a file that nobody else can open."""

import base64
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
def hubspot() -> Iterator[Sandbox]:
    with Sandbox("hubspot", "--leads", "12") as crm:
        yield crm


@pytest.fixture(scope="module")
def salesforce() -> Iterator[Sandbox]:
    with Sandbox("salesforce", "--leads", "12") as crm:
        yield crm


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

    def together(self, *commands: Sequence[str]) -> list[int]:
        """Several commands, two at a time."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda command: self.run(*command), commands))

    def note(self, what: str, said: str) -> None:
        self.said[f"{len(self.said)}: {what}"] = said.encode()

    def leaks(self) -> list[str]:
        """In what was said, and in every file but those of rotated secrets, which nobody else can open."""
        files = [p for p in self.folder.path.rglob("*") if p.is_file()]
        for file in files:
            assert not file.name.endswith(".secrets.json") or file.stat().st_mode & 0o777 == 0o600
        written = {p.name: p.read_bytes() for p in files if not p.name.endswith(".secrets.json")}
        return leaks(self.secrets, self.said | written)


CONNECTIONS: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {  # every way in → each secret, how it is kept
    "hub_token": ("hubspot", {"token": ("HubToken", "env")}),
    "hub_app": ("hubspot", {
        "client_id": ("HubId", "cmd"), "client_secret": ("HubSecret", "file"), "refresh_token": ("HubRefresh", "env"),
    }),
    "sf_token": ("salesforce", {"token": ("SfToken", "file")}),
    "sf_app": ("salesforce", {"client_id": ("SfId", "env"), "client_secret": ("SfSecret", "cmd")}),
    "sf_key": ("salesforce", {"client_id": ("SfId", "file"), "private_key": ("SfKey", "file")}),
}  # fmt: skip
TOKENS = {"hubspot": ("HubAccess", "HubRotated"), "salesforce": ("SfAccess", "")}


@pytest.mark.slow
def test_whatever_crms_say_no_secret_is_written(tmp_path: Path, hubspot: Sandbox, salesforce: Sandbox, key: str):
    bench = Bench(tmp_path, CANARIES | {f"SfKey{i}": line for i, line in enumerate(key.splitlines()[1:-1])})
    bench.secrets["SfKey"] = key
    crms = {"hubspot": hubspot, "salesforce": salesforce}
    with ExitStack() as stack:
        fronts: dict[str, Gossip] = {}
        for name, (crm, settings) in CONNECTIONS.items():
            access, rotated = (CANARIES.get(token, "") for token in TOKENS[crm])
            fronts[name] = stack.enter_context(Gossip(crms[crm], access, rotated))
            refs = {setting: bench.kept(*secret) for setting, secret in settings.items()}
            more = {"username": "leadsync@example.com"} if "private_key" in settings else {}
            bench.folder.connections[name] = {"type": crm, "base_url": fronts[name].url, "live": True, **refs, **more}
        del bench.secrets["SfKey"]  # its lines are looked for
        bench.folder.write()
        exercise(bench, list(fronts.values()))
        assert {name: front.heard for name, front in fronts.items() if front.heard <= 20} == {}
    rotated_ones = {path.name: path.read_text() for path in bench.folder.path.glob(".*.secrets.json")}
    assert list(rotated_ones) == [".hub_app.secrets.json"]
    assert CANARIES["HubRotated"] in rotated_ones[".hub_app.secrets.json"]
    assert bench.leaks() == []


def exercise(bench: Bench, fronts: Sequence[Gossip]) -> None:
    """Every verb that talks to CRMs or tells of them: while all is well, in each shape, and in a storm of them."""

    def shape(name: str) -> None:
        for front in fronts:
            front.shape = name

    sync, check = ("sync", "--allow", "--json"), ("check", "--json")
    assert bench.run(*sync) == 0
    for each in ("400", "401", "403", "500"):
        shape(each)
        assert bench.together(sync, check) == [69, 69]
    assert bench.together(*(("install", name, "--apply") for name in ("hub_app", "sf_app"))) == [69, 69]
    shape("storm")
    with Background("run", "--allow", cwd=bench.folder.path, **bench.env) as service:
        lines = service.lines(20)
        bench.together(("status",), ("status", "--json"), ("check",))
        bench.note("run", "".join(lines) + service.stop(15)[1])
    bench.run("sync", "--allow")
    shape("")
    for front in fronts:
        bench.note("address", front.url)
    bench.run("sync", "--allow")
    assert bench.run("check") in (0, 65)
    bench.together(*(("install", name, "--json") for name in ("hub_token", "sf_key")))


def toy(path: Path, account: Mapping[str, Any]) -> Bench:
    """A bench with a connection to a toy of this account, which knows the canary `ToyToken`."""
    bench = Bench(path, CANARIES)
    plug_in(path / "site")
    (path / "toy.json").write_text(json.dumps({"objects": {}, **account}))
    bench.folder.file("mappings/toy.yaml", MAPPING)
    token = bench.kept("ToyToken", "env")
    bench.folder.connections["toy"] = {"type": "toy", "account": str(path / "toy.json"), "token": token}
    bench.folder.write()
    return bench


SECRET = CANARIES["ToyToken"]
TOLD = {
    "plain": f"token {SECRET} refused",
    "url": f"GET /?t={quote_plus(SECRET)}&x",
    "base64": base64.b64encode(f"me:{SECRET}".encode()).decode(),
    "json": json.dumps({"a": SECRET}).replace("/", "\\/"),
    "short": SECRET[:18],
}


def test_what_a_connector_finds_is_told_without_the_secrets_in_it(tmp_path: Path):
    bench = toy(tmp_path, {"findings": [["error", f"refused {how}: {told}", "mend it"] for how, told in TOLD.items()]})
    assert bench.run("check") == 69
    assert all(f"refused {how}: " in bench.said["0: check"].decode() for how in TOLD)
    assert bench.leaks() == []


def test_a_leak_past_leadsync_is_found(tmp_path: Path):
    """A connector that prints its token; only the search sees that."""
    bench = toy(tmp_path, {"babbles": TOLD["url"]})
    bench.run("check")
    assert bench.leaks() == ["ToyToken in 0: check"]


@pytest.mark.parametrize("how", TOLD)
def test_a_leak_of_any_shape_is_found(tmp_path: Path, how: str):
    bench = Bench(tmp_path, CANARIES)
    (bench.folder.path / "some.log").write_text(TOLD[how])
    bench.note("anything", TOLD[how])
    assert bench.leaks() == ["ToyToken in 0: anything", "ToyToken in some.log"]
