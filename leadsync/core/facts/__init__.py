"""What can be known of a person or company from what its record says: pure, offline, and never an error."""

from leadsync.core.facts.derive import DERIVED_ONLY, FOLLOWS, LEAST, derive
from leadsync.core.facts.fact import Fact, Facts, kept, known, value_of

__all__ = ["DERIVED_ONLY", "FOLLOWS", "LEAST", "Fact", "Facts", "derive", "kept", "known", "value_of"]
