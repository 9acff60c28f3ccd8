"""Synthesizers that this package registers in the entry-point group `multigen.synthesizers`."""

from __future__ import annotations

from pathlib import Path

from multigen_audio.mmaudio import MMAudio, MMAudioConfig
from multigen_audio.physical import Physical, PhysicalConfig
from multigen_audio.recorded.splits import chosen
from multigen_audio.replay import Library, Replay
from multigen_core.config.yaml_file import load_model
from multigen_core.synthesizer import Silent, Synthesizer, SynthesizerConfig
from multigen_core.world.recordings import read_recordings, real_data_folder

_MOST = 3
"""Recordings per container to use for other vessels, unless some are named."""


def physical(config: SynthesizerConfig) -> Synthesizer:
    """The acoustics of docs/audio.md; `checkpoint` may be a YAML file of a PhysicalConfig."""
    settings = (
        load_model(PhysicalConfig, Path(config.checkpoint))
        if config.checkpoint
        else PhysicalConfig()
    )
    return Physical(seed=config.seed, sample_rate=config.sample_rate, config=settings)


def replay(config: SynthesizerConfig) -> Synthesizer:
    """From real recordings; `checkpoint` is their folder, by default that of the environment."""
    recordings, skipped = read_recordings(real_data_folder(config.checkpoint))
    most = None if config.recordings else _MOST
    library = chosen(recordings, config.recordings)
    return Replay(Library(library, config.sample_rate, skipped, most), seed=config.seed)


def silent(config: SynthesizerConfig) -> Synthesizer:
    """Zeros."""
    return Silent(config.sample_rate)


def mmaudio(config: SynthesizerConfig) -> Synthesizer:
    """MMAudio; `checkpoint` names a variant, weights or a YAML file of an MMAudioConfig."""
    from multigen_audio.mmaudio.model import Model

    settings = MMAudioConfig.of(config.checkpoint)
    return MMAudio(Model(settings, config.device, config.seed), settings, config.sample_rate)
