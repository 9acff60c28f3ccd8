"""Outflow of a tilted vessel from its geometry and tilt, under hypotheses of its lip."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.world.catalogue import liquids
from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import GRAVITY, Wetting

Floats = NDArray[np.float64]

STEP = 0.02
"""Longest step of the integration [s]."""
RIM = (0.3, 1.2)
"""Heads that rims hold back, relative to a clean sharp rim; used rims are rounded and wet."""
DISCHARGE = (0.5, 0.72)
"""Weir coefficients of lips."""


def search_rate(vessel: Vessel, tilt: float, released: float) -> float:
    """Tilt rate [rad/s] at which a slow pour at `tilt` [rad] would release `released` [m^3/s]."""
    return released / max(volume_table(vessel).bared(tilt), 1e-6)


class Draining:
    """A weir at the lip of one vessel, under N hypotheses of its content and lip.

    Outflow depends on content and tilt, and lowers the content: an error in the start volume
    persists, an error in the flow corrects itself.
    """

    def __init__(
        self, vessel: Vessel, content: ArrayLike, discharge: ArrayLike, stopping_head: ArrayLike
    ) -> None:
        """`content` [m^3], weir coefficient and the head [m] at which a flow ends, (N,) each."""
        self._vessel = vessel
        self._table = volume_table(vessel)
        shape = np.atleast_1d(np.asarray(content, float)).shape
        self._discharge = np.broadcast_to(np.asarray(discharge, float), shape)
        self._stopping_head = np.broadcast_to(np.asarray(stopping_head, float), shape)
        self.content = np.array(np.broadcast_to(np.asarray(content, float), shape))
        """[m^3], (N,)."""
        self.tilt = 0.0
        """Tilt of the vessel [rad]; the caller keeps it up to date."""

    @classmethod
    def begun(cls, vessel: Vessel, tilts: Floats, rng: np.random.Generator) -> Draining:
        """Hypotheses for a vessel whose flow begins at `tilts` [rad], (N,), over a dry lip.

        Each has its own liquid, rim and weir coefficient; its content is the volume that reaches
        the head which the dry lip holds back.
        """
        drinks = [liquid for liquid in liquids().values() if not liquid.held_out]
        chosen, rims = rng.integers(len(drinks), size=len(tilts)), rng.uniform(*RIM, len(tilts))
        wettings = [
            Wetting.of(vessel, drinks[drink], rim) for drink, rim in zip(chosen, rims, strict=True)
        ]
        table = volume_table(vessel)
        content = [
            table.volume(wetting.starting_head(tilt), tilt)
            for wetting, tilt in zip(wettings, tilts.tolist(), strict=True)
        ]
        discharge = rng.uniform(*DISCHARGE, len(tilts))
        return cls(vessel, content, discharge, [wetting.stopping_head for wetting in wettings])

    def select(self, chosen: NDArray[np.intp]) -> None:
        """Keep the hypotheses with these indices."""
        self._discharge = self._discharge[chosen]
        self._stopping_head = self._stopping_head[chosen]
        self.content = self.content[chosen]

    def mean(self, weights: Floats) -> Draining:
        """A single hypothesis with the mean content and lip, weighted by `weights` (N,)."""
        lip = weights @ self._discharge, weights @ self._stopping_head
        mean = Draining(self._vessel, weights @ self.content, *lip)
        mean.tilt = self.tilt
        return mean

    def flow(self) -> Floats:
        """Current outflows [m^3/s], (N,)."""
        radius, sine = self._vessel.mouth_radius, math.sin(self.tilt)
        head = self._table.heads(self.content, self.tilt)
        stopping = np.maximum(self._stopping_head, 1e-9)
        head[head <= stopping] = 0.0
        width = math.sqrt(2 * radius / max(sine, 1e-3))
        rate = self._discharge * math.pi / 4 * math.sqrt(2 * GRAVITY) * width * head**2
        rate *= np.sqrt(1 - (stopping / np.maximum(head, stopping)) ** 2)
        # A mouth that runs full lets air in only against the liquid (Clanet and Searby 2004).
        glugging = 0.262 * math.sqrt(GRAVITY * 2 * radius) * (2 * radius) ** 2
        full = head > 1.3 * max(radius * sine, 1e-4)
        return np.where(full, np.minimum(rate, glugging), rate)

    def step(self, seconds: float, running: ArrayLike = True) -> Floats:
        """Outflow [m^3], (N,), as `running` hypotheses, (N,), advance by `seconds`."""
        count = max(1, math.ceil(seconds / STEP - 1e-9))
        before = self.content
        for _ in range(count):
            lost = np.where(running, self.flow() * seconds / count, 0.0)
            self.content = np.maximum(self.content - lost, 0.0)
        return before - self.content

    def tail(self, rate: float, speed: float, acceleration: float, delay: float) -> float:
        """Volume [m^3] that still leaves, under the first hypothesis, if the return starts now.

        The tilt continues at `rate` [rad/s] for `delay` [s], then its rate changes by
        `acceleration` [rad/s^2] until it falls at `speed` [rad/s].
        """
        rest = Draining(
            self._vessel, self.content[:1], self._discharge[:1], self._stopping_head[:1]
        )
        rest.tilt = self.tilt
        left = time = 0.0
        while rest.tilt > 0.0 and time < 5.0:
            left += float(rest.step(STEP)[0])
            rest.tilt += rate * STEP
            time += STEP
            if time > delay:
                rate = max(rate - acceleration * STEP, -speed)
                if rate < 0 and rest.flow()[0] == 0.0:
                    break
        return left
