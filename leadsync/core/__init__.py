"""Every decision of leadsync, pure: no IO, no clock, no log, no database.

Imports only the standard library, polars and the vocabulary (`types`, `errors`, `catalog`).
"""
