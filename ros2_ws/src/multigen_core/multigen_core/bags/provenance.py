"""Where a recording comes from, for its metadata."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from multigen_core.contract import CONTRACT_VERSION


@cache
def git_revision() -> str:
    """The checkout's revision, `-dirty` if changed; $MULTIGEN_REVISION or "" outside a checkout."""
    if given := os.environ.get("MULTIGEN_REVISION"):
        return given
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=Path(__file__).resolve().parent,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def provenance() -> dict[str, str]:
    """Contract and software versions, git revision and the wall time now (UTC)."""
    try:
        release = version("multigen_core")
    except PackageNotFoundError:
        release = ""
    values = {
        "contract_version": str(CONTRACT_VERSION),
        "multigen_version": release,
        "git_revision": git_revision(),
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {key: value for key, value in values.items() if value}
