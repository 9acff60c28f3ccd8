"""Where a process spends its CPU time, by samples of what it executes."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Mapping
from types import FrameType, TracebackType

INTERVAL = 0.004
"""CPU time between samples [s]."""


class Sampler:
    """Counts CPU time by stage while its `with` block runs, in the process's main thread.

    A sample belongs to the innermost function whose module is one of a stage's; time in compiled
    libraries belongs to their caller. Unlike a profiler it slows nothing down.

    Args:
        stages: name of the stage of each module or package; the longest name that fits counts.
    """

    def __init__(self, stages: Mapping[str, str]) -> None:
        self._stages = stages
        self._known: dict[str, str] = {}
        self._samples: Counter[str] = Counter()

    @property
    def seconds(self) -> dict[str, float]:
        """CPU time of each stage [s], the longest first."""
        return {stage: INTERVAL * count for stage, count in self._samples.most_common()}

    def __enter__(self) -> Sampler:
        self._before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, self._before)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            module = sys.intern(str(frame.f_globals.get("__name__", "")))
            if module not in self._known:
                self._known[module] = self._stage(module)
            if self._known[module]:
                self._samples[self._known[module]] += 1
                return
            frame = frame.f_back
        self._samples["other"] += 1

    def _stage(self, module: str) -> str:
        """The stage of a module, '' if it has none."""
        while module:
            if module in self._stages:
                return self._stages[module]
            module = module.rpartition(".")[0]
        return ""
