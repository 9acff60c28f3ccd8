"""Figures of pours under several conditions, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multigen_core.statistics import known
from multigen_policy.evaluation.metrics import NOT_COMPARABLE, aggregate
from multigen_policy.evaluation.results import Result, metrics_of

COLUMNS = ("NMAE", "95 %", "pours", "success", "spilled", "median\nerror", "within\n1σ")
CALIBRATION = (
    "within 1σ: share of pours whose volume lies within one standard deviation, the policy's own, "
    "of its last estimate; 68 % is calibrated, – means that it gives none."
)


def by_condition(
    results: Sequence[Result], names: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The results of each condition."""
    return {
        name: [dict(result) for result in results if result.get("condition") == name]
        for name in names
    }


def condition_figures(results: Sequence[Result]) -> dict[str, Any]:
    """Figures of one condition, for JSON.

    `nmae` with its bootstrap interval `ci95`, `spill` as a share of what left the source,
    `median_error_ml` of the absolute error, `success` and `calibration` as shares, the latter None
    if the policy does not tell how sure it is.
    """
    total = aggregate([metrics_of(result) for result in results])
    return {
        "nmae": total.nmae.value,
        "ci95": [total.nmae.low, total.nmae.high],
        "episodes": len(results),
        "spill": total.spill_fraction.value,
        "median_error_ml": total.absolute_error_ml.value,
        "success": total.success_rate.value,
        "calibration": calibration(results),
    }


def calibration(results: Sequence[Result]) -> float | None:
    """Share of pours whose volume is within the policy's own ±1σ of its last estimate."""
    rows = [
        [result.get(name) for name in ("poured_ml", "estimated_ml", "estimated_error_ml")]
        for result in results
    ]
    values = np.array(rows, float).reshape(-1, 3)
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        return None
    poured, estimated, error = values.T
    return float(np.mean(np.abs(poured - estimated) <= error))


def cells(figures: Mapping[str, Any]) -> tuple[str, ...]:
    """The figures of a condition as text, one for each of COLUMNS."""
    low, high = figures["ci95"]
    interval = f"{known(low, '.3f')} … {known(high, '.3f')}" if known(low, "") != "–" else "–"
    return (
        known(figures["nmae"], ".3f"),
        interval,
        str(figures["episodes"]),
        known(figures["success"], ".0%"),
        known(figures["spill"], ".2%"),
        known(figures["median_error_ml"], ".1f", " ml"),
        known(figures["calibration"], ".0%"),
    )


def print_conditions(
    figures: Mapping[str, Mapping[str, Any]], impossible: Mapping[str, str], console: Console
) -> None:
    """One line per condition: its figures, or why it is impossible."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in figures.items():
        if name not in impossible:
            table.add_row(name, *cells(row))
    console.print(table)
    for name, reason in impossible.items():
        console.print(f"{name}: cannot pour here: {escape(reason)}", style="yellow")
    console.print(CALIBRATION)
    console.print(NOT_COMPARABLE, style="yellow")
