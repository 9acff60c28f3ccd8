"""Settings of the backend, from the environment because they describe the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from multigen_core.errors import MultigenError

PATH, PARTICLES = "ISAAC_SIM_PATH", "MULTIGEN_ISAAC_PARTICLES"
_FEWEST, _MOST = 100, 1_000_000


@dataclass(frozen=True)
class Settings:
    """`path` of Isaac Sim's folder or its Python; `particles` in the full source."""

    path: str = ""
    particles: int = 2000

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings that environment variables make.

        Raises:
            MultigenError: the number of particles is none, or out of range.
        """
        text = os.environ.get(PARTICLES, str(cls.particles))
        count = int(text) if text.isdecimal() else 0
        if not _FEWEST <= count <= _MOST:
            raise MultigenError(f"{PARTICLES} is {text!r}: expected {_FEWEST} to {_MOST}")
        return cls(os.environ.get(PATH, ""), count)
