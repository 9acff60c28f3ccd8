"""`multigen bench audio`: how fast every synthesizer is on this machine."""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import numpy as np

from multigen_audio.scripted import steady_pour
from multigen_audio.stream import SoundStream
from multigen_core.contract import CHUNK, LIQUID_STATE
from multigen_core.recordings import RecordingError
from multigen_core.synthesizer import (
    Source,
    SynthesizerConfig,
    make_synthesizer,
    synthesizer_names,
)

_SECONDS = 30.0


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Figures by name.

    For every synthesizer driven by liquid states: the real-time factor (work per sound) fed live,
    input by input, and offline, all at once; median and 95th percentile of the time from an input
    to its chunks [ms]. And the process's peak memory [MB]. Without recordings, no `replay`.
    """
    states = list(steady_pour("kettle", flow=30e-6, stop=_SECONDS - 1, end=_SECONDS))
    figures: dict[str, Any] = {}
    for name in synthesizer_names():
        config = SynthesizerConfig(name)
        try:
            synthesizer = make_synthesizer(config)
        except RecordingError:
            continue
        if synthesizer.source is not Source.LIQUID_STATE:
            continue
        stream = SoundStream(synthesizer, CHUNK, LIQUID_STATE.rate)
        times = []
        for state in states:
            begin = time.perf_counter()
            stream.push(state)
            stream.pull()
            times.append(time.perf_counter() - begin)
        figures[f"{name}: real-time factor, live"] = float(np.sum(times) / _SECONDS)
        synthesizer.reset()
        begin = time.perf_counter()
        for state in states:
            synthesizer.push(state)
        synthesizer.pull()
        figures[f"{name}: real-time factor, offline"] = (time.perf_counter() - begin) / _SECONDS
        figures[f"{name}: input to chunk, median [ms]"] = float(np.median(times) * 1e3)
        figures[f"{name}: input to chunk, p95 [ms]"] = float(np.percentile(times, 95) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**figures, "peak memory [MB]": round(peak, 1)}
