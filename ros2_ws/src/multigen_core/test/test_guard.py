from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import PPoly

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower, hold
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.decisions import Accept, Freeze, Now, Reject, Retreat
from multigen_core.guard.guard import Guard
from multigen_core.guard.judgement import violation
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion
from multigen_core.guard.rules import Rule
from multigen_core.guard.upright import Upright
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import JointState, to_nanoseconds, to_seconds
from multigen_core.world.scene import Scene
from multigen_robot.mock_arm import MockArm

ARM = Arm.load("gen3")
PATH = plan_pour(Station.of(Scene(), ARM))
UPRIGHT = Upright(ARM)
TICK = to_nanoseconds(0.01)
BEGIN = to_nanoseconds(1e9)


def tilting(begin, end, seconds):
    """A smooth motion of the tilt along the pour path, at rest at both ends."""
    count = max(2, int(np.ceil(seconds / 0.1)))
    u = np.arange(1, count + 1) / count
    tilts = begin + (end - begin) * u * u * (3 - 2 * u)
    rates = (end - begin) * 6 * u * (1 - u) / seconds
    velocities = PATH.slope(tilts) * rates[:, None]
    velocities[-1] = 0.0
    return Trajectory(ARM.names, seconds * u, PATH.at(tilts), velocities)


class World:
    """A guard before a mock arm; ROS time and steady time advance at their own pace."""

    def __init__(self, tilt=0.0, lag=0.04, noise=3e-4, pace=1.0, offset=BEGIN, arm=ARM, **config):
        self.guard = Guard(arm, GuardConfig(**config))
        self.arm = MockArm(ARM, PATH.at(tilt), lag=lag, noise=noise, gripper=0.4)
        self.now = Now(offset, 77)
        self.pace = pace
        self.plan = TrajectoryFollower(ARM.names, PATH.at(tilt))
        self.decisions = []
        self.tilts = []
        self.fed = True
        self.states = lambda state: state
        self.run(0.1)

    def run(self, seconds):
        for _ in range(round(seconds * 100)):
            self.now = Now(self.now.ros + round(self.pace * TICK), self.now.steady + TICK)
            state = self.arm.state(self.now.ros)
            self.measured = state.positions[:7]
            self.tilts.append(UPRIGHT.tilt(self.measured))
            if self.fed:
                self.guard.observe(self.states(state), self.now)
            if self.now.steady // TICK % 5 == 0:
                self._obey(self.guard.tick(self.now))
        return self

    def _obey(self, decision):
        if isinstance(decision, Retreat | Freeze):
            self.decisions.append(decision)
        if getattr(decision, "trajectory", None) is not None:
            self.arm.command(decision.trajectory, self.now.ros)
            self.plan.accept(decision.trajectory, self.now.steady)
        return decision

    def send(self, trajectory):
        return self._obey(self.guard.command(trajectory, self.now))

    def stop(self):
        return self._obey(self.guard.stop(self.now))

    @property
    def tilt(self):
        return self.tilts[-1]

    def kinds(self):
        return [type(decision) for decision in self.decisions]


def here(world, **change):
    return replace(hold(ARM.names, world.measured), **change)


def test_a_good_command_is_forwarded_as_it_is():
    world = World()
    command = tilting(0.0, 0.2, 1.0)
    decision = world.send(command)
    assert isinstance(decision, Accept)
    np.testing.assert_array_equal(decision.trajectory.positions, command.positions)
    np.testing.assert_array_equal(decision.trajectory.velocities, command.velocities)
    assert decision.trajectory.names == ARM.names
    assert world.guard.accepted == 1


def bad(change):
    def build(world):
        command = tilting(0.0, 0.2, 1.0)
        return replace(command, **change(command))

    return build


def one_value(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (bad(lambda c: {"names": ("joint_8", *ARM.names[1:])}), Rule.NAMES),
        (bad(lambda c: {"positions": one_value(c.positions, (3, 2), np.nan)}), Rule.FORM),
        (bad(lambda c: {"times": c.times - c.times[0]}), Rule.FORM),
        (bad(lambda c: {"stamp": 5}), Rule.FORM),
        (bad(lambda c: {"positions": one_value(c.positions, (-1, 1), 2.25)}), Rule.POSITION),
        (lambda world: tilting(0.5, 0.6, 1.0), Rule.JUMP),
        (lambda world: tilting(0.0, 0.2, 0.4), Rule.VELOCITY),
        (
            bad(lambda c: {"velocities": one_value(c.velocities, (3, 6), -0.4)}),
            Rule.ACCELERATION,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Rule) else "",
)
def test_every_rule_refuses_the_whole_command_and_counts_it(build, rule):
    world = World(noise=0.0)
    decision = world.send(build(world))
    assert isinstance(decision, Reject)
    assert decision.rule == rule
    assert decision.reason
    assert world.guard.rejections == {rule: 1}
    assert world.guard.trouble.startswith(rule)
    world.run(2.0)
    assert world.tilt < 0.01


