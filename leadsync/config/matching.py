"""The tables and the model by which records are matched, as they are shipped."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from leadsync.config.facts import usual_tables
from leadsync.core.match.features import Words
from leadsync.core.match.model import Model, read
from leadsync.core.match.spelling import spellings


def _shipped(name: str) -> Any:
    return yaml.safe_load(files("mappings").joinpath("matching", name).read_text("utf-8"))


@cache
def words() -> Words:
    """The words by which records are read."""
    return Words(usual_tables(), spellings([_shipped("names.yaml")]))


@cache
def model() -> Model:
    """The model for those who have not trained one."""
    return read(_shipped("model.yaml"))
