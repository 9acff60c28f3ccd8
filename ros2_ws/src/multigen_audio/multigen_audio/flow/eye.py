"""The eye: estimates from frames what determines the sound."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import COLUMNS, HOP, Conditions
from multigen_audio.flow.picture import Stillness, blank, picture
from multigen_audio.flow.sight import HOPS, PIXEL, SLOW, Cavity, Shape, flows, from_network
from multigen_audio.flow.weights import EYE
from multigen_core.learning.runtime import Network
from multigen_core.simulator import View
from multigen_core.types import NANOSECONDS, CameraFrame, to_seconds

_LOG = logging.getLogger(__name__)
PERIOD = HOPS * HOP
"""Period of the frames it uses [ns]; frames in between are skipped."""
_EARLY = PERIOD // 20
"""Largest time by which a frame may be early [ns]."""
_UNSURE = {"kept": 0.99, "changed": 0.01}
"""Memory and tracking of shapes for the public camera, which shows them less clearly."""
_LONGEST = NANOSECONDS
_HELD = 3 * NANOSECONDS // 10
_DEAD = NANOSECONDS
"""How long an unchanged image is trusted, and how long images may be blank [ns]."""

Floats = NDArray[np.float64]


@cache
def _warn() -> None:
    """Log once how inaccurate the public camera's eye is."""
    _LOG.warning(
        "with the public camera flow's median pitch error is over a semitone (see its model card)"
    )


class Eye:
    """Uses frames of one view at 10 Hz, and estimates the conditions of every hop up to each.

    It has memory: the longer it sees a vessel, the more certain its shape; flow is estimated from
    changes. Late and repeated frames are skipped. Over blank frames and gaps between frames the
    last estimate holds, the flow for 0.3 s of blank frames. When the image has not changed for a
    second the flow is 0, because the camera is frozen or the scene still. When the clock goes back,
    or after a second without frames, it restarts.
    """

    period = to_seconds(PERIOD)

    def __init__(self, folder: Path, view: View = "cutaway") -> None:
        """Load the weights in `folder`.

        Raises:
            WeightsError: they cannot be used.
        """
        self._network = Network(folder, f"eye_{view}", EYE)
        if view == "public":
            _warn()
        self._view: View = view
        self.late = self.blank = 0
        """Numbers of late or repeated frames, and of blank ones."""
        self.reset()

    def reset(self) -> None:
        """Forget the past; the next frame starts a new stream."""
        self._network.reset()
        self._cavity = Cavity(**_UNSURE) if self._view == "public" else Cavity()
        self._origin: int | None = None
        self._given = self._newest = self._used = self._seen = 0
        self._steady = np.zeros(len(COLUMNS))
        self._flows = np.zeros((HOPS, 2))
        self._stillness = Stillness()
        self._streaming = False
        self.doubt = ""
        """Why its frames are implausible, '' if they are not."""

    def see(self, frame: CameraFrame) -> Conditions | None:
        """Conditions from the end of the last ones to the frame's stamp.

        None for the first frame of a stream, and for skipped frames.

        Raises:
            PictureError: the frame is not an image of the view.
        """
        pixels, stamp = picture(frame, self._view), frame.stamp
        if self._origin is not None and not -_LONGEST < stamp - self._newest <= _LONGEST:
            self.reset()
        if self._origin is None:
            self._origin = self._newest = self._used = stamp
            self._seen = stamp - PERIOD
        elif stamp <= self._newest:
            self.late += 1
            return None
        still = self._stillness.see(pixels, stamp)
        if stamp > self._origin and self._tick(stamp) == self._tick(self._used):
            self._newest = stamp
            return None
        before = self._steady, self._flows[-1]
        if blank(pixels):
            self.blank += 1
            self._flows = np.repeat(self._flows[-1:], HOPS, axis=0)
            self._flows *= stamp - self._seen <= _HELD
        else:
            self._look(pixels, stamp)
        self._mistrust(still, stamp)
        since, self._newest, self._used = self._used, stamp, stamp
        return self._tell(*before, since, stamp) if stamp > self._origin else None

    def _tick(self, stamp: int) -> int:
        assert self._origin is not None
        return (stamp - self._origin + _EARLY) // PERIOD

    def _look(self, pixels: NDArray[np.uint8], stamp: int) -> None:
        gap = np.full((1, 1, 1), (stamp - self._seen) / PERIOD, np.float32)
        found = self._network.run(frame=pixels[None, None], gap=gap)
        inside, filled, radii = found["rows"][0, 0].astype(np.float64)
        self._cavity.see(Shape.of_rows(inside, radii * PIXEL))
        columns = self._cavity.measure(float(filled.sum()) * PIXEL)
        columns |= dict(zip(SLOW, from_network(found["slow"][0, 0]), strict=True))
        self._steady = np.array([columns.get(name, 0.0) for name in COLUMNS])
        self._flows = flows(found["hops"][0, 0])
        self._seen = stamp

    def _mistrust(self, still: int, stamp: int) -> None:
        """Set the flow to 0 if the image has not changed for too long, `still` [ns]."""
        self._streaming = still > 0 and (self._streaming or bool(self._flows.any()))
        self.doubt = ""
        if stamp - self._seen >= _DEAD:
            self.doubt = f"images have been blank for {to_seconds(stamp - self._seen):.0f} s"
        elif still >= _DEAD:
            self._flows = np.zeros((HOPS, 2))
            if self._streaming:
                self.doubt = (
                    f"an image with flowing liquid has been frozen for {to_seconds(still):.0f} s"
                )

    def _tell(self, steady: Floats, flow: Floats, since: int, stamp: int) -> Conditions:
        """Rows up to `stamp`, from the `steady` columns and the last `flow` at `since`."""
        assert self._origin is not None
        first, self._given = self._given, (stamp - self._origin) // HOP
        middles = self._origin + HOP // 2 + np.arange(first, self._given) * HOP
        part = ((middles - since) / (stamp - since))[:, None]
        if not steady.any():
            steady = self._steady
        values = steady + part * (self._steady - steady)
        times = stamp - HOP // 2 - np.arange(HOPS)[::-1] * HOP
        fresh = times > since
        times = np.append(since - HOP // 2, times[fresh])
        for column, name in enumerate(("flow", "rim")):
            known = np.append(flow[column], self._flows[fresh, column])
            values[:, COLUMNS.index(name)] = np.interp(middles, times, known)
        values[:, COLUMNS.index("impact_speed")] *= values[:, COLUMNS.index("flow")] > 0
        return Conditions(self._origin + first * HOP, values.astype(np.float32))
