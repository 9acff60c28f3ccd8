import numpy as np
import pytest

from multigen_core.world.acoustics import cents
from multigen_core.world.vibrations import (
    bubble_damping,
    bubble_frequency,
    wall_frequency,
    wall_loading,
)

GLASS = {"young": 6.5e10, "density": 2500.0}


def test_a_wine_glass_rings_where_wine_glasses_ring() -> None:
    for radius, height, thickness in [
        (0.035, 0.09, 0.001),
        (0.032, 0.08, 0.0012),
        (0.04, 0.1, 0.0015),
    ]:
        assert 400 < wall_frequency(radius, height, thickness, **GLASS) < 1000


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_tall_glass_rings_like_rayleighs_inextensional_ring(n: int) -> None:
    radius, thickness = 0.035, 0.001
    bending = thickness / np.sqrt(12) * np.sqrt(GLASS["young"] / GLASS["density"])
    ring = n * (n**2 - 1) / np.sqrt(n**2 + 1) * bending / (2 * np.pi * radius**2)
    assert wall_frequency(radius, 50.0, thickness, **GLASS, n=n) == pytest.approx(ring, rel=1e-6)


def test_wall_modes_order_by_waves_around_the_rim() -> None:
    modes = [wall_frequency(0.035, 0.09, 0.002, **GLASS, n=n) for n in (2, 3, 4)]
    assert modes == sorted(modes)
    assert wall_frequency(0.035, 0.09, 0.002, **GLASS, m=2) > modes[0]


def test_an_impossible_wall_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="n at least 2"):
        wall_frequency(0.035, 0.09, 0.002, **GLASS, n=1)


@pytest.mark.parametrize(("thickness", "drop"), [(0.001, 1300), (0.002, 870), (0.003, 670)])
def test_a_full_glass_rings_lower_by_its_load(thickness: float, drop: float) -> None:
    level = np.linspace(0.0, 0.09, 50)
    factor = wall_loading(level, 0.035, 0.09, thickness, GLASS["density"], 998.0)
    assert factor[0] == 1.0
    assert (np.diff(factor) < 0).all()
    assert -cents(factor[-1], 1.0) == pytest.approx(drop, abs=10)


def test_loading_stays_below_the_limit_of_a_long_cylinder() -> None:
    # Added mass of the n = 2 potential flow: rho R / 2 per wall area, moved by 1 of 1 + 1/4 parts.
    load = 998.0 * 0.035 / (2500 * 0.002)
    limit = 1 / np.sqrt(1 + 0.4 * load)
    assert wall_loading(0.09, 0.035, 0.09, 0.002, 2500, 998.0) > limit


def test_bubbles_ring_at_minnaerts_frequency() -> None:
    assert bubble_frequency(0.001) == pytest.approx(3260, rel=0.01)
    assert bubble_frequency(0.001, 1350.0) < bubble_frequency(0.001)


def test_small_and_viscous_bubbles_decay_faster() -> None:
    radii = np.geomspace(0.15e-3, 15e-3, 20)
    damping = bubble_damping(radii)
    assert (np.diff(damping) < 0).all()
    quality = np.pi * bubble_frequency(radii) / damping
    assert (quality > 5).all()
    assert (quality < 100).all()
    assert (bubble_damping(radii, 1350.0, 2.0) > damping).all()
