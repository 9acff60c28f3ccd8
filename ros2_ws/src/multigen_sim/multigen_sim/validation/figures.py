"""Plots of the validation, as PNG."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from multigen_core.world.catalogue import liquid, vessels
from multigen_core.world.scene import HydraulicsSpec
from multigen_core.world.tilted_volume import tilted_volume
from multigen_core.world.wetting import Wetting
from multigen_sim.liquid.ledger import Place
from multigen_sim.liquid.weir import overflow
from multigen_sim.validation import statics
from multigen_sim.validation.conservation import Audit
from multigen_sim.validation.fast_pour import DURATION, END, Comparison
from multigen_sim.validation.flows import inverted_bottle, pulse_periods
from multigen_sim.validation.rig import STEP, Rig, ramp, stay

_SIZE = (6.4, 3.6)


def _axes(x: str, y: str) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=_SIZE, dpi=100, layout="constrained")
    axes.set(xlabel=x, ylabel=y)
    axes.grid(alpha=0.3)
    return figure, axes


def _write(figure: Figure, axes: Axes, path: Path) -> Path:
    axes.legend(fontsize=8)
    figure.savefig(path)
    plt.close(figure)
    return path


def static_hold(folder: Path) -> Path:
    """Static hold of vessels over the tilt, with closed forms."""
    figure, axes = _axes("tilt [rad]", "static hold, fraction of capacity")
    for name, shape, form, last in (
        ("cylinder", statics.CYLINDER, statics.cylinder_volume, 1.55),
        ("cone", statics.CONE, statics.cone_volume, 1.2),
        ("hemispherical bowl", statics.BOWL, statics.bowl_volume, 1.5),
    ):
        tilts = np.linspace(0.02, last, 80)
        (line,) = axes.plot(tilts, tilted_volume(shape, 0.0, tilts) / shape.capacity, label=name)
        dots = tilts[::8]
        exact = [form(float(t)) / shape.capacity for t in dots]
        axes.plot(dots, exact, "o", color=line.get_color(), markersize=4)
    axes.plot([], [], "ko", markersize=4, label="closed form")
    return _write(figure, axes, folder / "static_hold.png")


def fast_pour(folder: Path, comparison: Comparison) -> Path:
    """Volume left during a fast pour: model, particles, static hold."""
    figure, axes = _axes("time [s]", "left in the cylinder [ml]")
    time = comparison.time
    shown = time > 1.5
    tilt = np.minimum(END / DURATION * time, END)
    held = np.minimum(tilted_volume(statics.CYLINDER, 0.0, tilt), comparison.model[0])
    axes.plot(time[shown], 1e6 * held[shown], "k:", label="static hold")
    for spacing, left in comparison.runs.items():
        label = f"particles {1e3 * spacing:.1f} mm apart"
        axes.plot(time[shown], 1e6 * left[shown], color="0.65", linewidth=1, label=label)
    axes.plot(time[shown], 1e6 * comparison.limit[shown], "C1", label="particles, limit")
    axes.plot(time[shown], 1e6 * comparison.model[shown], "C0", label="model")
    return _write(figure, axes, folder / "fast_pour.png")


def pour_tail(folder: Path) -> Path:
    """The end of a slow pour with and without surface tension."""
    figure, axes = _axes("time after the tilt stops [s]", "excess over the static hold [ml]")
    for name, capillarity in (("no surface tension: falls as 1/t", 0.0), ("water on glass", 1.0)):
        rig = Rig(capillarity=capillarity)
        rig.follow(ramp(0.95, 1.25, 4.0))
        held = float(tilted_volume(rig.source, 0.0, 1.25))
        left = [state.volumes[Place.SOURCE] - held for state in rig.steps(stay(1.25, 25.0))]
        axes.semilogy(STEP * np.arange(len(left)), 1e6 * np.array(left), label=name)
    wetting = Wetting.of(rig.source, rig.hydraulics.liquid)
    kept = float(tilted_volume(rig.source, wetting.stopping_head, 1.25)) - held
    axes.axhline(1e6 * kept, color="k", linestyle=":", label="held by a receding puddle")
    return _write(figure, axes, folder / "pour_tail.png")


def lip_flow(folder: Path) -> Path:
    """Flow over the lip against the head, by liquid."""
    figure, axes = _axes("head above the lip [mm]", "flow [ml/s]")
    heads = np.linspace(0.2e-3, 12e-3, 120)
    beaker = vessels()["beaker"]
    for name in ("water", "oil", "syrup"):
        drink = liquid(name)
        held = Wetting.of(beaker, drink).stopping_head
        rates = [
            overflow(h, 1.2, beaker.mouth_radius, drink, HydraulicsSpec().discharge, held).rate
            for h in heads
        ]
        axes.loglog(1e3 * heads, np.where(np.array(rates) > 0, 1e6 * np.array(rates), np.nan),
                    label=name)  # fmt: skip
    axes.loglog(1e3 * heads, 1e6 * 1.6 * heads**2, "k:", label="slope 2, a parabolic weir")
    return _write(figure, axes, folder / "lip_flow.png")


def glug(folder: Path) -> Path:
    """Period of an inverted bottle's pulses as it empties."""
    figure, axes = _axes("air in the bottle [ml]", "period of the pulses [s]")
    time, volume, rate = inverted_bottle()
    when, period = pulse_periods(time, rate)
    air = 1e6 * (volume[0] / 0.98 - np.interp(when, time, volume))
    axes.plot(air, period, ".", label="pulses of the outflow")
    middle = len(air) // 2
    root = np.median(period[middle - 3 : middle + 3]) * np.sqrt(air / air[middle])
    axes.plot(air, root, "k:", label="√(air volume)")
    return _write(figure, axes, folder / "glug_period.png")


def conservation(folder: Path, books: list[Audit]) -> Path:
    """Conservation errors over random pours."""
    figure, axes = _axes("largest error of a pour, relative to what was poured", "pours")
    bins = np.logspace(-18, -3, 61)
    poured = np.maximum([b.poured for b in books], 1e-6)
    for name, errors in (
        ("sum over places", [b.ledger for b in books]),
        ("outflow integrated", np.array([b.outflow - b.hanging for b in books]) / poured),
        ("arrivals integrated", np.array([b.arrivals for b in books]) / poured),
    ):
        axes.hist(np.maximum(np.abs(errors), 1e-18), bins.tolist(), histtype="step", label=name)
    axes.set_xscale("log")
    return _write(figure, axes, folder / "conservation.png")
