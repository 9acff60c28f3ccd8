"""The classical policy: pours by ear, without a camera and without knowing the start volume."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from multigen_core.config.frozen import FrozenModel
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import AudioChunk, to_seconds
from multigen_policy.classical.draining import STEP, Draining, search_rate
from multigen_policy.classical.pouring import Pouring, Tilt, check_goal
from multigen_policy.classical.tilting import Tilting
from multigen_policy.listening.filling import FlowPrior, Hearing
from multigen_policy.listening.listener import Estimate, Listener
from multigen_policy.listening.shapes import known_vessel, unknown_vessel
from multigen_policy.listening.spectrum import DELAY, PERIOD


class DeafError(MultigenError):
    """The microphone gives no usable sound."""


class EmptyError(MultigenError):
    """Nothing comes out of the held vessel."""


class AcousticConfig(FrozenModel):
    """Parameters of the pour.

    Before tilting, the policy listens to the room for `listen` [s]. The tilt then grows at up to
    `search` [rad/s], limited so that the volume released within `reaction` [s], the time to hear a
    flow and stop the tilt, is at most `share` of the goal. Then the flow is held at `flow` [m^3/s],
    less once the goal is within `approach` [s]; `gain` [rad/s per m^3/s] converts the flow error to
    a tilt rate. Delays: `fall` [s] from lip to surface, up to `late` [s] from impact to detection,
    `delay` [s] from decision to effect.

    A level below `silence` [dB re full scale] means a muted microphone, no sound for `deaf` [s] a
    dead one. The pour aborts after `patience` [s] of expected flow that is not heard, or of none at
    the largest tilt.

    The flow predicted from tilt and content has the errors `model_spread` and `model_drift` (as in
    `FlowPrior`). `trust`, `plume` and `jitter` are those of `Hearing`; `detuning`, `empty` and
    `fullest` those of the prior over the target vessel.
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
    late: float = 0.25
    delay: float = 0.15
    silence: float = -110.0
    deaf: float = 1.0
    patience: float = 1.0
    model_spread: float = 0.03
    model_drift: float = 0.02
    trust: float = 1.0
    plume: float = 0.0
    jitter: float = 0.0005
    detuning: float = 0.025
    empty: float = 0.75
    fullest: float = 0.35


