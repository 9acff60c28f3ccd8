"""Atomic writes of files and folders."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from multigen_core.errors import MultigenError


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a temporary file in the same folder.

    Raises:
        MultigenError: it cannot be written; no temporary file remains.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise MultigenError(f"{path}: cannot be written: {error.strerror}") from error


def append_line(path: Path, text: str) -> None:
    """Append a line and sync it to disk; one that a kill cut off before is ended first.

    Raises:
        MultigenError: it cannot be written.
    """
    line = text.encode() + b"\n"
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise MultigenError(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that is moved to `path` when the block ends, complete or not at all.

    Raises:
        MultigenError: it cannot be written, or `path` has come to exist; nothing remains.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            yield part
            part.chmod(0o755)
            part.rename(path)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise MultigenError(f"{path}: cannot be written: {error.strerror}") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON; NaN becomes null.

    Raises:
        MultigenError: it cannot be written.
    """
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False)
    write_atomic(path, (text + "\n").encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
