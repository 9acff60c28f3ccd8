"""What a folder of shards holds: a line for each finished shard, from whoever wrote it.

Every worker appends to a file of its own, so any number of them, on any number of machines that
share the folder, never write to the same one. A shard is finished once it has a line: it is moved
to its place whole, and its line follows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from multigen_core.errors import MultigenError
from multigen_core.files import append_line

FOLDER = ".manifests"
_FOUND = "found"
"""Worker of shards that were there before the folder had manifests."""


class Shard(Protocol):
    """Something to write: `path` in the folder, from `seed` alone."""

    @property
    def seed(self) -> int: ...
    @property
    def path(self) -> str: ...


AShard = TypeVar("AShard", bound=Shard)


@dataclass(frozen=True)
class Row:
    """A finished shard.

    `path` in the folder, its size in bytes and the SHA-256 of its files in order of their names;
    `figures` that its writer tells; `worker` (host:pid) took `seconds` for it.
    """

    seed: int
    path: str
    bytes: int
    sha256: str
    figures: dict[str, float]
    worker: str
    seconds: float


def write_shard(
    folder: Path, write: Callable[[Path, AShard], dict[str, float]], shard: AShard
) -> Row:
    """Have `write` make a shard at the path it is given, and add its line.

    What is at that path already is removed: it has no line, so nobody finished it.

    Raises:
        MultigenError: of `write`, or the folder cannot be written.
    """
    begin = time.monotonic()
    path = folder / shard.path
    try:
        if path.exists():
            shutil.rmtree(path)
    except OSError as error:
        raise MultigenError(f"{path}: cannot be written anew: {error.strerror}") from error
    figures = write(path, shard)
    worker = f"{socket.gethostname()}:{os.getpid()}"
    row = _row(folder, shard, figures, worker, time.monotonic() - begin)
    _append(folder, row)
    return row


def unfinished(folder: Path, shards: Sequence[AShard]) -> list[AShard]:
    """The shards without a line, in order; what a folder without manifests holds gets lines first.

    Raises:
        MultigenError: the folder cannot be read or written.
    """
    if not (folder / FOLDER).is_dir():
        for shard in shards:
            if (folder / shard.path).is_dir():
                _append(folder, _row(folder, shard, {}, _FOUND, 0.0))
    rows = read_manifests(folder)
    return [
        shard for shard in shards if shard.path not in rows or not (folder / shard.path).is_dir()
    ]


def read_manifests(folder: Path) -> dict[str, Row]:
    """The last line of each shard, by path; a line that a kill cut off does not count.

    Raises:
        MultigenError: a manifest cannot be read.
    """
    rows: dict[str, Row] = {}
    for manifest in sorted((folder / FOLDER).glob("*.jsonl")):
        try:
            lines = manifest.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise MultigenError(f"{manifest}: {error.strerror}") from error
        for line in lines:
            try:
                row = Row(**json.loads(line))
            except (ValueError, TypeError):
                continue
            rows[row.path] = row
    return rows


def _row(folder: Path, shard: Shard, figures: dict[str, float], worker: str, seconds: float) -> Row:
    path, size, digest = folder / shard.path, 0, hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(str(file.relative_to(path)).encode() + b"\0")
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                size += len(block)
                digest.update(block)
    return Row(shard.seed, shard.path, size, digest.hexdigest(), figures, worker, round(seconds, 3))


def _append(folder: Path, row: Row) -> None:
    manifests = folder / FOLDER
    try:
        manifests.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultigenError(f"{manifests}: cannot be written: {error.strerror}") from error
    name = row.worker.replace(":", "-")
    append_line(manifests / f"{name}.jsonl", json.dumps(asdict(row), ensure_ascii=False))
