"""Making a whole bag of a recording that was cut off or damaged."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from multigen_core.bags.errors import BagError
from multigen_core.bags.metadata import BagInformation, load_information
from multigen_core.bags.reader import BagReader
from multigen_core.bags.rewriting import Progress, Rewriting
from multigen_core.bags.storage import MCAP_SUFFIXES
from multigen_core.bags.writer import JOURNAL
from multigen_core.config.yaml_file import ConfigError

ORIGINAL = ".original"
"""Added to the names of old files that are kept, since the repaired bag does not hold all."""
_SPLIT = re.compile(r"_(\d+)$")


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a bag: messages it now holds and bytes that were beyond saving.

    `left_out` names topics that no ROS 2 reader could read, `kept` the files that still hold their
    messages, and `missing` files of the bag that are not there.
    """

    path: Path
    messages: int
    lost_bytes: int = 0
    was_whole: bool = False
    left_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def repair(path: Path, progress: Progress = lambda done, total: None) -> Repair:
    """Rewrite a bag with every message that can be read; one that is whole is left alone.

    Of a directory the files are replaced only when the new ones are complete; a file that stands
    alone is left as it is, and the bag becomes a directory beside it. `progress` is told bytes done
    and in total.

    Raises:
        BagError: not an MCAP bag, nothing in it can be read, or the disk is full.
    """
    path = Path(os.path.normpath(path))
    files = _files(path)
    if (count := _whole(path)) is not None:
        return Repair(path, count, was_whole=True)
    target = path if path.is_dir() else path.with_name(path.name.split(".mcap")[0])
    if target != path and target.exists():
        raise BagError(f"bag {path}: would be repaired as {target}, which exists; move it away")
    information = _information(path)
    metadata = _journal(path) or (information.custom if information else {})
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as parent:
            rewriting = Rewriting(Path(parent) / target.name)
            rewriting.run(files, metadata, progress)
            if not rewriting.messages:
                raise BagError(f"bag {path}: nothing to recover: it holds no whole message")
            kept: list[str] = []
            if target == path:
                kept = _replace(path, files, rewriting)
            else:
                os.rename(rewriting.target, target)
    except OSError as error:
        raise BagError(
            f"bag {path}: cannot be repaired: {error.strerror or error}; the original is untouched"
        ) from error
    return Repair(
        target,
        rewriting.messages,
        rewriting.lost_bytes,
        left_out=tuple(rewriting.left_out),
        kept=tuple(kept),
        missing=tuple(_missing(files, information)),
    )


def _files(path: Path) -> list[Path]:
    """The MCAP files to be read, in the order of their recording."""
    if not path.exists():
        raise BagError(f"bag {path}: no such file or directory")
    if not path.is_dir():
        if not path.name.endswith(MCAP_SUFFIXES):
            raise BagError(f"bag {path}: neither a bag's directory nor an .mcap file")
        return [path]
    files = [file for file in path.iterdir() if file.name.endswith(MCAP_SUFFIXES)]
    if not files:
        if any(path.glob("*.db3")):
            raise BagError(f"bag {path}: is an SQLite bag; run: ros2 bag reindex {path}")
        raise BagError(f"bag {path}: not a bag (no .mcap file)")
    return sorted(files, key=lambda file: (_number(file.name) or 0, file.name))


def _number(name: str) -> int | None:
    """Which part of a split bag a file is."""
    found = _SPLIT.search(name.split(".mcap")[0])
    return int(found[1]) if found else None


def _missing(files: list[Path], information: BagInformation | None) -> list[str]:
    """The names of files that belong to the bag and are not there."""
    there = {file.name for file in files}
    if information:
        named = [PurePath(name).name for name in information.relative_file_paths]
        return [name for name in named if name not in there]
    numbers = [number for name in there if (number := _number(name)) is not None]
    if len(numbers) < len(there):
        return []
    stem = _SPLIT.sub("", files[0].name.split(".mcap")[0])
    return [f"{stem}_{number}.mcap" for number in range(max(numbers)) if number not in numbers]


def _whole(path: Path) -> int | None:
    """How many messages a bag holds whose every message can be read, None for any other."""
    try:
        with BagReader(path) as bag:
            return sum(1 for _ in bag.everything())
    except BagError:
        return None


def _information(path: Path) -> BagInformation | None:
    try:
        return load_information(path / "metadata.yaml")
    except ConfigError:
        return None


def _journal(path: Path) -> dict[str, str]:
    """The notes of a recording that was cut off."""
    try:
        return dict(json.loads((path / JOURNAL).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _replace(path: Path, files: list[Path], rewriting: Rewriting) -> list[str]:
    """Put the new files in the place of the old ones; returns the names of old ones it kept."""
    name = f"{path.name}.mcap"
    kept: list[str] = []
    # metadata.yaml comes last: until then the bag counts as cut off and is repaired again.
    (path / "metadata.yaml").unlink(missing_ok=True)
    if not rewriting.complete:
        kept = [file.name + ORIGINAL for file in files]
        for file in files:
            os.replace(file, file.with_name(file.name + ORIGINAL))
    os.replace(rewriting.target / name, path / name)
    for file in files:
        if file.name != name:
            file.unlink(missing_ok=True)
    os.replace(rewriting.target / "metadata.yaml", path / "metadata.yaml")
    (path / JOURNAL).unlink(missing_ok=True)
    return kept
