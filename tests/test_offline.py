"""The live graph without ROS: simulator, guard and policies in one process."""

import itertools

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.rollout import Rollout
from multigen_core.rollout.offline import OfflineGraph, pour, voiced
from multigen_core.station import Station, Told
from multigen_core.synthesizer import Silent
from multigen_core.types import Outcome
from multigen_core.world.scene import Scene
from multigen_policy.classical.expert import Expert
from multigen_sim.mujoco.simulator import MujocoSimulator


@pytest.fixture(scope="module")
def simulator():
    simulator = MujocoSimulator(Arm.load())
    yield simulator
    simulator.close()


@pytest.fixture
def run(simulator):
    """Ticks of a pour by the expert, or by a policy of that name."""

    def make(target_ml, policy="", seed=0, scene=None, **options):
        scene, arm = scene or Scene(), Arm.load()
        station = Station.of(scene, arm, Told.TARGET)
        if policy:
            chosen = make_policy(PolicyConfig(station, policy))
        else:
            chosen = Expert(station, lambda: simulator.state().liquid)
        graph = OfflineGraph(simulator, scene, seed, arm, **options)
        return list(pour(graph, Rollout(chosen, station), target_ml * 1e-6))

    return make


@pytest.mark.parametrize("target_ml", [60, 150, 220])
def test_the_expert_hits_its_target_and_spills_next_to_nothing(run, target_ml):
    ticks = run(target_ml)
    outcomes = [tick.step.progress.outcome for tick in ticks if tick.step]
    assert outcomes[-1] is Outcome.SUCCEEDED
    end = ticks[-1].world
    assert end.pour.poured_volume * 1e6 == pytest.approx(target_ml, rel=0.03, abs=1.0)
    assert end.pour.spilled_volume * 1e6 < 0.02 * target_ml
    assert end.liquid.source_tilt < 0.05


@pytest.mark.parametrize("target_ml", [100, 200])
def test_the_timed_policy_pours_a_known_vessel_within_a_tenth(run, target_ml):
    ticks = run(target_ml, "timed")
    poured = ticks[-1].world.pour.poured_volume * 1e6
    assert poured == pytest.approx(target_ml, rel=0.1)


@pytest.mark.parametrize("policy", ["", "timed"])
def test_the_guard_passes_all_that_policies_ask_for(run, policy):
    ticks = run(100, policy)
    asked = [tick for tick in ticks if tick.step and tick.step.trajectory is not None]
    assert len(asked) > 50
    assert not [tick.objection for tick in ticks if tick.objection]
    assert all(tick.forwarded is not None for tick in asked)


def test_what_the_guard_refuses_does_not_move_the_arm(simulator):
    class Leaping(Expert):
        def act(self, observation):
            decision = super().act(observation)
            if decision.trajectory is not None:
                decision.trajectory.positions[:, 0] += 0.5
            return decision

    scene, arm = Scene(), Arm.load()
    station = Station.of(scene, arm, Told.TARGET)
    policy = Leaping(station, lambda: simulator.state().liquid)
    graph = OfflineGraph(simulator, scene, 0, arm)
    ticks = list(pour(graph, Rollout(policy, station), 100e-6, timeout=3.0))
    assert any(tick.objection.startswith("jump: ") for tick in ticks)
    positions = np.array([state.positions for tick in ticks for state in tick.joints])
    assert np.abs(positions - positions[0]).max() < 0.01


def test_a_pour_that_ends_early_comes_back_upright(run):
    ticks = run(150, "acoustic", synthesizer=Silent())
    last = [tick.step.progress for tick in ticks if tick.step][-1]
    assert last.outcome is Outcome.ABORTED
    assert "muted" in last.reason
    assert ticks[-1].world.liquid.source_tilt < 0.06


def test_volumes_always_sum_to_the_start(run):
    for tick in run(150):
        volumes, liquid = tick.world.pour, tick.world.liquid
        total = volumes.source_volume + volumes.poured_volume + volumes.spilled_volume
        assert total + liquid.airborne_volume == pytest.approx(350e-6, rel=1e-9)


def test_a_seed_reproduces_the_episode_exactly(run):
    def trace(seed):
        ticks = run(60, seed=seed)
        return np.array([[*t.world.joints.positions, t.world.pour.poured_volume] for t in ticks])

    first = trace(3)
    np.testing.assert_array_equal(first, trace(3))
    assert not np.array_equal(first, trace(4))


def test_the_resonance_rises_as_the_target_fills(run):
    liquids = [tick.world.liquid for tick in run(150)]
    heard = [liquid.resonance_frequency for liquid in liquids if liquid.inflow_rate > 1e-6]
    assert heard[-1] > 1.2 * heard[0]


def test_sound_is_contiguous_and_as_long_as_the_pour(run):
    ticks = run(60, synthesizer=Silent())
    chunks = [chunk for tick in ticks for chunk in tick.sound]
    for before, after in itertools.pairwise(chunks):
        assert abs(after.stamp - before.end) <= 1
    lapse = ticks[-1].now - chunks[-1].end
    assert 0 <= lapse <= 100_000_000


class Slow(Silent):
    """Gives the sound of every second input, and says which inputs it was given."""

    def __init__(self):
        super().__init__()
        self.given = []

    def push(self, item):
        self.given.append(item.stamp)
        super().push(item)

    def pull(self):
        return super().pull() if len(self.given) % 2 else []


def test_sound_made_afterwards_belongs_to_the_ticks_that_would_have_had_it(run):
    at_once, afterwards = Slow(), Slow()
    ticks = run(60, synthesizer=at_once)
    silent = run(60)
    later = list(voiced(iter(silent), afterwards))
    assert afterwards.given == at_once.given[: len(afterwards.given)]
    assert [tick.now for tick in later] == [tick.now for tick in ticks]
    for one, other in zip(ticks, later, strict=True):
        assert [chunk.stamp for chunk in one.sound] == [chunk.stamp for chunk in other.sound]
    assert sum(len(tick.sound) for tick in later) > 50


def test_pours_in_lock_step_are_the_pours_alone():
    def running(seed, simulator):
        scene, arm = Scene(), Arm.load()
        station = Station.of(scene, arm, Told.TARGET)
        policy = Expert(station, lambda: simulator.state().liquid)
        return pour(OfflineGraph(simulator, scene, seed, arm), Rollout(policy, station), 60e-6)

    def trace(tick):
        return [*tick.world.joints.positions, tick.world.pour.poured_volume]

    simulators = [MujocoSimulator(Arm.load()) for _ in range(2)]
    together = zip(*(running(seed, sim) for seed, sim in enumerate(simulators)), strict=False)
    stepped = [[trace(tick) for tick in ticks] for ticks in together]
    for seed, simulator in enumerate(simulators):
        alone = [trace(tick) for tick in running(seed, simulator)]
        np.testing.assert_array_equal([row[seed] for row in stepped], alone[: len(stepped)])
