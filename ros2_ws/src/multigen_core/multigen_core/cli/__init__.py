"""The `multigen` command."""

from multigen_core.cli.dispatch import GROUP, main

__all__ = ["GROUP", "main"]
