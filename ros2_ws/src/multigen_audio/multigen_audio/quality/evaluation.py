"""Evaluates synthesizers on held-out scenes and against real recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from multigen_audio.quality.cases import Case
from multigen_audio.quality.judging import NOISE, Judged, Task, embeddings, judge
from multigen_audio.quality.realism import (
    Distances,
    EmbeddedWindows,
    Floor,
    Realism,
    embed_recordings,
    shared_count,
)
from multigen_audio.quality.summary import Figures, figures, real_figures
from multigen_audio.quality.truth import Floats
from multigen_audio.recorded.clips import usable_clips
from multigen_audio.recorded.label_floor import ALL, label_floors
from multigen_audio.recorded.splits import by_container, split, spread
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import SynthesizerConfig
from multigen_core.workers import run_tasks
from multigen_core.world.recordings import Recording, RecordingError

REAL = "real"
_IDENTICAL = 2
"""Cases whose sound is made a second time, all at once."""
_REFERENCES = 8
"""Clips of every other container that are embedded."""


@dataclass(frozen=True)
class Plan:
    """What is evaluated.

    `synthesizers` by their configurations; `episodes` held-out scenes; `views` what synthesizers of
    pictures see; `judged` and `others` recordings of vessels that are poured into anew, and of
    those that only stand for other real sound; `clips` pours for each judged vessel; `shown` cases
    of each kind whose sound is kept; `workers` processes.
    """

    synthesizers: tuple[SynthesizerConfig, ...]
    episodes: int
    views: tuple[str, ...]
    judged: Sequence[Recording] = ()
    others: Sequence[Recording] = ()
    clips: int = 4
    shown: int = 0
    workers: int = 1


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures by synthesizer, `noise` and `real` among them, and what they rest on."""

    figures: dict[str, Figures]
    cases: list[Judged]
    windows: int
    """In each set compared for realism, 0 if none was."""
    notes: list[str] = field(default_factory=list)
    """What was left out or failed, one line each."""


def divided(recordings: Sequence[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Recordings to judge by and others: of the containers held out from training and the rest.

    A folder too small to hold any out is judged by every second container.
    """
    others, judged = split(recordings)
    if not judged:
        names = sorted(by_container(recordings))[::2]
        judged = [recording for recording in recordings if recording.container in names]
        others = [recording for recording in recordings if recording.container not in names]
    return judged, others


def tasks(plan: Plan) -> list[Task]:
    """What has to be simulated and played."""
    wanted = (*plan.synthesizers, SynthesizerConfig(NOISE))
    cases = [Case(seed) for seed in range(plan.episodes)]
    cases += [
        Case(index, recording)
        for group in by_container(plan.judged).values()
        for index, recording in enumerate(spread(group, plan.clips))
    ]
    return [
        Task(
            case,
            tuple(_seeded(config, index) for config in wanted),
            plan.views,
            identity=case.seed < _IDENTICAL and case.recording is None,
            keep=case.seed < (plan.shown if case.recording is None else min(plan.shown, 1)),
        )
        for index, case in enumerate(cases)
    ]


def _seeded(config: SynthesizerConfig, seed: int) -> SynthesizerConfig:
    """Another instance for every case; one suffices where loading recordings takes seconds."""
    return config if config.recordings else replace(config, seed=seed)


def evaluate(plan: Plan, progress: Callable[[], None] = lambda: None) -> Evaluation:
    """Run a plan; `progress` is called after every task.

    Raises:
        MultigenError: not a single pour could be judged.
    """
    cases: list[Judged] = []
    notes: list[str] = []
    for task, outcome in run_tasks(judge, tasks(plan), plan.workers):
        progress()
        if isinstance(outcome, Judged):
            cases.append(outcome)
        elif isinstance(outcome, MultigenError):
            notes.append(f"{task.case.name}: {outcome}")
        else:
            raise outcome
    if not cases:
        raise MultigenError(
            f"no pour could be evaluated; {notes[0] if notes else 'none was requested'}"
        )
    notes += dict.fromkeys(line for one in cases for line in one.warnings)
    cases.sort(key=lambda one: (one.case.recording is not None, one.case.name))
    names = [config.synthesizer for config in plan.synthesizers] + [NOISE]
    distances, floor, windows = _realism(plan, names, cases, notes)
    found = {name: figures(name, cases, distances.get(name), floor) for name in names}
    if plan.judged:
        found[REAL] = real_figures(floor, _label_floor(plan.judged))
    return Evaluation(found, cases, windows, notes)


def _realism(
    plan: Plan, names: Sequence[str], cases: Sequence[Judged], notes: list[str]
) -> tuple[dict[str, Distances], Floor | None, int]:
    generated = {name: _windows(name, cases) for name in names}
    vessels = sorted(set.union(*(set(windows) for windows in generated.values())))
    if not vessels:
        return {}, None, 0
    real, skipped = embed_recordings(
        [r for r in plan.judged if r.container in vessels], embeddings()
    )
    some = [r for group in by_container(plan.others).values() for r in spread(group, _REFERENCES)]
    others, also = embed_recordings(some, embeddings())
    notes += [f"left out: {line}" for line in (*skipped, *also)]
    sounding = {name: w for name, w in generated.items() if shared_count([w], vessels)}
    for name in sorted(set(generated) - set(sounding)):
        notes.append(f"{name}: too little sound for a comparison with recordings")
    count = shared_count([real, *sounding.values()], vessels, others)
    if not count or len(vessels) < 2:
        notes.append("too few recordings of at least two vessels to measure realism")
        return {}, None, 0
    realism = Realism(real, others, count)
    floor = realism.floor()
    if floor is None:
        notes.append("too few recordings of other vessels for a real-vs-real distance")
    return {name: realism.of(w) for name, w in sounding.items()}, floor, realism.windows


def _windows(name: str, cases: Sequence[Judged]) -> EmbeddedWindows:
    parts: dict[str, dict[str, list[Floats]]] = {}
    for one in cases:
        for heard in one.heard:
            if one.case.recording is None or heard.synthesizer != name:
                continue
            own = parts.setdefault(one.case.recording.container, {})
            for key, values in heard.embedded.items():
                own.setdefault(key, []).append(values)
    return {
        container: {key: np.concatenate(found) for key, found in own.items()}
        for container, own in parts.items()
    }


def _label_floor(recordings: Sequence[Recording]) -> float:
    """Median over vessels of tracked resonance against that of the level by the clock [cents]."""
    try:
        clips, _ = usable_clips(recordings, SAMPLE_RATE)
    except RecordingError:
        return float("nan")
    return label_floors(clips)[ALL].cents
