"""For connector authors: the kit that CRM sandboxes are built with (`server`, `table`, `people`)."""
