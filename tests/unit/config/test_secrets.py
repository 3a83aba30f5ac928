"""Secrets by reference: environment, file, command; a rotated one is kept and wins."""

import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from leadsync.config.secrets import ConnectionSecrets
from leadsync.connector import ConnectionSettings, SecretRef
from leadsync.errors import UserError


class Settings(ConnectionSettings):
    token: SecretRef
    other: SecretRef | None = None


def secrets(folder: Path, **ref: Any) -> ConnectionSecrets:
    settings = Settings(type="x", token=SecretRef(**ref))
    return ConnectionSecrets("crm", settings, folder / ".crm.secrets.json", "leadsync.yaml:2:3")


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSYNC_TEST_TOKEN", " s3cret\n")
    assert secrets(tmp_path, env="LEADSYNC_TEST_TOKEN").get("token") == "s3cret"


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    assert secrets(tmp_path, file=tmp_path / "token").get("token") == "s3cret"


def test_from_a_command(tmp_path: Path) -> None:
    assert secrets(tmp_path, cmd=python("print('s3cret')")).get("token") == "s3cret"


@pytest.mark.parametrize("text", [None, b"", b" \n", b"\xff\xfe"])
def test_a_file_that_has_none_is_named(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "token"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UserError, match=r"crm has no token: the file .*token is missing, empty or unreadable") as error:
        secrets(tmp_path, file=path).get("token")
    assert (error.value.code, error.value.problems[0].where) == ("secret_missing", "leadsync.yaml:2:3")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_has_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("LEADSYNC_TEST_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("LEADSYNC_TEST_TOKEN", value)
    with pytest.raises(UserError, match="the environment variable LEADSYNC_TEST_TOKEN is not set"):
        secrets(tmp_path, env="LEADSYNC_TEST_TOKEN").get("token")


@pytest.mark.parametrize(
    "command", [("no-such-program-at-all",), python("print()"), python("import sys; print('s3cret'); sys.exit(1)")]
)
def test_a_command_that_fails_is_named_without_what_it_printed(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="failed or printed nothing") as error:
        secrets(tmp_path, cmd=command).get("token")
    assert "s3cret" not in str(error.value)


def test_a_rotated_secret_is_kept_for_its_owner_only_and_wins(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old-secret")
    first = secrets(tmp_path, file=tmp_path / "token")
    first.replace("token", "new-secret")
    first.replace("other", "another")

    [kept] = [path for path in tmp_path.iterdir() if path.name != "token"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.get("token") == "new-secret"
    assert secrets(tmp_path, file=tmp_path / "token").get("token") == "new-secret"


def test_a_secret_that_was_replaced_where_it_is_kept_wins_over_one_that_was_rotated_before(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old-secret")
    found = secrets(tmp_path, file=tmp_path / "token")
    found.replace("token", "rotated")
    (tmp_path / "token").write_text("after a new consent")
    assert found.get("token") == "after a new consent"
    found.replace("token", "rotated again")
    assert secrets(tmp_path, file=tmp_path / "token").get("token") == "rotated again"
    (tmp_path / "token").unlink()
    assert found.get("token") == "rotated again"


def test_what_was_handed_out_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old-secret-1")
    found = secrets(tmp_path, file=tmp_path / "token")
    assert found.hide("old-secret-1") == "old-secret-1"
    found.get("token")
    found.replace("token", "old-secret-1-and-more")
    found.get("token")
    assert found.hide("Bearer old-secret-1-and-more, Bearer old-secret-1") == "Bearer •••, Bearer •••"
