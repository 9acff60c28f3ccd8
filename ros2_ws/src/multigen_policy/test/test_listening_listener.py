import numpy as np
import pytest

from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.acoustics import Resonator, cents
from multigen_core.world.catalogue import vessel
from multigen_policy.listening.filling import FlowPrior, Hearing
from multigen_policy.listening.listener import Listener
from multigen_policy.listening.shapes import known_vessel, sized_vessel, unknown_vessel

from .pour_sound import bump, pour_into, shaped_noise

GLASS = vessel("straight_glass")
FLOW = 45e-6


def hear(sound, prior=None, seed=0):
    return Listener(prior or known_vessel(GLASS), seed=seed).push(sound)


def at(estimates, time):
    return estimates[round(time / 0.02)]


@pytest.fixture(scope="module")
def pour():
    return pour_into(GLASS, FLOW)


def test_a_known_vessel_is_followed_within_the_reported_uncertainty(pour):
    sound, fill = pour
    estimates = hear(sound)
    for time in (3.0, 5.0, 7.5):
        belief = at(estimates, time).belief
        assert belief.fill == pytest.approx(fill(time), abs=0.08)
        assert abs(belief.fill - fill(time)) < 4 * belief.fill_error
        true = float(Resonator(GLASS).frequency(GLASS.level(fill(time) * GLASS.capacity)))
        assert abs(cents(belief.resonance, true)) < 120


def test_however_the_stream_is_cut_the_estimates_are_the_same(pour):
    sound = pour[0][: 3 * SAMPLE_RATE]
    whole = hear(sound)
    listener, parts = Listener(known_vessel(GLASS)), []
    for start in range(0, len(sound), 777):
        parts += listener.push(sound[start : start + 777])
    assert parts == whole


def test_the_same_seed_gives_the_same_and_another_a_near_estimate(pour):
    last = [hear(pour[0], seed=seed)[-1].belief.fill for seed in (1, 1, 2)]
    assert last[0] == last[1]
    assert last[0] == pytest.approx(last[2], abs=0.08)


def test_flow_is_heard_to_start_and_to_stop(pour):
    estimates = hear(pour[0])
    flowing = np.array([estimate.flowing for estimate in estimates])
    assert np.argmax(flowing) * 0.02 == pytest.approx(1.0, abs=0.2)
    assert np.flatnonzero(flowing)[-1] * 0.02 == pytest.approx(8.0, abs=0.6)


def test_nothing_fills_in_silence():
    estimates = hear(np.zeros(4 * SAMPLE_RATE, np.float32))
    assert not any(estimate.flowing for estimate in estimates)
    assert estimates[-1].belief.volume < estimates[0].belief.volume + 5e-6
    assert not estimates[-1].audible


def test_loudness_does_not_matter(pour):
    sound, fill = pour
    for gain in (10 ** (-15 / 20), 10 ** (15 / 20)):
        belief = at(hear(np.clip(sound * gain, -1, 1)), 7.0).belief
        assert belief.fill == pytest.approx(fill(7.0), abs=0.1)


def test_hum_and_clipping_are_borne(pour):
    sound, fill = pour
    time = np.arange(len(sound)) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 8))
    peak = np.abs(sound).max()
    worse = np.clip(sound + 0.3 * peak * hum, -0.3 * peak, 0.3 * peak).astype(np.float32)
    assert at(hear(worse), 7.0).belief.fill == pytest.approx(fill(7.0), abs=0.12)


def test_a_louder_falling_ridge_is_not_the_air_column():
    resonator = Resonator(GLASS)

    def fill(time):
        return FLOW * np.clip(time - 1, 0, 7) / GLASS.capacity

    def gain(time, frequencies):
        if not 1 <= time < 8:
            return 0.001 * np.ones(len(frequencies))
        rising = float(resonator.frequency(GLASS.level(fill(time) * GLASS.capacity)))
        falling = 2300 * 2 ** (-(time - 1) / 5)
        return 0.3 + 5 * bump(frequencies, rising) + 7 * bump(frequencies, falling)

    belief = at(hear(shaped_noise(gain, 9.0)), 7.0).belief
    assert belief.fill == pytest.approx(fill(7.0), abs=0.12)


