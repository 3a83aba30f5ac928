"""Ready-made mapping, scoring, funnel and routing files: what `use:` names and `init` copies from."""
