"""A position-based fluid as a solver of Newton: its model's particles under two moving vessels.

Position-based fluids (Macklin and Müller, ACM Trans. Graph. 32, 2013) of an inviscid liquid without
surface tension. Walls are one layer of particles weighted by their volume (Akinci et al., ACM
Trans. Graph. 31, 2012) on the staves' inner faces, and the staves themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import newton
import numpy as np
import warp as wp
from numpy.typing import NDArray

from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import GRAVITY
from multigen_sim.newton import kernels
from multigen_sim.particles.lining import lining
from multigen_sim.particles.staves import SECTORS, Staves

_ITERATIONS = 4
_RELAXATION = 1e-3
_REACH = 2.1
"""Distance up to which particles are neighbours during a step, in spacings."""
_MARGIN = 0.25
"""Distance that centres keep from walls and table, in spacings."""
_NEAR = 1.0
"""Gap beyond which a particle does not reach a wall within a step, in spacings."""
_SMOOTHING = 0.01
"""Share of the neighbours' mean velocity that a particle adopts in each step."""
_GRIP = 0.5
"""Share of a step along the table that friction takes."""
_CELLS = 64
"""Of the hash grids along each axis; they repeat beyond."""


_THICKNESS = 3.0
"""Least wall in spacings: a particle that hits it in one step is not yet past its middle."""
_TAPER = 9.0
"""Length below the rim over which it thins, in spacings."""


@dataclass(frozen=True, eq=False)
class Walls:
    """A vessel's wall: particles [m], (W, 3), and the outline [m], (K, 2), of its staves."""

    points: NDArray[np.float64]
    outline: NDArray[np.float64]

    @classmethod
    def of(cls, vessel: Vessel, spacing: float) -> Walls:
        """The wall of a vessel for particles of `spacing` [m]."""
        staves = Staves.of(vessel, _THICKNESS * spacing, SECTORS, _TAPER * spacing)
        return cls(lining(vessel, spacing), staves.outline)


class FluidSolver(newton.solvers.SolverBase):
    """Steps the particles of a Newton model; its bodies are kinematic vessels, one per wall.

    Args:
        model: of particles and bodies.
        walls: of the bodies, in their order.
        spacing: of the particles at rest [m].
        particle: volume of one [m^3].
    """

    def __init__(self, model: Any, walls: Sequence[Walls], spacing: float, particle: float) -> None:
        super().__init__(model)
        self._d, self._v = spacing, particle
        self.damping = 0.0
        """Share of the velocity lost in each step, to settle a filling."""
        device, count = model.device, model.particle_count
        local = np.vstack([wall.points for wall in walls])
        body = np.repeat(np.arange(len(walls)), [len(wall.points) for wall in walls])
        lengths = [len(wall.outline) for wall in walls]
        with wp.ScopedDevice(device):
            self._local = wp.array(local, dtype=wp.vec3)
            self._body = wp.array(body, dtype=int)
            self._outline = wp.array(np.vstack([wall.outline for wall in walls]), dtype=wp.vec2)
            self._first = wp.array(np.cumsum([0, *lengths[:-1]]), dtype=int)
            self._lengths = wp.array(lengths, dtype=int)
            self._wall = wp.clone(self._local)
            self._moved, self._now, self._velocity = (
                wp.zeros(count, dtype=wp.vec3) for _ in range(3)
            )
            self._share, self._gap = (wp.zeros(count, dtype=float) for _ in range(2))
            self._near, self._wall_near = (
                wp.zeros(count * kernels.MOST, dtype=int) for _ in range(2)
            )
            self._count, self._wall_count = (wp.zeros(count, dtype=int) for _ in range(2))
            self._grid, self._wall_grid = (wp.HashGrid(_CELLS, _CELLS, _CELLS) for _ in range(2))
        self._wall_volume = self._weigh(walls)

    def _weigh(self, walls: Sequence[Walls]) -> Any:
        """Volumes of the wall particles [m^3], vessel by vessel."""
        volumes = []
        with wp.ScopedDevice(self.model.device):
            for wall in walls:
                local, n = wp.array(wall.points, dtype=wp.vec3), len(wall.points)
                near, count = wp.zeros(n * kernels.MOST, dtype=int), wp.zeros(n, dtype=int)
                volume = wp.zeros(n, dtype=float)
                self._wall_grid.build(local, _REACH * self._d)
                grid = self._wall_grid.id
                self._run(
                    kernels.find_neighbours, n,
                    [local, local, grid, _REACH * self._d, 1, volume, near, count],
                )  # fmt: skip
                self._run(kernels.wall_volumes, n, [local, near, count, self._d, volume])
                volumes.append(volume.numpy())
            return wp.array(np.concatenate(volumes), dtype=float)

    def _run(self, kernel: Any, size: int, inputs: list[Any]) -> None:
        wp.launch(kernel, dim=size, inputs=inputs, device=self.model.device)

    def step(
        self,
        state_in: Any,
        state_out: Any,
        control: Any,
        contacts: Any,
        dt: float,
        *,
        observables: Any = None,
    ) -> None:
        """Advance the particles by `dt` [s] to where `state_in.body_q` has the vessels.

        Control, contacts and observables, which other solvers have, are not used.
        """
        n, d, v = self.model.particle_count, self._d, self._v
        old, body_q = state_in.particle_q, state_in.body_q
        gravity = wp.vec3(0.0, 0.0, -GRAVITY)
        self._run(kernels.predict, n, [old, state_in.particle_qd, gravity, dt, self._moved])
        self._run(
            kernels.pose_walls, len(self._local), [self._local, self._body, body_q, self._wall]
        )
        self._gap.zero_()
        self._collide(old, body_q, self._now)
        self._find(self._now)
        lists = [self._near, self._count, self._wall, self._wall_volume]
        lists += [self._wall_near, self._wall_count]
        for _ in range(_ITERATIONS):
            self._run(kernels.constrain, n, [self._now, *lists, v, d, _RELAXATION, self._share])
            self._run(kernels.displace, n, [self._now, *lists, v, d, self._share, self._moved])
            self._collide(old, body_q, self._now)
        keep = 1.0 - self.damping
        self._run(kernels.derive, n, [self._now, old, dt, keep, self._velocity])
        near = [self._near, self._count]
        self._run(
            kernels.smooth, n,
            [self._now, self._velocity, *near, v, d, _SMOOTHING, state_out.particle_qd],
        )  # fmt: skip
        wp.copy(state_out.particle_q, self._now)
        wp.copy(state_out.body_q, body_q)

    def _collide(self, old: Any, body_q: Any, x: Any) -> None:
        margin = _MARGIN * self._d
        self._run(
            kernels.collide, self.model.particle_count,
            [self._moved, old, body_q, self._outline, self._first, self._lengths, SECTORS, margin,
             0.0, _GRIP, _NEAR * self._d, self._gap, x],
        )  # fmt: skip

    def _find(self, x: Any) -> None:
        n, reach = self.model.particle_count, _REACH * self._d
        self._grid.build(x, reach)
        self._wall_grid.build(self._wall, reach)
        own = [self._near, self._count]
        self._run(kernels.find_neighbours, n, [x, x, self._grid.id, reach, 1, self._gap, *own])
        wall = [self._wall_near, self._wall_count]
        self._run(
            kernels.find_neighbours,
            n,
            [x, self._wall, self._wall_grid.id, reach, 0, self._gap, *wall],
        )
