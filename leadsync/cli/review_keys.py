"""`leadsync review decide`: what waits, one after the other, and a key for each decision."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer

from leadsync.cli.review_shown import is_pair, line, show
from leadsync.errors import UsageError

_OF_PAIRS = {"s": "same", "d": "different", "l": "later"}
_OF_LISTS = {"a": "accepted", "r": "rejected"}
_NEXT, _STOP = ("\r", "\n"), ("q", "\x03", "\x04", "\x1b")


def need_terminal(as_json: bool) -> None:
    """Raises `UsageError` where nobody can press a key."""
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        fix = "`leadsync review` lists what waits; then `leadsync review same ID …`, `different`, `later`"
        raise UsageError("`decide` asks for keys, which needs a terminal", fix=fix)


def by_keys(
    found: Sequence[dict[str, Any]],
    evidence: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
    decide: Callable[[int, str], None],
) -> int:
    """Ask about what waits, pairs first, and keep each decision at once; how many there were."""
    held = [each for each in found if not is_pair(each) and each["result"] == "hold" and not each["decision"]]
    pairs = [each for each in found if is_pair(each) and not each["decision"]]
    decided = 0
    for each in (*pairs, *held):
        if is_pair(each):
            show([each | {"evidence": evidence(each)}])
        else:
            print(line(each))
        keys = _OF_PAIRS if is_pair(each) else _OF_LISTS
        print(
            "        " + " · ".join(f"{key} {told}" for key, told in keys.items()) + " · Enter next · q stop: ", end=""
        )
        key = _pressed(keys)
        print(keys.get(key, "stop" if key in _STOP else "next"))
        if key in _STOP:
            break
        if key in keys:
            decide(each["id"], keys[key])
            decided += 1
    return decided


def _pressed(keys: Mapping[str, str]) -> str:
    """The first key that means something here."""
    sys.stdout.flush()
    while True:
        try:
            key = typer.getchar().lower()
        except (KeyboardInterrupt, EOFError):
            return _STOP[0]
        if key in keys or key in (*_NEXT, *_STOP):
            return key
