"""Room and microphone as streaming filters."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, oaconvolve, sosfilt

from multigen_audio.physical.config import Microphone, Peak, Room
from multigen_audio.physical.grid import Floats

_SPEED = 343.0
_ORDER = 2


def room_response(room: Room, sample_rate: int) -> Floats:
    """Impulse response (N,), its direct sound of amplitude 1 at sample 0.

    Images of the source up to second order (Allen and Berkley, JASA 65, 1979) carry the early
    reflections; noise decaying by 60 dB in `decay` the rest. The reflected energy is `wet`.
    """
    rng = np.random.default_rng(room.seed)
    size = np.array(room.size)
    source = size * rng.uniform(0.25, 0.75, 3)
    microphone = np.clip(source + rng.normal(0, 0.4, 3), 0.1 * size, 0.9 * size)
    direct = float(np.linalg.norm(source - microphone))
    response = np.zeros(round(room.decay * sample_rate) + 1)
    orders = np.arange(-_ORDER, _ORDER + 1)
    early = 0
    for order in np.array(np.meshgrid(orders, orders, orders)).reshape(3, -1).T:
        bounces = int(np.abs(order).sum())
        if not 0 < bounces <= _ORDER:
            continue
        image = np.where(order % 2 == 0, source, size - source) + order * size
        distance = float(np.linalg.norm(image - microphone))
        delay = round((distance - direct) / _SPEED * sample_rate)
        if delay < len(response):
            response[max(delay, 1)] += direct / distance * room.reflection**bounces
            early = max(early, delay)
    time = np.arange(len(response)) / sample_rate
    tail = rng.standard_normal(len(response)) * 10.0 ** (-3.0 * time / room.decay)
    tail[: early // 2] = 0.0
    reflected = float(np.sqrt(np.sum(response**2))) or 1.0
    response += tail * 0.5 * reflected / max(float(np.sqrt(np.sum(tail**2))), 1e-12)
    response *= 10.0 ** (room.wet / 20.0) / max(float(np.sqrt(np.sum(response**2))), 1e-12)
    response[0] = 1.0
    return response


class Reverberation:
    """Convolves a stream with a room's response."""

    def __init__(self, room: Room, sample_rate: int) -> None:
        self._response = room_response(room, sample_rate)
        self._tail = np.zeros(len(self._response) - 1)

    def filter(self, sound: Floats) -> Floats:
        """As many samples as given, (N,)."""
        full = oaconvolve(sound, self._response)
        full[: len(self._tail)] += self._tail
        self._tail = full[len(sound) :].copy()
        return np.asarray(full[: len(sound)])


class Response:
    """A microphone's colour on a stream."""

    def __init__(self, microphone: Microphone, sample_rate: int) -> None:
        top = min(microphone.high, 0.45 * sample_rate)
        sections = [
            butter(1, microphone.low, "high", fs=sample_rate, output="sos"),
            butter(1, top, fs=sample_rate, output="sos"),
        ]
        sections += [
            _peak(peak, sample_rate)
            for peak in microphone.peaks
            if peak.frequency < 0.45 * sample_rate
        ]
        self._sections = np.concatenate(sections)
        self._state = np.zeros((len(self._sections), 2))

    def filter(self, sound: Floats) -> Floats:
        """As many samples as given, (N,)."""
        out, self._state = sosfilt(self._sections, sound, zi=self._state)
        return np.asarray(out)


def _peak(peak: Peak, sample_rate: int) -> Floats:
    """A peaking biquad as second-order section (1, 6) (Bristow-Johnson's equaliser formulas)."""
    amplitude = 10.0 ** (peak.gain / 40.0)
    turn = 2 * np.pi * peak.frequency / sample_rate
    alpha = np.sin(turn) / (2 * peak.quality)
    b = np.array([1 + alpha * amplitude, -2 * np.cos(turn), 1 - alpha * amplitude])
    a = np.array([1 + alpha / amplitude, -2 * np.cos(turn), 1 - alpha / amplitude])
    return np.asarray(np.concatenate([b, a])[None] / a[0])
