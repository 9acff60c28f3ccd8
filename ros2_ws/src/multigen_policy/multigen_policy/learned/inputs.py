"""What the network takes of an observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.kinematics import forward
from multigen_core.policy import Observation, Sense
from multigen_core.station import Station
from multigen_core.station.pour_path import tilt_of_tool
from multigen_core.types import AudioChunk, to_seconds
from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.vessel import Vessel
from multigen_policy.learned.canonical import View, target_view, whole_view
from multigen_policy.learned.onsets import Onsets
from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD, SpectrumStream

Floats = NDArray[np.float32]

BANDS = len(FREQUENCIES)
"""Bins of a spectrum."""
STATE = (
    "tilt", "tilt_rate", "retained", "retained_slope", "goal", "elapsed", "gap", "delay",
    "sees", "hears", "knows_held", "held_radius", "held_height",
    "camera_distance", "camera_height",
    "knows_target", "target_height", "target_radius", "target_capacity",
    "radius_10", "radius_30", "radius_50", "radius_70", "radius_90",
)  # fmt: skip
"""Names of the state's values."""
TOLD_HELD = slice(STATE.index("retained"), STATE.index("retained_slope") + 1)
TOLD_TARGET = slice(STATE.index("knows_target"), len(STATE))
MERGED = 2
"""Successive spectra that the network takes as one."""
_LONGEST_GAP = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """One step's inputs.

    `spectra` (N, BANDS) [dB re full scale] are new since the last step, one every PERIOD; `crop`
    uint8 (*CROP, 3) and `whole` uint8 (*WHOLE, 3) are None without a picture; `state` (S,) holds
    the values named STATE, scaled to about 1; `onsets` (K, 2) are those of `Onsets.follow`, 0 where
    the held vessel is unknown.
    """

    spectra: Floats
    crop: NDArray[np.uint8] | None
    whole: NDArray[np.uint8] | None
    state: Floats
    onsets: Floats


class Ear:
    """Spectra of a sound, one every PERIOD; over a gap they are missing."""

    def __init__(self) -> None:
        self._stream = SpectrumStream()
        self._end: int | None = None

    def hear(self, pieces: tuple[AudioChunk, ...]) -> Floats:
        """The spectra (N, BANDS) [dB] that pieces of sound complete."""
        found = [np.zeros((0, BANDS), np.float32)]
        for piece in pieces:
            if self._end is not None and to_seconds(piece.stamp - self._end) > PERIOD:
                self._stream = SpectrumStream()
            self._end = piece.end
            found.append(self._stream.push(piece.samples).astype(np.float32))
        return np.concatenate(found)


def merged(spectra: Floats) -> Floats:
    """Means (N // MERGED, BANDS) of successive spectra (N, BANDS); the last, odd ones are left."""
    count = len(spectra) // MERGED
    return spectra[: count * MERGED].reshape(count, MERGED, -1).mean(1)


class Encoder:
    """Encodes one pour's observations.

    Args:
        station: with the held vessel and the target's position, told or estimated.
        goal: volume to pour [m^3].
    """

    def __init__(self, station: Station, goal: float) -> None:
        held, position = station.placed("the learned policy")
        self._arm, self._camera = station.arm, station.camera
        self._position = np.asarray(position, float)
        self._table = volume_table(held.vessel)
        self._onsets = Onsets(held.vessel)
        self._ear = Ear()
        self._goal = goal
        self._views: tuple[View, View] | None = None
        self._calibration: tuple[object, ...] = ()
        self._first: int | None = None
        self._before: tuple[int, float] | None = None
        offset = self._camera.pose[:3, 3] - self._position
        self._told = [
            1.0, held.vessel.mouth_radius / 0.05, held.vessel.height / 0.2,
            float(np.hypot(*offset[:2])) / 0.6, float(offset[2]) / 0.3,
            *target_values(station.target),
        ]  # fmt: skip

    def encode(self, observation: Observation) -> Inputs:
        """The inputs of the next observation."""
        stamp = observation.stamp
        tilt = tilt_of_tool(forward(self._arm, observation.joints.positions))
        if self._first is None:
            self._first = stamp
        gap, rate = 0.0, 0.0
        if self._before is not None:
            gap = to_seconds(stamp - self._before[0])
            rate = (tilt - self._before[1]) / gap if gap > 1e-3 else 0.0
        self._before = stamp, tilt
        crop = whole = None
        if observation.image is not None:
            target, station = self._look(observation)
            crop, whole = target.of(observation.image.rgb), station.of(observation.image.rgb)
        hears = Sense.AUDIO in observation.alive
        spectra = self._ear.hear(observation.audio)
        retained, bared = self._table.volume(0.0, tilt), self._table.bared(tilt)
        state = [
            tilt, rate / 0.3, retained * 1e4, bared * 2e3, self._goal * 1e4,
            to_seconds(stamp - self._first) / 10.0, min(gap, _LONGEST_GAP) / 0.1,
            min(to_seconds(observation.now - stamp), 0.5) / 0.1,
            float(crop is not None), float(hears), *self._told,
        ]  # fmt: skip
        onsets = self._onsets.follow(tilt, min(gap, _LONGEST_GAP))
        return Inputs(spectra, crop, whole, np.array(state, np.float32), onsets)

    def _look(self, observation: Observation) -> tuple[View, View]:
        camera = observation.camera or self._camera.calibration
        lens = camera.width, camera.height, camera.matrix.tobytes(), camera.distortion, camera.model
        if self._views is None or lens != self._calibration:
            pose = self._camera.pose
            self._views = target_view(camera, pose, self._position), whole_view(camera)
            self._calibration = lens
        return self._views


def target_values(target: Vessel | None) -> list[float]:
    """The state's values of a target, all 0 if it is unknown."""
    if target is None:
        return [0.0] * (TOLD_TARGET.stop - TOLD_TARGET.start)
    heights = np.array([0.1, 0.3, 0.5, 0.7, 0.9]) * target.height
    return [
        1.0, target.rim_height / 0.15, target.mouth_radius / 0.05, target.capacity * 1e6 / 300,
        *(target.radius(heights) / 0.05).tolist(),
    ]  # fmt: skip
