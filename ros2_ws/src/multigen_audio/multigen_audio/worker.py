"""Runs a synthesizer outside the sensor callbacks, with a bounded queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from multigen_audio.stream import SoundStream
from multigen_core.errors import MultigenError
from multigen_core.types import AudioChunk, CameraFrame, LiquidState, to_seconds

QUEUE = 50
"""Length of the input queue; the oldest input is dropped when it is full."""


class Worker:
    """A thread that converts inputs to sound, so that `put` returns immediately.

    `dropped` counts inputs dropped from the full queue, `refused` those that the synthesizer could
    not use; `busy` and `given` are the seconds of work and of sound.
    """

    def __init__(
        self,
        stream: SoundStream,
        send: Callable[[AudioChunk], None],
        refuse: Callable[[MultigenError], None],
        fail: Callable[[Exception], None],
        batch: int = 1,
        patience: float = 0.0,
    ) -> None:
        """Start the worker.

        Args:
            stream: generates the sound; owned by the thread, except for reading its counts.
            send: called in the thread with every chunk.
            refuse: called in the thread when an input cannot be used.
            fail: called in the thread with an error that ends it.
            batch: number of inputs to process together, which is cheaper than one by one.
            patience: longest time an incomplete batch may wait [s, steady clock].
        """
        self.stream = stream
        self._send, self._refuse, self._fail = send, refuse, fail
        self._batch, self._patience = batch, patience
        self._inputs: deque[CameraFrame | LiquidState] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = self.refused = 0
        self.busy = self.given = 0.0
        self._thread = threading.Thread(target=self._run, name="synthesis", daemon=True)
        self._thread.start()

    @property
    def real_time_factor(self) -> float:
        """CPU work per second of sound, 0 before any."""
        return self.busy / self.given if self.given else 0.0

    def figures(self) -> dict[str, float | int]:
        """Input counts so far, for diagnostics."""
        stream = self.stream
        return {
            "real_time_factor": self.real_time_factor,
            "gaps": stream.gaps,
            "rewinds": stream.rewinds,
            "inputs_late": stream.late,
            "inputs_dropped": self.dropped,
            "inputs_refused": self.refused,
        }

    def put(self, item: CameraFrame | LiquidState) -> None:
        """Queue an input."""
        with self._changed:
            if len(self._inputs) == QUEUE:
                self._inputs.popleft()
                self.dropped += 1
            self._inputs.append(item)
            if len(self._inputs) in (1, self._batch):
                self._changed.notify()

    def close(self) -> None:
        """Drop the queue, finish the current input and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while items := self._take():
                self._work(items)
        except Exception as error:  # a thread's error would otherwise be a silent end
            self._fail(error)

    def _take(self) -> list[CameraFrame | LiquidState]:
        """The queued inputs, once a batch or waiting long enough; none when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._inputs or self._closed)
            if len(self._inputs) < self._batch:
                self._changed.wait_for(
                    lambda: len(self._inputs) >= self._batch or self._closed, self._patience
                )
            items = [] if self._closed else list(self._inputs)
            self._inputs.clear()
            return items

    def _work(self, items: list[CameraFrame | LiquidState]) -> None:
        begin = time.perf_counter()
        for item in items:
            try:
                self.stream.push(item)
            except MultigenError as error:
                self.refused += 1
                self._refuse(error)
        chunks = self.stream.pull()
        self.busy += time.perf_counter() - begin
        for chunk in chunks:
            self.given += to_seconds(chunk.end - chunk.stamp)
            self._send(chunk)