def test_rules_are_checked_in_order():
    world = World()
    bad_names_and_values = replace(
        hold(("x",) * 7, np.full(7, np.nan)), names=tuple("abcdefg"), times=np.array([-1.0])
    )
    assert world.send(bad_names_and_values).rule == Rule.NAMES
    world.fed = False
    world.run(0.5)
    assert world.send(bad_names_and_values).rule == Rule.STATE
    world.stop()
    assert world.send(bad_names_and_values).rule == Rule.STOPPED


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda s: replace(s, names=("wrong", *s.names[1:])), "joints missing: joint_1"),
        (lambda s: replace(s, positions=np.full(8, np.nan)), "NaN"),
        (lambda s: replace(s, stamp=s.stamp - to_nanoseconds(3)), "3.00 s old"),
        (lambda s: replace(s, stamp=s.stamp + to_nanoseconds(3)), "do the clocks agree?"),
    ],
)
def test_unusable_joint_states_refuse_commands_and_say_why(spoil, word):
    world = World()
    world.states = spoil
    world.run(0.3)
    for _ in range(2):
        decision = world.send(here(world))
        assert decision.rule == Rule.STATE
        assert word in decision.reason
    assert len(decision.reason) < 200


def test_before_any_joint_state_commands_are_refused():
    guard = Guard(ARM)
    decision = guard.command(tilting(0, 0.1, 1.0), Now(5, 5))
    assert (decision.rule, decision.reason) == (Rule.STATE, "no joint states received yet")
    assert guard.tick(Now(6, 6)) is None
    assert np.isnan(guard.tilt)


def test_joint_states_in_another_order_and_without_velocities_serve():
    world = World()
    world.states = lambda s: JointState(
        s.stamp, s.names[::-1], s.positions[::-1], np.full(8, np.nan)
    )
    world.run(0.2)
    assert isinstance(world.send(tilting(0, 0.1, 1.0)), Accept)


def test_a_grippers_own_joint_states_between_the_arms_do_no_harm():
    world = World()
    gripper = JointState(world.now.ros, ("finger",), np.zeros(1), np.zeros(1))
    world.guard.observe(gripper, world.now)
    assert isinstance(world.send(tilting(0, 0.1, 1.0)), Accept)


def test_a_continuous_joint_reported_a_turn_away_is_the_same_joint():
    world = World(noise=0.0)
    world.states = lambda s: replace(
        s, positions=s.positions - 2 * np.pi * (np.array(s.names) == "joint_3")
    )
    world.run(0.2)
    command = tilting(0, 0.1, 1.0)
    decision = world.send(command)
    assert isinstance(decision, Accept)
    np.testing.assert_allclose(decision.trajectory.positions, command.positions)
    other_turn = replace(
        command, positions=command.positions + 2 * np.pi * np.eye(7)[2] * np.array([[1.0]])
    )
    np.testing.assert_allclose(world.send(other_turn).trajectory.positions, command.positions)


def chunk(t, top=1.2, duration=5.0):
    """What a policy sends at `t` s of a pour to `top` rad: half a second of it, then braking."""
    tilts, rates = [], []
    for step in range(1, 6):
        u = min(1.0, (t + 0.1 * step) / duration)
        tilts.append(top * u * u * (3 - 2 * u))
        rates.append(top * 6 * u * (1 - u) / duration)
    while rates[-1] > 0:
        rates.append(max(0.0, rates[-1] - 0.05))
        tilts.append(tilts[-1] + 0.05 * (rates[-1] + rates[-2]))
    velocities = PATH.slope(tilts) * np.array(rates)[:, None]
    return Trajectory(ARM.names, 0.1 * np.arange(1, len(tilts) + 1), PATH.at(tilts), velocities)


def pour(world, seconds, **plan):
    """Stream a pour at 10 Hz for `seconds`."""
    for step in range(round(10 * seconds)):
        decision = world.send(chunk(step / 10, **plan))
        assert isinstance(decision, Accept), decision
        world.run(0.1)
    return world


