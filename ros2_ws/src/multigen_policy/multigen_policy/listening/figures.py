"""Statistics of the listener benchmark: errors, triggers, intervals over vessels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multigen_core.statistics import Estimate, estimate
from multigen_policy.listening.benchmark import (
    CLOCKS,
    CONSTANT,
    LISTENERS,
    METHODS,
    POLICY,
    TRIGGER,
    WINDOW,
    Heard,
    with_clocks,
)
from multigen_policy.listening.protocols import Protocol
from multigen_policy.listening.spectrum import Floats

_STEEP = ("cylindrical", "semiconical")
"""Shapes whose air column is determined by their sizes; a bottle's shoulder is guessed."""


def trigger(guess: Floats, truth: Floats) -> str:
    """Whether a stop at TRIGGER comes in the window, early or never."""
    reached = np.flatnonzero(guess >= TRIGGER)
    if not len(reached):
        return "never"
    return "window" if WINDOW[0] <= truth[reached[0]] <= WINDOW[1] else "early"


def air_column_error(heard: Heard, guess: Floats) -> float:
    """Mean absolute error of the air column [m] in a vessel whose shape is known."""
    vessel = heard.recording.vessel
    levels = [vessel.level(fill * vessel.capacity) for fill in (guess, heard.truth)]
    return float(np.abs(levels[0] - levels[1]).mean())


def vessel_means(heard: Sequence[Heard], values: Sequence[float]) -> dict[str, float]:
    """Mean of finite values by vessel."""
    groups = defaultdict(list)
    for item, value in zip(heard, values, strict=True):
        if np.isfinite(value):
            groups[item.recording.container].append(value)
    return {name: float(np.mean(group)) for name, group in groups.items()}


def figures(heard: Sequence[Heard]) -> dict[str, Any]:
    """Per protocol and method: errors, triggers, calibration; and the listener against the clocks.

    Every mean is over vessels, of means over their excerpts; intervals are bootstrapped over
    vessels.
    """
    document = {}
    for protocol in Protocol:
        own = [item for item in heard if item.protocol is protocol]
        if own:
            document[protocol.value] = _protocol(own)
    return document


def _protocol(heard: list[Heard]) -> dict[str, Any]:
    guesses = with_clocks(heard)
    errors = {
        method: [
            float(np.abs(guess[method] - item.truth).mean()) if method in guess else float("nan")
            for item, guess in zip(heard, guesses, strict=True)
        ]
        for method in METHODS
    }
    methods = {}
    for method in METHODS:
        told = [(item, guess[method]) for item, guess in zip(heard, guesses, strict=True)
                if method in guess]  # fmt: skip
        if told:
            methods[method] = _method(method, told)
    gains = {}
    for listener in (name for name in LISTENERS if name in methods):
        for other in (*CLOCKS, CONSTANT):
            gain = np.subtract(errors[other], errors[listener])
            gains[f"{listener} over {other}"] = _over_vessels(heard, gain.tolist())
    return {
        "excerpts": len(heard),
        "vessels": len({item.recording.container for item in heard}),
        "methods": methods,
        "gains": gains,
        "by_material": _by(heard, errors, lambda item: item.recording.material.split("_")[0]),
        "by_shape": _by(heard, errors, lambda item: item.recording.shape),
        "by_vessel": _by(heard, errors, lambda item: item.recording.container),
    }


def _method(method: str, told: Sequence[tuple[Heard, Floats]]) -> dict[str, Any]:
    heard = [item for item, _ in told]
    triggers = [trigger(guess, item.truth) for item, guess in told]
    # Excerpts that end before the window can only be triggered early.
    asked = [float(item.truth.max()) >= WINDOW[0] for item in heard]
    result: dict[str, Any] = {
        "fill_error": _over_vessels(heard, [
            float(np.abs(guess - item.truth).mean()) for item, guess in told
        ]),
        "air_column_error_cm": _over_vessels(heard, [
            100 * air_column_error(item, guess) if item.recording.shape in _STEEP else float("nan")
            for item, guess in told
        ]),
    }  # fmt: skip
    for name in ("window", "early", "never"):
        result[f"trigger_{name}"] = _over_vessels(heard, [
            float(kind == name) if reaches or name == "early" else float("nan")
            for kind, reaches in zip(triggers, asked, strict=True)
        ])  # fmt: skip
    if method in LISTENERS:
        result["within_one_sigma"] = _over_vessels(heard, [
            float((np.abs(guess - item.truth) <= item.error[method]).mean())
            for item, guess in told
        ])  # fmt: skip
    return result


def brief(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Vessel-mean fill errors alone: of protocols by method, and of the policy on video."""
    names = dict(zip(("ear_known", "ear_unknown", "policy"), LISTENERS, strict=False))
    names |= dict(zip(("clock_mean", "clock_fitted"), CLOCKS, strict=True))
    found: dict[str, dict[str, float]] = {}
    for protocol, about in document.items():
        methods = about["methods"]
        found[protocol] = {
            name: methods[method]["fill_error"].value
            for name, method in names.items()
            if method in methods
        }
        seen = {m.removeprefix("policy, "): m for m in POLICY if m in methods}
        if len(seen) == len(POLICY):
            found["video"] = {
                name: methods[method]["fill_error"].value for name, method in seen.items()
            }
    return found


def _over_vessels(heard: Sequence[Heard], values: Sequence[float]) -> Estimate:
    return estimate(list(vessel_means(heard, values).values()))


def _by(
    heard: Sequence[Heard], errors: Mapping[str, Sequence[float]], key: Callable[[Heard], str]
) -> dict[str, dict[str, Any]]:
    """Fill error of each method by group, with its number of vessels and excerpts."""
    groups = defaultdict(list)
    for index, item in enumerate(heard):
        groups[key(item)].append(index)
    table = {}
    for name, members in sorted(groups.items()):
        own = [heard[i] for i in members]
        table[name] = {
            "vessels": len({item.recording.container for item in own}),
            "excerpts": len(own),
            **{
                method: _over_vessels(own, [errors[method][i] for i in members]).value
                for method in METHODS
                if np.isfinite([errors[method][i] for i in members]).any()
            },
        }
    return table
