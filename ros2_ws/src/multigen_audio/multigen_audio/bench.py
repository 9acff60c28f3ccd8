"""`multigen bench audio`: speed of every synthesizer on this machine."""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from typing import Any

import numpy as np

from multigen_audio.flow.networks.runtimes import runtimes
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.pours.simulation import simulate
from multigen_audio.quality.rendering import PERIOD, render
from multigen_audio.stream import SoundStream
from multigen_core.contract import AUDIO_VIEW, CHUNK, LIQUID_STATE
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import (
    Source,
    Synthesizer,
    SynthesizerConfig,
    make_synthesizer,
    synthesizer_names,
)
from multigen_core.types import CameraFrame, LiquidState, to_seconds

_SECONDS = 30.0
_SEED = 0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run(_: argparse.Namespace) -> dict[str, Any]:
    """Figures by name, of every synthesizer, each in its own process on one thread.

    The real-time factor is CPU time per second of sound: live, input by input, and offline, all at
    once. Input to chunk is the time for one input; the age of sound is that of a chunk's first
    sample when it is ready, measured every 100 ms with inputs in real time. For a synthesizer that
    cannot be created, the reason.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    figures: dict[str, Any] = {}
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for found in pool.imap(measured, synthesizer_names()):
            figures |= found
    return figures


def measured(name: str) -> dict[str, Any]:
    """The figures of one synthesizer."""
    try:
        synthesizer = make_synthesizer(SynthesizerConfig(name))
    except MultigenError as error:
        return {f"{name}: not measured": str(error)}
    figures = {f"{name}: {key}": value for key, value in _figures(synthesizer)}
    if name == "flow":
        for runtime, work in runtimes():
            figures[f"flow: voice and mouth in {runtime}, real-time factor"] = work
    return figures


def _inputs(source: Source) -> Sequence[CameraFrame | LiquidState]:
    if source is Source.LIQUID_STATE:
        return list(steady_pour("kettle", flow=30e-6, stop=_SECONDS - 1, end=_SECONDS))
    frames = simulate(_SEED, held_out=True).cutaway
    return frames[: round(_SECONDS * AUDIO_VIEW.rate)]


def _figures(synthesizer: Synthesizer) -> Iterator[tuple[str, Any]]:
    inputs = _inputs(synthesizer.source)
    seconds = to_seconds(inputs[-1].stamp - inputs[0].stamp)
    rendition = render(synthesizer, inputs)
    rate = LIQUID_STATE.rate if synthesizer.source is Source.LIQUID_STATE else AUDIO_VIEW.rate
    synthesizer.reset()
    stream = SoundStream(synthesizer, CHUNK, rate)
    times = []
    busy = time.process_time()
    for item in inputs:
        begin = time.perf_counter()
        stream.push(item)
        stream.pull()
        times.append((time.perf_counter() - begin) * 1e3)
    yield "real-time factor, live", (time.process_time() - busy) / seconds
    synthesizer.reset()
    busy = time.process_time()
    for item in inputs:
        synthesizer.push(item)
    synthesizer.pull()
    yield "real-time factor, offline", (time.process_time() - busy) / seconds
    for share, label in ((50, "median"), (95, "p95"), (99, "p99"), (100, "longest")):
        yield f"input to chunk, {label} [ms]", float(np.percentile(times, share))
    for share, label in ((50, "median"), (95, "p95"), (100, "longest")):
        age = float(np.percentile(rendition.latency, share)) * 1e3
        yield f"age of sound every {PERIOD * 1e3:.0f} ms, {label} [ms]", age
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "peak memory [MB]", round(peak, 1)
