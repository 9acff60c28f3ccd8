"""The simulator node: the only publisher of /clock; itself on steady time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.ros import node as ros
from multigen_core.ros.alone import DISCOVERY
from multigen_core.ros.linger import linger
from multigen_core.ros.sim_clock import SimClock
from multigen_core.simulator import make_simulator
from multigen_core.types import AudioChunk, CameraCalibration, CameraFrame, CameraInfo
from multigen_core.world.scene import Scene, load_scene
from multigen_sim.pacing import SHORTEST_AUDIO_LEAD
from multigen_sim.simulation_loop import Rates, SimulationLoop


@dataclass(frozen=True)
class SimulatorParameters:
    """Node parameters."""

    scene: str = ros.parameter("default", "Scene: a shipped name or a YAML file", writable=True)
    seed: int = ros.parameter(
        0, "Seed of the scene's distributions and all noise", 0, writable=True
    )
    arm_file: str = ros.parameter("gen3", "Arm description: a shipped name or a YAML file")
    camera_rate: float = ros.parameter(30.0, "Camera images per second", 1.0, 60.0)
    joint_state_rate: float = ros.parameter(100.0, "Joint states per second", 10.0, 1000.0)
    real_time_factor: float = ros.parameter(
        1.0, "Ratio of simulated to steady time; 0: as fast as possible", 0.0, 100.0
    )
    max_audio_lead: float = ros.parameter(
        0.0, "Maximum lead of simulated time over the sound [s]; 0: unlimited", 0.0, 10.0
    )
    backend: str = ros.parameter("mujoco", "Installed physics backend")


class SimulatorNode(Node):
    """Publishes the simulated world as in the contract and follows joint trajectories."""

    def __init__(self) -> None:
        super().__init__("simulator")
        p = ros.declare(self, SimulatorParameters)
        if 0.0 < p.max_audio_lead < SHORTEST_AUDIO_LEAD:
            raise MultigenError(
                f"max_audio_lead {p.max_audio_lead} s is below the synthesizer's latency: "
                f"use 0 (off) or at least {SHORTEST_AUDIO_LEAD} s"
            )
        self._sim_clock = SimClock(self)
        self.clock = self._sim_clock.send
        self._image = ros.publisher(self, contract.IMAGE)
        self._compressed = ros.publisher(self, contract.IMAGE_COMPRESSED)
        self._info = ros.publisher(self, contract.CAMERA_INFO)
        self._hearing = ros.publisher(self, contract.AUDIO_VIEW)
        self.hearing = self._hearing.send
        self.joints = ros.publisher(self, contract.JOINT_STATES).send
        self.liquid = ros.publisher(self, contract.LIQUID_STATE).send
        self.pour = ros.publisher(self, contract.POUR_STATE).send
        self._scenes = ros.publisher(self, contract.SCENE)
        self._collisions = 0
        rates = Rates(joints=p.joint_state_rate, camera=p.camera_rate)
        self._load_scene()
        arm = Arm.load(p.arm_file)
        self._loop = SimulationLoop(
            lambda: make_simulator(p.backend, arm),
            arm,
            self._load_scene,
            self,
            rates,
            p.real_time_factor,
            p.max_audio_lead,
        )
        ros.subscribe(self, contract.ARM_COMMAND, self._loop.command, malformed=self._loop.reject)
        if p.max_audio_lead:
            ros.subscribe(self, contract.AUDIO, self._on_audio)
        self.create_service(Trigger, "simulator/reset", self._on_reset)
        self.create_service(SetBool, "simulator/pause", self._on_pause)
        # This node's own clock is the wall's; all others see the time it publishes.
        self._diagnostics = ros.Diagnostics(
            self, self._health, p.backend, lambda: self._sim_clock.now
        )
        self._sim_clock.check_alone(DISCOVERY)
        self._loop.start()

    def _load_scene(self) -> tuple[Scene, int]:
        file, seed = self.get_parameter("scene").value, self.get_parameter("seed").value
        scene = load_scene(file, seed)
        self._scenes.send(json.dumps({"scene": file, "seed": seed}))
        return scene, seed

    def _on_audio(self, chunk: AudioChunk) -> None:
        self._loop.audio.heard(chunk.end)

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.message = self._loop.reset()
        response.success = not response.message
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._loop.paused = request.data
        response.success = True
        return response

    def _health(self) -> ros.Health:
        try:
            self._sim_clock.check_alone()
        except MultigenError as error:
            ros.fail(self, error)
        loop = self._loop
        if loop.lost:
            return ros.Health.error(f"{loop.lost}; reset to start it again", **loop.figures)
        if loop.paused:
            return ros.Health.ok("paused", **loop.figures)
        if loop.audio.silent:
            return ros.Health.warn("no sound received; no longer waiting for it", **loop.figures)
        if loop.collisions > self._collisions:
            self._collisions = loop.collisions
            return ros.Health.warn(f"collision of {loop.collision}", **loop.figures)
        if loop.reason:
            return ros.Health.warn(f"command refused: {loop.reason}", **loop.figures)
        return ros.Health.ok("running", **loop.figures)

    def wants_camera(self) -> bool:
        return bool(self._image.subscribers or self._compressed.subscribers)

    def camera(self, frame: CameraFrame | None, calibration: CameraCalibration, now: int) -> None:
        self._info.send(CameraInfo(now, contract.CAMERA_FRAME, calibration))
        if frame is not None:
            self._image.send(frame)
            if self._compressed.subscribers:
                self._compressed.send(frame)

    def wants_hearing(self) -> bool:
        return bool(self._hearing.subscribers)

    def collided(self, pair: str) -> None:
        self.get_logger().warning(f"collision of {pair}", throttle_duration_sec=1.0)

    def lost(self, error: MultigenError) -> None:
        self.get_logger().error(f"{error}; call simulator/reset to start it again")

    def failed(self, error: MultigenError) -> None:
        ros.fail(self, error)

    def close(self) -> None:
        """Wait for the guard, which may have to return a vessel upright; then stop."""
        guarded = contract.ARM_COMMAND.name
        linger(self, lambda: self.count_publishers(guarded), "the guard to exit")
        self._loop.stop()


def main() -> None:
    """Run the simulator until a signal arrives."""
    ros.run(SimulatorNode)
