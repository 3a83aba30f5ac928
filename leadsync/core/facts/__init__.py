"""What can be known of a person or company from what its record says: pure, offline, and never an error."""

from leadsync.core.facts.derive import derive
from leadsync.core.facts.fact import Fact, Facts, kept, known

__all__ = ["Fact", "Facts", "derive", "kept", "known"]
