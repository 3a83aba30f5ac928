"""Where everything is kept: SQLite by default, PostgreSQL by URL. One process writes at a time (the lease)."""
