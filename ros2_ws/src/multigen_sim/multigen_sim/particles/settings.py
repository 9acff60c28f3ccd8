"""The number of particles, from the environment because it describes the machine."""

from __future__ import annotations

import os

from multigen_core.errors import MultigenError

_FEWEST, _MOST = 100, 1_000_000


def particles_from(variable: str, default: int) -> int:
    """Particles in the full source by an environment variable.

    Raises:
        MultigenError: it is no number, or out of range.
    """
    text = os.environ.get(variable, str(default))
    count = int(text) if text.isdecimal() else 0
    if not _FEWEST <= count <= _MOST:
        raise MultigenError(f"{variable} is {text!r}: expected {_FEWEST} to {_MOST}")
    return count
