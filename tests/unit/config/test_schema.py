"""What an editor is told of the files: it agrees with the loader, and every key has its meaning."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from leadsync.config.document import load
from leadsync.config.load import load_config
from leadsync.config.meanings import MEANINGS
from leadsync.config.schema import KINDS, Known, known, schema
from leadsync.errors import UserError

ROOT = Path(__file__).parents[3]
SHIPPED = {
    "mapping": sorted(ROOT.glob("mappings/*.yaml")),
    "scoring": sorted(ROOT.glob("mappings/scoring/*.yaml")),
    "funnel": sorted(ROOT.glob("mappings/funnel/*.yaml")),
    "classes": sorted(ROOT.glob("mappings/classes/*.yaml")),
    "lists": sorted(ROOT.glob("mappings/lists/*.yaml")),
    "facts": sorted(ROOT.glob("mappings/facts/*.yaml")),
    "matching": [],
}
MAIN = {"connections": {"hubspot": {"type": "hubspot", "token": {"env": "T"}}}}
OWN = {
    "leadsync": MAIN | {
        "every": "5m", "home": {"country": "PL", "time_zone": "Europe/Warsaw"}, "prefer": ["hubspot"],
        "fields": {"renewal": "date", "tier": {"type": "text", "label": "Tier"}}, "brake": {"share": 30},
        "never": "email contains test",
    },
    "mapping": {
        "use": "hubspot",
        "read": {"contacts": {"budget": {"from": ["a", "b"], "as": ["digits", "money"]}, "need": "wish", "city": None,
                              "timeline": {"from": "p", "map": {"soon": 1}, "default": 12}}},
        "write": {"contacts": {"leadsync_score": "score", "x": {"value": "stage", "map": {"SQL": "s"}, "every": "1d"}}},
    },
    "facts": {
        "complete": ["email", "phone"], "enough": "completeness >= 1", "free": ["mail.example"],
        "seniority": {"director": ["area lead"]}, "legal_forms": {"after": ["xyz"]}, "sources": {"event": ["open day"]},
    },
    "classes": {
        "use": "default", "own": ["example.com"],
        "classes": {"guest": {"when": "source = guestbook", "label": {"en": "guest"}}},
    },
    "lists": {"use": "default", "connections": ["hubspot"], "max_age": "90d", "suppress": {"countries": ["KP"]}},
    "matching": {"link": "review", "review": -2, "names": {"given": [["bogdan", "bodzio"]]},
                 "survive": {"phone": "newest", "source": ["fair", "web"]}},
    "scoring": {
        "use": "b2b", "temperature": {"hot": 80, "hot_when": "need"},
        "fit": {"cap": 40, "rules": {"a": {"points": 18, "when": "email"}}},
        "engagement": {"rules": {"demo": {"points": 2.5, "per": "demo_request", "half_life": "30d", "cap": 5}}},
        "segments": [{"name": "small", "when": "employees < 50", "use": "b2c", "fit": {"cap": 20}}],
    },
    "funnel": {"stages": [{"name": "A", "shows": {"step": "x"}}, {"name": "B", "gate": {"x": "score >= 3"}}]},
    "routing": {
        "when": "score > 3", "catch_all": "ann", "together": False, "holidays": ["2026-12-25"],
        "rules": [{"name": "few", "to": "big", "when": "need", "top": 3}, {"name": "all", "to": ["ann", "everyone"]}],
        "customers": [{"name": "account", "to": "company.owner"}], "others": [{"name": "shop", "to": "partners"}],
        "reps": {"ann": {"email": "a@b.c", "weight": 2, "capacity": 0, "hours": "Mon 9:00-17:00", "away": "2026-12-24"},
                 "bob": {"email": "b@b.c", "kind": "partner", "skills": ["big"], "language": "pl"}},
    },
}  # fmt: skip
FILES = {"mapping": "mappings/hubspot.yaml"}


SCHEMAS = {kind: schema(kind, Known()) for kind in KINDS}
VALIDATORS = {kind: Draft202012Validator(found) for kind, found in SCHEMAS.items()}


def told(kind: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[kind].iter_errors(data)]


def loads(kind: str, data: Any) -> bool:
    """Whether the loader takes a file of this kind beside the simplest others."""
    with TemporaryDirectory() as folder:
        for name, body in {"leadsync": MAIN, kind: data}.items():
            path = Path(folder) / FILES.get(name, f"{name}.yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
        try:
            load_config(Path(folder) / "leadsync.yaml")
        except UserError:
            return False
        return True


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in SHIPPED.items() for path in paths])
def test_the_shipped_files_are_right(kind: str, path: Path):
    assert told(kind, load(path).data) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_every_kind_is_right(kind: str):
    assert loads(kind, OWN[kind])
    assert told(kind, OWN[kind]) == []


def examples() -> Iterator[tuple[str, Any]]:
    """Every YAML example of the pages that is a whole file, with its kind."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for text in re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            data = yaml.safe_load(text) if not text.startswith(" ") else None
            if not isinstance(data, dict):
                continue
            keys = set(data)
            kinds = {"leadsync": {"connections"}, "mapping": {"read", "write"}, "funnel": {"stages"},
                     "routing": {"reps"}, "facts": {"complete"}, "classes": {"classes"}, "lists": {"suppress"},
                     "matching": {"link"}, "scoring": {"temperature", "fit", "engagement"}}  # fmt: skip
            yield from ((kind, data) for kind, telling in kinds.items() if telling & keys)


