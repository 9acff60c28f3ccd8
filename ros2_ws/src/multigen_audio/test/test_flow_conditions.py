import numpy as np
import pytest

from multigen_audio.flow.conditions import COLUMNS, HOP, Conditions
from multigen_audio.flow.features import FEATURES, LEVEL, envelope, features, loudness
from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_core.learning.mel import BANDS, centres
from multigen_core.world.catalogue import vessel


def test_rows_follow_the_states_in_the_middle_of_their_hops() -> None:
    states = list(steady_pour("kettle", stamp=5_000_000_000))
    now = Conditions.of_states(states)
    assert now.stamp == 5_000_000_000
    assert now.end == states[-1].stamp
    middle = np.array([s.target_level for s in states]) / vessel("kettle").height
    expected = np.interp(3.005, np.arange(len(states)) * 0.02, middle)
    assert now["level"][300] == pytest.approx(expected, rel=1e-5)
    assert now["steel"].min() == 1.0
    assert now["glass"].max() == 0.0


def test_a_cut_of_the_truth_is_the_truth_of_the_cut() -> None:
    states = list(steady_pour())
    whole = Conditions.of_states(states)
    part = Conditions.of_states(states, states[0].stamp + 100 * HOP, 50)
    np.testing.assert_allclose(part.values, whole.values[100:150], rtol=1e-6)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=rf"must be \(T, {len(COLUMNS)}\)"):
        Conditions(0, np.zeros((3, 4), np.float32))


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError, match="colour"):
        Conditions.of(0, 3, vessel("mug"), colour=1.0)


@pytest.mark.parametrize("frequency", [200.0, 777.0, 3000.0])
def test_the_resonance_is_marked_where_it_is(frequency: float) -> None:
    told = features(Conditions.of(0, 1, vessel("mug"), resonance=frequency), real=True)
    bump = told[0, :BANDS]
    seen = 2 ** (np.sum(bump * np.log2(centres())) / bump.sum())
    assert seen == pytest.approx(frequency, rel=0.02)


def test_features_are_finite_whatever_is_seen() -> None:
    wild = Conditions.of(
        0, 4, vessel("mug"), viscosity=np.nan, bubbliness=np.nan, temperature=np.nan,
        level=[0.0, 1.0, 1.0, 0.5], air_column=[0.0, 0.0, 0.1, 0.2], resonance=[0.0, 1e5, 1.0, 500],
    )  # fmt: skip
    told = features(wild, real=False)
    assert told.shape == (4, FEATURES)
    assert np.isfinite(told).all()
    assert np.isfinite(loudness(wild)).all()


def test_an_unknown_liquid_counts_as_water() -> None:
    water = Conditions.of(
        0, 1, vessel("mug"), viscosity=1.002e-3, bubbliness=1.0, temperature=20.0, flow=2e-5,
        impact_speed=1.0,
    )  # fmt: skip
    unknown = water.values.copy()
    unknown[:, [COLUMNS.index(n) for n in ("viscosity", "bubbliness", "temperature")]] = np.nan
    np.testing.assert_array_equal(features(water, True), features(Conditions(0, unknown), True))
    np.testing.assert_array_equal(loudness(water), loudness(Conditions(0, unknown)))


def test_expected_loudness_is_that_of_the_physical_synthesizer() -> None:
    states = list(steady_pour(flow=30e-6))
    physical = Physical()
    for state in states:
        physical.push(state)
    (chunk,) = physical.pull()
    unit = chunk.samples[16_000:80_000].reshape(-1, 160)
    unit = unit / loudness(Conditions.of_states(states))[100:500, None]
    assert abs(20 * np.log10(np.sqrt(np.mean(unit**2)))) < 1.5


def test_nothing_falling_is_silence_and_sound_dies_away_before_it() -> None:
    rms = loudness(Conditions.of_states(list(steady_pour(stop=2.0, end=3.0))))
    assert rms[:49].max() == 0.0
    assert rms[250:].max() == 0.0
    assert rms[100:180].min() > 0.3 * LEVEL
    fading = envelope(rms)
    assert fading[210] == pytest.approx(fading[205] * np.exp(-0.05 / 0.04), rel=1e-5)
    assert (fading >= rms).all()
    assert fading[260] < 1e-3 * fading[190]
    np.testing.assert_array_equal(
        np.concatenate([fading[:203], envelope(rms[203:], float(fading[202]))]), fading
    )
