"""Settings of the Newton backend, from the environment because they describe the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from multigen_core.errors import MultigenError

PARTICLES, DEVICE = "MULTIGEN_NEWTON_PARTICLES", "MULTIGEN_NEWTON_DEVICE"
_FEWEST, _MOST = 100, 1_000_000


@dataclass(frozen=True)
class Settings:
    """`particles` in the full source; `device` of Warp, such as cpu or cuda:0."""

    particles: int = 1000
    device: str = "cpu"

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
        return cls(count, os.environ.get(DEVICE, cls.device))