def poured_upright(world, seconds=12.0):
    """Wait and tell whether the guard brought the vessel upright and left it there."""
    world.run(seconds)
    return world.tilt < 0.02 and not world.guard.retreating


@pytest.mark.parametrize("lag", [0.0, 0.04, 0.1])
@pytest.mark.parametrize("seconds", [1.5, 3.0, 5.0])
def test_silence_in_mid_pour_returns_the_vessel_upright(seconds, lag):
    world = pour(World(lag=lag), seconds)
    before = max(world.tilts)
    assert before > 0.1
    assert poured_upright(world)
    assert world.kinds() == [Retreat]
    assert world.guard.retreats == 1
    # Braking and the timeout may carry it on a little, but it goes no further.
    assert max(world.tilts) < before + 0.3 * (0.5 + 0.5) + 0.02
    assert np.abs(world.measured - PATH.at(0.0)).max() < 0.02


def test_the_retreat_obeys_the_guards_own_rules():
    world = pour(World(velocity_scale=0.4), 3.0)
    position, speed = None, None
    while not world.decisions:
        position, speed = world.plan.sample(world.now.steady + TICK)
        world.run(0.01)
    measured = world.measured
    trajectory = world.decisions[0].trajectory
    limits = Limits.of(ARM, 0.4, 0.2)
    assert violation(Motion(trajectory, measured, (position, speed)), limits) is None
    joined = trajectory.joined(position, speed)
    spline = PPoly(joined.c, joined.x)
    t = np.linspace(0, spline.x[-1], 3000)
    assert (np.abs(spline(t, 1)) <= np.maximum(0.4 * ARM.velocity, np.abs(speed)) + 1e-6).all()
    assert (np.abs(spline(t, 2)) <= 1.01 * ARM.acceleration).all()


def test_the_retreat_comes_once_the_timeout_has_passed_and_not_before():
    world = pour(World(command_timeout=0.8), 3.0)
    world.run(0.65)
    assert world.decisions == []
    world.run(0.25)
    assert world.kinds() == [Retreat]


def test_no_retreat_while_commands_come():
    world = pour(World(), 6.0)
    assert world.kinds() == []


def test_commands_that_are_all_refused_are_silence():
    world = pour(World(), 3.0)
    for _ in range(60):
        assert isinstance(world.send(tilting(0.0, 2.0, 1.0)), Reject)
        world.run(0.1)
    assert world.kinds() == [Retreat]
    assert world.tilt < 0.02


def test_a_command_that_itself_ends_upright_is_left_to_run():
    world = pour(World(), 4.0)
    tilt = world.tilt
    world.run(0.4)
    home = tilting(world.tilt, 0.0, 6.0)
    assert isinstance(world.send(home), Accept), tilt
    world.run(8.0)
    assert world.kinds() == []
    assert world.tilt < 0.02


def test_a_policy_that_comes_back_takes_over_from_the_retreat():
    world = pour(World(), 4.0)
    world.run(1.5)
    assert world.guard.retreating
    assert isinstance(world.send(here(world)), Accept)
    assert not world.guard.retreating
    assert poured_upright(world)
    assert world.kinds() == [Retreat, Retreat]


def test_going_back_and_forth_is_not_repeated_by_the_retreat():
    world = World()
    for begin, end in ((0.0, 1.2), (1.2, 0.6), (0.6, 1.1), (1.1, 0.5)):
        for step in range(40):
            u = (step + 1) / 40
            goal = begin + (end - begin) * u
            world.send(replace(hold(ARM.names, PATH.at(goal)), times=np.array([0.2])))
            world.run(0.1)
    tilt = world.tilt
    assert world.kinds() == []
    count = len(world.tilts)
    assert poured_upright(world)
    assert max(world.tilts[count:]) < tilt + 0.05


def test_after_the_guard_was_restarted_in_mid_pour_it_still_finds_upright():
    world = World(tilt=1.0)
    assert isinstance(world.send(here(world)), Accept)
    assert poured_upright(world)
    assert world.kinds() == [Retreat]
    assert max(world.tilts) < 1.01


def test_a_guard_restarted_in_mid_pour_that_refuses_all_it_is_sent_still_finds_upright():
    world = World(tilt=1.2)
    assert isinstance(world.send(tilting(1.2, 0.0, 0.3)), Reject)
    world.run(12.0)
    assert Retreat in world.kinds()
    assert world.tilt < 0.05


