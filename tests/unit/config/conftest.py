from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from leadsync.config.load import Config, load_config
from leadsync.errors import Problem, UserError

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

MAIN = """\
connections:
  hubspot: {type: hubspot, token: {env: LEADSYNC_TEST_TOKEN}}
"""


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    """Loads files of these names (`leadsync.yaml` if not given is the shortest there is)."""

    def load(**files: str) -> Config:
        for name, text in ({"leadsync": MAIN} | files).items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_config(tmp_path / "leadsync.yaml")

    return load


@pytest.fixture
def refused(configured: Callable[..., Config], tmp_path: Path) -> Callable[..., list[Problem]]:
    """What is told of files that cannot be used, with places as seen from their folder."""

    def load(**files: str) -> list[Problem]:
        with pytest.raises(UserError) as error:
            configured(**files)
        places = [p.where.replace(f"{tmp_path}/", "") for p in error.value.problems]
        return [Problem(p.what, where, p.fix) for p, where in zip(error.value.problems, places, strict=True)]

    return load
