"""Pours in closed loop, without ROS and faster than real time, as results for reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.errors import MultigenError
from multigen_core.policy import Decision, Observation, Policy, PolicyConfig, PourGoal, make_policy
from multigen_core.rollout.episode import Tick, episode
from multigen_core.simulator import Simulator, make_simulator
from multigen_core.station import Station, Told
from multigen_core.synthesizer import SynthesizerConfig, make_synthesizer
from multigen_core.types import Outcome, PourProgress, to_seconds
from multigen_core.world.scene import Scene, load_scene
from multigen_policy.classical.expert import Expert, ExpertConfig
from multigen_policy.evaluation.metrics import listener_floor, pour_metrics
from multigen_policy.evaluation.smoothness import joint_smoothness

EXPERT = "expert"
"""The privileged policy, which only simulation can run."""
_EXPERT = ExpertConfig()
_ROOM = 0.85
"""Most of the target's capacity that is asked for."""
_LEFT = 60.0
"""Least volume [ml] that the source keeps."""


@dataclass(frozen=True)
class Job:
    """One episode.

    The scene is drawn with `seed`, the goal with it from `low` to `high` [ml], less where the
    vessels do not allow that. The policy is `told` so much of its station.
    """

    scene: str
    seed: int
    policy: str
    synthesizer: str
    told: Told = Told.STATION
    low: float = 60.0
    high: float = 250.0
    checkpoint: str = ""
    simulator: str = "mujoco"

    @property
    def key(self) -> str:
        """Names the job among all."""
        return "|".join(str(value) for value in dataclasses.astuple(self))


class Supervised:
    """A policy whose errors end the pour as the node ends it: upright, then aborted."""

    def __init__(self, policy: Policy) -> None:
        self.senses = policy.senses
        self.audio_window = policy.audio_window
        self.joint_names = policy.joint_names
        self._policy = policy
        self.reset = policy.reset
        self.retreat, self.upright = policy.retreat, policy.upright
        self._trouble = ""
        self._upright_at = 0

    def act(self, observation: Observation) -> Decision:
        """The policy's decision, or the retreat."""
        if not self._trouble:
            try:
                return self._policy.act(observation)
            except MultigenError as error:
                self._trouble = str(error)
                retreat: Trajectory = self.retreat(observation.joints.positions)
                self._upright_at = observation.now + round(float(retreat.times[-1]) * 1e9)
                return Decision(retreat, "retreat")
        over = observation.now >= self._upright_at
        outcome = Outcome.ABORTED if over else Outcome.RUNNING
        return Decision(None, "retreat", outcome=outcome, reason=self._trouble if over else "")


def run_job(job: Job) -> dict[str, Any]:
    """The result of one episode.

    Raises:
        MultigenError: the job is impossible.
    """
    pour = start(job)
    return {**_result(list(pour.ticks), pour.goal), **_circumstances(job, pour.scene)}


@dataclass(frozen=True)
class Pour:
    """An episode that runs as its ticks are taken."""

    scene: Scene
    goal: PourGoal
    simulator: Simulator
    ticks: Iterator[Tick]


def start(
    job: Job,
    expert: ExpertConfig = _EXPERT,
    *,
    pictures: bool = False,
    hearing: bool = False,
) -> Pour:
    """The episode of a job; one at a time in a process, for they share the simulator.

    Raises:
        MultigenError: the job is impossible.
    """
    scene = load_scene(job.scene, job.seed)
    simulator = _simulator(job.simulator)
    goal = PourGoal(_goal(job, scene))
    synthesizer = None
    if job.synthesizer:
        synthesizer = make_synthesizer(
            SynthesizerConfig(job.synthesizer, job.checkpoint, seed=job.seed)
        )
    policy = Supervised(_policy(job, scene, simulator, expert))
    ticks = episode(
        simulator, policy, scene, job.seed, goal,
        synthesizer=synthesizer, pictures=pictures, hearing=hearing,
    )  # fmt: skip
    return Pour(scene, goal, simulator, ticks)


def _goal(job: Job, scene: Scene) -> float:
    rng = np.random.default_rng([job.seed, 7])
    room = _ROOM * scene.target.vessel.capacity * 1e6 - scene.target.volume_ml
    drawn = float(rng.uniform(job.low, job.high))
    goal = min(drawn, room, scene.source.volume_ml - _LEFT)
    if goal <= 0:
        raise MultigenError(
            f"scene {job.scene}: nothing can be poured: the source holds "
            f"{scene.source.volume_ml:.0f} ml and keeps {_LEFT:.0f} ml, the target has room for "
            f"{room:.0f} ml"
        )
    return goal * 1e-6


def _policy(job: Job, scene: Scene, simulator: Simulator, expert: ExpertConfig) -> Policy:
    arm = Arm.load()
    if job.policy == EXPERT:
        station = Station.of(scene, arm, Told.TARGET)
        return Expert(station, lambda: simulator.state().liquid, expert)
    return make_policy(PolicyConfig(Station.of(scene, arm, job.told), job.policy))


@lru_cache(maxsize=1)
def _simulator(name: str) -> Simulator:
    return make_simulator(name)


def progress_of(tick: Tick, goal: PourGoal, start: int) -> PourProgress | None:
    """What the policy tells at a tick of a pour begun at `start` [ns]; None once it is done."""
    now, decision = tick.observation.now, tick.decision
    if decision is None:
        return None
    return PourProgress(
        now,
        decision.stage,
        goal.target_volume,
        decision.estimated_volume,
        to_seconds(now - start),
        decision.outcome,
        decision.reason,
    )


def _result(ticks: list[Tick], goal: PourGoal) -> dict[str, Any]:
    start = ticks[0].observation.now
    asked = PourProgress(start, "accepted", goal.target_volume)
    told = [progress for tick in ticks if (progress := progress_of(tick, goal, start))]
    states = [tick.pour for tick in ticks]
    pour = pour_metrics(asked, told, states, states[-1].stamp)
    moving = [tick for tick in ticks if tick.decision is not None]
    times = np.array([to_seconds(tick.joints.stamp) for tick in moving])
    velocities: NDArray[np.float64] = np.array([tick.joints.velocities for tick in moving])
    floor = listener_floor([tick.liquid for tick in ticks], goal.target_volume)
    return {
        **dataclasses.asdict(pour),
        "smoothness": joint_smoothness(times, velocities),
        "listener_floor_ml": floor * 1e6,
    }


def _circumstances(job: Job, scene: Scene) -> dict[str, Any]:
    return {
        "bag": f"{job.scene}-{job.seed}",
        "simulated": True,
        "scene": job.scene,
        "seed": job.seed,
        "policy": job.policy,
        "synthesizer": job.synthesizer,
        "told": str(job.told),
        "source_vessel": scene.source.vessel.name,
        "source_ml": scene.source.volume_ml,
        "target_vessel": scene.target.vessel.name,
        "opaque": scene.target.vessel.opaque,
        "held_out": scene.target.vessel.held_out,
        "liquid": scene.liquid.name,
        "job": job.key,
    }
