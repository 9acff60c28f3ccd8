"""Particle filter over vessel, volume and flow, driven by the contrast of the sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigen_policy.listening.loudness import Loudness
from multigen_policy.listening.shapes import FILLS, MODES, Prior, Shapes, shapes_of
from multigen_policy.listening.spectrum import FREQUENCIES, LOWEST, PER_OCTAVE

Floats = NDArray[np.float64]

_CERTAIN = 0.9
"""Probability of flow above which loudness is used."""
_UNLIKELY = 0.1
"""Probability of flow below which none is assumed, so that long silence fills no vessel."""


@dataclass(frozen=True, slots=True)
class FlowPrior:
    """Prior of the flow while liquid flows; by default, of people pouring.

    `median` [m^3/s]; `spread`, standard deviation of its natural logarithm at the start; `drift`,
    random walk of that logarithm [1/sqrt(s)].
    """

    median: float = 40e-6
    spread: float = 0.7
    drift: float = 0.15


class Inflow(Protocol):
    """Independent knowledge of the flow, per particle."""

    def step(self, seconds: float) -> Floats:
        """Advance by `seconds`; return the volume [m^3] that arrives meanwhile, (P,)."""

    def select(self, chosen: NDArray[np.intp]) -> None:
        """Keep the particles with these indices, (P,)."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How contrasts become likelihoods.

    `trust` [1/(dB s)] of a contrast between `low` and `high` [dB]; `weights` of the higher modes;
    weight of the `plume` and its wave speed (median [m/s], spread of the logarithm). When particles
    are resampled, the share `fresh` is redrawn from the prior and the fill is perturbed by
    `jitter`. A resonance is expected to stand out by `expected` [dB] in an empty vessel, by less in
    a fuller one, and not at all above the fill fraction `fade`, as in recordings.
    """

    trust: float = 0.35
    low: float = -4.0
    high: float = 10.0
    weights: tuple[float, ...] = (0.1, 0.1)
    plume: float = 0.4
    plume_speed: float = 78.0
    plume_spread: float = 0.3
    fresh: float = 0.005
    jitter: float = 0.004
    expected: float = 7.0
    fade: float = 0.95


@dataclass(frozen=True, slots=True)
class Posterior:
    """Means and standard deviations over the particles; SI units."""

    fill: float
    fill_error: float
    volume: float
    volume_error: float
    poured: float
    """Volume since the start."""
    poured_error: float
    air_column: float
    air_column_error: float
    resonance: float
    resonance_cents: float
    flow: float
    flow_error: float
    salience: float
    """Contrast at the estimated resonance [dB]."""


class Filling:
    """The filter; deterministic in its inputs."""

    def __init__(
        self,
        prior: Prior,
        flow: FlowPrior = FlowPrior(),
        hearing: Hearing = Hearing(),
        count: int = 0,
        seed: int = 0,
    ) -> None:
        self._prior, self._flow, self._hearing = prior, flow, hearing
        self._shapes: Shapes = shapes_of(prior.members)
        self._rng = np.random.default_rng(seed)
        self.count = count or (1000 if prior.known else 2000)
        self._kind, self._state = self._draw(self.count, fresh=False)
        self._log_weight = np.zeros(self.count)
        self._salience = 0.0
        self._loudness = Loudness(self.count)

    # Rows of the state: log size, detuning, fill, log flow / median, log2 plume speed, first fill.
    def _draw(self, count: int, fresh: bool) -> tuple[NDArray[np.intp], Floats]:
        prior, rng = self._prior, self._rng
        kind = rng.choice(len(prior.members), count, p=np.array(prior.weights))
        empty = rng.random(count) < (0.3 if fresh else prior.empty)
        fill = np.where(empty, 0.0, rng.uniform(0.0, prior.fullest, count))
        state = np.stack(
            [
                prior.size * rng.standard_normal(count),
                prior.detuning * rng.standard_normal(count),
                fill,
                self._flow.spread * rng.standard_normal(count),
                np.log2(self._hearing.plume_speed)
                + self._hearing.plume_spread * rng.standard_normal(count),
                fill,
            ]
        )
        return kind, state

    def step(
        self,
        contrast: Floats,
        flowing: float,
        seconds: float,
        inflow: Inflow | None = None,
        level: float | None = None,
    ) -> None:
        """Advance by a spectrum's contrast (B,).

        Args:
            contrast: as `Contrast` gives it [dB].
            flowing: probability that anything flows.
            seconds: since the last.
            inflow: independent knowledge of the flow; without it, the prior's median is used.
            level: of the splash [dB re full scale], to compare with the inflow.
        """
        if flowing < _UNLIKELY:
            flowing = 0.0
        size, _, fill, rate, _, _ = self._state
        rng, root = self._rng, np.sqrt(seconds)
        arrives = self._flow.median * seconds if inflow is None else inflow.step(seconds)
        rate += self._flow.drift * root * rng.standard_normal(self.count)
        capacity = self._shapes.capacity[self._kind] * np.exp(3 * size)
        fill += flowing * arrives * np.exp(rate) / capacity
        over = fill > 1.0
        fill[over] = 1.0
        pitch = self._pitch()
        hearing = self._hearing
        heard = [self._at(contrast, pitch[:, mode]) for mode in range(MODES)]
        # The log-likelihood ratio of a contrast of mean m against mean 0 is ∝ m (c - m/2).
        share = np.maximum(1.0 - (np.maximum(fill, 0.0) / hearing.fade) ** 2, 0.0)
        score = share * (heard[0] - 0.5 * hearing.expected * share)
        for factor, contrasts in zip(hearing.weights, heard[1:], strict=True):
            score += factor * contrasts
        if hearing.plume:
            score = score + hearing.plume * self._at(contrast, self._plume())
        self._log_weight += flowing * hearing.trust * seconds * score - 2.0 * seconds * over
        if level is not None and isinstance(arrives, np.ndarray) and flowing > _CERTAIN:
            self._log_weight += self._loudness.score(
                level, arrives / seconds, self._air_column(), seconds
            )
        weight = self.weights()
        now = float(weight @ heard[0])
        self._salience += min(1.0, flowing * seconds / 0.5) * (now - self._salience)
        if 1 / (weight @ weight) < self.count / 2:
            chosen = self._resample(weight)
            self._loudness.select(chosen)
            if inflow is not None:
                inflow.select(chosen)

    def add(self, volumes: Floats) -> None:
        """Add `volumes` [m^3], (P,), that arrived unheard."""
        self._state[2] += volumes / (self._shapes.capacity[self._kind] * np.exp(3 * self._state[0]))

    def weights(self) -> Floats:
        """Weights of the particles, (P,), sum 1."""
        weight = np.exp(self._log_weight - self._log_weight.max())
        return np.asarray(weight / weight.sum())

    def _node(self) -> tuple[NDArray[np.intp], Floats]:
        place = np.clip(self._state[2], 0.0, 1.0) * (FILLS - 1)
        node = np.minimum(place.astype(np.intp), FILLS - 2)
        return node, place - node

    def _pitch(self) -> Floats:
        """log2 of the modes [Hz], (P, MODES)."""
        node, part = self._node()
        table = self._shapes.pitch
        low, high = table[self._kind, node], table[self._kind, node + 1]
        size, detuning = self._state[0], self._state[1]
        return np.asarray(
            low + part[:, None] * (high - low) + (detuning - size / np.log(2))[:, None]
        )

    def _level(self) -> Floats:
        """Levels [m], (P,)."""
        node, part = self._node()
        table = self._shapes.level
        low, high = table[self._kind, node], table[self._kind, node + 1]
        return np.asarray((low + part * (high - low)) * np.exp(self._state[0]))

    def _air_column(self) -> Floats:
        """Heights of the air above the surface [m], (P,)."""
        return np.asarray(self._shapes.height[self._kind] * np.exp(self._state[0]) - self._level())

    def _plume(self) -> Floats:
        """log2 of the bubble plume's resonance [Hz], that of a column as deep as the pool."""
        return np.asarray(self._state[4] - np.log2(4 * np.maximum(self._level(), 0.003)))

    def _at(self, contrast: Floats, pitch: Floats) -> Floats:
        place = (pitch - np.log2(LOWEST)) * PER_OCTAVE
        inside = (place >= 0) & (place < len(FREQUENCIES) - 1)
        place = np.where(inside, place, 0.0)
        node = place.astype(np.intp)
        part = place - node
        value = contrast[node] * (1 - part) + contrast[node + 1] * part
        return np.where(inside, np.clip(value, self._hearing.low, self._hearing.high), 0.0)

    def _resample(self, weight: Floats) -> NDArray[np.intp]:
        """Resample the particles by weight; return the index each came from."""
        rng, count = self._rng, self.count
        places = (np.arange(count) + rng.random()) / count
        chosen = np.minimum(np.searchsorted(np.cumsum(weight), places), count - 1)
        state = self._state[:, chosen]
        # Shrinking towards the mean before the jitter preserves the spread of static parameters
        # (Liu and West 2001).
        for row, width in ((0, 0.2), (1, 0.2), (4, 0.2)):
            spread = state[row].std()
            centre = state[row].mean()
            state[row] = centre + np.sqrt(1 - width**2) * (state[row] - centre)
            state[row] += width * spread * rng.standard_normal(count)
        state[2] += self._hearing.jitter * rng.standard_normal(count)
        np.clip(state[2], -0.1, 1.0, out=state[2])
        kind = self._kind[chosen]
        fresh = rng.random(count) < self._hearing.fresh
        if fresh.any():
            kind[fresh], state[:, fresh] = self._draw(int(fresh.sum()), fresh=True)
        self._kind, self._state = kind, state
        self._log_weight = np.zeros(count)
        return np.asarray(chosen)

    def posterior(self) -> Posterior:
        """The current estimate."""
        weight = self.weights()
        size, _, fill, rate, _, first = self._state
        scale = np.exp(size)
        capacity = self._shapes.capacity[self._kind] * scale**3
        air = self._air_column()
        pitch = self._pitch()[:, 0]

        def moments(values: Floats) -> tuple[float, float]:
            mean = float(weight @ values)
            return mean, max(float(weight @ (values - mean) ** 2), 0.0) ** 0.5

        mean_pitch, pitch_error = moments(pitch)
        return Posterior(
            *moments(fill),
            *moments(fill * capacity),
            *moments((fill - first) * capacity),
            *moments(air),
            2.0**mean_pitch,
            1200 * pitch_error,
            *moments(self._flow.median * np.exp(rate)),
            self._salience,
        )
