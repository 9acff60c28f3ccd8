"""Flow detection: how far the sound rises above the noise floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD, Floats

_SPLASH = (FREQUENCIES > 500) & (FREQUENCIES < 7000)
"""Band of liquid sounds."""
_RUMBLE = FREQUENCIES < 400
"""Band of room noise."""


@dataclass(frozen=True, slots=True)
class GateConfig:
    """Levels in dB, times in s.

    Evidence for flow starts at `rise` above the floor and at `tilt`, the level of the splash band
    above that of the rumble band; it is 1 at `scale` beyond either. `quick` [1/s] converts evidence
    to log odds; `hazard` [1/s] is the rate at which flow starts or stops. Until silence has been
    heard, the floor is `unheard`. The floor follows the sound down immediately; it rises by
    `settle` [dB/s] without flow, by `creep` during flow, and immediately if flow is impossible.
    Hysteresis: on above probability `on`, off below `off`.
    """

    rise: float = 9.0
    tilt: float = -7.0
    scale: float = 4.0
    quick: float = 14.0
    hazard: float = 0.3
    unheard: float = -75.0
    settle: float = 1.0
    creep: float = 0.1
    on: float = 0.8
    off: float = 0.3


class FlowGate:
    """A two-state filter with hysteresis."""

    def __init__(self, config: GateConfig = GateConfig(), period: float = PERIOD) -> None:
        self._config, self._period = config, period
        self._floor = config.unheard
        self.probability = 0.2
        """Probability of flow."""
        self.flowing = False
        self.level = float("-inf")
        """Level of the splash band [dB re full scale]."""

    def push(self, spectrum: Floats, none: bool = False) -> None:
        """Take the next spectrum (B,) [dB]; `none`: flow is impossible now."""
        config, seconds = self._config, self._period
        power = 10 ** (spectrum / 10)
        self.level = 10 * float(np.log10(power[_SPLASH].mean()))
        tilt = self.level - 10 * float(np.log10(power[_RUMBLE].mean()))
        rise = (self.level - self._floor - config.rise) / config.scale
        evidence = max(-1.5, min(1.5, rise))
        evidence += max(-0.7, min(0.7, 0.5 * (tilt - config.tilt) / config.scale))
        p = self.probability
        p += (1 - 2 * p) * config.hazard * seconds
        odds = p / (1 - p) * float(np.exp(config.quick * evidence * seconds))
        self.probability = p = 0.002 if none else min(max(odds / (1 + odds), 0.002), 0.998)
        self.flowing = p > (config.off if self.flowing else config.on)
        gap = self.level - self._floor
        if gap < 0 or none:
            self._floor += min(1.0, 10.0 * seconds) * gap
        else:
            self._floor += min(gap, ((1 - p) * config.settle + p * config.creep) * seconds)
