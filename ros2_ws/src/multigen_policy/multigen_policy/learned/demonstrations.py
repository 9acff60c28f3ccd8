"""Simulated pours to learn from: the expert's, disturbed, and the learner's own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.policy import Policy, PolicyConfig, make_policy
from multigen_core.rollout import Rollout
from multigen_core.rollout.offline import OfflineGraph, Tick, pour, voiced
from multigen_core.station import Station, Told
from multigen_core.synthesizer import (
    Source,
    Synthesizer,
    SynthesizerConfig,
    make_synthesizer,
)
from multigen_core.world.scene import Scene, TargetSpec, load_scene
from multigen_core.world.varied_vessel import varied
from multigen_policy.classical.draining import search_rate
from multigen_policy.classical.expert import Expert, ExpertConfig
from multigen_policy.classical.pouring import Tilt
from multigen_policy.learned.recorder import Recorder
from multigen_policy.rollouts.closed_loop import shared_simulator

POURING = "pour"
"""The stage that is recorded."""
SCENE = "randomised"
_TRIES = 20
_LEFT = 40.0
_SMALLEST = 40.0
_AFTER = 8
"""Steps recorded after the pour is stopped."""
_LONGEST = 220
"""Most steps recorded of a pour."""
_SLOWEST, _FASTEST = 10e-6, 70e-6
"""Flows that the demonstrations aim at [m^3/s]."""
_CREEP = 0.03
"""Slowest search [rad/s]."""


@dataclass(frozen=True)
class Demonstration:
    """A pour to simulate; all randomness comes from `seed`.

    `learner` is the folder of a policy's weights that pours; empty for the expert. `sounds` are
    synthesizers: the learner hears the first, all are recorded.
    """

    seed: int
    learner: str = ""
    sounds: tuple[str, ...] = ("flow", "physical")
    told: Told = Told.STATION

    @property
    def path(self) -> str:
        """Name of its folder."""
        return f"{self.seed:06d}"


class Disturbed(Expert):
    """The expert with varying flows and gains, noise on its tilt rate, and pauses.

    So the network also learns what to do where an expert would not go. Most pours search for the
    onset as slowly as the learner does.
    """

    def __init__(self, station: Station, truth: Any, rng: np.random.Generator) -> None:
        super().__init__(station, truth)
        self._rng = rng
        self._noise = 0.0
        self._spread = 0.06 if rng.random() < 0.6 else 0.0
        self._left = 0
        self._pause = 0
        self._source = station.placed("the expert")[0].vessel
        self._search = float(rng.uniform(0.2, 0.4))
        self._released = float(rng.uniform(0.15, 0.6)) if rng.random() < 0.7 else math.inf
        self._flowed = False
        self._pauses = 0.015 if rng.random() < 0.5 else 0.0
        self._redraw()

    def _redraw(self) -> None:
        rng = self._rng
        flow = math.exp(rng.uniform(math.log(_SLOWEST), math.log(_FASTEST)))
        self._config = ExpertConfig(
            flow=flow, approach=float(rng.uniform(0.8, 3.0)), gain=float(rng.uniform(2e3, 6e3)),
            search=float(rng.uniform(0.12, 0.35)),
        )  # fmt: skip
        self._left = int(rng.integers(25, 90))

    def _decide(self, observation: Any, tilt: float) -> Tilt:
        rng = self._rng
        self._left -= 1
        if self._left < 0:
            self._redraw()
        wish = super()._decide(observation, tilt)
        if wish.done:
            return wish
        self._flowed |= self._truth().outflow_rate > 0
        if not self._flowed:
            rate = search_rate(self._source, tilt, self._released * self._goal)
            return replace(wish, rate=float(np.clip(rate, _CREEP, self._search)))
        if self._pause == 0 and rng.random() < self._pauses and self._truth().outflow_rate > 0:
            self._pause = int(rng.integers(3, 9))
        if self._pause:
            self._pause -= 1
            return replace(wish, rate=-0.25)
        self._noise = 0.85 * self._noise + self._spread * float(rng.standard_normal())
        return replace(wish, rate=wish.rate + self._noise)


def demonstrate(task: Demonstration) -> dict[str, NDArray[Any]]:
    """The recorded pour of a demonstration, as `Rows.arrays`.

    Raises:
        MultigenError: no drawn scene can be poured, or a synthesizer is missing.
    """
    for attempt in range(_TRIES):
        rng = np.random.default_rng([task.seed, attempt, 23])
        try:
            scene, volume = draw_scene(rng)
            return _record(task, scene, volume, rng)
        except (UnreachableError, _HopelessError):
            continue
    raise MultigenError(f"seed {task.seed}: none of {_TRIES} drawn scenes can be poured")


class _HopelessError(MultigenError):
    """A drawn scene that allows no pour."""


def draw_scene(rng: np.random.Generator) -> tuple[Scene, float]:
    """A random scene with a target of any shape, and a goal [m^3] that it allows."""
    scene = load_scene(SCENE, int(rng.integers(2**31)))
    target = scene.target.vessel
    if rng.random() < 0.7:
        target = varied(target, rng)
    capacity = target.capacity * 1e6
    part = float(rng.uniform(0.0, 0.5)) if rng.random() < 0.35 else 0.0
    spec = TargetSpec(vessel=target, position=scene.target.position, volume_ml=part * capacity)
    scene = Scene.model_validate({**dict(scene), "target": spec})
    most = min(0.9 * capacity - spec.volume_ml, scene.source.volume_ml - _LEFT, 320.0)
    if most < _SMALLEST:
        raise _HopelessError("the target is too small or too full")
    return scene, float(rng.uniform(_SMALLEST, most)) * 1e-6


def _record(
    task: Demonstration, scene: Scene, volume: float, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    arm = Arm.load()
    simulator = shared_simulator("mujoco", arm)
    first, *others = task.sounds
    synthesizers = {name: _synthesizer(name, task.seed) for name in task.sounds}
    synthesizer = synthesizers[first]
    graph = OfflineGraph(
        simulator, scene, task.seed, arm, synthesizer=synthesizer if task.learner else None,
        pictures=True, hearing=any(each.source is Source.FRAMES for each in synthesizers.values()),
    )  # fmt: skip
    knows = Station.of(scene, arm, Told.TARGET)
    told = Station.of(scene, arm, task.told)
    seen_from = Station.of(scene, arm, Told.STATION)
    policy: Policy
    if task.learner:
        policy = make_policy(PolicyConfig(told, "audiovisual", task.learner))
    else:
        policy = Disturbed(knows, lambda: simulator.state().liquid, rng)
    recorder = Recorder(seen_from, volume, scene.target.vessel, task.sounds)
    ticks = _sensed(pour(graph, Rollout(policy, told), volume, timeout=40.0), graph, task)
    for tick in ticks if task.learner else voiced(ticks, synthesizer):
        if tick.sensed:
            tick.deliver(recorder.observer, scene.camera.calibration)
            for name in others:
                for chunk in tick.drive(synthesizers[name]):
                    recorder.add_audio(name, chunk)
        if _stage(tick) not in ("", "approach"):
            recorder.step(tick.now, tick.world.liquid)
        if len(recorder.rows) >= _LONGEST:
            break
    if len(recorder.rows) < 10:
        raise _HopelessError("nothing was recorded")
    return recorder.rows.arrays()


def _sensed(ticks: Iterator[Tick], graph: OfflineGraph, task: Demonstration) -> Iterator[Tick]:
    """The ticks up to _AFTER steps after the pour; the expert's have senses once it pours."""
    graph.sensing = bool(task.learner)
    after = 0
    for tick in ticks:
        graph.sensing |= _stage(tick) == POURING
        after += _stage(tick) not in ("approach", POURING)
        if after > _AFTER:
            return
        yield tick


def _stage(tick: Tick) -> str:
    return tick.step.progress.stage if tick.step else ""


def _synthesizer(name: str, seed: int) -> Synthesizer:
    return make_synthesizer(SynthesizerConfig(name, seed=seed))
