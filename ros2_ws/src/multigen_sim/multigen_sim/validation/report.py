"""Validation of the liquid model, as a table and plots."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_sim.validation import conservation, fast_pour, flows, statics
from multigen_sim.validation.check import Check


@dataclass(frozen=True, eq=False)
class Findings:
    """Results: checks, the fast pour's curves, its lag [ml] by final tilt [rad], conservation."""

    checks: list[Check]
    comparison: fast_pour.Comparison
    lags: dict[float, float]
    books: list[conservation.Audit]


def validate(pours: int, workers: int, folder: Path | None = None) -> int:
    """Run all checks and print them; return 1 if one fails.

    `pours` random pours are audited in `workers` processes; plots and tables go to `folder`.

    Raises:
        MultigenError: a number is below 1, or the folder cannot be written.
    """
    if pours < 1 or workers < 1:
        raise MultigenError("--pours and --workers must be at least 1")
    console = Console()
    if folder:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MultigenError(f"{folder}: {error.strerror}") from error
    with console.status("closed forms and published figures"):
        checks = [*statics.checks(), *flows.checks()]
    with console.status("particle solver"):
        comparison = fast_pour.compare()
        checks += fast_pour.checks(comparison)
        lags = fast_pour.lag_by_end_tilt()
    with console.status(f"{pours} random pours"):
        books = conservation.audits(pours, workers)
        checks += conservation.checks(books)
    findings = Findings(checks, comparison, lags, books)
    console.print(table(findings))
    if folder:
        with console.status("plots"):
            write(findings, folder)
    return 0 if all(check.passed for check in checks) else 1


def table(findings: Findings) -> Table:
    """The checks, and the lags below them."""
    ends = ", ".join(f"{end} rad {lag:.0f} ml" for end, lag in findings.lags.items())
    lines = Table(
        "check", "model", "expected", "±", "unit", "against", "",
        caption=f"lag of the model's 4 s pour by the tilt at its end: {ends}",
    )  # fmt: skip
    for check in findings.checks:
        lines.add_row(
            check.what,
            f"{check.found:.4g}",
            f"{check.expected:.4g}",
            f"{check.tolerance:.2g}",
            check.unit,
            check.source,
            "ok" if check.passed else "[red]fails[/]",
        )
    return lines


def write(findings: Findings, folder: Path) -> None:
    """Write plots, checks.json and checks.md to a folder."""
    from multigen_sim.validation import figures

    figures.static_hold(folder)
    figures.fast_pour(folder, findings.comparison)
    figures.pour_tail(folder)
    figures.lip_flow(folder)
    figures.glug(folder)
    figures.conservation(folder, findings.books)
    comparison = findings.comparison
    write_json(
        folder / "checks.json",
        {
            "checks": [{**asdict(check), "passed": check.passed} for check in findings.checks],
            "lag_ml_by_end_tilt": {str(end): lag for end, lag in findings.lags.items()},
            "lag_ml_of_particles_by_spacing_mm": {
                f"{1e3 * spacing:.1f}": 1e6 * comparison.lag(left)
                for spacing, left in comparison.runs.items()
            },
        },
    )
    rows = ["| check | model | expected | against |", "|---|---|---|---|"]
    for check in findings.checks:
        bound = f"{check.expected:.4g} ± {check.tolerance:.2g} {check.unit}".strip()
        rows.append(f"| {check.what} | {check.found:.4g} | {bound} | {check.source} |")
    (folder / "checks.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
