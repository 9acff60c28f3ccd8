import threading
import time
from collections import defaultdict

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, hold
from multigen_core.errors import MultigenError
from multigen_core.simulator import make_simulator
from multigen_core.world.scene import Scene, SourceSpec
from multigen_sim.simulation_loop import START, Rates, SimulationLoop

ARM = Arm.load()


class Recorder:
    """Keeps what the loop hands out."""

    def __init__(self, camera=False):
        self.items = defaultdict(list)
        self.errors = []
        self._camera = camera
        self._changed = threading.Condition()

    def _add(self, kind, item):
        with self._changed:
            self.items[kind].append(item)
            self._changed.notify_all()

    def clock(self, now):
        self._add("clock", now)

    def joints(self, state):
        self._add("joints", state)

    def liquid(self, state):
        self._add("liquid", state)

    def pour(self, state):
        self._add("pour", state)

    def wants_camera(self):
        return self._camera

    def camera(self, frame, calibration, now):
        self._add("info", now)
        if frame is not None:
            self._add("camera", frame)

    def wants_hearing(self):
        return True

    def hearing(self, frame):
        self._add("hearing", frame)

    def collided(self, pair):
        self._add("collision", pair)

    def lost(self, error):
        self._add("lost", error)

    def failed(self, error):
        self.errors.append(error)
        self._add("failed", error)

    def until(self, condition, timeout=20.0):
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.items), timeout)


@pytest.fixture
def start():
    loops = []

    def begin(scene=None, recorder=None, **options):
        recorder = recorder or Recorder()
        scene = scene or (lambda: (Scene(), 0))
        loop = SimulationLoop(
            lambda: make_simulator("mujoco", ARM),
            ARM,
            scene,
            recorder,
            Rates(),
            **{"real_time_factor": 0.0, **options},
        )
        loops.append(loop)
        loop.start()
        return loop, recorder

    yield begin
    for loop in loops:
        loop.stop()


def clock_reaches(seconds):
    return lambda items: items["clock"] and items["clock"][-1] > seconds * 1e9


def test_rates_and_stamps_are_the_contract_s(start):
    loop, recorder = start(recorder=Recorder(camera=True))
    recorder.until(clock_reaches(2.1))
    loop.stop()
    items = recorder.items
    assert items["clock"][0] == START > 0
    assert (np.diff(items["clock"]) == 5_000_000).all()
    for kind, rate in (
        ("joints", 100),
        ("liquid", 50),
        ("pour", 10),
        ("camera", 30),
        ("info", 30),
        ("hearing", 10),
    ):
        within = [i for i in items[kind] if getattr(i, "stamp", i) < START + 2_000_000_000]
        assert len(within) == pytest.approx(2 * rate, abs=1), kind
    stamps = [frame.stamp for frame in items["camera"]]
    assert stamps == items["info"][: len(stamps)]


def test_unwanted_pictures_are_not_drawn(start):
    _, recorder = start()
    recorder.until(clock_reaches(0.5))
    assert recorder.items["info"]
    assert not recorder.items["camera"]


def test_follows_a_trajectory(start):
    loop, recorder = start()
    recorder.until(lambda items: items["joints"])
    goal = recorder.items["joints"][0].positions[:7] + 0.05
    loop.command(hold(ARM.names, goal))
    recorder.until(lambda items: np.abs(items["joints"][-1].positions[:7] - goal).max() < 2e-3)


def test_bad_trajectories_are_counted_with_the_reason_and_the_world_goes_on(start):
    loop, recorder = start()
    recorder.until(lambda items: items["joints"])
    loop.command(hold(("elbow",), np.zeros(1)))
    recorder.until(lambda _: loop.rejected == 1)
    assert "joints missing" in loop.reason
    loop.command(hold(ARM.names, np.full(7, np.nan)))
    recorder.until(lambda _: loop.rejected == 2)
    assert "NaN" in loop.reason
    empty = np.empty((0, 7))
    loop.command(Trajectory(ARM.names, np.empty(0), empty, empty))
    recorder.until(lambda _: loop.rejected == 3)
    assert "empty" in loop.reason
    beyond = recorder.items["joints"][0].positions[:7].copy()
    beyond[1] = 3.0
    loop.command(hold(ARM.names, beyond))
    recorder.until(lambda _: loop.rejected == 4)
    assert loop.reason == "joint_2 at 3.000 rad is outside its limits -2.24 … 2.24 rad"
    now = recorder.items["clock"][-1] / 1e9
    recorder.until(clock_reaches(now + 0.5))


def test_collisions_are_reported_and_counted(start):
    loop, recorder = start()
    recorder.until(lambda items: items["joints"])
    low = recorder.items["joints"][0].positions[:7].copy()
    low[1] += 0.6
    loop.command(hold(ARM.names, low))
    recorder.until(lambda items: items["collision"])
    assert "table" in " ".join(recorder.items["collision"])
    assert loop.figures["collisions"] == loop.collisions >= 1
    assert loop.collision == recorder.items["collision"][-1]


def test_reset_brings_the_world_back_but_never_the_clock(start):
    volumes = iter([350.0, 200.0])
    loop, recorder = start(lambda: (Scene(source=SourceSpec(volume_ml=next(volumes))), 0))
    recorder.until(clock_reaches(0.3))
    before = recorder.items["clock"][-1]
    assert loop.reset() == ""
    recorder.until(clock_reaches(before / 1e9 + 0.3))
    assert (np.diff(recorder.items["clock"]) > 0).all()
    stamps = [state.stamp for state in recorder.items["joints"]]
    assert (np.diff(stamps) > 0).all()
    assert recorder.items["pour"][-1].source_volume == pytest.approx(200e-6)


def test_failed_reset_tells_why_and_keeps_running(start):
    good = [True]

    def scene():
        if good:
            good.clear()
            return Scene(), 0
        raise MultigenError("no such scene")

    loop, recorder = start(scene)
    recorder.until(clock_reaches(0.2))
    assert loop.reset() == "no such scene"
    recorder.until(clock_reaches(recorder.items["clock"][-1] / 1e9 + 0.2))


def test_pause_stops_the_clock(start):
    loop, recorder = start(real_time_factor=5.0)
    recorder.until(clock_reaches(0.2))
    loop.paused = True
    time.sleep(0.1)
    standing = recorder.items["clock"][-1]
    time.sleep(0.1)
    assert recorder.items["clock"][-1] == standing
    loop.paused = False
    recorder.until(clock_reaches(standing / 1e9 + 0.1))


def test_waits_for_sound(start):
    loop, recorder = start(max_audio_lead=0.3)
    recorder.until(clock_reaches(0.25))
    time.sleep(0.2)
    assert recorder.items["clock"][-1] <= START + 300_000_000
    loop.audio.heard(START + 200_000_000)
    recorder.until(clock_reaches(0.45))
    time.sleep(0.2)
    assert recorder.items["clock"][-1] <= START + 500_000_000


def test_a_world_that_cannot_start_is_reported(start):
    def scene():
        raise MultigenError("no such scene")

    _, recorder = start(scene)
    recorder.until(lambda items: items["failed"])
    assert str(recorder.errors[0]) == "no such scene"


def test_unknown_backends_are_refused_by_name():
    with pytest.raises(MultigenError, match=r"available:.*mujoco"):
        make_simulator("atlantis", ARM)
