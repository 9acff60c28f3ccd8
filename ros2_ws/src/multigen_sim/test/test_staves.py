import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path
from scipy.spatial import ConvexHull

from multigen_core.errors import MultigenError
from multigen_core.world.catalogue import vessel, vessels
from multigen_sim.particles.staves import SECTORS, Staves

NAMES = sorted(vessels())


def hulls(staves):
    return [ConvexHull(corners, qhull_options="QJ") for corners in staves.pieces]


def depth(hull, points):
    """How far points, (N, 3), are inside a hull [m]; negative outside."""
    return -(points @ hull.equations[:, :3].T + hull.equations[:, 3]).max(axis=1)


def cavity(one, count, rng, margin):
    """Points in the cavity, at least `margin` from its wall, floor and mouth."""
    z = rng.uniform(margin, one.height - margin, count)
    r = np.maximum(one.radius(z) - margin, 0.0) * np.sqrt(rng.random(count))
    slope = np.abs(np.gradient(np.array(one.profile)[:, 1], np.array(one.profile)[:, 0])).max()
    r = np.maximum(r - margin * slope, 0.0)
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([r * np.cos(angle), r * np.sin(angle), z + one.floor])


@pytest.mark.parametrize("name", NAMES)
def test_staves_leave_the_cavity_free(name):
    one = vessel(name)
    points = cavity(one, 500, np.random.default_rng(0), 0.0015)
    for hull in hulls(Staves.of(one, thickness=0.006)):
        assert depth(hull, points).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_wall_has_no_gap(name):
    one = vessel(name)
    pieces = hulls(Staves.of(one, thickness=0.006))
    rng = np.random.default_rng(1)
    z = rng.uniform(0.0, one.height, 400)
    angle = rng.uniform(0, 2 * np.pi, 400)
    r = 1.01 * one.radius(z) + 0.0015
    wall = np.column_stack([r * np.cos(angle), r * np.sin(angle), z + one.floor])
    r = one.profile[0][1] * np.sqrt(rng.random(200))
    floor = np.column_stack([r * np.cos(angle[:200]), r * np.sin(angle[:200]), np.zeros(200)])
    floor[:, 2] += one.floor - 0.001
    points = np.vstack([wall, floor])
    assert np.max([depth(hull, points) for hull in pieces], axis=0).min() > -1e-6


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(NAMES), sectors=st.integers(6, 48))
def test_the_cavity_holds_the_capacity(name, sectors):
    """The volume between the inner faces, by the divergence theorem, is that of the vessel."""
    one = vessel(name)
    inner = Staves.of(one, sectors=sectors).walls[:, :4]
    a, b, c, d = (inner[:, k] for k in (0, 1, 3, 2))
    sides = np.einsum("ni,ni->", a, np.cross(b, c)) + np.einsum("ni,ni->", a, np.cross(c, d))
    lid = np.pi * one.mouth_radius**2 * (one.height + one.floor)
    floor = np.pi * one.profile[0][1] ** 2 * one.floor
    assert sides / 6 + (lid - floor) / 3 == pytest.approx(one.capacity, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(NAMES), thickness=st.floats(0.0, 0.02))
def test_walls_are_as_thick_as_asked(name, thickness):
    one = vessel(name)
    walls = Staves.of(one, thickness).walls
    wanted = max(one.wall, thickness)
    apart = np.linalg.norm(walls[:, 4:] - walls[:, :4], axis=2)
    assert apart.min() >= 0.999 * wanted


def test_staves_are_convex_and_few_enough_for_a_gpu():
    for corners in Staves.of(vessel("wine_glass"), 0.006).pieces:
        assert len(corners) <= 64
        hull = ConvexHull(corners, qhull_options="QJ")
        assert depth(hull, corners).max() < 1e-6


@pytest.mark.parametrize(("thickness", "sectors"), [(-0.001, 24), (0.0, 2)])
def test_impossible_staves_are_refused(thickness, sectors):
    with pytest.raises(MultigenError, match="use at least 3 sectors, and 0 or more"):
        Staves.of(vessel("beaker"), thickness, sectors)


@pytest.mark.parametrize("name", NAMES)
def test_the_outline_is_that_of_all_pieces(name):
    """A point in a sector's middle plane is in the outline if and only if it is in a piece."""
    one = vessel(name)
    staves = Staves.of(one, 0.008, taper=0.02)
    rng = np.random.default_rng(2)
    high = staves.outline.max(axis=0) + 0.01
    section = rng.uniform([0.0, staves.outline[0, 1] - 0.01], high, (400, 2))
    half = np.pi / SECTORS
    points = section[:, :1] * [np.cos(half), np.sin(half), 0.0] + section[:, 1:] * [0.0, 0.0, 1.0]
    found = np.max([depth(hull, points) for hull in hulls(staves)], axis=0)
    expected = Path(staves.outline).contains_points(section)
    clear = np.abs(found) > 1e-4
    assert (expected == (found > 0.0))[clear].all()


def test_a_tapered_rim_is_as_thin_as_the_vessel():
    one = vessel("beaker")
    walls = Staves.of(one, 0.012, taper=0.036).walls
    top = walls[-SECTORS:, [2, 3]], walls[-SECTORS:, [6, 7]]
    assert np.linalg.norm(top[1] - top[0], axis=2).max() == pytest.approx(one.wall, rel=0.02)
