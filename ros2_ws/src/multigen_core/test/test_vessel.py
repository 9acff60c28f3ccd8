import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.config.yaml_file import ConfigError, validate
from multigen_core.world.catalogue import liquid, liquids, vessel, vessels
from multigen_core.world.vessel import Vessel

GOOD = {
    "description": "a cylinder",
    "profile": [[0, 0.03], [0.1, 0.03]],
    "wall": 0.002,
    "mass": 0.2,
    "material": "glass",
    "opaque": False,
}
CYLINDER = Vessel.model_validate(GOOD)


def test_cylinder_volume_is_exact():
    assert CYLINDER.capacity == pytest.approx(np.pi * 0.03**2 * 0.1)
    assert CYLINDER.volume(0.04) == pytest.approx(np.pi * 0.03**2 * 0.04)


def test_cone_volume_is_exact_at_any_level():
    cone = Vessel.model_validate({**GOOD, "profile": [[0, 0.0], [0.12, 0.04]]})
    for level in (0.03, 0.0777, 0.12):
        radius = 0.04 * level / 0.12
        assert cone.volume(level) == pytest.approx(np.pi * radius**2 * level / 3, rel=1e-3)


@pytest.mark.parametrize("name", sorted(vessels()))
def test_level_and_volume_are_inverse(name):
    v = vessel(name)
    levels = np.linspace(0.001, v.height, 37)
    assert v.level(v.volume(levels)) == pytest.approx(levels, abs=1e-6)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_liquid_stands_higher(a, b):
    jar = vessel("jar")
    low, high = sorted((a, b))
    assert jar.level(low * jar.capacity) <= jar.level(high * jar.capacity)


def test_heights_and_outer_radius_count_wall_and_stem():
    glass = vessel("wine_glass")
    assert glass.floor == pytest.approx(glass.stem + glass.wall)
    assert glass.rim_height == pytest.approx(glass.floor + glass.height)
    assert glass.outer_radius(glass.rim_height) == pytest.approx(glass.mouth_radius + glass.wall)
    assert glass.outer_radius(0.04) == pytest.approx(0.004)
    assert CYLINDER.outer_radius(0.05) == pytest.approx(0.032)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"profile": [[0.01, 0.03], [0.1, 0.03]]}, "not closed at the bottom"),
        ({"profile": [[0, 0.03], [0.1, 0.03], [0.09, 0.02]]}, "z must increase"),
        ({"profile": [[0, 0.03], [0.1, 0.0]]}, "no mouth"),
        ({"profile": [[0, 0.03], [0.05, 0.0], [0.1, 0.03]]}, "closes between"),
        ({"profile": [[0, 0.03], [0.9, 0.03]]}, "too large for the scene"),
        ({"profile": [[0, float("nan")], [0.1, 0.03]]}, "finite"),
        ({"profile": [[0, 0.03]]}, "profile"),
        ({"wall": 0}, "wall"),
        ({"mass": -1}, "mass"),
        ({"material": "cheese"}, "glass"),
        ({"colour_of_lid": "red"}, "colour_of_lid"),
    ],
)
def test_impossible_vessels_are_refused_with_the_reason(change, message):
    with pytest.raises(ConfigError, match=message):
        validate(Vessel, {**GOOD, **change}, "test.yaml")


def test_unknown_names_list_the_known():
    with pytest.raises(ConfigError, match=r"unknown vessel 'chalice'.*beaker.*wine_glass"):
        vessel("chalice")
    with pytest.raises(ConfigError, match=r"unknown liquid 'mercury'.*syrup.*water"):
        liquid("mercury")


def test_catalogue_is_wide_and_a_third_is_held_out():
    known = vessels().values()
    assert len(known) >= 16
    assert sum(v.held_out for v in known) >= len(known) / 3
    assert {"glass", "ceramic", "steel", "aluminium"} <= {v.material for v in known if v.held_out}
    assert {True, False} == {v.opaque for v in known if v.held_out}
    assert {True, False} == {v.opaque for v in known if not v.held_out}
    assert len(liquids()) >= 6
    assert sum(item.held_out for item in liquids().values()) >= 2


def test_every_vessel_is_light_enough_and_thin_enough_to_be_real():
    density = {
        "glass": 2500,
        "ceramic": 2400,
        "plastic": 1200,
        "steel": 7900,
        "aluminium": 2700,
        "paper": 900,
    }
    for v in vessels().values():
        if v.name == "thermos":  # its wall is mostly vacuum
            continue
        z, r = np.array(v.profile).T
        side = np.sum(np.pi * (r[1:] + r[:-1]) * np.hypot(np.diff(r), np.diff(z)))
        solid = density[v.material] * v.wall * (side + np.pi * r[0] ** 2)
        assert 0.3 * solid < v.mass < 3.0 * solid + 0.1, v.name
