"""leadsync keeps the leads of the CRMs a company already has scored, staged and owned."""

__version__ = "0.1.0"
