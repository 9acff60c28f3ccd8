import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multigen_core.tilted import hold_volume
from multigen_core.vessel import Vessel, vessel, vessels


def cylinder(height, radius):
    return Vessel(
        description="test",
        profile=((0.0, radius), (height, radius)),
        wall=0.002,
        mass=0.2,
        material="glass",
        opaque=False,
    )


@given(height=st.floats(0.03, 0.3), radius=st.floats(0.01, 0.1), share=st.floats(0.01, 0.99))
def test_a_cylinder_holds_the_closed_form_while_its_floor_is_covered(height, radius, share):
    tilt = share * np.arctan(height / (2 * radius))
    expected = np.pi * radius**2 * (height - radius * np.tan(tilt))
    assert hold_volume(cylinder(height, radius), tilt) == pytest.approx(
        expected, rel=1e-4, abs=1e-4 * np.pi * radius**2 * height
    )


def test_a_cylinder_on_its_side_holds_nothing():
    assert hold_volume(cylinder(0.1, 0.03), np.pi / 2) == pytest.approx(0.0, abs=1e-9)


@given(height=st.floats(0.05, 0.3), radius=st.floats(0.02, 0.08), share=st.floats(0.05, 0.95))
def test_a_cylinder_with_a_bare_floor_holds_the_ungula(height, radius, share):
    """A hoof of height h: h R² (sin φ − φ cos φ − sin³ φ / 3) / (1 − cos φ)."""
    steepest = np.arctan(height / (2 * radius))
    tilt = steepest + share * (np.pi / 2 - steepest)
    wetted = height / np.tan(tilt)
    phi = np.arccos(1 - wetted / radius)
    expected = (
        height
        * radius**2
        * (np.sin(phi) - phi * np.cos(phi) - np.sin(phi) ** 3 / 3)
        / (1 - np.cos(phi))
    )
    assert hold_volume(cylinder(height, radius), tilt) == pytest.approx(
        expected, rel=2e-3, abs=1e-9
    )


@pytest.mark.parametrize("name", ["beaker", "wine_glass", "mug"])
def test_every_vessel_is_brimful_upright_and_holds_less_the_more_it_tilts(name):
    if name not in vessels():
        pytest.skip(f"{name} is not in the catalogue")
    solid = vessel(name)
    held = hold_volume(solid, np.linspace(0, 2.2, 50))
    assert held[0] == pytest.approx(solid.capacity, rel=1e-3)
    assert (np.diff(held) <= 1e-12).all()
    assert (held >= 0).all()
