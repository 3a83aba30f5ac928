"""One process at a time: who else holds the store is told by name."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_kit import NOW

from leadsync.errors import Busy
from leadsync.store import schema
from leadsync.store.database import LEASE, Store

ELSEWHERE = "elsewhere pid 4711"
SECOND = timedelta(seconds=1)


def hold(store: Store, holder: str) -> None:
    with store.begin() as db:
        db.execute(sa.delete(schema.lease))
        row = {"id": 1, "holder": holder, "taken_at": NOW, "expires_at": NOW + LEASE}
        db.execute(sa.insert(schema.lease), row)


def holder(store: Store) -> str | None:
    with store.begin() as db:
        return db.scalar(sa.select(schema.lease.c.holder))


def test_a_second_holder_is_told_who_the_first_is(opened: Callable[..., Store]) -> None:
    store = opened()
    hold(store, ELSEWHERE)
    with pytest.raises(Busy, match=f"{ELSEWHERE}.*2026-11-22 12:00:00 UTC") as told:
        store.take_lease(NOW + LEASE - SECOND)
    assert told.value.exit_code == 75
    assert told.value.fix
    assert holder(store) == ELSEWHERE


def test_a_lease_that_ran_out_is_taken_over(opened: Callable[..., Store]) -> None:
    store = opened()
    hold(store, ELSEWHERE)
    store.take_lease(NOW + LEASE + SECOND)
    assert holder(store) == f"{socket.gethostname()} pid {os.getpid()}"


def test_a_holder_that_died_on_this_machine_is_taken_over_at_once(opened: Callable[..., Store]) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    store = opened()
    hold(store, f"{socket.gethostname()} pid {dead.pid}")
    store.take_lease(NOW + SECOND)
    assert holder(store) == f"{socket.gethostname()} pid {os.getpid()}"


def test_a_holder_that_lives_on_this_machine_is_not(opened: Callable[..., Store]) -> None:
    store = opened()
    hold(store, f"{socket.gethostname()} pid {os.getppid()}")
    with pytest.raises(Busy, match=str(os.getppid())):
        store.take_lease(NOW + SECOND)


def test_a_lease_is_renewed_before_it_runs_out(opened: Callable[..., Store]) -> None:
    store = opened()
    store.take_lease(NOW)
    for step in range(1, 10):
        store.keep_lease(NOW + step * LEASE / 2)
    with store.begin() as db:
        assert db.scalar(sa.select(schema.lease.c.expires_at)) > NOW + 9 * LEASE / 2


def test_a_lost_lease_is_noticed_and_left_to_its_new_holder(opened: Callable[..., Store]) -> None:
    store = opened()
    store.take_lease(NOW)
    hold(store, ELSEWHERE)
    with pytest.raises(Busy, match="took over"):
        store.keep_lease(NOW + LEASE)
    store.close()
    assert holder(opened()) == ELSEWHERE


def test_closing_gives_the_lease_back(opened: Callable[..., Store]) -> None:
    store = opened()
    store.take_lease(NOW)
    store.close()
    store.close()
    assert holder(opened()) is None


def test_two_that_start_at_once_are_told_apart(opened: Callable[..., Store]) -> None:
    """The second begins before the first has committed: it waits, and finds the first."""
    first, second = opened(), opened()
    told: list[BaseException | None] = []
    about = threading.Event()

    def take() -> None:
        about.set()
        try:
            second.take_lease(NOW)
            told.append(None)
        except BaseException as error:
            told.append(error)

    with first.begin() as db:
        db.execute(sa.insert(schema.lease), {"id": 1, "holder": ELSEWHERE, "taken_at": NOW, "expires_at": NOW + LEASE})
        thread = threading.Thread(target=take)
        thread.start()
        about.wait()
        thread.join(0.5)
        assert told == []
    thread.join(20)
    assert [type(error) for error in told] == [Busy]
