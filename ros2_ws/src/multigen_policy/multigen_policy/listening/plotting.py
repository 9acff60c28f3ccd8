"""Plot of the listener's estimates: spectrogram, resonance and fill over time."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from multigen_core.files import write_atomic
from multigen_policy.listening.listener import AUDIBLE, Estimate
from multigen_policy.listening.spectrum import FREQUENCIES, Floats

_TICKS = (125, 250, 500, 1000, 2000, 4000)


def write_plot(
    path: Path,
    title: str,
    spectrogram: Floats,
    estimates: Sequence[Estimate],
    truth: tuple[Floats, Floats] | None = None,
) -> None:
    """Write a PNG.

    Args:
        path: of the file.
        title: of the plot.
        spectrogram: (N, B) [dB], one spectrum per estimate.
        estimates: (N,).
        truth: first resonance [Hz] and fill fraction, (N,) each, if known.

    Raises:
        MultigenError: it cannot be written.
    """
    times = np.array([estimate.time for estimate in estimates])
    beliefs = [estimate.belief for estimate in estimates]
    figure = Figure(figsize=(10, 6.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    sound, fill = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    low, high = np.percentile(spectrogram, (20, 99.7))
    sound.imshow(
        spectrogram.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=low,
        vmax=max(high, low + 20),
        extent=(0, times[-1], *np.log2(FREQUENCIES[[0, -1]])),
    )
    resonance = np.array([belief.resonance for belief in beliefs])
    spread = np.array([belief.resonance_cents for belief in beliefs]) / 1200
    heard = np.array([e.flowing and e.belief.salience >= AUDIBLE for e in estimates])
    shown = np.where(heard, np.log2(resonance), np.nan)
    sound.plot(times, shown, color="#7df9ff", linewidth=1.6, label="tracked resonance")
    sound.fill_between(times, shown - spread, shown + spread, color="#7df9ff", alpha=0.25)
    if truth is not None:
        sound.plot(times, np.log2(truth[0]), "w--", linewidth=1, label="resonance from labels")
    sound.set_yticks(np.log2(_TICKS), [str(tick) for tick in _TICKS])
    sound.set_ylim(*np.log2(FREQUENCIES[[0, -1]]))
    sound.set_ylabel("frequency [Hz]")
    sound.set_title(title, fontsize=10)
    sound.legend(loc="lower right", fontsize=8, facecolor="black", labelcolor="white")
    level = np.array([belief.fill for belief in beliefs])
    error = np.array([belief.fill_error for belief in beliefs])
    fill.fill_between(times, level - error, level + error, alpha=0.25, linewidth=0)
    fill.plot(times, level, label="fill, ± one standard deviation")
    if truth is not None:
        fill.plot(times, truth[1], "k--", linewidth=1, label="fill from labels")
    flowing = np.array([estimate.flowing for estimate in estimates])
    fill.fill_between(times, -0.06, -0.02, where=flowing, color="tab:green", label="flow heard")
    fill.set_ylim(-0.08, 1.05)
    fill.set_ylabel("fill fraction")
    fill.set_xlabel("time [s]")
    fill.legend(loc="upper left", fontsize=8)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())
