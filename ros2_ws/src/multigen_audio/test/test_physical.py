from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import welch

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_core.config.yaml_file import ConfigError
from multigen_core.types import CameraFrame, LiquidState
from multigen_core.world.acoustics import cents

from .ridge import ridge

RATE = 16_000


def sound(states, every=0, **options):
    synthesizer = Physical(**options)
    chunks = []
    for index, state in enumerate(states):
        synthesizer.push(state)
        if every and index % every == 0:
            chunks += synthesizer.pull()
    chunks += synthesizer.pull()
    for before, after in pairwise(chunks):
        assert after.stamp == before.end
    return np.concatenate([chunk.samples for chunk in chunks])


def level(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)


def test_sound_spans_exactly_the_time_of_its_inputs() -> None:
    states = list(steady_pour(end=3.0, stamp=123_456_789))
    synthesizer = Physical()
    for state in states:
        synthesizer.push(state)
    (chunk,) = synthesizer.pull()
    assert chunk.stamp == 123_456_789
    assert len(chunk.samples) == 3 * RATE
    assert chunk.samples.dtype == np.float32
    assert synthesizer.pull() == []


def test_a_single_state_gives_no_sound_yet() -> None:
    synthesizer = Physical()
    synthesizer.push(next(steady_pour()))
    assert synthesizer.pull() == []


@pytest.mark.parametrize("every", [1, 3, 50])
def test_chunked_sound_equals_whole_sound(every: int) -> None:
    states = list(steady_pour(flow=60e-6, kind="cola", stop=3.0, end=4.0))
    states = [replace(s, rim_rate=2e-6, glug_frequency=5.0) for s in states]
    assert np.abs(sound(states, every) - sound(states)).max() <= 1e-6


def test_the_seed_decides_the_sound() -> None:
    states = list(steady_pour(stop=1.0, end=1.5))
    assert np.array_equal(sound(states, seed=3), sound(states, seed=3))
    assert not np.array_equal(sound(states, seed=3), sound(states, seed=4))


def test_reset_starts_the_same_stream_again() -> None:
    states = list(steady_pour(stop=1.0, end=1.5))
    synthesizer = Physical()
    runs = []
    for _ in range(2):
        for state in states:
            synthesizer.push(state)
        runs.append(synthesizer.pull()[0].samples)
        synthesizer.reset()
    assert np.array_equal(*runs)


@pytest.mark.parametrize(
    ("vessel", "kind"),
    [
        ("straight_glass", "water"),
        ("straight_glass", "hot_water"),
        ("measuring_cylinder", "water"),
        ("conical_cup", "water"),
        ("wine_glass", "water"),
        ("mug", "milk"),
        ("carafe", "water"),
    ],
)
def test_the_tracked_ridge_is_the_air_columns_resonance(vessel: str, kind: str) -> None:
    from multigen_core.world.catalogue import vessel as entry

    flow = 0.9 * entry(vessel).capacity / 8.0
    states = list(steady_pour(vessel, flow=flow, kind=kind, stop=8.5, end=9.0))
    samples = sound(states)
    begin = int(0.8 * RATE)
    times, frequencies = ridge(samples[begin : int(8.3 * RATE)], RATE)
    truth = np.interp(
        times + 0.8, [s.stamp / 1e9 for s in states], [s.resonance_frequency for s in states]
    )
    assert np.median(np.abs(cents(frequencies, truth))) < 50
    assert frequencies[-10:].mean() > 1.8 * frequencies[:10].mean()


def test_loudness_follows_the_flow() -> None:
    rng = np.random.default_rng(0)
    flows, levels = [], []
    states = list(steady_pour("kettle", flow=1e-6, stop=19.0, end=20.0))
    volume, shaped = 0.0, []
    for index, state in enumerate(states):
        if index % 50 == 0:
            target = float(rng.uniform(5e-6, 80e-6))
        flow = target if 25 < index < 950 else 0.0
        volume += flow / 50
        shaped.append(replace(state, inflow_rate=flow, target_volume=volume, impact_speed=1.8))
    samples = sound(shaped)
    for start in range(1, 18):
        window = slice(start * 50 + 10, start * 50 + 50)
        flows.append(np.log(np.mean([s.inflow_rate for s in shaped[window]])))
        levels.append(level(samples[int((start + 0.2) * RATE) : (start + 1) * RATE]))
    assert np.corrcoef(flows, levels)[0, 1] >= 0.8


def test_loudness_is_calibrated_and_never_clips() -> None:
    samples = sound(steady_pour(flow=40e-6, stop=4.0, end=4.5))
    assert level(samples[RATE : 4 * RATE]) == pytest.approx(-25.0, abs=2.0)
    torrent = sound(steady_pour("kettle", flow=150e-6, lip=0.3, stop=5.0, end=5.5))
    assert np.abs(torrent).max() < 1.0


