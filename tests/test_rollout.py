"""Goals, outcomes and their reasons, with a timed policy on an arm that follows perfectly."""

import numpy as np
import pytest

from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.errors import MultigenError
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.rollout import GoalError, LiveRollout, Rollout
from multigen_core.rollout.rollout import checked_goal
from multigen_core.types import JointState, Outcome
from multigen_core.world.catalogue import vessel

PERIOD = 100_000_000


class Rig:
    """A rollout over a perfect arm in a world whose clock the test moves."""

    def __init__(self, station, path):
        self.arm, self.path = station.arm, path
        policy = make_policy(PolicyConfig(station, "timed"))
        self.rollout = Rollout(policy, station)
        self.follower = TrajectoryFollower(station.arm.names, path.at(0.0))
        self.now = 10 * PERIOD
        self.progress = []
        self.deaf = self.limp = False

    def tell(self, step):
        if step is not None:
            if step.trajectory is not None and not self.limp:
                self.follower.accept(step.trajectory, self.now)
            self.progress.append(step.progress)

    def run(self, seconds):
        for _ in range(round(seconds * 10)):
            self.now += PERIOD
            if not self.deaf:
                position, velocity = self.follower.sample(self.now)
                state = JointState(self.now, self.arm.names, position, velocity)
                self.rollout.observer.add_joints(state)
            self.tell(self.rollout.step(self.now))
            if self.progress and self.progress[-1].outcome:
                break
        return self.progress[-1] if self.progress else None

    @property
    def tilt(self):
        return self.path.tilt_of(self.follower.sample(self.now)[0])


@pytest.fixture
def rig(station, path):
    return Rig(station, path)


def test_a_pour_succeeds_and_frees_the_rollout(rig):
    rig.rollout.begin(rig.now, 60e-6)
    assert rig.rollout.busy
    assert rig.run(60).outcome is Outcome.SUCCEEDED
    assert not rig.rollout.busy
    assert rig.tilt < 0.03


def test_a_pour_past_its_timeout_returns_upright_and_says_so(rig):
    rig.rollout.begin(rig.now, 200e-6, timeout=6.0)
    last = rig.run(60)
    assert last.outcome is Outcome.TIMEOUT
    assert "6 s" in last.reason
    assert rig.tilt < 0.03
    assert any(p.stage == "retreat" for p in rig.progress)


@pytest.fixture
def limp(rig):
    """An arm that has gone limp in mid-pour, after which the pour was canceled."""
    rig.rollout.begin(rig.now, 200e-6)
    rig.run(6)
    rig.limp = True
    rig.tell(rig.rollout.cancel("canceled"))
    return rig


def test_a_return_that_nobody_carries_out_is_asked_for_again(limp):
    assert not limp.run(10).outcome
    assert limp.tilt > 0.3
    limp.limp = False
    last = limp.run(20)
    assert last.outcome is Outcome.CANCELED
    assert last.reason == "canceled"
    assert limp.tilt < 0.06


def test_a_pour_whose_vessel_never_returns_ends_and_says_so(limp):
    last = limp.run(60)
    assert last.outcome is Outcome.CANCELED
    assert "still tilted" in last.reason


def test_cancel_returns_upright_before_it_reports(rig):
    rig.rollout.begin(rig.now, 200e-6)
    rig.run(6)
    assert rig.tilt > 0.3
    rig.tell(rig.rollout.cancel("canceled"))
    assert not rig.progress[-1].outcome
    assert rig.run(60).outcome is Outcome.CANCELED
    assert rig.tilt < 0.03


def test_an_emergency_stop_ends_the_pour_at_once_and_bars_the_next(rig):
    rig.rollout.begin(rig.now, 200e-6)
    rig.run(6)
    rig.tell(rig.rollout.set_stopped(True))
    assert rig.progress[-1].outcome is Outcome.ABORTED
    assert rig.progress[-1].reason == "emergency stop"
    with pytest.raises(GoalError, match="stop --reset"):
        rig.rollout.begin(rig.now, 50e-6)
    rig.rollout.set_stopped(False)
    rig.rollout.begin(rig.now, 50e-6)


def test_short_silence_is_borne_and_long_silence_ends_the_pour(rig):
    rig.rollout.begin(rig.now, 200e-6)
    rig.run(4)
    rig.deaf = True
    rig.run(2)
    assert rig.rollout.busy
    rig.deaf = False
    rig.run(1)
    assert rig.rollout.busy
    rig.deaf = True
    last = rig.run(10)
    assert last.outcome is Outcome.ABORTED
    assert "joints" in last.reason


