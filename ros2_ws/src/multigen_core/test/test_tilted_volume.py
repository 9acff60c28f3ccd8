import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.world.catalogue import vessel, vessels
from multigen_core.world.tilted_volume import segment_area, tilted_volume, volume_table

R, H = 0.035, 0.12


@pytest.fixture(scope="module")
def cylinder(some_vessel):
    return some_vessel(((0, R), (H, R)))


@pytest.fixture(scope="module")
def cone(some_vessel):
    return some_vessel(((0, 0.0), (H, R)))


def cylinder_volume(tilt):
    """What a cylinder holds at rest; an ungula once the bottom is partly dry."""
    if 2 * R * np.tan(tilt) <= H:
        return np.pi * R**2 * (H - R * np.tan(tilt))
    wet = H / np.tan(tilt)
    half = np.sqrt(wet * (2 * R - wet))
    angle = np.arccos((R - wet) / R)
    return H / (3 * wet) * (half * (3 * R**2 - half**2) + 3 * R**2 * (wet - R) * angle)


@pytest.mark.parametrize("tilt", [1e-4, 0.2, 0.6, 0.9, 1.04, 1.06, 1.2, 1.4, 1.55])
def test_cylinder_holds_the_closed_form(cylinder, tilt):
    assert tilted_volume(cylinder, 0.0, tilt) == pytest.approx(cylinder_volume(tilt), rel=1e-6)


@pytest.mark.parametrize("tilt", [0.1, 0.4, 0.8, 1.1])
def test_cone_holds_the_closed_form(cone, tilt):
    # A plane through the lip cuts an elliptic cone off: base area times the apex's distance over 3.
    tan_half = R / H
    z = H * (np.cos(tilt) - tan_half * np.sin(tilt)) / (np.cos(tilt) + tan_half * np.sin(tilt))
    lip, other = np.array([R, H]), np.array([-z * tan_half, z])
    major = np.linalg.norm(lip - other) / 2
    minor = np.sqrt(R * z * tan_half)
    normal = np.array([-(lip - other)[1], (lip - other)[0]]) / (2 * major)
    expected = np.pi * major * minor * abs(lip @ normal) / 3
    assert tilted_volume(cone, 0.0, tilt) == pytest.approx(expected, rel=1e-5)


def test_hemispherical_bowl_holds_the_spherical_cap(some_vessel):
    z = 0.06 * (1 - np.cos(np.linspace(0, np.pi / 2, 400)))
    bowl = some_vessel(tuple(zip(z, np.sqrt(0.06**2 - (0.06 - z) ** 2), strict=True)))
    depth = 0.06 * (1 - np.sin(0.5))
    cap = np.pi * depth**2 * (0.06 - depth / 3)
    assert tilted_volume(bowl, 0.0, 0.5) == pytest.approx(cap, rel=1e-4)


def test_segment_is_a_half_disc_at_the_centre_and_nothing_outside():
    assert segment_area(0.1, 0.0) == pytest.approx(np.pi * 0.01 / 2)
    assert segment_area(0.1, 0.2) == 0.0
    assert segment_area(0.1, -0.2) == pytest.approx(np.pi * 0.01)


@pytest.mark.parametrize("name", sorted(vessels()))
def test_upright_and_full_is_the_capacity(name):
    v = vessel(name)
    assert tilted_volume(v, 0.0, 0.0) == pytest.approx(v.capacity, rel=1e-4)


@pytest.mark.parametrize("name", ["beaker", "bottle", "wine_glass", "bowl"])
@pytest.mark.parametrize("tilt", [0.0, 0.31, 1.013, 1.5657, 2.0])
def test_table_agrees_with_the_integral(name, tilt):
    v = vessel(name)
    table = volume_table(v)
    for part in (0.02, 0.3, 0.7, 0.97):
        head, _, held = table.surface(part * v.capacity, tilt)
        assert tilted_volume(v, head, tilt) == pytest.approx(
            part * v.capacity, abs=2e-4 * v.capacity
        )
        assert held == pytest.approx(float(tilted_volume(v, 0.0, tilt)), abs=2e-4 * v.capacity)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 2.6), st.floats(0.01, 0.99))
def test_table_inverts_itself(tilt, part):
    v = vessel("jar")
    table = volume_table(v)
    head, area, _ = table.surface(part * v.capacity, tilt)
    assert table.volume(head, tilt) == pytest.approx(part * v.capacity, abs=1e-4 * v.capacity)
    assert area > 0


def test_a_vessel_holds_less_the_further_it_tilts(cylinder):
    held = [volume_table(cylinder).surface(1e-4, t)[2] for t in np.linspace(0, 1.57, 100)]
    assert (np.diff(held) <= 1e-12).all()


def test_the_heads_of_many_volumes_are_those_of_each():
    table = volume_table(vessel("beaker"))
    volumes = np.linspace(20e-6, 500e-6, 9)
    heads = table.heads(volumes, 1.1)
    np.testing.assert_allclose(heads, [table.surface(v, 1.1)[0] for v in volumes], atol=1e-9)