def test_a_detour_that_tilts_further_is_not_the_way_back():
    world = pour(World(), 8.5, top=1.6, duration=8.0)
    # Upright is now behind a far larger tilt; turn back only in joint 7, another way than it came.
    back = np.linspace(0, 1.1, 60)[1:, None] * UPRIGHT_TURN
    for offset in back:
        world.send(replace(hold(ARM.names, PATH.at(1.6) + offset), times=np.array([0.2])))
        world.run(0.1)
    tilt, count = world.tilt, len(world.tilts)
    assert tilt < 1.0
    assert poured_upright(world)
    assert max(world.tilts[count:]) < tilt + 0.12


UPRIGHT_TURN = np.sign(PATH.at(0.0) - PATH.at(1.6))[6] * np.eye(7)[6]


def test_a_tilted_arm_nobody_commanded_is_left_alone():
    world = World(tilt=1.0).run(5.0)
    assert world.decisions == []


def test_an_upright_arm_is_left_alone_in_silence():
    world = World()
    world.send(tilting(0.0, 0.04, 1.0))
    world.run(5.0)
    assert world.decisions == []


def test_a_lost_retreat_is_sent_again():
    world = pour(World(noise=0.0), 4.0)
    obey, world.arm.command = world.arm.command, lambda *_: None
    world.run(1.0)
    assert world.kinds() == [Retreat]
    world.arm.command = obey
    assert poured_upright(world, 16.0)
    assert world.kinds() == [Retreat, Retreat]


def test_if_no_way_upright_is_allowed_the_arm_holds_and_says_why():
    # The last joint can turn back nearly, but not quite, to where the vessel is upright.
    wrist = ARM.joints[6].model_copy(update={"lower": 1.56, "upper": 4.0})
    arm = Arm(name="stiff", joints=(*ARM.joints[:6], wrist), tool_rpy=ARM.tool_rpy)
    world = World(tilt=1.0, arm=arm)
    world.send(tilting(1.0, 1.4, 4.0))
    world.run(2.0)
    world.send(tilting(1.2, 2.5, 0.5))
    world.run(6.0)
    assert Retreat not in world.kinds()
    assert Freeze in world.kinds()
    assert "no way upright is allowed" in world.guard.trouble
    assert "joint_7: position" in world.guard.trouble
    assert world.tilt > 1.0


def test_stop_freezes_at_the_measured_position_and_latches():
    world = pour(World(), 3.0)
    measured = world.measured
    decision = world.stop()
    assert isinstance(decision, Freeze)
    np.testing.assert_array_equal(decision.trajectory.positions, [measured])
    np.testing.assert_array_equal(decision.trajectory.velocities, np.zeros((1, 7)))
    assert decision.trajectory.times == [0.3]
    world.run(3.0)
    assert np.abs(world.measured - measured).max() < 0.02
    assert world.kinds() == [Freeze]
    refused = world.send(here(world))
    assert (refused.rule, refused.reason) == (
        Rule.STOPPED,
        "the arm is stopped; `multigen stop --reset` releases it",
    )


