"""Conditions as inputs of the voice, and their expected loudness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import HOPS_PER_SECOND, MATERIALS, Conditions
from multigen_audio.physical.controls import REFERENCE_FLOW, REFERENCE_SPEED, fading
from multigen_core.learning.mel import BANDS, centres
from multigen_core.world.acoustics import END_CORRECTION

Floats = NDArray[np.float32]

FEATURES = BANDS + 15 + len(MATERIALS)
LEVEL = 10.0 ** (-28.5 / 20.0)
"""RMS of the reference pour, as of `replay`."""
_BUMP = 150.0
"""Half width of the resonance's bump [cents]."""
_SLOWEST_SPLASH = 0.7
"""Least speed of liquid that misses the target [m/s]."""
_WATER = {"viscosity": 1.002e-3, "bubbliness": 1.0, "temperature": 20.0}
_DRIPPING, _STEADY = 0.7e-6, 3.0e-6
_DECAY = 0.04
"""Time in which sound decays once nothing falls [s]."""


def features(now: Conditions, real: bool) -> Floats:
    """The network's inputs (T, FEATURES), of order 1.

    The resonance is a bump on the bands' frequencies. `real` selects recorded sound or that of the
    physical synthesizer.
    """
    known = now["resonance"] > 0
    resonance = np.where(known, np.maximum(now["resonance"], 20.0), 1000.0)
    steady = np.clip((now["flow"] - _DRIPPING) / (_STEADY - _DRIPPING), 0.0, 1.0)
    radius = np.maximum(now["mouth_radius"], 1e-3)
    air = np.maximum(now["air_column"], 0.0) + END_CORRECTION * radius
    height = now["air_column"] / np.maximum(1.0 - now["level"], 0.02)
    fluid = {name: _known(now[name], value) for name, value in _WATER.items()}
    scalars = np.stack(
        [
            known,
            np.log2(resonance / 1000.0),
            _decades(now["flow"] / REFERENCE_FLOW),
            steady,
            _decades(now["rim"] / REFERENCE_FLOW),
            np.log2(air / 0.1),
            2.0 * now["level"] - 1.0,
            np.exp(-height * now["level"] / 0.005),
            now["impact_speed"] / REFERENCE_SPEED - 1.0,
            np.log2(radius / 0.035),
            np.log2(np.maximum(now["capacity"], 1e-6) / 350e-6),
            np.log10(np.maximum(fluid["viscosity"], 1e-4) / 1e-3),
            fluid["bubbliness"] - 1.0,
            (fluid["temperature"] - 20.0) / 40.0,
        ],
        axis=1,
    )
    materials = np.stack([now[name] for name in MATERIALS], axis=1)
    sign = np.full((len(now), 1), 1.0 if real else -1.0)
    found = np.concatenate([_bump(now["resonance"]), scalars, materials, sign], axis=1)
    return np.asarray(np.nan_to_num(found), np.float32)


def loudness(now: Conditions) -> Floats:
    """Expected RMS (T,): root of the falling kinetic power, lower with fill and viscosity."""
    speed = now["impact_speed"] / REFERENCE_SPEED
    splash = np.maximum(now["impact_speed"], _SLOWEST_SPLASH) / REFERENCE_SPEED
    power = (now["flow"] * speed**2 + now["rim"] * splash**2) / REFERENCE_FLOW
    viscosity = _known(now["viscosity"], _WATER["viscosity"])
    thin = (1.0 + (_WATER["viscosity"] / 0.03) ** 0.7) / (1.0 + (viscosity / 0.03) ** 0.7)
    rms = LEVEL * np.sqrt(np.maximum(power, 0.0)) * thin * fading(now["level"].astype(np.float64))
    return np.asarray(np.nan_to_num(rms), np.float32)


def envelope(rms: Floats, before: float = 0.0) -> Floats:
    """Level hop by hop, decaying gradually where `rms` (T,) falls.

    `before` is the last value of what came before.
    """
    keep = float(np.exp(-1.0 / (_DECAY * HOPS_PER_SECOND)))
    out = np.empty(len(rms), np.float32)
    for index, value in enumerate(rms):
        out[index] = max(float(value), before * keep)
        before = float(out[index])
    return out


def _bump(resonance: Floats) -> NDArray[np.float64]:
    """A mark on the bands around a resonance [Hz], 0 where that is unknown, (T, BANDS)."""
    known = resonance > 0
    octaves = np.log2(centres()[None] / np.where(known, np.maximum(resonance, 20.0), 1e3)[:, None])
    return np.asarray(np.exp(-0.5 * (octaves * 1200.0 / _BUMP) ** 2) * known[:, None])


def _decades(ratio: Floats) -> Floats:
    """Logarithm that ends at -3."""
    return np.asarray(np.log10(np.maximum(ratio, 1e-3)), np.float32)


def _known(values: Floats, otherwise: float) -> Floats:
    return np.where(np.isnan(values), np.float32(otherwise), values)
