"""The live graph without ROS: simulator, sound, guard and policy in one process at full speed.

Rollout, guard, trajectory follower, simulator and synthesizer are those of the nodes and run at the
same rates; a command that the guard rejects does not move the arm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from multigen_core.arm import Arm, select_joints
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower
from multigen_core.contract import LIQUID_STATE
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.decisions import Now, Reject
from multigen_core.guard.guard import Guard
from multigen_core.policy import Sense
from multigen_core.rollout.observer import Observer
from multigen_core.rollout.rollout import Rollout
from multigen_core.rollout.senses import UNDISTURBED, Senses
from multigen_core.rollout.session import Step
from multigen_core.simulator import Simulator, WorldState
from multigen_core.synthesizer import Batching, Source, Synthesizer
from multigen_core.types import (
    AudioChunk,
    CameraCalibration,
    CameraFrame,
    CameraInfo,
    JointState,
    LiquidState,
    to_nanoseconds,
)
from multigen_core.world.scene import Scene

SETTLE = 1.5
"""Simulated time after a pour [s]: the last drops still count."""
AHEAD = 10
"""Ticks that `voiced` may run ahead of its sound."""
SERVO_PERIOD = 0.01
"""Period of servo goals and joint measurements [s]."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """One control period: inputs, command and result, and the ground truth at its end.

    `joints` and `liquids` hold every state since the last tick; `image` and `sound` are the
    world's, whatever of them reaches the policy, and missing if not `sensed`. `forwarded` is the
    trajectory that the guard passed on or generated itself, `objection` the reason if it rejected
    the command.
    """

    now: int
    world: WorldState
    joints: list[JointState]
    liquids: list[LiquidState]
    image: CameraFrame | None
    hearing: CameraFrame | None
    sound: list[AudioChunk]
    sensed: bool = True
    step: Step | None = None
    forwarded: Trajectory | None = None
    objection: str = ""

    def drive(self, synthesizer: Synthesizer) -> list[AudioChunk]:
        """The sound that a synthesizer completes with this tick's inputs."""
        if synthesizer.source is not Source.FRAMES:
            for item in self.liquids:
                synthesizer.push(item)
        elif self.hearing is not None:
            synthesizer.push(self.hearing)
        return synthesizer.pull()

    def deliver(
        self, observer: Observer, camera: CameraCalibration, senses: Senses = UNDISTURBED
    ) -> None:
        """Pass joints, image and sound on to an observer."""
        for measured in (*self.joints[1:], self.world.joints):
            observer.add_joints(measured)
        if self.image is not None and (seen := senses.see(self.image, self.world)) is not None:
            observer.add_camera(CameraInfo(self.now, seen.frame_id, camera))
            observer.add_image(seen)
        for chunk in self.sound:
            if (heard := senses.hear(chunk, self.world)) is not None:
                observer.add_audio(heard)


