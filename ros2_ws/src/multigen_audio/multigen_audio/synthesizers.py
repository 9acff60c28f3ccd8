"""The choice of a synthesizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from multigen_audio.physical import Physical
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import Silent, Synthesizer

DEFAULT = "physical"


@dataclass(frozen=True)
class SynthesizerConfig:
    """What a synthesizer is made from.

    `synthesizer` is a name, '' or 'default' for DEFAULT; `checkpoint` a path or hub id and `device`
    where it runs, for those that have weights; `sample_rate` [Hz]; `seed` of every random number.
    """

    synthesizer: str = DEFAULT
    checkpoint: str = ""
    device: str = "cpu"
    sample_rate: int = SAMPLE_RATE
    seed: int = 0


def _physical(config: SynthesizerConfig) -> Synthesizer:
    return Physical(seed=config.seed, sample_rate=config.sample_rate)


def _silent(config: SynthesizerConfig) -> Synthesizer:
    return Silent(config.sample_rate)


SYNTHESIZERS: dict[str, Callable[[SynthesizerConfig], Synthesizer]] = {
    "physical": _physical,
    "silent": _silent,
}


def make_synthesizer(config: SynthesizerConfig) -> Synthesizer:
    """The configured synthesizer.

    Raises:
        MultigenError: there is none of that name, or it cannot be made so; one line.
    """
    name = config.synthesizer if config.synthesizer not in ("", "default") else DEFAULT
    if name not in SYNTHESIZERS:
        raise MultigenError(
            f"synthesizer {name!r} is not available; available: {', '.join(SYNTHESIZERS)}"
        )
    try:
        return SYNTHESIZERS[name](config)
    except ValueError as error:
        raise MultigenError(f"synthesizer {name}: {error}") from error
