"""What a recording shows, read back from its file."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import rerun.chunk
from rerun import RecordingStream

from multigen_view.board import new_recording


@dataclass
class Shown:
    """What was logged on one entity: per component, times [s] and values."""

    rows: dict[str, list[tuple[float | None, object]]] = field(default_factory=dict)

    def values(self, component: str) -> list:
        return [value for _, value in self.rows.get(component, [])]

    def times(self, component: str) -> list:
        return [time for time, _ in self.rows.get(component, [])]


def read(path) -> dict[str, Shown]:
    """Everything in an .rrd file by entity, in order of time."""
    found: dict[str, Shown] = {}
    for chunk in rerun.chunk.RrdReader(str(path)).stream():
        batch = chunk.to_record_batch()
        names = batch.schema.names
        columns = {name: batch.column(name) for name in names}
        times = columns.pop("time", None)
        for name, column in columns.items():
            if name.startswith("rerun.controls"):
                continue
            rows = found.setdefault(chunk.entity_path, Shown()).rows
            for index, value in enumerate(column.to_pylist()):
                if value is None:
                    continue
                time = None if times is None else times[index].cast("int64").as_py() / 1e9
                rows.setdefault(name.partition(":")[2], []).append((time, value))
    for shown in found.values():
        for rows in shown.rows.values():
            rows.sort(key=lambda row: -1.0 if row[0] is None else row[0])
    return found


@pytest.fixture
def reading():
    return read


@pytest.fixture
def recording(tmp_path) -> RecordingStream:
    stream = new_recording()
    stream.save(tmp_path / "shown.rrd")
    return stream


@pytest.fixture
def shown(recording, tmp_path):
    """What the recording shows so far; ends it."""

    def look() -> dict[str, Shown]:
        recording.disconnect()
        return read(tmp_path / "shown.rrd")

    return look


@pytest.fixture
def rng():
    return np.random.default_rng(1)
