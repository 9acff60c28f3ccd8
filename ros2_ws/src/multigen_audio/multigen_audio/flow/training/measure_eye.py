"""Evaluation of an eye on held-out pours, by vessel and by liquid."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import Conditions
from multigen_audio.flow.eye import Eye
from multigen_audio.flow.sight import LEAST_FLOW
from multigen_audio.pours.files import Pour, load
from multigen_core.simulator import View
from multigen_core.types import CameraFrame
from multigen_core.world.acoustics import cents

_POURING = 1e-6
"""Flow above which the resonance counts [m^3/s]."""
_PAUSE = 30
"""Hops without flow before an onset, and after it over which more flows than drops."""
_LATE = 60
"""Hops after which a missed onset is lost."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Sighting:
    """What was seen of one pour against the truth, hop by hop while pouring.

    `cents` off the resonance, `air_column` [m] and `flow` in log units off, (N,); `onsets` [s] late
    if positive, infinite if lost; shares of silent hops thought to flow, and of flowing ones
    thought silent; the correlation of flows; the probability given to the true material; `cost`
    [s] by frame.
    """

    pour: Pour
    cents: Floats
    air_column: Floats
    flow: Floats
    onsets: Floats
    false_flow: float
    missed_flow: float
    correlation: float
    material: float
    cost: Floats


def look(eye: Eye, pour: Pour, frames: Iterable[CameraFrame]) -> Sighting:
    """See a pour's frames, and compare."""
    eye.reset()
    cost, parts = [], []
    for frame in frames:
        start = time.perf_counter()
        part = eye.see(frame)
        cost.append(time.perf_counter() - start)
        if part is not None:
            parts.append(part.values)
    seen = Conditions(pour.states[0].stamp, np.concatenate(parts))
    true = Conditions.of_states(pour.states, seen.stamp, len(seen))
    pouring = true["flow"] > _POURING
    flows, thought = true["flow"] > LEAST_FLOW, seen["flow"] > 0
    ratio = np.maximum(seen["flow"], LEAST_FLOW)[pouring] / true["flow"][pouring]
    varies = seen["flow"].any() and true["flow"].any()
    return Sighting(
        pour,
        np.abs(cents(seen["resonance"][pouring], true["resonance"][pouring])),
        np.abs(seen["air_column"] - true["air_column"])[pouring],
        np.abs(np.log(ratio)),
        _onsets(true["flow"], thought),
        float(thought[~flows].mean()) if not flows.all() else 0.0,
        float((~thought[flows]).mean()) if flows.any() else 0.0,
        float(np.corrcoef(seen["flow"], true["flow"])[0, 1]) if varies else float("nan"),
        float(seen[pour.target.material].mean()),
        np.array(cost),
    )


def _onsets(flow: Floats, thought: NDArray[np.bool_]) -> Floats:
    """By how much each onset after a pause is seen late [s]."""
    late = []
    for start in np.flatnonzero(flow > LEAST_FLOW):
        quiet = start >= _PAUSE and flow[start - _PAUSE : start].max() <= LEAST_FLOW
        if quiet and flow[start : start + _PAUSE].mean() > _POURING:
            near = np.flatnonzero(thought[start - _PAUSE : start + _LATE])
            late.append((near[0] - _PAUSE) / 100 if len(near) else np.inf)
    return np.array(late)


def measure(eye: Eye, files: Sequence[Path], view: View) -> list[Sighting]:
    """Sightings of saved pours."""
    pours = map(load, files)
    return [look(eye, p, p.cutaway if view == "cutaway" else p.public) for p in pours]


def report(sightings: Sequence[Sighting]) -> str:
    """Figures over all pours, then by target vessel and by liquid, as lines."""
    lines = ["all: " + _figures(sightings)]
    kinds: tuple[tuple[str, Callable[[Sighting], str]], ...] = (
        ("walls", lambda s: "opaque" if s.pour.target.opaque else "clear"),
        ("vessel", lambda s: f"{s.pour.target.name} ({s.pour.target.material})"),
        ("liquid", lambda s: s.pour.scene.liquid.name),
    )
    for kind, name_of in kinds:
        groups = defaultdict(list)
        for sighting in sightings:
            groups[name_of(sighting)].append(sighting)
        lines += [f"{kind} {name}: {_figures(groups[name])}" for name in sorted(groups)]
    return "\n".join(lines)


def _figures(sightings: Sequence[Sighting]) -> str:
    def median(name: str, scale: float = 1.0) -> float:
        values = np.concatenate([getattr(s, name) for s in sightings])
        return scale * float(np.median(values)) if len(values) else float("nan")

    def mean(name: str) -> float:
        return float(np.nanmean([getattr(s, name) for s in sightings]))

    off = np.concatenate([s.cents for s in sightings])
    onsets = np.concatenate([s.onsets for s in sightings])
    late = 1e3 * np.median(np.abs(onsets)) if len(onsets) else float("nan")
    return (
        f"{len(sightings)} pours, resonance {median('cents'):.1f} cents "
        f"(90 % {np.percentile(off, 90):.1f}), air column {median('air_column', 1e3):.2f} mm, "
        f"flow {median('flow', 100):.0f} % (r {mean('correlation'):.3f}), "
        f"onset {late:.0f} ms of {len(onsets)} (lost {np.isinf(onsets).sum()}), "
        f"false flow {100 * mean('false_flow'):.2f} %, missed {100 * mean('missed_flow'):.2f} %, "
        f"material {mean('material'):.2f}, {median('cost', 1e3):.2f} ms a frame"
    )
