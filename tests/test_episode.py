"""Simulator and policies in one process, without ROS."""

import itertools

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.policy import PourGoal
from multigen_core.rollout.episode import episode
from multigen_core.station.pour_path import plan_pour
from multigen_core.synthesizer import Silent
from multigen_core.types import Outcome
from multigen_core.world.scene import Scene
from multigen_policy.classical.expert import Expert
from multigen_policy.policies import make_policy
from multigen_sim.mujoco.simulator import MujocoSimulator


@pytest.fixture(scope="module")
def simulator():
    simulator = MujocoSimulator()
    yield simulator
    simulator.close()


@pytest.fixture
def expert(simulator):
    def make(scene):
        arm, source = Arm.load(), scene.source.vessel
        target = scene.target.vessel
        path = plan_pour(arm, source, scene.source.grasp_height, scene.target.position, target)
        return Expert(arm, path, lambda: simulator.state().liquid)

    return make


def run(simulator, policy, scene, target_ml, seed=0, **options):
    return list(episode(simulator, policy, scene, seed, PourGoal(target_ml * 1e-6), **options))


@pytest.mark.parametrize("target_ml", [60, 150, 220])
def test_the_expert_hits_its_target_and_spills_next_to_nothing(simulator, expert, target_ml):
    ticks = run(simulator, expert(Scene()), Scene(), target_ml)
    assert [t.decision.outcome for t in ticks if t.decision][-1] is Outcome.SUCCEEDED
    assert ticks[-1].pour.poured_volume * 1e6 == pytest.approx(target_ml, rel=0.03, abs=1.0)
    assert ticks[-1].pour.spilled_volume * 1e6 < 0.02 * target_ml
    assert ticks[-1].liquid.source_tilt < 0.05


@pytest.mark.parametrize("target_ml", [100, 200])
def test_the_timed_policy_pours_a_known_vessel_within_a_tenth(simulator, target_ml):
    ticks = run(simulator, make_policy("timed", Arm.load(), Scene()), Scene(), target_ml)
    assert ticks[-1].pour.poured_volume * 1e6 == pytest.approx(target_ml, rel=0.1)


def test_volumes_always_sum_to_the_start(simulator, expert):
    scene = Scene()
    for tick in run(simulator, expert(scene), scene, 150):
        pour, liquid = tick.pour, tick.liquid
        total = pour.source_volume + pour.poured_volume + pour.spilled_volume
        assert total + liquid.airborne_volume == pytest.approx(350e-6, rel=1e-9)


def test_a_seed_reproduces_the_episode_exactly(simulator, expert):
    def trace(seed):
        ticks = run(simulator, expert(Scene()), Scene(), 60, seed)
        return np.array([[*t.joints.positions, t.pour.poured_volume] for t in ticks])

    first = trace(3)
    np.testing.assert_array_equal(first, trace(3))
    assert not np.array_equal(first, trace(4))


def test_the_resonance_rises_as_the_target_fills(simulator, expert):
    ticks = run(simulator, expert(Scene()), Scene(), 150)
    heard = [tick.liquid.resonance_frequency for tick in ticks if tick.liquid.inflow_rate > 1e-6]
    assert heard[-1] > 1.2 * heard[0]


def test_sound_is_contiguous_and_as_long_as_the_pour(simulator, expert):
    ticks = run(simulator, expert(Scene()), Scene(), 60, synthesizer=Silent())
    chunks = [chunk for tick in ticks for chunk in tick.sound]
    for before, after in itertools.pairwise(chunks):
        assert abs(after.stamp - before.end) <= 1
    lapse = ticks[-1].joints.stamp - chunks[-1].end
    assert 0 <= lapse <= 100_000_000
