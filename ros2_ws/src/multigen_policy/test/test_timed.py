import numpy as np
import pytest

from multigen_core.policy import Observation, PourGoal
from multigen_core.tilted import hold_volume
from multigen_core.trajectory import TrajectoryFollower
from multigen_core.types import JointState, Outcome
from multigen_core.vessel import vessel
from multigen_policy.policies import make_policy
from multigen_policy.timed import ImpossibleGoalError

PERIOD = 100_000_000


def play(policy, arm, start, seconds=60):
    """Runs a policy on an arm that follows perfectly: its decisions, and the positions."""
    follower = TrajectoryFollower(arm.names, start)
    decisions, positions = [], []
    for tick in range(1, seconds * 10):
        now = tick * PERIOD
        position, velocity = follower.sample(now)
        decision = policy.act(Observation(now, JointState(now, arm.names, position, velocity)))
        if decision.trajectory is not None:
            follower.accept(decision.trajectory, now)
        decisions.append(decision)
        positions.append(position)
        if decision.outcome:
            break
    return decisions, np.array(positions)


@pytest.mark.parametrize("target", [60e-6, 150e-6, 250e-6])
def test_tilts_until_just_the_target_can_have_left_and_returns_upright(arm, path, scene, target):
    policy = make_policy("timed", arm, scene)
    policy.reset(PourGoal(target))
    decisions, positions = play(policy, arm, path.at(0.0))
    assert decisions[-1].outcome is Outcome.SUCCEEDED
    tilts = np.array([path.tilt_of(p) for p in positions])
    assert tilts[-1] < 0.03
    left = scene.source.volume_ml * 1e-6 - hold_volume(vessel(scene.source.vessel), tilts.max())
    assert left == pytest.approx(target, abs=2e-6)


def test_stages_follow_each_other(arm, path, scene):
    policy = make_policy("timed", arm, scene)
    policy.reset(PourGoal(100e-6))
    decisions, _ = play(policy, arm, path.at(0.0) + 0.02)
    stages = [d.stage for d in decisions]
    assert sorted(set(stages), key=stages.index) == ["approach", "pour", "return", "done"]


def test_more_than_the_source_holds_is_refused(arm, scene):
    policy = make_policy("timed", arm, scene)
    with pytest.raises(ImpossibleGoalError, match="cannot pour 400 ml: the source holds 350 ml"):
        policy.reset(PourGoal(400e-6))


def test_retreat_comes_back_upright_from_any_tilt(arm, path, scene):
    policy = make_policy("timed", arm, scene)
    policy.reset(PourGoal(100e-6))
    for tilt in (0.0, 0.4, 1.2, 2.0):
        plan = policy.retreat(path.at(tilt) + 0.005)
        plan.check()
        assert path.tilt_of(plan.positions[-1]) < 0.03
        assert (np.abs(plan.velocities) <= 0.5 * arm.velocity).all()
