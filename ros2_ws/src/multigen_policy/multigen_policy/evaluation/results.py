"""Results of pours as tables and JSON, in one format for bags and closed-loop evaluation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multigen_core.config.yaml_file import validate
from multigen_core.errors import MultigenError
from multigen_core.statistics import estimate, interval, known
from multigen_policy.evaluation.evaluate import metrics
from multigen_policy.evaluation.metrics import (
    NOT_COMPARABLE,
    Aggregate,
    PourMetrics,
    aggregate,
)

Result = Mapping[str, Any]
"""The fields of PourMetrics and what is known about the episode: bag, seed, vessels, …"""
GROUPS = ("target_vessel", "liquid", "policy", "told", "synthesizer")
"""Fields to group by, if the results differ in them."""

_COUNTS = ("audio_gaps", "audio_overlaps", "frames_lost", "clock_jumps", "unstamped")
_METRICS = tuple(field.name for field in fields(PourMetrics))


def metrics_of(result: Result) -> PourMetrics:
    """The metrics in a result read from JSON, where null is NaN."""
    values = {name: result[name] for name in _METRICS}
    finite: dict[str, Any] = {k: float("nan") if v is None else v for k, v in values.items()}
    return PourMetrics(**finite)


def summary(results: Sequence[Result], failed: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """The JSON document: every result, the metrics over all and by group, and the failures."""
    document: dict[str, Any] = {
        "results": [dict(result) for result in results],
        "aggregate": aggregate([metrics_of(result) for result in results]).as_dict(),
        "metrics": {
            name: asdict(estimate([_number(result.get(name)) for result in results]))
            for name in metrics()
        },
        "groups": {},
        "failed": [dict(entry) for entry in failed],
        "seeds": [result.get("seed", "") for result in results],
    }
    for key in GROUPS:
        groups: dict[str, list[PourMetrics]] = defaultdict(list)
        for result in results:
            groups[str(result.get(key, "") or "unknown")].append(metrics_of(result))
        if len(groups) > 1:
            document["groups"][key] = {
                name: aggregate(members).as_dict() for name, members in sorted(groups.items())
            }
    if any(result.get("simulated") for result in results):
        document["note"] = NOT_COMPARABLE
    return document


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


@cache
def _row() -> type[BaseModel]:
    """What a result in a JSON document has to be; it may hold more."""
    hints = get_type_hints(PourMetrics)
    metric: dict[str, Any] = {name: (kind | None, ...) for name, kind in hints.items()}
    optional: dict[str, Any] = {
        **dict.fromkeys(_COUNTS, (int | None, None)),
        **dict.fromkeys([*metrics(), "real_time_factor"], (float | None, None)),
    }
    metric["target_ml"] = (Annotated[float, Field(gt=0)], ...)
    return create_model("Result", __config__=ConfigDict(extra="allow"), **optional, **metric)


def load_results(path: Path) -> list[dict[str, Any]]:
    """The results in a JSON document.

    Raises:
        MultigenError: it cannot be read or is not such a document.
    """
    foreign = f"{path}: not the results of multigen evaluate or evaluate-bag"
    try:
        results = list(json.loads(path.read_text(encoding="utf-8"))["results"])
    except OSError as error:
        raise MultigenError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MultigenError(f"{foreign} ({error})") from error
    if not results:
        raise MultigenError(f"{path}: contains no pours")
    return [
        validate(_row(), result, f"{foreign}: result {number}").model_dump(exclude_unset=True)
        for number, result in enumerate(results, 1)
    ]


def print_results(results: Sequence[Result], console: Console) -> None:
    """A table of pours, the metrics over all of them, and what they are not comparable with."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("\nbag", overflow="fold")
    for name in ("target\nml", "poured\nml", "error\n%", "spill\nml", "time\ns"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("\noutcome", no_wrap=True)
    for name in ("real\ntime ×", "audio\ngaps", "over-\nlaps", "frames\nlost"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        pour = metrics_of(result)
        colour = "green" if pour.success else "red"
        table.add_row(
            escape(Path(str(result.get("bag", ""))).name),
            f"{pour.target_ml:.0f}",
            known(pour.poured_ml, ".1f"),
            f"[{colour}]{known(100 * pour.error_ml / pour.target_ml, '+.1f')}[/]",
            known(pour.spilled_ml, ".1f"),
            f"{pour.duration:.1f}",
            pour.outcome,
            known(result.get("real_time_factor"), ".2f"),
            known(result.get("audio_gaps"), "d"),
            known(result.get("audio_overlaps"), "d"),
            known(result.get("frames_lost"), "d"),
        )
    console.print(table)
    for result in results:
        name = escape(Path(str(result.get("bag", ""))).name)
        if jumps := result.get("clock_jumps"):
            console.print(f"{name}: its clock was set {jumps} times during recording")
        if unstamped := result.get("unstamped"):
            console.print(f"{name}: {unstamped} messages have no stamp")
    total = aggregate([metrics_of(result) for result in results])
    for label, text in aggregate_lines(total):
        console.print(f"{label:<24}{text}")
    if total.unknown:
        console.print(
            f"{total.unknown} of {total.pours} pours are left out: their volume was not measured "
            f"to the end; record with a simulator or a scale running",
            style="yellow",
        )
    if any(result.get("simulated") for result in results):
        console.print(NOT_COMPARABLE, style="yellow")


def aggregate_lines(total: Aggregate) -> list[tuple[str, str]]:
    """Label and text of each metric over all pours."""
    return [
        ("NMAE", interval(total.nmae, ".3f")),
        ("success", interval(total.success_rate, ".0%")),
        ("spilled", interval(total.spill_fraction, ".2%")),
        ("overfill", interval(total.overfill, ".1%")),
        ("underfill", interval(total.underfill, ".1%")),
        ("absolute error, median", interval(total.absolute_error_ml, ".1f", " ml")),
        ("time", interval(total.duration, ".1f", " s")),
    ]