class OfflineGraph:
    """A simulated world with sound and guard, waiting for commands.

    Args:
        simulator: reset here to `scene` and `seed`; the caller closes it.
        scene: to simulate.
        seed: of all randomness left in the scene.
        arm: of the simulator.
        synthesizer: of the sound, if any; driven by liquid states or the cut-away view.
        pictures: render the public camera even if the policy does not use it.
        hearing: render the cut-away view even if the synthesizer does not use it.
        senses: what of images and sound reaches the policy.
        period: of control and images [s].

    Raises:
        MultigenError: the scene is impossible.
    """

    def __init__(
        self,
        simulator: Simulator,
        scene: Scene,
        seed: int,
        arm: Arm,
        *,
        synthesizer: Synthesizer | None = None,
        pictures: bool = False,
        hearing: bool = False,
        senses: Senses = UNDISTURBED,
        period: float = 0.1,
    ) -> None:
        simulator.reset(scene, seed)
        if synthesizer is not None:
            synthesizer.reset()
        self.scene = scene
        self.sensing = True
        """Whether there are images and sound; the world advances without them, and faster."""
        self._simulator, self._synthesizer = simulator, synthesizer
        self._pictures = pictures
        self._senses = senses
        watches = synthesizer is not None and synthesizer.source is Source.FRAMES
        self._hearing = hearing or watches
        state = simulator.state()
        self._follower = TrajectoryFollower(
            arm.names, select_joints(state.joints, arm.names).positions
        )
        self._guard = Guard(arm, GuardConfig(simulated=True))
        self._guard.observe(state.joints, Now(state.joints.stamp, state.joints.stamp))
        self._substeps = round(SERVO_PERIOD / simulator.timestep)
        self._servo_steps = round(period / SERVO_PERIOD)
        self._liquid_every = round(1.0 / LIQUID_STATE.rate / SERVO_PERIOD)

    def advance(self, rollout: Rollout) -> Tick:
        """Run one control period and pass its data to the rollout."""
        simulator = self._simulator
        joints: list[JointState] = []
        liquids: list[LiquidState] = []
        for count in range(self._servo_steps):
            state = simulator.state()
            joints.append(state.joints)
            simulator.command(*self._follower.sample(state.joints.stamp))
            simulator.step(self._substeps)
            if count % self._liquid_every == 0:
                liquids.append(simulator.state().liquid)
        state = simulator.state()
        now = state.joints.stamp
        self._guard.observe(state.joints, Now(now, now))
        tick = Tick(now, state, joints, liquids, None, None, [], self.sensing)
        if self.sensing:
            looks = Sense.IMAGE in rollout.senses
            image = simulator.render("public") if looks or self._pictures else None
            view = simulator.render("cutaway") if self._hearing else None
            tick = replace(tick, image=image, hearing=view)
            if self._synthesizer is not None:
                tick = replace(tick, sound=tick.drive(self._synthesizer))
        tick.deliver(rollout.observer, self.scene.camera.calibration, self._senses)
        return tick

    def carry_out(self, tick: Tick, step: Step | None) -> Tick:
        """Send a step's command through the guard; return the tick with the result."""
        moment, forwarded, objection = Now(tick.now, tick.now), None, ""
        if step is not None and step.trajectory is not None:
            verdict = self._guard.command(step.trajectory, moment)
            if isinstance(verdict, Reject):
                objection = f"{verdict.rule}: {verdict.reason}"
            else:
                forwarded = verdict.trajectory
        own = self._guard.tick(moment)
        if own is not None:
            forwarded, objection = own.trajectory, own.reason
        if forwarded is not None:
            self._follower.accept(forwarded, tick.now)
        return replace(tick, step=step, forwarded=forwarded, objection=objection)


def voiced(ticks: Iterator[Tick], synthesizer: Synthesizer | None) -> Iterator[Tick]:
    """The same ticks with the sound that they complete, up to AHEAD ticks late.

    For pours that nobody listens to while they run: many images at once take less time.
    """
    if synthesizer is None:
        yield from ticks
        return
    synthesizer.reset()
    while some := list(islice(ticks, AHEAD)):
        if isinstance(synthesizer, Batching):
            views = [tick.hearing for tick in some if tick.hearing is not None]
            sounds = iter(synthesizer.batch(views))
            for tick in some:
                yield tick if tick.hearing is None else replace(tick, sound=next(sounds))
        else:
            for tick in some:
                yield replace(tick, sound=tick.drive(synthesizer)) if tick.sensed else tick


def pour(
    graph: OfflineGraph, rollout: Rollout, volume: float, timeout: float = 0.0
) -> Iterator[Tick]:
    """Run one pour of `volume` [m^3]; yield every control period until shortly after its end.

    Raises:
        MultigenError: the goal is impossible.
    """
    tick = graph.advance(rollout)
    rollout.begin(tick.now, volume, timeout=timeout)
    while rollout.busy:
        tick = graph.carry_out(tick, rollout.step(tick.now))
        yield tick
        tick = graph.advance(rollout)
    end = tick.now + to_nanoseconds(SETTLE)
    while tick.now < end:
        yield graph.carry_out(tick, None)
        tick = graph.advance(rollout)
