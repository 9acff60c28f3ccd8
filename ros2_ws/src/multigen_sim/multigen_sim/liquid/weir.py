"""Flow over the lip of a tilted vessel: a weir around a circular rim."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, exp, pi, sin, sqrt

import numpy as np

from multigen_core.world.liquid import Liquid
from multigen_core.world.wetting import GRAVITY

_NODES, _WEIGHTS = (np.array(a) for a in np.polynomial.legendre.leggauss(20))
_UNIT = (_NODES + 1) / 2
_SPEED_RATIO = 0.75
"""Momentum-weighted mean speed of a nappe with speed √(2gη') at depth η', over √(2gη)."""
_ORIFICE = 0.62


@dataclass(frozen=True, slots=True)
class Overflow:
    """Outflow over the lip: rate [m^3/s], mean speed [m/s], width of the stream at the lip [m]."""

    rate: float = 0.0
    speed: float = 0.0
    width: float = 0.0


def overflow(
    head: float, tilt: float, radius: float, liquid: Liquid, discharge: float, held: float = 0.0
) -> Overflow:
    """Flow over a circular lip of `radius` [m] under `head` [m] at `tilt` [rad].

    Integrates dQ = C (2/3) √(2g) η^1.5 dy along the rim, where η is the depth of the liquid above
    each point of it. A strip that is thin relative to the viscous length flows as a film instead,
    q = ρ g η³ / 3μ (Nusselt), and the slower one dominates: 1/q = 1/q_weir + 1/q_film.
    The whole mouth passes at most the flow of an orifice under the same head.

    Surface tension holds back a head `held` [m]: it reduces the weight ρ g head² / 2 that drives a
    unit width of the flow by the fraction (held/head)², so speed and rate scale with the square
    root of the remainder.
    """
    if head <= max(held, 0.0):
        return Overflow()
    driven = sqrt(1.0 - (held / head) ** 2)
    rise = max(radius * sin(tilt), 1e-9)
    fraction = head / rise
    end = acos(1.0 - fraction) if fraction < 2.0 else pi
    depth = np.maximum(head - rise * (1.0 - np.cos(end * _UNIT)), 1e-9)
    root = np.sqrt(2.0 * GRAVITY * depth)
    weir = discharge * (2.0 / 3.0) * depth * root
    film = liquid.density * GRAVITY / (3.0 * liquid.viscosity) * depth**3
    slowed = film / (weir + film)
    flow = weir * slowed
    total = float(flow @ _WEIGHTS)
    rate = driven * total * end * radius
    speed = driven * _SPEED_RATIO * float((flow * root * slowed) @ _WEIGHTS) / total
    limit = _ORIFICE * pi * radius**2 * sqrt(2.0 * GRAVITY * head)
    width = 2.0 * radius * (sin(end) if end < pi / 2 else 1.0)
    return Overflow(min(rate, limit), speed, width)


def cling(flow: Overflow, head: float, liquid: Liquid) -> float:
    """Fraction of the flow that follows the outer wall instead of leaving it (teapot effect).

    Decreases with the Weber number of the nappe; half of the slowest trickle clings.
    """
    weber = liquid.density * flow.speed**2 * head / liquid.surface_tension
    return 0.5 * exp(-weber)
