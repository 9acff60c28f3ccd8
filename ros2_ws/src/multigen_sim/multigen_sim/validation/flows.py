"""Flow over a lip or through a neck, and the jet, against closed forms and published figures."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.catalogue import liquid, vessels
from multigen_core.world.scene import HydraulicsSpec
from multigen_core.world.tilted_volume import tilted_volume
from multigen_core.world.wetting import GRAVITY, Wetting
from multigen_sim.liquid.jet import Jet
from multigen_sim.liquid.ledger import Place
from multigen_sim.liquid.weir import overflow
from multigen_sim.validation.check import Check
from multigen_sim.validation.rig import POSITION, STEP, Rig, make_vessel, ramp, stay

_RADIUS = 0.037
_WATER = liquid("water")
BOTTLE_WIDTH, BOTTLE_LENGTH, NECK = 0.065, 0.20, 0.022
"""Sizes of the ideal bottle [m]: a cylinder with a short neck."""
_SLACK = 0.5e-6
"""Tolerance for films and drops [m^3]."""


def weir() -> Iterator[Check]:
    """The lip as a weir."""
    head, tilt = 0.002, 1.1
    steep = sin(tilt) / (2 * _RADIUS)
    default = HydraulicsSpec().discharge
    parabola = default * pi / 4 * sqrt(2 * GRAVITY / steep) * head**2
    yield Check(
        "flow over the lip at 2 mm head over that of a parabolic weir",
        overflow(head, tilt, _RADIUS, _WATER, default).rate / parabola,
        1.0,
        0.03,
        "",
        "Bos, Discharge measurement structures, 1989, ch. 5",
    )
    yield Check(
        "discharge coefficient against a sharp crest without approach flow",
        default,
        pi / (pi + 2),
        0.03,
        "",
        "Kirchhoff 1869; Rehbock 1929 gives 0.602 + 0.083 h/P",
    )
    yield Check(
        "discharge coefficient against critical flow over a brink",
        default,
        1 / sqrt(3),
        0.03,
        "",
        "Henderson, Open channel flow, 1966, ch. 6",
    )
    yield Check(
        "mean speed of the nappe over Torricelli's √(2gh)",
        overflow(0.03, 1e-6, _RADIUS, _WATER, 0.6).speed / sqrt(2 * GRAVITY * 0.03),
        0.75,
        0.01,
        "",
        "momentum of u(η) = √(2gη)",
    )


def capillarity() -> Iterator[Check]:
    """Head held back by surface tension."""
    wetting = Wetting.of(vessels()["beaker"], _WATER)
    yield Check(
        "capillary length of water",
        1e3 * wetting.capillary_length,
        2.72,
        0.02,
        "mm",
        "de Gennes et al. 2004, ch. 2",
    )
    rig = Rig()
    rig.follow(ramp(0.9, 1.25, 5.0))
    left = rig.follow(stay(1.25, 25.0)).volumes[Place.SOURCE]
    yield Check(
        "left 25 s after a pour, against what the tilt and a receding puddle hold",
        1e6 * left,
        1e6 * float(tilted_volume(rig.source, wetting.stopping_head, 1.25)),
        1.5,
        "ml",
        "2 l sin(θ/2), de Gennes et al. 2004, ch. 2",
    )


def jet() -> Iterator[Check]:
    """Range and thinning of the jet."""
    pin = make_vessel(((0.0, 0.004), (0.05, 0.004)))
    flight = Jet(pin, POSITION)
    start = POSITION + np.array([0.0, 0.0, 0.30])
    flight.emit(0.0, 1e-8, 1e-6, start, np.array([0.0, 0.4, 0.0]), 0.0)
    landing = flight.land(10.0)
    yield Check(
        "range of a jet thrown 0.4 m/s from 0.3 m above the table",
        landing.point[1] - POSITION[1],
        0.4 * sqrt(2 * 0.30 / GRAVITY),
        1e-4,
        "m",
        "ballistics",
    )
    rig = Rig()
    state = rig.follow(np.concatenate([ramp(0.8, 1.3, 3.0), stay(1.3, 1.0)])).liquid_state(0)
    thin = sqrt(4 * state.inflow_rate / (pi * state.impact_speed))
    yield Check(
        "diameter of the jet where it strikes",
        1e3 * state.jet_diameter,
        1e3 * thin,
        0.15e3 * thin,
        "mm",
        "continuity, A v = Q",
    )


def inverted_bottle() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Time [s], volume [m^3] and outflow [m^3/s] of an ideal bottle inverted instantly."""
    wide, narrow = BOTTLE_WIDTH / 2, NECK / 2
    shoulder = BOTTLE_LENGTH + 0.01
    profile = ((0, wide), (BOTTLE_LENGTH, wide), (shoulder, narrow), (shoulder + 0.02, narrow))
    bottle = make_vessel(profile)
    rig = Rig(bottle, "bowl", volume=0.98 * bottle.capacity, jet_noise=0.0)
    rows = []
    for index, state in enumerate(
        rig.steps(np.concatenate([ramp(1.2, 2.69, 0.6), stay(2.69, 15)]))
    ):
        rows.append((index * STEP, state.volumes[Place.SOURCE], state.flow.rate))
        if state.volumes[Place.SOURCE] < 0.05 * bottle.capacity:
            break
    time, volume, rate = np.array(rows).T
    return time, volume, rate


