"""What `multigen doctor` measures of devices, here virtual ones, and what it advises."""

import json
import math
import os
import pty
import threading
import tty

import numpy as np
import pytest
import soundfile

from multigen_core.cli import main
from multigen_core.cli.doctor import State
from multigen_robot.doctor.cameras import measure_camera
from multigen_robot.doctor.chirp import CLEAR, find_chirp, make_chirp
from multigen_robot.doctor.microphones import measure_microphone, noise_floor
from multigen_robot.doctor.picture_latency import find_delay, watch
from multigen_robot.doctor.scales import measure_scale
from multigen_robot.doctor.sound_latency import CHIRPS, estimate, measure_sound_latency
from multigen_robot.microphone.source import Block

RATE = 16_000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def scale_saying():
    """Makes scales on pseudo-terminals that repeat a line; returns the port."""
    over, threads, ends = threading.Event(), [], []

    def make(line, period=0.1):
        leader, follower = pty.openpty()
        tty.setraw(follower)
        ends.extend([leader, follower])

        def weigh():
            while not over.wait(period):
                os.write(leader, line)

        threads.append(threading.Thread(target=weigh))
        threads[-1].start()
        return os.ttyname(follower)

    yield make
    over.set()
    for thread in threads:
        thread.join()
    for end in ends:
        os.close(end)


@pytest.fixture
def sound(tmp_path):
    def make(samples):
        path = tmp_path / "sound.wav"
        soundfile.write(path, samples, RATE)
        return str(path)

    return make


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_chirp_is_located_in_noise_to_a_tenth_of_a_millisecond(rng, rate):
    chirp, start = make_chirp(rate), 0.31
    recording = np.zeros(rate, np.float32)
    first = round(start * rate)
    recording[first : first + len(chirp)] = 0.1 * chirp
    recording += 0.03 * rng.standard_normal(rate).astype(np.float32)
    heard = find_chirp(recording, rate)
    assert heard.start == pytest.approx(start, abs=1e-4)
    assert heard.clarity > CLEAR


def test_noise_and_silence_hold_no_chirp(rng):
    assert find_chirp(rng.standard_normal(RATE).astype(np.float32), RATE).clarity < CLEAR
    assert find_chirp(np.zeros(RATE, np.float32), RATE).clarity == 0.0


def test_sound_latency_is_that_of_the_callbacks_whatever_the_device_reports(rng):
    capture, reported, distance = 0.043, 0.012, 0.686
    emitted = [0.5, 1.6, 2.7]
    sound = 0.001 * rng.standard_normal((4 * RATE, 1)).astype(np.float32)
    for moment in emitted:
        first = round((moment + distance / 343.0) * RATE)
        sound[first : first + len(make_chirp(RATE)), 0] += make_chirp(RATE)
    blocks = []
    for start in range(0, len(sound), 320):
        late = rng.exponential(0.001) if start % 640 else 0.0
        latest = start / RATE + capture + late
        stamp = latest - reported
        blocks.append(
            Block(sound[start : start + 320], round(stamp * 1e9), latest=round(latest * 1e9))
        )
    latency = estimate(blocks, RATE, emitted, distance)
    assert latency.heard == 3
    assert latency.capture == pytest.approx(capture, abs=1e-3)
    assert latency.reported == pytest.approx(reported, abs=1e-6)


def test_picture_latency_is_found_between_images_and_in_a_corner_of_them(rng):
    switches = np.cumsum(rng.uniform(0.12, 0.4, 24))
    arrivals = np.arange(0.0, switches[-1] + 1.0, 1 / 30) + 0.003 * rng.standard_normal()
    light = np.searchsorted(switches, arrivals - 0.137, side="right") % 2
    brightness = 100 + 2.0 * rng.standard_normal((len(arrivals), 12))
    brightness[:, 7] += 40 * light
    delay, clarity = find_delay(switches, arrivals, brightness)
    assert delay == pytest.approx(0.137, abs=0.01)
    assert clarity > 0.9
    assert find_delay(switches, arrivals, np.full((len(arrivals), 12), 50.0))[1] == 0.0


def test_a_camera_on_the_network_is_measured(mjpeg):
    (finding,) = measure_camera(mjpeg().url, 2.0)
    assert finding.state is not State.BROKEN, finding
    assert (finding.values["width"], finding.values["height"]) == (160, 120)
    assert 5.0 < finding.values["rate"] < 30.0
    assert "MJPG" in finding.values["pixel_format"].upper()
    assert math.isnan(finding.values["driver_age"]), "a stream carries no stamp of the driver"


def test_a_slow_camera_gets_advice(video):
    (finding,) = measure_camera(str(video(count=40, rate=5.0)), 2.0)
    assert finding.state is State.NOTE
    assert "turn on light" in finding.remedy


@pytest.mark.parametrize(
    ("value", "fault"), [(0, "take off the lens cap"), (120, "unplug the camera")]
)
def test_a_black_or_frozen_camera_is_broken_and_its_remedy_named(mjpeg, value, fault):
    server = mjpeg()
    server.source = lambda index: np.full((120, 160, 3), value, np.uint8)
    (finding,) = measure_camera(server.url, 2.5)
    assert finding.state is State.BROKEN
    assert fault in finding.remedy


