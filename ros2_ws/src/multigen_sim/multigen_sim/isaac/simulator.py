"""The backend `isaac`: arm, contacts, liquid and pictures in NVIDIA Isaac Sim.

Written and checked against the public source of Isaac Sim 5.0.0, 5.1.0 and 6.0.1; never executed in
Isaac Sim by us. It runs in a process of its own, with its own Python; what is measured on the
particles, and the hearing view, are the code that every backend with particles shares.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward, pose
from multigen_core.contract import AUDIO_VIEW_FRAME, CAMERA_FRAME
from multigen_core.errors import MultigenError, WorkerDiedError
from multigen_core.simulator import View, WorldState
from multigen_core.types import CameraFrame, JointState, to_nanoseconds
from multigen_core.world.scene import Scene
from multigen_sim.isaac.description import TIMESTEP, Water, describe, held_pose
from multigen_sim.isaac.installation import find_gpu, find_python
from multigen_sim.isaac.servo import Servo
from multigen_sim.isaac.settings import Settings
from multigen_sim.isaac.worker.frames import Arrays, Fields
from multigen_sim.isaac.worker_process import PATIENCE, WorkerProcess
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.particles.appearance import visible_liquid
from multigen_sim.particles.filling import fill
from multigen_sim.particles.liquid_state import ParticleGauge
from multigen_sim.particles.volumes import Cavities
from multigen_sim.scene_arm import Encoders, start_positions
from multigen_sim.views.hearing import HearingView

START_PATIENCE = 900.0
"""Longest start of Isaac Sim [s]: its first compiles shaders for minutes."""
LOAD_PATIENCE = 300.0
"""Longest time to build a scene and to render its first picture [s]."""
UNPROVEN = (
    "backend isaac is written and checked against Isaac Sim's public source (5.0.0, 5.1.0, 6.0.1) "
    "and has never been executed in Isaac Sim by us; run 'multigen isaac selfcheck' first"
)
_MOST_STEPS = 8
"""Physics steps between measurements of the particles."""
_MISPLACED = 0.005
"""Largest distance between where the arm holds the vessel and where Isaac Sim has it [m]."""


class IsaacSimulator:
    """Implements `multigen_core.simulator.Simulator`."""

    timestep = TIMESTEP

    def __init__(self, arm: Arm, settings: Settings | None = None) -> None:
        """Find Isaac Sim and a GPU for it; the settings are by default those of the environment.

        Raises:
            MultigenError: there is none, or a setting is wrong; says what to do.
        """
        self.arm = arm
        settings = settings or Settings.from_environment()
        self._python: Path = find_python(settings.path)
        self.gpu = find_gpu()
        self._particles = settings.particles
        self._worker: WorkerProcess | None = None
        self.version = ""
        """Isaac Sim's version, once it runs."""
        print(UNPROVEN, file=sys.stderr)

    def reset(self, scene: Scene, seed: int) -> None:
        """Load `scene` and start at time 0, with the arm holding the source upright at the target.

        Starts Isaac Sim if it does not run, which takes minutes the first time.

        Raises:
            MultigenError: the arm cannot pour there, or Isaac Sim says why it cannot.
            WorkerDiedError: Isaac Sim ended, or was stopped because it hung.
        """
        source, target = scene.source.vessel, scene.target.vessel
        rng = np.random.default_rng(seed)
        start = start_positions(self.arm, scene, rng)
        held = held_pose(forward(self.arm, start), scene.source.grasp_height)
        water = Water.of(scene, self._particles)
        foot = np.array(scene.target.position)
        there = round(scene.target.volume_ml * 1e-6 / water.volume)
        particles = np.concatenate(
            [
                fill(source, water.count, water.spacing) @ held[:3, :3].T + held[:3, 3],
                fill(target, there, water.spacing) + foot,
            ]
        )
        fields, arrays = describe(scene, self.arm, start, water, particles, seed)
        worker = self._worker or self._start()
        fields["folder"] = str(worker.folder)
        _, self._data = self._ask("load", fields, arrays, LOAD_PATIENCE)
        self._rim = source.rim_height
        self._check_grasp(held)
        cavities = Cavities.of(scene, water.volume)
        self.gauge = ParticleGauge(cavities, scene.liquid, self._vessel_pose(), self._points)
        self._servo = Servo(self.arm, scene.arm, start, TIMESTEP)
        self._hearing = HearingView(scene)
        self._encoders = Encoders(self.arm, scene, seed)
        self._steps = 0
        self.miscounted = 0
        """Physics steps that Isaac Sim counted beyond those asked for."""
        self._state: WorldState | None = None

    def command(self, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None:
        """Set the servo's goal, (J,) each; it acts after the scene's command delay.

        Raises:
            MultigenError: the shape is wrong or a value is not finite.
        """
        self._servo.command(self._steps, positions, velocities)

    def step(self, count: int = 1) -> None:
        """Advance by `count` physics steps.

        Raises:
            WorkerDiedError: Isaac Sim ended, or was stopped because it hung.
        """
        self._state = None
        end = self._steps + count
        while self._steps < end:
            most = min(end - self._steps, _MOST_STEPS - self._steps % _MOST_STEPS)
            (positions, velocities), steps = self._servo.at(self._steps, most)
            goal = {"positions": positions, "velocities": velocities}
            answer, self._data = self._ask("step", {"count": steps}, goal)
            self.miscounted += answer["steps"] - steps
            self._steps += steps
            self.gauge.update(
                steps * TIMESTEP,
                self._vessel_pose(),
                self._points,
                self._data["velocities"].astype(float),
            )

    def state(self) -> WorldState:
        """The current state; the same object until the next step."""
        if self._state is None:
            self._state = WorldState(
                self._joints(),
                self.gauge.pour_state(self._now),
                self.gauge.liquid_state(self._now),
            )
        return self._state

    def render(self, view: View) -> CameraFrame:
        """An image of the current state.

        Raises:
            MultigenError: Isaac Sim renders none.
            WorkerDiedError: it ended, or was stopped because it hung.
        """
        if view == "cutaway":
            picture = self._hearing.render(visible_liquid(self.gauge))
            return CameraFrame(self._now, picture, AUDIO_VIEW_FRAME)
        _, data = self._ask("render")
        return CameraFrame(self._now, data["rgb"], CAMERA_FRAME)

    def close(self) -> None:
        """End Isaac Sim."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    @property
    def worker(self) -> WorkerProcess | None:
        """The process that Isaac Sim runs in, if it runs."""
        return self._worker

    def _start(self) -> WorkerProcess:
        worker = self._worker = WorkerProcess(self._python)
        try:
            answer, _ = self._ask("start", patience=START_PATIENCE)
        except WorkerDiedError as error:
            if self.gpu.traces_rays:
                raise
            raise WorkerDiedError(
                f"{error}; NVIDIA does not support Isaac Sim on {self.gpu.name}, which has no "
                "ray-tracing cores"
            ) from error
        self.version = str(answer["version"])
        return worker

    def _ask(
        self,
        request: str,
        fields: Fields | None = None,
        arrays: Arrays | None = None,
        patience: float = PATIENCE,
    ) -> tuple[Fields, Arrays]:
        if self._worker is None:
            raise WorkerDiedError("Isaac Sim does not run: reset the simulation to start it again")
        try:
            return self._worker.ask(request, fields, arrays, patience)
        except WorkerDiedError:
            self._worker = None
            raise

    def _check_grasp(self, held: NDArray[np.float64]) -> None:
        """Refuse a world in which the importer built another arm than the URDF's."""
        off = float(np.linalg.norm(self._held[:3, 3] - held[:3, 3]))
        if off > _MISPLACED:
            raise MultigenError(
                f"Isaac Sim has the held vessel {off * 1e3:.0f} mm from where {self.arm.name} "
                f"holds it, at most {_MISPLACED * 1e3:.0f} mm are expected: its URDF importer "
                "built another arm; please report it with the version of Isaac Sim"
            )

    @property
    def _held(self) -> NDArray[np.float64]:
        """Pose (4, 4) of the held vessel's foot."""
        w, x, y, z = self._data["held_wxyz"].astype(float)
        return pose(self._data["held_position"].astype(float), Rotation.from_quat([x, y, z, w]))

    @property
    def _points(self) -> NDArray[np.float64]:
        return self._data["points"].astype(float)

    def _vessel_pose(self) -> VesselPose:
        held = self._held
        return VesselPose(held[:3, 3] + self._rim * held[:3, 2], held[:3, 2])

    def _joints(self) -> JointState:
        positions, velocities = (
            self._data[name].astype(float) for name in ("joint_positions", "joint_velocities")
        )
        return self._encoders.read(self._now, self._steps, positions, velocities)

    @property
    def _now(self) -> int:
        return int(self._steps * to_nanoseconds(TIMESTEP))
