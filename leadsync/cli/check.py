"""`leadsync check`: whether the files, the CRMs and the store are as they should be."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadsync.cli.common import DEFAULT, ConfigOption, JsonOption, opened, print_json
from leadsync.errors import LeadsyncError, StateRefused, UsageError, UserError

if TYPE_CHECKING:
    from leadsync.config.load import Config, ConnectionConfig
    from leadsync.sync.check import Said
    from leadsync.sync.check_routing import Users
    from leadsync.types import Finding


_LONGEST = 120  # characters of a sentence in a line
_ALIKE = 20  # findings of a kind that are shown


def check(
    config: ConfigOption = DEFAULT,
    offline: Annotated[bool, typer.Option("--offline", help="Only the files; nothing is asked of a CRM.")] = False,
    merged: Annotated[
        bool, typer.Option("--effective", help="Print what the files come to, merged with what they use and defaults.")
    ] = False,
    listed: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="Only judge the people in this CSV file, as leads of a list."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="WORD=COLUMN,…", help="With --list: what columns hold.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Look over the files, then the CRMs, the store and the disk. Nothing is written.

    Exit code 0 when there is no error; else 78 for the store, 69 for a connection, 65 for a file or mapping.
    """
    from leadsync.config.load import Config, load_config
    from leadsync.sync import check as checks
    from leadsync.sync import check_conditions as conditions
    from leadsync.sync import check_leads as leads
    from leadsync.sync import check_logic, check_routing, check_scoring, check_words
    from leadsync.types import Finding

    if merged:
        _show_effective(load_config(config), as_json=as_json)
        return 0
    if columns is not None and listed is None:
        raise UsageError("--columns goes with --list")
    if listed is not None:
        _judge(load_config(config), listed, columns or "", as_json=as_json)
        return 0
    calls: dict[str, int] = {}
    loaded: Config | None = None
    reach: leads.Reach | None = None
    try:
        loaded = load_config(config)
    except UserError as error:
        said = list(checks.of_files(error.problems))
    else:
        names = ", ".join(loaded.connections)
        said = [checks.Said(checks.FILES, Finding("ok", f"{config} and the files beside it; connections: {names}"))]
        own = (
            *conditions.findings(loaded), *check_logic.findings(loaded), *check_scoring.findings(loaded),
            *check_routing.findings(loaded),
        )  # fmt: skip
        words, parts = list(check_words.findings(loaded)), list(check_words.parts(loaded))
        with suppress(StateRefused, UserError):  # which the installation's findings tell of
            asked = [slip for _, slip in words if slip is not None]
            asked += [each for _, both in parts for each in both]
            reach = None if offline else leads.reach(loaded, datetime.now(UTC), asked)
        own += tuple(finding for finding, slip in words if not (reach and slip and reach.also[slip]))
        own += tuple(finding for finding, both in parts if reach and all(reach.also[each] for each in both))
        said += [checks.Said(checks.FILES, finding) for finding in own]
        said += checks.of_strays(loaded)
        if not offline:
            users: dict[str, check_routing.Users | None] = {}
            for connection in loaded.connections.values():
                said += _ask(loaded, connection, calls, users)
            said += checks.of_installation(loaded, datetime.now(UTC))
            said += checks.of_mail_check(loaded)
            if reach is not None:
                seen = (*leads.suspects(reach), *check_scoring.told_by_leads(loaded, reach))
                said += [checks.Said(checks.INSTALLATION, finding) for finding in seen]
            for finding in check_routing.of_reps(loaded, users):
                said.append(checks.Said(checks.FILES, finding, 65 if finding.level == "error" else 0))
    if as_json:
        count = {f"{level}s": sum(s.finding.level == level for s in said) for level in ("error", "warning")}
        findings = [{"group": s.group, **asdict(s.finding)} for s in said]
        more = {"conditions": leads.body(loaded, reach)} if loaded and reach else {}
        print_json({"findings": findings, **more, **count, "calls": calls})
    else:
        if loaded and reach:
            _show_reach(leads.body(loaded, reach))
        _show(said, calls)
    return max((s.exit_code for s in said), default=0)


