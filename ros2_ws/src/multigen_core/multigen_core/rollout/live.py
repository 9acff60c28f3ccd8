"""A rollout in real time; a worker thread decides, so that no callback waits for a network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from multigen_core.policy import PourGoal
from multigen_core.rollout.rollout import GoalError, Rollout
from multigen_core.rollout.session import Step

STILL = 2.0
"""Steady time without a tick after which the graph's clock counts as stopped [s]."""


class LiveRollout:
    """Steps a rollout in its own thread; all methods are thread-safe.

    Args:
        rollout: only this object may step it from now on; its observer keeps taking data.
        clock: the graph's time [ns].
        carry_out: receives every step, in the worker or in the thread that cancels or ends the
        pour.
        steady: time that never stops [s].
    """

    def __init__(
        self,
        rollout: Rollout,
        clock: Callable[[], int],
        carry_out: Callable[[Step], None],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rollout = rollout
        self.late = 0
        """Number of decisions still running when the next was due."""
        self._clock, self._carry_out, self._steady = clock, carry_out, steady
        self._ticked = float("inf")
        self._lock = threading.RLock()
        self._worker = ThreadPoolExecutor(1, "rollout")
        self._deciding: Future[None] | None = None

    @property
    def paused(self) -> bool:
        """Whether ticks have stopped, as they do while a simulator is paused."""
        return self._steady() - self._ticked > STILL

    def tick(self) -> None:
        """Start the next decision; call every control period.

        Raises:
            Exception: the error of the last decision.
        """
        self._ticked = self._steady()
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
        """Start a pour, as `Rollout.begin`.

        Raises:
            MultigenError: as there, or time stands still.
        """
        if self.paused:
            raise GoalError("time stands still: the simulator is paused or has ended")
        with self._lock:
            return self.rollout.begin(self._clock(), volume, fraction, timeout)

    def cancel(self, reason: str) -> None:
        """Return the vessel upright and end the pour as canceled.

        While time stands still the pour ends immediately; the arm follows the return, which has
        been sent, once time continues.
        """
        with self._lock:
            self._settle(self.rollout.cancel(reason))
            if self.paused:
                self._settle(self.rollout.end(f"{reason}; the arm returns once time continues"))

    def end(self, reason: str) -> None:
        """End the pour immediately; the last command sent returns the vessel upright."""
        with self._lock:
            self.cancel(reason)
            self._settle(self.rollout.end(reason))

    def set_stopped(self, stopped: bool) -> None:
        """Apply the guard's emergency stop, which ends a pour in place."""
        with self._lock:
            self._settle(self.rollout.set_stopped(stopped))

    def _settle(self, step: Step | None) -> None:
        if step is not None:
            self._carry_out(step)

    def close(self) -> None:
        """End the worker after its current decision."""
        self._worker.shutdown()
