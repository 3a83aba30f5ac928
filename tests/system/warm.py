"""Commands of leadsync that begin with everything imported: each is a process forked from one that has run nothing yet.

`python warm.py SOCKET` waits for commands until its standard input ends. A command is a line of JSON with the files for
its output; it is answered with its process id, and with its exit code when it has ended.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "TZ")


def suits(env: Mapping[str, str]) -> bool:
    """Whether a command with this environment finds the interpreter as it is here."""
    own, its = ({k: v for k, v in each.items() if k.startswith(_OF_THE_INTERPRETER)} for each in (os.environ, env))
    return own == its


class Forked:
    """A command that runs, with what it says going to these files."""

    def __init__(self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], out: int, err: int) -> None:
        asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env)}
        self._door = socket.socket(socket.AF_UNIX)
        self._door.connect(_server())
        socket.send_fds(self._door, [json.dumps(asked).encode() + b"\n"], [out, err])
        self._answers = self._door.makefile()
        self._pid = int(self._answers.readline())

    def terminate(self) -> None:
        os.kill(self._pid, signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """Its exit code; negative is the signal that ended it."""
        self._door.settimeout(seconds)
        try:
            return int(self._answers.readline())
        except TimeoutError:
            os.kill(self._pid, signal.SIGKILL)
            raise
        finally:
            self._answers.close()
            self._door.close()


@cache
def _server() -> str:
    """The socket of this process's own server, which ends with it."""
    folder = tempfile.TemporaryDirectory()
    path = f"{folder.name}/warm"
    server = subprocess.Popen([sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    for done in (folder.cleanup, server.stdout.close, server.wait, server.stdin.close):  # the last one first
        atexit.register(done)
    return path


def serve(path: str) -> None:
    from connectors import files, hubspot, salesforce  # noqa: F401
    from leadsync.cli import app, common  # noqa: F401
    from leadsync.store import database  # noqa: F401
    from leadsync.sync import cycle  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        door, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            attend(door)
        door.close()


def attend(door: socket.socket) -> None:
    """Run one command in a process of its own and tell of it."""
    line, files, _, _ = socket.recv_fds(door, 1 << 20, 2)
    while not line.endswith(b"\n"):
        line += door.recv(1 << 20)
    if (pid := os.fork()) == 0:
        door.close()
        begin(json.loads(line), *files)
    try:
        door.sendall(f"{pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        door.sendall(f"{code}\n".encode())
    finally:  # whoever asked may have gone
        os._exit(0)


def begin(asked: Mapping[str, Any], out: int, err: int) -> None:
    """Become the command."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for file, place in ((out, 1), (err, 2)):
        os.dup2(file, place)
        os.close(file)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["leadsync", *asked["arguments"]]
    from leadsync.cli import main

    main()
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1])