@pytest.mark.parametrize("device", ["/dev/video97", "gone.avi", "http://127.0.0.1:9/none"])
def test_a_camera_that_gives_nothing_is_broken(device):
    (finding,) = measure_camera(device, 1.0)
    assert finding.state is State.BROKEN
    assert device in finding.detail


def test_the_delay_from_a_light_to_a_cameras_image_is_measured(mjpeg):
    server, bright = mjpeg(), threading.Event()
    server.source = lambda index: np.full(
        (120, 160, 3), (200 if bright.is_set() else 40) + index % 5, np.uint8
    )
    late = 0.15

    def show(light):
        threading.Timer(late, bright.set if light else bright.clear).start()

    delay, clarity = watch(server.url, show)
    assert clarity > 0.7
    assert late - 0.02 < delay < late + 0.4


def test_level_clipping_and_noise_floor_are_measured(sound, rng):
    quiet = 0.001 * rng.standard_normal(2 * RATE)
    loud = quiet + 0.25 * np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE)
    assert noise_floor(np.concatenate([quiet, loud]).astype(np.float32)) == pytest.approx(
        -60, abs=1
    )
    (finding,) = measure_microphone(sound(np.resize([loud[:4000], quiet[:4000]], 4 * RATE)), 2.0)
    assert finding.state is State.FINE, finding
    assert finding.values["peak_dbfs"] == pytest.approx(-12, abs=0.5)
    assert finding.values["clipped_samples"] == 0


@pytest.mark.parametrize(
    ("samples", "state", "advice"),
    [
        (np.clip(3 * np.sin(np.arange(3 * RATE) / 9), -1, 1), State.NOTE, "gain down"),
        (np.zeros(3 * RATE), State.BROKEN, "unmute"),
        (0.05 * np.random.default_rng(0).standard_normal(3 * RATE), State.NOTE, "fans"),
        (0.1 + 1e-3 * np.random.default_rng(0).standard_normal(3 * RATE), State.NOTE, "zero"),
    ],
    ids=["clipping", "silent", "noisy", "offset"],
)
def test_a_bad_microphone_gets_advice(sound, samples, state, advice):
    (finding,) = measure_microphone(sound(samples), 2.0)
    assert finding.state is state
    assert advice in finding.remedy


def test_a_scale_is_measured(scale_saying):
    (finding,) = measure_scale(scale_saying(b"ST,GS,+  123.45 g\r\n"), "standard", 9600, 1.5)
    assert finding.state is State.FINE, finding
    assert finding.values["mass"] == pytest.approx(0.12345)
    assert finding.values["rate"] == pytest.approx(10.0, abs=3.0)
    assert finding.values["stable_share"] == 1.0


@pytest.mark.parametrize(
    ("line", "state", "words"),
    [
        (b"US,GS,+  123.45 g\r\n", State.NOTE, "draughts"),
        (b"hello\r\n", State.BROKEN, "--scale-protocol"),
        (b"OL,+\r\n", State.BROKEN, "--scale-protocol"),
    ],
)
def test_a_scale_that_does_not_serve_gets_advice(scale_saying, line, state, words):
    (finding,) = measure_scale(scale_saying(line), "standard", 9600, 1.5)
    assert finding.state is state
    assert words in finding.remedy


def test_a_port_that_does_not_exist_is_broken():
    (finding,) = measure_scale("/dev/ttyNone", "standard", 9600, 1.0)
    assert finding.state is State.BROKEN
    assert "/dev/ttyNone" in finding.detail


def test_chirps_tell_the_latency_of_a_microphone(virtual_microphone):
    (finding,) = measure_sound_latency("pulse", "pulse", 0.0)
    assert finding.state is not State.BROKEN, finding
    assert finding.values["chirps_heard"] >= CHIRPS // 2
    assert 0.0 < finding.values["capture_latency"] < 0.2
    assert finding.values["spread"] < 0.05


def test_a_loudspeaker_that_is_not_heard_is_named(virtual_microphone):
    virtual_microphone.mute()
    (finding,) = measure_sound_latency("pulse", "pulse", 0.0)
    assert finding.state is State.BROKEN
    assert f"0 of {CHIRPS} chirps" in finding.detail


def test_the_command_writes_what_it_measured_and_its_status_tells(
    mjpeg, sound, rng, scale_saying, tmp_path, capsys
):
    report = tmp_path / "doctor.json"
    words = [
        "doctor", "--json", str(report), "--seconds", "1.5", "--camera", mjpeg().url,
        "--microphone", sound(0.001 * rng.standard_normal(3 * RATE)),
    ]  # fmt: skip
    assert main([*words, "--scale", scale_saying(b"ST,GS,+  10.0 g\r\n")]) == 0
    found = {f["subject"]: f for f in json.loads(report.read_text())["findings"]}
    assert found[f"camera {words[6]}"]["values"]["rate"] > 5.0
    assert found[f"microphone {words[8]}"]["values"]["rate"] == RATE
    assert main([*words, "--scale", "/dev/ttyNone"]) == 1
    assert "/dev/ttyNone" in capsys.readouterr().out
