"""Plot of a whole recorded clip with the listener's estimates and its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.recordings import Recording
from multigen_policy.listening.benchmark import EMPTY, SIZE_ERROR
from multigen_policy.listening.listener import Listener
from multigen_policy.listening.plotting import write_plot
from multigen_policy.listening.protocols import Protocol, frames_at, truth_at
from multigen_policy.listening.recording import load_sound
from multigen_policy.listening.shapes import known_vessel, shapes_of
from multigen_policy.listening.spectrum import PERIOD


def plot_clip(folder: Path, recording: Recording) -> Path:
    """Plot a clip, the vessel's size known, into `folder`, named by container and clip.

    Raises:
        MultigenError: it cannot be read or written.
    """
    sound = load_sound(recording.path)
    moments = np.arange(0.0, len(sound.samples) / SAMPLE_RATE, PERIOD)
    spectra = frames_at(sound.samples, moments)
    listener = Listener(known_vessel(recording.vessel, SIZE_ERROR, EMPTY[Protocol.WARP]))
    estimates = [listener.step(spectrum) for spectrum in spectra]
    truth = truth_at(sound.samples, moments)
    table = shapes_of((recording.vessel,)).pitch[0, :, 0]
    resonance = 2 ** np.interp(truth, np.linspace(0, 1, len(table)), table)
    error = np.abs(np.array([e.belief.fill for e in estimates]) - truth).mean()
    title = (
        f"{recording.clip}: {recording.container}, {recording.shape} {recording.material}, "
        f"mean error {error:.2f}"
    )
    path = folder / f"{recording.container}_{recording.clip}.png"
    write_plot(path, title, spectra, estimates, (resonance, truth))
    return path
