"""Air columns: the speed of sound, closed forms for limiting cases, and the modes of any vessel.

SI units throughout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.world.vessel import Vessel

ROOM_TEMPERATURE = 20.0
"""[degC]"""
END_CORRECTION = 0.62
"""Length an open, unflanged end adds, in mouth radii (Levine and Schwinger 1948: 0.613)."""
INNER_END_CORRECTION = 8 / (3 * np.pi)
"""Length a neck's inner, flanged end adds, in neck radii (Rayleigh)."""

MODES = 4
"""Number of tabulated modes."""

_CELLS = 280
_CENTS_PER_STEP = 40.0
_LONGEST_QUARTER_WAVE = 17.0  # m, 5 Hz
_STEEPEST = 1 / INNER_END_CORRECTION
"""Slope dr/dz at which flow leaves a narrowing, so that a sudden widening of a neck of radius R
adds the inertance of the length R / slope = 8 R / (3 pi), the flanged end correction."""


def speed_of_sound(temperature: ArrayLike = ROOM_TEMPERATURE) -> NDArray[np.float64]:
    """Speed of sound [m/s] in dry air of `temperature` [degC]: 331.3 sqrt(T / 273.15 K)."""
    return 331.3 * np.sqrt(1.0 + np.asarray(temperature, np.float64) / 273.15)