def test_the_examples_of_the_pages_are_right():
    found = list(examples())
    assert {kind for kind, _ in found} == set(KINDS)
    declared = known(load_page("leadsync.yaml"))
    for kind, data in found:
        errors = [error.message for error in Draft202012Validator(schema(kind, declared)).iter_errors(data)]
        assert errors == [], data


def load_page(heading: str) -> Any:
    """The example under a heading of the configuration page, as a document."""
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
        return load(path)


def put(kind: str, *loc: str | int, value: Any) -> Any:
    """The file of this kind with something else at one place."""
    made = spot = deepcopy(OWN[kind])
    for part in loc[:-1]:
        spot = spot.setdefault(part, {}) if isinstance(spot, dict) else spot[part]
    spot[loc[-1]] = value
    return made


WRONG = [
    ("leadsync", ("conections",), {}),
    ("leadsync", ("connections",), {}),
    ("leadsync", ("connections", "hubspot", "type"), "hubspt"),
    ("leadsync", ("connections", "hubspot", "token"), "pat-123"),
    ("leadsync", ("connections", "hubspot", "domain"), "x"),
    ("leadsync", ("connections", "hubspot", "live"), "perhaps"),
    ("leadsync", ("connections", "hubspot", "quota", "own"), 101),
    ("leadsync", ("connections", "Hub Spot"), {"type": "hubspot", "token": {"env": "T"}}),
    ("leadsync", ("every",), 60),
    ("leadsync", ("every",), "often"),
    ("leadsync", ("fields", "renewal"), "day"),
    ("leadsync", ("brake", "share"), 0),
    ("leadsync", ("prefer",), "hubspot"),
    ("leadsync", ("never",), ["x"]),
    ("mapping", ("use",), "hubspt"),
    ("mapping", ("reed",), {}),
    ("mapping", ("read", "contacts", "nead"), "wish"),
    ("mapping", ("read", "contacts", "need"), 5),
    ("mapping", ("read", "contacts", "need"), {"map": {"a": "b"}}),
    ("mapping", ("read", "contacts", "need"), {"from": "wish", "as": "mony"}),
    ("mapping", ("read", "contacts", "need"), {"from": []}),
    ("mapping", ("read", "contacts", "role"), "person"),
    ("mapping", ("read", "contacts", "counters"), {"n": {"as": "opened"}}),
    ("mapping", ("read", "calls"), {"kinds": [{"as": "phone_call"}]}),
    ("mapping", ("read", "deals"), {"outcomes": [{"as": "gone"}]}),
    ("mapping", ("write", "contacts", "x"), "scoer"),
    ("mapping", ("write", "contacts", "x"), {"value": "score", "policy": "sometimes"}),
    ("mapping", ("write", "contacts", "x"), {"value": "score", "least": -1}),
    ("mapping", ("write", "contacts", "x"), {"value": "reasons", "length": 0}),
    ("mapping", ("write", "contacts", "x"), {"policy": "always"}),
    ("scoring", ("fit", "cap"), 0),
    ("scoring", ("fit", "rules", "a", "points"), 1001),
    ("scoring", ("fit", "rule"), {}),
    ("scoring", ("fit", "rules", "a"), {"when": "email"}),
    ("scoring", ("fit", "rules", "a", "points"), "many"),
    ("scoring", ("fit", "rules", "a", "when"), True),
    ("scoring", ("engagement", "rules", "demo", "per"), "demos"),
    ("scoring", ("engagement", "rules", "demo", "half_life"), 30),
    ("scoring", ("temperature", "hot"), 101),
    ("scoring", ("temperature", "hott"), 70),
    ("funnel", ("stages",), {}),
    ("funnel", ("stages", 0, "name"), ""),
    ("funnel", ("stages", 1, "gate"), "score >= 3"),
    ("routing", ("reps", "ann", "weight"), 0),
    ("routing", ("reps", "ann"), "a@b.c"),
    ("routing", ("reps", "ann", "kind"), "boss"),
    ("routing", ("rules", 0, "top"), 0),
    ("routing", ("rules",), {}),
]


