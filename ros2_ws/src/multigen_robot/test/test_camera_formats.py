"""The list of a V4L2 camera's formats, from a driver that answers as the kernel documents."""

import errno
import os
import struct

import pytest

from multigen_robot.camera.formats import CameraFormat, camera_formats

ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B
DISCRETE, STEPWISE = 1, 3


def words(data, offset, count=1):
    return struct.unpack_from(f"={count}I", data, offset)


class Driver:
    """Answers ioctls from {format: {size: intervals}}; intervals are (numerator, denominator)."""

    def __init__(self, offers):
        self.offers = offers

    def __call__(self, handle, request, data):
        try:
            self.answer(request, data, words(data, 0)[0])
        except (IndexError, KeyError):
            raise OSError(errno.EINVAL, "no more") from None

    def answer(self, request, data, index):
        if request == ENUM_FMT:
            assert len(data) == 64
            assert words(data, 4) == (1,), "of video capture"
            data[44:48] = list(self.offers)[index].encode()
        elif request == ENUM_FRAMESIZES:
            assert len(data) == 44
            sizes = list(self.offers[data[4:8].decode()])
            struct.pack_into("=3I", data, 8, DISCRETE, *sizes[index])
        elif request == ENUM_FRAMEINTERVALS:
            assert len(data) == 52
            intervals = self.offers[data[4:8].decode()][words(data, 8, 2)]
            struct.pack_into("=3I", data, 16, DISCRETE, *intervals[index])


class SteplessDriver(Driver):
    """Any even size from 32×24 to 1920×1080, at 1 to 60 Hz."""

    def __init__(self):
        super().__init__({"YUYV": {}})

    def answer(self, request, data, index):
        if request == ENUM_FRAMESIZES:
            struct.pack_into("=7I", data, 8, STEPWISE, 32, 1920, 2, 24, 1080, 2)
        elif request == ENUM_FRAMEINTERVALS:
            struct.pack_into("=7I", data, 16, STEPWISE, 1, 60, 1, 1, 1, 60)
        else:
            super().answer(request, data, index)


def test_every_format_size_and_rate_is_listed():
    offers = {
        "MJPG": {(640, 480): [(1, 15), (1, 30)], (1280, 720): [(1001, 30000)]},
        "Y16 ": {(160, 120): []},
    }
    found = camera_formats(os.devnull, Driver(offers))
    assert found == (
        CameraFormat("MJPG", 640, 480, (30.0, 15.0)),
        CameraFormat("MJPG", 1280, 720, (29.97,)),
        CameraFormat("Y16 ", 160, 120, ()),
    )
    assert [str(offer) for offer in found] == [
        "MJPG 640×480 at 30/15 Hz", "MJPG 1280×720 at 29.97 Hz", "Y16 160×120",
    ]  # fmt: skip


def test_of_ranges_the_ends_are_listed():
    assert camera_formats(os.devnull, SteplessDriver()) == (
        CameraFormat("YUYV", 32, 24, (60.0, 1.0)),
        CameraFormat("YUYV", 1920, 1080, (60.0, 1.0)),
    )


@pytest.mark.parametrize("device", [os.devnull, "77", "/no/such/device"])
def test_what_is_no_camera_offers_nothing(device):
    assert camera_formats(device) == ()