def test_noise_without_a_resonance_is_not_audible():
    noise = 0.05 * np.random.default_rng(0).standard_normal(5 * SAMPLE_RATE).astype(np.float32)
    assert not hear(noise, unknown_vessel())[-1].audible


def test_an_unknown_vessel_is_heard_by_its_resonance_and_doubted_by_its_size(pour):
    sound, fill = pour
    estimates = hear(sound, unknown_vessel())
    true = float(Resonator(GLASS).frequency(GLASS.level(fill(7.0) * GLASS.capacity)))
    belief = at(estimates, 7.0).belief
    assert abs(cents(belief.resonance, true)) < 120
    assert belief.volume_error > at(hear(sound), 7.0).belief.volume_error


def test_knowing_the_size_narrows_the_volume(pour):
    sized = sized_vessel(0.07, 0.12)
    narrow, wide = (at(hear(pour[0], prior), 6.0).belief for prior in (sized, unknown_vessel()))
    assert narrow.volume_error < wide.volume_error


def test_a_pour_onto_liquid_is_recognised():
    sound, fill = pour_into(GLASS, 20e-6, first=0.5 * GLASS.capacity)
    belief = at(hear(sound, known_vessel(GLASS, empty=0.3)), 7.0).belief
    assert belief.fill == pytest.approx(fill(7.0), abs=0.1)
    assert belief.poured < 0.6 * belief.volume


class Steady:
    """An inflow of `rate` [m^3/s], whichever particle is asked."""

    def __init__(self, rate):
        self.rate = rate
        self.selected = 0

    def step(self, seconds):
        return self.rate * seconds

    def select(self, chosen):
        self.selected += 1


def test_a_flow_known_otherwise_carries_the_volume_where_no_resonance_is_heard():
    sound = shaped_noise(lambda time, f: 0.3 * (f > 200), 4.0)
    prior, flow = known_vessel(GLASS, empty=1.0), FlowPrior(20e-6, spread=0.05, drift=0.02)
    listener = Listener(prior, flow, Hearing(trust=0.1, fresh=0.0, jitter=0.0))
    volume = listener.push(sound, Steady(20e-6))[-1].belief.volume
    assert volume == pytest.approx(4.0 * 20e-6, rel=0.15)


def test_of_accounts_of_the_inflow_the_sound_selects_that_which_is_true(pour):
    class Accounts(Steady):
        def step(self, seconds):
            return self.rate * seconds

        def select(self, chosen):
            self.rate = self.rate[chosen]

    sound, fill = pour
    prior, flow = known_vessel(GLASS, 0.005, empty=1.0), FlowPrior(spread=0.01, drift=0.0)
    listener = Listener(prior, flow, Hearing(fresh=0.0, jitter=0.0))
    true = (fill(7.0) - fill(6.0)) * GLASS.capacity
    accounts = Accounts(true * np.linspace(0.5, 1.5, listener.filling.count))
    listener.push(sound[: 8 * SAMPLE_RATE], accounts)
    weights = listener.filling.weights()
    assert len(weights) == len(accounts.rate)
    assert weights @ accounts.rate == pytest.approx(true, rel=0.12)
    assert np.std(accounts.rate) < 0.2 * true


def test_what_arrived_unheard_is_added(pour):
    listener = Listener(known_vessel(GLASS))
    before = listener.filling.posterior()
    listener.filling.add(np.full(listener.filling.count, 30e-6))
    after = listener.filling.posterior()
    assert after.volume - before.volume == pytest.approx(30e-6, rel=1e-6)
    assert after.poured == pytest.approx(30e-6, rel=1e-6)


def test_a_flow_known_to_be_none_cannot_be_heard(pour):
    listener = Listener(known_vessel(GLASS))
    estimates = listener.push(pour[0], none=True)
    assert not any(estimate.flowing for estimate in estimates)
    assert estimates[-1].belief.poured == pytest.approx(0.0, abs=1e-6)
