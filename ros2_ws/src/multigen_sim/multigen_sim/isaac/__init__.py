"""Isaac Sim as a backend, in a process of its own; never executed in Isaac Sim by us."""