def pulse_periods(
    time: NDArray[np.float64], rate: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and periods of the pulses of a glugging outflow [s]."""
    high = rate > np.convolve(rate, np.ones(81) / 81, mode="same")
    starts = time[1:][high[1:] & ~high[:-1]]
    return starts[:-1], np.diff(starts)


def glug() -> Iterator[Check]:
    """Emptying of a bottle and its pulses."""
    time, volume, rate = inverted_bottle()
    part = (volume < 0.9 * volume[0]) & (volume > 0.3 * volume[0])
    mean = -np.polyfit(time[part], volume[part], 1)[0]
    full = 3.0 * BOTTLE_LENGTH / sqrt(GRAVITY * BOTTLE_WIDTH) * (BOTTLE_WIDTH / NECK) ** 2.5
    yield Check(
        "emptying time of an ideal bottle",
        pi / 4 * BOTTLE_WIDTH**2 * BOTTLE_LENGTH / mean,
        full,
        0.15 * full,
        "s",
        "Clanet and Searby, J. Fluid Mech. 510, 2004",
    )
    when, period = pulse_periods(time, rate)
    early = float(np.median(period[(when > when[-1] * 0.15) & (when < when[-1] * 0.35)]))
    late = float(np.median(period[when > when[-1] * 0.75]))
    yield Check(
        "period of its pulses late over early, measured in the outflow",
        late / early,
        1.75,
        0.6,
        "",
        "grows with √(air volume), Clanet and Searby 2004",
    )


def ordering() -> Iterator[Check]:
    """Orderings that must hold."""
    tilts = np.concatenate([ramp(0.9, 1.4, 1.0), stay(1.4, 0.6)])
    left = [Rig(drink=d).follow(tilts).volumes[Place.SOURCE] for d in ("water", "oil", "syrup")]
    yield Check(
        "thicker liquids pour later: water, oil, syrup in this order",
        float(left[0] < left[1] < left[2]),
        1.0,
        0.0,
        "",
        "viscosity",
    )
    breaches = 0
    open_vessels = [v for v in vessels().values() if v.mouth_radius > 0.02]
    for source in open_vessels:
        after = [
            Rig(source, "bowl", volume=part * source.capacity, jet_noise=0.0)
            .follow(np.concatenate([ramp(0.5, tilt, 0.6), stay(tilt, 0.3)]))
            .volumes[Place.SOURCE]
            for part, tilt in ((0.7, 1.1), (0.7, 1.3), (0.7, 1.5))
        ]
        fuller = (
            Rig(source, "bowl", volume=0.8 * source.capacity, jet_noise=0.0)
            .follow(np.concatenate([ramp(0.5, 1.3, 0.6), stay(1.3, 0.3)]))
            .volumes[Place.SOURCE]
        )
        breaches += not (min(after[0] - after[1], after[1] - after[2], fuller - after[1]) > -_SLACK)
    yield Check(
        f"vessels of {len(open_vessels)} open ones that keep more when tilted further or less "
        "when fuller",
        float(breaches),
        0.0,
        0.0,
        "",
        "monotonicity",
    )


def checks() -> Iterator[Check]:
    """All flow checks."""
    for part in (weir, capillarity, jet, glug, ordering):
        yield from part()
