"""Secrets by reference: an environment variable, a file, a command. Never in a configuration file, never in a log."""

import hashlib
import os
import subprocess
from pathlib import Path

import orjson

from leadsync.connector import ConnectionSettings, SecretRef
from leadsync.errors import Problem, UserError
from leadsync.redact import concealed


class ConnectionSecrets:
    """The secrets of one connection. A rotated one is kept in `kept` (0600, beside the store) and wins from then on,
    until the secret that it came from is replaced where it is kept: then somebody has logged in anew."""

    def __init__(self, connection: str, settings: ConnectionSettings, kept: Path, where: str) -> None:
        values = ((name, getattr(settings, name)) for name in type(settings).model_fields)
        self._refs: dict[str, SecretRef] = {name: ref for name, ref in values if isinstance(ref, SecretRef)}
        self._connection, self._kept, self._where = connection, kept, where
        self._handed: set[str] = set()

    def get(self, name: str) -> str:
        """The secret's value now. Raises `UserError` that names the variable, file or command which has none."""
        kept = self._rotated().get(f"{self._connection}.{name}")
        try:
            origin = self._referred(name)
        except UserError:
            if kept is None:
                raise
            origin = ""
        value = kept["value"] if kept is not None and (not origin or kept["of"] == _named(origin)) else origin
        self._handed.update((value, origin) if origin else (value,))
        return value

    def hide(self, text: str) -> str:
        """The text without any secret that was handed out or taken in."""
        return concealed(text, tuple(self._handed))

    def _referred(self, name: str) -> str:
        ref = self._refs[name]
        if ref.env is not None:
            value, told = os.environ.get(ref.env, ""), f"the environment variable {ref.env} is not set"
            fix = f"set {ref.env} where leadsync is started"
        elif ref.file is not None:
            value, told = _read(ref.file), f"the file {ref.file} is missing, empty or unreadable"
            fix = f"put the secret into {ref.file}, readable by the user who runs leadsync"
        else:
            assert ref.cmd is not None
            value, told = _run(ref.cmd), f"the command {ref.cmd[0]!r} failed or printed nothing"
            fix = "run it by hand to see why; it must print the secret within 30 seconds"
        if not value.strip():
            what = f"{self._connection} has no {name}: {told}"
            raise UserError([Problem(what, self._where, fix)], code="secret_missing")
        return value.strip()

    def replace(self, name: str, value: str) -> None:
        """Keep a rotated secret, on the disk before this returns."""
        self._handed.add(value)
        rotated = self._rotated()
        try:
            of = _named(self._referred(name))
        except (UserError, KeyError):
            of = rotated.get(f"{self._connection}.{name}", {}).get("of", "")
        kept = rotated | {f"{self._connection}.{name}": {"value": value, "of": of}}
        fresh = self._kept.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(kept))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._kept)

    def _rotated(self) -> dict[str, dict[str, str]]:
        try:
            found = orjson.loads(self._kept.read_bytes())
        except FileNotFoundError:
            return {}
        return {name: kept for name, kept in found.items() if isinstance(kept, dict)}


def _named(secret: str) -> str:
    """Tells one secret from another without saying it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - the admin's own
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
