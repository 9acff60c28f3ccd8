"""Controls of the sound at block edges, interpolated from liquid states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigen_audio.physical.grid import Floats
from multigen_core.types import LiquidState, to_seconds

REFERENCE_FLOW = 40e-6
"""Flow [m^3/s] and speed [m/s] at which water sounds with amplitude 1."""
REFERENCE_SPEED = 1.4
_REFERENCE_POWER = 0.5 * 998.0 * REFERENCE_FLOW * REFERENCE_SPEED**2

FADE = 8.0
"""How much softer a pour becomes from empty to brimful besides what its speed explains [dB].

So recordings do, in all octaves; a layer of liquid and bubbles lies between the splash and the air.
"""
_FADE_FROM = 0.3
"""Fill at which loudness is as stated."""

_FIELDS = (
    "inflow_rate",
    "rim_rate",
    "spill_rate",
    "target_level",
    "air_column",
    "resonance_frequency",
    "fall_height",
    "impact_speed",
    "jet_diameter",
    "glug_frequency",
    "slosh_amplitude",
    "source_tilt",
)
_DRIPPING = 0.7e-6
_STEADY = 3.0e-6
"""Flows [m^3/s] below which liquid falls in drops only, and above which it is a jet."""
_SHALLOW = 0.005
"""Depth [m] that cushions the jet's impact on the floor and lets it entrain air."""
_UNACCOUNTED = 3e-6
"""Volume [m^3] beyond the flow's by which the target may change without having been reset."""


def jumped(before: LiquidState, after: LiquidState) -> bool:
    """Whether the world was reset between two states, which no flow explains."""
    names = ("source_vessel", "target_vessel", "liquid")
    if any(getattr(before, name) != getattr(after, name) for name in names):
        return True
    most = max(before.inflow_rate, after.inflow_rate) * to_seconds(after.stamp - before.stamp)
    change = after.target_volume - before.target_volume
    return not -_UNACCOUNTED <= change <= 2 * most + _UNACCOUNTED


@dataclass(frozen=True)
class Controls:
    """What drives the sound at the N + 1 edges of N blocks; every array is (N + 1,)."""

    inflow: Floats
    """[m^3/s]"""
    level: Floats
    """In the target [m]."""
    fill: Floats
    """Level in inner heights of the target."""
    resonance: Floats
    """First mode of the target's air column [Hz], 0 where unknown."""
    jet: Floats
    """Share of the flow that falls as a jet; the rest drips."""
    shallow: Floats
    """1 on a dry floor, 0 in deep liquid."""
    speed: Floats
    """At impact, in REFERENCE_SPEED."""
    width: Floats
    """Of the jet [m]."""
    impact: Floats
    """Amplitude, the square root of the jet's kinetic power at impact in the reference's."""
    scatter: Floats
    """Amplitude of what strikes rim and table, likewise."""
    rim: Floats
    """Flow striking the rim [m^3/s]."""
    glug: Floats
    """Rate of glugs [1/s]."""
    slosh: Floats
    """Amplitude of the first sloshing mode at the wall [m]."""
    tilt: Floats
    """Of the source [rad]."""


def controls(states: Sequence[LiquidState], times: Floats, density: float) -> Controls:
    """Controls at `times`, (N + 1,) ns after the first of `states`, by linear interpolation.

    Beyond the last state its values hold. NaN counts as 0.
    """
    stamps = np.array([state.stamp - states[0].stamp for state in states], np.float64)
    table = np.array([[getattr(state, name) for state in states] for name in _FIELDS])
    table = np.maximum(np.nan_to_num(table, posinf=0.0), 0.0)
    values = {name: np.interp(times, stamps, row) for name, row in zip(_FIELDS, table, strict=True)}
    inflow, level = values["inflow_rate"], values["target_level"]
    fall = np.sqrt(2 * 9.81 * values["fall_height"])
    scattered = (
        0.5 * density * (values["rim_rate"] + values["spill_rate"]) * np.maximum(fall, 0.7) ** 2
    )
    power = 0.5 * density * inflow * values["impact_speed"] ** 2
    steady = np.clip((inflow - _DRIPPING) / (_STEADY - _DRIPPING), 0.0, 1.0)
    return Controls(
        inflow=inflow,
        level=level,
        fill=level / np.maximum(level + values["air_column"], 1e-3),
        resonance=values["resonance_frequency"],
        jet=steady * steady * (3 - 2 * steady),
        shallow=np.exp(-level / _SHALLOW),
        speed=values["impact_speed"] / REFERENCE_SPEED,
        width=values["jet_diameter"],
        impact=np.sqrt(power / _REFERENCE_POWER),
        scatter=np.sqrt(scattered / _REFERENCE_POWER),
        rim=values["rim_rate"],
        glug=values["glug_frequency"],
        slosh=values["slosh_amplitude"],
        tilt=values["source_tilt"],
    )


def fading(fill: Floats, fade: float = FADE) -> Floats:
    """Amplitude at a fill against that at 0.3, falling by `fade` [dB] over the whole height."""
    return np.asarray(10.0 ** (-fade / 20.0 * (fill - _FADE_FROM)))
