"""Conservation of volume over random pours, audited from the published rates."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from multigen_core.world.catalogue import liquids, vessels
from multigen_sim.liquid.ledger import Place
from multigen_sim.validation.check import Check
from multigen_sim.validation.rig import STEP, Rig

_DURATION = 3.0
_SETTLE = 0.6
_HELD = ("beaker", "plastic_beaker", "shaker", "milk_jug", "bottle", "thermos", "can")


@dataclass(frozen=True)
class Audit:
    """Conservation errors of one pour.

    `ledger`: sum over places, relative. `airborne`: ledger against the parcels in flight, relative
    to the start. `outflow` and `arrivals` [m^3]: time integrals of the published rates against the
    volumes that left the source and that reached target, rim and table; `hanging` [m^3]: largest
    volume of drops at the lip, which the outflow counts and the source still holds.
    """

    ledger: float
    airborne: float
    outflow: float
    arrivals: float
    hanging: float
    poured: float


def audit(seed: int) -> Audit:
    """A random pour with `seed`: vessels, liquid, volumes, coefficients and a violent motion."""
    rng = np.random.default_rng(seed)
    source = vessels()[str(rng.choice(_HELD))]
    target = str(rng.choice(sorted(vessels())))
    rig = Rig(
        source,
        target,
        str(rng.choice(sorted(liquids()))),
        volume=rng.uniform(0.3, 1.0) * source.capacity,
        start=rng.choice([0.0, rng.uniform(0.0, 1.0)]) * vessels()[target].capacity,
        seed=seed,
        discharge=rng.uniform(0.5, 0.7),
        capillarity=rng.uniform(0.0, 1.5),
    )
    knots = np.concatenate([[0.4], rng.uniform(0.2, 2.4, 4), [0.0]])
    times = np.arange(0.0, _DURATION, STEP)
    tilts = np.interp(times, np.linspace(0.0, _DURATION, len(knots)), knots)
    tilts = np.concatenate([tilts, np.zeros(round(_SETTLE / STEP))])
    total, held = rig.hydraulics.volumes.total, rig.hydraulics.volumes[Place.SOURCE]
    worst = airborne = out = arrived = 0.0
    for state in rig.steps(tilts):
        volumes = state.volumes
        worst = max(worst, abs(volumes.total - total) / total)
        airborne = max(airborne, abs(volumes[Place.AIR] - float(state.jet.volume.sum())) / total)
        published = state.liquid_state(0)
        out += STEP * published.outflow_rate
        arrived += STEP * (published.inflow_rate + published.rim_rate + published.spill_rate)
    gone = held - volumes[Place.SOURCE]
    return Audit(
        worst,
        airborne,
        out - gone,
        arrived - (gone - volumes[Place.AIR]),
        state.hanging,
        gone,
    )


def audits(count: int, workers: int = 2) -> list[Audit]:
    """`count` pours, seeds from 0, on `workers` processes."""
    if workers <= 1:
        return [audit(seed) for seed in range(count)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(pool.map(audit, range(count), chunksize=25))


def checks(books: list[Audit]) -> Iterator[Check]:
    """The largest errors of all pours."""
    pours = f"over {len(books)} random pours"
    for what, value, bound, unit in (
        ("sum of all volumes, largest relative error", max(b.ledger for b in books), 1e-9, ""),
        ("parcels in flight against the ledger", max(b.airborne for b in books), 1e-9, "of start"),
        (
            "integral of the published outflow, less what left and drops that hang",
            1e6 * max(abs(b.outflow - b.hanging) for b in books),
            0.01,
            "ml",
        ),
        (
            "integral of the published arrivals, less what left",
            1e6 * max(abs(b.arrivals) for b in books),
            0.01,
            "ml",
        ),
    ):
        yield Check(f"{what}, {pours}", value, 0.0, bound, unit, "conservation of volume")
