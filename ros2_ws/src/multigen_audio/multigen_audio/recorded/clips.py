"""A recorded pour prepared for replay: its resonance and loudness over time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from multigen_audio.physical.grid import Floats
from multigen_audio.recorded import tracker
from multigen_audio.recorded.cache import Arrays, remembered
from multigen_audio.recorded.tracker import HOP, Track, track
from multigen_core.streams.sound_file import SoundFileError, read_sound_file
from multigen_core.world import acoustics
from multigen_core.world.acoustics import Resonator, cents
from multigen_core.world.recordings import Recording, RecordingError

_SHORTEST = 1.0
"""[s]"""
_FULL_SCALE = 32767.0
_SILENT = 1e-4
_CLIPPED, _CLIPPED_SHARE = 0.999, 0.01
_LEVEL_SPAN = 0.4
"""Over which loudness is evened out [s]; bubbles and bursts stay."""
_QUIET = 10 ** (-12 / 20)
"""Below this part of the clip's median level nothing is being poured."""


def load(recording: Recording, sample_rate: int) -> Floats:
    """A recording's sound (N,), mono, at `sample_rate`.

    Raises:
        RecordingError: it is no sound, too short, silent or clipped.
    """
    try:
        samples, rate = read_sound_file(recording.path)
    except SoundFileError as error:
        raise RecordingError(str(error)) from error
    # Files of floating-point samples have no full scale.
    sound = samples.mean(axis=1) / max(1.0, float(np.abs(samples).max(initial=0.0)))
    if len(sound) < _SHORTEST * rate:
        raise RecordingError(f"{recording.path}: shorter than {_SHORTEST:g} s")
    if np.abs(sound).max() < _SILENT:
        raise RecordingError(f"{recording.path}: silent")
    if np.mean(np.abs(sound) >= _CLIPPED) > _CLIPPED_SHARE:
        raise RecordingError(f"{recording.path}: clipped")
    if rate != sample_rate:
        sound = soxr.resample(sound, rate, sample_rate)
    return np.asarray(sound, np.float64)


@dataclass(frozen=True, eq=False)
class Clip:
    """A tracked recording; frames are HOP apart, the first around sample 0."""

    recording: Recording
    samples: NDArray[np.int16]
    """(N,), as recorded."""
    pitch: Floats
    """log2 of the tracked resonance [Hz] at each frame, (F,)."""
    gain: Floats
    """Factor from samples to unit level around each frame, (F,)."""
    usable: NDArray[np.bool_]
    """Where the resonance is trusted and liquid flows, (F,)."""
    hop: int
    """Samples between frames."""
    level_error: Floats
    """Tracked resonance against that of the level by the clock [cents], where usable."""
    volume_error: Floats
    """The same as volume [m^3]."""

    @cached_property
    def lasting(self) -> NDArray[np.intp]:
        """For how many more frames each is followed by usable ones, (F,)."""
        ahead = np.arange(len(self.usable), 0, -1)
        ends = np.where(~self.usable, np.arange(len(self.usable)), len(self.usable))
        ends = np.minimum.accumulate(ends[::-1])[::-1]
        return np.minimum(ends - np.arange(len(self.usable)), ahead)


def prepare(recording: Recording, sample_rate: int) -> Clip:
    """Load and track a recording.

    Raises:
        RecordingError: its sound cannot be used.
    """
    sound = load(recording, sample_rate)
    status = recording.path.stat()
    key = repr((
        recording.path.resolve(), status.st_size, status.st_mtime_ns, recording.vessel, sample_rate,
        _code(),
    ))  # fmt: skip
    return Clip(
        recording=recording,
        samples=np.round(np.clip(sound, -1.0, 1.0) * _FULL_SCALE).astype(np.int16),
        hop=round(HOP * sample_rate),
        **remembered(key, lambda: _analyse(recording, sound, sample_rate)),
    )


def usable_clips(
    recordings: Iterable[Recording], sample_rate: int, skipped: Iterable[str] = ()
) -> tuple[list[Clip], list[str]]:
    """Clips in which a resonance is heard, about 30 ms each, and why others were left out.

    Raises:
        RecordingError: there is none.
    """
    clips, left_out = [], list(skipped)
    for recording in recordings:
        try:
            clip = prepare(recording, sample_rate)
        except RecordingError as error:
            left_out.append(str(error))
            continue
        if clip.usable.any():
            clips.append(clip)
        else:
            left_out.append(f"{recording.clip}: no resonance heard")
    if not clips:
        raise RecordingError(f"no usable recording; {'; '.join(left_out[:3])}")
    return clips, left_out


@cache
def _code() -> str:
    """Fingerprint of what analyses a clip: what it remembers is void once that changes."""
    code = b"".join(Path(str(module.__file__)).read_bytes() for module in (tracker, acoustics))
    return hashlib.sha256(code + Path(__file__).read_bytes()).hexdigest()


def _analyse(recording: Recording, sound: Floats, sample_rate: int) -> Arrays:
    """The arrays of a clip."""
    hop = round(HOP * sample_rate)
    tracked = track(sound, sample_rate, recording.vessel)
    square = np.add.reduceat(sound**2, np.arange(0, len(sound), hop)) / hop
    level = np.sqrt(uniform_filter1d(square, round(_LEVEL_SPAN / HOP), mode="nearest"))
    level = np.append(level, np.full(2, level[-1]))[: len(tracked.time)]
    usable = tracked.heard & (level > _QUIET * np.median(level))
    cents_off, volume_off = _label_errors(recording, tracked, usable, len(sound) / sample_rate)
    return {
        "pitch": np.log2(tracked.frequency),
        "gain": 1.0 / np.maximum(level * _FULL_SCALE, 1e-6),
        "usable": usable,
        "level_error": cents_off,
        "volume_error": volume_off,
    }


def _label_errors(
    recording: Recording, tracked: Track, usable: NDArray[np.bool_], duration: float
) -> tuple[Floats, Floats]:
    vessel = recording.vessel
    resonator = Resonator(vessel)
    frequency = tracked.frequency[usable]
    volume = np.clip(tracked.time[usable] / duration, 0.0, 1.0) * vessel.capacity
    by_clock = resonator.frequency(vessel.level(volume))
    by_ear = vessel.volume(resonator.level(frequency))
    return cents(frequency, by_clock), by_ear - volume
