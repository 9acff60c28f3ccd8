import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.world.catalogue import vessel
from multigen_core.world.tilted_volume import volume_table
from multigen_sim.views.liquid_mesh import BODY_FACES, BODY_VERTICES, LiquidBody


def body(name, tilt, part):
    v = vessel(name)
    head = volume_table(v).surface(part * v.capacity, tilt)[0]
    up = np.array([-np.sin(tilt), 0.0, np.cos(tilt)])
    lip = np.array([v.mouth_radius, 0.0, v.height])
    level = float(up @ lip) + head
    return v, up, level, LiquidBody(v).update(up, level)


def mesh_volume(vertices):
    a, b, c = (vertices[BODY_FACES[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["beaker", "bottle", "wine_glass", "milk_jug", "bowl"]),
    st.floats(0.0, 2.4),
    st.floats(0.05, 0.95),
)
def test_mesh_is_closed_outward_and_holds_the_liquid_s_volume(name, tilt, part):
    v, _, _, (vertices, _) = body(name, tilt, part)
    volume = mesh_volume(vertices - [0.0, 0.0, v.floor])
    assert volume == pytest.approx(part * v.capacity, rel=0.06, abs=0.025 * v.capacity)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["beaker", "jar", "wine_glass"]), st.floats(0.0, 2.4), st.floats(0.05, 0.95))
def test_nothing_lies_above_the_surface_or_outside_the_wall(name, tilt, part):
    v, up, level, (vertices, normals) = body(name, tilt, part)
    points = vertices - [0.0, 0.0, v.floor]
    assert (points @ up).max() <= level + 2e-3
    assert (np.hypot(points[:, 0], points[:, 1]) <= v.radius(points[:, 2]) + 1e-4).all()
    assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(len(normals)), abs=1e-3)
    assert vertices.shape == BODY_VERTICES.shape


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["beaker", "bottle", "tumbler", "bowl"]),
    st.floats(0.01, 2.4),
    st.floats(0.05, 0.95),
)
def test_the_surface_meets_the_wall_in_two_lines_without_teeth(name, tilt, part):
    v, up, level, (vertices, normals) = body(name, tilt, part)
    points = vertices - [0.0, 0.0, v.floor]
    edge = points[(normals == up).all(axis=1)].reshape(-1, 2, 3)
    assert (np.diff(edge[:, 0, 2]) >= -1e-12).all()
    for line in edge.swapaxes(0, 1):
        line = line[np.abs(line @ up - level) < 1e-9]
        steps = np.diff(line, axis=0)
        steps = steps[np.linalg.norm(steps, axis=1) > 1e-6]
        assert (np.einsum("ij,ij->i", steps[1:], steps[:-1]) >= 0).all()
