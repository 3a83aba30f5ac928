"""What keeps, or would keep, an installation from working: looked at without writing anything, anywhere."""

import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from leadsync.config.document import Document
from leadsync.config.load import Config, ConnectionConfig, unread
from leadsync.connector import Connector, InstallsFields
from leadsync.core import fit
from leadsync.core.wanted import wanted
from leadsync.errors import LeadsyncError, Problem, StateRefused, UserError
from leadsync.store import matching, runs
from leadsync.store.database import Store, open_store, sqlite_path
from leadsync.sync.accounts import few_words
from leadsync.sync.reading import of_object
from leadsync.sync.report import told
from leadsync.types import Finding, ObjectSchema, Quota

FILES, INSTALLATION = "files", "installation"
_TOLD = 5  # values that too many records share
_ROOM = 500 * 2**20  # bytes that should be free beside a store, or as many as it has
_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "fuse.glusterfs"}
_MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True)
class Said:
    """A finding, of what it is (`files`, a connection's name, `installation`), and the exit code that an error asks
    for: 65 a file or mapping, 69 a connection, 78 the store."""

    group: str
    finding: Finding
    exit_code: int = 0


def of_files(problems: Sequence[Problem]) -> Iterator[Said]:
    """What the files say that cannot be."""
    for problem in problems:
        place = f"{problem.where}: " if problem.where else ""
        yield Said(FILES, Finding("error", place + problem.what, problem.fix), 65)


def of_strays(config: Config) -> Iterator[Said]:
    """Files that somebody may believe to be in force."""
    for problem in unread(config):
        yield Said(FILES, Finding("warning", f"{problem.where}: {problem.what}", problem.fix))


def of_connection(config: Config, connection: ConnectionConfig, connector: Connector) -> Iterator[Said]:
    """The account behind a connection: what the connector finds, every mapped field, the day's requests."""
    hide = connection.secrets.hide  # a CRM may repeat what it was sent
    for said in _found(config, connection, connector):
        finding = said.finding
        yield replace(said, finding=Finding(finding.level, hide(finding.what), hide(finding.fix)))


def _found(config: Config, connection: ConnectionConfig, connector: Connector) -> Iterator[Said]:
    name = connection.name
    found = list(_of_account(connection, connector))
    schemas, troubles = _described(connection, connector)
    misfits = []
    for field, misfit in _misfits(config, connection, connector, schemas):
        twin = next((f for f in found if f.level == "error" and field in f.what), None)  # the connector saw it, too
        if twin is not None:
            found.remove(twin)
        misfits.append(misfit)
    found += [t for t in troubles if not any(t.what in finding.what for finding in found)]
    yield from (Said(name, finding, 69 if finding.level == "error" else 0) for finding in found)
    yield from (Said(name, misfit, 65) for misfit in misfits)
    if schemas and not misfits:
        count = sum(len(connection.mapping.asked(obj)) for obj in schemas)
        yield Said(name, Finding("ok", f"all {count} mapped fields of {len(schemas)} objects fit the account"))
    yield Said(name, _quota(connector.quota(), connection))


def _described(connection: ConnectionConfig, connector: Connector) -> tuple[dict[str, ObjectSchema], list[Finding]]:
    """The mapped objects that can be looked at, and what is wrong with the others."""
    schemas, troubles = dict[str, ObjectSchema](), list[Finding]()
    for obj in connection.mapping.reads:
        try:
            schemas[obj] = connector.describe(obj)
        except LeadsyncError as error:
            optional = of_object(error) and obj in connector.capabilities.optional
            said = Finding("ok", f"this account has no {obj}, or does not show it: it is left out")
            troubles.append(said if optional else failure(error))
            if not of_object(error):
                break
    return schemas, troubles


def failure(error: LeadsyncError) -> Finding:
    """An error that keeps something from being looked at, as a finding."""
    said = told(error)
    return Finding("error", said["message"], said["fix"])


def _of_account(connection: ConnectionConfig, connector: Connector) -> Iterator[Finding]:
    try:
        written = {obj: [w.field for w in writes] for obj, writes in connection.mapping.writes.items()}
        yield from connector.check(written)
    except LeadsyncError as error:  # a secret that is not there, say
        yield failure(error)


def _misfits(
    config: Config, connection: ConnectionConfig, connector: Connector, schemas: Mapping[str, ObjectSchema]
) -> Iterator[tuple[str, Finding]]:
    """Fields, and what about them does not fit the account, with the place in the mapping."""
    mapping, words = connection.mapping, few_words(config)
    creatable = {(w.object, w.name) for w in wanted(mapping, words, schemas)}
    for obj, schema in schemas.items():
        found = {misfit.field: misfit for misfit in fit.unreadable(obj, mapping.asked(obj), schema)}
        found |= {misfit.field: misfit for misfit in fit.unwritable(obj, mapping.writes.get(obj, ()), schema, words)}
        for field, misfit in found.items():
            fix = misfit.fix
            if misfit.code == "field_missing" and (obj, field) in creatable and isinstance(connector, InstallsFields):
                fix = f"`leadsync install {connection.name}` creates it, or correct the mapping"
            yield field, Finding("error", f"{_place(connection.written, obj, field)}{misfit}", fix)


def _place(document: Document | None, obj: str, field: str) -> str:
    """Where a mapping names a field, as `file:line:column: `; nothing where that is not known."""
    for section in ("write", "read") if document else ():
        assert document is not None
        part = (document.data.get(section) or {}).get(obj)
        for loc, value in _leaves(part, (section, obj)):
            if field in (value, loc[-1]):
                return f"{document.place(loc)}: "
    return ""


