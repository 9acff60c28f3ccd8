import numpy as np
import pytest

from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.contract import SAMPLE_RATE
from multigen_core.policy import Observation, PourGoal, Sense
from multigen_core.types import AudioChunk, JointState
from multigen_core.world.catalogue import vessel
from multigen_core.world.tilted_volume import tilted_volume
from multigen_policy.classical.acoustic import Acoustic, AcousticConfig, DeafError, EmptyError

GOAL = PourGoal(100e-6)
PERIOD = 100_000_000


class Bench:
    """An arm that follows exactly, and a microphone that gives `sound(time [s], tilt [rad])`.

    Sound that is None is lost.
    """

    def __init__(self, station, path, sound, config=AcousticConfig()):
        self.policy = Acoustic(station, config)
        self.policy.reset(GOAL)
        self._path, self._names = path, station.arm.names
        self._follower = TrajectoryFollower(self._names, path.at(0.0))
        self._sound = sound
        self.now = 0

    @property
    def tilt(self):
        return self._path.tilt_of(self._follower.sample(self.now)[0])

    def step(self):
        self.now += PERIOD
        positions, velocities = self._follower.sample(self.now)
        joints = JointState(self.now, self._names, positions, velocities)
        samples = self._sound(self.now / 1e9, self.tilt)
        audio = ()
        if samples is not None:
            audio = (AudioChunk(self.now - PERIOD, np.asarray(samples, np.float32), SAMPLE_RATE),)
        alive = frozenset({Sense.AUDIO}) if audio else frozenset()
        decision = self.policy.act(
            Observation(self.now, self.now, joints, audio=audio, alive=alive)
        )
        if decision.trajectory is not None:
            self._follower.accept(decision.trajectory, self.now)
        return decision


def hiss(level, seed=0):
    rng = np.random.default_rng(seed)
    return lambda time, tilt: 10 ** (level / 20) * rng.standard_normal(SAMPLE_RATE // 10)


def quiet_until(tilt_of_flow, loud=-30.0):
    quiet, flow = hiss(-85), hiss(loud, 1)
    return lambda time, tilt: (flow if tilt > tilt_of_flow else quiet)(time, tilt)


@pytest.fixture
def bench(station, path):
    return lambda sound, **config: Bench(station, path, sound, AcousticConfig(**config))


def test_without_sound_it_gives_up_before_pouring(bench):
    rig = bench(lambda time, tilt: None)
    with pytest.raises(DeafError, match="check the microphone"):
        for _ in range(300):
            rig.step()
    assert rig.tilt < 0.5


def test_digital_silence_is_a_muted_microphone(bench):
    rig = bench(lambda time, tilt: np.zeros(SAMPLE_RATE // 10))
    with pytest.raises(DeafError, match="muted"):
        for _ in range(300):
            rig.step()
    assert rig.tilt < 0.1


def test_an_empty_source_is_tilted_all_the_way_and_named(bench):
    rig = bench(hiss(-85))
    with pytest.raises(EmptyError, match="seems to be empty"):
        for _ in range(900):
            rig.step()
    assert rig.tilt > 2.2


def test_the_tilt_at_which_flow_is_heard_tells_the_start_volume(bench):
    rig = bench(quiet_until(1.1))
    while rig.tilt < 1.05:
        rig.step()
    for _ in range(30):
        rig.step()
        if rig.policy.start_content:
            break
    expected = float(tilted_volume(vessel("beaker"), 3e-3, 1.1))
    assert rig.policy.start_content == pytest.approx(expected, abs=15e-6)


def test_a_flow_heard_stops_the_search_at_once(bench):
    rig = bench(quiet_until(1.1), flow=10e-6)
    while rig.tilt < 1.1:
        rig.step()
    for _ in range(10):
        rig.step()
    assert rig.tilt < 1.25


def test_it_returns_upright_when_the_goal_is_reached(bench):
    rig = bench(quiet_until(1.1))
    stages = []
    for _ in range(900):
        decision = rig.step()
        stages.append(decision.stage)
        if decision.outcome:
            break
    assert decision.outcome.value == "succeeded"
    assert rig.tilt < 0.05
    assert decision.estimated_volume == pytest.approx(GOAL.target_volume, rel=0.35)
    assert list(dict.fromkeys(stages)) == ["approach", "pour", "return", "done"]


def test_noise_that_was_there_before_is_not_flow(bench):
    rig = bench(hiss(-38))
    for _ in range(60):
        rig.step()
    assert rig.policy.start_content is None


def test_a_goal_resets_what_was_heard(bench):
    rig = bench(quiet_until(1.1))
    while rig.policy.start_content is None:
        rig.step()
    rig.policy.reset(GOAL)
    assert rig.policy.start_content is None
    assert rig.policy.heard is None


def test_what_leaves_during_a_gap_in_the_sound_counts(bench):
    def poured(gap):
        """In the second after one of steady pouring, of which `gap` steps are not heard."""
        pour, missing = quiet_until(1.1), set()
        rig = bench(lambda time, tilt: None if round(time * 10) in missing else pour(time, tilt))
        while rig.policy.start_content is None:
            rig.step()
        for _ in range(15):
            rig.step()
        before = rig.policy.heard.belief.poured
        missing.update(range(rig.now // PERIOD + 1, rig.now // PERIOD + 1 + gap))
        for _ in range(10):
            rig.step()
        return rig.policy.heard.belief.poured - before

    assert poured(8) == pytest.approx(poured(0), abs=2e-6)
