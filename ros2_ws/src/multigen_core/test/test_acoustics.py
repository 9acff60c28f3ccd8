import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh_tridiagonal

from multigen_core.world.acoustics import (
    END_CORRECTION,
    Resonator,
    cents,
    cylinder_frequency,
    helmholtz_frequency,
    speed_of_sound,
)
from multigen_core.world.catalogue import vessels
from multigen_core.world.vessel import Vessel


def vessel(*profile: tuple[float, float]) -> Vessel:
    return Vessel(
        description="test",
        profile=profile,
        wall=0.002,
        mass=0.2,
        material="glass",
        opaque=False,
    )


def cylinder(height: float, radius: float) -> Vessel:
    return vessel((0.0, radius), (height, radius))


SHAPES = {
    "glass": cylinder(0.12, 0.035),
    "cup": vessel((0.0, 0.025), (0.08, 0.04)),
    "flared": vessel((0.0, 0.02), (0.03, 0.022), (0.1, 0.03), (0.14, 0.05)),
    "bowl": vessel((0.0, 0.0), (0.002, 0.03), (0.01, 0.06), (0.03, 0.1), (0.05, 0.12)),
    "wine": vessel((0.0, 0.002), (0.01, 0.02), (0.04, 0.038), (0.06, 0.04), (0.1, 0.03)),
    "bottle": vessel((0.0, 0.035), (0.15, 0.035), (0.19, 0.012), (0.24, 0.012)),
    "flask": vessel((0.0, 0.05), (0.15, 0.05), (0.1501, 0.006), (0.23, 0.006)),
}


def test_speed_of_sound_is_343_at_room_temperature() -> None:
    assert speed_of_sound(20.0) == pytest.approx(343.2, abs=0.1)


@given(
    height=st.floats(0.01, 0.5),
    radius=st.floats(0.005, 0.25),
    filled=st.floats(0.0, 1.0),
    temperature=st.floats(0.0, 90.0),
)
@settings(max_examples=40, deadline=None)
def test_a_cylinder_has_its_closed_form_and_odd_harmonics(
    height: float, radius: float, filled: float, temperature: float
) -> None:
    level = filled * height
    modes = Resonator(cylinder(height, radius)).modes(level, 4, temperature)
    expected = [cylinder_frequency(height - level, radius, k, temperature) for k in (1, 3, 5, 7)]
    assert np.abs(cents(modes, expected)).max() < 1.0


def test_a_glass_12_cm_high_rises_from_600_to_2040_hz() -> None:
    resonator = Resonator(cylinder(0.12, 0.035))
    assert resonator.frequency([0.0, 0.06, 0.10]) == pytest.approx([605, 1050, 2057], rel=0.002)


@pytest.mark.parametrize(("air", "slope"), [(0.10, 1.5), (0.05, 4.3), (0.02, 12.7)])
def test_sensitivity_to_volume_grows_as_the_air_column_shrinks(air: float, slope: float) -> None:
    glass = cylinder(0.12, 0.035)
    resonator = Resonator(glass)
    level = glass.level(glass.volume(glass.height - air) + np.array([-0.5e-6, 0.5e-6]))
    assert np.diff(resonator.frequency(level))[0] == pytest.approx(slope, rel=0.03)


def test_a_bottle_tends_to_a_helmholtz_resonator_as_its_neck_narrows() -> None:
    cavity = np.pi * 0.05**2 * 0.08
    deviations = []
    for neck in (0.01, 0.006, 0.003):
        bottle = vessel((0.0, 0.05), (0.08, 0.05), (0.0801, neck), (0.14, neck))
        expected = helmholtz_frequency(cavity, neck, 0.06)
        deviations.append(abs(float(cents(Resonator(bottle).frequency(0.0), expected))))
    assert deviations == sorted(deviations, reverse=True)
    assert deviations[0] < 30
    assert deviations[-1] < 6


def test_a_truncated_cone_agrees_with_a_finite_difference_solution() -> None:
    # Symmetric discretisation of (S p')' + k^2 S p = 0, rigid floor, p = 0 above the mouth.
    bottom, mouth, height = 0.025, 0.04, 0.08
    end = END_CORRECTION * mouth
    n = 2000
    edges = np.linspace(0.0, height + end, n + 1)
    centres = (edges[1:] + edges[:-1]) / 2

    def area(z):
        return np.pi * np.interp(z, [0.0, height], [bottom, mouth]) ** 2

    h = edges[1]
    links = area(edges[1:-1]) / h
    diagonal = np.zeros(n)
    diagonal[:-1] += links
    diagonal[1:] += links
    diagonal[-1] += area(edges[-1]) / (h / 2)
    mass = area(centres) * h
    scale = 1 / np.sqrt(mass)
    eigenvalues = eigh_tridiagonal(
        diagonal * scale**2,
        -links * scale[1:] * scale[:-1],
        select="i",
        select_range=(0, 2),
        eigvals_only=True,
    )
    expected = speed_of_sound() * np.sqrt(eigenvalues) / (2 * np.pi)
    modes = Resonator(vessel((0.0, bottom), (height, mouth))).modes(0.0, 3)
    assert np.abs(cents(modes, expected)).max() < 1.0


@pytest.mark.parametrize("shape", SHAPES)
def test_every_mode_rises_with_the_level_and_stays_finite(shape: str) -> None:
    body = SHAPES[shape]
    resonator = Resonator(body)
    modes = resonator.modes(np.linspace(0.0, body.height, 1500))
    assert np.isfinite(modes).all()
    assert (np.diff(modes, axis=1) > 0).all()
    assert (np.diff(modes, axis=0) > 0).all()


@given(
    radii=st.lists(st.floats(0.006, 0.12), min_size=2, max_size=8),
    height=st.floats(0.02, 0.4),
)
@settings(max_examples=40, deadline=None)
def test_the_first_mode_rises_for_any_profile_and_level_inverts_it(
    radii: list[float], height: float
) -> None:
    z = np.linspace(0.0, height, len(radii))
    resonator = Resonator(vessel(*zip(z.tolist(), radii, strict=True)))
    levels = np.linspace(0.0, height, 300)
    frequencies = resonator.frequency(levels)
    assert np.isfinite(frequencies).all()
    assert (np.diff(frequencies) > 0).all()
    assert resonator.level(frequencies) == pytest.approx(levels, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_full_vessel_keeps_the_mouths_end_correction_as_its_air_column(shape: str) -> None:
    body = SHAPES[shape]
    resonator = Resonator(body)
    limit = cylinder_frequency(0.0, body.mouth_radius)
    assert resonator.frequency(body.height) == pytest.approx(limit, rel=1e-3)
    assert resonator.frequency(2 * body.height) == resonator.frequency(body.height)
    assert resonator.level(1e6) == body.height
    assert resonator.level(1.0) == 0.0


def test_every_vessel_of_the_catalogue_has_rising_audible_modes() -> None:
    for body in vessels().values():
        modes = Resonator(body).modes(np.linspace(0.0, body.height, 500))
        assert (np.diff(modes, axis=1) > 0).all(), body.name
        assert modes[0, 0] > 80, body.name
        assert np.isfinite(modes).all(), body.name


def test_warm_air_sounds_higher() -> None:
    resonator = Resonator(SHAPES["cup"])
    rise = cents(resonator.frequency(0.02, 60.0), resonator.frequency(0.02, 20.0))
    assert rise == pytest.approx(600 * np.log2(333.15 / 293.15), abs=0.1)


def test_more_modes_than_tabulated_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.\.4, got 5"):
        Resonator(SHAPES["cup"]).modes(0.0, 5)
