"""Validated descriptions: YAML files and node parameters."""
