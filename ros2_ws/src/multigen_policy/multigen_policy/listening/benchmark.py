"""The listener on a folder of real pours, beside clocks and a constant, in both protocols."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multigen_core.workers import run_tasks
from multigen_core.world.recordings import Recording
from multigen_policy.learned.recordings import EVERY, fill_of, frames_at
from multigen_policy.listening.listener import Listener
from multigen_policy.listening.protocols import Excerpt, Protocol, excerpt
from multigen_policy.listening.recording import load_sound
from multigen_policy.listening.shapes import Prior, known_vessel, unknown_vessel
from multigen_policy.listening.spectrum import Floats

TRIGGER = 0.9
"""Estimated fill at which a pour would be stopped."""
WINDOW = (0.8, 1.0)
"""Range of the true fill in which that stop is right."""
SIZE_ERROR = 0.08
"""Uncertainty (log2) of the pitch computed from a table's sizes, which were read by eye."""
EMPTY = {Protocol.WARP: 0.9, Protocol.CROP: 0.4}
"""Probability that a vessel is empty at the start of an excerpt."""
POLICY = ("policy, sound", "policy, picture", "policy, both")
LISTENERS = ("listener, size known", "listener, size unknown", *POLICY)
CLOCKS = ("clock, mean duration", "clock, fitted on crops")
CONSTANT = "constant"
METHODS = (*LISTENERS, *CLOCKS, CONSTANT)


@dataclass(frozen=True, eq=False)
class Heard:
    """One excerpt: truth and, per listener, fill estimate and its standard deviation, (N,) each."""

    recording: Recording
    protocol: Protocol
    truth: Floats
    fill: dict[str, Floats]
    error: dict[str, Floats]

    @property
    def elapsed(self) -> Floats:
        """Duration [s]."""
        return Excerpt(np.zeros((0, 0)), self.truth, self.truth).elapsed


def seed_of(recording: Recording, protocol: Protocol, seed: int) -> np.random.Generator:
    """Generator whose draws for a clip do not depend on the other clips in the run."""
    return np.random.default_rng([seed, zlib.crc32(f"{recording.clip} {protocol.value}".encode())])


def hear(recording: Recording, protocol: Protocol, seed: int, policy: Path | None = None) -> Heard:
    """Run the listener, with and without the vessel's size, on one draw of a protocol.

    With the weights of a learned policy, its perception too; of the video, too, if there is one.

    Raises:
        MultigenError: the recording cannot be read.
    """
    sound = load_sound(recording.path)
    given = excerpt(sound.samples, protocol, seed_of(recording, protocol, seed))
    priors = (
        known_vessel(recording.vessel, SIZE_ERROR, EMPTY[protocol]),
        unknown_vessel(EMPTY[protocol]),
    )
    fill, error = {}, {}
    for method, prior in zip(LISTENERS, priors, strict=False):
        fill[method], error[method] = follow(given, prior)
    if policy:
        sound_only, picture_only, both = POLICY
        fill[sound_only], error[sound_only] = fill_of(policy, given.spectra)
        video = recording.path.parent.parent / "video" / f"{recording.clip}.mp4"
        if protocol is Protocol.WARP and video.is_file():
            pictures = frames_at(video, given.moments[EVERY - 1 :: EVERY])
            count = len(given.spectra)
            fill[picture_only], error[picture_only] = fill_of(policy, None, pictures, count)
            fill[both], error[both] = fill_of(policy, given.spectra, pictures)
    return Heard(recording, protocol, given.truth, fill, error)


def follow(given: Excerpt, prior: Prior) -> tuple[Floats, Floats]:
    """Estimated fill and its standard deviation, (N,) each."""
    listener = Listener(prior)
    beliefs = [listener.step(spectrum).belief for spectrum in given.spectra]
    return np.array([b.fill for b in beliefs]), np.array([b.fill_error for b in beliefs])


Task = tuple[Recording, Protocol, int, Path | None]


def _hear(task: Task) -> Heard:
    return hear(*task)


def hear_all(
    recordings: Sequence[Recording],
    seeds: Iterable[int],
    processes: int,
    policy: Path | None = None,
) -> Iterator[tuple[Task, Heard | Exception]]:
    """Every recording in both protocols with every seed; the error for one that cannot be read."""
    tasks = [
        (recording, protocol, seed, policy)
        for seed in seeds
        for protocol in Protocol
        for recording in recordings
    ]
    return run_tasks(_hear, tasks, processes)


def with_clocks(heard: Sequence[Heard]) -> list[dict[str, Floats]]:
    """Estimated fill (N,) by every method for each excerpt; clocks are fitted on other vessels.

    The constant is the mean truth. The mean-duration clock runs from 0 to 1 in the mean duration
    of the other vessels' recordings; the fitted one is the least-squares line a + b t over their
    excerpts of the same protocol.
    """
    fits: dict[tuple[str, Protocol], tuple[float, float, float, float] | None] = {}
    guesses = []
    for item in heard:
        group = item.recording.container, item.protocol
        if group not in fits:
            fits[group] = _fit([
                other for other in heard
                if other.recording.container != group[0] and other.protocol is group[1]
            ])  # fmt: skip
        guess = dict(item.fill)
        if fit := fits[group]:
            duration, slope, start, mean = fit
            guess[CLOCKS[0]] = np.clip(item.elapsed / duration, 0.0, 1.0)
            guess[CLOCKS[1]] = np.clip(start + slope * item.elapsed, 0.0, 1.0)
            guess[CONSTANT] = np.full(len(item.truth), mean)
        guesses.append(guess)
    return guesses


def _fit(heard: Sequence[Heard]) -> tuple[float, float, float, float] | None:
    """Mean duration, slope and start of the fitted clock, mean truth; excerpts weigh equally."""
    if not heard:
        return None
    weights = np.concatenate([np.full(len(h.truth), 1 / len(h.truth)) for h in heard])
    times = np.concatenate([h.elapsed for h in heard])
    truth = np.concatenate([h.truth for h in heard])
    slope, start = np.polyfit(times, truth, 1, w=np.sqrt(weights))
    duration = np.mean([h.recording.duration for h in heard])
    return float(duration), float(slope), float(start), float(np.average(truth, weights=weights))
