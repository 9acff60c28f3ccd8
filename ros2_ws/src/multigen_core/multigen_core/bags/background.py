"""Writing a bag from another thread, so that a slow disk never holds up a graph."""

from __future__ import annotations

import queue
import shutil
import threading

from multigen_core.bags.errors import BagError
from multigen_core.bags.writer import FLUSH_INTERVAL, BagWriter
from multigen_core.contract import Topic

MAX_BYTES = 256 * 2**20
"""What may wait for the disk; more is dropped and counted."""


class BackgroundWriter:
    """Feeds a BagWriter; `put` never blocks.

    When the disk has less than `reserve` bytes left it closes the bag, complete, and stops. `error`
    then says so, as it does when the disk fails.
    """

    def __init__(self, writer: BagWriter, reserve: int) -> None:
        self.writer = writer
        self.dropped = 0
        self.error: BagError | None = None
        self._reserve = reserve
        self._queue: queue.SimpleQueue[tuple[Topic, bytes, int] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._write, name="bag writer", daemon=True)
        self._thread.start()

    def put(self, topic: Topic, data: bytes, stamp: int) -> None:
        """Have a serialized message written at bag time `stamp` [ns]."""
        with self._lock:
            if self.error or self._waiting + len(data) > MAX_BYTES:
                self.dropped += 1
                return
            self._waiting += len(data)
        self._queue.put((topic, data, stamp))

    @property
    def waiting(self) -> int:
        """Bytes that wait for the disk."""
        return self._waiting

    def _write(self) -> None:
        try:
            while True:
                try:
                    entry = self._queue.get(timeout=FLUSH_INTERVAL)
                except queue.Empty:
                    self.writer.flush()
                    self._check_room()
                    continue
                if entry is None:
                    break
                topic, data, stamp = entry
                if self.writer.write_raw(topic, data, stamp):
                    self._check_room()
                with self._lock:
                    self._waiting -= len(data)
            self.writer.close()
        except BagError as error:
            self.error = error

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.writer.path).free
        if free < self._reserve:
            self.writer.close()
            raise BagError(
                f"bag {self.writer.path}: stopped and complete, since the disk has only "
                f"{free / 2**20:.0f} MiB left of {self._reserve / 2**20:.0f} MiB to be kept free; "
                "make room and record again"
            )

    def close(self) -> None:
        """Write what waits, and the bag's end.

        Raises:
            BagError: the disk is full or gone.
        """
        self._queue.put(None)
        self._thread.join()
        if self.error:
            raise self.error