@pytest.mark.parametrize("kind", ["water", "oil", "cola"])
def test_it_is_silent_where_nothing_flows(kind: str) -> None:
    samples = sound(steady_pour(flow=30e-6, kind=kind, start=1.0, stop=4.0, end=6.0))
    pour = level(samples[int(1.5 * RATE) : 4 * RATE])
    assert pour - level(samples[: int(0.95 * RATE)]) >= 25
    after = level(samples[int(4.5 * RATE) :])
    assert pour - after >= (10 if kind == "cola" else 25)


def test_sound_begins_with_the_flow() -> None:
    samples = sound(steady_pour(flow=30e-6, start=1.0, stop=3.0, end=3.0))
    loud = np.abs(samples) > 0.01 * np.abs(samples).max()
    assert int(np.argmax(loud)) / RATE == pytest.approx(1.0, abs=0.04)


def test_a_trickle_falls_in_separate_drops() -> None:
    samples = sound(steady_pour(flow=0.3e-6, start=0.2, stop=6.0, end=6.2))
    frames = np.array([level(f) for f in samples[RATE : 6 * RATE].reshape(-1, 160)])
    assert np.mean(frames < frames.max() - 30) > 0.4
    assert frames.max() > -50


def test_thick_liquids_are_softer_and_duller() -> None:
    water, oil = (
        sound(steady_pour(flow=40e-6, kind=kind, stop=3.0, end=3.0))[RATE:]
        for kind in ("water", "oil")
    )
    assert level(oil) < level(water) - 3
    assert _centroid(oil) < _centroid(water)


def test_hot_water_is_duller() -> None:
    hot, cold = (
        sound(steady_pour(flow=40e-6, kind=kind, stop=5.0, end=5.0))[RATE:]
        for kind in ("hot_water", "water")
    )
    assert _centroid(hot) < _centroid(cold)


def test_striking_the_rim_makes_a_glass_ring() -> None:
    states = [replace(s, inflow_rate=0.0, rim_rate=3e-6) for s in steady_pour(stop=3.0, end=3.0)]
    from multigen_audio.physical.body import Body
    from multigen_core.world.catalogue import vessel

    samples = sound(states)
    f, power = welch(samples[RATE:], RATE, nperseg=4096)
    empty = float(Body(vessel("straight_glass")).wall(np.zeros(1), 998.0)[0][0, 0])
    near = power[np.abs(f - empty) < 40].max()
    beside = np.median(power[(np.abs(f - empty) > 200) & (np.abs(f - empty) < 600)])
    assert near > 10 * beside


def test_glugs_modulate_the_sound() -> None:
    def modulation(rate: float) -> float:
        states = [
            replace(s, glug_frequency=rate if s.inflow_rate > 0 else 0.0)
            for s in steady_pour("kettle", flow=40e-6, stop=9.0, end=9.0)
        ]
        envelope = np.abs(sound(states)[RATE:])[: 8 * RATE].reshape(-1, 160).mean(axis=1)
        spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
        f = np.fft.rfftfreq(len(envelope), 0.01)
        return spectrum[(f > 3.5) & (f < 4.5)].sum() / spectrum[(f > 1) & (f < 20)].sum()

    assert modulation(4.0) > 1.5 * modulation(0.0)


def test_a_reset_of_the_world_neither_clicks_nor_leaves_a_tail() -> None:
    before = list(steady_pour(flow=60e-6, start=0.0, stop=3.0, end=2.0))
    after = list(steady_pour(flow=60e-6, start=1.0, stop=3.0, end=2.0, stamp=2_020_000_000))
    samples = sound(before + after, every=1)
    assert len(samples) == round(4.02 * RATE)
    assert level(samples[int(2.015 * RATE) : int(2.9 * RATE)]) < -80
    quiet = np.abs(np.diff(samples[RATE : 2 * RATE])).max()
    assert np.abs(np.diff(samples[2 * RATE - 80 : int(2.03 * RATE)])).max() <= quiet


def test_missing_numbers_count_as_nothing() -> None:
    nan = float("nan")
    states = [
        replace(s, impact_speed=nan, rim_rate=nan, resonance_frequency=nan)
        for s in steady_pour(stop=1.0, end=1.0)
    ]
    assert np.isfinite(sound(states)).all()


def test_a_state_may_be_missing() -> None:
    states = list(steady_pour(stop=2.0, end=2.0))
    assert len(sound(states[:40] + states[41:], every=1)) == 2 * RATE


def test_what_it_cannot_take_is_refused() -> None:
    synthesizer = Physical()
    with pytest.raises(TypeError, match="CameraFrame"):
        synthesizer.push(CameraFrame(0, np.zeros((2, 2, 3), np.uint8), "x"))
    with pytest.raises(ConfigError, match="unknown vessel 'amphora'"):
        synthesizer.push(LiquidState(0, "beaker", "amphora", "water"))
    with pytest.raises(ConfigError, match="unknown liquid 'mead'"):
        synthesizer.push(LiquidState(0, "beaker", "mug", "mead"))
    synthesizer.push(LiquidState(5, "beaker", "mug", "water"))
    with pytest.raises(ValueError, match="is not later"):
        synthesizer.push(LiquidState(5, "beaker", "mug", "water"))


def _centroid(samples):
    f, power = welch(samples, RATE, nperseg=1024)
    return float((f * power).sum() / power.sum())
