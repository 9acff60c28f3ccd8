import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.arm import Arm, JointNameError, joint_indices, select_joints
from multigen_core.errors import MultigenError
from multigen_core.types import JointState

JOINT = (
    "{name: j1, lower: -1.0, upper: 1.0, home: 0.0, velocity: 1.0, acceleration: 2.0, "
    "xyz: [0, 0, 0], rpy: [0, 0, 0]}"
)


GEN3 = Arm.load("gen3")


def write(tmp_path, *joints):
    path = tmp_path / "arm.yaml"
    path.write_text("name: test\njoints:\n" + "".join(f"  - {joint}\n" for joint in joints))
    return path


def test_gen3_has_the_vendors_limits():
    arm = GEN3
    assert arm.names == tuple(f"joint_{i}" for i in range(1, 8))
    np.testing.assert_array_equal(arm.velocity, 0.8727)
    np.testing.assert_array_equal(arm.acceleration, [1, 1, 1, 1, 10, 10, 10])
    np.testing.assert_array_equal(arm.upper, [np.inf, 2.24, np.inf, 2.57, np.inf, 2.09, np.inf])
    np.testing.assert_array_equal(arm.lower, -arm.upper)
    np.testing.assert_array_equal(arm.continuous, [True, False] * 3 + [True])
    assert arm.gripper.stroke == 0.085
    assert arm.reported_names == (*arm.names, "robotiq_85_left_knuckle_joint")


def test_ur5e_has_the_vendors_limits():
    arm = Arm.load("ur5e")
    turns = np.array([2, 2, 1, 2, 2, 2])
    np.testing.assert_allclose(arm.upper, turns * np.pi)
    np.testing.assert_array_equal(arm.lower, -arm.upper)
    np.testing.assert_allclose(arm.velocity, np.pi)
    assert not arm.continuous.any()


def test_a_gripper_s_joint_goes_from_open_to_closed_over_its_stroke():
    gripper = GEN3.gripper
    assert [gripper.angle(width) for width in (0.0, 0.0425, 0.085, 0.2)] == [0.8, 0.4, 0.0, 0.0]


def test_an_arm_without_a_gripper_reports_its_own_joints(tmp_path):
    assert Arm.load(write(tmp_path, JOINT)).reported_names == ("j1",)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("lower: -1.0, ", ""), "give both lower and upper"),
        (("home: 0.0", "home: 1.5"), "home 1.5 is outside -1.0 … 1.0"),
        (("lower: -1.0", "lower: 1.0"), "is outside"),
        (("velocity: 1.0", "velocity: 0.0"), "joints.0.velocity"),
        (("velocity: 1.0", "velocity: .inf"), "joints.0.velocity"),
        (("home: 0.0", "home: .nan"), "joints.0.home"),
        (("home: 0.0, ", ""), "joints.0.home"),
        (("name: j1", "nome: j1"), "nome"),
    ],
)
def test_a_wrong_arm_file_is_named_with_its_key(tmp_path, change, word):
    path = write(tmp_path, JOINT.replace(*change))
    with pytest.raises(MultigenError, match=r"arm\.yaml") as caught:
        Arm.load(path)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_repeated_names_are_refused(tmp_path):
    with pytest.raises(MultigenError, match="duplicate joint names"):
        Arm.load(write(tmp_path, JOINT, JOINT))


def test_an_unknown_arm_lists_the_shipped_ones():
    with pytest.raises(MultigenError, match="gen3"):
        Arm.load("no_such_arm")


def test_joints_are_found_by_name_among_others():
    np.testing.assert_array_equal(joint_indices(("a", "b"), ("b", "gripper", "a")), [2, 0])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("a",), "joints missing: b; given: a"),
        ((), "given: none"),
        (("a", "b", "a"), "duplicate"),
    ],
)
def test_missing_and_repeated_joints_are_refused(given, word):
    with pytest.raises(JointNameError, match=word):
        joint_indices(("a", "b"), given)


@given(st.permutations(["j1", "j2", "j3", "finger"]))
def test_selecting_joints_undoes_any_order(names):
    values = np.array([float(sum(map(ord, name))) for name in names])
    state = select_joints(JointState(7, tuple(names), values, -values, "base"), ("j1", "j2", "j3"))
    expected = [float(sum(map(ord, name))) for name in ("j1", "j2", "j3")]
    np.testing.assert_array_equal(state.positions, expected)
    np.testing.assert_array_equal(state.velocities, -state.positions)
    assert (state.stamp, state.frame_id) == (7, "base")


@given(st.lists(st.integers(-3, 3), min_size=7, max_size=7), st.floats(-3, 3))
def test_the_nearest_turn_moves_only_continuous_joints_by_whole_turns(turns, shift):
    arm = GEN3
    given = arm.home + shift + 2 * np.pi * np.array(turns)
    near = arm.nearest_turn(given, arm.home)
    moved = (near - given) / (2 * np.pi)
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-9)
    np.testing.assert_array_equal(moved[~arm.continuous], 0.0)
    assert (np.abs(near - arm.home)[arm.continuous] <= np.pi + 1e-9).all()
