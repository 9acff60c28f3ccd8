"""Scripted pours: liquid states of a steady flow, without a simulator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from multigen_core.contract import LIQUID_STATE
from multigen_core.types import LiquidState, to_nanoseconds
from multigen_core.world.acoustics import Resonator
from multigen_core.world.catalogue import liquid, vessel

_GRAVITY = 9.81


def steady_pour(
    target: str = "straight_glass",
    flow: float = 40e-6,
    start: float = 0.5,
    stop: float = 6.0,
    end: float = 7.0,
    kind: str = "water",
    lip: float = 0.10,
    stamp: int = 0,
    volume: float = 0.0,
) -> Iterator[LiquidState]:
    """States of a pour from standstill, at the contract's rate.

    Args:
        target: vessel of the catalogue.
        flow: [m^3/s] between the times `start` and `stop` [s], with ramps of 0.2 s.
        start: see `flow`.
        stop: see `flow`.
        end: length of the script [s].
        kind: liquid of the catalogue.
        lip: height [m] of the source's lip above the target's mouth.
        stamp: of the first state [ns].
        volume: in the target at first [m^3].
    """
    body, fluid = vessel(target), liquid(kind)
    resonator = Resonator(body)
    step = 1.0 / LIQUID_STATE.rate
    for index in range(round(end / step) + 1):
        time = index * step
        rate = flow * float(np.clip(min(time - start, stop - time) / 0.2, 0.0, 1.0))
        rate = rate if volume < 0.97 * body.capacity else 0.0
        volume += rate * step
        level = float(body.level(volume))
        fall = body.height - level + lip
        speed = float(np.sqrt(2 * _GRAVITY * fall + 0.3**2))
        yield LiquidState(
            stamp=stamp + to_nanoseconds(time),
            source_vessel="beaker",
            target_vessel=target,
            liquid=kind,
            temperature=fluid.temperature,
            outflow_rate=rate,
            inflow_rate=rate,
            target_volume=volume,
            target_level=level,
            air_column=body.height - level,
            resonance_frequency=float(resonator.frequency(level)),
            fall_height=fall,
            impact_speed=speed if rate > 0 else 0.0,
            jet_diameter=2 * float(np.sqrt(rate / (np.pi * speed))),
        )