def cents(frequency: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Interval from `reference` to `frequency` in hundredths of a semitone."""
    return 1200.0 * np.log2(np.asarray(frequency, np.float64) / np.asarray(reference, np.float64))


def cylinder_frequency(
    air_column: ArrayLike,
    radius: float,
    harmonic: int = 1,
    temperature: ArrayLike = ROOM_TEMPERATURE,
) -> NDArray[np.float64]:
    """Resonance [Hz] of a cylinder closed at one end: k c / (4 (l + 0.62 R)), k = 1, 3, 5, ...

    Args:
        air_column: l [m] from the liquid to the mouth.
        radius: R [m].
        harmonic: k, odd.
        temperature: of the air [degC].
    """
    length = np.asarray(air_column, np.float64) + END_CORRECTION * radius
    return speed_of_sound(temperature) * (harmonic / (4.0 * length))


def helmholtz_frequency(
    volume: ArrayLike,
    neck_radius: float,
    neck_length: float,
    temperature: ArrayLike = ROOM_TEMPERATURE,
) -> NDArray[np.float64]:
    """Resonance [Hz] of a bottle: (c / 2 pi) sqrt(A / (V L)) with L = l + 0.62 R + 8 R / (3 pi).

    Args:
        volume: V [m^3] of air behind the neck.
        neck_radius: R [m], small against the cavity's.
        neck_length: l [m].
        temperature: of the air [degC].
    """
    length = neck_length + (END_CORRECTION + INNER_END_CORRECTION) * neck_radius
    area = np.pi * neck_radius**2
    return speed_of_sound(temperature) / (2 * np.pi) * np.sqrt(area / (np.asarray(volume) * length))


class Resonator:
    """The air column between a vessel's liquid surface and its mouth, at every level.

    Solves Webster's horn equation (S p')' + k^2 S p = 0 with a rigid floor (p' = 0) at the
    surface and pressure release (p = 0) at END_CORRECTION times the mouth's radius above the mouth,
    by exact transfer matrices of short cells. The flow's cross-section widens no faster than behind
    a flanged opening, while the compressed volume stays exact; so a cylinder gives
    c / (4 (l + 0.62 R)), and a bottle the Helmholtz resonance with its inner end correction.
    (Webster, PNAS 5, 1919; Pierce, Acoustics, ch. 7.)

    By Hadamard's formula every mode increases strictly with the level. At the brim the first is
    c / (4 * 0.62 R). Viscous losses and the curvature of wave fronts in wide bowls are neglected.
    """

    def __init__(self, vessel: Vessel) -> None:
        self.height = vessel.height
        self._levels, self._quarter_waves = _tabulate(vessel)

    def frequency(
        self, level: ArrayLike, temperature: ArrayLike = ROOM_TEMPERATURE
    ) -> NDArray[np.float64]:
        """First mode [Hz] at `level` [m] above the inner bottom, with air of `temperature` [degC].

        Levels outside the vessel count as empty or full.
        """
        quarter_wave = np.interp(
            np.asarray(level, np.float64), self._levels, self._quarter_waves[0]
        )
        return speed_of_sound(temperature) / (4.0 * quarter_wave)

    def modes(
        self, level: ArrayLike, count: int = MODES, temperature: ArrayLike = ROOM_TEMPERATURE
    ) -> NDArray[np.float64]:
        """The first `count` modes [Hz], (count, *level.shape).

        Raises:
            ValueError: more than MODES are requested.
        """
        if not 1 <= count <= MODES:
            raise ValueError(f"count must be in 1..{MODES}, got {count}")
        waves = np.stack(
            [
                np.interp(np.asarray(level, np.float64), self._levels, row)
                for row in self._quarter_waves[:count]
            ]
        )
        return speed_of_sound(temperature) / (4.0 * waves)

    def level(
        self, frequency: ArrayLike, temperature: ArrayLike = ROOM_TEMPERATURE
    ) -> NDArray[np.float64]:
        """Level [m] at which the first mode is `frequency` [Hz], inverse of `frequency`.

        Frequencies below the empty or above the full vessel's give 0 or the height.
        """
        quarter_wave = speed_of_sound(temperature) / (4.0 * np.asarray(frequency, np.float64))
        return np.interp(np.asarray(quarter_wave), self._quarter_waves[0, ::-1], self._levels[::-1])


def _tabulate(vessel: Vessel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Levels (N,) [m], rising, and quarter wavelengths (MODES, N) [m], falling."""
    knots = np.array(vessel.profile)[:, 0]
    z = np.union1d(np.linspace(0.0, vessel.height, _CELLS + 1), knots)
    z = z[np.append(True, np.diff(z) > 1e-7)]
    r = np.maximum(vessel.radius(z), 1e-4)
    flow_radius = np.min(r + _STEEPEST * np.abs(z[:, None] - z), axis=1)
    length = np.diff(z)[::-1, None]
    compliance = np.pi / 3 * (r[:-1] ** 2 + r[:-1] * r[1:] + r[1:] ** 2)[::-1, None]
    conductance = np.pi * (flow_radius[:-1] * flow_radius[1:])[::-1, None]

    end = END_CORRECTION * vessel.mouth_radius
    lowest = np.pi / 2 / _LONGEST_QUARTER_WAVE
    highest = 1.02 * (2 * MODES - 1) * np.pi / 2 / end
    steps = int(1200 * np.log2(highest / lowest) / _CENTS_PER_STEP)
    k = np.geomspace(lowest, highest, steps)

    # Integrate the flow from the mouth down for all k at once: k is a mode of the vessel filled up
    # to the height where the flow vanishes.
    phase = k * length * np.sqrt(compliance / conductance)
    admittance = k * np.sqrt(compliance * conductance)
    cosine, sine = np.cos(phase), np.sin(phase)
    rise, fall = sine / admittance, sine * admittance
    pressure = np.sin(k * end)
    flow = np.empty((len(z), steps))
    flow[-1] = k * np.pi * vessel.mouth_radius**2 * np.cos(k * end)
    for cell in range(len(z) - 1):
        below = len(z) - 2 - cell
        above = flow[below + 1]
        flow[below] = above * cosine[cell] - fall[cell] * pressure
        pressure = pressure * cosine[cell] + rise[cell] * above
    return z, np.stack([_roots(flow, k, mode) for mode in range(MODES)])


def _roots(flow: NDArray[np.float64], k: NDArray[np.float64], mode: int) -> NDArray[np.float64]:
    """Quarter wavelength (N,) [m] of each row's sign change number `mode` along k."""
    change = np.cumsum(np.signbit(flow[:, :-1]) != np.signbit(flow[:, 1:]), axis=1) > mode
    column = np.argmax(change, axis=1)
    rows = np.arange(len(flow))
    before, after = flow[rows, column], flow[rows, column + 1]
    root = k[column] + (k[column + 1] - k[column]) * before / (before - after)
    return np.asarray(np.pi / 2 / root)
