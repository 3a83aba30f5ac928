"""Files that change while leadsync runs: taken up when they are right, told of and left alone when they are not."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from leadsync.config.load import Config, load_config
from leadsync.errors import LeadsyncError

_EVERY = 2.0  # seconds between two looks; what is being saved is left to rest for as long
Stamp = dict[Path, tuple[int, int, int]]


class Watch:
    """Looks whether the files of a running installation have changed. `asked` is set by whoever wants them read now."""

    def __init__(
        self, path: Path, config: Config, log: logging.Logger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.config, self.asked = config, threading.Event()
        self._path, self._log, self._clock = path, log, clock
        self._next = clock() + _EVERY
        self._read = self._seen = self._stamp()  # as they were when they were read, and at the last look

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

    def _changed(self, asked: bool) -> Config | None:
        try:
            found = load_config(self._path)
            if found.store != self.config.store:
                raise LeadsyncError("`store:` names another store", fix="stop leadsync and start it again to change it")
        except LeadsyncError as error:
            told = f"the changed files are not taken up, leadsync goes on with the former ones: {error.message}"
            told += f"; fix: {error.fix}" if error.fix else ""
            self._log.error("%s", told, extra={"data": {"event": "configuration.refused"}})
            return None
        changed = sorted(name for name in found.documents if self._says(found, name) != self._says(self.config, name))
        changed += sorted(self.config.documents.keys() - found.documents.keys())
        if not changed:
            if asked:
                self._log.info("the files were read again: they say the same as before")
            return None
        told = "the files have changed and are taken up: " + ", ".join(f"{name}.yaml" for name in changed)
        self._log.info("%s", told, extra={"data": {"event": "configuration.changed"}})
        self.config = found
        return found

    def _says(self, config: Config, name: str) -> object:
        return config.documents[name].data if name in config.documents else None

    def _stamp(self) -> Stamp:
        folder = self._path.parent
        own = {folder / c.settings.mapping for c in self.config.connections.values() if c.settings.mapping}
        found: Stamp = {}
        for file in {self._path, *folder.glob("*.yaml"), *folder.glob("mappings/*.yaml"), *own}:
            try:
                stat = file.stat()
            except OSError:
                continue
            found[file] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return found