def test_an_arm_that_cannot_carry_the_vessel_to_the_pour_ends_it_with_the_reason(rig):
    rig.follower.reset(rig.path.at(0.0) + np.array([0, 0.9, 0, 0, 0, 0, 0]))
    rig.rollout.begin(rig.now, 50e-6)
    last = rig.run(30)
    assert last.outcome is Outcome.ABORTED
    assert "would tilt the vessel" in last.reason


def test_an_arm_that_stops_following_ends_the_pour(rig):
    rig.rollout.begin(rig.now, 200e-6)
    rig.run(5)
    assert rig.tilt > 0.3
    rig.follower.reset(rig.path.at(0.0))
    last = rig.run(30)
    assert last.outcome is Outcome.ABORTED
    assert "does not follow" in last.reason
    assert rig.tilt < 0.03


def test_joints_reported_modulo_a_turn_make_no_difference(rig, arm, path):
    turned = path.at(0.0).copy()
    continuous = [i for i, joint in enumerate(arm.joints) if joint.upper is None]
    turned[continuous] -= 2 * np.pi
    rig.follower.reset(turned)
    state = JointState(rig.now, arm.names, turned, np.zeros(7))
    rig.rollout.begin(rig.now, 50e-6)
    rig.rollout.observer.add_joints(state)
    step = rig.rollout.step(rig.now)
    assert not step.progress.outcome
    assert np.abs(step.trajectory.positions[-1] - path.at(0.0)).max() < 0.01


@pytest.fixture
def live(rig):
    """The rig's rollout in real time, and steady time, which the test moves."""
    steady = [0.0]
    live = LiveRollout(rig.rollout, lambda: rig.now, rig.tell, lambda: steady[0])
    yield live, steady
    live.close()


def test_no_pour_starts_while_time_stands_still(live):
    live, steady = live
    live.tick()
    steady[0] += 2.1
    with pytest.raises(GoalError, match="time stands still"):
        live.begin(60e-6)
    live.tick()
    live.begin(60e-6)


def test_a_pour_canceled_while_time_stands_still_ends_at_once_and_returns_later(rig, live):
    live, steady = live
    rig.rollout.begin(rig.now, 150e-6)
    while rig.tilt < 0.5:
        rig.run(0.1)
    live.tick()
    live.close()
    steady[0] += 2.1
    live.cancel("canceled")
    assert rig.progress[-1].outcome is Outcome.CANCELED
    assert "once time continues" in rig.progress[-1].reason
    assert not rig.rollout.busy
    rig.now += 100 * PERIOD
    assert rig.tilt < 0.03


def test_only_one_pour_at_a_time(rig):
    rig.rollout.begin(rig.now, 50e-6)
    with pytest.raises(GoalError, match="a pour is running"):
        rig.rollout.begin(rig.now, 50e-6)


@pytest.mark.parametrize(
    ("volume", "fraction", "known", "message"),
    [
        (0.0, 0.0, None, "either a target volume or a fill fraction"),
        (1e-4, 0.5, None, "either a target volume or a fill fraction"),
        (0.0, 0.5, None, "told:=target"),
        (-1e-5, 0.0, None, "at least 20 ml, got -10 ml"),
        (5e-6, 0.0, "mug", "at least 20 ml, got 5 ml: less cannot be poured accurately"),
        (0.0, 0.01, "mug", "at least 20 ml, got 4"),
        (float("nan"), 0.0, None, "at least 20 ml, got nan"),
        (float("inf"), 0.0, None, "at least 20 ml, got inf"),
        (0.0, float("nan"), "mug", "at least 20 ml, got nan"),
        (9e-4, 0.0, "mug", "would overflow the mug"),
        (0.0, 1.2, "mug", "would overflow the mug"),
    ],
)
def test_impossible_goals_say_why(volume, fraction, known, message):
    with pytest.raises(GoalError, match=message):
        checked_goal(volume, fraction, known and vessel(known))


def test_a_fill_fraction_of_a_known_vessel_is_a_volume():
    mug = vessel("mug")
    goal = checked_goal(0.0, 0.5, mug)
    assert goal.target_volume == pytest.approx(mug.capacity / 2)


@pytest.mark.parametrize("volume", [20e-6, 20 * 1e-6])
def test_the_smallest_goal_is_accepted_however_it_is_rounded(volume):
    assert checked_goal(volume, 0.0, None).target_volume == volume


def test_a_goal_beyond_the_source_leaves_the_rollout_free(rig):
    with pytest.raises(MultigenError, match="900 ml would overflow"):
        rig.rollout.begin(rig.now, 900e-6)
    assert not rig.rollout.busy
