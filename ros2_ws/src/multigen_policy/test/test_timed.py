import numpy as np
import pytest

from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.policy import Observation, PolicyConfig, PourGoal, make_policy
from multigen_core.types import JointState, Outcome
from multigen_core.world.tilted_volume import tilted_volume
from multigen_policy.classical.timed import ImpossibleGoalError, TimedConfig, weir_head

PERIOD = 100_000_000


def play(policy, arm, start, seconds=60):
    """Runs a policy on an arm that follows perfectly: its decisions, and the positions."""
    follower = TrajectoryFollower(arm.names, start)
    decisions, positions = [], []
    for tick in range(1, seconds * 10):
        now = tick * PERIOD
        position, velocity = follower.sample(now)
        decision = policy.act(Observation(now, now, JointState(now, arm.names, position, velocity)))
        if decision.trajectory is not None:
            follower.accept(decision.trajectory, now)
        decisions.append(decision)
        positions.append(position)
        if decision.outcome:
            break
    return decisions, np.array(positions)


@pytest.mark.parametrize("target", [60e-6, 150e-6, 250e-6])
def test_pours_until_the_content_at_flow_is_what_should_be_left(arm, path, scene, station, target):
    policy = make_policy(PolicyConfig(station, "timed"))
    policy.reset(PourGoal(target))
    decisions, positions = play(policy, arm, path.at(0.0))
    assert decisions[-1].outcome is Outcome.SUCCEEDED
    tilts = np.array([path.tilt_of(p) for p in positions])
    assert tilts[-1] < 0.03
    source = scene.source.vessel
    last = tilts[[d.stage for d in decisions].index("return")]
    head = weir_head(TimedConfig().flow, source.mouth_radius, last)
    left = tilted_volume(source, head, last)
    assert scene.source.volume_ml * 1e-6 - left == pytest.approx(target, abs=8e-6)


def test_weir_head_inverts_the_flow_integrated_over_the_lip():
    radius, tilt, flow = 0.035, 1.1, 30e-6
    head = weir_head(flow, radius, np.array([tilt]))[0]
    y = np.linspace(-radius, radius, 20_001)
    depth = np.maximum(head - (radius - np.sqrt(radius**2 - y**2)) * np.sin(tilt), 0.0)
    integral = 0.6 * 2 / 3 * np.sqrt(2 * 9.81) * np.trapezoid(depth**1.5, y)
    assert integral == pytest.approx(flow, rel=0.03)


def test_unevenly_lagging_senses_do_not_jerk_the_arm(arm, path, station):
    policy = make_policy(PolicyConfig(station, "timed"))
    policy.reset(PourGoal(100e-6))
    follower = TrajectoryFollower(arm.names, path.at(0.0))
    rng = np.random.default_rng(0)
    for tick in range(1, 200):
        now = tick * PERIOD
        _, velocity = follower.sample(now)
        stamp = now - int(rng.uniform(0.0, 0.2) * 1e9)
        seen = JointState(stamp, arm.names, follower.sample(stamp)[0], velocity)
        decision = policy.act(Observation(stamp, now, seen))
        if decision.trajectory is not None:
            follower.accept(decision.trajectory, now)
            for part in np.linspace(0.0, 0.1, 6):
                ahead = follower.sample(now + int(part * 1e9))[1]
                assert (np.abs(ahead) <= 0.5 * arm.velocity).all()
        if decision.outcome:
            break
    assert decision.outcome is Outcome.SUCCEEDED


def test_stages_follow_each_other(arm, path, station):
    policy = make_policy(PolicyConfig(station, "timed"))
    policy.reset(PourGoal(100e-6))
    decisions, _ = play(policy, arm, path.at(0.0) + 0.02)
    stages = [d.stage for d in decisions]
    assert sorted(set(stages), key=stages.index) == ["approach", "pour", "return", "done"]


def test_more_than_the_source_holds_is_refused(station):
    policy = make_policy(PolicyConfig(station, "timed"))
    with pytest.raises(ImpossibleGoalError, match="cannot pour 400 ml: the source holds 350 ml"):
        policy.reset(PourGoal(400e-6))
