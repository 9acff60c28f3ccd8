"""Writes a LeRobot v3.0 dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.files import new_folder, write_json
from multigen_policy.lerobot import layout
from multigen_policy.lerobot.frames import PourFrames
from multigen_policy.lerobot.layout import Place, require_parquet
from multigen_policy.lerobot.statistics import PictureStatistics, statistics
from multigen_policy.lerobot.tables import frame_table, task_table
from multigen_policy.lerobot.video import CODEC, VideoFiles

MEGABYTE = 2**20


class DatasetWriter:
    """A dataset that grows by pours; see `new_dataset`.

    Args:
        folder: empty.
        fps: frames per second.
        data_megabytes: size of a data file that takes no more pours [MiB].
        video_megabytes: the same of a video.
    """

    def __init__(
        self,
        folder: Path,
        fps: int,
        data_megabytes: float = layout.DATA_MEGABYTES,
        video_megabytes: float = layout.VIDEO_MEGABYTES,
    ) -> None:
        self._parquet = require_parquet().parquet
        self._folder, self._fps = folder, fps
        self._limits = (data_megabytes, video_megabytes)
        self._videos = VideoFiles(folder, fps, video_megabytes * MEGABYTE)
        self._data: Any = None
        self._place, self._bytes = Place(), 0
        self._robot = ""
        self._joints: tuple[str, ...] = ()
        self._size: tuple[int, int] | None = None
        self._tasks: dict[str, int] = {}
        self._episodes: list[dict[str, Any]] = []
        self._kept: list[dict[str, NDArray[Any]]] = []
        self._colours = PictureStatistics()
        self.frames = 0
        """Number of frames written."""

    @property
    def episodes(self) -> int:
        """Number of pours written."""
        return len(self._episodes)

    def add(self, pour: PourFrames) -> None:
        """Append a pour.

        Raises:
            MultigenError: its arm or the size of its pictures are not those of the others.
        """
        self._robot, self._joints = self._robot or pour.robot, self._joints or pour.joints
        if pour.robot != self._robot or set(pour.joints) != set(self._joints):
            raise MultigenError(
                f"bag {pour.bag}: has the arm {pour.robot} with {', '.join(pour.joints)}, expected "
                f"{self._robot} with {', '.join(self._joints)}, as before; "
                "export them to a dataset of their own"
            )
        order = [pour.joints.index(name) for name in self._joints]
        task = self._tasks.setdefault(pour.task, len(self._tasks))
        count, first = len(pour), self.frames
        numbers = np.arange(count)
        features: dict[str, NDArray[Any]] = {
            layout.STATE: pour.positions[:, order],
            layout.VELOCITY: pour.velocities[:, order],
            layout.ACTION: pour.actions[:, order],
        }
        rows: dict[str, NDArray[Any]] = {
            "timestamp": (numbers / self._fps).astype(np.float32),
            "frame_index": numbers,
            "episode_index": np.full(count, self.episodes),
            "index": first + numbers,
            "task_index": np.full(count, task),
        }
        shown = self._videos.write(self._checked(pour))
        place = self._write_rows({**features, layout.AUDIO: pour.sound, **rows})
        self._kept.append(features | rows)
        self._episodes.append(
            {
                "episode_index": self.episodes,
                "tasks": [pour.task],
                "length": count,
                "data/chunk_index": place.chunk,
                "data/file_index": place.file,
                "dataset_from_index": first,
                "dataset_to_index": first + count,
                f"videos/{layout.CAMERA}/chunk_index": shown.place.chunk,
                f"videos/{layout.CAMERA}/file_index": shown.place.file,
                f"videos/{layout.CAMERA}/from_timestamp": shown.begin,
                f"videos/{layout.CAMERA}/to_timestamp": shown.end,
                "meta/episodes/chunk_index": 0,
                "meta/episodes/file_index": 0,
                "outcome": str(pour.outcome),
                "bag": pour.bag,
            }
        )
        self.frames += count

    def _checked(self, pour: PourFrames) -> Iterator[NDArray[np.uint8]]:
        for picture in pour.pictures():
            height, width = picture.shape[:2]
            self._size = self._size or (height, width)
            if (height, width) != self._size or height % 2 or width % 2:
                expected = f"{self._size[1]} x {self._size[0]}, as before"
                raise MultigenError(
                    f"bag {pour.bag}: has a picture of {width} x {height} pixels, expected "
                    f"{expected if (height, width) != self._size else 'even numbers'}; "
                    "leave this bag out"
                )
            self._colours.add(picture)
            yield picture

    def _write_rows(self, columns: dict[str, NDArray[Any]]) -> Place:
        """One row group; the place of its file."""
        table = frame_table(columns)
        if self._data is not None and self._bytes >= self._limits[0] * MEGABYTE:
            self._data.close()
            self._data, self._place = None, self._place.following
        if self._data is None:
            path = self._folder / self._place.data
            path.parent.mkdir(parents=True, exist_ok=True)
            self._data = self._parquet.ParquetWriter(path, table.schema, compression="snappy")
            self._bytes = 0
        self._data.write_table(table, row_group_size=len(table))
        self._bytes += table.nbytes
        return self._place

    def finish(self) -> None:
        """Write what describes the whole.

        Raises:
            MultigenError: there is no pour, or a file cannot be written.
        """
        if not self._episodes:
            raise MultigenError("no pour that has ended in the bags; there is nothing to export")
        self.close()
        for name in (layout.INFO, layout.EPISODES):
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_json(self._folder / layout.INFO, self._info())
        write_json(self._folder / layout.STATS, self._statistics())
        arrow = require_parquet()
        self._parquet.write_table(task_table(list(self._tasks)), self._folder / layout.TASKS)
        self._parquet.write_table(
            arrow.Table.from_pylist(self._episodes), self._folder / layout.EPISODES
        )

    def close(self) -> None:
        """Close the open files."""
        self._videos.close()
        if self._data is not None:
            self._data.close()
            self._data = None

    def _statistics(self) -> dict[str, Any]:
        found: dict[str, Any] = {layout.CAMERA: self._colours.result()}
        for name in self._kept[0]:
            values = np.concatenate([columns[name] for columns in self._kept])
            found[name] = statistics(values.reshape(len(values), -1))
        return found

    def _info(self) -> dict[str, Any]:
        return {
            "codebase_version": layout.VERSION,
            "robot_type": self._robot,
            "total_episodes": self.episodes,
            "total_frames": self.frames,
            "total_tasks": len(self._tasks),
            "chunks_size": layout.FILES_PER_CHUNK,
            "data_files_size_in_mb": self._limits[0],
            "video_files_size_in_mb": self._limits[1],
            "fps": self._fps,
            "splits": {"train": f"0:{self.episodes}"},
            "data_path": layout.DATA,
            "video_path": layout.VIDEO,
            "features": self._features(),
        }

    def _features(self) -> dict[str, Any]:
        assert self._size is not None
        height, width = self._size
        video = {
            "video.height": height, "video.width": width, "video.channels": 3,
            "video.codec": CODEC, "video.pix_fmt": "yuv420p", "video.fps": self._fps,
            "video.is_depth_map": False, "has_audio": False,
        }  # fmt: skip
        joints = {
            "dtype": "float32", "shape": [len(self._joints)], "names": list(self._joints),
        }  # fmt: skip
        length = SAMPLE_RATE // self._fps
        return {
            layout.CAMERA: {
                "dtype": "video", "shape": [height, width, 3],
                "names": ["height", "width", "channels"], "info": video,
            },
            layout.STATE: joints,
            layout.VELOCITY: joints,
            layout.ACTION: joints,
            layout.AUDIO: {"dtype": "float32", "shape": [length], "names": None},
            **{
                name: {"dtype": kind, "shape": [1], "names": None}
                for name, kind in layout.BOOKKEEPING.items()
            },
        }  # fmt: skip


@contextmanager
def new_dataset(path: Path, fps: int) -> Iterator[DatasetWriter]:
    """A dataset that appears at `path` when the block ends, complete or not at all.

    Raises:
        MultigenError: `path` exists or cannot be written, or the dataset would be empty.
    """
    if path.exists():
        raise MultigenError(f"{path}: exists; delete it, or give another --output")
    with new_folder(path) as part:
        writer = DatasetWriter(part, fps)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
