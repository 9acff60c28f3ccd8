"""A thread that keeps a camera delivering: opens, paces, stamps, reconnects, counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from multigen_core.types import CameraFrame, to_nanoseconds, to_seconds
from multigen_robot.backoff import Backoff
from multigen_robot.camera_source import CameraConfig, CameraError, Source
from multigen_robot.picture_check import PictureCheck
from multigen_robot.video_file import VideoFile


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How the camera does.

    `arrival` is steady time [ns] of the newest picture; `rate` the smoothed rate of arrivals [Hz].
    """

    error: str = "not opened yet"
    warnings: tuple[str, ...] = ()
    frames: int = 0
    drops: int = 0
    connects: int = 0
    width: int = 0
    height: int = 0
    rate: float = 0.0
    arrival: int = field(default_factory=time.monotonic_ns)


class CameraStream:
    """Delivers pictures to `deliver` from its own thread until closed.

    A picture's stamp is the clock at its arrival less `latency`, the time from exposure to arrival.
    Of a live source, pictures missing by its own rate count as drops; a file is played at its own
    rate, and pictures for which there was no time are skipped and count as drops.

    Args:
        config: what to open.
        clock: the graph's time [ns].
        deliver: takes each picture.
        report: takes one line for the log when the source fails, and one when it is back.
        latency: [s].
        frame_id: of the pictures.
    """

    def __init__(
        self,
        config: CameraConfig,
        clock: Callable[[], int],
        deliver: Callable[[CameraFrame], None],
        report: Callable[[str, bool], None] = lambda line, bad: None,
        latency: float = 0.0,
        frame_id: str = "",
    ) -> None:
        """Start.

        Raises:
            CameraError: the configuration cannot work whatever is plugged in later.
        """
        config.check()
        self._config = config
        self._clock = clock
        self._deliver = deliver
        self._report = report
        self._latency = to_nanoseconds(latency)
        self._frame_id = frame_id
        self._over = threading.Event()
        self.status = CameraStatus()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and give the device back."""
        self._over.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._over.is_set():
            try:
                source = self._open()
                try:
                    self._play(source, backoff)
                finally:
                    source.close()
                if self._config.is_file:
                    self._fail("the file has ended")
                    return
                if not self._over.is_set():
                    raise CameraError(f"{self._config.device}: no more pictures; reconnecting")
            except CameraError as error:
                self._fail(str(error))
                self._over.wait(backoff.failed())

    def _fail(self, reason: str) -> None:
        if self._over.is_set():
            return
        if reason != self.status.error:
            self._report(reason, True)
        self.status = replace(self.status, error=reason)

    def _open(self) -> Source | VideoFile:
        if self._config.is_file:
            return VideoFile(self._config, self._over.wait)
        return Source(self._config)

    def _play(self, source: Source | VideoFile, backoff: Backoff) -> None:
        check = PictureCheck()
        previous: int | None = None
        while not self._over.is_set():
            rgb = source.read()
            arrival, stamp = time.monotonic_ns(), self._clock() - self._latency
            if rgb is None or self._over.is_set():
                self.status = replace(self.status, drops=self.status.drops + source.take_drops())
                return
            if previous is None:
                self._opened(rgb.shape[1], rgb.shape[0], source)
                backoff.succeeded()
            check.add(rgb, arrival)
            self._count(arrival, previous, source, check.fault)
            previous = arrival
            self._deliver(CameraFrame(stamp, rgb, self._frame_id))

    def _opened(self, width: int, height: int, source: Source | VideoFile) -> None:
        wanted = (self._config.width or width, self._config.height or height)
        deviations = source.deviations
        if (width, height) != wanted:
            size = f"{width}×{height} instead of {wanted[0]}×{wanted[1]}"
            deviations = (size, *deviations)
        line = f"{self._config.device}: {width}×{height}"
        if deviations:
            line = f"{self._config.device} gives {', '.join(deviations)}"
        self._report(line, bool(deviations))
        self.status = replace(
            self.status,
            error="",
            warnings=deviations,
            connects=self.status.connects + 1,
            width=width,
            height=height,
            rate=source.rate,
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
            self._report(fault or "pictures are good again", bool(fault))
        self.status = replace(
            status,
            error=fault,
            frames=status.frames + 1,
            drops=drops,
            rate=rate,
            arrival=arrival,
        )
