"""The listener's estimates in a recorded episode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_core.config.yaml_file import ConfigError
from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.catalogue import name_of, vessel
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.stamps import waveform
from multigen_policy.listening.filling import FlowPrior
from multigen_policy.listening.listener import Listener
from multigen_policy.listening.shapes import Prior, known_vessel, unknown_vessel

ROBOT_FLOW = FlowPrior(25e-6, spread=0.5)
"""A robot pours more slowly and evenly than people."""
_EVERY = 5
"""Estimates per point of a curve."""


@dataclass(frozen=True, eq=False)
class HeardEpisode:
    """Curves of (N,) points.

    `stamps` [ns], resonance [Hz] with its error [cents], air column and its error [m], and whether
    flow and resonance were `audible`. `vessel` names the vessel given to the listener; empty if
    none was.
    """

    stamps: NDArray[np.int64]
    resonance: NDArray[np.float64]
    cents: NDArray[np.float64]
    air_column: NDArray[np.float64]
    air_column_error: NDArray[np.float64]
    audible: NDArray[np.bool_]
    vessel: str


def hear_episode(episode: Episode) -> HeardEpisode | None:
    """Run the listener on an episode's sound alone; None if there is less than a second of it.

    The listener is given the target vessel if the episode names one in the catalogue.
    """
    start, samples = waveform(episode.audio, episode.goals[0].stamp)
    if not len(samples):
        return None
    rate = episode.audio[0].sample_rate
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    if len(samples) < SAMPLE_RATE:
        return None
    prior, name = _prior(episode)
    estimates = Listener(prior, ROBOT_FLOW).push(np.asarray(samples, np.float32))[::_EVERY]
    beliefs = [estimate.belief for estimate in estimates]
    return HeardEpisode(
        stamps=np.array([start + round(e.time * 1e9) for e in estimates], np.int64),
        resonance=np.array([b.resonance for b in beliefs]),
        cents=np.array([b.resonance_cents for b in beliefs]),
        air_column=np.array([b.air_column for b in beliefs]),
        air_column_error=np.array([b.air_column_error for b in beliefs]),
        audible=np.array([e.flowing and e.audible for e in estimates]),
        vessel=name,
    )


def _prior(episode: Episode) -> tuple[Prior, str]:
    if episode.scene is not None:
        target = episode.scene.target.vessel
        return known_vessel(target), target.name
    names = {state.target_vessel for state in episode.liquid}
    if len(names) == 1:
        name = names.pop()
        try:
            return known_vessel(vessel(name)), name_of(name)
        except ConfigError:
            pass
    return unknown_vessel(), ""