class Acoustic:
    """Pours by the sound of the vessel being filled.

    It searches for the tilt at which a flow is heard. That tilt gives the start volume up to what
    the dry lip may hold back, so many hypotheses are tracked: each has a start volume and lip, the
    flow that they give at the measured tilts, and a target vessel. The resonance weighs them.

    It needs the held vessel and a microphone. The target vessel may be unknown.
    """

    senses: frozenset[Sense] = frozenset({Sense.AUDIO})

    def __init__(self, station: Station, config: AcousticConfig = AcousticConfig()) -> None:
        arm = station.arm
        self._config = config
        self._source = station.placed("the policy acoustic")[0].vessel
        self._path = path = plan_pour(station)
        self._target = station.target
        self._arm = arm
        self._tilting = Tilting(arm, path)
        self._pouring = Pouring(arm, self._tilting, self._decide)
        self.reset(PourGoal(0.0))

    def reset(self, goal: PourGoal) -> None:
        config = self._config
        check_goal(goal.target_volume, self._source)
        self._goal = goal.target_volume
        target = self._target
        prior = known_vessel(target, config.detuning) if target else unknown_vessel()
        self._listener = Listener(
            replace(prior, empty=config.empty, fullest=config.fullest),
            FlowPrior(config.flow, config.model_spread, config.model_drift),
            Hearing(trust=config.trust, plume=config.plume, fresh=0.0, jitter=config.jitter),
        )
        count = self._listener.filling.count
        self._draining = Draining(self._source, np.zeros(count), np.ones(count), np.zeros(count))
        self._rng = np.random.default_rng(0)
        self.heard: Estimate | None = None
        """The newest estimate."""
        self.start_content: float | None = None
        """Source volume [m^3] when flow was first heard; None until then."""
        self._heard_at: int | None = None
        self._reached: float | None = None
        self._tilts: deque[tuple[int, float]] = deque(maxlen=50)
        self._began: int | None = None
        self._since: dict[str, int] = {}
        self._error = float("nan")
        self._pouring.reset()

    def act(self, observation: Observation) -> Decision:
        self._tilts.append((observation.stamp, self._measured(observation)))
        self._listen(observation)
        decision = replace(self._pouring.act(observation), estimated_volume_error=self._error)
        heard = self.heard
        if heard is None or not (heard.flowing and heard.audible):
            return decision
        belief = heard.belief
        return replace(decision, resonance=belief.resonance, resonance_error=belief.resonance_cents)

    def _measured(self, observation: Observation) -> float:
        positions = self._arm.nearest_turn(observation.joints.positions, self._path.at(0.0))
        return self._path.tilt_of(positions)

    def _listen(self, observation: Observation) -> None:
        now, config = observation.stamp, self._config
        if not observation.audio:
            since = self._heard_at if self._heard_at is not None else now
            self._heard_at = since
            if to_seconds(now - since) > config.deaf:
                raise DeafError(f"no sound for {config.deaf:.0f} s; check the microphone")
            return
        self._heard_at = now
        for piece in observation.audio:
            self._hear(piece, now)

    def _hear(self, piece: AudioChunk, now: int) -> None:
        seconds, left = len(piece.samples) / SAMPLE_RATE, self._left(piece.end)
        gap = left - seconds - self._reached if self._reached is not None else 0.0
        if gap > PERIOD:
            self._draining.tilt = self._tilt(left - seconds - 0.5 * gap)
            self._listener.filling.add(self._draining.step(gap))
        self._reached = left
        self._draining.tilt = self._tilt(left - 0.5 * seconds)
        none = self._began is None or to_seconds(now - self._began) < self._config.listen
        estimates = self._listener.push(piece.samples, self._draining, none)
        if estimates:
            self.heard = estimates[-1]

    def _left(self, now: int) -> float:
        """Time at which the liquid in the newest spectrum, at `now` [ns], left the lip [s]."""
        return to_seconds(now) - self._config.fall - DELAY

    def _tilt(self, moment: float) -> float:
        """The tilt [rad] at `moment` [s]."""
        stamps = [to_seconds(stamp) for stamp, _ in self._tilts]
        return float(np.interp(moment, stamps, [tilt for _, tilt in self._tilts]))

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
                f"no flow heard at a tilt of {tilt:.2f} rad: the source seems to be empty"
            )
        released = config.share * self._goal / config.reaction
        rate = min(config.search, search_rate(self._source, tilt, released))
        return Tilt(max(rate, 0.03), 0.0)

    def _find_start(self, now: int) -> None:
        """Estimate the content from the tilt at which the flow began, and catch up to `now`."""
        count = self._listener.filling.count
        left = self._left(now)
        began = left - self._config.late * self._rng.random(count)
        tilts = np.array([self._tilt(moment) for moment in began])
        self._draining = draining = Draining.begun(self._source, tilts, self._rng)
        self.start_content = float(draining.content.mean())
        missed = np.zeros(count)
        for moment in np.arange(began.min(), left, STEP):
            draining.tilt = self._tilt(moment)
            missed += draining.step(STEP, began <= moment)
        self._listener.filling.add(missed)
        self._since.clear()

    def _lasts(self, trouble: str, now: int) -> bool:
        """Whether a fault has lasted longer than `patience`."""
        return to_seconds(now - self._since.setdefault(trouble, now)) > self._config.patience

    def _pour(self, observation: Observation, heard: Estimate) -> Tilt:
        config, belief = self._config, heard.belief
        self._error = belief.poured_error
        now, tilt = self._tilts[-1]
        seconds = to_seconds(now)
        # From the volume heard so far to the volume leaving the lip now.
        draining = self._draining.mean(self._listener.filling.weights())
        coming = 0.0
        for moment in np.arange(self._reached or seconds, seconds, STEP):
            draining.tilt = self._tilt(moment)
            coming += float(draining.step(STEP)[0])
        draining.tilt = tilt
        flow = float(draining.flow()[0])
        limits = self._tilting.limits
        rate = (tilt - self._tilt(seconds - 0.15)) / 0.15
        delay = config.delay + to_seconds(observation.now - observation.stamp)
        coming += draining.tail(rate, limits.speed, limits.acceleration, delay)
        remaining = self._goal - belief.poured - coming
        if remaining <= 0:
            return Tilt(estimated_volume=belief.poured + coming, done=True)
        if flow > 4e-6 and not heard.flowing:
            if self._lasts("quiet", now):
                # The sound was not the pour: continue the search from here.
                self.start_content = None
                self._draining.content[:] = 0.0
                self._since.clear()
                return self._search(tilt)
        else:
            self._since.pop("quiet", None)
        if tilt >= self._tilting.max_tilt - 1e-3 and flow < 1e-6:
            raise EmptyError(
                f"the source ran empty {remaining * 1e6:.0f} ml short of the goal, by ear"
            )
        wanted = min(config.flow, max(remaining / config.approach, config.least))
        wish = config.gain * (wanted - flow)
        return Tilt(float(np.clip(wish, -config.search, config.search)), belief.poured)
