"""A camera thread: opens, paces, stamps, reconnects, counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from multigen_core.types import CameraFrame, to_nanoseconds, to_seconds
from multigen_robot.camera.picture_check import PictureCheck
from multigen_robot.camera.source import CameraConfig, CameraError, Source
from multigen_robot.camera.video_file import VideoFile
from multigen_robot.devices.stream import DeviceStatus, DeviceStream, Report


@dataclass(frozen=True, slots=True)
class CameraStatus(DeviceStatus):
    """State of the camera; `rate` is the smoothed arrival rate [Hz].

    `driver_age`: time from the driver's stamp of the last image to its arrival [s], NaN without.
    """

    warnings: tuple[str, ...] = ()
    frames: int = 0
    drops: int = 0
    width: int = 0
    height: int = 0
    rate: float = 0.0
    pixel_format: str = ""
    driver_age: float = float("nan")


class CameraStream(DeviceStream[CameraStatus]):
    """Delivers images to `deliver` from its own thread until closed.

    An image's stamp is the clock at its arrival minus `latency`, the time from exposure to arrival.
    For a live source, images missing relative to its own rate count as drops. A file is played at
    its own rate; late images are skipped and count as drops.

    Args:
        config: what to open.
        clock: the graph's time [ns].
        deliver: receives each image.
        report: receives a log line when the source fails and another when it recovers.
        latency: [s].
        frame_id: of the images.
    """

    def __init__(
        self,
        config: CameraConfig,
        clock: Callable[[], int],
        deliver: Callable[[CameraFrame], None],
        report: Report = lambda line, bad: None,
        latency: float = 0.0,
        frame_id: str = "",
    ) -> None:
        """Start.

        Raises:
            CameraError: the configuration is invalid, whatever is plugged in later.
        """
        config.check()
        super().__init__("camera", CameraStatus(), report)
        self._config = config
        self._clock = clock
        self._deliver = deliver
        self._latency = to_nanoseconds(latency)
        self._frame_id = frame_id
        self._thread.start()

    def _attend(self) -> str:
        source = self._open()
        try:
            self._play(source)
        finally:
            source.close()
        if self._config.is_file:
            return "end of file"
        raise CameraError(f"{self._config.device}: no more images; reconnecting")

    def _open(self) -> Source | VideoFile:
        if self._config.is_file:
            return VideoFile(self._config, self._over.wait)
        return Source(self._config)

    def _play(self, source: Source | VideoFile) -> None:
        check = PictureCheck()
        previous: int | None = None
        while not self._over.is_set():
            rgb = source.read()
            arrival, stamp = time.monotonic_ns(), self._clock() - self._latency
            if rgb is None or self._over.is_set():
                self._update(drops=self.status.drops + source.take_drops())
                return
            if previous is None:
                self._compare(rgb.shape[1], rgb.shape[0], source)
            check.add(rgb, arrival)
            self._count(arrival, previous, source, check.fault)
            previous = arrival
            self._deliver(CameraFrame(stamp, rgb, self._frame_id))

    def _compare(self, width: int, height: int, source: Source | VideoFile) -> None:
        """Report the device's settings and deviations from the request."""
        wanted = (self._config.width or width, self._config.height or height)
        deviations = source.deviations
        if (width, height) != wanted:
            size = f"{width}×{height} instead of {wanted[0]}×{wanted[1]}"
            deviations = (size, *deviations)
        line = f"{self._config.device}: {width}×{height}"
        if deviations:
            device = self._config.device
            line = (
                f"{device} gives {', '.join(deviations)}; `multigen doctor --camera {device}` "
                "lists what it offers"
            )
        self._opened(
            line,
            bool(deviations),
            warnings=deviations,
            width=width,
            height=height,
            rate=source.rate,
            pixel_format=source.pixel_format,
        )

    def _count(
        self, arrival: int, previous: int | None, source: Source | VideoFile, fault: str
    ) -> None:
        status = self.status
        rate = status.rate
        drops = status.drops + source.take_drops()
        if previous is not None:
            lapse = to_seconds(arrival - previous)
            rate += 0.1 * (1 / max(lapse, 1e-4) - rate)
            if source.rate and not self._config.is_file:
                drops += max(0, round(lapse * source.rate) - 1)
        if fault != status.error:
            self._report(fault or "images are good again", bool(fault))
        self._update(
            error=fault,
            frames=status.frames + 1,
            drops=drops,
            rate=rate,
            driver_age=source.age(),
            arrival=arrival,
        )
