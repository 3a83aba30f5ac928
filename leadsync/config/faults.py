"""The file of `leadsync sandbox --faults`: a list of rules, each a `FaultRule`."""

from pathlib import Path

from pydantic import RootModel

from leadsync.config import document as yaml
from leadsync.connector import FaultRule


class _Rules(RootModel[tuple[FaultRule, ...]]):
    pass


def load_faults(path: Path) -> tuple[FaultRule, ...]:
    """The rules, each knowing its place. Raises `UserError` with every problem of the file.

    Whether a fault is one that the sandbox has is for the sandbox to say.
    """
    document = yaml.load(path, listed=True)
    rules = yaml.validate(_Rules, document).root
    return tuple(rule.model_copy(update={"where": document.place((i, "fault"))}) for i, rule in enumerate(rules))
