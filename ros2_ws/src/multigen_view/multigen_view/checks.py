"""Checks of the view for `multigen doctor`."""

from __future__ import annotations

from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, package
from multigen_view.extra import REMEDY


def checks() -> Iterator[Finding]:
    """Whether the viewer is installed."""
    yield package("view", "rerun-sdk", REMEDY)
