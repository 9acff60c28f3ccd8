"""The rules together: what passes, and what is refused first."""

from dataclasses import replace

import numpy as np

from multigen_core.arm import Arm, Joint
from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.judgement import judge
from multigen_core.guard.limits import Limits
from multigen_core.guard.rules import Rule

FREE = Joint(name="free", velocity=0.8, acceleration=10.0, home=0.0, xyz=(0, 0, 0), rpy=(0, 0, 0))
TIED = FREE.model_copy(update={"name": "tied", "lower": -1.0, "upper": 1.0, "acceleration": 1.0})
ARM = Arm(name="two", joints=(TIED, FREE))
LIMITS = Limits.of(ARM, 0.5, 0.2)
REST = (np.zeros(2), np.zeros(2))


def trajectory(times, positions, velocities, names=ARM.names):
    return Trajectory(names, *(np.array(v, float) for v in (times, positions, velocities)))


def judged(command, start=REST, planned=True):
    return judge(command, LIMITS, ARM, start[0], start, planned)


def test_a_slow_small_motion_passes_as_it_is():
    command = trajectory([1.0], [[0.1, -0.1]], [[0, 0]])
    np.testing.assert_array_equal(judged(command).positions, command.positions)


def test_a_command_comes_out_in_the_arms_joint_order_and_turn():
    at = np.array([0.0, 0.05 + 4 * np.pi])
    command = trajectory([1.0], [[0.1, 0.02]], [[0.0, 0.0]], names=("free", "tied"))
    found = judged(command, (at, np.zeros(2)))
    np.testing.assert_allclose(found.positions, [[0.02, 0.1 + 4 * np.pi]])
    assert found.names == ARM.names


def test_the_first_rule_broken_is_the_one_named():
    wrong = trajectory([1e-9], [[5.0, np.nan]], [[9.0, 0.0]], names=("tied", "x"))
    named = replace(wrong, names=ARM.names)
    finite = replace(named, positions=np.array([[5.0, 0.0]]))
    ending = replace(finite, velocities=np.zeros((1, 2)))
    timely = replace(ending, times=np.array([9.0]))
    near = replace(timely, positions=np.array([[0.5, 0.0]]))
    steps = [wrong, named, finite, ending, timely, near]
    found = [judged(step).rule for step in steps]
    assert found == [Rule.NAMES, Rule.FORM, Rule.FORM, Rule.TIME, Rule.POSITION, Rule.JUMP]
