"""Why a lead stands as it does: what is known of it, what follows, and what would change it. Reads the store only."""
