import itertools
import time

import numpy as np
import pytest

from multigen_robot.camera.source import CameraConfig, CameraError
from multigen_robot.camera.stream import CameraStream


class Sink:
    """Collects pictures and log lines of a stream."""

    def __init__(self):
        self.frames = []
        self.lines = []
        self.stream = None

    def open(self, config, **options):
        self.stream = CameraStream(
            config,
            time.monotonic_ns,
            self.frames.append,
            lambda line, bad: self.lines.append((line, bad)),
            **options,
        )
        return self.stream


@pytest.fixture
def sink():
    made = Sink()
    yield made
    if made.stream:
        made.stream.close()


def test_a_file_is_played_at_its_own_rate_from_the_start(sink, video, wait, index_of, picture):
    sink.open(CameraConfig(str(video(count=20, rate=20.0)), loop=False), frame_id="eye")
    wait(lambda: sink.stream.status.error == "end of file", "the end")
    drops = sink.stream.status.drops
    assert len(sink.frames) + drops == 20
    assert index_of(sink.frames[0].rgb) == 0
    assert sink.frames[0].frame_id == "eye"
    indices = [index_of(frame.rgb) for frame in sink.frames]
    assert indices == sorted(set(indices))
    # No picture comes before it is due, however busy the machine.
    first = sink.frames[0].stamp
    for index, frame in zip(indices, sink.frames, strict=True):
        assert frame.stamp - first >= (index / 20.0 - 0.05) * 1e9
    assert ("end of file", True) in sink.lines


def test_a_looped_file_begins_again(sink, video, wait, index_of):
    sink.open(CameraConfig(str(video(count=6, rate=60.0))))
    wait(lambda: len(sink.frames) > 20, "pictures")
    indices = [index_of(frame.rgb) for frame in sink.frames]
    assert max(indices) <= 5
    assert sum(b < a for a, b in itertools.pairwise(indices)) >= 2
    assert sink.stream.status.connects == 1


def test_a_slow_consumer_loses_pictures_but_not_the_time(sink, video, wait):
    def slow(frame):
        sink.frames.append(frame)
        time.sleep(0.2)

    sink.stream = CameraStream(
        CameraConfig(str(video(count=20, rate=20.0)), loop=False), time.monotonic_ns, slow
    )
    wait(lambda: sink.stream.status.error == "end of file", "the end")
    assert sink.stream.status.drops > 5
    assert sink.stream.status.frames + sink.stream.status.drops == 20


def test_the_stamp_is_the_arrival_less_the_latency(sink, video, wait, picture):
    before = time.monotonic_ns()
    sink.open(CameraConfig(str(video())), latency=100.0)
    wait(lambda: sink.frames, "a picture")
    lapse = time.monotonic_ns() - before
    assert 0 <= sink.frames[0].stamp + 100 * 10**9 - before <= lapse


def test_another_size_than_asked_for_is_reported(sink, video, wait, picture):
    sink.open(CameraConfig(str(video()), width=640, height=480))
    wait(lambda: sink.frames, "a picture")
    wait(lambda: sink.stream.status.warnings, "a warning")
    assert sink.stream.status.warnings == ("160×120 instead of 640×480",)
    assert any("gives 160×120 instead of 640×480" in line and bad for line, bad in sink.lines)


def test_what_cannot_work_is_refused_before_the_thread_starts(sink):
    with pytest.raises(CameraError, match="no such file"):
        sink.open(CameraConfig("/no/such/video.mp4"))


def test_an_absent_camera_is_reported_once_and_waited_for(sink, wait):
    sink.open(CameraConfig("/dev/video77"))
    wait(lambda: "no such camera" in sink.stream.status.error, "an error")
    time.sleep(0.8)
    assert len(sink.lines) == 1
    sink.stream.close()
    assert not sink.stream._thread.is_alive()


def test_a_network_stream_survives_its_server(sink, mjpeg, wait, index_of, picture):
    server = mjpeg()
    sink.open(CameraConfig(server.url))
    wait(lambda: len(sink.frames) > 10, "pictures")
    np.testing.assert_allclose(
        sink.frames[0].rgb, picture(index_of(sink.frames[0].rgb))[..., ::-1], atol=40
    )
    server.stop()
    wait(lambda: sink.stream.status.error, "the loss to be noticed")
    count = len(sink.frames)
    mjpeg(server.port)
    wait(lambda: len(sink.frames) > count + 10, "pictures again")
    assert sink.stream.status.connects == 2
    assert sink.stream.status.error == ""


def test_a_frozen_stream_is_noticed_and_forgiven(sink, mjpeg, wait, picture):
    server = mjpeg()
    server.source = lambda index: picture(3)
    sink.open(CameraConfig(server.url))
    wait(lambda: sink.stream.status.error == "the image is frozen", "the fault")
    server.source = picture
    wait(lambda: sink.stream.status.error == "", "the end of the fault")
    assert ("images are good again", False) in sink.lines
