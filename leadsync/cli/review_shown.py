"""What waits for a person, as `leadsync review` shows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadsync.cli.common import wide

SHOWN = 10  # pairs that are shown side by side


def is_pair(each: Mapping[str, Any]) -> bool:
    """Whether it is two records that may be one person, and no lead of a list."""
    return "records" in each


def show(found: Sequence[Mapping[str, Any]]) -> None:
    """The pairs that are worth most, side by side."""
    from rich.markup import escape
    from rich.table import Table

    from leadsync.core.line import cleaned

    console, likely = wide(), [each for each in found if is_pair(each)]
    for each in likely[:SHOWN]:
        decided = f"; {each['decision']} by {each['decided_by']}" if each["decision"] else ""
        if each["again"]:
            decided = f" Told apart by {each['decided_by']} before they said this;"
        told = f"{each['id']:>6}  pair    {each['record']} and {each['other']}: one person?{decided}"
        console.print(f"{escape(told)} worth {each['worth']:g}")
        table = Table(box=None, pad_edge=False, show_header=False)
        for row in each["evidence"]:
            cells = (row["compared"], row["this"], row["that"], row["agreement"], row["bits"])
            table.add_row("      ", *(escape(cleaned(cell)) for cell in cells))
        console.print(table)
    if (more := len(likely) - SHOWN) > 0:
        console.print(f"        and {more} more pairs: see --json")


def body(item: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]], language: str) -> dict[str, Any]:
    """A lead of a list that waits, as JSON has it."""
    from leadsync.core.facts import value_of
    from leadsync.core.lists import told

    facts = {name: str(value_of(kept)) for name, kept in (item["facts"] or {}).items()}
    other = "/".join(item[f"other_{part}"] for part in ("connection", "object", "id")) if item["other_id"] else ""
    value = other or item["value"]
    return {
        "id": item["id"],
        "kind": item["kind"],
        "record": "/".join((item["connection"], item["object"], item["ext_id"])),
        "name": facts.get("name") or facts.get("email") or facts.get("phone") or "",
        "result": item["result"],
        "reason": item["reason"],
        "value": value,
        "means": told(item["reason"], value, labels, language),
        "found_at": item["found_at"].isoformat(),
        "decision": item["decision"],
        "decided_at": item["decided_at"] and item["decided_at"].isoformat(),
        "decided_by": item["decided_by"],
    }


def lines(found: Sequence[Mapping[str, Any]], waiting: int) -> Iterator[str]:
    """The leads of lists, a line each; then how many things wait."""
    listed = [each for each in found if not is_pair(each)]
    yield from map(line, listed)
    refused = sum(each["result"] == "refuse" and not each["decision"] for each in listed)
    yield f"to be decided: {waiting}, refused by the rules: {refused}"


def line(each: Mapping[str, Any]) -> str:
    """A lead of a list."""
    from leadsync.core.line import cleaned

    decided = f"; {each['decision']} by {each['decided_by']}" if each["decision"] else ""
    told = f"{each['record']} {each['name']}: {each['means']} ({each['reason']}){decided}"
    return f"{each['id']:>6}  {each['result']:6}  {cleaned(told)}"
