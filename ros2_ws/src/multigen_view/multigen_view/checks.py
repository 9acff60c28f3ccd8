"""Checks of the view for `multigen doctor`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, package
from multigen_view.extra import REMEDY


def checks(_: argparse.Namespace) -> Iterator[Finding]:
    """Whether the viewer is installed."""
    yield package("view", "rerun-sdk", REMEDY)
