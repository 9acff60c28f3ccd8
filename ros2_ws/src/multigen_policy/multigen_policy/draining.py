"""What leaves a tilted vessel, predicted from its geometry and tilt alone."""

from __future__ import annotations

import math

from multigen_core.tilted_volume import volume_table
from multigen_core.vessel import Vessel
from multigen_policy.timed import DISCHARGE, GRAVITY

STEP = 0.02
"""Longest step of the integration [s]."""
CAPILLARY_LENGTH = 2.7e-3
"""Of water [m]; milk and oil have 2.1 mm and 1.9 mm."""
ADVANCING = {
    "glass": 0.7, "ceramic": 0.75, "steel": 0.9, "aluminium": 0.9, "plastic": 1.0, "paper": 1.0,
}  # fmt: skip
"""Contact angles [rad] at which drinks advance over a vessel's wall; pure water stands at up to
0.5 rad more, milk and oil at less."""
RIM = 0.75
"""Head that a used, rounded rim holds back, in that of a clean and sharp one."""
RECEDING = 0.45
_STOPPING_HEAD = RIM * 2 * CAPILLARY_LENGTH * math.sin(RECEDING / 2)


class Draining:
    """A weir at the lip of a vessel whose content is followed from a start volume on.

    Outflow depends on content and tilt, and lowers the content: an error of the start volume stays,
    one of the flow corrects itself.
    """

    def __init__(self, vessel: Vessel) -> None:
        self._table = volume_table(vessel)
        self._radius = vessel.mouth_radius
        self._advancing = ADVANCING[vessel.material]
        diameter = 2 * self._radius
        # A mouth that runs full lets air in only against the liquid (Clanet and Searby 2004).
        self._glugging = 0.262 * math.sqrt(GRAVITY * diameter) * diameter**2
        self.content = 0.0
        """[m^3]"""
        self.poured = 0.0
        """Volume that has left since `start` [m^3]."""

    def start(self, content: float) -> None:
        """Begin with `content` [m^3]."""
        self.content = content
        self.poured = 0.0

    def held(self, tilt: float) -> float:
        """Volume [m^3] that stays in the vessel at `tilt` [rad]."""
        return self._table.volume(0.0, tilt)

    def content_at_start(self, tilt: float) -> float:
        """Content [m^3] of a vessel whose flow begins at `tilt` [rad].

        A dry lip holds back the head 2 l sin((θ + tilt) / 2) for the advancing angle θ: the surface
        bulges over the edge until it meets the rim beyond it (de Gennes, Brochard-Wyart and Quéré,
        Capillarity and Wetting Phenomena, ch. 2). Liquid and rim are not known, so that this is
        right to about 10 ml.
        """
        head = RIM * 2 * CAPILLARY_LENGTH * math.sin(min(self._advancing + tilt, math.pi) / 2)
        return self._table.volume(head, tilt)

    def flow(self, tilt: float) -> float:
        """Outflow [m^3/s] now at `tilt` [rad]."""
        head = self._table.surface(self.content, tilt)[0]
        if head <= _STOPPING_HEAD:
            return 0.0
        rise = max(self._radius * math.sin(tilt), 1e-4)
        width = math.sqrt(2 * self._radius / max(math.sin(tilt), 1e-3))
        rate = DISCHARGE * math.pi / 4 * math.sqrt(2 * GRAVITY) * width * head**2
        rate *= math.sqrt(1 - (_STOPPING_HEAD / head) ** 2)
        return min(rate, self._glugging) if head > 1.3 * rise else rate

    def step(self, tilt: float, seconds: float) -> None:
        """Advance by `seconds` at `tilt` [rad]."""
        count = max(1, math.ceil(seconds / STEP - 1e-9))
        for _ in range(count):
            lost = min(self.flow(tilt) * seconds / count, max(self.content, 0.0))
            self.content -= lost
            self.poured += lost

    def tail(
        self, tilt: float, rate: float, speed: float, acceleration: float, delay: float
    ) -> float:
        """Volume [m^3] that still leaves if the vessel is turned back now.

        The tilt goes on at `rate` [rad/s] for `delay` [s], then changes its rate by `acceleration`
        [rad/s^2] until it falls at `speed` [rad/s].
        """
        content, poured = self.content, self.poured
        time = 0.0
        while tilt > 0.0 and time < 5.0:
            self.step(tilt, STEP)
            tilt += rate * STEP
            time += STEP
            if time > delay:
                rate = max(rate - acceleration * STEP, -speed)
                if rate < 0 and self.flow(tilt) == 0.0:
                    break
        left = self.poured - poured
        self.content, self.poured = content, poured
        return left