def _leaves(part: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield loc, part if isinstance(part, str) else None
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield from _leaves(value, (*loc, key))


def _quota(quota: Quota, connection: ConnectionConfig) -> Finding:
    shares = connection.settings.quota
    rule = f"leadsync takes at most {shares.own:g} % a day, and none once all apps have used {shares.account:g} %"
    if quota.used is None or not quota.limit:
        return Finding("ok", f"this CRM does not say how many requests a day has; if it did, {rule}")
    said = f"{quota.used} of {quota.limit} requests of the day are used; {rule}"
    if quota.used >= shares.account / 100 * quota.limit:
        return Finding("warning", said, "wait, see which app asks so much, or raise `quota: {account: …}`")
    return Finding("ok", said)


def of_installation(config: Config, now: datetime) -> Iterator[Said]:
    """The store, the disk under it, and who may read what is kept."""
    try:
        path = sqlite_path(config.store, config.folder)
        kept = [config.folder / f".{name}.secrets.json" for name in config.connections]
        if path is not None:
            kept.append(path)
            yield from (Said(INSTALLATION, f, 78 if f.level == "error" else 0) for f in _disk(path))
        yield from (Said(INSTALLATION, finding) for file in kept for finding in _open_to_others(file))
        store = open_store(config.store, config.folder, create=False, migrate=False)
    except (StateRefused, UserError) as error:
        level = {"no_store": "ok", "old_store": "warning"}.get(error.code, "error")
        yield Said(INSTALLATION, replace(failure(error), level=level), error.exit_code if level == "error" else 0)
        return
    try:
        with store.reading() as db:
            found = runs.summary(db, now)
        looking = Store(store.engine.execution_options(reading=True), store.shown)
        with looking.begin():
            capped = matching.capped(looking, _TOLD)
        looking.close()
    finally:
        store.close()
    yield Said(INSTALLATION, Finding("ok", f"the store {store.shown} is current and holds {found['leads']} leads"))
    yield from (Said(INSTALLATION, finding) for finding in _waiting(found))
    for what, count in capped:
        said = f"{count} records share the {what}: too many for it to tell whether two of them are one person"
        yield Said(INSTALLATION, Finding("ok", said))


def of_mail_check(config: Config) -> Iterator[Said]:
    """Whether those answer who are asked about mail domains, if anybody is."""
    if config.mail_check is None:
        return
    from leadsync.enrich.mail_domains import Resolver  # it costs a while to load

    named = (
        "the DNS of this machine"
        if config.mail_check == "system"
        else "the DNS server {}:{}".format(*config.mail_check)
    )
    try:
        trouble = Resolver(None if config.mail_check == "system" else config.mail_check).trouble()
    except UserError as error:
        yield Said(INSTALLATION, replace(failure(error), level="warning"))
        return
    if trouble:
        fix = "see that it is reachable from here, or mend `mail_check:`; until then no mail domain is checked"
        yield Said(INSTALLATION, Finding("warning", f"{named} gives no answer: {trouble}", fix))
    else:
        yield Said(INSTALLATION, Finding("ok", f"{named} answers: mail domains are checked"))


def _waiting(found: Mapping[str, Any]) -> Iterator[Finding]:
    held = f"leadsync runs here: {found['running']}" if found["running"] else "nothing runs on it now"
    yield Finding("ok", f"{held}; {found['open_writes']} writes wait, {found['waiting_marks']} records to evaluate")
    for each in found["left_out"]:
        told = "; ".join(f"{row['ext_id']}: {row['why']}" for row in each["such_as"])
        many = f"{each['rows']} rows" + (" or more" if each["more"] else "")
        said = f"{many} of {each['connection']} {each['object']} are left out, such as {told}"
        yield Finding("warning", said, "mend them in the CRM, or how the mapping reads them: then they are read again")
    if found["refused"]:
        first = found["refused"][0]
        last = f"{first['connection']} {first['object']} {first['ext_id']}: {first['code']} {first['message']}".strip()
        fix = "`leadsync status` lists them; each is tried again when its value, a rule or a mapping changes"
        yield Finding("warning", f"CRMs have refused values that leadsync set aside, the latest {last}", fix)


def _disk(path: Path) -> Iterator[Finding]:
    if not path.parent.is_dir():
        yield Finding("error", f"there is no folder {path.parent} for the store", "make it, or mend `store:`")
        return
    kind = _file_system(path.parent)
    if kind in _REMOTE:
        said = f"the store {path} is on a network file system ({kind}), which cannot keep it safely"
        yield Finding("error", said, "move it to a local disk and mend `store:`, or use PostgreSQL")
    free, need = shutil.disk_usage(path.parent).free, max(_ROOM, path.stat().st_size if path.exists() else 0)
    said = f"{free / 2**30:.1f} GB are free beside the store"
    yield Finding("ok", said) if free >= need else Finding("warning", said, f"keep {need / 2**30:.1f} GB free")


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on, where this system tells."""
    try:
        mounts = [line.split()[1:3] for line in _MOUNTS.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    around = {str(folder.resolve()), *map(str, folder.resolve().parents)}
    return max(((at, kind) for at, kind in mounts if at in around), key=lambda found: len(found[0]), default=("", ""))[
        1
    ]


def _open_to_others(file: Path) -> Iterator[Finding]:
    if file.exists() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("warning", f"{file} can be opened by others on this machine", f"chmod 600 {file}")
