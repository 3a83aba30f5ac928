"""Files that change while leadsync runs: taken up when they are right, told of and left alone when they are not."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from leadsync.config.lists import suppress_files
from leadsync.config.load import Config, load_config
from leadsync.errors import LeadsyncError

_EVERY = 2.0  # seconds between two looks; what is being saved is left to rest for as long
Stamp = dict[Path, tuple[int, int, int]]


class Watch:
    """The files of an installation: as they were when they were taken up (`config`), and whether they have changed.

    `asked` is set by whoever wants them read now. Raises `UserError` for files that cannot be taken up to begin with.
    """

    def __init__(self, path: Path, asked: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self.asked, self._clock = path, asked, clock
        self._log = logging.getLogger("leadsync")
        self._own: set[Path] = set()  # mappings that lie elsewhere
        self._refused = False
        before = self._stamp()  # what is saved from here on is a change
        self.config = load_config(path)
        self._own = _elsewhere(self.config)
        self._read = self._seen = before | {path: at for path, at in self._stamp().items() if path in self._own}
        self._next = clock() + _EVERY

    def look(self) -> Config | None:
        """The configuration to go on with, where the files say another one now and there is nothing wrong with them."""
        asked = self.asked.is_set()
        if not asked and self._clock() < self._next:
            return None
        self.asked.clear()
        self._next, before, self._seen = self._clock() + _EVERY, self._seen, self._stamp()
        if not asked and (self._seen == self._read or self._seen != before):
            return None
        self._read = self._seen
        return self._changed(asked)

    def refuse(self, error: LeadsyncError, config: Config) -> None:
        """It cannot be worked with what the files say: `config` stays."""
        told = f"the changed files are not taken up, leadsync goes on with the former ones: {error.message}"
        told += f"; fix: {error.fix}" if error.fix else ""
        self._log.error("%s", told, extra={"data": {"event": "configuration.refused"}})
        self.config, self._refused = config, True

    def _changed(self, asked: bool) -> Config | None:
        try:
            found = load_config(self._path)
            if found.store != self.config.store:
                raise LeadsyncError("`store:` names another store", fix="stop leadsync and start it again to change it")
        except LeadsyncError as error:
            self.refuse(error, self.config)
            return None
        refused, self._refused = self._refused, False
        changed = sorted(name for name in found.documents if self._says(found, name) != self._says(self.config, name))
        changed += sorted(self.config.documents.keys() - found.documents.keys())
        if not changed:
            if asked or refused:
                told = "the files were read again: they say the same as those that leadsync works with"
                self._log.info("%s", told, extra={"data": {"event": "configuration.unchanged"}})
            return None
        told = "the files have changed and are taken up: " + ", ".join(f"{name}.yaml" for name in changed)
        self._log.info("%s", told, extra={"data": {"event": "configuration.changed"}})
        self.config, self._own = found, _elsewhere(found)
        return found

    def _says(self, config: Config, name: str) -> object:
        said = config.documents[name].data if name in config.documents else None
        return (said, config.lists.version) if name == "lists" else said

    def _stamp(self) -> Stamp:
        folder = self._path.parent
        found: Stamp = {}
        for file in {self._path, *folder.glob("*.yaml"), *folder.glob("mappings/*.yaml"), *self._own}:
            try:
                stat = file.stat()
            except OSError:
                continue
            found[file] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return found


def _elsewhere(config: Config) -> set[Path]:
    mappings = {config.folder / c.settings.mapping for c in config.connections.values() if c.settings.mapping}
    table = {config.routing.table} if config.routing and config.routing.table else set[Path]()
    return mappings.union(suppress_files(config.documents["lists"]), table)
