"""The classical policy: pours by ear, without eyes and without knowing the start volume."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.pour_path import PourPath
from multigen_core.trajectory import Trajectory
from multigen_core.types import AudioChunk, to_seconds
from multigen_core.vessel import Vessel, vessel
from multigen_policy.draining import Draining
from multigen_policy.listening.filling import FlowPrior, Hearing
from multigen_policy.listening.listener import Estimate, Listener
from multigen_policy.listening.shapes import known_vessel, unknown_vessel
from multigen_policy.pouring import ImpossibleGoalError, Pouring, Tilt
from multigen_policy.tilting import Tilting


class DeafError(MultigenError):
    """The microphone gives nothing to pour by."""


class EmptyError(MultigenError):
    """Nothing comes out of the held vessel."""


@dataclass(frozen=True, slots=True)
class AcousticConfig:
    """How to pour.

    Before tilting, `listen` [s] tell what the room sounds like. The tilt then grows at up to
    `search` [rad/s], and so slowly that the volume bared within `reaction` [s], in which a flow is
    heard and the tilt stopped, is at most `share` of the goal. Then the flow is held at `flow`
    [m^3/s], less as the goal comes within `approach` [s]; `gain` [rad/s per m^3/s] turns the flow's
    error into a tilt rate. `fall` [s] passes between lip and surface, `late` [s] between a flow's
    impact and its being noticed, `delay` [s] between a decision and its effect.

    A level below `silence` [dB re full scale] is a muted microphone, none for `deaf` [s] a dead
    one. Flow that is expected and not heard, or not found at the largest tilt, is borne for
    `patience` [s].

    The flow that the tilt gives is right to `model_spread` and `model_drift` (as a `FlowPrior`),
    the start to `start_error` [m^3]. `trust` and `plume` are those of `Hearing`, `detuning`,
    `empty` and `fullest` those of the prior on the receiving vessel.
    """

    listen: float = 0.4
    search: float = 0.2
    share: float = 0.2
    reaction: float = 0.5
    flow: float = 28e-6
    least: float = 7e-6
    approach: float = 2.0
    gain: float = 4e3
    fall: float = 0.2
    late: float = 0.15
    delay: float = 0.15
    silence: float = -110.0
    deaf: float = 1.0
    patience: float = 1.0
    model_spread: float = 0.06
    model_drift: float = 0.03
    start_error: float = 10e-6
    trust: float = 0.3
    plume: float = 0.0
    detuning: float = 0.025
    empty: float = 0.75
    fullest: float = 0.35


class Acoustic:
    """Pours by the sound of the vessel it fills.

    It searches for the tilt at which a flow is heard, and so learns the start volume; then follows
    the flow that the tilt should give, and corrects what has arrived by the resonance it hears.

    It needs the held vessel and a microphone. The receiving vessel may be unknown.
    """

    senses: frozenset[Sense] = frozenset({Sense.AUDIO})
    audio_window = 1.0

    def __init__(
        self, arm: Arm, path: PourPath, source: Vessel, config: AcousticConfig = AcousticConfig()
    ) -> None:
        self.joint_names = arm.names
        self._config = config
        self._path = path
        self._source = source
        self._arm = arm
        self._tilting = Tilting(arm, path)
        self._pouring = Pouring(arm, self._tilting, self._decide)
        self.draining = Draining(source)
        self.reset(PourGoal(0.0))

    def reset(self, goal: PourGoal) -> None:
        config = self._config
        if goal.target_volume > self._source.capacity:
            raise ImpossibleGoalError(
                f"cannot pour {goal.target_volume * 1e6:.0f} ml: the {self._source.name} holds at "
                f"most {self._source.capacity * 1e6:.0f} ml"
            )
        self._goal = goal.target_volume
        prior = (
            known_vessel(vessel(goal.vessel), config.detuning) if goal.vessel else unknown_vessel()
        )
        self._listener = Listener(
            replace(prior, empty=config.empty, fullest=config.fullest),
            FlowPrior(config.flow, config.model_spread, config.model_drift),
            Hearing(trust=config.trust, plume=config.plume, fresh=0.0, jitter=0.0005),
        )
        self.heard: Estimate | None = None
        """The newest estimate."""
        self.start_content: float | None = None
        """What the source held [m^3] when its flow was first heard; None until then."""
        self._end: int | None = None
        self._heard_at: int | None = None
        self._tilts: deque[tuple[int, float]] = deque(maxlen=50)
        self._last: int | None = None
        self._began: int | None = None
        self._fed = 0.0
        self._flows: deque[tuple[int, float]] = deque(maxlen=50)
        self._since: dict[str, int] = {}
        self._pouring.reset()

    def act(self, observation: Observation) -> Decision:
        tilt = self._measured(observation)
        self._drain(observation.stamp, tilt)
        self._listen(observation, tilt)
        return self._pouring.act(observation)

    def retreat(self, positions: NDArray[np.float64]) -> Trajectory:
        return self._pouring.retreat(positions)

    def _measured(self, observation: Observation) -> float:
        positions = self._arm.nearest_turn(observation.joints.positions, self._path.at(0.0))
        return self._path.tilt_of(positions)

    def _drain(self, now: int, tilt: float) -> None:
        """Let the vessel poured from run on."""
        if self.start_content is not None and self._last is not None:
            self.draining.step(tilt, to_seconds(now - self._last))
        self._last = now
        self._tilts.append((now, tilt))
        self._flows.append((now, self.draining.poured if self.start_content is not None else 0.0))

    def _listen(self, observation: Observation, tilt: float) -> None:
        now = observation.stamp
        samples = self._fresh(observation.audio) if observation.audio is not None else None
        if samples is None or not len(samples):
            since = self._heard_at if self._heard_at is not None else now
            self._heard_at = since
            if to_seconds(now - since) > self._config.deaf:
                raise DeafError(f"no sound for {self._config.deaf:.0f} s; check the microphone")
            return
        self._heard_at = now
        seconds = len(samples) / SAMPLE_RATE
        estimates = self._listener.push(samples, self._expected(now, tilt, seconds))
        if estimates:
            self.heard = estimates[-1]

    def _expected(self, now: int, tilt: float, seconds: float) -> float:
        """Flow [m^3/s] into the receiving vessel over the sound's last `seconds`."""
        if self.start_content is not None:
            arrived = _at(self._flows, now - round(self._config.fall * 1e9))
            flow = max(arrived - self._fed, 0.0) / seconds
            self._fed += flow * seconds
            return max(flow, 1e-9)
        if self._began is None or to_seconds(now - self._began) < self._config.listen:
            return 0.0
        return 0.2 * self._config.flow

    def _fresh(self, audio: AudioChunk) -> NDArray[np.float32]:
        """What of the window has not been heard yet."""
        old = 0
        if self._end is not None:
            old = round((self._end - audio.stamp) * SAMPLE_RATE / 1e9)
        self._end = audio.end
        return audio.samples[min(max(old, 0), len(audio.samples)) :]

    def _decide(self, observation: Observation, tilt: float) -> Tilt:
        now, config, heard = observation.stamp, self._config, self.heard
        if self._began is None:
            self._began = now
        if heard is None or to_seconds(now - self._began) < config.listen:
            return Tilt(0.0, 0.0)
        if heard.level < config.silence:
            raise DeafError("the microphone gives digital silence; is it muted?")
        if self.start_content is None:
            if heard.flowing:
                self._find_start(now)
            else:
                return self._search(tilt)
        return self._pour(observation, heard)

    def _search(self, tilt: float) -> Tilt:
        config = self._config
        stuck = tilt >= self._tilting.max_tilt - 1e-3
        if stuck and self._lasts("stuck", self._tilts[-1][0]):
            raise EmptyError(
                f"nothing is heard to flow at a tilt of {tilt:.2f} rad: the source seems empty"
            )
        bared = max((self.draining.held(tilt) - self.draining.held(tilt + 0.02)) / 0.02, 1e-6)
        rate = min(config.search, config.share * self._goal / config.reaction / bared)
        poured = self.heard.belief.poured if self._fed and self.heard else 0.0
        return Tilt(max(rate, 0.03), poured)

    def _find_start(self, now: int) -> None:
        """Take the content from the tilt at which the flow heard now began, and catch up."""
        config = self._config
        began = now - round((config.late + config.fall) * 1e9)
        tilts = list(self._tilts)
        poured = self._fed
        self.start_content = self.draining.content_at_start(_at(self._tilts, began))
        self.draining.start(self.start_content)
        previous = began
        self._flows.clear()
        for stamp, tilt in tilts:
            if stamp > began:
                self.draining.step(tilt, to_seconds(stamp - previous))
                previous = stamp
                self._flows.append((stamp, poured + self.draining.poured))
        self.draining.poured += poured
        self._listener.doubt(config.start_error)
        self._since.clear()

    def _lasts(self, trouble: str, now: int) -> bool:
        """Whether a trouble has lasted for longer than patience."""
        return to_seconds(now - self._since.setdefault(trouble, now)) > self._config.patience

    def _pour(self, observation: Observation, heard: Estimate) -> Tilt:
        config, draining = self._config, self.draining
        now, tilt = self._tilts[-1]
        belief = heard.belief
        flow = draining.flow(tilt)
        limits = self._tilting.limits
        rate = (tilt - _at(self._tilts, now - 150_000_000)) / 0.15
        delay = config.delay + to_seconds(observation.now - observation.stamp)
        coming = draining.poured - self._fed
        coming += draining.tail(tilt, rate, limits.speed, limits.acceleration, delay)
        remaining = self._goal - belief.poured - coming
        if remaining <= 0:
            return Tilt(estimated_volume=belief.poured + coming, done=True)
        if flow > 4e-6 and not heard.flowing:
            if self._lasts("quiet", now):
                # Sound that was none of the pour: go on searching from here.
                self.start_content = None
                self._since.clear()
                return self._search(tilt)
        else:
            self._since.pop("quiet", None)
        if tilt >= self._tilting.max_tilt - 1e-3 and flow < 1e-6:
            raise EmptyError(
                f"the source ran empty {remaining * 1e6:.0f} ml before the goal, by ear"
            )
        wanted = min(config.flow, max(remaining / config.approach, config.least))
        wish = config.gain * (wanted - flow)
        return Tilt(float(np.clip(wish, -config.search, config.search)), belief.poured)


def _at(history: deque[tuple[int, float]], stamp: int) -> float:
    """The value at `stamp` [ns] by linear interpolation; the ends hold."""
    if not history:
        return 0.0
    stamps = np.array([entry[0] for entry in history], np.int64)
    values = [entry[1] for entry in history]
    return float(np.interp(float(stamp - stamps[0]), (stamps - stamps[0]).astype(float), values))
