"""A rollout in real time: a worker decides, so that no callback waits for a network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from multigen_core.policy import PourGoal
from multigen_core.rollout.rollout import Rollout
from multigen_core.rollout.session import Step


class LiveRollout:
    """Steps a rollout from a thread of its own; every method may be called from any thread.

    Args:
        rollout: from now on only this may step it; its observer still takes what is sensed.
        clock: the graph's time [ns].
        carry_out: takes every step, from the worker or from whoever cancels or ends the pour.
    """

    def __init__(
        self, rollout: Rollout, clock: Callable[[], int], carry_out: Callable[[Step], None]
    ) -> None:
        self.rollout = rollout
        self.late = 0
        """Decisions that were still under way when the next was due."""
        self._clock, self._carry_out = clock, carry_out
        self._lock = threading.RLock()
        self._worker = ThreadPoolExecutor(1, "rollout")
        self._deciding: Future[None] | None = None

    def tick(self) -> None:
        """Begin the next decision; to be called every control period.

        Raises:
            Exception: what the last decision has failed with.
        """
        if self._deciding is not None:
            if not self._deciding.done():
                self.late += 1
                return
            self._deciding.result()
        self._deciding = self._worker.submit(self._decide)

    def _decide(self) -> None:
        with self._lock:
            self._settle(self.rollout.step(self._clock()))

    def begin(self, volume: float, fraction: float = 0.0, timeout: float = 0.0) -> PourGoal:
        """Start a pour, as `Rollout.begin`."""
        with self._lock:
            return self.rollout.begin(self._clock(), volume, fraction, timeout)

    def cancel(self, reason: str) -> None:
        """Bring the vessel upright and end the pour as canceled."""
        with self._lock:
            self._settle(self.rollout.cancel(reason))

    def end(self, reason: str) -> None:
        """End the pour at once; the last command on the way brings the vessel upright."""
        with self._lock:
            self.cancel(reason)
            self._settle(self.rollout.end(reason))

    def set_stopped(self, stopped: bool) -> None:
        """Take over the guard's emergency stop, which ends a pour where it is."""
        with self._lock:
            self._settle(self.rollout.set_stopped(stopped))

    def _settle(self, step: Step | None) -> None:
        if step is not None:
            self._carry_out(step)

    def close(self) -> None:
        """End the worker, once it has decided."""
        self._worker.shutdown()
