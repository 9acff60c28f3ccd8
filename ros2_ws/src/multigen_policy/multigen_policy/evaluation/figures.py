"""Plots of one episode and of many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.signal.windows import hann

from multigen_policy.evaluation.drawing import GRID, INK, MUTED, SERIES, legend, panels, svg
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.heard import HeardEpisode, hear_episode
from multigen_policy.evaluation.metrics import MAX_ERROR, PourMetrics, poured_volumes
from multigen_policy.evaluation.stamps import waveform

LOWEST, HIGHEST = 80.0, 8000.0
"""Frequency range of the spectrogram [Hz]."""
_WINDOW, _HOP = 0.096, 0.016
"""Window of the spectrogram [s]."""
_COLUMNS = 4000
_TICKS = (100, 200, 500, 1000, 2000, 5000)


def seconds(stamps: Sequence[int], origin: int) -> NDArray[np.float64]:
    """Stamps (N,) [ns] as seconds since `origin` [ns]."""
    return (np.array(stamps, np.int64) - origin) / 1e9


def volumes(episode: Episode, span: tuple[float, float], density: float) -> str:
    """Poured, spilled, estimated and target volume over time."""
    origin = episode.goals[0].stamp
    figure, (axes,) = panels((2.7,), span)
    times = seconds([state.stamp for state in episode.states], origin)
    poured = poured_volumes(episode.states, density) * 1e6
    spilled = np.array([state.spilled_volume for state in episode.states]) * 1e6
    axes.plot(times, poured, color=SERIES[0], linewidth=2.4, label="poured")
    estimates = [item for item in episode.progress if np.isfinite(item.estimated_volume)]
    if estimates:
        axes.plot(
            seconds([item.stamp for item in estimates], origin),
            [item.estimated_volume * 1e6 for item in estimates],
            color=SERIES[1],
            linewidth=1.6,
            label="policy's estimate",
        )
    if np.nanmax(spilled, initial=0.0) > 0:
        axes.fill_between(times, spilled, color=SERIES[5], alpha=0.25, linewidth=0)
        axes.plot(times, spilled, color=SERIES[5], linewidth=1.4, label="spilled")
    for index, goal in enumerate(episode.goals):
        start, end = ((stamp - origin) / 1e9 for stamp in episode.window(index))
        target = goal.target_volume * 1e6
        axes.fill_between(
            (start, end),
            target * (1 - MAX_ERROR),
            target * (1 + MAX_ERROR),
            color=GRID,
            alpha=0.35,
            linewidth=0,
        )
        axes.plot(
            (start, end),
            (target, target),
            color=INK,
            linewidth=1.2,
            dashes=(5, 3),
            label=f"target {target:.0f} ml, ±{MAX_ERROR:.0%}" if not index else None,
        )
        over = next(
            (p.stamp for p in episode.progress if p.outcome and p.stamp >= goal.stamp), None
        )
        if over:
            axes.axvline((over - origin) / 1e9, color=MUTED, linewidth=1, dashes=(1, 2))
    axes.set_ylabel("volume [ml]")
    highest = 1e6 * max(goal.target_volume for goal in episode.goals)
    highest = max(highest, float(np.nanmax(poured, initial=0.0)))
    axes.set_ylim(min(0.0, float(np.nanmin(poured, initial=0.0))), 1.2 * highest)
    legend(axes)
    return svg(figure, "Volumes over time")


def hearing(episode: Episode, span: tuple[float, float]) -> str:
    """Spectrogram with the resonance, tracked and true, and the air column; empty without sound."""
    if not episode.audio:
        return ""
    origin = episode.goals[0].stamp
    rate = episode.audio[0].sample_rate
    start, samples = waveform(episode.audio, origin)
    if len(samples) < 2 * _WINDOW * rate:
        return ""
    liquid = [state for state in episode.liquid if state.air_column > 0]
    heard = hear_episode(episode)
    figure, axes = panels((2.9, 1.4) if liquid or heard else (2.9,), span)
    grid = np.geomspace(LOWEST, min(HIGHEST, rate / 2), 240)
    frames, picture = _spectrogram(samples, rate, grid)
    low, high = np.percentile(picture, (20, 99.7))
    began = (start - origin) / 1e9
    axes[0].imshow(
        picture,
        origin="lower",
        aspect="auto",
        extent=(
            began + frames[0],
            began + frames[-1],
            np.log2(grid[0]),
            np.log2(grid[-1]),
        ),
        cmap="magma",
        vmin=low,
        vmax=max(high, low + 20),
        interpolation="bilinear",
    )
    ticks = [tick for tick in _TICKS if grid[0] <= tick <= grid[-1]]
    axes[0].set_yticks(np.log2(ticks), [f"{t // 1000}k" if t >= 1000 else str(t) for t in ticks])
    axes[0].set_ylim(np.log2(grid[0]), np.log2(grid[-1]))
    axes[0].set_ylabel("frequency [Hz]")
    axes[0].grid(False)
    axes[0].set_xlim(*span)
    if liquid:
        times = seconds([state.stamp for state in liquid], origin)
        resonance = np.array([state.resonance_frequency for state in liquid])
        shown = resonance > 0
        axes[0].plot(
            times[shown],
            np.log2(resonance[shown]),
            color="#7df9ff",
            linewidth=1.4,
            dashes=(4, 2.5),
            label="true resonance of the air column",
        )
        axes[1].plot(
            times, [state.air_column * 100 for state in liquid], color=SERIES[2], label="true"
        )
    if heard is not None:
        _overlay(axes, heard, origin)
    if len(axes) > 1:
        axes[1].set_ylabel("air column [cm]")
        axes[1].set_ylim(bottom=0)
        legend(axes[1])
    # The light lines need a dark background, and the page may be light.
    legend(
        axes[0], bbox_to_anchor=(0.992, 0.02), frameon=True, facecolor="#000000", framealpha=0.6,
        edgecolor="none", labelcolor="#ffffff",
    )  # fmt: skip
    return svg(figure, "Spectrogram with the resonance, tracked and true, and the air column")


def _spectrogram(
    samples: NDArray[np.float32], rate: int, grid: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (T,) [s] and levels (F, T) [dB] at the frequencies `grid` (F,) [Hz], over time.

    At most _COLUMNS columns, which is all that a page can show.
    """
    window = round(_WINDOW * rate)
    hop = max(round(_HOP * rate), len(samples) // _COLUMNS)
    parts = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    taper = hann(window, sym=False)
    frequencies = np.fft.rfftfreq(window, 1 / rate)
    columns = []
    for part in parts:
        level = 20 * np.log10(np.abs(np.fft.rfft(part * taper)) / taper.sum() + 1e-7)
        columns.append(np.interp(grid, frequencies, level))
    times = (np.arange(len(parts)) * hop + window / 2) / rate
    return times, np.array(columns).T


def _overlay(axes: Sequence[Axes], heard: HeardEpisode, origin: int) -> None:
    """The listener's estimates, with a band of one standard deviation."""
    times = seconds(heard.stamps.tolist(), origin)
    pitch = np.where(heard.audible, np.log2(heard.resonance), np.nan)
    spread = heard.cents / 1200
    axes[0].plot(times, pitch, color="#ffffff", linewidth=1.6, label="tracked by ear")
    axes[0].fill_between(
        times, pitch - spread, pitch + spread, color="#ffffff", alpha=0.25, linewidth=0
    )
    air, error = 100 * heard.air_column, 100 * heard.air_column_error
    told = f"vessel known: {heard.vessel}" if heard.vessel else "vessel unknown"
    axes[1].plot(times, air, color=SERIES[1], linewidth=1.4, label=f"by ear, {told}")
    axes[1].fill_between(times, air - error, air + error, color=SERIES[1], alpha=0.2, linewidth=0)


def motion(episode: Episode, span: tuple[float, float]) -> str:
    """Measured and commanded joints, tilt of the source and flow; empty without joint states."""
    names = next((state.names for state in episode.joints), ())
    joints = [state for state in episode.joints if state.names == names]
    if not joints:
        return ""
    origin = episode.goals[0].stamp
    figure, axes = panels((2.5, 1.3) if episode.liquid else (2.5,), span)
    positions = np.degrees(np.array([state.positions for state in joints]))
    times = seconds([state.stamp for state in joints], origin)
    moving = [i for i, name in enumerate(names) if "finger" not in name and "knuckle" not in name]
    for rank, index in enumerate(moving[: len(SERIES)]):
        first = positions[0, index]
        colour = SERIES[rank]
        axes[0].plot(times, positions[:, index] - first, color=colour, label=names[index])
        wanted = [
            (time, float(np.degrees(command.positions[0, command.names.index(names[index])])))
            for time, command in episode.commands
            if len(command.times) and names[index] in command.names
        ]
        if wanted:
            axes[0].plot(
                seconds([time for time, _ in wanted], origin),
                [value - first for _, value in wanted],
                linestyle="none",
                marker=".",
                markersize=2.5,
                color=colour,
                alpha=0.55,
            )
    axes[0].set_ylabel("joint motion from start [°]")
    legend(axes[0], handlelength=1.0, columnspacing=1.0)
    if episode.liquid:
        liquid = seconds([state.stamp for state in episode.liquid], origin)
        tilt = np.degrees([state.source_tilt for state in episode.liquid])
        flow = np.array([state.outflow_rate for state in episode.liquid]) * 1e6
        axes[1].plot(liquid, tilt, color=SERIES[3], label="tilt of the source [°]")
        axes[1].fill_between(liquid, flow, color=SERIES[0], alpha=0.35, linewidth=0)
        axes[1].plot(liquid, flow, color=SERIES[0], linewidth=1.2, label="flow [ml/s]")
        axes[1].set_ylim(bottom=min(0.0, float(tilt.min())))
        legend(axes[1])
    return svg(figure, "Joints, commands, tilt and flow over time")


def errors(pours: Sequence[PourMetrics]) -> str:
    """Relative error over target volume of many pours, with the success band."""
    figure, (axes,) = panels((2.6,), None)
    targets = np.array([pour.target_ml for pour in pours])
    signed = np.array([100 * pour.error_ml / pour.target_ml for pour in pours])
    limit = 100 * MAX_ERROR
    axes.axhspan(-limit, limit, color=GRID, alpha=0.45, linewidth=0, label=f"±{limit:.0f} %")
    axes.axhline(0, color=INK, linewidth=1, dashes=(5, 3))
    for success, colour, label in ((True, SERIES[0], "success"), (False, SERIES[5], "missed")):
        chosen = np.array([pour.success == success for pour in pours])
        if chosen.any():
            axes.plot(
                targets[chosen],
                signed[chosen],
                linestyle="none",
                marker="o",
                markersize=6,
                markeredgewidth=0,
                color=colour,
                alpha=0.75,
                label=label,
            )
    reach = max(1.25 * float(np.abs(signed).max()), 1.5 * limit)
    margin = max(0.1 * float(np.ptp(targets)), 12.0)
    axes.set_ylim(-reach, reach)
    axes.set_xlim(targets.min() - margin, targets.max() + margin)
    axes.set_xlabel("target [ml]")
    axes.set_ylabel("volume error [%]")
    legend(axes)
    return svg(figure, "Volume error over target")
