"""The layout of a LeRobot v3.0 dataset: names, paths and sizes that writer and reader share."""

from __future__ import annotations

from typing import Any, NamedTuple

from multigen_core.errors import MultigenError

VERSION = "v3.0"
CAMERA = "observation.images.camera"
STATE = "observation.state"
VELOCITY = "observation.velocity"
AUDIO = "observation.audio"
ACTION = "action"

INFO = "meta/info.json"
STATS = "meta/stats.json"
TASKS = "meta/tasks.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"

FILES_PER_CHUNK = 1000
DATA_MEGABYTES = 100
"""A data file that has reached this is followed by a new one [MiB]."""
VIDEO_MEGABYTES = 200

BOOKKEEPING = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
"""Columns that every dataset has besides its features, by type."""


class Place(NamedTuple):
    """Number of a file and of the folder ("chunk") that holds it."""

    chunk: int = 0
    file: int = 0

    @property
    def following(self) -> Place:
        """The place of the next file."""
        if self.file + 1 < FILES_PER_CHUNK:
            return Place(self.chunk, self.file + 1)
        return Place(self.chunk + 1, 0)

    @property
    def data(self) -> str:
        """Path of the data file in the dataset."""
        return DATA.format(chunk_index=self.chunk, file_index=self.file)

    @property
    def video(self) -> str:
        """Path of the camera's video in the dataset."""
        return VIDEO.format(video_key=CAMERA, chunk_index=self.chunk, file_index=self.file)


def require_parquet() -> Any:
    """The module pyarrow.

    Raises:
        MultigenError: it is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MultigenError(
            "LeRobot datasets need pyarrow, which is missing: pip install pyarrow"
        ) from error
    return pyarrow
