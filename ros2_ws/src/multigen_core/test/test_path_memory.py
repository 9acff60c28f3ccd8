import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.guard.path_memory import SPACING, PathMemory


def walk(memory, *targets, step=0.004):
    at = memory.poses[-1]
    for target in targets:
        target = np.array(target, float)
        count = int(np.ceil(np.abs(target - at).max() / step))
        for share in np.arange(1, count + 1) / count:
            memory.add(at + share * (target - at))
        at = target


def test_a_path_is_kept_from_its_start_in_order():
    memory = PathMemory(np.zeros(2))
    walk(memory, (0.5, 0.1))
    poses = memory.poses
    np.testing.assert_array_equal(poses[0], 0.0)
    assert (np.diff(poses[:, 0]) > 0).all()
    assert np.abs(poses[-1] - (0.5, 0.1)).max() < SPACING


def test_to_and_fro_is_forgotten():
    memory = PathMemory(np.zeros(2))
    walk(memory, (1.0, 0), (0.3, 0), (0.9, 0), (0.2, 0))
    assert (np.diff(memory.poses[:, 0]) > 0).all()
    assert abs(memory.poses[-1, 0] - 0.2) < SPACING


def test_a_loop_is_cut_where_it_closes():
    memory = PathMemory(np.zeros(2))
    walk(memory, (0.5, 0), (0.5, 0.5), (0.2, 0.5), (0.2, 0.0), (0.2, -0.3))
    assert memory.poses[:, 1].max() < SPACING
    assert np.abs(memory.poses[-1] - (0.2, -0.3)).max() < SPACING


def test_coming_home_forgets_everything():
    memory = PathMemory(np.zeros(2))
    walk(memory, (0.5, 0.2), (0, 0))
    assert len(memory.poses) == 1


def test_a_full_memory_thins_out_and_keeps_its_start():
    memory = PathMemory(np.zeros(1), capacity=16)
    walk(memory, (3.0,))
    poses = memory.poses
    assert len(poses) <= 16
    assert poses[0, 0] == 0.0
    assert abs(poses[-1, 0] - 3.0) < 0.5
    assert np.diff(poses[:, 0]).max() < 0.5


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=8))
def test_the_path_leads_from_start_to_here_without_gaps(targets):
    memory = PathMemory(np.zeros(2))
    walk(memory, *targets)
    poses = memory.poses
    np.testing.assert_array_equal(poses[0], 0.0)
    assert np.abs(poses[-1] - targets[-1]).max() < SPACING + 1e-9
    if len(poses) > 1:
        assert np.abs(np.diff(poses, axis=0)).max() < 2 * SPACING + 0.01
