"""The files that admins write: read, checked, and turned into what core works with."""
