"""The listener: sound in, vessel and fill estimates out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_policy.listening.filling import Filling, FlowPrior, Hearing, Inflow, Posterior
from multigen_policy.listening.gate import FlowGate
from multigen_policy.listening.shapes import Prior
from multigen_policy.listening.spectrum import DELAY, PERIOD, Contrast, SpectrumStream

AUDIBLE = 2.0
"""Contrast [dB] above which a resonance counts as heard."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimate at `time` [s] since the start of the stream.

    `flowing` with hysteresis and its `probability`; `level` [dB re full scale] of the splash.
    """

    time: float
    flowing: bool
    probability: float
    level: float
    belief: Posterior

    @property
    def audible(self) -> bool:
        """Whether a resonance that supports the belief is heard."""
        return self.belief.salience >= AUDIBLE


class Listener:
    """Listens to one pour, causally; the estimates do not depend on how the stream is split."""

    def __init__(
        self,
        prior: Prior,
        flow: FlowPrior = FlowPrior(),
        hearing: Hearing = Hearing(),
        particles: int = 0,
        seed: int = 0,
    ) -> None:
        self._spectra = SpectrumStream()
        self._contrast = Contrast()
        self._gate = FlowGate()
        self.filling = Filling(prior, flow, hearing, particles, seed)
        """The belief."""
        self._steps = 0

    def push(
        self, samples: NDArray[np.float32], inflow: Inflow | None = None, none: bool = False
    ) -> list[Estimate]:
        """Take samples at SAMPLE_RATE; return the estimates they complete, one every PERIOD.

        Each refers to `DELAY` before the last sample it needs. `inflow` is independent knowledge of
        the flow, such as from the tilt of the source; `none`: flow is impossible.
        """
        return [self.step(spectrum, inflow, none) for spectrum in self._spectra.push(samples)]

    def step(
        self,
        spectrum: NDArray[np.float64],
        inflow: Inflow | None = None,
        none: bool = False,
        seconds: float = PERIOD,
    ) -> Estimate:
        """Take one spectrum (B,) [dB], `seconds` after the last."""
        gate = self._gate
        gate.push(spectrum, none)
        contrast = self._contrast.push(spectrum, quiet=gate.probability < 0.3)
        self.filling.step(contrast, gate.probability, seconds, inflow, gate.level)
        self._steps += 1
        return Estimate(
            (self._steps - 1) * PERIOD,
            gate.flowing,
            gate.probability,
            gate.level,
            self.filling.posterior(),
        )


__all__ = ["DELAY", "Estimate", "Listener"]
