"""The node as a process of a real graph, fed with liquid states on the wall clock."""

import time
from itertools import pairwise

import numpy as np
import pytest

from multigen_audio.pours.scripted import steady_pour
from multigen_core import contract
from multigen_core.ros.endpoints import publisher, qos_profile, subscribe
from multigen_core.ros.factory import message_class
from multigen_core.synthesizer import synthesizer_names
from multigen_core.types import NANOSECONDS

from .ridge import ridge

CHUNK = 20_000_000


class Feed:
    """Publishes liquid states, or what `topic` is for, and keeps the sound that comes back."""

    topic = contract.LIQUID_STATE

    def __init__(self, node, wait, meet, health):
        self.heard = []
        self._first = None
        self._node, self._wait, self._meet, self._health = node, wait, meet, health
        self.open()
        subscribe(node, contract.AUDIO, self.heard.append)

    def open(self):
        self._sender = publisher(self._node, self.topic)

    def close(self):
        self._node.destroy_publisher(self._sender._endpoint)

    def ready(self):
        self._wait(lambda: self._sender.subscribers == 1, "the node to subscribe")
        self._wait(lambda: self._node.count_publishers(contract.AUDIO.name) == 1, "the sound")
        self._meet("audio_synthesizer")

    def send(self, states, pause=0.01):
        for state in states:
            self._sender.send(state)
            time.sleep(pause)
            self._await_sound(state.stamp)

    def _await_sound(self, stamp, patience=30.0):
        """On a starved machine the topic's queue would overflow if its reader were not awaited."""
        if self._first is None:
            self._first = stamp
        lead = 8 * NANOSECONDS / self.topic.rate
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            end = self.heard[-1].end if self.heard else self._first
            if not lead < stamp - end < NANOSECONDS:
                break
            time.sleep(0.005)

    def chunks(self, count):
        self._wait(lambda: len(self.heard) >= count, f"{count} chunks, got {len(self.heard)}")
        return self.heard[:count]

    def value(self, key):
        return self._health.value("/audio_synthesizer", key)


@pytest.fixture
def feed(peer, wait, meet, health):
    return Feed(peer, wait, meet, health)


def now():
    return time.time_ns()


def test_sound_follows_the_states_without_gaps_and_rises_in_pitch(start_node, feed) -> None:
    start_node("multigen_audio", "audio_synthesizer", synthesizer="physical", seed=3)
    feed.ready()
    states = list(steady_pour(flow=52e-6, stop=8.5, end=9.0, stamp=now()))
    feed.send(states)
    chunks = feed.chunks(450)
    assert chunks[0].stamp == states[0].stamp
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    assert {len(c.samples) for c in chunks} == {320}
    assert {(c.sample_rate, c.frame_id) for c in chunks} == {(16_000, "microphone_link")}
    sound = np.concatenate([c.samples for c in chunks])
    _, pitch = ridge(sound[16_000 : 8 * 16_000], 16_000)
    assert pitch[-10:].mean() > 2 * pitch[:10].mean()


def test_the_format_is_latched(start_node, feed, peer, wait) -> None:
    start_node("multigen_audio", "audio_synthesizer", synthesizer="physical")
    feed.ready()
    formats = []
    topic = contract.AUDIO_INFO
    peer.create_subscription(
        message_class(topic.type), topic.name, formats.append, qos_profile(topic.subscribe)
    )
    wait(lambda: formats, "the format")
    assert (formats[0].sample_rate, formats[0].channels) == (16_000, 1)
    assert formats[0].sample_format == "S16LE"


def test_a_reset_of_the_world_changes_the_sound_but_not_the_stamps(start_node, feed) -> None:
    start_node("multigen_audio", "audio_synthesizer", synthesizer="physical")
    feed.ready()
    begin = now()
    feed.send(steady_pour(flow=60e-6, start=0.0, stop=9.0, end=2.0, stamp=begin))
    feed.send(steady_pour(flow=60e-6, start=1.0, end=2.0, stamp=begin + 2_020_000_000))
    chunks = feed.chunks(201)
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks))
    sound = np.concatenate([c.samples for c in chunks])
    assert np.abs(sound[16_000:32_000]).max() > 0.05
    assert np.abs(sound[32_400:47_000]).max() < 0.001


def test_a_publisher_that_vanishes_and_returns_is_a_counted_gap(start_node, feed, wait) -> None:
    start_node("multigen_audio", "audio_synthesizer", synthesizer="physical")
    feed.ready()
    begin = now()
    feed.send(steady_pour(end=1.0, stamp=begin))
    feed.chunks(50)
    feed.close()
    wait(lambda: feed.value("gaps") == 0, "diagnostics")
    feed.open()
    feed.ready()
    later = begin + 5_000_000_000
    feed.send(steady_pour(end=1.0, stamp=later))
    chunks = feed.chunks(101)
    assert chunks[50].stamp == begin + 50 * CHUNK
    assert chunks[51].stamp == later
    assert all(b.stamp - a.stamp == CHUNK for a, b in pairwise(chunks[51:]))
    wait(lambda: feed.value("gaps") == 1, "the gap in the diagnostics")


def test_late_repeated_and_rewound_inputs_do_no_harm(start_node, feed, wait) -> None:
    start_node("multigen_audio", "audio_synthesizer", synthesizer="physical")
    feed.ready()
    begin = now()
    states = list(steady_pour(end=1.0, stamp=begin))
    feed.send([*states[:30], states[29], states[20], *states[30:]])
    feed.chunks(50)
    feed.send(steady_pour(end=1.0, stamp=begin - 60_000_000_000))
    chunks = feed.chunks(101)
    assert chunks[51].stamp == begin - 60_000_000_000
    wait(lambda: feed.value("inputs_late") == 2, "late inputs in the diagnostics")
    wait(lambda: feed.value("rewinds") == 1, "the rewind in the diagnostics")
    assert feed.value("real_time_factor") > 0


def test_an_unavailable_synthesizer_ends_the_process_with_one_line(start_node) -> None:
    process = start_node("multigen_audio", "audio_synthesizer", synthesizer="typo")
    process.refuses(
        f"synthesizer 'typo' is not available; available: {', '.join(synthesizer_names())}"
    )


def test_it_ends_at_an_interrupt(start_node, feed) -> None:
    process = start_node("multigen_audio", "audio_synthesizer", synthesizer="physical")
    feed.ready()
    feed.send(steady_pour(end=0.5, stamp=now()))
    assert process.end() == 0
