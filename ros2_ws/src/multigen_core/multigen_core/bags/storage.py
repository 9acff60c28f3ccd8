"""The files of a bag, whichever way they are stored and packed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import lz4.frame
import zstandard

from multigen_core.bags.connection import Connection, Key
from multigen_core.bags.mcap import McapFile
from multigen_core.bags.records import BrokenError
from multigen_core.bags.sqlite import SqliteFile

PACKED = (".zstd", ".zst", ".lz4")
MCAP_SUFFIXES = (".mcap", *(f".mcap{packing}" for packing in PACKED))


class Storage(Protocol):
    """One file of a bag."""

    start: int
    end: int
    serialized_metadata: str

    @property
    def connections(self) -> list[Connection]: ...

    def messages(self, wanted: Collection[Key]) -> Iterator[tuple[Key, int, bytes]]: ...

    def close(self) -> None: ...


STORAGES: dict[str, Callable[[Path], Storage]] = {".mcap": McapFile, ".db3": SqliteFile}


def is_storage(path: Path) -> bool:
    """Whether the name is that of a bag's file."""
    return Path(path.stem if path.suffix in PACKED else path.name).suffix in STORAGES


def open_storage(path: Path, stack: ExitStack) -> Storage:
    """Open a bag's file; `stack` closes it and what was unpacked for it.

    Raises:
        BrokenError: it is none, was cut off, or is damaged.
        OSError: it cannot be read, or there is no room to unpack it.
    """
    plain = unpacked(path, stack)
    if plain.suffix not in STORAGES:
        raise BrokenError("is neither .mcap nor .db3")
    storage = STORAGES[plain.suffix](plain)
    stack.callback(storage.close)
    return storage


def unpacked(path: Path, stack: ExitStack, torn: bool = False) -> Path:
    """The file itself, or the one that is packed in it, which lasts as long as `stack`.

    Of a packed file that is `torn` it holds what could be unpacked.

    Raises:
        BrokenError: it cannot be unpacked.
        OSError: there is no room for it.
    """
    if path.suffix not in PACKED:
        return path
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="multigen_bag.")))
    plain = folder / path.stem
    try:
        with path.open("rb") as source, plain.open("wb") as target:
            packed = (
                lz4.frame.open(source)
                if path.suffix == ".lz4"
                else zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True)
            )
            shutil.copyfileobj(packed, target)
    except (zstandard.ZstdError, RuntimeError, EOFError) as error:
        if not torn:
            raise BrokenError(f"cannot be unpacked ({error})") from error
    return plain
