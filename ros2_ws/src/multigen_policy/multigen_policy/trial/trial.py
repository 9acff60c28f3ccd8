"""The course of a trial: ask, tare, record, pour, evaluate, keep; again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_core.ros import client
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate
from multigen_policy.evaluation.metrics import SETTLE
from multigen_policy.evaluation.results import Result, metrics_of, summary
from multigen_policy.rollouts.journal import append_journal, read_journal
from multigen_policy.trial.plan import PlannedPour
from multigen_policy.trial.recording import recording

EMPTY_KG = 0.002
"""A tared scale with an empty vessel shows less [kg]."""
_TARE = 20.0
"""Longest time until a tared scale is at rest [s]."""


class Quit(Exception):  # noqa: N818
    """The operator ends the session; the trial can be resumed."""


@dataclass(frozen=True)
class TrialConfig:
    """Where a trial is kept and what is noted of it; `timeout` of a pour [s], 0: the policy's."""

    folder: Path
    density: float
    timeout: float = 0.0
    namespace: str = ""
    scene: str = ""
    policy: str = ""

    @property
    def results(self) -> Path:
        """JSON results, as of `multigen evaluate-bag`."""
        return self.folder / "trial.json"

    @property
    def journal(self) -> Path:
        """Finished pours, one a line."""
        return self.folder / "trial.jsonl"


Ask = Callable[[str], str]
"""Shows the operator a text and returns the answer."""
Tell = Callable[[str], None]


class Trial:
    """Runs the pours of a plan that are not in the journal yet."""

    def __init__(
        self, config: TrialConfig, plan: Sequence[PlannedPour], ask: Ask, tell: Tell
    ) -> None:
        self._config = config
        self._plan = plan
        self._ask = ask
        self._tell = tell
        (config.folder / "bags").mkdir(parents=True, exist_ok=True)
        self._done = read_journal(config.journal)

    @property
    def left(self) -> list[PlannedPour]:
        """Pours not done yet."""
        return [pour for pour in self._plan if pour.key not in self._done]

    def run(self) -> list[Result]:
        """Run what is left; returns all results so far, also after the operator quits."""
        try:
            for pour in self.left:
                self._attend(pour)
        except Quit:
            self._tell(f"{len(self.left)} pours left; the same command resumes")
        results: list[Result] = [self._done[p.key] for p in self._plan if p.key in self._done]
        if results:
            from multigen_policy.evaluation.report import write_report  # Takes seconds.

            write_json(self._config.results, summary(results))
            write_report(
                [self._config.results],
                self._config.results.with_suffix(".html"),
                self._config.density,
            )
        return results

    def _attend(self, pour: PlannedPour) -> None:
        """One pour, repeated until it is measured or the operator keeps it."""
        while True:
            self._choose(
                f"pour {pour.number} of {len(self._plan)}: put '{pour.vessel}', empty, on the "
                f"scale; fill the held vessel with more than {pour.target_ml:.0f} ml; step back. "
                "Enter: pour, q: quit ",
                "",
            )
            bag = self._config.folder / "bags" / f"pour_{pour.number:03d}"
            try:
                self._wait_for_zero()
                result = self._pour(pour, bag)
            except MultigenError as error:
                self._tell(f"not measured: {error}")
                self._choose("Enter: try again, q: quit ", "")
                continue
            self._show(result)
            if metrics_of(result).known or self._choose(
                "the scale did not measure it to the end. Enter: pour again, k: keep, q: quit ",
                "k",
            ):
                append_journal(self._config.journal, dict(result))
                self._done[pour.key] = dict(result)
                return

    def _choose(self, text: str, choice: str) -> bool:
        """Whether the operator answers with `choice` rather than with Enter."""
        while True:
            answer = self._ask(text).strip().lower()
            if answer == "q":
                raise Quit
            if answer in ("", choice):
                return bool(answer)

    def _wait_for_zero(self) -> None:
        namespace = self._config.namespace
        client.trigger("scale/tare", namespace)
        deadline = time.monotonic() + _TARE
        while abs(mass := client.poured_mass(namespace)) > EMPTY_KG:
            if time.monotonic() > deadline:
                raise MultigenError(f"the tared scale shows {1e3 * mass:.1f} g; is it at rest?")

    def _pour(self, pour: PlannedPour, bag: Path) -> dict[str, Any]:
        config = self._config
        if bag.exists():  # Of a pour that was not measured or not finished.
            shutil.rmtree(bag)
        noted = {"scene": config.scene, "policy": config.policy}
        given = {name: value for name, value in noted.items() if value}
        with recording(bag, config.namespace, target_ml=str(float(pour.target_ml)), **given):
            goal = client.make_goal(pour.target_ml, 0.0, config.timeout)
            client.pour(goal, lambda feedback: None, config.namespace)
            time.sleep(SETTLE + 0.5)
        result = evaluate(load_episode(bag), config.density)[-1]
        return {**result, "job": pour.key, "target_vessel": pour.vessel, "seed": pour.number}

    def _show(self, result: Result) -> None:
        found = metrics_of(result)
        poured = f"{found.poured_ml:.1f} ml" if found.known else "an unknown volume"
        error = f", {found.error_ml / found.target_ml:+.1%}" if found.known else ""
        self._tell(f"{found.outcome}: {poured} of {found.target_ml:.0f} ml{error}")
