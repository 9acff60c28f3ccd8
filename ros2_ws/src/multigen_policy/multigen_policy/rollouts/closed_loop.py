"""Closed-loop pours, without ROS and faster than real time, as episodes to evaluate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.policy import Policy, PolicyConfig, Sense, make_policy
from multigen_core.rollout import Rollout
from multigen_core.rollout.offline import OfflineGraph, Tick, pour, voiced
from multigen_core.rollout.senses import UNDISTURBED, Senses
from multigen_core.simulator import Simulator, make_simulator
from multigen_core.station import Station, Told, UntoldError
from multigen_core.synthesizer import (
    Source,
    Synthesizer,
    SynthesizerConfig,
    make_synthesizer,
)
from multigen_core.types import PourProgress
from multigen_core.world.scene import Scene, load_scene
from multigen_policy.classical.expert import Expert, ExpertConfig
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.evaluate import evaluate
from multigen_policy.rollouts.background import Background, loud_power
from multigen_policy.rollouts.disturbances import ARRIVES, Disturbance, DisturbedSenses
from multigen_policy.rollouts.variation import Variation

EXPERT = "expert"
"""The privileged policy, which runs only in simulation."""
_EXPERT = ExpertConfig()
_ROOM = 0.85
"""Largest goal, as a fraction of the target's capacity."""
_LEFT = 60.0
"""Least volume [ml] left in the source."""
_HEARD = 4.0
"""Length of sound by which to judge how loud a pour is [s]."""


@dataclass(frozen=True)
class Job:
    """One episode.

    `seed` samples the scene and the goal, from `low` to `high` [ml], reduced if the vessels do not
    allow that. `told` is what the policy knows about its station. `condition` names what
    `variation`, `disturbance` and `recordings` (of the synthesizer replay) make of the scene, the
    senses and the sound. `noise` is a folder of sound files for a disturbance, '' for pink noise.
    `weights` is a fingerprint of the checkpoints, which may change under the same name.
    """

    scene: str
    seed: int
    policy: str
    synthesizer: str
    told: Told = Told.TARGET
    low: float = 60.0
    high: float = 250.0
    synthesizer_checkpoint: str = ""
    policy_checkpoint: str = ""
    device: str = "cpu"
    backend: str = "mujoco"
    arm_file: str = "gen3"
    condition: str = ""
    variation: Variation = field(default_factory=Variation)
    disturbance: Disturbance = field(default_factory=Disturbance)
    recordings: tuple[str, ...] = ()
    noise: str = ""
    weights: str = ""

    @property
    def key(self) -> str:
        """Unique key of the job."""
        return "|".join(str(value) for value in dataclasses.astuple(self))


@dataclass(frozen=True)
class OfflinePour:
    """A pour of `volume` [m^3] that runs as its ticks are consumed."""

    scene: Scene
    volume: float
    ticks: Iterator[Tick]


def start(
    job: Job,
    expert: ExpertConfig = _EXPERT,
    *,
    pictures: bool = False,
    hearing: bool = False,
    recorder: Callable[[Senses], Senses] | None = None,
) -> OfflinePour:
    """The pour of a job; one at a time per process, because they share the simulator.

    `recorder` wraps what the senses of the policy get.

    Raises:
        MultigenError: the job is impossible.
    """
    scene = job.variation.applied(load_scene(job.scene, job.seed), job.seed)
    arm = Arm.load(job.arm_file)
    simulator = shared_simulator(job.backend, arm)
    volume = _goal(job, scene)
    synthesizer = synthesizer_of(job)
    station = station_of(job, scene, arm)
    policy = _policy(job, station, simulator, expert)
    senses = _senses(job, scene, arm, volume, synthesizer)
    listens = Sense.AUDIO in policy.senses or recorder is not None
    watches = synthesizer is not None and synthesizer.source is Source.FRAMES
    graph = OfflineGraph(
        simulator, scene, job.seed, arm, synthesizer=synthesizer if listens else None,
        pictures=pictures, hearing=hearing or watches,
        senses=recorder(senses) if recorder else senses,
    )  # fmt: skip
    ticks = pour(graph, Rollout(policy, station), volume)
    return OfflinePour(scene, volume, ticks if listens else voiced(ticks, synthesizer))


def synthesizer_of(job: Job) -> Synthesizer | None:
    """The synthesizer of a job, if it has one.

    Raises:
        MultigenError: it cannot be made.
    """
    if not job.synthesizer:
        return None
    return make_synthesizer(
        SynthesizerConfig(
            job.synthesizer, job.synthesizer_checkpoint, seed=job.seed, recordings=job.recordings
        )
    )


def station_of(job: Job, scene: Scene, arm: Arm) -> Station:
    """What the policy of a job knows."""
    return Station.of(scene, arm, Told.TARGET if job.policy == EXPERT else job.told)


def _senses(
    job: Job, scene: Scene, arm: Arm, volume: float, synthesizer: Synthesizer | None
) -> Senses:
    if job.disturbance == Disturbance():
        return UNDISTURBED
    background = None
    if job.disturbance.noise and synthesizer is not None:
        loud = _loudness(job, scene, arm, volume, synthesizer)
        noise = loud / 10 ** (job.disturbance.snr / 10)
        background = Background.drawn(job.noise, job.seed, noise)
    return DisturbedSenses(job.disturbance, job.seed, background)


