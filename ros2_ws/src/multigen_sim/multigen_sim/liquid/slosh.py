"""First sloshing mode of the liquid in a vessel, as a damped oscillator."""

from __future__ import annotations

from math import cos, exp, hypot, sin, sqrt, tanh

from multigen_core.world.wetting import GRAVITY

_MODE = 1.8412
"""First zero of J1': wave number of the first mode times the radius."""
_STEEPEST = 0.35
"""Amplitude over radius at which the wave breaks."""


class Slosh:
    """Height [m] of the surface at the wall on one side, equal and opposite on the other."""

    def __init__(self, damping: float) -> None:
        self._damping = max(damping, 1e-3)
        self.height = 0.0
        self.velocity = 0.0
        self._frequency = 1.0

    @property
    def amplitude(self) -> float:
        """Envelope of the oscillation [m]."""
        return hypot(self.height, self.velocity / self._frequency)

    def step(self, rest: float, radius: float, depth: float, dt: float) -> None:
        """Advance by `dt` [s] towards an equilibrium height at the wall of `rest` [m].

        The step is the exact solution of the oscillator, so it is stable for any `dt`.
        """
        radius = max(radius, 2e-3)
        wave = _MODE / radius
        omega = self._frequency = sqrt(GRAVITY * wave * tanh(wave * max(depth, 1e-3)))
        decay = self._damping * omega
        ringing = omega * sqrt(max(1.0 - self._damping**2, 1e-6))
        offset = self.height - rest
        c, s, fade = cos(ringing * dt), sin(ringing * dt), exp(-decay * dt)
        swing = (self.velocity + decay * offset) / ringing
        self.height = rest + fade * (offset * c + swing * s)
        self.velocity = fade * (self.velocity * c - (ringing * offset + decay * swing) * s)
        bound = _STEEPEST * radius
        if abs(self.height) > bound:
            self.height = bound if self.height > 0 else -bound
            self.velocity = 0.0
