"""The node with the shipped generative synthesizer, fed with pictures that come as they may."""

import dataclasses
import time
from itertools import pairwise

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from multigen_audio.pours.simulation import simulate
from multigen_core import contract
from multigen_core.types import NANOSECONDS

from .test_audio_synthesizer_node import CHUNK, Feed

FRAME = 100_000_000


class Pictures(Feed):
    topic = contract.AUDIO_VIEW


@pytest.fixture(scope="module")
def pour():
    """Pictures of a pour that has begun and goes on, and the level of its flow."""
    found = simulate(3)
    flow = np.array([state.inflow_rate for state in found.states[::10]])
    begin = int(np.argmax(flow > 5e-6))
    assert flow[begin + 5 : begin + 20].min() > 2e-6
    return found.cutaway, begin


@pytest.fixture
def feed(peer, wait, meet, health):
    return Pictures(peer, wait, meet, health)


def moved(frames, stamp):
    """Frames with the stamps that follow `stamp`."""
    return [dataclasses.replace(f, stamp=stamp + i * FRAME) for i, f in enumerate(frames)]


def level(chunks):
    return 20 * np.log10(np.sqrt(np.mean(np.concatenate([c.samples for c in chunks]) ** 2)))


def test_a_pour_is_heard_as_it_is_seen_and_silence_is_a_rooms(start_node, feed, pour, wait) -> None:
    frames, begin = pour
    start_node("multigen_audio", "audio_synthesizer", synthesizer="flow")
    feed.ready()
    seen = moved(frames[: begin + 20], time.time_ns())
    feed.send(seen, pause=0.03)
    chunks = feed.chunks((begin + 19) * 5 - 1)
    assert chunks[0].stamp == seen[0].stamp
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    before, after = chunks[: (begin - 2) * 5], chunks[(begin + 5) * 5 :]
    assert -85 < level(before) < -60
    assert level(after) > level(before) + 25
    wait(lambda: feed.value("seen_flow_ml_per_s") > 1, "what is seen in the diagnostics")
    assert 0 < feed.value("real_time_factor") < 1
    assert feed.value("gaps") == feed.value("inputs_refused") == 0


def test_missing_late_repeated_black_and_resized_pictures_do_no_harm(
    start_node, feed, pour, wait
) -> None:
    frames, begin = pour
    start_node("multigen_audio", "audio_synthesizer", synthesizer="flow")
    feed.ready()
    seen = moved(frames[begin - 5 : begin + 20], time.time_ns())
    black = dataclasses.replace(seen[10], rgb=np.zeros_like(seen[10].rgb))
    large = dataclasses.replace(seen[13], rgb=cv2.resize(seen[13].rgb, None, fx=2, fy=2))
    odd = dataclasses.replace(seen[15], rgb=seen[15].rgb[:, :100])
    feed.send(
        [*seen[:10], seen[9], seen[7], black, *seen[11:13], large, odd, *seen[16:18], *seen[19:]],
        pause=0.03,
    )
    chunks = feed.chunks(24 * 5 - 1)
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    sound = np.concatenate([c.samples for c in chunks])
    assert np.isfinite(sound).all()
    assert level(chunks[10 * 5 : 12 * 5]) > -60
    wait(lambda: feed.value("inputs_late") == 2, "late pictures in the diagnostics")
    wait(lambda: feed.value("inputs_refused") == 1, "the picture of another shape")


def test_a_reset_of_the_world_in_the_middle_of_a_pour_leaves_no_tail_and_no_click(
    start_node, feed, pour
) -> None:
    frames, begin = pour
    start_node("multigen_audio", "audio_synthesizer", synthesizer="flow")
    feed.ready()
    seen = moved([*frames[begin - 3 : begin + 10], *frames[:8]], time.time_ns())
    feed.send(seen, pause=0.03)
    chunks = feed.chunks((len(seen) - 1) * 5 - 1)
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    assert level(chunks[8 * 5 : 12 * 5]) > -60
    assert level(chunks[-15:]) < -60
    sound = np.concatenate([c.samples for c in chunks])
    steps = np.abs(np.diff(sound))
    end = 12 * FRAME // CHUNK * contract.CHUNK
    assert steps[end:].max() < 1.5 * steps[:end].max()


def test_a_frozen_camera_falls_silent_and_is_told_of(start_node, feed, pour, health, wait) -> None:
    frames, begin = pour
    start_node("multigen_audio", "audio_synthesizer", synthesizer="flow")
    feed.ready()
    shown = [*frames[begin : begin + 10], *[frames[begin + 9]] * 25]
    seen = moved(shown, time.time_ns() + 5 * NANOSECONDS)
    feed.send(seen, pause=0.03)
    chunks = feed.chunks((len(seen) - 1) * 5 - 1)
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    assert level(chunks[5 * 5 : 15 * 5]) > -60
    assert -85 < level(chunks[25 * 5 :]) < -60
    name = "/audio_synthesizer"
    wait(
        lambda: "an image with flowing liquid has been frozen" in health.message(name), "the doubt"
    )
    assert health.level(name) == DiagnosticStatus.WARN
    wait(lambda: "no new input for" in health.message(name), "the end of the pictures")
    assert health.level(name) == DiagnosticStatus.WARN


def test_damaged_weights_end_the_process_with_one_line(start_node, tmp_path) -> None:
    (tmp_path / "eye_cutaway.safetensors").write_bytes(b"nonsense")
    process = start_node(
        "multigen_audio", "audio_synthesizer", synthesizer="flow", checkpoint=str(tmp_path)
    )
    process.refuses("eye_cutaway.safetensors: cannot be read as weights")