def _loudness(job: Job, scene: Scene, arm: Arm, volume: float, synthesizer: Synthesizer) -> float:
    """Mean square of the loud parts of the expert's pour, which is the same for every policy."""
    simulator = shared_simulator(job.backend, arm)
    graph = OfflineGraph(simulator, scene, job.seed, arm, synthesizer=synthesizer)
    graph.sensing = False
    station = Station.of(scene, arm, Told.TARGET)
    rollout = Rollout(Expert(station, lambda: simulator.state().liquid), station)
    heard: list[NDArray[np.float32]] = []
    for tick in pour(graph, rollout, volume):
        graph.sensing |= tick.world.liquid.inflow_rate > ARRIVES
        heard += [chunk.samples for chunk in tick.sound]
        if sum(map(len, heard)) > _HEARD * synthesizer.sample_rate:
            break
    return loud_power(np.concatenate(heard), synthesizer.sample_rate) if heard else 0.0


def _goal(job: Job, scene: Scene) -> float:
    rng = np.random.default_rng([job.seed, 7])
    room = _ROOM * scene.target.vessel.capacity * 1e6 - scene.target.volume_ml
    drawn = float(rng.uniform(job.low, job.high))
    goal = min(drawn, room, scene.source.volume_ml - _LEFT)
    if goal <= 0:
        raise MultigenError(
            f"scene {job.scene}: impossible to pour: the source holds "
            f"{scene.source.volume_ml:.0f} ml and must keep {_LEFT:.0f} ml, the target has room "
            f"for {room:.0f} ml"
        )
    return goal * 1e-6


def _policy(job: Job, station: Station, simulator: Simulator, expert: ExpertConfig) -> Policy:
    if job.policy == EXPERT:
        return Expert(station, lambda: simulator.state().liquid, expert)
    return make_policy(_policy_config(job, station))


def _policy_config(job: Job, station: Station) -> PolicyConfig:
    return PolicyConfig(station, job.policy, job.policy_checkpoint, job.device)


@lru_cache(maxsize=1)
def shared_simulator(backend: str, arm: Arm) -> Simulator:
    """This process's simulator, which all of its offline pours share."""
    return make_simulator(backend, arm)


def metadata(job: Job, scene: Scene, volume: float) -> dict[str, str]:
    """Metadata of an episode, including the whole scene as drawn."""
    return {
        "scene": job.scene,
        "seed": str(job.seed),
        "drawn_scene": scene.model_dump_json(),
        "target_ml": f"{volume * 1e6:.6g}",
        "policy": job.policy,
        "policy_checkpoint": job.policy_checkpoint,
        "told": str(job.told),
        "condition": job.condition,
        "synthesizer": job.synthesizer,
        "synthesizer_checkpoint": job.synthesizer_checkpoint,
        "backend": job.backend,
        "arm": job.arm_file,
        "sim": "true",
    }


def episode_of(ticks: Iterable[Tick], volume: float, about: dict[str, str], path: Path) -> Episode:
    """The episode from ticks, the same as from a bag of them."""
    episode = Episode(path, about, 0, 0)
    for tick in ticks:
        if not episode.goals:
            episode.start = tick.now
            episode.goals.append(PourProgress(tick.now, "accepted", volume))
        episode.end = tick.now
        if tick.step is not None:
            episode.progress.append(tick.step.progress)
            episode.estimate_errors.append((tick.now, tick.step.estimate.poured_volume_error))
        if tick.forwarded is not None:
            episode.commands.append((tick.now, tick.forwarded))
        if tick.objection:
            episode.objections.append((tick.now, tick.objection))
        episode.states.append(tick.world.pour)
        episode.liquid.extend(tick.liquids)
        episode.joints.extend(tick.joints)
        episode.audio.extend(tick.sound)
    return episode


def run_job(job: Job) -> dict[str, Any]:
    """The result of one episode.

    Raises:
        MultigenError: the job is impossible.
    """
    running = start(job)
    about = metadata(job, running.scene, running.volume)
    path = Path(f"{job.condition or Path(job.scene).stem}-{job.seed}")
    episode = episode_of(running.ticks, running.volume, about, path)
    (result,) = evaluate(episode)
    own = {"scene": job.scene, "seed": job.seed, "condition": job.condition, "job": job.key}
    return {**result, **own}


def check_job(job: Job) -> None:
    """Make sure, without pouring, that there is the sound and that the policy is told enough.

    Raises:
        UntoldError: it needs to know more.
        MultigenError: the synthesizer cannot be made.
    """
    scene, arm = load_scene(job.scene, job.seed), Arm.load(job.arm_file)
    synthesizer_of(job)
    if job.policy != EXPERT:
        try:
            make_policy(_policy_config(job, station_of(job, scene, arm)))
        except UntoldError:
            raise
        except MultigenError:
            # Another seed may do: whatever is wrong is named with the seed when it pours.
            return
