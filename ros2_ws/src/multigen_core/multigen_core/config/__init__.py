"""Validated configuration: YAML files and node parameters."""
