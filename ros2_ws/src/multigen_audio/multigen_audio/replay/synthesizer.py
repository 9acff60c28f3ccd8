"""The replay synthesizer: liquid states in, pieces of real recordings out."""

from __future__ import annotations

import numpy as np
from numpy.random import default_rng

from multigen_audio.limiter import limit
from multigen_audio.physical.controls import controls, fading
from multigen_audio.physical.grid import BLOCKS_PER_SECOND, Floats, Grid
from multigen_audio.recorded.label_floor import ALL, label_floors
from multigen_audio.replay.grains import Grains
from multigen_audio.replay.library import Library
from multigen_audio.replay.playhead import BEND, Playhead
from multigen_core.synthesizer import Source
from multigen_core.types import AudioChunk, CameraFrame, LiquidState
from multigen_core.world.catalogue import liquid, vessel

_BLOCKS = 4
"""Of a step, after each of which the place may change."""
_SELF_NOISE = 10 ** (-90 / 20)
"""Of the microphone [re full scale]: one that gives zeros is taken for dead."""
_LEVEL = 10.0 ** (-28.5 / 20.0)
"""RMS at the reference's kinetic power; as loud as the physical synthesizer into a glass."""
_DRIFT = 70.0
"""Mismatch beyond which a new place is looked for [cents]."""
_LONGEST = 75
"""Steps after which one is looked for anyhow."""
_AHEAD = 0.5
"""Of a step: the resonance aimed at is that in its middle."""


class Replay:
    """Sound of a pour from recordings, wherever the resonance heard in them is the simulated one.

    Plays passages of recordings. Every 20 ms it bends their pitch to the simulated resonance, by at
    most a semitone; where a recording has drifted off or its resonance is no longer trusted, it
    cross-fades, at constant power, to another place with the right one. Loudness follows the
    kinetic power of what falls in and the fill, not the recording. If the vessel is named after a
    recorded container, only that one's recordings are played. Equal states, stamps and seed give
    equal sound however they are pushed and pulled.
    """

    source = Source.LIQUID_STATE
    latency = _BLOCKS / BLOCKS_PER_SECOND

    def __init__(self, library: Library, seed: int = 0) -> None:
        """Create a synthesizer.

        Args:
            library: what to play; its sample rate must be a multiple of 200 Hz.
            seed: of the choice of places.
        """
        self.sample_rate = library.sample_rate
        self._grid = Grid(self.sample_rate)
        self._library = library
        self._vessels: dict[str, Grains] = {}
        self._seed = seed
        self._size = _BLOCKS * self._grid.size
        phase = (np.arange(self._size) + 0.5) / self._size * np.pi / 2
        self._rise, self._fall = np.sin(phase), np.cos(phase)
        self._sounding = self._beyond = 0
        self._flow = 0.0
        self._about: dict[str, str | float | int] = {}
        self.reset()

    def reset(self) -> None:
        """Clear the state; the next input starts a new stream with the seed's first numbers."""
        self._states: list[LiquidState] = []
        self._origin = 0
        self._step = 0
        self._age = 0
        self._head: Playhead | None = None
        self._pitch: float | None = None
        self._rng = default_rng(self._seed)
        self._hiss = default_rng([self._seed, 1])

    def figures(self) -> dict[str, str | float | int]:
        """What is played, how far to trust it, how well it fitted so far; none before inputs."""
        if not self._about:
            return {}
        return {
            **self._about,
            "mean_flow_ml_per_s": round(self._flow / max(self._sounding, 1) * 1e6, 1),
            "share_off_pitch": round(self._beyond / max(self._sounding, 1), 3),
        }

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one liquid state.

        Raises:
            TypeError: it is an image.
            ValueError: its stamp does not increase.
            ConfigError: its vessel or liquid is in no catalogue.
            RecordingError: no recording can be used.
        """
        if not isinstance(item, LiquidState):
            raise TypeError(f"replay takes liquid states, got {type(item).__name__}")
        if self._states and item.stamp <= self._states[-1].stamp:
            raise ValueError(f"stamp {item.stamp} is not later than {self._states[-1].stamp}")
        vessel(item.target_vessel)
        liquid(item.liquid)
        if item.target_vessel not in self._vessels:
            grains = self._library.of_vessel(item.target_vessel)
            self._vessels[item.target_vessel] = grains
            self._about = _about(grains)
        if not self._states:
            self._origin = item.stamp
        self._states.append(item)

    def pull(self) -> list[AudioChunk]:
        """The sound completed since the last call: at most one chunk, of whole steps."""
        if len(self._states) < 2:
            return []
        elapsed = self._states[-1].stamp - self._origin
        end = self._grid.complete(elapsed) // _BLOCKS
        first = self._step
        parts = [self._render(step) for step in range(first, end)]
        if not parts:
            return []
        self._step = end
        stamp = self._origin + self._grid.time(first * _BLOCKS)
        sound = np.concatenate(parts)
        sound = sound + _SELF_NOISE * self._hiss.standard_normal(len(sound))
        samples = limit(sound).astype(np.float32)
        return [AudioChunk(stamp, samples, self.sample_rate)]

    def _render(self, step: int) -> Floats:
        """One step of sound."""
        times = self._grid.times(step * _BLOCKS, (step + 1) * _BLOCKS)
        while len(self._states) > 2 and self._states[1].stamp - self._origin <= times[0]:
            del self._states[0]
        state = self._states[0]
        until = 1
        while (
            until < len(self._states) and self._states[until - 1].stamp - self._origin < times[-1]
        ):
            until += 1
        now = controls(
            self._states[:until], times - (state.stamp - self._origin), liquid(state.liquid).density
        )
        if not now.impact.any():
            self._head = None
            return np.zeros(self._size)
        resonance = float(np.interp(_AHEAD * _BLOCKS, np.arange(_BLOCKS + 1), now.resonance))
        if resonance > 0:
            self._pitch = float(np.log2(resonance))
        if self._pitch is None:
            return np.zeros(self._size)
        sound = self._play(self._vessels[state.target_vessel], self._pitch)
        self._sounding += 1
        self._flow += float(now.inflow.mean())
        return _LEVEL * sound * self._grid.ramp(now.impact * fading(now.fill)).ravel()

    def _play(self, grains: Grains, pitch: float) -> Floats:
        """One step at unit level."""
        old = self._head
        if old is not None:
            old.aim(pitch)
            self._age += 1
            if abs(old.off) <= _DRIFT and self._age < _LONGEST and old.lasts(self._size):
                return old.play(self._size)
        self._head = Playhead(*grains.pick(pitch, self._rng))
        self._head.aim(pitch)
        self._age = 0
        self._beyond += abs(self._head.off) > BEND
        sound = self._rise * self._head.play(self._size)
        return sound if old is None else sound + self._fall * old.play(self._size)


def _about(grains: Grains) -> dict[str, str | float | int]:
    floor = label_floors(grains.clips)[ALL]
    vessels = {clip.recording.container for clip in grains.clips}
    flows = [clip.recording.vessel.capacity / clip.recording.duration for clip in grains.clips]
    return {
        "recordings": len(grains.clips),
        "recordings_skipped": len(grains.skipped),
        "recorded_vessels": len(vessels),
        "label_floor_cents": round(floor.cents),
        "label_floor_ml": round(floor.millilitres, 1),
        "recorded_flow_ml_per_s": round(float(np.median(flows)) * 1e6, 1),
    }
