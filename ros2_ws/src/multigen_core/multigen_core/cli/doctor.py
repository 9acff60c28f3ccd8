"""`multigen doctor`: what MultiGen finds on this machine, what is missing and how to get it.

A package registers its checks in the entry-point group `multigen.checks` with a function of the
parsed arguments that yields findings, and arguments of its own in `multigen.check_options` with a
function that adds them to an `argparse.ArgumentParser`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multigen_core.files import write_json
from multigen_core.ros.surroundings import MOST_NODES, PER_NODE, SHARED_MEMORY

GROUP = "multigen.checks"
OPTIONS = "multigen.check_options"
_MEBIBYTE = 2**20


class State(StrEnum):
    """Severity of a finding: fine, worth knowing, or blocking."""

    FINE = "fine"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; `remedy` says how to install or fix it, `values` holds what was measured."""

    subject: str
    state: State
    detail: str
    remedy: str = ""
    values: Mapping[str, float | str] = field(default_factory=dict)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen doctor`."""
    parser.description = "Check this machine: what is installed, what is missing and how to get it."
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the findings to FILE")
    parser.set_defaults(run=run)
    for entry in entry_points(group=OPTIONS):
        # A package that cannot be loaded is a finding of its check.
        with contextlib.suppress(Exception):
            entry.load()(parser)


def run(args: argparse.Namespace) -> int:
    """Print every finding; return 1 if something that is needed is broken."""
    entries = sorted(
        entry_points(group=GROUP), key=lambda entry: (entry.name != "core", entry.name)
    )
    findings = [finding for entry in entries for finding in _findings(entry, args)]
    styles = {State.FINE: "green", State.NOTE: "yellow", State.BROKEN: "red"}
    table = Table("", "state", "found", "remedy", box=None)
    for finding in findings:
        style = styles[finding.state]
        table.add_row(
            escape(finding.subject),
            f"[{style}]{finding.state}[/]",
            escape(finding.detail),
            escape(finding.remedy),
        )
    Console().print(table)
    if args.json:
        write_json(args.json, {"findings": [asdict(finding) for finding in findings]})
    return int(any(finding.state is State.BROKEN for finding in findings))


def _findings(entry: EntryPoint, args: argparse.Namespace) -> Iterator[Finding]:
    # A missing dependency may be what keeps the package itself from loading.
    try:
        yield from entry.load()(args)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        yield Finding(f"multigen_{entry.name}", State.BROKEN, reason, "make build")


def package(subject: str, name: str, remedy: str, state: State = State.NOTE) -> Finding:
    """Whether a Python package is installed, without importing it."""
    try:
        return Finding(subject, State.FINE, f"{name} {version(name)}")
    except PackageNotFoundError:
        if find_spec(name.replace("-", "_")):
            return Finding(subject, State.FINE, name)
        return Finding(subject, state, f"no {name}", remedy)


def checks(_: argparse.Namespace) -> Iterator[Finding]:
    """Findings about the machine and its ROS."""
    yield Finding("Python", State.FINE, platform.python_version())
    yield package("ROS", "rclpy", "source ros2_ws/install/setup.bash", State.BROKEN)
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    busy = load > cores
    yield Finding(
        "processor",
        State.NOTE if busy else State.FINE,
        f"{cores} cores, load {load:.1f}",
        "other programs are running: the simulation may fall behind real time" if busy else "",
    )
    for subject, place, least, remedy in (
        (
            "shared memory",
            SHARED_MEMORY,
            MOST_NODES * PER_NODE,
            "docker run --shm-size=512m, or --ipc=host",
        ),
        ("disk", Path.cwd(), 1024, "free disk space before recording bags"),
    ):
        free = shutil.disk_usage(place).free / _MEBIBYTE
        short = free < least
        yield Finding(
            subject,
            State.BROKEN if short else State.FINE,
            f"{free:.0f} MiB free on {place}",
            remedy if short else "",
        )
