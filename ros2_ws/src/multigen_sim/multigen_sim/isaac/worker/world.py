"""A pour in Isaac Sim: built by `load`, advanced by `step`, seen by `render`."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from . import stage as scenery
from .frames import Arrays, Fields
from .physics import make_particles_readable, use_physx
from .picture import Picture
from .robot import drive_joints, find_articulation, find_link, import_urdf

KNOWN = (5, 6)
"""Major versions whose source this was written against."""
_LAUNCH = {
    "headless": True,
    "anti_aliasing": 2,
    "sync_loads": True,
    # A delegate that reads Fabric may not see what the solver writes to USD.
    "extra_args": ["--/app/useFabricSceneDelegate=0"],
}
_FROZEN_AFTER = 5
"""Steps in which particles that are free to fall must have moved."""


def version() -> str:
    """Isaac Sim's version, or "unknown"."""
    try:
        return metadata.version("isaacsim")
    except metadata.PackageNotFoundError:
        pass
    file = Path(os.environ.get("ISAAC_PATH", ""), "VERSION")
    return file.read_text().strip() if file.is_file() else "unknown"


class IsaacWorld:
    """One application, and in it one world after the other."""

    def __init__(self) -> None:
        """Start Isaac Sim; takes minutes the first time.

        Raises:
            RuntimeError: this version is not one that this was written for.
        """
        self._version = version()
        major = self._version.split(".")[0]
        if major.isdigit() and int(major) not in KNOWN:
            raise RuntimeError(
                f"Isaac Sim {self._version}: MultiGen was written for 5.0 to 6.2; install one of "
                "those"
            )
        from isaacsim import SimulationApp

        self._app = SimulationApp(dict(_LAUNCH))
        self._world: Any = None
        self._push = False

    @property
    def about(self) -> Fields:
        """The version of Isaac Sim."""
        return {"version": self._version}

    def load(self, fields: Fields, arrays: Arrays) -> tuple[Fields, Arrays]:
        """Build a scene, let its water settle, and answer with the state at time 0."""
        from isaacsim.core.api import World
        from isaacsim.core.prims import SingleArticulation, SingleRigidPrim
        from isaacsim.core.utils.stage import create_new_stage

        World.clear_instance()
        create_new_stage()
        use_physx()
        timestep = float(fields["timestep"])
        world = World(
            physics_dt=timestep,
            rendering_dt=timestep,
            stage_units_in_meters=1.0,
            backend="numpy",
            device="cpu",
        )
        make_particles_readable(world, timestep)
        stage = self._stage = world.stage
        context = world.get_physics_context()
        scenery.add_scenery(stage, fields)
        import_urdf(fields["urdf"], Path(fields["folder"]))
        drive_joints(stage, fields)
        held = find_link(stage, fields["held"])
        scenery.add_vessel(stage, held, "source", fields, arrays)
        scenery.add_standing_vessel(stage, fields, arrays)
        scenery.spare_contacts(stage, held)
        scenery.add_water(stage, context.prim_path, fields, arrays)
        # Their prims are the importer's, whose transforms stay as they are.
        arm = SingleArticulation(
            prim_path=find_articulation(stage), name="arm", reset_xform_properties=False
        )
        world.scene.add(arm)
        picture = Picture(fields["camera"])
        world.reset()
        make_particles_readable(world, timestep)
        self._world, self._arm, self._picture = world, arm, picture
        self._held = SingleRigidPrim(
            prim_path=held, name="held_vessel", reset_xform_properties=False
        )
        self._held.initialize()
        self._joints = self._find_joints([joint["name"] for joint in fields["joints"]])
        self._start(fields, arrays["particles"])
        picture.initialize(world)
        state, data = self._state()
        return {**state, "focal": picture.focal}, data

    def step(self, fields: Fields, arrays: Arrays) -> tuple[Fields, Arrays]:
        """Drive joints to `positions` [rad] and `velocities` [rad/s], (J,), for `count` steps."""
        self._drive(arrays["positions"], arrays["velocities"])
        before = int(self._world.current_time_step_index)
        self._advance(int(fields["count"]))
        state, data = self._state()
        return {**state, "steps": int(self._world.current_time_step_index) - before}, data

    def render(self, _: Fields, __: Arrays) -> tuple[Fields, Arrays]:
        """A picture of now."""
        return {}, {"rgb": self._picture.take(self._world)}

    def close(self) -> None:
        """End Isaac Sim, and perhaps this process."""
        self._app.close()

    def _find_joints(self, names: list[str]) -> Any:
        order = list(self._arm.dof_names)
        missing = [name for name in names if name not in order]
        if missing:
            raise RuntimeError(f"the articulation has no joints {missing}; it has {order}")
        return np.array([order.index(name) for name in names])

    def _start(self, fields: Fields, particles: Any) -> None:
        """Put the arm where it starts and the water into its vessels, and let the water settle."""
        start = np.array([joint["start"] for joint in fields["joints"]])
        rest = np.zeros_like(start)
        self._arm.set_joint_positions(start, joint_indices=self._joints)
        self._arm.set_joint_velocities(rest, joint_indices=self._joints)
        self._drive(start, rest)
        scenery.write_particles(self._stage, particles)
        self._advance(_FROZEN_AFTER)
        if self._frozen(particles):
            # Isaac Sim 6 may write to USD only when asked.
            self._push = True
            self._advance(_FROZEN_AFTER)
            if self._frozen(particles):
                raise RuntimeError(
                    "the particles do not move, or their positions do not reach USD: check the log "
                    "for 'Particles feature is only supported on GPU'"
                )
        self._advance(int(fields["settle"]))

    def _frozen(self, particles: Any) -> bool:
        return bool(np.array_equal(scenery.read_particles(self._stage)[0], particles))

    def _drive(self, positions: Any, velocities: Any) -> None:
        from isaacsim.core.utils.types import ArticulationAction

        self._arm.apply_action(
            ArticulationAction(
                joint_positions=positions,
                joint_velocities=velocities,
                joint_indices=self._joints,
            )
        )

    def _advance(self, count: int) -> None:
        for _ in range(count):
            self._world.step(render=False)
        if self._push:
            import omni.physx

            omni.physx.get_physx_interface().update_transformations(False, True, True, False)

    def _state(self) -> tuple[Fields, Arrays]:
        position, orientation = self._held.get_world_pose()
        points, velocities = scenery.read_particles(self._stage)
        return {}, {
            "joint_positions": self._arm.get_joint_positions(joint_indices=self._joints),
            "joint_velocities": self._arm.get_joint_velocities(joint_indices=self._joints),
            "held_position": position,
            "held_wxyz": orientation,
            "points": points,
            "velocities": velocities,
        }
