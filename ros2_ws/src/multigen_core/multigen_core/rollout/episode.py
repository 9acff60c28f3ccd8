"""The whole loop in one process, without ROS, as fast as it computes: simulate, hear, decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from multigen_core.arm import select_joints
from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.policy import Decision, Observation, Policy, PourGoal, Sense
from multigen_core.simulator import Simulator
from multigen_core.streams.buffers import AudioRing
from multigen_core.synthesizer import Source, Synthesizer
from multigen_core.types import (
    AudioChunk,
    CameraFrame,
    JointState,
    LiquidState,
    PourState,
)
from multigen_core.world.scene import Scene

SETTLE = 1.5
"""How long the world goes on after the policy is done [s]: the last drops still count."""
SERVO_PERIOD = 0.01
"""How often the arm's servo gets a new goal [s]."""
LIQUID_PERIOD = 0.02
"""How often a synthesizer hears of the liquid [s]."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """One control period: what was seen, decided, and true."""

    observation: Observation
    decision: Decision | None
    joints: JointState
    pour: PourState
    liquid: LiquidState
    image: CameraFrame | None = None
    hearing: CameraFrame | None = None
    sound: list[AudioChunk] = field(default_factory=list)
    path: list[JointState] = field(default_factory=list)
    """Every servo period since the last tick."""
    liquids: list[LiquidState] = field(default_factory=list)
    """Every LIQUID_PERIOD since the last tick."""


def episode(
    simulator: Simulator,
    policy: Policy,
    scene: Scene,
    seed: int,
    goal: PourGoal,
    *,
    synthesizer: Synthesizer | None = None,
    pictures: bool = False,
    hearing: bool = False,
    period: float = 0.1,
    timeout: float = 120.0,
) -> Iterator[Tick]:
    """Run one pour; yields every control period until a while after the policy is done.

    Args:
        simulator: reset to `scene` and `seed` here; stays the caller's to close.
        policy: reset to `goal` here.
        scene: what stands where.
        seed: of everything the scene leaves to chance.
        goal: what to pour.
        synthesizer: makes the sound, if any; driven by the liquid or by the cut-away view.
        pictures: whether to render the public camera although the policy does not look.
        hearing: whether to draw the cut-away view although the synthesizer does not look.
        period: of control and pictures [s].
        timeout: simulated time after which to stop in any case [s].

    Raises:
        MultigenError: the scene or the goal is impossible.
    """
    simulator.reset(scene, seed)
    policy.reset(goal)
    if synthesizer is not None:
        synthesizer.reset()
    measured = select_joints(simulator.state().joints, policy.joint_names)
    follower = TrajectoryFollower(policy.joint_names, measured.positions)
    ring = (
        AudioRing(max(policy.audio_window, period), synthesizer.sample_rate)
        if synthesizer
        else None
    )
    looks = Sense.IMAGE in policy.senses
    substeps = round(SERVO_PERIOD / simulator.timestep)
    servo_steps = round(period / SERVO_PERIOD)
    liquid_every = round(LIQUID_PERIOD / SERVO_PERIOD)
    done_at: float | None = None
    elapsed = 0.0
    while elapsed < timeout and (done_at is None or elapsed < done_at + SETTLE):
        sound: list[AudioChunk] = []
        joint_path: list[JointState] = []
        liquids: list[LiquidState] = []
        for count in range(servo_steps):
            joint_path.append(simulator.state().joints)
            simulator.command(*follower.sample(joint_path[-1].stamp))
            simulator.step(substeps)
            if count % liquid_every == 0:
                liquids.append(simulator.state().liquid)
        elapsed += period
        watches = synthesizer is not None and synthesizer.source is Source.FRAMES
        view = simulator.render("cutaway") if watches or hearing else None
        if synthesizer is not None:
            causes: list[CameraFrame | LiquidState] = [view] if watches and view else [*liquids]
            for item in causes:
                synthesizer.push(item)
            sound = synthesizer.pull()
            for chunk in sound:
                ring.push(chunk)  # type: ignore[union-attr]
        state = simulator.state()
        joints = state.joints
        image = simulator.render("public") if looks or pictures else None
        heard = ring.window(joints.stamp, policy.audio_window) if ring else None
        alive = {Sense.IMAGE} if looks else set()
        alive |= {Sense.AUDIO} if heard is not None and Sense.AUDIO in policy.senses else set()
        observation = Observation(
            stamp=joints.stamp,
            now=joints.stamp,
            joints=select_joints(joints, policy.joint_names),
            image=image if looks else None,
            camera=scene.camera.calibration if looks else None,
            audio=heard if Sense.AUDIO in alive else None,
            alive=frozenset(alive),
        )
        decision = None
        if done_at is None:
            decision = policy.act(observation)
            if decision.trajectory is not None:
                follower.accept(decision.trajectory, joints.stamp)
            if decision.outcome:
                done_at = elapsed
        yield Tick(
            observation,
            decision,
            joints,
            state.pour,
            state.liquid,
            image,
            view,
            sound,
            joint_path,
            liquids,
        )
