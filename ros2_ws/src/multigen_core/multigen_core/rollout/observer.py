"""Combines the senses into time-aligned observations."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from multigen_core.arm import joint_indices, select_joints
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.policy import Observation, Sense
from multigen_core.streams.buffers import AudioRing, StampedBuffer
from multigen_core.types import (
    AudioChunk,
    CameraCalibration,
    CameraFrame,
    CameraInfo,
    JointState,
    to_nanoseconds,
)

IMAGES_KEPT = 60
JOINT_STATES_KEPT = 1000
AUDIO_KEPT = 10.0
"""Seconds of sound kept, to align slow senses and for late decisions."""
HISTORY = 1.0
"""Length of sound in the first observation of a pour [s]."""


class StaleError(MultigenError):
    """There is not enough fresh data to act on."""


class Observer:
    """Keeps the newest data of every sense and aligns them.

    An observation is taken at the newest time that all live senses cover; a sense older than
    `max_age` [s] is dead and left out. Without fresh joints, or with every wanted sense dead, there
    is no observation. Thread-safe.
    """

    def __init__(
        self,
        joint_names: Iterable[str],
        senses: frozenset[Sense],
        max_age: float,
    ) -> None:
        self._names = tuple(joint_names)
        self._senses = senses
        self._heard: int | None = None
        self._max_age = to_nanoseconds(max_age)
        self._images: StampedBuffer[CameraFrame] = StampedBuffer(IMAGES_KEPT)
        self._joints: StampedBuffer[JointState] = StampedBuffer(JOINT_STATES_KEPT)
        self._audio = AudioRing(AUDIO_KEPT, SAMPLE_RATE)
        self._camera: CameraCalibration | None = None
        self._audio_trouble = ""
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start a pour: the next observation looks back by HISTORY."""
        self._heard = None

    def add_image(self, frame: CameraFrame) -> None:
        """Take an image."""
        with self._lock:
            self._images.push(frame)

    def add_camera(self, info: CameraInfo) -> None:
        """Take the camera's intrinsics."""
        self._camera = info.calibration

    def add_audio(self, chunk: AudioChunk) -> None:
        """Take a chunk of sound."""
        with self._lock:
            self._audio.push(chunk)

    def judge_audio(self, trouble: str = "") -> None:
        """Ignore the sound while there is `trouble`; use it again when there is none."""
        self._audio_trouble = trouble

    def add_joints(self, state: JointState) -> None:
        """Take a joint state.

        Raises:
            JointNameError: a joint of the arm is missing from it.
        """
        joint_indices(self._names, state.names)
        with self._lock:
            self._joints.push(state)

    def ages(self, now: int) -> dict[str, float]:
        """Seconds since the newest data of each sense; infinite if it never had any."""
        return {
            name: float("inf") if stamp is None else (now - stamp) / 1e9
            for name, stamp in self._newest().items()
        }

    @property
    def audio_gaps(self) -> int:
        """Number of gaps in the sound."""
        return self._audio.gaps

    def _newest(self) -> dict[str, int | None]:
        image, joints = self._images.newest(), self._joints.newest()
        return {
            "joints": joints.stamp if joints else None,
            Sense.IMAGE.value: image.stamp if image else None,
            Sense.AUDIO.value: self._audio.end,
        }

    def observe(self, now: int) -> Observation:
        """The observation at `now` [ns].

        Raises:
            StaleError: the joints, or all senses, are older than allowed; names them and their
                ages.
        """
        with self._lock:
            return self._observe(now)

    def _observe(self, now: int) -> Observation:
        newest = self._newest()

        def fresh(name: str) -> bool:
            stamp = newest[name]
            if name == Sense.AUDIO.value and self._audio_trouble:
                return False
            return stamp is not None and now - stamp <= self._max_age

        alive = frozenset(sense for sense in self._senses if fresh(sense.value))
        stale = [
            self._audio_trouble
            if name == Sense.AUDIO.value and self._audio_trouble
            else f"{name} {'never received' if age == float('inf') else f'{age:.2f} s old'}"
            for name, age in self.ages(now).items()
            if not fresh(name) and (name == "joints" or Sense(name) in self._senses)
        ]
        if not fresh("joints") or (self._senses and not alive):
            raise StaleError(f"inputs lost ({', '.join(stale)}; limit {self._max_age / 1e9:.2f} s)")
        used = ["joints", *(sense.value for sense in alive)]
        stamp = min(stamp for name in used if (stamp := newest[name]) is not None)
        joints = self._joints.at(stamp) or self._joints.newest()
        assert joints is not None
        return Observation(
            stamp=stamp,
            now=now,
            joints=select_joints(joints, self._names),
            image=self._images.at(stamp) if Sense.IMAGE in alive else None,
            camera=self._camera if Sense.IMAGE in alive else None,
            audio=self._sound(stamp) if Sense.AUDIO in alive else (),
            alive=alive,
        )

    def _sound(self, stamp: int) -> tuple[AudioChunk, ...]:
        """The sound up to `stamp` [ns] that no observation has contained yet."""
        since = stamp - to_nanoseconds(HISTORY) if self._heard is None else self._heard
        pieces = self._audio.since(since, stamp)
        self._heard = pieces[-1].end if pieces else since
        return pieces
