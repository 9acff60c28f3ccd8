"""Parameters of the audio_synthesizer node."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.config.parameters import DEVICE, parameter
from multigen_core.contract import CHUNK, SAMPLE_RATE
from multigen_core.synthesizer import DEFAULT


@dataclass(frozen=True)
class SynthesizerParameters:
    """Parameters of the audio_synthesizer."""

    synthesizer: str = parameter(DEFAULT, "installed synthesizer; '' or 'default': the default")
    checkpoint: str = parameter(
        "", "weights of the synthesizer: a path or a hub id; replay: folder of recordings"
    )
    recordings: str = parameter(
        "", "containers or splits that replay may use, comma-separated; held_out; '' for all"
    )
    device: str = parameter("cpu", "device of its networks: cpu, cuda, cuda:1 …", pattern=DEVICE)
    sample_rate: int = parameter(SAMPLE_RATE, "Hz", low=8000, high=48000)
    chunk: int = parameter(CHUNK, "samples per message", low=16, high=16000)
    seed: int = parameter(0, "seed of all randomness", low=0)
    batch: float = parameter(
        0.08, "length of sound generated at once from liquid states [s]; 0: per state", 0.0, 0.5
    )
    latency_warn: float = parameter(
        0.25, "warn if a message's first sample is older than this when published [s]", low=0.0
    )
    audio_view: str = parameter(
        "cutaway", "images for a synthesizer that needs them", choices=("cutaway", "public")
    )

    @property
    def kept_recordings(self) -> tuple[str, ...]:
        """`recordings` as a list."""
        return tuple(filter(None, (part.strip() for part in self.recordings.split(","))))
