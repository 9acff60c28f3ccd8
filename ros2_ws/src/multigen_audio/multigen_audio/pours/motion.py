"""Motion of the source in training pours: a sequence of target flows with pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multigen_core.station.pour_path import MAX_TILT
from multigen_core.types import LiquidState

_SETTLE = 0.15
"""Time constant with which the tilt rate follows what is wanted [s]."""
_SEARCH = 0.4
"""Least part of the speed with which the lip is tilted until liquid flows over it."""
_LEAD = 0.3
"""How long the flow is taken to go on after the vessel turns back [s]."""
_TAIL = 1.0
"""How long the motion goes on after the last drop [s]."""


@dataclass
class Motion:
    """Tilts back and forth so that the outflow follows a programme.

    `programme` holds durations [s] and flows [m^3/s]; 0 means to tilt back until nothing flows.
    It ends early once `goal` [m^3] has been poured. `speed` [rad/s] is the fastest tilt rate,
    `gain` [rad/s per m^3/s] what turns the flow's error into one, `retreat` [rad] how far a pause
    tilts back behind the lip's running dry.
    """

    programme: list[tuple[float, float]]
    goal: float
    speed: float
    gain: float
    retreat: float
    tilt: float = 0.0
    rate: float = 0.0
    over: bool = False
    _elapsed: float = 0.0
    _start: float | None = None
    _dry: float | None = None
    _tail: float | None = None

    @classmethod
    def drawn(cls, rng: np.random.Generator, room: float) -> Motion:
        """A motion for a target that takes `room` [m^3] more; now and then it overflows."""
        programme = [(float(rng.uniform(0.2, 2.0)), 0.0)]
        for _ in range(int(rng.integers(2, 7))):
            flow = float(np.exp(rng.uniform(np.log(6e-6), np.log(130e-6))))
            programme += [(float(rng.uniform(1.0, 7.0)), flow)]
            if rng.random() < 0.45:
                programme += [(float(rng.uniform(0.5, 2.0)), 0.0)]
        part = rng.uniform(1.0, 1.15) if rng.random() < 0.12 else rng.uniform(0.3, 0.98)
        return cls(
            programme,
            goal=float(part) * room,
            speed=float(rng.uniform(0.2, 0.8)),
            gain=float(rng.uniform(2e3, 8e3)),
            retreat=float(rng.uniform(0.05, 0.5)),
        )

    def step(self, state: LiquidState, dt: float) -> tuple[float, float]:
        """Tilt [rad] and its rate [rad/s] `dt` [s] on, from what flows now."""
        if self._start is None:
            self._start = state.target_volume
        poured = (
            state.target_volume + state.airborne_volume - self._start + _LEAD * state.outflow_rate
        )
        if self._tail is None and (not self.programme or poured >= self.goal):
            self._tail = _TAIL
            self.programme = [(np.inf, 0.0)]
        wanted = self.programme[0][1]
        self._elapsed += dt
        searching = wanted > 0 and state.outflow_rate == 0 and self.tilt < MAX_TILT - 0.02
        if searching:
            self._elapsed -= dt
        if self._elapsed > self.programme[0][0]:
            self._elapsed = 0.0
            self._dry = None
            self.programme.pop(0)
        self._move(state, wanted, dt)
        quiet = state.outflow_rate == 0 and state.airborne_volume == 0
        if self._tail is not None and quiet:
            self._tail -= dt
            self.over = self._tail < 0
        return self.tilt, self.rate

    def _move(self, state: LiquidState, wanted: float, dt: float) -> None:
        if wanted > 0:
            aim = self.gain * (wanted - state.outflow_rate)
            if state.outflow_rate == 0:
                aim = max(aim, _SEARCH * self.speed)
        elif state.outflow_rate > 0:
            aim = -self.speed
        else:
            self._dry = self.tilt if self._dry is None else self._dry
            aim = -self.speed if self.tilt > self._dry - self.retreat else 0.0
        aim = float(np.clip(aim, -self.speed, self.speed))
        self.rate += min(dt / _SETTLE, 1.0) * (aim - self.rate)
        tilt = float(np.clip(self.tilt + self.rate * dt, 0.0, MAX_TILT))
        self.rate = (tilt - self.tilt) / dt
        self.tilt = tilt
