"""A real recording and the physical synthesizer's sound of the same pour, side by side."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import yaml
from scipy.signal import stft

from multigen_audio.physical import Physical
from multigen_audio.physical.grid import Floats
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.recorded.clips import load
from multigen_audio.recorded.tracker import Track, track
from multigen_core.contract import SAMPLE_RATE
from multigen_core.files import write_atomic
from multigen_core.world.acoustics import Resonator
from multigen_core.world.recordings import Recording
from multigen_core.world.vessel import Vessel

_HIGHEST = 4000.0
_RANGE = 45.0
"""Of the pictures [dB]."""
_ENVELOPE = 0.1
"""Of loudness [s]."""
_LEAST = 0.35
"""Least flow, in that which would fill the vessel."""
_LIP = 0.04
"""Height above the mouth from which people pour [m]."""


def compare(recording: Recording, picture: Path) -> list[str]:
    """Draw spectrograms with tracked resonances and the loudness of both; figures, line by line.

    The simulated pour fills the recorded vessel at constant flow from the recording's first loud
    moment to its end, with the median flow that its trusted resonances tell.

    Raises:
        RecordingError: the recording cannot be used.
    """
    real = load(recording, SAMPLE_RATE)
    heard = track(real, SAMPLE_RATE, recording.vessel)
    start, flow = pour_of(recording.vessel, real, heard)
    made = _simulate(recording.vessel, start, flow, len(real))
    made_track = track(made, SAMPLE_RATE, recording.vessel)
    sounds = {"recorded": (real, heard), "physical": (made, made_track)}
    _draw(recording, sounds, picture)
    lines = [f"{recording.clip}, {recording.container}: from {start:.1f} s, {flow * 1e6:.0f} ml/s"]
    for name, (sound, tracked) in sounds.items():
        level = _envelope(sound)[round(start / _ENVELOPE) + 5 : -3]
        pitch = tracked.frequency[tracked.heard]
        trend = np.polyfit(np.arange(len(level)) * _ENVELOPE, level, 1)[0]
        span = f"{pitch[0]:.0f} to {pitch[-1]:.0f} Hz" if len(pitch) else "nothing"
        lines.append(
            f"{name}: trusted for {tracked.heard.mean():.0%}, {span}; loudness spread "
            f"{np.std(level):.1f} dB, trend {trend:+.1f} dB/s"
        )
    both = heard.heard & made_track.heard[: len(heard.heard)]
    if both.any():
        off = 1200 * np.log2(heard.frequency / made_track.frequency[: len(heard.frequency)])
        lines.append(
            f"where both are trusted they differ by {np.median(np.abs(off[both])):.0f} cents"
        )
    return lines


def pour_of(vessel: Vessel, sound: Floats, heard: Track) -> tuple[float, float]:
    """When the pour begins [s] and its flow [m^3/s], as the trusted resonances tell."""
    duration = len(sound) / SAMPLE_RATE
    level = _envelope(sound)
    start = float(np.argmax(level > np.median(level) - 10) * _ENVELOPE)
    full = 0.95 * vessel.capacity / max(duration - start, 1.0)
    time = heard.time[heard.heard] - start
    if len(time) < 10:
        return start, full
    volume = vessel.volume(Resonator(vessel).level(heard.frequency[heard.heard]))
    flow = float(np.median(volume[time > 0.5] / time[time > 0.5]))
    return start, float(np.clip(flow, _LEAST * full, full))


def _simulate(vessel: Vessel, start: float, flow: float, samples: int) -> Floats:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{vessel.name}.yaml")
        path.write_text(yaml.safe_dump(vessel.model_dump(mode="json", exclude={"name"})))
        synthesizer = Physical()
        end = samples / SAMPLE_RATE
        for state in steady_pour(str(path), flow, start, end, end + 0.1, lip=_LIP):
            synthesizer.push(state)
        return synthesizer.pull()[0].samples[:samples].astype(np.float64)


def _envelope(sound: Floats) -> Floats:
    """Level [dB] every 0.1 s."""
    size = round(_ENVELOPE * SAMPLE_RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def _draw(recording: Recording, sounds: dict[str, tuple[Floats, Track]], picture: Path) -> None:
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots(2, 2, height_ratios=(3, 1), sharex=True, sharey="row")
    for (name, (sound, tracked)), column in zip(sounds.items(), axes.T, strict=True):
        f, time, spectrum = stft(sound, SAMPLE_RATE, nperseg=1024, noverlap=768)
        level = 20 * np.log10(np.abs(spectrum[f <= _HIGHEST]) + 1e-9)
        top = np.percentile(level, 99.7)
        column[0].imshow(
            level, origin="lower", aspect="auto", extent=(0, time[-1], 0, _HIGHEST / 1e3),
            vmin=top - _RANGE, vmax=top, cmap="magma",
        )  # fmt: skip
        trusted = np.where(tracked.heard, tracked.frequency, np.nan)
        column[0].plot(tracked.time, trusted / 1e3, ":", color="cyan", linewidth=1.2)
        column[0].set_title(f"{name}: {recording.container}, {recording.material}", fontsize=9)
        envelope = _envelope(sound)
        relative = envelope - np.median(envelope)
        column[1].plot((np.arange(len(envelope)) + 0.5) * _ENVELOPE, relative, linewidth=0.9)
        column[1].set_ylim(-30, 15)
        column[1].set_xlabel("time [s]")
    axes[0, 0].set_ylabel("frequency [kHz]")
    axes[1, 0].set_ylabel("loudness [dB]")
    drawn, image = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=72)
    Image.open(drawn).convert("RGB").quantize(24).save(image, "png", optimize=True)
    write_atomic(picture, image.getvalue())
