"""A fast pour's lag behind the tilt, against the particle solver and other models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.tilted_volume import tilted_volume
from multigen_sim.liquid.ledger import Place
from multigen_sim.validation.check import Check
from multigen_sim.validation.particles import ParticleCylinder
from multigen_sim.validation.rig import STEP, Rig, ramp, stay
from multigen_sim.validation.statics import CYLINDER, HEIGHT, RADIUS

VOLUME = 350e-6
"""Water in the cylinder at the start [m^3]."""
DURATION, END = 4.0, 1.3
"""The pour: from upright to this tilt [rad] in this time [s], at an even rate."""
AFTER = 2.0
"""Time to observe the pour after that [s]."""
SPACINGS = (0.0075, 0.0055, 0.0042)
_FROM = 0.65
"""Initial tilt, with the particles at rest [rad]; the cylinder keeps everything up to 0.69 rad."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Remaining volume [m^3] over times [s] after the start of the pour.

    `runs` by spacing [m] are the particle solver's, `limit` their linear extrapolation to 0.
    """

    time: NDArray[np.float64]
    model: NDArray[np.float64]
    runs: dict[float, NDArray[np.float64]]
    limit: NDArray[np.float64]

    def lag(self, left: NDArray[np.float64]) -> float:
        """Excess over the static hold when the tilt stops [m^3]."""
        held = float(tilted_volume(CYLINDER, 0.0, END))
        return float(np.interp(DURATION, self.time, left)) - held


def model(end: float = END, after: float = AFTER, **spec: Any) -> NDArray[np.float64]:
    """Remaining volume in the model [m^3], every `STEP` of the pour and `after` [s]."""
    rig = Rig(CYLINDER, volume=VOLUME, **spec)
    tilts = np.concatenate([ramp(0.0, end, DURATION), stay(end, after)])
    return np.array([state.volumes[Place.SOURCE] for state in rig.steps(tilts)])


def compare(spacings: Sequence[float] = SPACINGS, after: float = AFTER) -> Comparison:
    """Model and particles through the same pour; neither has surface tension."""
    rate = END / DURATION
    begin = _FROM / rate
    left = model(after=after, capillarity=0.0)
    time = STEP * np.arange(1.0, len(left) + 1)
    runs = {}
    for spacing in spacings:
        cylinder = ParticleCylinder(RADIUS, HEIGHT, VOLUME, spacing)
        out = cylinder.pour(lambda t: min(_FROM + rate * t, END), DURATION + after - begin)
        runs[spacing] = np.interp(time, out.time + begin, out.volume)
    powers = np.polyfit(list(runs), np.array(list(runs.values())), min(len(runs), 2) - 1)
    return Comparison(time, left, runs, powers[-1])


def checks(comparison: Comparison) -> Iterator[Check]:
    """The lag, and the whole curve."""
    lag = 1e6 * comparison.lag(comparison.limit)
    yield Check(
        "lag of a 4 s pour to 1.3 rad",
        1e6 * comparison.lag(comparison.model),
        lag,
        0.15 * lag,
        "ml",
        "particle solver at vanishing spacing; earlier models: 112, 122 to 129 ml",
    )
    apart = comparison.model - comparison.limit
    yield Check(
        "root mean square between the model's and the particles' volume over that pour",
        1e6 * float(np.sqrt(np.mean(apart**2))),
        0.0,
        15.0,
        "ml",
        "particle solver",
    )


def lag_by_end_tilt(ends: Sequence[float] = (1.1, 1.2, 1.3, 1.4, 1.5)) -> dict[float, float]:
    """Lag of the model [ml] over the tilt [rad] at which a 4 s pour ends."""
    lags = {}
    for end in ends:
        held = float(tilted_volume(CYLINDER, 0.0, end))
        lags[end] = 1e6 * (float(model(end, after=STEP)[-2]) - held)
    return lags
