"""Recorded pours on disk: one folder of memory-mapped arrays each, versioned and disposable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_core.files import new_folder
from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import BANDS, STATE
from multigen_policy.learned.onsets import ONSETS
from multigen_policy.learned.recorder import TRUTH

VERSION = 2
_ABOUT = "about.json"


def fingerprint() -> str:
    """Changes whenever recorded arrays would no longer fit the code."""
    layout = [VERSION, CROP, WHOLE, BANDS, STATE, TRUTH, ONSETS.tolist()]
    return hashlib.sha256(json.dumps(layout).encode()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Episode:
    """One pour; its arrays are those of `Rows.arrays`, read when needed."""

    folder: Path
    about: dict[str, Any]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def __len__(self) -> int:
        return int(self.about["steps"])

    @property
    def sounds(self) -> tuple[str, ...]:
        """Names of its sounds."""
        return tuple(self.about["sounds"])


def write_episode(path: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> None:
    """Write a pour's folder, complete or not at all.

    Raises:
        MultigenError: it cannot be written.
    """
    sounds = [name.removesuffix("_ends") for name in arrays if name.endswith("_ends")]
    head = {
        "fingerprint": fingerprint(), "steps": len(arrays["state"]), "sounds": sounds, **about,
    }  # fmt: skip
    with new_folder(path) as part:
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array)
        (part / _ABOUT).write_text(json.dumps(head))


def read_episode(folder: Path) -> Episode:
    """The pour in a folder.

    Raises:
        MultigenError: it is damaged or was recorded by another version.
    """
    try:
        about = json.loads((folder / _ABOUT).read_text())
        found = about["fingerprint"]
        if found != fingerprint():
            raise MultigenError(
                f"{folder}: recorded by another version ({found}, now {fingerprint()}); "
                "delete it and run multigen dataset again"
            )
        episode = Episode(folder, about)
        for name in ("state", "onsets", "truth"):
            if len(episode[name]) != len(episode):
                raise ValueError(f"{name} has {len(episode[name])} of {len(episode)} steps")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MultigenError(f"{folder}: not a recorded pour: {error}; delete it") from error
    return episode


def read_episodes(folders: Sequence[Path]) -> list[Episode]:
    """All pours in datasets, in order of their names.

    Raises:
        MultigenError: a folder is missing or has no pours, or a pour cannot be read.
    """
    found = []
    for folder in folders:
        names = sorted(p for p in folder.glob("*/") if (p / _ABOUT).is_file())
        if not names:
            raise MultigenError(f"{folder}: has no recorded pours; make some: multigen dataset")
        found += [read_episode(name) for name in names]
    return found
