"""The simulator's node: the only publisher of /clock; runs on steady time itself."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

import multigen_core.messages as messages
from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.ros.node import (
    FACTORY,
    Diagnostics,
    Health,
    declare,
    parameter,
    publisher,
    run,
    stop,
    subscribe,
)
from multigen_core.scene import Scene, load_scene
from multigen_core.types import (
    AudioChunk,
    CameraCalibration,
    CameraFrame,
    JointState,
    LiquidState,
    PourState,
)
from multigen_sim.backends import BACKENDS, make_simulator
from multigen_sim.pacing import SHORTEST_AUDIO_LEAD
from multigen_sim.simulation_loop import Rates, SimulationLoop

DISCOVERY = 1.0
"""How long to look for another simulator [s]."""


@dataclass(frozen=True)
class SimulatorParameters:
    """What may be set of the node."""

    scene: str = parameter("default", "Scene: a shipped name or a YAML file", writable=True)
    seed: int = parameter(0, "Draws the scene's ranges and all noise", 0, writable=True)
    camera_rate: float = parameter(30.0, "Pictures per second", 1.0, 60.0)
    joint_state_rate: float = parameter(100.0, "Joint states per second", 10.0, 1000.0)
    real_time_factor: float = parameter(
        1.0, "Simulated over steady time; 0: as fast as possible", 0.0, 100.0
    )
    max_audio_lead: float = parameter(
        0.0, "How far simulated time may run ahead of the sound [s]; 0: any", 0.0, 10.0
    )
    backend: str = parameter("mujoco", "Physics", choices=BACKENDS)


class SimulatorNode(Node):
    """Publishes the simulated world per contract and follows joint trajectories."""

    def __init__(self) -> None:
        super().__init__("simulator")
        p = declare(self, SimulatorParameters)
        if 0.0 < p.max_audio_lead < SHORTEST_AUDIO_LEAD:
            raise MultigenError(
                f"max_audio_lead {p.max_audio_lead} s is below the synthesizer's latency: "
                f"give 0 (off) or at least {SHORTEST_AUDIO_LEAD} s"
            )
        self._clock_sender = publisher(self, contract.CLOCK)
        self._image = publisher(self, contract.IMAGE)
        self._compressed = publisher(self, contract.IMAGE_COMPRESSED)
        self._info = publisher(self, contract.CAMERA_INFO)
        self._hearing = publisher(self, contract.AUDIO_VIEW)
        self._joints = publisher(self, contract.JOINT_STATES)
        self._liquid = publisher(self, contract.LIQUID_STATE)
        self._pour = publisher(self, contract.POUR_STATE)
        rates = Rates(joints=p.joint_state_rate, camera=p.camera_rate)
        self._load_scene()
        self._loop = SimulationLoop(
            lambda: make_simulator(p.backend),
            Arm.load(),
            self._load_scene,
            self,
            rates,
            p.real_time_factor,
            p.max_audio_lead,
        )
        subscribe(self, contract.ARM_COMMAND, self._loop.command, malformed=self._loop.reject)
        if p.max_audio_lead:
            subscribe(self, contract.AUDIO, self._on_audio)
        self.create_service(Trigger, "simulator/reset", self._on_reset)
        self.create_service(SetBool, "simulator/pause", self._on_pause)
        self._diagnostics = Diagnostics(self, self._health, p.backend)
        self._refuse_a_second_clock()
        self._loop.start()

    def _refuse_a_second_clock(self) -> None:
        """Two clocks in one graph would throw every node's time to and fro."""
        deadline = time.monotonic() + DISCOVERY
        while time.monotonic() < deadline:
            if self.count_publishers(contract.CLOCK.name) > 1:
                domain = os.environ.get("ROS_DOMAIN_ID", "0")
                raise MultigenError(
                    f"another simulator publishes /clock in ROS domain {domain}: end it, or set "
                    "ROS_DOMAIN_ID to another number"
                )
            time.sleep(0.05)

    def _load_scene(self) -> tuple[Scene, int]:
        seed = self.get_parameter("seed").value
        return load_scene(self.get_parameter("scene").value, seed), seed

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

    def _health(self) -> Health:
        loop = self._loop
        values = {
            "real_time_factor": loop.pacer.measured,
            "overruns": loop.pacer.overruns,
            "rejected_commands": loop.rejected,
            **loop.cost,
        }
        if loop.paused:
            return Health.ok("paused", **values)
        if loop.audio.silent:
            return Health.warn("no sound arrives: not waiting for it any more", **values)
        if loop.reason:
            return Health.warn(f"command refused: {loop.reason}", **values)
        return Health.ok(**values)

    def clock(self, now: int) -> None:
        stamp = messages.header(now, "", FACTORY).stamp
        self._clock_sender.publish(FACTORY.new(contract.CLOCK.type, clock=stamp))

    def joints(self, state: JointState) -> None:
        self._joints.send(state)

    def liquid(self, state: LiquidState) -> None:
        self._liquid.send(state)

    def pour(self, state: PourState) -> None:
        self._pour.send(state)

    def wants_camera(self) -> bool:
        return bool(self._image.subscribers or self._compressed.subscribers)

    def camera(self, frame: CameraFrame | None, calibration: CameraCalibration, now: int) -> None:
        self._info.publish(messages.camera_info(calibration, now, contract.CAMERA_FRAME, FACTORY))
        if frame is not None:
            self._image.send(frame)
            if self._compressed.subscribers:
                self._compressed.send(frame)

    def wants_hearing(self) -> bool:
        return bool(self._hearing.subscribers)

    def hearing(self, frame: CameraFrame) -> None:
        self._hearing.send(frame)

    def failed(self, error: MultigenError) -> None:
        self.get_logger().fatal(str(error))
        stop(1)

    def close(self) -> None:
        """End the simulation thread."""
        self._loop.stop()


def main() -> None:
    """Run the simulator until a signal comes."""
    run(SimulatorNode)
