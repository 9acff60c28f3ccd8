"""The tables of a LeRobot dataset as Arrow: frames and tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_policy.lerobot.layout import require_parquet


def frame_table(columns: dict[str, NDArray[Any]]) -> Any:
    """A `pyarrow.Table` of columns (N,) or (N, D), the latter as lists of D."""
    arrow = require_parquet()

    def column(values: NDArray[Any]) -> Any:
        flat = arrow.array(np.ascontiguousarray(values).ravel())
        if values.ndim == 1:
            return flat
        return arrow.FixedSizeListArray.from_arrays(flat, values.shape[1])

    return arrow.table({name: column(values) for name, values in columns.items()})


def task_table(tasks: Sequence[str]) -> Any:
    """A `pyarrow.Table` that pandas reads as a frame of `task_index` with the index `task`."""
    arrow = require_parquet()
    columns = [
        {
            "name": name, "field_name": name, "pandas_type": kind, "numpy_type": stored,
            "metadata": None,
        }
        for name, kind, stored in (
            ("task_index", "int64", "int64"), ("task", "unicode", "object"),
        )
    ]  # fmt: skip
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns}
    table = arrow.table(
        {
            "task_index": arrow.array(range(len(tasks)), arrow.int64()),
            "task": arrow.array(tasks, arrow.string()),
        }
    )
    return table.replace_schema_metadata({"pandas": json.dumps(pandas)})
