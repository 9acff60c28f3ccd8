"""Folders of recorded pours: a table of clips beside their sound, and the vessels they fill.

A folder holds `clips.csv` and `audio/CLIP.flac` (or .wav). The table needs the columns of
`_COLUMNS`; others are ignored.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multigen_core.errors import MultigenError
from multigen_core.world.vessel import Vessel

VARIABLE = "MULTIGEN_REAL_DATA"
"""Environment variable naming the folder, or the one above it."""
_DEFAULT = "../shared/data"
_FOLDER = "pouring_real"

_COLUMNS = (
    "clip",
    "container",
    "shape",
    "material",
    "visibility",
    "diameter_bottom_cm",
    "diameter_top_cm",
    "net_height_cm",
    "duration_s",
)
_SHAPES = ("cylindrical", "semiconical", "bottleneck")
_MATERIALS: dict[str, tuple[str, float, float]] = {
    "glass": ("glass", 0.0030, 2500.0),
    "ceramic": ("ceramic", 0.0040, 2300.0),
    "steel": ("steel", 0.0010, 7850.0),
    "paperboard": ("paper", 0.0006, 800.0),
    "plastic": ("plastic", 0.0010, 1100.0),
}
"""Of each recorded material: ours, the usual wall [m], its density [kg/m^3]."""
_SHOULDER, _NECK = 0.68, 0.85
"""Where, in inner heights, a bottle's shoulder begins and ends."""
_SUFFIXES = (".flac", ".wav")


class RecordingError(MultigenError):
    """A folder of recordings is missing or holds something unexpected."""


@dataclass(frozen=True)
class Recording:
    """One recorded pour, trimmed to it: nearly empty at first, often full at its end."""

    clip: str
    container: str
    shape: str
    material: str
    splits: tuple[str, ...]
    vessel: Vessel
    path: Path
    duration: float
    """[s]"""


def real_data_folder(folder: str | Path = "") -> Path:
    """The folder of recordings: `folder`, or where the environment says, or ../shared/data.

    Raises:
        RecordingError: it holds no clips.csv.
    """
    given = Path(folder or os.environ.get(VARIABLE) or _DEFAULT)
    for path in (given, given / _FOLDER):
        if (path / "clips.csv").is_file():
            return path
    raise RecordingError(
        f"{given}: no recordings there: expected a folder with clips.csv and audio/CLIP.flac; "
        f"name one, or set {VARIABLE}"
    )


def recorded_vessel(row: Mapping[str, str]) -> Vessel:
    """The vessel of a row of clips.csv, from its inner diameters and height.

    Cylinders and cones are frusta between both diameters. Of a bottle the table says no more than
    those of belly and neck: its shoulder is put at 68 to 85 % of the height. Where the table gives
    no wall, the usual one of the material stands in.

    Raises:
        ValueError: a size is missing or impossible, or the shape is unknown.
    """
    bottom, top, height = (
        _centimetres(row, key) for key in ("diameter_bottom_cm", "diameter_top_cm", "net_height_cm")
    )
    if row["shape"] not in _SHAPES:
        raise ValueError(f"shape {row['shape']!r} is none of {', '.join(_SHAPES)}")
    profile = [(0.0, bottom / 2), (height, top / 2)]
    if row["shape"] == "bottleneck":
        profile[1:1] = [(_SHOULDER * height, bottom / 2), (_NECK * height, top / 2)]
    kind = row["material"].split("_")[0]
    if kind not in _MATERIALS:
        raise ValueError(f"material {row['material']!r} is none of {', '.join(_MATERIALS)}")
    material, wall, density = _MATERIALS[kind]
    if row.get("wall_thickness_cm"):
        wall = _centimetres(row, "wall_thickness_cm")
    area = np.pi * height * (bottom + top) / 2 + np.pi / 4 * bottom**2
    opaque = row["visibility"] == "opaque"
    return Vessel(
        name=row["container"],
        description=f"recorded {row['shape']} {row['material']} vessel",
        profile=tuple((round(z, 6), round(r, 6)) for z, r in profile),
        wall=wall,
        mass=round(float(area * wall * density), 4),
        material=material,
        opaque=opaque,
        colour=(0.80, 0.79, 0.76, 1.0) if opaque else (0.86, 0.92, 0.95, 0.28),
        held_out=True,
    )


def _centimetres(row: Mapping[str, str], key: str) -> float:
    """A size in metres."""
    try:
        value = float(row[key]) / 100
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{key} {row.get(key)!r} is not a number") from None
    if not 0 < value < 1:
        raise ValueError(f"{key} {row[key]} cm is impossible")
    return value


def read_recordings(folder: Path) -> tuple[list[Recording], list[str]]:
    """The recordings of a folder and, one line each, why others were left out.

    Raises:
        RecordingError: the table cannot be read, lacks columns, or nothing in it can be used.
    """
    table = folder / "clips.csv"
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise RecordingError(f"{table}: lacks the columns {', '.join(missing)}")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{table}: {error}") from error
    recordings, skipped = [], []
    for row in rows:
        try:
            recordings.append(_recording(folder, row))
        except ValueError as error:
            skipped.append(f"{row['clip'] or 'a row without a clip'}: {_one_line(error)}")
    if not recordings:
        raise RecordingError(f"{table}: no usable recording; {'; '.join(skipped[:3]) or 'empty'}")
    return recordings, skipped


def _recording(folder: Path, row: Mapping[str, str]) -> Recording:
    if None in row.values():
        raise ValueError("the row is too short")
    paths = [folder / "audio" / (row["clip"] + suffix) for suffix in _SUFFIXES]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise ValueError(f"no file {paths[0]}")
    try:
        duration = float(row["duration_s"])
    except ValueError:
        raise ValueError(f"duration_s {row['duration_s']!r} is not a number") from None
    return Recording(
        clip=row["clip"],
        container=row["container"],
        shape=row["shape"],
        material=row["material"],
        splits=tuple(filter(None, (row.get("original_split") or "").split("|"))),
        vessel=recorded_vessel(row),
        path=path,
        duration=duration,
    )


def _one_line(error: ValueError) -> str:
    return " ".join(str(error).split())


def select_recordings(recordings: Iterable[Recording], wanted: Sequence[str]) -> list[Recording]:
    """Those of the wanted containers or splits; all for an empty list.

    Raises:
        RecordingError: a wanted name is neither; the message lists what there is.
    """
    recordings = list(recordings)
    containers = {r.container for r in recordings}
    splits = {split for r in recordings for split in r.splits}
    unknown = [name for name in wanted if name not in containers | splits]
    if unknown:
        raise RecordingError(
            f"no recordings of {', '.join(unknown)}; splits: {', '.join(sorted(splits))}; "
            f"containers: {', '.join(sorted(containers))}"
        )
    if not wanted:
        return recordings
    return [r for r in recordings if r.container in wanted or not {*r.splits}.isdisjoint(wanted)]
