"""The liquid model's validation as a table and plots."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_sim.validation import conservation, fast_pour, flows, statics
from multigen_sim.validation.check import Check


def validate(pours: int, workers: int, folder: Path | None = None) -> int:
    """Check everything and print it; returns 1 if a check fails.

    `pours` random ones are audited on `workers` processes; plots and checks.json go to `folder`.

    Raises:
        MultigenError: a number is below 1, or the folder cannot be written.
    """
    if pours < 1 or workers < 1:
        raise MultigenError("--pours and --workers take at least 1")
    console = Console()
    if folder:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MultigenError(f"{folder}: {error.strerror}") from error
    with console.status("closed forms and published figures"):
        found = [*statics.checks(), *flows.checks()]
    with console.status("particle solver"):
        comparison = fast_pour.compare()
        found += fast_pour.checks(comparison)
        lags = fast_pour.lag_by_end_tilt()
    with console.status(f"{pours} random pours"):
        books = conservation.audits(pours, workers)
        found += conservation.checks(books)
    console.print(_table(found))
    ends = ", ".join(f"{end} rad {lag:.0f} ml" for end, lag in lags.items())
    console.print(f"lag of the model's 4 s pour by the tilt at its end: {ends}")
    if folder:
        from multigen_sim.validation import figures

        with console.status("plots"):
            figures.static_hold(folder)
            figures.fast_pour(folder, comparison)
            figures.pour_tail(folder)
            figures.lip_flow(folder)
            figures.glug(folder)
            figures.conservation(folder, books)
        write_json(
            folder / "checks.json",
            {
                "checks": [{**asdict(check), "passed": check.passed} for check in found],
                "lag_ml_by_end_tilt": {str(end): lag for end, lag in lags.items()},
            },
        )
    return 0 if all(check.passed for check in found) else 1


def _table(found: list[Check]) -> Table:
    table = Table("check", "model", "expected", "±", "unit", "against", "")
    for check in found:
        table.add_row(
            check.what,
            f"{check.found:.4g}",
            f"{check.expected:.4g}",
            f"{check.tolerance:.2g}",
            check.unit,
            check.source,
            "ok" if check.passed else "[red]fails[/]",
        )
    return table
