"""On-disk cache of arrays that are slow to compute."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic

Arrays = Mapping[str, NDArray[Any]]


def cache_folder() -> Path:
    """Where the desktop's conventions put caches: $XDG_CACHE_HOME or ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "multigen" / "recordings"


def remembered(key: str, make: Callable[[], Arrays]) -> Arrays:
    """What `make` gives, from disk if it was made for the same key before.

    A cache that cannot be read or written only costs time.
    """
    path = cache_folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"
    try:
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        arrays = make()
    image = io.BytesIO()
    np.savez(image, **arrays)  # type: ignore[arg-type]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, image.getvalue())
    except (OSError, MultigenError):
        pass
    return arrays
