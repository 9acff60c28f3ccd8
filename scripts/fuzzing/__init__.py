"""Damaged inputs for everything that reads files or messages; see scripts/fuzz_inputs.py."""
