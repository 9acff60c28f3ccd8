"""What the finder's points in the camera's views tell of the vessels."""

import numpy as np
import pytest
import torch

from multigen_core.arm import Arm
from multigen_core.learning.runtime import Network
from multigen_core.policy import Observation
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import JointState
from multigen_core.world.scene import load_scene
from multigen_policy.learned.finder_training import FinderNetwork, _moved, save
from multigen_policy.learned.finding import (
    HELD,
    POINTS,
    SEARCH,
    Finder,
    Planes,
    UnseenError,
    found_station,
    truth_of,
)
from multigen_policy.learned.weights import FINDER

ARM = Arm.load()


def planes_of(scene):
    station = Station.of(scene, ARM, Told.STATION)
    return Planes.of(station, plan_pour(station).at(0.0))


@pytest.mark.parametrize("seed", range(6))
def test_where_the_vessels_are_seen_tells_where_and_how_large_they_are(seed):
    scene = load_scene("randomised", seed)
    planes = planes_of(scene)
    found = planes.values(planes.points_of(scene))
    # The rim's sides are not quite as far from the camera as its centre.
    np.testing.assert_allclose(found, truth_of(scene), atol=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_points_of_a_plane_are_seen_where_they_are(seed):
    planes = planes_of(load_scene("randomised", seed))
    at = np.random.default_rng(seed).uniform(0, 80, (20, 2))
    for plane in (planes.search, planes.held):
        np.testing.assert_allclose(plane.where(plane.points(at)), at, atol=1e-6)


def test_a_station_that_was_found_can_be_poured_at():
    scene = load_scene("default", 0)
    told = Station.of(scene, ARM, Told.NOTHING)
    found = found_station(told, truth_of(scene))
    true = Station.of(scene, ARM, Told.STATION)
    np.testing.assert_allclose(plan_pour(found).at(0.8), plan_pour(true).at(0.8), atol=0.2)


def test_moved_and_mirrored_views_keep_their_points_in_place():
    rng = np.random.default_rng(0)
    points = rng.integers(30, 60, (16, len(POINTS), 2)).astype(np.float32)
    views = np.zeros((16, *HELD, 3), np.float32)
    for view, at in zip(views, points.astype(int), strict=True):
        for value, (column, row) in enumerate(at, 1):
            view[row, column] += value
    moved = _moved(views, points, rng)
    lit = moved[np.arange(16)[:, None], points[..., 1].astype(int), points[..., 0].astype(int), 0]
    left, right = POINTS.index("left"), POINTS.index("right")
    assert (lit > 0).all()
    mirrored = lit[:, left] == right + 1
    assert 0 < mirrored.sum() < 16
    np.testing.assert_array_equal(lit[~mirrored, left], left + 1)


@torch.no_grad()
def test_without_torch_it_finds_the_same(tmp_path):
    torch.manual_seed(0)
    network = FinderNetwork()
    save(network, tmp_path)
    rng = np.random.default_rng(0)
    given = {
        name: rng.uniform(0, 255, (1, *size, 3)).astype(np.float32)
        for name, size in (("search", SEARCH), ("held", HELD))
    }
    found = Network(tmp_path, "finder", FINDER).run(**given)
    for name, wanted in zip(
        ("points", "scales"), network(*map(torch.from_numpy, given.values())), strict=True
    ):
        np.testing.assert_allclose(found[name], wanted.numpy(), atol=1e-3)


def test_it_asks_for_a_camera(tmp_path):
    save(FinderNetwork(), tmp_path)
    scene = load_scene("default", 0)
    finder = Finder(Station.of(scene, ARM, Told.NOTHING), tmp_path)
    joints = JointState(0, ARM.names, *np.zeros((2, len(ARM.names))))
    with pytest.raises(UnseenError, match="needs a camera"):
        finder.look(Observation(0, 0, joints))
