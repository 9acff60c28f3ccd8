"""The page of `multigen evaluate --conditions`: its table, and pours as videos."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multigen_core.pages import page_templates
from multigen_policy.evaluation.conditions import CALIBRATION, COLUMNS, cells
from multigen_policy.evaluation.metrics import NOT_COMPARABLE
from multigen_policy.evaluation.results import Result, metrics_of


@dataclass(frozen=True)
class Clip:
    """A pour to show: which one it is, its result and its video, None if it could not be filmed."""

    label: str
    result: Result
    video: bytes | None

    @property
    def source(self) -> str:
        """The video in the form that a page holds."""
        return base64.b64encode(self.video or b"").decode()

    @property
    def caption(self) -> str:
        """The pour in words."""
        pour, vessel = metrics_of(self.result), self.result.get("target_vessel", "")
        reason = f": {pour.reason}" if pour.reason else ""
        return (
            f"{pour.poured_ml:.0f} of {pour.target_ml:.0f} ml "
            f"({pour.error_ml / pour.target_ml:+.1%}) into {vessel}, seed "
            f"{self.result.get('seed', '')}, {pour.outcome}{reason}"
        )


def telling(results: Sequence[Result]) -> dict[str, Result]:
    """The best, the median and the worst pour by relative error; each pour at most once."""
    known = [result for result in results if metrics_of(result).known]
    ordered = sorted(known, key=lambda result: metrics_of(result).relative_error)
    if not ordered:
        return {}
    places = {"best": 0, "median": (len(ordered) - 1) // 2, "worst": len(ordered) - 1}
    shown: dict[int, str] = {}
    for label, place in places.items():
        shown.setdefault(place, label)
    return {label: ordered[place] for place, label in shown.items()}


def render(
    policy: str,
    figures: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, str],
    impossible: Mapping[str, str],
    clips: Mapping[str, Sequence[Clip]],
) -> str:
    """The page; `about` says in words what each condition is."""
    environment = page_templates("multigen_policy.evaluation")
    return environment.get_template("conditions.html").render(
        policy=policy,
        columns=COLUMNS,
        rows=[
            (name, about[name], impossible.get(name, ""), cells(row))
            for name, row in figures.items()
        ],
        clips=clips,
        about=about,
        calibration=CALIBRATION,
        note=NOT_COMPARABLE,
    )
