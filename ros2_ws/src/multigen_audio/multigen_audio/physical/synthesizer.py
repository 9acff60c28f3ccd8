"""The physical synthesizer: liquid states in, sound out."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from multigen_audio.limiter import limit
from multigen_audio.physical.body import Body
from multigen_audio.physical.config import PhysicalConfig
from multigen_audio.physical.controls import controls, jumped
from multigen_audio.physical.drives import Drives
from multigen_audio.physical.grid import BLOCKS_PER_SECOND, Floats, Grid
from multigen_audio.physical.mixer import Mixer
from multigen_audio.physical.surroundings import Response, Reverberation
from multigen_audio.physical.timbre import timbre
from multigen_core.contract import SAMPLE_RATE
from multigen_core.synthesizer import Source
from multigen_core.types import AudioChunk, CameraFrame, LiquidState
from multigen_core.world.catalogue import liquid, vessel

_BATCH = 100
_FADE_BLOCKS = 2
_DEFAULT = PhysicalConfig()


class Physical:
    """Sound of a pour from the simulator's ground truth, by the acoustics of docs/audio.md.

    Works in blocks of 5 ms over which all controls move linearly. Equal states, stamps and
    seed give equal sound however they are pushed and pulled. A jump of the liquid, a reset of the
    world, fades out and in between the two states.
    """

    source = Source.LIQUID_STATE
    latency = 1.0 / BLOCKS_PER_SECOND

    def __init__(
        self,
        seed: int = 0,
        sample_rate: int = SAMPLE_RATE,
        config: PhysicalConfig = _DEFAULT,
    ) -> None:
        """Create a synthesizer.

        Args:
            seed: of all randomness.
            sample_rate: [Hz], a multiple of 200.
            config: how the pour is heard.
        """
        self.sample_rate = sample_rate
        self._grid = Grid(sample_rate)
        self._seed = seed
        self._config = config
        self._floor = 10.0 ** (config.noise_floor / 20.0)
        self._gain = 10.0 ** (config.gain / 20.0)
        self._bodies: dict[str, Body] = {}
        self.reset()

    def reset(self) -> None:
        """Clear the state; the next input starts a new stream with the seed's first numbers."""
        self._states: list[LiquidState] = []
        self._origin = 0
        self._block = 0
        self._fade_in: int | None = None
        self._mixer = Mixer(self._grid, self._seed, self._config.slosh, self._config.fade)
        self._noise = np.random.default_rng([self._seed, 1])
        c, rate = self._config, self.sample_rate
        self._room = Reverberation(c.room, rate) if c.room else None
        self._microphone = Response(c.microphone, rate) if c.microphone else None
        rng = np.random.default_rng([self._seed, 2])
        self._drives = Drives(c.motor, self._grid, rng) if c.motor else None

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one liquid state.

        Raises:
            TypeError: it is an image.
            ValueError: its stamp does not increase.
            ConfigError: its vessel or liquid is in no catalogue.
        """
        if not isinstance(item, LiquidState):
            raise TypeError(f"physical takes liquid states, got {type(item).__name__}")
        if self._states and item.stamp <= self._states[-1].stamp:
            raise ValueError(f"stamp {item.stamp} is not later than {self._states[-1].stamp}")
        if item.target_vessel not in self._bodies:
            self._bodies[item.target_vessel] = Body(vessel(item.target_vessel))
        liquid(item.liquid)
        if not self._states:
            self._origin = item.stamp
            self._begin(item)
        self._states.append(item)

    def pull(self) -> list[AudioChunk]:
        """The sound completed since the last call: at most one chunk, of whole blocks."""
        parts: list[Floats] = []
        first = self._block
        while len(self._states) > 1:
            run = self._run()
            if run == len(self._states):
                self._render(run, self._complete(self._states[-1].stamp), None, parts)
                break
            # The world jumped after state run - 1: fade out to the middle of the interval.
            silent_from = self._states[run - 1].stamp
            middle = (silent_from + self._states[run].stamp) // 2
            end = max(self._complete(middle), self._block)
            self._render(run, end, silent_from, parts)
            del self._states[:run]
            self._fade_in = end
            self._begin(self._states[0])
        if not parts:
            return []
        samples = np.concatenate(parts).astype(np.float32)
        stamp = self._origin + self._grid.time(first)
        return [AudioChunk(stamp, samples, self.sample_rate)]

    def _begin(self, state: LiquidState) -> None:
        entry = liquid(state.liquid)
        self._density = entry.density
        body = self._bodies[state.target_vessel]
        self._mixer.begin(body, entry, timbre(entry, state.temperature))

    def _complete(self, stamp: int) -> int:
        return self._grid.complete(stamp - self._origin)

    def _run(self) -> int:
        """How many states follow the first without a jump, itself included."""
        for index in range(1, len(self._states)):
            if jumped(self._states[index - 1], self._states[index]):
                return index
        return len(self._states)

    def _render(self, run: int, end: int, silent_from: int | None, parts: list[Floats]) -> None:
        """Render up to block `end` from the first `run` states, faded out from `silent_from`."""
        stamps = [state.stamp - self._origin for state in self._states[:run]]
        while self._block < end:
            stop = min(end, self._block + _BATCH)
            times = self._grid.times(self._block, stop)
            since = max(bisect_right(stamps, times[0]) - 1, 0)
            until = bisect_right(stamps, times[-1]) + 1
            states = self._states[since : min(until, run)]
            now = controls(states, times - stamps[since], self._density)
            sound = self._mixer.render(now)
            gain = np.ones(len(times))
            if silent_from is not None:
                last = float(self._grid.time(end))
                begin = min(float(silent_from - self._origin), last - 1.0)
                gain = np.clip((last - times) / (last - begin), 0.0, 1.0)
            if self._fade_in is not None:
                since_jump = np.arange(self._block, stop + 1) - self._fade_in
                gain = np.minimum(gain, np.clip(since_jump / _FADE_BLOCKS, 0.0, 1.0))
            sound *= self._gain * self._grid.ramp(gain).ravel()
            sound = self._surround(sound, now.tilt)
            sound += self._floor * self._noise.standard_normal(len(sound))
            parts.append(limit(sound))
            self._block = stop
        if silent_from is None:
            used = bisect_right(stamps, self._grid.time(self._block)) - 1
            del self._states[: max(used, 0)]

    def _surround(self, sound: Floats, tilt: Floats) -> Floats:
        """What the pour's sound is at the microphone, and what else is."""
        if self._drives:
            sound = sound + self._drives.render(tilt)
        if self._room:
            sound = self._room.filter(sound)
        if self._microphone:
            sound = self._microphone.filter(sound)
        return sound
