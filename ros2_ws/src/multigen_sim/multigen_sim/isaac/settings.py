"""Settings of the backend, from the environment because they describe the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from multigen_sim.particles.settings import particles_from

PATH, PARTICLES = "ISAAC_SIM_PATH", "MULTIGEN_ISAAC_PARTICLES"


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
        return cls(os.environ.get(PATH, ""), particles_from(PARTICLES, cls.particles))
