"""The benchmark's figures as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from multigen_core.statistics import Estimate, interval, known
from multigen_policy.listening.benchmark import METHODS, TRIGGER, WINDOW

_SHORT = ("known", "unknown", "sound", "picture", "both", "clock", "fitted", "constant")
_NAMES = (
    "listener, size known",
    "listener, size unknown",
    "policy, sound",
    "policy, picture",
    "policy, both",
    "clock, mean",
    "clock, fitted",
    "constant",
)


def print_benchmark(document: Mapping[str, Any], console: Console) -> None:
    """Print the figures of every protocol."""
    for protocol, figures in document.items():
        console.print(
            f"\n[bold]{protocol}[/]: {figures['excerpts']} excerpts of "
            f"{figures['vessels']} vessels; "
            "means over vessels of clip means, 95 % bootstrap over vessels; a stop is the first "
            f"estimate of {TRIGGER:.0%}, right at a fill of {WINDOW[0]:.0%} to {WINDOW[1]:.0%}"
        )
        console.print(_methods(figures["methods"]))
        for name, gain in figures["gains"].items():
            console.print(f"  {name}: fill error lower by {interval(gain, '.3f')}")
        for key in ("material", "shape"):
            console.print(_groups(key, figures[f"by_{key}"]))


def _methods(methods: Mapping[str, Mapping[str, Estimate]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("\nmethod", no_wrap=True)
    for name in ("fill error\nMAE", "air\ncm", "stops\nright", "\nearly", "\nnever", "in\n1 σ"):
        table.add_column(name, justify="right", no_wrap=True)
    for method, figures in methods.items():
        table.add_row(
            _NAMES[METHODS.index(method)],
            _brief(figures["fill_error"], ".3f"),
            f"{figures['air_column_error_cm'].value:.2f}",
            *(f"{figures[f'trigger_{kind}'].value:.0%}" for kind in ("window", "early", "never")),
            f"{figures['within_one_sigma'].value:.0%}" if "within_one_sigma" in figures else "–",
        )
    return table


def _brief(figure: Estimate, form: str) -> str:
    return f"{figure.value:{form}} ({figure.low:{form}}–{figure.high:{form}})"


def _groups(key: str, groups: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(f"fill error by {key}")
    told = [method for method in METHODS if any(method in group for group in groups.values())]
    for name in ("vessels", "excerpts", *(_SHORT[METHODS.index(method)] for method in told)):
        table.add_column(name, justify="right")
    for name, group in groups.items():
        table.add_row(
            name, str(group["vessels"]), str(group["excerpts"]),
            *(known(group.get(method, float("nan")), ".3f") for method in told),
        )  # fmt: skip
    return table
