import numpy as np
import pytest

from multigen_core.world.catalogue import liquid, vessel
from multigen_core.world.wetting import Wetting
from multigen_sim.liquid.wall_film import WallFilm
from multigen_sim.liquid.wetted_area import wetted_area, wetted_area_table


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
