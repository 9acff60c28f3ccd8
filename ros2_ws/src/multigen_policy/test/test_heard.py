from pathlib import Path

import numpy as np
import pytest

from multigen_core.contract import SAMPLE_RATE
from multigen_core.types import AudioChunk, LiquidState, PourProgress
from multigen_core.world.acoustics import Resonator, cents
from multigen_core.world.catalogue import vessel
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.figures import hearing
from multigen_policy.evaluation.heard import hear_episode

from .pour_sound import pour_into

START = 5_000_000_000
GLASS = vessel("straight_glass")


def episode(sound, name="straight_glass", rate=SAMPLE_RATE):
    end = START + len(sound) * 1_000_000_000 // rate
    chunks = [
        AudioChunk(START + k * 1_000_000_000 // rate, sound[k : k + rate // 10], rate)
        for k in range(0, len(sound), rate // 10)
    ]
    states = [LiquidState(t, "beaker", name, "water") for t in (START, end)] if name else []
    goals = [PourProgress(START, "accepted", 100e-6)]
    return Episode(Path("bag"), {}, START, end, goals=goals, liquid=states, audio=chunks)


@pytest.fixture(scope="module")
def pour():
    return pour_into(GLASS, 30e-6, start=1.0, stop=8.0)


@pytest.mark.parametrize("name", ["straight_glass", ""])
def test_the_resonance_of_an_episode_is_tracked_in_its_own_time(pour, name):
    sound, fill = pour
    heard = hear_episode(episode(sound, name))
    assert heard.vessel == name
    index = int(np.searchsorted(heard.stamps, START + 7_000_000_000))
    level = GLASS.level(fill(7.0) * GLASS.capacity)
    assert heard.audible[index]
    assert abs(cents(heard.resonance[index], Resonator(GLASS).frequency(level))) < 120


def test_sound_at_another_rate_is_resampled(pour):
    slow = pour[0][::2]
    heard = hear_episode(episode(slow, rate=SAMPLE_RATE // 2))
    assert heard.stamps[-1] - heard.stamps[0] == pytest.approx(9e9, rel=0.05)


def test_nothing_is_heard_without_sound():
    assert hear_episode(episode(np.zeros(0, np.float32))) is None
    assert hear_episode(episode(np.zeros(1000, np.float32))) is None


def test_the_report_draws_what_was_heard(pour):
    drawn = hearing(episode(pour[0]), (0.0, 9.0))
    assert "tracked by ear" in drawn
    assert "by ear, vessel known: straight_glass" in drawn
