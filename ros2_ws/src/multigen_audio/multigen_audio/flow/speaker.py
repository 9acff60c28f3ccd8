"""From conditions to sound: voice, mouth and loudness, hop by hop."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray
from scipy.signal import lfilter

from multigen_audio.flow.conditions import Conditions
from multigen_audio.flow.features import envelope, features, loudness
from multigen_audio.flow.gain import Gain
from multigen_audio.flow.overlap import Analysis, Synthesis
from multigen_audio.flow.ridge import Ridge
from multigen_audio.flow.wandering import Wandering
from multigen_audio.flow.weights import MOUTH, VOICE
from multigen_audio.limiter import limit
from multigen_core.contract import SAMPLE_RATE
from multigen_core.learning.mel import HOP, LEAD
from multigen_core.learning.runtime import Floats, Network

_ROOM = 10.0 ** (-75.0 / 20.0)
"""RMS of the room's noise; a microphone that gives zeros is taken for dead."""
_ROOM_KEEP = 0.9
"""Of each sample in the next: rooms are noisier in the bass."""
_INAUDIBLE = 3e-6
"""RMS that is not worth the networks' work, a tenth of what 16 bits can tell."""
_SETTLE = 32
"""Hops over which the ridge's filter and the overlap of spectra forget."""
_CLOSED, _OPEN = 0.1e-6, 0.5e-6
"""Flows [m^3/s] up to which nothing is heard, and from which everything is."""


class Speaker:
    """Speaks conditions: equal conditions and seed give equal sound however they are cut.

    The networks give sound of unit level, the kinetic power that falls its loudness. While nothing
    is to be heard they rest. Before they speak again they are given the hops that they missed, as
    far back as they remember, and so say what they would have said.
    """

    delay = LEAD / SAMPLE_RATE
    """How far the sound lags behind the conditions given [s]."""

    def __init__(self, weights: Path, seed: int = 0, real: bool = True) -> None:
        """A speaker.

        Args:
            weights: folder of the networks.
            seed: of all randomness.
            real: whether to sound like recordings, or else like the physical synthesizer.

        Raises:
            WeightsError: weights are missing or damaged.
        """
        self._voice = Network(weights, "voice", VOICE)
        self._mouth = Network(weights, "mouth", MOUTH)
        self._reach = self._voice.remembered + self._mouth.remembered + _SETTLE
        self._seed, self._real = seed, real
        self.reset()

    def reset(self) -> None:
        """Forget the past; what comes next begins a sound."""
        self._voice.reset()
        self._mouth.reset()
        self._analysis, self._synthesis = Analysis(), Synthesis()
        self._ridge, self._gain = Ridge(), Gain()
        self._wandering = Wandering(default_rng([self._seed, 0]))
        self._phases, self._room = (default_rng([self._seed, i]) for i in (1, 2))
        self._rms = np.zeros(3, np.float32)
        self._room_state = np.zeros(1)
        self._before = LEAD
        self._unsaid: deque[tuple[Floats, Floats, Floats]] = deque()

    def say(self, now: Conditions) -> Floats:
        """Sound of T more hops, (T * HOP,), delayed by LEAD samples that the beginning lacks."""
        count = len(now)
        if not count:
            return np.zeros(0, np.float32)
        noise = self._phases.standard_normal((count, HOP), np.float32)
        wandering = self._wandering.next(count)
        falling = now["flow"] + now["rim"]
        rms = self._loudness(now, falling).reshape(count, HOP)
        heard = np.flatnonzero((rms.max(axis=1) > _INAUDIBLE) | (falling > _OPEN))
        first, last = (heard[0], heard[-1] + 1) if len(heard) else (count, count)
        sound = np.zeros((count, HOP))
        for begin, end in ((0, first), (first, last), (last, count)):
            part = slice(begin, end)
            if begin == end:
                continue
            self._unsaid.append((now.values[part], wandering[part], noise[part]))
            if begin == first:
                spoken = self._spoken()[(begin - end) * HOP :]
                spoken = self._gain.push(spoken, falling[part] > _OPEN)
                sound[part] = spoken.reshape(-1, HOP) * rms[part]
            else:
                self._forget()
        hiss = self._room.standard_normal(count * HOP) * (_ROOM * np.sqrt(1 - _ROOM_KEEP**2))
        hiss, self._room_state = lfilter([1.0], [1.0, -_ROOM_KEEP], hiss, zi=self._room_state)
        sound = limit(sound.ravel() + hiss)
        before = min(self._before, len(sound))
        self._before -= before
        return np.asarray(sound[before:], np.float32)

    def _forget(self) -> None:
        """Drop what was not said so long ago that it does not matter."""
        waiting = sum(len(hops) for hops, _, _ in self._unsaid)
        while waiting - len(self._unsaid[0][0]) >= self._reach:
            waiting -= len(self._unsaid.popleft()[0])

    def _spoken(self) -> NDArray[np.float64]:
        """Sound of unit level of all that was not said yet, however long ago."""
        values, wandering, noise = map(np.concatenate, zip(*self._unsaid, strict=True))
        self._unsaid.clear()
        now = Conditions(0, values)
        spectra = self._voice.run(features=features(now, self._real)[None], noise=wandering[None])[
            "spectra"
        ]
        phases = self._analysis.push(noise.ravel())
        parts = self._mouth.run(spectra=spectra, noise=phases[None])["sound"]
        return self._ridge.push(self._synthesis.push(parts[0]), now["resonance"])

    def _loudness(self, now: Conditions, falling: Floats) -> Floats:
        """RMS of each sample from LEAD before the hops, joined by lines between hops' middles."""
        gate = np.clip((falling - _CLOSED) / (_OPEN - _CLOSED), 0.0, 1.0)
        rms = np.concatenate([self._rms, envelope(loudness(now) * gate, float(self._rms[-1]))])
        middle = (np.arange(len(rms)) - 2.5) * HOP
        self._rms = rms[-3:]
        at = np.arange(len(now) * HOP) - LEAD + 0.5
        return np.asarray(np.interp(at, middle, rms), np.float32)
