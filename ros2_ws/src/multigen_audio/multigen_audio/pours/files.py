"""Pours on disk: liquid states and images."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic
from multigen_core.simulator import View
from multigen_core.types import CameraFrame, LiquidState
from multigen_core.world.catalogue import reference
from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel

FRAME_RATE = 10
"""Of both views [Hz]."""
STATE_RATE = 100
"""Of the liquid's states [Hz]."""
_VERSION = 2
_TEXTS = ("source_vessel", "target_vessel", "liquid")
_NUMBERS = tuple(
    field.name for field in dataclasses.fields(LiquidState) if field.name not in ("stamp", *_TEXTS)
)
_BROKEN = (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False)
class Pour:
    """One pour: `states` at STATE_RATE, and `cutaway` and `public` frames at FRAME_RATE, if asked.

    Frame k belongs to the moment of state k · STATE_RATE / FRAME_RATE.
    """

    seed: int
    scene: Scene
    states: list[LiquidState]
    cutaway: list[CameraFrame]
    public: list[CameraFrame]

    @property
    def target(self) -> Vessel:
        """The vessel that is filled."""
        return self.scene.target.vessel


def save(pour: Pour, path: Path) -> None:
    """Write a pour, compressed.

    Raises:
        MultigenError: it cannot be written.
    """
    about = {
        "version": _VERSION,
        "seed": pour.seed,
        "scene": pour.scene.model_dump(),
    }
    arrays: dict[str, NDArray[Any]] = {
        "stamps": np.array([state.stamp for state in pour.states]),
        "numbers": np.array([[getattr(s, name) for name in _NUMBERS] for s in pour.states]),
        "frame_stamps": np.array([frame.stamp for frame in pour.cutaway or pour.public], np.int64),
    }
    for view, frames in (("cutaway", pour.cutaway), ("public", pour.public)):
        if frames:
            packed = [zlib.compress(frame.rgb.tobytes(), 6) for frame in frames]
            arrays[view] = np.frombuffer(b"".join(packed), np.uint8)
            arrays[f"{view}_ends"] = np.cumsum([len(part) for part in packed])
            about[view] = {"shape": frames[0].rgb.shape, "frame_id": frames[0].frame_id}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    image = io.BytesIO()
    np.savez(image, **arrays)  # type: ignore[arg-type]
    write_atomic(path, image.getvalue())


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one view of a saved pour, each packed on its own."""

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    shape: tuple[int, int, int]

    @classmethod
    def read(cls, path: Path, view: View) -> Pictures:
        """All of a file.

        Raises:
            MultigenError: the file is missing or broken, or holds none of that view.
        """
        try:
            with np.load(path) as file:
                shape = json.loads(file["about"].tobytes())[view]["shape"]
                return cls(file[view], file[f"{view}_ends"], tuple(shape))
        except _BROKEN as error:
            raise MultigenError(f"{path}: no {view} pictures: {error}") from error

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, numbers: ArrayLike) -> NDArray[np.uint8]:
        """The pictures of these numbers, (K, H, W, 3).

        Raises:
            MultigenError: a picture is damaged.
        """
        starts = np.append(0, self.ends[:-1])
        chosen = np.atleast_1d(numbers)
        try:
            parts = [zlib.decompress(self.data[starts[n] : self.ends[n]].tobytes()) for n in chosen]
        except zlib.error as error:
            raise MultigenError(f"a picture of the pour is damaged: {error}") from error
        return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), *self.shape)


def load(path: Path, pictures: bool = True) -> Pour:
    """Read a pour, with or without its pictures.

    Raises:
        MultigenError: it is missing, broken or of another version.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in ("about", "stamps", "numbers", "frame_stamps")}
        about = json.loads(arrays["about"].tobytes())
        if about["version"] != _VERSION:
            raise MultigenError(f"{path}: version {about['version']}, expected {_VERSION}")
        scene = Scene.model_validate(about["scene"])
        first = LiquidState(
            0,
            reference(scene.source.vessel),
            reference(scene.target.vessel),
            reference(scene.liquid),
        )
        rows: list[dict[str, Any]] = [
            dict(zip(_NUMBERS, map(float, row), strict=True)) for row in arrays["numbers"]
        ]
        states = [
            dataclasses.replace(first, stamp=int(stamp), **row)
            for stamp, row in zip(arrays["stamps"], rows, strict=True)
        ]
        stamps = [int(stamp) for stamp in arrays["frame_stamps"]]
    except _BROKEN as error:
        raise MultigenError(
            f"{path}: not a pour: {error}; delete it to simulate it again"
        ) from error
    frames: dict[View, list[CameraFrame]] = {"cutaway": [], "public": []}
    for view in frames:
        if pictures and view in about:
            packed = Pictures.read(path, view)
            name = about[view]["frame_id"]
            each = zip(stamps, packed.take(range(len(packed))), strict=True)
            frames[view] = [CameraFrame(stamp, rgb, name) for stamp, rgb in each]
    return Pour(about["seed"], scene, states, frames["cutaway"], frames["public"])