@pytest.mark.parametrize(("kind", "loc", "value"), WRONG)
def test_what_is_wrong_by_form_is_marked(kind: str, loc: tuple[str | int, ...], value: Any):
    wrong = put(kind, *loc, value=value)
    assert not loads(kind, wrong)
    assert told(kind, wrong)


def test_a_mapping_that_stands_alone_has_to_say_its_roles():
    alone = {"read": {"contacts": {"email": "email"}}}
    assert told("mapping", alone)
    assert told("mapping", alone | {"use": "hubspot"}) == []
    assert told("mapping", {"read": {"contacts": {"email": "email", "role": "lead"}}}) == []


def spots(data: Any, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield loc
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from spots(value, (*loc, key))


def keys() -> Iterator[tuple[str, Any]]:
    """Every key that a schema knows, and what it says of it."""
    for found in SCHEMAS.values():
        for part in (found, *found["$defs"].values()):
            yield from (part["anyOf"][-1] if "anyOf" in part else part).get("properties", {}).items()


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: str):
    Draft202012Validator.check_schema(SCHEMAS[kind])


def test_every_key_has_its_meaning_and_no_meaning_is_idle():
    assert [key for key, part in keys() if not part.get("description")] == []
    said = {part["description"] for _, part in keys()}
    assert [name for name, meaning in MEANINGS.items() if meaning not in said] == []


KEYS = sorted({key for key, _ in keys()})
VALUES = [
    None, "", "x", "yes", "0", "7", "1.5", "30d", "45m", "email", "score", "email or phone", "visit", "if_empty",
    "number", "lead", "pl", "PL", 0, 1, 7, 40.0, 1.5, [], ["email"], ["trim", "lower"], [None], {}, {"from": "x"},
    {"value": "score"}, {"x": "y"}, {"x": None}, {"as": "visit"}, [{"as": "visit"}], [{"as": "won"}],
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Any]:
    """A file in which somebody has changed, added or taken away one to three things."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    bases = [
        OWN[kind],
        *(load(path).data for path in SHIPPED.get(kind, ()) if path.stem not in ("files", "salesforce")),
    ]
    data = deepcopy(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(1, 3))):
        *around, last = draw(st.sampled_from([loc for loc in spots(data) if loc]))
        spot = data
        for part in around:
            spot = spot[part]
        what = draw(st.sampled_from(["change", "add", "remove"]))
        if what == "remove":
            del spot[last]
        elif what == "change" or not isinstance(spot, dict):
            spot[last] = deepcopy(draw(st.sampled_from(VALUES)))
        else:
            spot[draw(st.sampled_from(KEYS))] = deepcopy(draw(st.sampled_from(VALUES)))
        if not any(True for loc in spots(data) if loc):
            break
    return kind, data


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(edited())
@example(("scoring", {"use": "b2b", "fit": {"cap": "40", "rules": {"a": {"points": "1e1", "when": "email"}}}}))
@example(("leadsync", MAIN | {"connections": {"hubspot": {"type": "hubspot", "token": {"env": "T"}, "live": "no"}}}))
@example(("leadsync", MAIN | {"every": " 24 h "}))
@example(("mapping", {"use": None, "read": {"contacts": {"role": "lead", "email": ["a", "b"], "at": None}}}))
@example(("mapping", {"use": None, "read": {"contacts": {"role": "lead", "email": "a", "city": None, "cities": None}}}))
def test_what_the_loader_takes_no_editor_marks(file: tuple[str, Any]):
    kind, data = file
    errors = told(kind, data)
    assert not errors or not loads(kind, data), errors
