"""Whether anything flows: how far the sound rises above what is heard when nothing does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD, Floats

_SPLASH = (FREQUENCIES > 500) & (FREQUENCIES < 7000)
"""Where liquid is heard."""
_RUMBLE = FREQUENCIES < 400
"""Where rooms are heard."""


@dataclass(frozen=True, slots=True)
class GateConfig:
    """Levels in dB, times in s.

    Flow is likely from `rise` above the floor and from `tilt`, the splash band's level above the
    rumble band's; each evidence is worth 1 at `scale` beyond. `quick` [1/s] turns evidence into log
    odds, `hazard` [1/s] is how often flow starts or stops by itself. Until silence has been heard,
    the floor is taken to be `unheard`. It follows sound down at once; up it follows by `settle`
    [dB/s] without flow, by `creep` under flow and at once, too, if flow is known to be none.
    Hysteresis: on above `on`, off below `off` probability.
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
        """That anything flows."""
        self.flowing = False
        self.level = float("-inf")
        """Of the splash band [dB re full scale]."""

    def push(self, spectrum: Floats, none: bool = False) -> None:
        """Take the next spectrum (B,) [dB]; `none` says that nothing can flow now."""
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
