"""Folders of recorded pours: a table of clips, their sound files and their vessels.

A folder holds `clips.csv`, a table of `ClipRow`s, and `audio/CLIP.flac`, or any of SUFFIXES.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multigen_core.config.yaml_file import ConfigError
from multigen_core.errors import MultigenError
from multigen_core.world.clip_table import (
    ClipRow,
    VesselRow,
    read_clip_table,
)
from multigen_core.world.vessel import Vessel

VARIABLE = "MULTIGEN_REAL_DATA"
"""Environment variable with the folder, or its parent."""
_DEFAULT = "../shared/data"
_FOLDER = "pouring_real"

_MATERIALS: dict[str, tuple[str, float, float]] = {
    "glass": ("glass", 0.0030, 2500.0),
    "ceramic": ("ceramic", 0.0040, 2300.0),
    "steel": ("steel", 0.0010, 7850.0),
    "paperboard": ("paper", 0.0006, 800.0),
    "plastic": ("plastic", 0.0010, 1100.0),
}
"""For each recorded material: our material, usual wall thickness [m], density [kg/m^3]."""
_SHOULDER, _NECK = 0.68, 0.85
"""Start and end of a bottle's shoulder, in inner heights."""
SUFFIXES = (
    ".flac", ".wav", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".rf64",
)  # fmt: skip
"""Sound file suffixes that libsndfile reads, in order of preference and either case."""
_ROUND = 9
"""Points of a round bottom's profile."""


class RecordingError(MultigenError):
    """A folder of recordings is missing or holds something unexpected."""


@dataclass(frozen=True)
class Recording:
    """One recorded pour, trimmed: nearly empty at the start, often full at the end."""

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
    """The folder of recordings: `folder`, or the environment variable's, or ../shared/data.

    Raises:
        RecordingError: it has no clips.csv.
    """
    given = Path(folder or os.environ.get(VARIABLE) or _DEFAULT)
    for path in (given, given / _FOLDER):
        if (path / "clips.csv").is_file():
            return path
    raise RecordingError(
        f"{given}: no recordings: expected a folder with clips.csv and audio/CLIP.flac; "
        f"pass one, or set {VARIABLE}"
    )


def recorded_vessel(row: VesselRow) -> Vessel:
    """The vessel of a row of clips.csv.

    Cylinders and cones are frusta between both diameters; a bowl with a round bottom is half an
    ellipsoid. For a bottle the table has only the diameters of belly and neck: its shoulder is
    assumed at 68 to 85 % of the height. A missing wall thickness is that usual for the material.

    Raises:
        ValueError: such a vessel cannot exist, or the material is unknown.
    """
    kind = row.material.split("_")[0]
    if kind not in _MATERIALS:
        raise ValueError(f"material {row.material!r} is not one of {', '.join(_MATERIALS)}")
    material, wall, density = _MATERIALS[kind]
    if row.wall_thickness_cm is not None:
        wall = row.wall_thickness_cm / 100
    bottom, top, height = (
        value / 100 for value in (row.diameter_bottom_cm, row.diameter_top_cm, row.net_height_cm)
    )
    girth = (bottom + top) / 2 if bottom else top
    area = np.pi * height * girth + np.pi / 4 * bottom**2
    opaque = row.visibility == "opaque"
    return Vessel(
        name=row.container,
        description=f"recorded {row.shape} {row.material} vessel",
        profile=tuple((round(z, 6), round(r, 6)) for z, r in _profile(row, bottom, top, height)),
        wall=wall,
        mass=round(float(area * wall * density), 4),
        material=material,
        opaque=opaque,
        colour=(0.80, 0.79, 0.76, 1.0) if opaque else (0.86, 0.92, 0.95, 0.28),
        held_out=True,
    )


def _profile(row: VesselRow, bottom: float, top: float, height: float) -> list[tuple[float, float]]:
    """Heights and radii [m] from diameters and height [m]."""
    if row.shape == "bottleneck":
        if not bottom:
            raise ValueError("diameter_bottom_cm: must be the belly's for a bottleneck, not 0")
        shoulder = [(_SHOULDER * height, bottom / 2), (_NECK * height, top / 2)]
        return [(0.0, bottom / 2), *shoulder, (height, top / 2)]
    if bottom:
        return [(0.0, bottom / 2), (height, top / 2)]
    angles = np.linspace(0.0, np.pi / 2, _ROUND)
    return [(height * (1 - np.cos(angle)), top / 2 * np.sin(angle)) for angle in angles]


def read_recordings(folder: Path) -> tuple[list[Recording], list[str]]:
    """The recordings of a folder and, one line each, why others are skipped.

    Raises:
        RecordingError: the table cannot be read, lacks columns, or has no usable row.
    """
    table = folder / "clips.csv"
    try:
        rows, skipped = read_clip_table(table)
    except ConfigError as error:
        raise RecordingError(str(error)) from error
    sounds = _sounds(folder / "audio")
    recordings = []
    for row in rows:
        try:
            recordings.append(_recording(row, sounds, folder))
        except ValueError as error:
            skipped.append(f"{row.clip}: {' '.join(str(error).split())}")
    if not recordings:
        raise RecordingError(f"{table}: no usable recording; {'; '.join(skipped[:3]) or 'empty'}")
    return recordings, skipped


def _sounds(folder: Path) -> dict[str, Path]:
    """The sound file of each clip."""
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    found: dict[str, Path] = {}
    for suffix in SUFFIXES:
        for path in sorted(files):
            if path.suffix.lower() == suffix:
                found.setdefault(path.stem, path)
    return found


def _recording(row: ClipRow, sounds: Mapping[str, Path], folder: Path) -> Recording:
    if row.clip not in sounds:
        raise ValueError(f"no file {folder / 'audio' / row.clip}{SUFFIXES[0]}")
    return Recording(
        clip=row.clip,
        container=row.container,
        shape=row.shape,
        material=row.material,
        splits=tuple(filter(None, row.original_split.split("|"))),
        vessel=recorded_vessel(row),
        path=sounds[row.clip],
        duration=row.duration_s,
    )


def select_recordings(recordings: Iterable[Recording], wanted: Sequence[str]) -> list[Recording]:
    """Recordings of the `wanted` containers or splits; all for an empty list.

    Raises:
        RecordingError: a wanted name is neither; the message lists those there are.
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
