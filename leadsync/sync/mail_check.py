"""The mail check: domains of mailboxes go out to the DNS, answers come in. It never holds up a cycle."""

import logging
import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING

from leadsync.config.load import Config
from leadsync.connector import Clock
from leadsync.core.facts.mail_state import Answer, asked_about
from leadsync.errors import UserError
from leadsync.store import again, mail_domains
from leadsync.store.database import Store
from leadsync.store.evaluation import Member
from leadsync.sync.messages import MailAnswers, Message
from leadsync.sync.report import sentence

if TYPE_CHECKING:
    from leadsync.enrich.mail_domains import Resolver

_AT_ONCE = 64  # domains that are asked about together
_THREADS = 8
_ROUND = 1.0  # seconds; answers are handed on at least so often
PATIENCE = 20.0  # seconds that `sync` and `plan` wait for answers
_MARKS = 5000  # looked through in one transaction


class MailCheck:
    """Asks about the domains that are due, one job at a time. The coordinator's thread calls all of it."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, log: logging.Logger, inbox: "queue.Queue[Message]",
        stopping: threading.Event,
    ) -> None:  # fmt: skip
        self._server, self._store, self._clock, self._log = config.mail_check, store, clock, log
        self._inbox, self._stopping = inbox, stopping
        self._jobs: queue.Queue[Sequence[str] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._asking = False
        self._trouble = ""
        self.listening = True  # answers that come later are not kept, so that what was planned is what is written
        self._next: datetime | None = None  # when to look again what is due; None: at once

    def open(self) -> None:
        """Get ready to ask, where that is wanted and the machine can."""
        if self._server is None:
            return
        from leadsync.enrich.mail_domains import Resolver  # it costs a while to load

        try:
            resolver = Resolver(None if self._server == "system" else self._server)
        except UserError as error:
            self._log.warning("%s", sentence("mail check", error), extra={"data": {"event": "mail_check.off"}})
            return
        self._thread = threading.Thread(target=self._run, args=(resolver,), name="leadsync-mail", daemon=True)
        self._thread.start()

    def stop(self, patience: float) -> bool:
        """Ask to end after the questions that are in the air; whether it has ended after `patience` seconds."""
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(patience)
        return self._thread is None or not self._thread.is_alive()

    def want(self, members: Iterable[Member]) -> None:
        """Have the domains of these records asked about that are new; inside `begin()`."""
        if self._thread is not None:
            domains = {asked_about(member.facts) for member in members if member.facts} - {""}
            if mail_domains.want(self._store, domains, self._clock.now()):
                self._next = None

    def want_marked(self) -> None:
        """The same for all records that wait to be evaluated."""
        last, more = 0, self._thread is not None
        while more and not self._stopping.is_set():
            with self._store.begin():
                domains, last = mail_domains.of_marked(self._store, last, _MARKS)
                if mail_domains.want(self._store, domains, self._clock.now()):
                    self._next = None
            more = last > 0

    def look(self) -> bool:
        """Ask about what is due, if it is time; whether answers are on their way."""
        now = self._clock.now()
        if self._thread is None or self._asking or (self._next is not None and now < self._next):
            return self._asking
        with self._store.begin():
            found = mail_domains.due(self._store, now, _AT_ONCE)
            self._next = (
                None if found else mail_domains.next_due(self._store) or datetime.max.replace(tzinfo=now.tzinfo)
            )
        if found:
            self._asking = True
            self._jobs.put(found)
        return self._asking

    def answered(self, message: MailAnswers) -> None:
        """Keep the answers, and mark the leads of domains that say something else than before."""
        if self.listening:
            with self._store.begin():
                again.mark_evaluated(self._store, mail_domains.keep(self._store, message.found, self._clock.now()))
        self._asking = self._asking and not message.last

    def _run(self, resolver: "Resolver") -> None:
        with ThreadPoolExecutor(_THREADS, "leadsync-mail") as pool:
            while (domains := self._jobs.get()) is not None and not self._stopping.is_set():
                silent = True
                left = {pool.submit(self._ask, resolver, domain): domain for domain in domains}
                while left:
                    done, _ = wait(left, _ROUND)
                    found = {left.pop(future): future.result() for future in done}
                    silent &= not {*found.values()} - {"silent", None}
                    if found or self._stopping.is_set():
                        self._emit({name: told for name, told in found.items() if told}, last=not left)
                self._tell(resolver.trouble() if silent and not self._stopping.is_set() else "")

    def _tell(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            told = f"mail check: the DNS gives no answer: {trouble}" if trouble else "mail check: the DNS answers again"
            level = logging.WARNING if trouble else logging.INFO
            self._log.log(level, "%s", told, extra={"data": {"event": f"mail_check.{'silent' if trouble else 'back'}"}})
        self._trouble = trouble

    def _ask(self, resolver: "Resolver", domain: str) -> Answer | None:
        try:
            answer = resolver.answer(domain, self._stopping.is_set)
        except Exception:  # of one name: the others are still asked about, and it is, later
            self._log.exception("mail check: an unexpected failure")
            return "silent"
        return None if self._stopping.is_set() else answer

    def _emit(self, found: Mapping[str, Answer], *, last: bool) -> None:
        while True:
            try:
                return self._inbox.put(MailAnswers(found, last), timeout=0.5)
            except queue.Full:
                if self._stopping.is_set():
                    return
