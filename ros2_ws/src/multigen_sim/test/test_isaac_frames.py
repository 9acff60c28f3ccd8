import json
import socket
import struct
import threading

import numpy as np
import pytest

from multigen_sim.isaac.worker import frames
from multigen_sim.isaac.worker.frames import Connection, LostConnection, ProtocolError

HEADER = struct.Struct("<4sHIQ")


@pytest.fixture
def ends():
    """Two ends of a connection, and the plain socket of the first."""
    first, second = socket.socketpair()
    yield Connection(first), Connection(second), first
    first.close()
    second.close()


def frame(text, payload=b"", magic=b"MGIS", version=frames.VERSION, sizes=None):
    sizes = sizes or (len(text), len(payload))
    return HEADER.pack(magic, version, *sizes) + text + payload


def test_fields_and_arrays_arrive_as_they_were(ends):
    here, there, _ = ends
    arrays = {
        "points": np.arange(12, dtype=np.float32).reshape(4, 3),
        "picture": np.full((2, 3, 3), 255, np.uint8),
        "none": np.empty((0, 3)),
        "strided": np.arange(10.0)[::2],
    }
    here.send({"request": "step", "count": 5, "name": "Glas ü"}, arrays)
    fields, found = there.receive(2.0)
    assert fields == {"request": "step", "count": 5, "name": "Glas ü"}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    found["points"] += 1.0  # Arrays are the receiver's own.


def test_a_large_frame_passes_through_a_small_buffer(ends):
    here, there, _ = ends
    picture = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)
    thread = threading.Thread(target=here.send, args=({}, {"rgb": picture}, 20.0))
    thread.start()
    np.testing.assert_array_equal(there.receive(20.0)[1]["rgb"], picture)
    thread.join()


LISTING = {"arrays": [["a", "float64", [1]]]}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (frame(b"{}", magic=b"HTTP"), "not a frame"),
        (frame(b"{}", version=99), "version 99"),
        (frame(b"", sizes=(frames.MOST_TEXT + 1, 0)), "larger"),
        (frame(b"", sizes=(2, frames.MOST_ARRAYS + 1)), "larger"),
        (frame(b"{}"), "description"),
        (frame(b"[]"), "description"),
        (frame(b"\xff\xfe"), "description"),
        (frame(json.dumps(LISTING).encode()), "longer than its frame"),
        (frame(json.dumps(LISTING).encode(), bytes(9)), "beyond"),
        (frame(b'{"arrays": [["a", "object", [1]]]}', bytes(8)), "object"),
        (frame(b'{"arrays": [["a", "float64", [-1]]]}', bytes(8)), "shape"),
        (frame(b'{"arrays": [["a"]]}'), "malformed"),
        (frame(b'{"arrays": 7}'), "malformed"),
    ],
)
def test_what_is_no_frame_is_refused(ends, sent, reason):
    _, there, plain = ends
    plain.sendall(sent)
    with pytest.raises(ProtocolError, match=reason):
        there.receive(2.0)


def test_too_large_a_frame_is_not_sent(ends):
    here, _, _ = ends
    with pytest.raises(ProtocolError, match="larger"):
        here.send({}, {"a": np.zeros(frames.MOST_ARRAYS + 1, np.uint8)})


def test_numbers_that_json_does_not_know_are_not_sent(ends):
    with pytest.raises(ValueError, match="JSON"):
        ends[0].send({"x": float("nan")})


def test_silence_part_of_a_frame_and_hanging_up_are_told_apart(ends):
    _, there, plain = ends
    with pytest.raises(TimeoutError):
        there.receive(0.3)
    plain.sendall(frame(b'{"arrays": []}')[:-3])
    with pytest.raises(TimeoutError):
        there.receive(0.3)
    plain.close()
    with pytest.raises(LostConnection):
        there.receive(0.3)


def test_a_receiver_that_waits_for_ever_notices_that_the_process_has_ended(ends):
    with pytest.raises(LostConnection, match="ended"):
        ends[1].receive(None, lambda: False)


def test_sending_to_whom_does_not_read_ends_in_time(ends):
    with pytest.raises(TimeoutError):
        ends[0].send({}, {"a": np.zeros(20 << 20, np.uint8)}, limit=0.3)


def test_sending_to_whom_hung_up_says_so(ends):
    here, there, _ = ends
    there.close()
    with pytest.raises(LostConnection):
        here.send({}, {"a": np.zeros(20 << 20, np.uint8)})
