"""A proposed mapping as a file: each line says what is known of a field, and is valid without its `#`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadsync.config.propose import Line, Proposed
from leadsync.core.mapping import text

_WORDS = re.compile(r"[^\W\d][\w-]*(?: [\w-]+)*")
_MEAN_SOMETHING = ("true", "false", "null")


def mapping_text(head: Sequence[str], use: str | None, proposed: Sequence[Proposed]) -> str:
    """The whole file."""
    lines = [f"# {_one_line(line)}" for line in head]
    lines += [f"use: {flow(use)}"] if use else []
    lines.append("read:")
    for one in proposed:
        lines += [f"  {flow(one.object)}:", f"    role: {one.role}", *_lines(one.reads)]
    if any(one.writes for one in proposed):
        lines.append("write:")
    for one in proposed:
        if one.writes:
            lines += [f"  {flow(one.object)}:", *_lines(one.writes)]
    return "\n".join(lines) + "\n"


def _lines(found: Sequence[Line]) -> Iterator[str]:
    for line in found:
        note = f"  # {_one_line(line.note)}" if line.note else ""
        yield f"    {'' if line.live else '# '}{flow(line.key)}: {flow(line.entry)}{note}"


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if not isinstance(value, str):
        return "null" if value is None else text(value)
    return value if _plain(value) else f'"{"".join(map(_escaped, value))}"'


def _plain(value: str) -> bool:
    return bool(_WORDS.fullmatch(value)) and value.isprintable() and value not in _MEAN_SOMETHING


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _one_line(said: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
