import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError, forward, inverse, jacobian

ARM = Arm.load()
JOINTS = arrays(float, 7, elements=st.floats(-1.0, 1.0)).map(lambda d: ARM.home + 0.4 * d)


def test_home_is_the_published_pose():
    pose = forward(ARM, ARM.home)
    assert pose[:3, 3] == pytest.approx([0.577, 0.0, 0.434], abs=2e-3)
    assert pose[:3, 2] == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)


def denavit_hartenberg(angles, offsets, lengths, twists):
    """The pose of a classical table of θ, d, a and α."""
    pose = np.eye(4)
    for theta, d, a, alpha in zip(angles, offsets, lengths, twists, strict=True):
        c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
        pose = pose @ [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d],
                       [0, 0, 0, 1]]  # fmt: skip
    return pose


def gen3_interface(q):
    """By Kinova's user guide, which rounds lengths to 0.1 mm."""
    offsets = (0, -0.2848, -0.0118, -0.4208, -0.0128, -0.3143, 0, -0.1674)
    twists = np.array([2, 1, 1, 1, 1, 1, 1, 2]) * np.pi / 2
    angles = np.concatenate([[0, q[0]], q[1:] + np.pi])
    return denavit_hartenberg(angles, offsets, np.zeros(8), twists)


def ur5e_flange(q):
    """By Universal Robots' table, from a base that is half a turn from base_link."""
    offsets = (0.1625, 0, 0, 0.1333, 0.0997, 0.0996)
    lengths = (0, -0.425, -0.3922, 0, 0, 0)
    twists = np.array([1, 0, 0, 1, -1, 0]) * np.pi / 2
    return np.diag([-1, -1, 1, 1]) @ denavit_hartenberg(q, offsets, lengths, twists)


@pytest.mark.parametrize(
    ("name", "published", "rounding"), [("gen3", gen3_interface, 5e-4), ("ur5e", ur5e_flange, 1e-9)]
)
def test_forward_is_the_published_table(name, published, rounding):
    arm, rng = Arm.load(name), np.random.default_rng(0)
    for _ in range(100):
        q = rng.uniform(np.maximum(arm.lower, -np.pi), np.minimum(arm.upper, np.pi))
        flange = forward(arm, q) @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -0.12], [0, 0, 0, 1]]
        assert flange[:3, 3] == pytest.approx(published(q)[:3, 3], abs=rounding)
        assert flange[:3, :3] == pytest.approx(published(q)[:3, :3], abs=2 * rounding)


@settings(max_examples=40, deadline=None)
@given(JOINTS)
def test_jacobian_is_the_derivative(q):
    pose, J = jacobian(ARM, q)
    assert pose == pytest.approx(forward(ARM, q), abs=1e-12)
    for k in range(7):
        step = 1e-6 * np.eye(7)[k]
        change = (forward(ARM, q + step) - forward(ARM, q - step)) / 2e-6
        assert J[:3, k] == pytest.approx(change[:3, 3], abs=1e-6)
        spin = change[:3, :3] @ pose[:3, :3].T
        assert J[3:, k] == pytest.approx([spin[2, 1], spin[0, 2], spin[1, 0]], abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(JOINTS)
def test_inverse_reaches_every_pose_near_home(q):
    q = np.clip(q, ARM.lower, ARM.upper)
    target = forward(ARM, q)
    solution = inverse(ARM, target, ARM.home)
    assert forward(ARM, solution) == pytest.approx(target, abs=2e-6)
    assert (solution >= ARM.lower).all()
    assert (solution <= ARM.upper).all()


def test_inverse_stays_where_it_is_when_already_there():
    assert inverse(ARM, forward(ARM, ARM.home), ARM.home) == pytest.approx(ARM.home, abs=1e-9)


def test_out_of_reach_is_refused_with_the_place():
    target = forward(ARM, ARM.home)
    target[:3, 3] = [2.0, 0.0, 0.5]
    with pytest.raises(UnreachableError, match=r"gen3 cannot reach \(2.000, 0.000, 0.500\)"):
        inverse(ARM, target, ARM.home)
