"""The simulation of arm and images by MuJoCo, with any model of the liquid; by default our own."""

from __future__ import annotations

from collections import deque
from math import exp

import mujoco
import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.contract import AUDIO_VIEW_FRAME, CAMERA_FRAME
from multigen_core.simulator import View, WorldState
from multigen_core.types import CameraFrame, JointState, to_nanoseconds
from multigen_core.world.scene import Scene
from multigen_sim.liquid.model import MakeLiquid
from multigen_sim.liquid.reduced_order import ReducedOrderLiquid
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.collision_watch import CollisionWatch
from multigen_sim.mujoco.world_model import TIMESTEP, World, build
from multigen_sim.scene_arm import Encoders, checked_goal, start_positions
from multigen_sim.views.gl_context import GlContext
from multigen_sim.views.hearing import HearingView
from multigen_sim.views.model_names import SOURCE
from multigen_sim.views.public import PublicView

_STEPS_PER_FLOW = 5
"""Physics steps per step of the liquid, the servo lag and the collision watch."""


class MujocoSimulator:
    """Implements `multigen_core.simulator.Simulator`; `make_liquid` makes each scene's liquid."""

    timestep = TIMESTEP

    def __init__(self, arm: Arm, make_liquid: MakeLiquid = ReducedOrderLiquid) -> None:
        self.arm = arm
        self._make_liquid = make_liquid
        self._dynamics = ArmDynamics.of(arm)
        self._gl = GlContext()
        self._public: PublicView | None = None
        self._scene: Scene | None = None
        self._state: WorldState | None = None

    def reset(self, scene: Scene, seed: int) -> None:
        """Load `scene` and start at time 0, with the arm holding the source upright at the target.

        Raises:
            UnreachableError: the arm cannot pour at the target's position.
        """
        source = scene.source.vessel
        rng = np.random.default_rng(seed)
        start = start_positions(self.arm, scene, rng)
        self._unload()
        self._model = build(World(scene, self.arm, self._dynamics, seed))
        self._data = mujoco.MjData(self._model)
        self._source_body = self._model.body(SOURCE).id
        self._data.qpos[:] = start
        self._steps = 0
        self._state = None
        self._commands: deque[tuple[int, NDArray[np.float64]]] = deque()
        self._delay = round(scene.arm.command_delay / TIMESTEP)
        lag = scene.arm.servo_lag
        self._follow = 1.0 - exp(-_STEPS_PER_FLOW * TIMESTEP / lag) if lag else 1.0
        self._data.ctrl[0::2], self._data.ctrl[1::2] = start, 0.0
        self._goal = self._data.ctrl.copy()
        self._watch = CollisionWatch(self._model)
        self._encoders = Encoders(self.arm, scene, seed)
        mujoco.mj_forward(self._model, self._data)
        self._rim = source.rim_height
        seed_of_liquid = int(rng.integers(2**31))
        self.liquid = self._make_liquid(scene, self._vessel_pose(), seed_of_liquid)
        self._held, self._density = source, scene.liquid.density
        self._load_payload()
        self._hearing = HearingView(scene)
        self._scene = scene

    def command(self, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None:
        """Set the servo's goal, (J,) each; it acts after the scene's command delay.

        Raises:
            MultigenError: the shape is wrong or a value is not finite.
        """
        # MuJoCo's controls alternate between the position and the velocity of each joint.
        goal = checked_goal(self.arm, positions, velocities).T.ravel()
        self._commands.append((self._steps + self._delay, goal))

    def step(self, count: int = 1) -> None:
        """Advance by `count` physics steps."""
        self._state = None
        end = self._steps + count
        while self._steps < end:
            while self._commands and self._commands[0][0] <= self._steps:
                self._goal = self._commands.popleft()[1]
                if self._follow == 1.0:
                    self._data.ctrl[:] = self._goal
            flow = self._steps + _STEPS_PER_FLOW - self._steps % _STEPS_PER_FLOW
            until = min(end, flow, self._commands[0][0] if self._commands else end)
            mujoco.mj_step(self._model, self._data, until - self._steps)
            self._steps = until
            if until == flow:
                if self._follow < 1.0:
                    self._data.ctrl += self._follow * (self._goal - self._data.ctrl)
                self._watch.update(self._data)
                self.liquid.step(self._vessel_pose(), _STEPS_PER_FLOW * TIMESTEP)
                self._load_payload()

    def state(self) -> WorldState:
        """The current state; the same object until the next step."""
        if self._state is None:
            self._state = WorldState(
                self._joints(),
                self.liquid.pour_state(self._now),
                self.liquid.liquid_state(self._now),
                self._watch.take(),
            )
        return self._state

    def render(self, view: View) -> CameraFrame:
        """An image of the current state.

        Raises:
            RenderingError: there is no OpenGL for the public view.
        """
        seen = self.liquid.visible()
        if view == "cutaway":
            return CameraFrame(self._now, self._hearing.render(seen), AUDIO_VIEW_FRAME)
        if self._public is None:
            assert self._scene is not None
            self._public = PublicView(self._model, self._scene, self._gl)
        return CameraFrame(self._now, self._public.render(self._data, seen), CAMERA_FRAME)

    def _unload(self) -> None:
        """Free the previous world first: two at once double the memory and fragment the heap."""
        self._close_view()
        if self._scene is not None:
            self._scene = None
            del self._model, self._data, self._watch

    def _close_view(self) -> None:
        if self._public is not None:
            self._public.close()
            self._public = None

    def close(self) -> None:
        """Free the rendering context."""
        self._close_view()
        self._gl.close()

    def _joints(self) -> JointState:
        return self._encoders.read(self._now, self._steps, self._data.qpos, self._data.qvel)

    @property
    def _now(self) -> int:
        return int(self._steps * to_nanoseconds(TIMESTEP))

    def _vessel_pose(self) -> VesselPose:
        axis = self._data.xmat[self._source_body].reshape(3, 3)[:, 2].copy()
        return VesselPose(self._data.xpos[self._source_body] + self._rim * axis, axis)

    def _load_payload(self) -> None:
        """Update the mass of the held vessel with its liquid; both as upright cylinders."""
        vessel = self._held
        volume = self.liquid.source_volume
        liquid = volume * self._density
        mass = vessel.mass + liquid
        level = float(vessel.level(volume))
        centres = vessel.rim_height / 2, vessel.floor + level / 2
        centre = (vessel.mass * centres[0] + liquid * centres[1]) / mass
        radius = vessel.mouth_radius
        lateral = vessel.mass * (
            radius**2 / 2 + vessel.rim_height**2 / 12 + (centres[0] - centre) ** 2
        )
        lateral += liquid * (radius**2 / 4 + level**2 / 12 + (centres[1] - centre) ** 2)
        axial = vessel.mass * radius**2 + 1e-6
        body = self._source_body
        self._model.body_mass[body] = mass
        self._model.body_ipos[body] = [0.0, 0.0, centre]
        self._model.body_inertia[body] = [lateral, lateral, axial]
