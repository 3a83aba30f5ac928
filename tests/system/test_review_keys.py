"""`leadsync review decide`: one key for each decision, in a terminal."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from doors import Folder, Sandbox, connection

ASKED = "q stop: "
PEOPLE = (("Anna", "Kowalska", "+48601234567"), ("Anna", "Nowak", "+48601234567"),
          ("Piotr", "Mazur", "+48609876543"), ("Piotr", "Wrona", "+48609876543"))  # fmt: skip


def pressed(folder: Folder, *keys: str) -> tuple[int, str]:
    """Exit code and output, when these keys are pressed, each once it is asked for; again where the terminal has thrown
    it away, as it does with what is typed ahead."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leadsync", "review", "decide"]
    with subprocess.Popen(command, cwd=folder.path, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        out = ""
        while (part := _read(ours)) is not None:
            out += part
            if not part and (asked := out.rpartition(ASKED))[1] and "\n" not in asked[2]:
                os.write(ours, keys[out.count(ASKED) - 1].encode())
    os.close(ours)
    return process.returncode, out


def _read(fd: int) -> str | None:
    """What came; nothing for a while, or None where nobody holds the other end any more."""
    if not select.select([fd], [], [], 0.3)[0]:
        return ""
    try:
        return os.read(fd, 65536).decode("utf-8", "replace")
    except OSError:
        return None


def test_pairs_are_decided_by_one_key_each(tmp_path: Path) -> None:
    with Sandbox("hubspot", "--leads", "2") as crm:
        ids = []
        for first, last, phone in PEOPLE:
            said = {"firstname": first, "lastname": last, "phone": phone, "company": f"Firma {phone[-3:]}"}
            ids.append(crm.ask("POST", "/crm/v3/objects/contacts", {"properties": said})["id"])
        folder = Folder(tmp_path, {"hubspot": connection(crm)})
        folder.sync()
        assert len(folder.run("review", "--json").json["items"]) == 2

        code, out = pressed(folder, "\r", "q")
        assert (code, "decided: 0, to be decided: 2" in out) == (2, True)
        code, out = pressed(folder, "s", "q")
        assert (code, "decided: 1, to be decided: 1" in out) == (2, True)
        code, out = pressed(folder, "d")
        assert (code, "decided: 1, to be decided: 0" in out) == (0, True)

        folder.sync()
        kept = {
            frozenset(each["records"]): each["decision"]
            for each in folder.run("review", "--all", "--json").json["items"]
        }
        assert sorted(kept.values()) == ["different", "same"]
        named = {id_ for id_, row in crm.contacts("leadsync_duplicates").items() if row["leadsync_duplicates"]}
        assert named in ({*ids[:2]}, {*ids[2:]})


def test_keys_need_a_terminal(tmp_path: Path) -> None:
    done = Folder(tmp_path, {"hubspot": {"type": "hubspot", "token": {"env": "NONE"}}}).run("review", "decide")
    assert (done.code, "needs a terminal" in done.err) == (64, True)
