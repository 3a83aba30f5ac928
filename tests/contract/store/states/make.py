"""Makes the state file of the newest schema: `python tests/contract/store/states/make.py` once per new revision."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from store_kit import HOUR, NOW, Kit, record  # noqa: E402

from leadsync.store import evaluation, outbox  # noqa: E402
from leadsync.store.database import open_store  # noqa: E402
from leadsync.types import Moved, WriteStatus  # noqa: E402


def fill(kit: Kit) -> None:
    """A converted lead with activity, a result, a write that was confirmed and one whose outcome is open."""
    row = record("L1", Email="ala@example.com", FirstName="Ala", Opens=5, LastOpen=NOW.isoformat(), Score=None)
    kit.keep("Lead", row, head_at=NOW, head_id="L1", settled_at=NOW - HOUR, settled_id="", backfilled_at=NOW)
    kit.keep("Contact", record("C1", Email="ala@example.com"))
    kit.keep("Task", record("T1", links={"Contact": ("C1",)}, Type="in", When=NOW.isoformat()))
    kit.keep("Lead", moved=(Moved("L1", "Contact", "C1", "converted", NOW),))
    kit.settle(kit.plan("Contact", "C1", Score=(None, 70)), WriteStatus.APPLIED, stamp=NOW)
    opened = kit.plan("Contact", "C1", Score=(70, 73))
    result = kit.result(kit.lead("Contact", "C1"), due=NOW + 24 * HOUR, score=73)
    with kit.store.begin():
        outbox.sent(kit.store, [opened], NOW)
        evaluation.save(kit.store, [evaluation.Decision(result)], [], NOW)


def main() -> None:
    with TemporaryDirectory() as folder:
        kit = Kit(open_store("sqlite:///leadsync.db", Path(folder)), "hubspot")
        fill(kit)
        with kit.store.begin() as db:
            version = db.scalar(sa.text("SELECT version_num FROM alembic_version"))
        kit.store.close()
        (HERE / f"{version}.sqlite").write_bytes((Path(folder) / "leadsync.db").read_bytes())


if __name__ == "__main__":
    main()
