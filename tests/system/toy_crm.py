"""A connector as another package brings it. Its account is a JSON file, which shows everything that is done to it."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from leadsync.connector import (
    AuthLost,
    Capabilities,
    ConnectionSettings,
    FieldSchema,
    Finding,
    NotFound,
    ObjectSchema,
    Quota,
    Role,
    SecretRef,
    Step,
    Transient,
    WantedField,
)


class ToySettings(ConnectionSettings):
    account: Path
    token: SecretRef | None = None


class Reader:
    """Reads and writes only; it creates no fields."""

    Settings: ClassVar[type[ConnectionSettings]] = ToySettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        {"people": Role.LEAD, "firms": Role.COMPANY, "extras": Role.ACTIVITY},
        write_batch=100,
        settle=timedelta(0),
        optional=frozenset({"extras"}),
    )

    def __init__(self, settings: ToySettings, *, clock: Any, secrets: Any, log: Any) -> None:
        self.path, self.secrets, self.needs = settings.account, secrets, settings.token is not None
        self.calls = 0

    @contextmanager
    def account(self) -> Iterator[dict[str, Any]]:
        if self.needs:
            self.secrets.get("token")
        self.calls += 1
        held = json.loads(self.path.read_text())
        yield held
        if held != json.loads(self.path.read_text()):
            self.path.write_text(json.dumps(held))

    def check(self, written: Mapping[str, Sequence[str]]) -> list[Finding]:
        with self.account() as held:
            print(held.get("babbles", ""), file=sys.stderr)
            if held.get("down"):
                return [Finding("error", "cannot reach the toy", "wind it up")]
            return [Finding(*f) for f in held.get("findings", [["ok", f"may write {dict(written)}", ""]])]

    def describe(self, obj: str) -> ObjectSchema:
        with self.account() as held:
            if held.get("down"):
                raise Transient("cannot reach the toy")
            if obj in held.get("forbidden", []):
                raise AuthLost(f"the toy token lacks the scope {obj}", fix=f"give it {obj}", code="scope")
            if obj not in held["objects"]:
                raise NotFound(f"the toy has no {obj}")
            fields = {n: FieldSchema(**{"name": n, "type": "text", **f}) for n, f in held["objects"][obj].items()}
            return ObjectSchema(obj, fields)

    def quota(self) -> Quota:
        used, limit = json.loads(self.path.read_text()).get("quota", [None, None])
        return Quota(self.calls, used, limit, "toy")

    def close(self) -> None:
        pass


class Toy(Reader):
    """Creates fields, unless its account is `stubborn`: then it offers a package."""

    def install(self, wanted: Sequence[WantedField], *, dry_run: bool) -> list[Step]:
        steps = []
        with self.account() as held:
            for field in wanted:
                there = held["objects"][field.object].get(field.name)
                if there and there.get("type", "text") != field.type:
                    steps.append(Step(f"{field.object}.{field.name} is no {field.type}", "wrong", "make another one"))
                    continue
                steps.append(Step(f"{field.object}.{field.name}", "there" if there else "missing"))
                if there or dry_run or held.get("stubborn"):
                    continue
                steps[-1] = Step(f"{field.object}.{field.name}", "created")
                made = {"type": field.type, "label": field.label, "options": [value for value, _ in field.options]}
                held["objects"][field.object][field.name] = made
        return [*steps, Step("put them on the page", "by_hand", "Settings > Page > drag them there")]

    def package(self, wanted: Sequence[WantedField]) -> bytes:
        return json.dumps([asdict(field) for field in wanted]).encode()


MAPPING = """\
read:
  people:
    role: lead
    email: mail
    need: wish
  firms:
    role: company
    company: name
  extras:
    role: activity
    at: moment
    kinds: [{as: visit}]
write:
  people:
    points: score
    heat: temperature
    why: reasons
    step: {value: stage, map: {MQL: warm lead, SQL: hot lead}}
"""
FIELDS = {
    "mail": {}, "wish": {}, "points": {"type": "number"}, "why": {"length": 255},
    "heat": {"type": "enum", "options": ["cold", "warm", "hot"]},
    "step": {"type": "enum", "options": ["warm lead", "hot lead"]},
}  # fmt: skip


def plug_in(folder: Path) -> str:
    """Install the types `toy` and `toy_reader` for processes with this PYTHONPATH."""
    info = folder / "toy_crm-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-crm\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[leadsync.connectors]\ntoy = toy_crm:Toy\ntoy_reader = toy_crm:Reader\n")
    (folder / "toy_crm.py").write_text(Path(__file__).read_text())
    return str(folder)
