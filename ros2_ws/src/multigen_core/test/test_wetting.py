from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.world.catalogue import liquid, liquids, vessel, vessels
from multigen_core.world.wetting import Wetting

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
