"""Tables of recorded clips, clips.csv, as spreadsheets write them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import ConfigError, validate


def _plain(value: Any) -> Any:
    """A number as Python writes it: tables from many countries have a decimal comma."""
    return value.strip().replace(",", ".") if isinstance(value, str) else value


def _absent(value: Any) -> Any:
    return None if value == "" else value


Name = Annotated[str, Field(min_length=1)]
Size = Annotated[float, BeforeValidator(_plain), Field(gt=0, lt=100)]


class VesselRow(FrozenModel):
    """The vessel columns of a row, inner sizes in cm; other columns are ignored.

    A bottom diameter of 0 means a round bottom.
    """

    model_config = ConfigDict(extra="ignore")

    container: Name
    shape: Literal["cylindrical", "semiconical", "bottleneck"]
    material: Name
    visibility: Name
    diameter_bottom_cm: Annotated[float, BeforeValidator(_plain), Field(ge=0, lt=100)]
    diameter_top_cm: Size
    net_height_cm: Size
    wall_thickness_cm: Annotated[Size | None, BeforeValidator(_absent)] = None


class ClipRow(VesselRow):
    """One recorded clip; `duration_s` [s], and the splits it belongs to, joined by |."""

    clip: Name
    duration_s: Annotated[float, BeforeValidator(_plain), Field(gt=0)]
    original_split: str = ""


COLUMNS = tuple(name for name, field in ClipRow.model_fields.items() if field.is_required())
"""Required columns."""


def read_clip_table(table: Path) -> tuple[list[ClipRow], list[str]]:
    """The valid rows of a table and, one line each, why others are invalid.

    Columns may be separated by commas, semicolons or tabs; the text may be UTF-8 or UTF-16.

    Raises:
        ConfigError: the table cannot be read, or lacks columns.
    """
    rows: dict[str, ClipRow] = {}
    skipped: list[str] = []
    for number, given in enumerate(_read(table), 2):
        name = given.get("clip") or f"row {number}"
        try:
            row = validate(ClipRow, given, name)
        except ConfigError as error:
            skipped.append(str(error))
            continue
        if row.clip in rows:
            skipped.append(f"{name}: duplicate in row {number}; using the first")
            continue
        rows[row.clip] = row
    return list(rows.values()), skipped


def _read(table: Path) -> list[dict[str, str]]:
    try:
        lines = _text(table.read_bytes()).splitlines()
        header = lines[0] if lines else ""
        parting = max(",;\t", key=lambda mark: sum(c in COLUMNS for c in _names(header, mark)))
        names = _names(header, parting)
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise ConfigError(f"{table}: missing columns: {', '.join(missing)}")
        cells = csv.reader(lines[1:], delimiter=parting)
        return [dict(zip(names, map(str.strip, row), strict=False)) for row in cells if row]
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigError(f"{table}: {error}") from error


def _text(data: bytes) -> str:
    """Decoded according to the byte order mark; UTF-8 without one."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8-sig")


def _names(header: str, parting: str) -> list[str]:
    row = next(csv.reader([header], delimiter=parting), [])
    return [name.strip() for name in row]
