"""Moving data between connectors, core and store: pull, evaluate, write, cycle."""
