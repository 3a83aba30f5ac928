"""`make bench`: what the main paths cost, measured on this machine and printed as a table.

    python -m tests.bench [NAME ...]

Each row is one child process that does nothing else; the CRMs are sandboxes in processes of their own. CPU is the
child's own, user and system; memory is its peak above the process when it was ready and idle. Requests are those that
read, those that look at fields which people edit, too, just before these are overwritten, and those that write.

The rows of people who change count requests only, on a virtual clock: from the change to rest, everything included
that follows from it (our own writes met again, the pass that finds what came late), without what an idle leadsync asks
in the same time, upkeep (bin, census, the account's fields) among it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml

from leadsync.testing.people_work import LOCALES

ROWS = {
    "pull": ("pull, facts, commit of 20,000 contacts (HubSpot)", "hubspot", 20_000),
    "idle": ("idle cycle, HubSpot, 20,000 contacts stored", "hubspot", 20_000),
    "idle-salesforce": ("idle cycle, Salesforce, 20,000 leads stored", "salesforce", 20_000),
    "write": ("write-back of 10,000 scores, HubSpot", "hubspot", 10_000),
    "write-salesforce": ("write-back of 10,000 scores, Salesforce", "salesforce", 10_000),
    "first": ("first sync, whole, 20,000 contacts with activity (HubSpot)", "hubspot", 20_000),
}
CHANGED = {
    "changed": ("10,000 people are edited and call, HubSpot", "hubspot", 210, "≤ 18 per 100"),
    "changed-salesforce": ("10,000 people are edited and call, Salesforce", "salesforce", 12, "writes ≤ 15"),
}
"""With the least requests possible: full pages of people and of calls, whose calls they are, full batches of writes."""
READING = {
    "mapping": ("mapping of 20,000 records, average of all fields", "≤ 3 µs"),
    "phone": ("a phone number", "≤ 30 µs"),
    "email": ("an e-mail address", "≤ 30 µs"),
}
TELLING = {
    "en": ("reasons of 200,000 leads with 5 parts each, English", "≤ 8 µs"),
    "fa": ("the same in Persian", ""),
}
RESCORE = {
    "leads": ("leads in the store", "1,000,000"),
    "activities": ("with activities", "5,000,000"),
    "idle": ("an idle cycle, CPU s", "≤ 0.1"),
    "touched": ("leads that it evaluates", "0"),
    "changed": ("500 of them call, s", "≤ 1"),
    "changed_cpu": ("of CPU", ""),
    "some_scored": ("a rule for some: all scored, scores and parts stored, s", "≤ 60"),
    "some_scored_cpu": ("of CPU", ""),
    "some_mb": ("peak of the process until then, MB", "≤ 2,000"),
    "some": ("records of leads that come to something else", ""),
    "some_followed": ("their lines, stages, owners and plans follow, s", "≤ 60 with the above"),
    "some_followed_cpu": ("of CPU", ""),
    "all_scored": ("a rule for all: all scored, scores and parts stored, s", "≤ 60"),
    "all_scored_cpu": ("of CPU", ""),
    "all_mb": ("peak of the process until then, MB", "≤ 2,000"),
    "all": ("records of leads that come to something else", ""),
    "all_followed": ("their lines, stages, owners and plans follow, s", "≤ 60 with the above"),
    "all_followed_cpu": ("of CPU", ""),
    "peak_mb": ("peak of the process, MB", "≤ 2,000"),
}
RANKING = {
    f"{name} {locale}": (f"{name}, {locale}", "≥ best locale − .03")
    for name in ("b2b", "b2c", "events", "referral") for locale in LOCALES
}  # fmt: skip
FACTS = "facts"
LISTED = ("a bought list of 5,000 rows, a tenth of them planted", "every planted row, ≤ 0.5 % of clean ones")
MATCHING = {
    "match": (20_000, (1, 2, 3), ""), "match-million": (1_000_000, (21, 22, 23), ""),
    "match-store": (20_000, (1, 2, 3), "_store"), "match-store-million": (1_000_000, (21,), "_store"),
}  # fmt: skip
"""Invented leads, seeds, and what is measured. Those of a million take long: they are measured where they are named."""
MATCHED = {
    "precision": "at the shipped line, untouched: ≥ .99", "recall": "≥ .60", "recall en_US": "",
    "recall fa_IR": "within .10 of en_US", "recall vi_VN": "within .10 of en_US", "recall ru_RU": "",
    "recall pl_PL": "", "best_f1": "≥ .80", "recall_at_95": "at a precision of .95: ≥ .68", "recall_at_99": "",
    "cluster_precision": "", "cluster_recall": "", "largest": "", "candidates": "per record: ≤ 25", "features_us": "",
    "pair_us": "≤ 1.5 times that at 20,000", "tenth_s": "a tenth of them changed: ≤ 30 s of a million",
    "tenth_wall_s": "commits included",
    "load_s": "a first load, of 1,000 in a store", "wall_s": "500 come: ≤ 0.3 s", "cpu_s": "",
    "changed_s": "500 changed, CPU: ≤ 0.3 s", "one_ms": "one changed: ≤ 2 ms", "peak_mb": "",
}  # fmt: skip
ALONE = {
    "mapping": ("reading, per field and record, µs", READING),
    "reasons": ("telling, per lead, µs", TELLING),
    "ranking": ("planted buyers above planted lookers, 20,000 leads", RANKING),
    "rescore": ("evaluating, storage included, nothing written to a CRM", RESCORE),
}
BY_NAME = ("rescore", "match-million", "match-store-million")
"""Rows that are measured only when they are named: they take minutes."""
BUDGETS = {
    "pull": "≤ 4 s, ≤ 60 MB, 100–200 requests", "idle": "≤ 0.1 s, ≤ 1 request per object (9)",
    "idle-salesforce": "≤ 0.1 s, 1 composite call", "write": "100 writes", "write-salesforce": "≤ 15 writes",
    "first": "",
}  # fmt: skip


@contextmanager
def sandbox(type_: str, leads: int) -> Iterator[str]:
    """A sandbox in its own process."""
    command = [
        sys.executable,
        "-m",
        "leadsync",
        "sandbox",
        type_,
        "--token",
        "bench",
        "--leads",
        str(leads),
        "--no-rate-limit",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def installation(folder: Path, type_: str, url: str, only: str | None = None) -> Path:
    """A folder with a live connection; `only` keeps what the shipped mapping reads of one object."""
    (folder / "token").write_text("bench")
    connection = {"type": type_, "base_url": url, "token": {"file": str(folder / "token")}, "live": True}
    (folder / "leadsync.yaml").write_text(yaml.safe_dump({"connections": {type_: connection}}))
    if only:
        shipped = yaml.safe_load((Path(__file__).parents[2] / "mappings" / f"{type_}.yaml").read_text("utf-8"))
        kept = {"read": {only: shipped["read"][only]}}
        (folder / "mappings").mkdir()
        (folder / "mappings" / f"{type_}.yaml").write_text(yaml.safe_dump(kept, allow_unicode=True))
    return folder / "leadsync.yaml"


def measure(name: str) -> dict[str, float]:
    """One row, measured in a child process."""
    _, type_, leads = ROWS[name]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(sandbox(type_, leads))
        config = installation(folder, type_, url, "contacts" if name == "pull" else None)
        command = [sys.executable, "-m", "tests.bench.child", name, str(config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr}")
        return dict(json.loads(done.stdout))


def measure_changed(name: str) -> dict[str, int]:
    """One row of people who change, in a child process that runs the sandbox, too."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.changed", CHANGED[name][1], folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def measure_alone(name: str) -> dict[str, Any]:
    """What a measurement that needs no CRM tells by row, such as microseconds; in a child process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", f"tests.bench.{name}", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def print_facts(found: dict[str, Any]) -> None:
    """Coverage and correctness per fact and locale."""
    locales = list(found["table"]["country"])
    print(f"{'facts of 100,000 leads, CPU s':<62}{found['cpu']:>8.1f}  budget ≤ 25")
    print(f"{'told / of that wrong, %':<62}" + "".join(f"{locale:>14}" for locale in locales) + "  budget wrong ≤ 1")
    for word, of in found["table"].items():
        shares = ("{:.0f} / {:.1f}".format(*of[locale]) if locale in of else "—" for locale in locales)
        print(f"{word:<62}" + "".join(f"{share:>14}" for share in shares), flush=True)


def measure_matching(name: str) -> dict[str, tuple[float, float]]:
    """Mean of the seeds by measurement, with the half-width of its interval of 95 %; each seed in a child process."""
    records, seeds, what = MATCHING[name]
    found: dict[str, list[float]] = {}
    for seed in seeds:
        command = [sys.executable, "-m", f"tests.bench.matching{what}", str(records), str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=7200, check=False)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr}")
        for row, value in json.loads(done.stdout).items():
            found.setdefault(row, []).append(value)
    width = 4.303 / 3**0.5  # Student's t for three seeds
    return {row: (mean(all_), stdev(all_) * width if len(all_) == 3 else 0.0) for row, all_ in found.items()}


def main() -> None:
    """Measure and print."""
    every = (*ROWS, *CHANGED, *ALONE, FACTS, "lists", *MATCHING)
    names = sys.argv[1:] or [name for name in every if name not in BY_NAME]
    print("python -m tests.bench " + " ".join(sys.argv[1:]))
    if first := [name for name in names if name in ROWS]:
        print(
            f"{'what':<62}{'CPU s':>8}{'wall s':>8}{'reads':>7}{'looks':>7}{'writes':>7}{'peak MB':>9}{'rows':>9}"
            "  budget"
        )
    for name in first:
        found = measure(name)
        print(
            f"{ROWS[name][0]:<62}{found['cpu']:>8.2f}{found['wall']:>8.2f}{found['reads']:>7.0f}{found['looks']:>7.0f}"
            f"{found['writes']:>7.0f}{found['peak_mb']:>9.0f}{found['rows']:>9.0f}  {BUDGETS[name]}",
            flush=True,
        )
    if second := [name for name in names if name in CHANGED]:
        print(
            f"{'calls per 10,000 changed people':<62}{'reads':>7}{'looks':>7}{'writes':>7}{'total':>7}{'least':>7}"
            f"{'changed':>9}{'written':>9}  budget"
        )
    for name in second:
        calls = measure_changed(name)
        what, _, least, budget = CHANGED[name]
        total = calls["reads"] + calls["looks"] + calls["writes"]
        print(
            f"{what:<62}{calls['reads']:>7}{calls['looks']:>7}{calls['writes']:>7}{total:>7}{least:>7}"
            f"{calls['rows']:>9}{calls['written']:>9}  {budget}",
            flush=True,
        )
    if FACTS in names:
        print_facts(measure_alone(FACTS))
    for name in (name for name in names if name in ALONE):
        what, rows = ALONE[name]
        print(f"{what:<70}  budget")
        for row, cost in measure_alone(name).items():
            print(f"{rows[row][0]:<62}{cost:>8.{3 if cost < 1 else 2}f}  {rows[row][1]}", flush=True)
    if "lists" in names:
        print(f"{LISTED[0]:<62}{'caught':>16}  budget: {LISTED[1]}")
        for what, told in measure_alone("lists").items():
            print(f"{what:<62}{told:>16}", flush=True)

    for name in (name for name in names if name in MATCHING):
        records, seeds, what = MATCHING[name]
        heading = f"matching {'in a store ' if what else ''}of {records:,} leads, {len(seeds)} seed(s)"
        print(f"{heading:<62}{'mean':>9}{'±':>8}  budget")
        told = measure_matching(name)
        for row in (row for row in MATCHED if row in told):
            print(f"{row:<62}{told[row][0]:>9.3f}{told[row][1]:>8.3f}  {MATCHED[row]}", flush=True)


if __name__ == "__main__":
    main()
