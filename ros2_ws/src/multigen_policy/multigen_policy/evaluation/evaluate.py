"""Metrics of an episode, the same for bags and rollouts.

A package adds a metric in the entry-point group `multigen.metrics`: a function of the episode and
the span of one pour, whose value appears under its name in every result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from multigen_core.bags import BagError
from multigen_core.contract import (
    IMAGE_COMPRESSED,
)
from multigen_core.plugins import load_plugin, plugin_names
from multigen_core.types import PourProgress
from multigen_core.world.catalogue import name_of
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.metrics import WATER, PourMetrics, listener_floor, pour_metrics
from multigen_policy.evaluation.smoothness import joint_smoothness

GROUP = "multigen.metrics"


@dataclass(frozen=True, slots=True)
class Span:
    """One pour: its goal, and the times of goal, outcome and next event [ns]."""

    goal: PourProgress
    start: int
    outcome: int
    end: int


Metric = Callable[[Episode, Span], float]


@cache
def metrics() -> dict[str, Metric]:
    """The installed metrics, by name."""
    return {name: load_plugin(GROUP, "metric", name) for name in plugin_names(GROUP)}


def evaluate(episode: Episode, density: float = WATER) -> list[dict[str, Any]]:
    """One result per pour of an episode, as plain values for tables and JSON.

    Raises:
        BagError: a goal has no volume.
    """
    results = []
    for index, goal in enumerate(episode.goals):
        start, end = episode.window(index)
        try:
            pour = pour_metrics(goal, episode.progress, episode.states, end, density)
        except ValueError as error:
            raise BagError(f"bag {episode.path}: goal {index + 1}: {error}") from error
        results.append(_result(episode, index, pour, start, end))
    return results


def smoothness(episode: Episode, span: Span) -> float:
    """Spectral arc length of the joints' motion from goal to outcome."""
    joints = [state for state in episode.joints if span.start <= state.stamp <= span.outcome]
    if not joints or len({state.names for state in joints}) > 1:
        return float("nan")
    times = np.array([state.stamp - span.start for state in joints]) / 1e9
    return joint_smoothness(times, np.array([state.velocities for state in joints]))


def listener_floor_ml(episode: Episode, span: Span) -> float:
    """Volume error [ml] at the goal of a listener with a pitch error of ±50 cents."""
    liquid = [state for state in episode.liquid if span.start <= state.stamp <= span.end]
    return listener_floor(liquid, span.goal.target_volume) * 1e6


def _result(
    episode: Episode, index: int, pour: PourMetrics, start: int, end: int
) -> dict[str, Any]:
    outcome = min(end, start + round(pour.duration * 1e9))
    span = Span(episode.goals[index], start, outcome, end)
    source, target, drink = _names(episode)
    cameras = next(s for s in episode.streams if s.topic == IMAGE_COMPRESSED.name)
    scene = episode.scene
    return {
        "bag": str(episode.path),
        "pour": index + 1,
        **asdict(pour),
        "estimated_error_ml": _estimate_error(episode, span) * 1e6,
        **{name: metric(episode, span) for name, metric in metrics().items()},
        "simulated": episode.simulated,
        "real_time_factor": episode.real_time_factor,
        "audio_gaps": episode.sound.gaps,
        "audio_overlaps": episode.sound.overlaps,
        "audio_missing_s": episode.sound.missing,
        "clock_jumps": max(episode.sound.jumps, *(s.jumps for s in episode.streams)),
        "unstamped": sum(s.unstamped for s in episode.streams),
        "frames_lost": cameras.lost,
        "camera_rate": cameras.rate,
        "source_vessel": source,
        "target_vessel": target,
        "liquid": drink,
        "source_ml": scene.source.volume_ml if scene else float("nan"),
        "opaque": scene.target.vessel.opaque if scene else None,
        "held_out": scene.target.vessel.held_out if scene else None,
        "refused_commands": len(episode.objections),
        "scene": episode.metadata.get("scene", ""),
        "seed": episode.metadata.get("seed", ""),
        "policy": episode.metadata.get("policy", ""),
        "told": episode.metadata.get("told", ""),
        "synthesizer": episode.metadata.get("synthesizer", ""),
    }


def _estimate_error(episode: Episode, span: Span) -> float:
    """The policy's last standard deviation of its estimate [m^3], NaN if it gave none."""
    own = [
        error
        for stamp, error in episode.estimate_errors
        if span.start <= stamp <= span.end and np.isfinite(error)
    ]
    return own[-1] if own else float("nan")


def _names(episode: Episode) -> tuple[str, str, str]:
    """Names of source, target and liquid; empty if the episode does not have them."""
    if episode.scene is not None:
        scene = episode.scene
        return scene.source.vessel.name, scene.target.vessel.name, scene.liquid.name
    if not episode.liquid:
        return "", "", ""
    first = episode.liquid[0]
    return (
        name_of(first.source_vessel),
        name_of(first.target_vessel),
        name_of(first.liquid),
    )
