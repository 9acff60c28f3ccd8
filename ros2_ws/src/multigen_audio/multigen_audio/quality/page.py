"""The page of `multigen evaluate-audio`: figures, spectrograms and players."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from scipy.signal import stft

from multigen_audio.quality.evaluation import Evaluation
from multigen_audio.quality.judging import NOISE, Heard, Judged
from multigen_audio.quality.table import REFERENCES, ROWS
from multigen_audio.quality.truth import Floats
from multigen_audio.recorded.clips import load
from multigen_audio.recorded.tracker import track
from multigen_core.contract import SAMPLE_RATE
from multigen_core.files import write_atomic
from multigen_core.pages import page_templates
from multigen_core.world.recordings import RecordingError

_HIGHEST = 4000.0
_RANGE = 50.0
"""Of the spectrograms [dB]."""
_SIZE = (480, 200)
_MARGIN = 0.5
"""Kept before and after a pour into a recorded vessel [s]."""


def write_page(found: Evaluation, path: Path) -> None:
    """Write the page.

    Raises:
        MultigenError: it cannot be written.
    """
    write_atomic(path, page(found).encode())


def page(found: Evaluation) -> str:
    """The page's HTML, with everything it shows."""
    cases = [section for one in found.cases if (section := _section(one))]
    return (
        page_templates("multigen_audio.quality")
        .get_template("page.html")
        .render(
            names=list(found.figures),
            rows=[
                {
                    "label": row.label,
                    "reach": row.reach or row.unit,
                    "cells": [
                        (row.text(v), None if name in REFERENCES else row.met(v))
                        for name, v in found.figures.items()
                    ],
                }
                for row in ROWS
            ],
            pitches=[*_by(found, "pitch_cents_by_scene"), *_by(found, "pitch_cents_by_vessel")],
            scenes=[case for case in cases if not case["recorded"]],
            recorded=[case for case in cases if case["recorded"]],
            pours=sum(one.case.recording is None for one in found.cases),
            windows=found.windows,
            notes=found.notes,
        )
    )


def _by(found: Evaluation, key: str) -> list[tuple[str, list[str]]]:
    """The pitch error of each synthesizer by what `key` of the details names."""
    errors = {name: values["details"].get(key, {}) for name, values in found.figures.items()}
    return [
        (group, [f"{own[group]:.0f}" if group in own else "–" for own in errors.values()])
        for group in sorted(set().union(*errors.values()))
    ]


def _section(one: Judged) -> dict[str, Any] | None:
    """A case whose sounds were kept."""
    kept = [h for h in one.heard if len(h.rendition.samples) and h.synthesizer != NOISE]
    if not kept:
        return None
    recording = one.case.recording
    takes = [_take(one, heard) for heard in kept]
    if recording is not None:
        takes = [*_recorded(one), *takes]
    scene = one.pour.scene
    return {
        "recorded": recording is not None,
        "name": one.case.name,
        "about": f"{one.pour.target.description}, {scene.liquid.name}"
        if recording is None
        else f"{recording.container}, {recording.shape} {recording.material}",
        "takes": takes,
    }


def _take(one: Judged, heard: Heard) -> dict[str, Any]:
    sound, begin = heard.rendition.samples, 0.0
    jet = one.truth.time[one.truth.flowing(one.truth.time)]
    if one.case.recording is not None and len(jet):
        begin = max(float(jet[0]) - _MARGIN, 0.0)
        sound = sound[round(begin * SAMPLE_RATE) : round((jet[-1] + _MARGIN) * SAMPLE_RATE)]
    seconds = len(sound) / SAMPLE_RATE
    within = one.truth.flowing(one.truth.time)
    true = np.where(within, one.truth.resonance, np.nan)
    text = f"{heard.pitch.error:.0f} cents" if np.isfinite(heard.pitch.error) else ""
    return {
        "title": heard.synthesizer + (" by camera" if heard.view == "public" else ""),
        "text": text,
        "seconds": seconds,
        "picture": _spectrogram(sound),
        "true": _path(one.truth.time - begin, true, seconds),
        "tracked": _path(heard.pitch.time - begin, heard.pitch.tracked, seconds),
        "sound": _flac(sound),
    }


def _recorded(one: Judged) -> list[dict[str, Any]]:
    recording = one.case.recording
    assert recording is not None
    try:
        sound = load(recording, SAMPLE_RATE)
    except RecordingError:
        return []
    found = track(sound, SAMPLE_RATE, recording.vessel)
    seconds = len(sound) / SAMPLE_RATE
    return [
        {
            "title": "recorded",
            "text": "",
            "seconds": seconds,
            "picture": _spectrogram(sound),
            "true": "",
            "tracked": _path(found.time, np.where(found.heard, found.frequency, np.nan), seconds),
            "sound": _flac(sound),
        }
    ]


def _spectrogram(sound: Floats) -> str:
    """A PNG of up to _HIGHEST [Hz], as base64."""
    f, _, spectrum = stft(sound, SAMPLE_RATE, nperseg=1024, noverlap=768)
    level = 20 * np.log10(np.abs(spectrum[f <= _HIGHEST]) + 1e-9)
    top = np.percentile(level, 99.7)
    grey = np.clip((level - top + _RANGE) / _RANGE, 0, 1)[::-1] * 255
    small = cv2.resize(grey.astype(np.uint8), _SIZE, interpolation=cv2.INTER_AREA)
    picture = cv2.applyColorMap(small, cv2.COLORMAP_MAGMA)
    return base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()


def _path(time: Floats, frequency: Sequence[float] | Floats, seconds: float) -> str:
    """An SVG path over a picture of 1000 by 1000, with gaps where there is no frequency."""
    points, drawing = [], False
    step = max(len(time) // 400, 1)
    for moment, value in zip(time[::step], frequency[::step], strict=True):
        seen = np.isfinite(value) and 0 <= moment <= seconds and value <= _HIGHEST
        if seen:
            x, y = 1000 * moment / seconds, 1000 * (1 - value / _HIGHEST)
            points.append(f"{'L' if drawing else 'M'}{x:.0f} {y:.0f}")
        drawing = bool(seen)
    return "".join(points)


def _flac(sound: Floats) -> str:
    """At one loudness, as base64."""
    level = float(np.sqrt(np.mean(sound**2))) or 1.0
    scale = min(0.06 / level, 0.98 / max(float(np.abs(sound).max()), 1e-9))
    file = io.BytesIO()
    soundfile.write(file, sound * scale, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()
