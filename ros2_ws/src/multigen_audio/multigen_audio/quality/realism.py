"""Distance of generated sound from real recordings of the same vessels, over real-vs-real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.random import Generator

from multigen_audio.quality.embedding import Embedding
from multigen_audio.quality.frechet import frechet_distance
from multigen_audio.quality.truth import Floats
from multigen_audio.quality.two_sample import two_sample_auc
from multigen_audio.recorded.clips import load
from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.recordings import Recording, RecordingError

EmbeddedWindows = Mapping[str, Mapping[str, Floats]]
"""Embedded windows (W, D) by vessel and embedding."""

_NONE: EmbeddedWindows = MappingProxyType({})
_DRAWS = 20
"""Of windows, and of vessels for the real-vs-real distance."""
_FEWEST = 8
"""EmbeddedWindows of a vessel that can be compared at all."""


@dataclass(frozen=True)
class Distances:
    """Fréchet distances by embedding, and how well a classifier tells the two kinds apart."""

    frechet: dict[str, float]
    auc: float


@dataclass(frozen=True)
class Floor(Distances):
    """Real against real of other vessels: means over draws, and the 5th and 95th percentile."""

    spread: dict[str, tuple[float, float]]


def embed_recordings(
    recordings: Sequence[Recording], embeddings: Mapping[str, Embedding]
) -> tuple[dict[str, dict[str, Floats]], list[str]]:
    """The windows of recordings by container and, one line each, why others were left out."""
    parts: dict[str, dict[str, list[Floats]]] = {}
    skipped = []
    for recording in recordings:
        try:
            sound = load(recording, SAMPLE_RATE)
        except RecordingError as error:
            skipped.append(str(error))
            continue
        own = parts.setdefault(recording.container, {name: [] for name in embeddings})
        for name, embedding in embeddings.items():
            own[name].append(embedding(sound))
    windows = {
        container: {name: np.concatenate(found) for name, found in own.items()}
        for container, own in parts.items()
    }
    return windows, skipped


class Realism:
    """Compares as many windows of every vessel: of the real recordings, and of what is judged."""

    def __init__(
        self, real: EmbeddedWindows, others: EmbeddedWindows, count: int, seed: int = 0
    ) -> None:
        """A comparison.

        Args:
            real: recordings of the vessels that are also generated.
            others: recordings of other vessels.
            count: windows of each vessel that are compared.
            seed: of the draws.
        """
        self._real, self._others, self._count = real, others, count
        self._seed = seed
        self.vessels = sorted(real)

    @property
    def windows(self) -> int:
        """In each set that is compared."""
        return self._count * len(self.vessels)

    def of(self, generated: EmbeddedWindows) -> Distances:
        """Generated sound against the recordings of the same vessels; means over draws."""
        rng = np.random.default_rng(self._seed)
        draws = [
            self._compare(self._drawn(generated, self.vessels, rng), rng) for _ in range(_DRAWS)
        ]
        return Distances(*_mean(draws))

    def floor(self) -> Floor | None:
        """Recordings of other vessels against these; None if there are too few others."""
        rich = [name for name in sorted(self._others) if self._enough(self._others[name])]
        if len(rich) < len(self.vessels):
            return None
        rng = np.random.default_rng(self._seed)
        draws = []
        for _ in range(_DRAWS):
            chosen = [str(name) for name in rng.choice(rich, len(self.vessels), replace=False)]
            draws.append(self._compare(self._drawn(self._others, chosen, rng), rng))
        spread = {
            name: tuple(np.percentile([d.frechet[name] for d in draws], [5, 95]).tolist())
            for name in draws[0].frechet
        }
        return Floor(*_mean(draws), spread)

    def _enough(self, windows: Mapping[str, Floats]) -> bool:
        return min(map(len, windows.values())) >= self._count

    def _drawn(
        self, windows: EmbeddedWindows, vessels: Sequence[str], rng: Generator
    ) -> list[dict[str, Floats]]:
        """`count` windows of each vessel, the same of every embedding."""
        drawn = []
        for vessel in vessels:
            own = windows[vessel]
            length = min(map(len, own.values()))
            chosen = rng.choice(length, self._count, replace=False)
            drawn.append({name: values[chosen] for name, values in own.items()})
        return drawn

    def _compare(self, judged: Sequence[Mapping[str, Floats]], rng: Generator) -> Distances:
        real = self._drawn(self._real, self.vessels, rng)
        frechet = {
            name: frechet_distance(
                np.concatenate([part[name] for part in judged]),
                np.concatenate([part[name] for part in real]),
            )
            for name in real[0]
        }
        both = [
            [np.concatenate([*part.values()], axis=1) for part in kind] for kind in (judged, real)
        ]
        return Distances(frechet, two_sample_auc(*both))


def shared_count(
    windows: Sequence[EmbeddedWindows], vessels: Sequence[str], others: EmbeddedWindows = _NONE
) -> int:
    """The most windows of each vessel that every kind of sound has, 0 if too few to compare.

    And no more than as many of the `others` have, if so many can be compared at all.
    """
    if not all(name in kind for kind in windows for name in vessels):
        return 0
    least = min(
        (len(values) for kind in windows for name in vessels for values in kind[name].values()),
        default=0,
    )
    sizes = sorted((min(map(len, own.values())) for own in others.values()), reverse=True)
    if len(sizes) >= len(vessels) and sizes[len(vessels) - 1] >= _FEWEST:
        least = min(least, sizes[len(vessels) - 1])
    return least if least >= _FEWEST else 0


def _mean(draws: Sequence[Distances]) -> tuple[dict[str, float], float]:
    frechet = {
        name: float(np.mean([draw.frechet[name] for draw in draws])) for name in draws[0].frechet
    }
    return frechet, float(np.mean([draw.auc for draw in draws]))
