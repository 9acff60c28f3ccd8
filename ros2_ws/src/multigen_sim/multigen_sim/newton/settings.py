"""Settings of the Newton backend, from the environment because they describe the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from multigen_sim.particles.settings import particles_from

PARTICLES, DEVICE = "MULTIGEN_NEWTON_PARTICLES", "MULTIGEN_NEWTON_DEVICE"


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
        return cls(particles_from(PARTICLES, cls.particles), os.environ.get(DEVICE, cls.device))