def _kind(finding: "Finding") -> str:
    """Names findings of which the same is to be done; of errors, those that say the same."""
    told = finding.what.split(": ", 1)[-1] if finding.level == "error" else finding.fix
    return finding.level + re.sub(r"`[^`]*`|'[^']*'|\d+", "", told)


def _ask(
    config: "Config", connection: "ConnectionConfig", calls: dict[str, int], users: "dict[str, Users | None]"
) -> Iterator["Said"]:
    from leadsync.sync import check as checks
    from leadsync.sync import check_routing

    try:
        with opened(config, connection) as connector:
            yield from checks.of_connection(config, connection, connector)
            if config.routing is not None and config.routing.reps:
                users[connection.name] = check_routing.users(connection, connector)
            calls[connection.name] = connector.quota().calls
    except LeadsyncError as error:
        yield checks.Said(connection.name, checks.failure(error), 69)


def _judge(config: "Config", path: Path, columns: str, *, as_json: bool) -> None:
    from leadsync.core.lists import told
    from leadsync.sync.list_file import judge_file

    pairs = [pair.partition("=") for pair in columns.split(",") if pair.strip()]
    if any(not (word.strip() and name.strip()) for word, _, name in pairs):
        raise UsageError("--columns: expected WORD=COLUMN,…", fix="such as `--columns email=Mail,phone=Tel`")
    said = {word.strip(): name.strip() for word, _, name in pairs}
    rows = judge_file(config, path, said, datetime.now(config.zone).date()).rows
    if as_json:
        print_json([
            {"id": row.id, "result": row.finding.result, "reason": row.finding.reason, "value": row.finding.value,
             "means": told(row.finding.reason, row.finding.value, config.classes.labels)}
            for row in rows
        ])  # fmt: skip
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("id", "result", "reason"))
        writer.writerows((row.id, row.finding.result, row.finding.reason) for row in rows)


def _show_effective(config: "Config", *, as_json: bool) -> None:
    from leadsync.config.effective import effective

    found = effective(config)
    if as_json:
        print_json({"files": [{"file": each.file, "sources": each.sources, "content": each.data} for each in found]})
    else:
        print("---\n".join(each.text for each in found), end="")


def _show_reach(body: dict[str, Any]) -> None:
    of = f"{body['leads']} leads" + (f", a sample of {body['of']}" if body["of"] > body["leads"] else "")
    for file, found in groupby(body["conditions"], key=lambda each: each["file"]):
        print(f"{file}: how many of {of} each condition holds for")
        for each in found:
            told = each["sentence"] if len(each["sentence"]) <= _LONGEST else each["sentence"][: _LONGEST - 1] + "…"
            print(f"  {each['holds']:>7}  {each['at']}: {told}")
    print("funnel.yaml: leads per stage")
    for stage, count in body["stages"].items():
        print(f"  {count:>7}  {stage}")
    for n, (rule, count) in enumerate(body.get("routing", {}).items()):
        if not n:
            print(f"routing.yaml: how many of {of} should have an owner, by the first rule that fits")
        print(f"  {count:>7}  {rule or 'no rule'}")


def _show(said: "list[Said]", calls: dict[str, int]) -> None:
    for group, found in groupby(said, key=lambda s: s.group):
        print(group)
        findings = [s.finding for s in found]
        alike, shown = Counter(map(_kind, findings)), Counter[str]()
        for finding in findings:
            shown[kind := _kind(finding)] += 1
            if shown[kind] <= _ALIKE or finding.level == "ok":
                fix = f"\n          fix: {finding.fix}" if finding.fix and finding.level != "ok" else ""
                print(f"  {finding.level:8}{finding.what}{fix}")
            elif shown[kind] == _ALIKE + 1:
                print(f"  {finding.level:8}and {alike[kind] - _ALIKE} more like these; `--json` tells them all")
    errors, warnings = (sum(s.finding.level == level for s in said) for level in ("error", "warning"))
    print(f"errors: {errors}, warnings: {warnings}, requests made: {sum(calls.values())}; nothing was written")