@pytest.mark.parametrize("seconds", [2.6, 2.8, 2.9, 2.95])
def test_a_stop_swings_no_joint_out_of_its_range(seconds):
    # An elbow that arrives at the end of its range, slower and slower at half its deceleration.
    elbow = ARM.joints[3].model_copy(update={"lower": -2.57, "upper": float(PATH.at(0.0)[3]) + 0.4})
    arm = Arm(name="stiff", joints=(*ARM.joints[:3], elbow, *ARM.joints[4:]), tool_rpy=ARM.tool_rpy)
    world = World(noise=0.0, lag=0.0, arm=arm)
    u = np.arange(1, 31)[:, None] / 30
    step = 0.4 * np.eye(7)[3]
    command = Trajectory(
        ARM.names, 3 * u[:, 0], PATH.at(0.0) + step * u**2 * (3 - 2 * u), step * 2 * u * (1 - u)
    )
    assert isinstance(world.send(command), Accept)
    world.run(seconds)
    decision = world.stop()
    reached = [world.plan.sample(world.now.steady + k * TICK // 10)[0][3] for k in range(400)]
    assert max(reached) <= elbow.upper + 1e-4
    assert decision.trajectory.times[0] <= 0.3


def test_reset_lifts_a_stop_and_moves_nothing():
    world = pour(World(), 3.0)
    world.stop()
    world.run(1.0)
    world.guard.reset()
    tilt = world.tilt
    world.run(3.0)
    assert world.tilt == pytest.approx(tilt, abs=0.01)
    assert world.guard.trouble == ""
    assert isinstance(world.send(here(world)), Accept)
    assert poured_upright(world)


def test_a_stop_during_a_retreat_ends_it():
    world = pour(World(), 4.0)
    world.run(1.5)
    assert world.guard.retreating
    world.stop()
    tilt = world.tilt
    world.run(5.0)
    assert world.tilt == pytest.approx(tilt, abs=0.1)
    assert world.kinds() == [Retreat, Freeze]


def test_a_stop_without_known_joints_still_latches():
    guard = Guard(ARM)
    assert guard.stop(Now(1, 1)).trajectory is None
    assert guard.stopped


def test_joint_states_that_cease_in_mid_motion_freeze_the_arm_once():
    world = pour(World(), 3.0)
    world.fed = False
    world.run(2.0)
    assert world.kinds() == [Freeze]
    assert "joint states ceased" in world.guard.trouble
    speed = world.arm.state(world.now.ros).velocities
    assert np.abs(speed).max() < 1e-3
    world.fed = True
    assert poured_upright(world)
    assert world.kinds() == [Freeze, Retreat]


def test_joint_states_that_cease_at_rest_move_nothing():
    world = World()
    world.fed = False
    world.run(2.0)
    assert world.decisions == []


def test_in_simulation_a_pause_trips_nothing():
    world = pour(World(simulated=True), 3.0)
    world.pace = 0.0
    world.run(5.0)
    assert world.decisions == []
    world.pace = 1.0
    assert poured_upright(world)
    assert world.kinds() == [Retreat]


def test_in_simulation_a_fast_world_trips_only_after_steady_time_too():
    world = pour(World(simulated=True), 3.0)
    world.pace = 20.0
    world.run(0.3)
    assert world.decisions == []
    world.run(0.4)
    assert Retreat in world.kinds()


def test_on_hardware_steady_time_alone_decides():
    world = pour(World(), 3.0)
    ros = world.now.ros
    for _ in range(80):
        world.run(0.01)
        world.now = replace(world.now, ros=ros)
    assert world.kinds() == [Retreat]


def test_a_step_of_the_wall_clock_is_survived():
    for step in (-to_nanoseconds(3600), to_nanoseconds(3600)):
        world = pour(World(lag=0.0), 3.0)
        world.now = replace(world.now, ros=world.now.ros + step)
        world.arm = MockArm(ARM, world.measured, gripper=0.4)
        world.run(0.05)
        assert world.decisions == []
        assert poured_upright(world)
        assert world.kinds() == [Retreat]


def test_a_simulators_reset_forgets_path_and_plan():
    world = pour(World(simulated=True), 4.0)
    world.arm = MockArm(ARM, PATH.at(0.0), gripper=0.4)
    world.run(3.0)
    assert world.decisions == []
    assert isinstance(world.send(tilting(0.0, 0.2, 1.0)), Accept)


def test_a_restarted_simulators_clock_is_followed():
    world = pour(World(simulated=True, noise=0.0, offset=BEGIN), 4.0)
    world.now = replace(world.now, ros=5)
    world.arm = MockArm(ARM, PATH.at(0.0), gripper=0.4)
    world.run(0.5)
    pour(world, 3.0)
    assert poured_upright(world)
    assert world.kinds() == [Retreat]


def test_an_arm_that_moved_on_its_own_is_commanded_from_where_it_is():
    world = World(noise=0.0)
    world.arm.command(tilting(0.0, 0.8, 3.0), world.now.ros)
    world.run(3.5)
    decision = world.send(tilting(0.8, 0.7, 1.0))
    assert isinstance(decision, Accept), decision


def test_a_guard_that_ends_returns_a_tilted_vessel_but_leaves_a_stopped_one():
    world = pour(World(), 4.0)
    decision = world.guard.retreat(world.now, "the guard ends")
    assert isinstance(decision, Retreat)
    assert UPRIGHT.tilt(decision.trajectory.positions[-1]) < 0.02
    assert to_seconds(1) < decision.trajectory.times[-1]
    assert World(tilt=0.0).guard.retreat(world.now, "") is None
    world.stop()
    assert world.guard.retreat(world.now, "") is None
