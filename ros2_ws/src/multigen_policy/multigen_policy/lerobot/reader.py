"""Reads a LeRobot v3.0 dataset, as `multigen export-lerobot` writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_policy.evaluation.video import require_encoder
from multigen_policy.lerobot import layout
from multigen_policy.lerobot.layout import Place, require_parquet


class DatasetReader:
    """A dataset; its episodes are read when asked for.

    `info` and `stats` are the files of these names, `tasks` the texts by index, and `episodes` one
    row of names and values each.
    """

    def __init__(self, folder: Path) -> None:
        """Read what describes the whole.

        Raises:
            MultigenError: no dataset of this version, or one whose parts contradict each other.
        """
        self._parquet = require_parquet().parquet
        self.folder = folder
        try:
            self.info: dict[str, Any] = json.loads((folder / layout.INFO).read_text())
            self.stats: dict[str, Any] = json.loads((folder / layout.STATS).read_text())
            tasks = self._parquet.read_table(folder / layout.TASKS).to_pylist()
            self.episodes: list[dict[str, Any]] = self._parquet.read_table(
                folder / layout.EPISODES
            ).to_pylist()
            version = self.info["codebase_version"]
        except (OSError, ValueError, KeyError) as error:
            raise MultigenError(f"{folder}: not a LeRobot dataset: {error}") from error
        if version != layout.VERSION:
            raise MultigenError(
                f"{folder}: a LeRobot dataset of version {version!r}, expected {layout.VERSION!r}"
            )
        self.tasks = [row["task"] for row in sorted(tasks, key=lambda row: row["task_index"])]
        self._check()

    @property
    def fps(self) -> int:
        """Frames per second."""
        return int(self.info["fps"])

    def __len__(self) -> int:
        return len(self.episodes)

    def frames(self, episode: int) -> dict[str, NDArray[Any]]:
        """The columns of an episode of N frames by name, (N,) or (N, D).

        Raises:
            MultigenError: its file is damaged, or holds other rows than described.
        """
        row = self.episodes[episode]
        place = _place(row, "data")
        before = [other for other in self.episodes[:episode] if _place(other, "data") == place]
        path = self.folder / place.data
        try:
            table = self._parquet.ParquetFile(path).read_row_group(len(before))
        except (OSError, ValueError, IndexError) as error:
            raise MultigenError(f"{path}: cannot be read: {error}") from error
        columns = {name: _array(table.column(name)) for name in table.column_names}
        expected = np.arange(row["dataset_from_index"], row["dataset_to_index"])
        own = columns["episode_index"] == episode
        if not own.all() or not np.array_equal(columns["index"], expected):
            raise MultigenError(
                f"{path}: row group {len(before)} does not hold the frames {expected[0]} to "
                f"{expected[-1]} of episode {episode}"
            )
        return columns

    def pictures(self, episode: int) -> NDArray[np.uint8]:
        """The camera's pictures of an episode of N frames, RGB (N, H, W, 3).

        Raises:
            MultigenError: the video is damaged, or too short.
        """
        row = self.episodes[episode]
        path = self.folder / _place(row, f"videos/{layout.CAMERA}").video
        first = round(row[f"videos/{layout.CAMERA}/from_timestamp"] * self.fps)
        wanted = range(first, first + row["length"])
        found = {}
        try:
            with require_encoder().open(str(path)) as container:
                stream = container.streams.video[0]
                container.seek(round(first / self.fps / stream.time_base), stream=stream)
                for frame in container.decode(stream):
                    number = round(frame.pts * stream.time_base * self.fps)
                    if number >= wanted.stop:
                        break
                    if number in wanted:
                        found[number] = frame.to_ndarray(format="rgb24")
        except OSError as error:
            raise MultigenError(f"{path}: cannot be read: {error}") from error
        if len(found) < len(wanted):
            raise MultigenError(
                f"{path}: has {len(found)} of {len(wanted)} pictures of episode {episode}"
            )
        return np.stack([found[number] for number in wanted])

    def _check(self) -> None:
        """Hold the parts against each other."""
        at = 0
        for number, row in enumerate(self.episodes):
            begin, end = row["dataset_from_index"], row["dataset_to_index"]
            if (row["episode_index"], begin, end) != (number, at, at + row["length"]):
                raise MultigenError(
                    f"{self.folder / layout.EPISODES}: row {number} has episode "
                    f"{row['episode_index']} of frames {begin} to {end}, expected episode {number} "
                    f"from frame {at} and its length {row['length']}"
                )
            at = end
        for name, value in (
            ("total_episodes", len(self)), ("total_frames", at), ("total_tasks", len(self.tasks)),
        ):  # fmt: skip
            if self.info.get(name) != value:
                raise MultigenError(
                    f"{self.folder / layout.INFO}: {name} is {self.info.get(name)}, but the "
                    f"tables have {value}"
                )


def _place(row: dict[str, Any], kind: str) -> Place:
    return Place(row[f"{kind}/chunk_index"], row[f"{kind}/file_index"])


def _array(column: Any) -> NDArray[Any]:
    whole = column.combine_chunks()
    if not hasattr(whole.type, "list_size"):
        return whole.to_numpy(zero_copy_only=False)
    return whole.flatten().to_numpy(zero_copy_only=False).reshape(len(whole), -1)
