import pytest

from multigen_core.types import NANOSECONDS
from multigen_sim.pacing import AUDIO_TIMEOUT, AudioLead, Pacer


class Steady:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def steady():
    return Steady()


def seconds(value):
    return round(value * NANOSECONDS)


def test_waits_until_simulated_time_is_due(steady):
    pacer = Pacer(1.0, steady)
    steady.now += 0.002
    assert pacer.delay(seconds(0.005)) == pytest.approx(0.003)


def test_factor_scales_time(steady):
    pacer = Pacer(2.0, steady)
    assert pacer.delay(seconds(1.0)) == pytest.approx(0.5)


def test_zero_never_waits(steady):
    assert Pacer(0.0, steady).delay(seconds(100.0)) == 0.0


def test_small_delays_are_made_up_and_large_ones_counted(steady):
    pacer = Pacer(1.0, steady)
    steady.now += 0.05
    assert pacer.delay(seconds(0.01)) == 0.0
    assert pacer.delay(seconds(0.06)) == pytest.approx(0.01)
    assert pacer.overruns == 0
    steady.now += 1.0
    assert pacer.delay(seconds(0.07)) == 0.0
    assert pacer.overruns == 1
    assert pacer.delay(seconds(0.08)) == pytest.approx(0.01)


def test_measures_the_real_time_factor(steady):
    pacer = Pacer(0.0, steady)
    for tick in range(1, 400):
        steady.now += 0.01
        pacer.delay(seconds(0.005 * tick))
    assert pacer.measured == pytest.approx(0.5, rel=0.02)


def test_time_stands_until_sound_catches_up(steady):
    lead = AudioLead(0.3, steady)
    assert lead.wait(seconds(1.0), 0.0)
    assert lead.wait(seconds(1.29), 0.0)
    assert not lead.wait(seconds(1.31), 0.0)
    lead.heard(seconds(1.1))
    assert lead.wait(seconds(1.31), 0.0)
    assert not lead.wait(seconds(1.41), 0.0)


def test_off_never_waits(steady):
    assert AudioLead(0.0, steady).wait(seconds(1000.0), 0.0)


def test_without_sound_waiting_ends_and_begins_again_with_sound(steady):
    lead = AudioLead(0.3, steady)
    assert lead.wait(seconds(1.0), 0.0)
    assert not lead.wait(seconds(2.0), 0.0)
    steady.now += AUDIO_TIMEOUT + 1
    assert lead.wait(seconds(2.0), 0.0)
    assert lead.silent
    lead.heard(seconds(2.0))
    assert not lead.silent
    assert not lead.wait(seconds(3.0), 0.0)


def test_old_sound_does_not_move_time_back(steady):
    lead = AudioLead(0.3, steady)
    lead.heard(seconds(5.0))
    lead.heard(seconds(1.0))
    assert lead.wait(seconds(5.2), 0.0)
