"""What can be typed, configured or returned is documented, and the pages hold together."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

import leadsync.config
from leadsync import catalog, errors, registry
from leadsync.cli.app import app
from leadsync.config.load import load_config
from leadsync.config.settings import Strict
from leadsync.connector import SecretRef

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def coded(text: str) -> set[str]:
    """All words that stand in code: between backticks, or in an indented or fenced block."""
    found = re.findall(r"```.*?```|`[^`\n]+`|^    .*$", text, re.DOTALL | re.MULTILINE)
    return {word for code in found for word in re.findall(r"[A-Za-z_][\w-]*|--[\w-]+", code)}


def verbs() -> dict[str, list[str]]:
    """Every verb with its long options."""
    group = typer.main.get_command(app)
    return {
        name: [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def settings() -> Iterator[type[BaseModel]]:
    """Every model of a file, and the settings of every installed connector."""
    for module in pkgutil.iter_modules(leadsync.config.__path__):
        importlib.import_module(f"leadsync.config.{module.name}")
    yield from Strict.__subclasses__()
    yield from (registry.connector(type_).Settings for type_ in registry.types())
    yield SecretRef


def keys() -> set[str]:
    """Every key that a file may hold. The models of groups and fields of free names have none of their own there."""
    inner = {"fields", "groups"}
    return {
        field.alias or name
        for model in settings()
        for name, field in model.model_fields.items()
        if name not in inner or field.alias
    }


def rows(text: str) -> dict[str, str]:
    """First cell → whole row, of all tables of a page."""
    return {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}


def exit_codes() -> set[int]:
    """Those of the errors, and those that the command line returns by itself."""
    found, left = {0, 2, 64, 130, 143}, [errors.LeadsyncError]
    while left:
        error = left.pop()
        found.add(error.exit_code)
        left += error.__subclasses__()
    return found


@pytest.mark.parametrize(("verb", "options"), verbs().items())
def test_every_verb_and_option_is_in_the_readme(verb: str, options: list[str]):
    (row,) = [line for first, line in rows(README.read_text(encoding="utf-8")).items() if f"`leadsync {verb}" in first]
    assert {option for option in options if option != "--help"} <= set(re.findall(r"--[\w-]+", row))


def test_the_readme_promises_no_other_verb_or_option():
    text, known = README.read_text(encoding="utf-8"), verbs()
    table = {first: row for first, row in rows(text).items() if "`leadsync " in first}
    for first, row in table.items():
        named = set(re.findall(r"`leadsync (\w+)", first))
        assert named <= set(known)
        assert set(re.findall(r"`(--[\w-]+)`", row)) <= {option for verb in named for option in known[verb]}


def test_every_exit_code_is_explained():
    first = [cell for cell in rows(README.read_text(encoding="utf-8")) if re.match(r"\d", cell)]
    assert {int(code) for cell in first for code in cell.split(",")} == exit_codes()


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_configuration_key_is_documented(key: str):
    assert key in coded(CONFIGURATION)


@pytest.mark.parametrize(
    "words",
    [catalog.FIELDS, catalog.ACTIVITIES, catalog.ATTRIBUTES, catalog.RESULTS],
    ids=["fields", "activities", "attributes", "results"],
)
def test_the_page_lists_the_words_there_are(words: dict[str, object]):
    kind = next(name for name in ("FIELDS", "ACTIVITIES", "ATTRIBUTES", "RESULTS") if getattr(catalog, name) is words)
    start = CONFIGURATION.index(f"\n{kind.capitalize()}: `")
    paragraph = CONFIGURATION[start + 1 :].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", paragraph)) == set(words)


def test_the_examples_of_the_page_are_a_configuration(tmp_path: Path):
    (tmp_path / "mappings").mkdir()
    for heading, file in (
        ("leadsync.yaml", "leadsync.yaml"),
        ("Mapping", "mappings/hubspot.yaml"),
        ("Scoring", "scoring.yaml"),
        ("Funnel", "funnel.yaml"),
        ("Routing", "routing.yaml"),
    ):
        section = CONFIGURATION.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        (tmp_path / file).write_text(section.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    config = load_config(tmp_path / "leadsync.yaml")
    assert set(config.connections) == {"hubspot", "salesforce"}
    assert not any(connection.live for connection in config.connections.values())
    assert "our_market" in {rule.name for rule in config.scoring.rules}


def test_the_first_configuration_of_the_readme_loads(tmp_path: Path):
    (tmp_path / "leadsync.yaml").write_text(README.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0])
    assert set(load_config(tmp_path / "leadsync.yaml").connections) == {"hubspot"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_resolve(page: Path):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        assert other.is_file(), f"{page.name}: {target}"
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


def test_every_page_can_be_reached_from_the_readme():
    linked = {(ROOT / target).resolve() for target in re.findall(r"\]\(([^)\s#]+)", README.read_text(encoding="utf-8"))}
    assert set(PAGES) - {README} <= linked


def test_no_page_names_this_machine():
    for page in PAGES:
        assert not re.search(r"/(home|work|tmp|root)/", page.read_text(encoding="utf-8")), page.name


def test_every_policy_stands_in_the_configuration_page_in_its_own_words() -> None:
    from leadsync.core.plan import POLICIES

    page = rows((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))
    for name, rule in POLICIES.items():
        assert rule in page[f"`{name}`"]
