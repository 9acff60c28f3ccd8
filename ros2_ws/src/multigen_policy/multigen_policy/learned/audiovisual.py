"""The learned policy: looks, listens and pours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.learning.runtime import Network
from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import to_seconds
from multigen_policy.classical.draining import search_rate
from multigen_policy.classical.pouring import Pouring, Tilt, check_goal
from multigen_policy.classical.tilting import Tilting
from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.finding import Finder
from multigen_policy.learned.inputs import BANDS, MERGED, Encoder, Inputs, merged
from multigen_policy.learned.outputs import Outputs
from multigen_policy.learned.weights import POLICY

HOLD = 4
"""Rates of a chunk that are carried out if no other follows, before the vessel comes to rest."""
LEAST, SEARCH, RELEASED = 6.0, (0.03, 0.2), 0.3
"""While less flows [ml/s] by its own estimate, it tilts on at a rate [rad/s] between these, so
slowly that within a second at most that share of the goal is released unnoticed."""
DOUBT = 6.0
"""Scale of the target's points [pixels] beyond which its size is not used; dark rooms have more."""
BLIND = 1.0
"""How long it waits for a first image before it pours without [s]."""
PATIENCE = 6.0
"""How long nothing may flow at the largest tilt [s]."""
_STANDS = 2.0
"""A change of the volume [ml] below which it stands still."""


class EmptyError(MultigenError):
    """Nothing more comes out of the held vessel."""


class Brain:
    """Runs the network over one pour after another, without torch."""

    def __init__(self, folder: Path) -> None:
        """Load the weights in a folder.

        Raises:
            WeightsError: they are missing, damaged or of another version.
        """
        self._ear = Network(folder, "ear", POLICY)
        self._mind = Network(folder, "mind", POLICY)
        self._heard = np.zeros((1, 1, int(self._mind.settings["heard"])), np.float32)
        self.reset()

    def reset(self) -> None:
        """Start a pour."""
        self._ear.reset()
        self._mind.reset()
        self._heard = np.zeros_like(self._heard)
        self._odd = np.zeros((0, BANDS), np.float32)

    def step(self, inputs: Inputs) -> Outputs:
        """What a step's inputs tell."""
        spectra = np.concatenate([self._odd, inputs.spectra])
        self._odd = spectra[len(spectra) // MERGED * MERGED :]
        if len(spectra) >= MERGED:
            self._heard = self._ear.run(spectra=merged(spectra)[None])["heard"][:, -1:]
        found = self._mind.run(
            heard=self._heard,
            crop=_picture(inputs.crop, CROP),
            whole=_picture(inputs.whole, WHOLE),
            state=inputs.state[None, None],
            onsets=inputs.onsets[None, None],
        )
        return Outputs.of(found["outputs"][0, 0])


def _picture(picture: np.ndarray | None, size: tuple[int, int]) -> np.ndarray:
    shape = (1, 1, *size, 3)
    if picture is None:
        return np.zeros(shape, np.float32)
    return picture.astype(np.float32).reshape(shape)


class Audiovisual:
    """Pours by what the network tells: its tilt rates, until the volume committed is the goal's.

    The network learns the rates from an expert who sees the liquid, and the volume that will have
    been poured if the vessel turns back now; where it stops follows from the latter. Approach and
    return are not learnt, nor that it tilts on while next to nothing flows. What is not told of the
    station, at least the target's size, another network finds first.
    """

    senses: frozenset[Sense] = frozenset({Sense.IMAGE, Sense.AUDIO})

    def __init__(self, station: Station, weights: Path) -> None:
        self._told = station
        self._brain = Brain(weights)
        self._finder = Finder(station, weights) if station.target is None else None
        self._station: Station | None = None
        if self._finder is None:
            self._arrange(station)
        self.reset(PourGoal(0.0))

    def _arrange(self, station: Station) -> None:
        """Plan for a station, told or found."""
        path = plan_pour(station)
        self._station, self._path = station, path
        self._source = station.placed("the learned policy")[0].vessel
        self._tilting = Tilting(station.arm, path)
        self._pouring = Pouring(station.arm, self._tilting, self._decide)

    def reset(self, goal: PourGoal) -> None:
        if self._told.held is not None:
            check_goal(goal.target_volume, self._told.held.vessel)
        self._goal = goal.target_volume
        self._brain.reset()
        self._moved: tuple[int, float] | None = None
        self._since: int | None = None
        self.told: Outputs | None = None
        """What the network told last."""
        if self._finder is not None:
            self._finder.reset()
            self._station = None
        else:
            self._begin()

    def _begin(self) -> None:
        """Start the pour at the station that is known now."""
        station = self._station
        assert station is not None
        if self._finder is not None:
            station = replace(station, target=None)
        self._encoder = Encoder(station, self._goal)
        self._pouring.reset()

    def act(self, observation: Observation) -> Decision:
        if self._station is None:
            found = self._find(observation)
            if found is None:
                return Decision(None, "look")
            self._arrange(found)
            self._begin()
        decision = self._pouring.act(observation)
        if self.told is None:
            return decision
        return replace(decision, estimated_volume_error=self.told.committed_error * 1e-6)

    def _find(self, observation: Observation) -> Station | None:
        """The station to plan for, once enough has been seen of what is not told."""
        assert self._finder is not None
        told = self._told
        if told.held is None:
            return self._finder.look(observation)
        if observation.image is None:
            # It can pour blindly, too, over a target of the usual size.
            if self._since is None:
                self._since = observation.now
            return told if to_seconds(observation.now - self._since) > BLIND else None
        found = self._finder.look(observation)
        if found is None:
            return None
        if self._finder.doubt > DOUBT:
            return told
        try:
            plan_pour(station := replace(told, target=found.target))
        except UnreachableError:
            return told
        return station

    def _decide(self, observation: Observation, tilt: float) -> Tilt:
        told = self.told = self._brain.step(self._encoder.encode(observation))
        committed = max(0.0, told.committed) * 1e-6
        if committed >= self._goal:
            return Tilt(estimated_volume=committed, done=True)
        self._watch(observation.now, told.committed, tilt)
        rates = tuple(told.chunk[:HOLD].tolist())
        if told.outflow < LEAST:
            rate = search_rate(self._source, tilt, RELEASED * self._goal)
            rates = (float(np.clip(rate, *SEARCH)),) * HOLD
        return Tilt(rates[0], committed, ahead=rates)

    def _watch(self, now: int, volume: float, tilt: float) -> None:
        """Give up when the vessel is tilted all the way and nothing more comes."""
        if self._moved is None or abs(volume - self._moved[1]) > _STANDS:
            self._moved = now, volume
        still = to_seconds(now - self._moved[0])
        if still > PATIENCE and tilt >= self._tilting.max_tilt - 0.02:
            raise EmptyError(
                f"the source seems to be empty: nothing has flowed for {still:.0f} s at a tilt of "
                f"{tilt:.2f} rad, {self._goal * 1e6 - volume:.0f} ml short of the goal"
            )
