from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.vessel import liquid, liquids, vessel, vessels
from multigen_sim.wall_film import WallFilm
from multigen_sim.wetted_area import wetted_area, wetted_area_table
from multigen_sim.wetting import Wetting

WATER_ON_GLASS = Wetting.of(vessel("beaker"), liquid("water"))


def test_water_wets_glass_better_than_plastic_and_oil_wets_everything():
    glass, plastic = (
        Wetting.of(vessel(name), liquid("water")).advancing for name in ("beaker", "plastic_beaker")
    )
    assert np.degrees(glass) == pytest.approx(48, abs=3)
    assert np.degrees(plastic) == pytest.approx(93, abs=5)
    assert np.degrees(Wetting.of(vessel("plastic_beaker"), liquid("oil")).advancing) < 25


@given(
    st.sampled_from(sorted(vessels())),
    st.sampled_from(sorted(liquids())),
    st.floats(0.0, 2.6),
)
def test_a_dry_lip_holds_more_than_a_wet_one_and_neither_more_than_a_pendant_puddle(
    source, drink, tilt
):
    wetting = Wetting.of(vessel(source), liquid(drink))
    assert 0.0 < wetting.stopping_head <= wetting.starting_head(max(tilt, 0.0)) + 1e-12
    assert wetting.starting_head(tilt) <= 2.0 * wetting.capillary_length + 1e-12


def test_capillarity_scales_the_heads():
    none = replace(WATER_ON_GLASS, capillarity=0.0)
    assert none.starting_head(1.0) == none.stopping_head == 0.0
    assert 1e-3 < WATER_ON_GLASS.stopping_head < 2e-3
    assert 3e-3 < WATER_ON_GLASS.starting_head(1.0) < 5e-3


def test_film_follows_landau_levich_and_thickens_with_speed():
    oil = Wetting.of(vessel("beaker"), liquid("oil"))
    speed = 0.002
    number = oil.liquid.viscosity * speed / oil.liquid.surface_tension
    expected = 0.94 * oil.capillary_length * number ** (2 / 3)
    assert oil.film_thickness(speed) == pytest.approx(expected, rel=0.06)
    assert oil.film_thickness(0.02) > oil.film_thickness(0.002) > 0.0


def test_a_slow_contact_line_leaves_no_film():
    assert WATER_ON_GLASS.film_thickness(1e-3) == 0.0
    assert Wetting.of(vessel("plastic_beaker"), liquid("water")).film_thickness(0.3) == 0.0


def test_film_drains_as_one_over_the_root_of_time():
    film = WallFilm(Wetting.of(vessel("beaker"), liquid("syrup")), 0.02)
    film.step(0.01, 0.04, 1.0, 0.5)
    volumes = []
    for steps in (40_000, 120_000):
        for _ in range(steps):
            film.step(0.01, 0.04, 1.0, 0.005)
        volumes.append(film.volume)
    assert volumes[1] == pytest.approx(volumes[0] / 2.0, rel=0.05)


def test_liquid_that_comes_back_takes_the_film_up():
    film = WallFilm(Wetting.of(vessel("beaker"), liquid("syrup")), 0.02)
    film.step(0.01, 0.04, 1.0, 0.5)
    before = film.volume
    assert before > 1e-6
    film.step(0.015, 0.04, 1.0, 1e-9)
    assert film.volume == pytest.approx(before / 2, rel=1e-3)
    film.step(0.02, 0.04, 1.0, 1e-9)
    assert film.volume == 0.0


def test_film_takes_no_more_than_there_is():
    film = WallFilm(Wetting.of(vessel("beaker"), liquid("syrup")), 0.02)
    film.step(0.0, 0.04, 3e-7, 0.05)
    assert film.volume <= 3e-7


def test_wetted_area_of_an_upright_cylinder_is_floor_and_side(some_vessel):
    cylinder = some_vessel(((0, 0.035), (0.12, 0.035)))
    area = wetted_area(cylinder, [-0.05], 0.0)[0]
    assert area == pytest.approx(np.pi * 0.035**2 + 2 * np.pi * 0.035 * 0.07, rel=0.01)


def test_wetted_area_grows_with_the_volume_to_the_whole_inside(some_vessel):
    cylinder = some_vessel(((0, 0.035), (0.12, 0.035)))
    table = wetted_area_table(cylinder)
    areas = [table.area(part * cylinder.capacity, 1.1) for part in np.linspace(0, 1, 30)]
    assert (np.diff(areas) > -1e-9).all()
    assert areas[-1] == pytest.approx(np.pi * 0.035**2 + 2 * np.pi * 0.035 * 0.12, rel=0.02)
