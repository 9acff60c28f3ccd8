"""Mixes the sounds of one pour: splash, bubbles, drops, air column and wall."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import SeedSequence, default_rng
from scipy.signal import butter, lfilter

from multigen_audio.physical.body import AIR_MODES, WALL_MODES, Body
from multigen_audio.physical.bubbles import LATEST, Bubbles
from multigen_audio.physical.controls import FADE, REFERENCE_FLOW, Controls, fading
from multigen_audio.physical.events import Poisson
from multigen_audio.physical.grid import BLOCKS_PER_SECOND, Floats, Grid
from multigen_audio.physical.resonators import ResonatorBank
from multigen_audio.physical.splash import Splash
from multigen_audio.physical.timbre import Timbre
from multigen_core.world.liquid import Liquid

_LOUDNESS = 0.0185
_SPLASH, _AIR, _BUBBLE, _WALL, _FIZZ = 0.22, 1.5, 0.5, 0.12, 0.02
_AIR_GAINS = np.array([1.0, 0.4, 0.22, 0.12])
_WALL_GAINS = np.array([1.0, 0.6, 0.4])
_BUBBLE_RATE, _MOST_BUBBLES = 140.0, 400.0
_DROP, _RIM_DROP = 6e-8, 3e-7
_FIZZ_TIME = 4.0
_LAPPING, _BREAKING = 0.10, 0.30
"""Steepness k a of a sloshing surface from which it is heard, and over which it grows by 1."""
_LAP_BUBBLES = 4
_SLOSH_ROOT = 1.8412
"""First root of J1', the first mode's k R."""
_GRAVITY = 9.81


class Mixer:
    """Everything that sounds, with its state and its random numbers; renders whole blocks."""

    def __init__(self, grid: Grid, seed: int, slosh: float = 1.0, fade: float = FADE) -> None:
        """A mixer; `slosh` and `fade` as in PhysicalConfig."""
        self._grid = grid
        self._slosh, self._fade = slosh, fade
        rngs = [default_rng(child) for child in SeedSequence(seed).spawn(8)]
        self._splash = Splash((rngs[0], rngs[1], rngs[2]), grid.sample_rate)
        self._entrained = Poisson(rngs[3], draws=3)
        self._drops = Poisson(rngs[4], draws=3, shape=6.0)
        self._clinks = Poisson(rngs[5], draws=1)
        self._glugs = Poisson(rngs[6], draws=2, shape=30.0)
        self._laps = Poisson(rngs[7], draws=2 * _LAP_BUBBLES, shape=20.0)
        self._bubbles = Bubbles(grid.sample_rate)
        self._air = ResonatorBank(AIR_MODES, grid.sample_rate)
        self._wall = ResonatorBank(len(WALL_MODES), grid.sample_rate)

    def begin(self, body: Body, liquid: Liquid, timbre: Timbre) -> None:
        """Start, from silence, to sound like this vessel and this liquid."""
        self._body, self._liquid, self._timbre = body, liquid, timbre
        low = butter(
            1, min(timbre.cutoff, 0.45 * self._grid.sample_rate), fs=self._grid.sample_rate
        )
        high = butter(1, 90.0, "high", fs=self._grid.sample_rate)
        self._colour = np.convolve(low[0], high[0]), np.convolve(low[1], high[1])
        self._colour_state = np.zeros(2)
        self._gas = np.zeros(1)
        self._hiss_state = np.zeros(1)
        for part in (self._splash, self._bubbles, self._air, self._wall):
            part.clear()

    def render(self, now: Controls) -> Floats:
        """Sound of the blocks between the edges of `now`, (N * size,)."""
        blocks, size, ramp = len(now.inflow) - 1, self._grid.size, self._grid.ramp
        middle = _middles(now)
        thumps, clinks, bubbles = self._events(middle, blocks, size)
        texture = self._splash.render(blocks, size, thumps)
        impact = self._timbre.loudness * now.impact * np.sqrt(now.jet)
        splash = texture * ramp(impact)
        direct = texture * ramp(
            np.hypot(impact * (1 + 0.8 * now.shallow), self._timbre.loudness * now.scatter)
        )
        direct, self._colour_state = lfilter(*self._colour, direct.ravel(), zi=self._colour_state)
        excitation = splash + 0.5 * bubbles.reshape(blocks, size)
        frequency, bandwidth = self._body.air(middle.level, middle.resonance)
        sharp = np.minimum(np.sqrt(8 * bandwidth / frequency), 2.0)
        air = self._air.filter(excitation, _AIR_GAINS[:, None] / sharp, frequency, bandwidth)
        struck = splash * ramp(0.15 + 0.85 * now.shallow) + clinks.reshape(blocks, size)
        frequency, bandwidth = self._body.wall(middle.level, self._liquid.density)
        gains = np.repeat(self._body.ring * _WALL_GAINS[:, None], blocks, axis=1)
        wall = self._wall.filter(struck, gains, frequency, bandwidth)
        sound = _SPLASH * direct + _AIR * air.ravel() + _WALL * wall.ravel() + _BUBBLE * bubbles
        if self._timbre.fizz:
            sound += _FIZZ * self._hiss(middle.inflow, texture)
        return np.asarray(_LOUDNESS * sound * ramp(fading(now.fill, self._fade)).ravel())

    def _events(self, middle: Controls, blocks: int, size: int) -> tuple[Floats, Floats, Floats]:
        """Swells of the splash, blows on the wall, sound of bubbles; (blocks * size,) each."""
        count, interval = blocks * size, 1.0 / BLOCKS_PER_SECOND
        thumps, clinks = np.zeros(count), np.zeros(count)
        parts: list[tuple[Any, ...]] = []

        flow = middle.inflow / REFERENCE_FLOW
        rate = _BUBBLE_RATE * self._timbre.bubble_rate * flow**0.8 * middle.speed * middle.jet
        rate = np.minimum(rate * (1 - middle.shallow), _MOST_BUBBLES)
        position, draw = self._entrained.take(rate, interval)
        block = position.astype(int)
        scale = np.clip(middle.width[block] / 0.008, 0.3, 3.0) ** 0.3
        radius = np.clip(
            self._timbre.bubble_radius * scale * np.exp(0.45 * draw[:, 0]), 2.5e-4, 8e-3
        )
        loud = np.sqrt(middle.impact[block]) * (radius / 1.5e-3) ** 1.5 * np.exp(0.5 * draw[:, 1])
        parts.append((position * size, radius, np.minimum(loud, 8.0), 0.1 * (draw[:, 2] > 0)))

        position, draw = self._drops.take((1 - middle.jet) * middle.inflow / _DROP, interval)
        block = position.astype(int)
        strength = 0.5 * np.sqrt(middle.speed[block]) * np.exp(0.4 * draw[:, 0])
        dry = middle.shallow[block]
        radius = np.clip(1.3e-3 * np.exp(0.2 * draw[:, 1]), 7e-4, 4e-3)
        late = np.clip(0.018 + 0.004 * draw[:, 2], 0.005, 0.04) * self._grid.sample_rate
        none = np.zeros(len(position))
        parts.append((position * size, none + 8e-4, strength * (0.5 + dry), none))
        parts.append((position * size + late, radius, 1.5 * strength * (1 - dry), none + 0.1))

        position, draw = self._glugs.take(middle.glug, interval)
        block = position.astype(int)
        radius = 6e-3 * np.exp(0.15 * draw[:, 0])
        strength = 6.0 * np.sqrt(middle.impact[block]) * np.exp(0.3 * draw[:, 1])
        parts.append((position * size, radius, strength, np.full(len(position), 0.1)))
        np.add.at(thumps, (position * size).astype(int), 2.5)

        parts.append(self._lap(middle, interval, size))

        position, draw = self._clinks.take(np.minimum(middle.rim / _RIM_DROP, 80.0), interval)
        np.add.at(clinks, (position * size).astype(int), 60.0 * np.exp(0.5 * draw[:, 0]))

        starts, radii, amplitudes, rises = (
            np.concatenate([np.atleast_1d(part[i]) for part in parts]) for i in range(4)
        )
        bubbles = self._bubbles.render(
            count, starts, radii, amplitudes * self._timbre.loudness, rises,
            self._liquid.density, self._liquid.viscosity,
        )  # fmt: skip
        return thumps, clinks, bubbles

    def _lap(self, middle: Controls, interval: float, size: int) -> tuple[Floats, ...]:
        """Bubbles where a steep sloshing surface folds at the wall, twice in its period."""
        radius = np.maximum(self._body.vessel.radius(middle.level), 1e-3)
        wave = _SLOSH_ROOT / radius
        frequency = np.sqrt(_GRAVITY * wave * np.tanh(wave * middle.level)) / (2 * np.pi)
        steep = np.clip((wave * middle.slosh - _LAPPING) / _BREAKING, 0.0, 2.0)
        position, draw = self._laps.take(2 * frequency * (steep > 0), interval)
        loud = np.repeat(self._slosh * steep[position.astype(int)], _LAP_BUBBLES)
        sizes, delays = draw.reshape(-1, 2, _LAP_BUBBLES).swapaxes(0, 1).reshape(2, -1)
        late = np.clip(0.025 + 0.012 * delays, 0.0, LATEST) * self._grid.sample_rate
        start = np.repeat(position * size, _LAP_BUBBLES) + late
        radii = np.clip(2e-3 * np.exp(0.35 * sizes), 6e-4, 6e-3)
        return start, radii, loud * np.exp(0.4 * delays), np.full(len(start), 0.1)

    def _hiss(self, inflow: Floats, texture: Floats) -> Floats:
        """Hiss of bubbles too small to be heard singly, from gas that comes out over seconds."""
        fresh = self._timbre.fizz * inflow / REFERENCE_FLOW / BLOCKS_PER_SECOND
        keep = np.exp(-1.0 / (_FIZZ_TIME * BLOCKS_PER_SECOND))
        gas, self._gas = lfilter([1.0], [1.0, -keep], fresh, zi=self._gas)
        loud = (texture * np.sqrt(gas)[:, None]).ravel()
        hiss, self._hiss_state = lfilter([1.0, -1.0], [1.0], loud, zi=self._hiss_state)
        return np.asarray(hiss)


def _middles(now: Controls) -> Controls:
    """Controls in the middle of each block, arrays of (N,)."""
    return Controls(**{
        name: 0.5 * (values[1:] + values[:-1]) for name, values in vars(now).items()
    })  # fmt: skip
