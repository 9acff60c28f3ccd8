"""How fast flow speaks in onnxruntime, which plays its networks, and torch, which trains them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from multigen_audio.flow.features import FEATURES
from multigen_audio.flow.wandering import KEEPS
from multigen_audio.flow.weights import MOUTH, VOICE, weights_folder
from multigen_core.learning.mel import BANDS, WINDOW
from multigen_core.learning.runtime import Network
from multigen_core.learning.weights import read_weights

HOPS = 10
"""Of 10 ms in a chunk, as a picture gives."""
_CHUNKS = 50
_WARM = 3


def runtimes(checkpoint: str = "") -> Iterator[tuple[str, float]]:
    """Processor time per sound of voice and mouth, chunk by chunk on one thread, by runtime.

    Raises:
        WeightsError: the weights are missing or damaged.
    """
    folder = weights_folder(checkpoint)
    rng = np.random.default_rng(0)
    shapes = {
        "features": (1, HOPS, FEATURES),
        "noise": (1, HOPS, len(KEEPS), BANDS),
        "spectra": (1, HOPS, BANDS),
        "phases": (1, HOPS, WINDOW + 2),
    }
    given = {name: rng.standard_normal(size, np.float32) for name, size in shapes.items()}
    voice, mouth = Network(folder, "voice", VOICE), Network(folder, "mouth", MOUTH)

    def play() -> None:
        voice.run(features=given["features"], noise=given["noise"])
        mouth.run(spectra=given["spectra"], noise=given["phases"])

    yield "onnxruntime", _work(play)
    if find_spec("torch"):
        yield "torch", _work(_in_torch(folder, given))


def _in_torch(folder: Path, given: dict[str, np.ndarray]) -> Callable[[], None]:
    import torch

    from multigen_audio.flow.networks.mouth import Mouth, MouthConfig
    from multigen_audio.flow.networks.voice import PLACES, Voice, VoiceConfig

    torch.set_num_threads(1)
    tensors = {name: torch.from_numpy(value) for name, value in given.items()}
    weights, settings = read_weights(folder / "voice.safetensors", VOICE)
    voice = Voice(VoiceConfig(**settings))
    voice.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    weights, settings = read_weights(folder / "mouth.safetensors", MOUTH)
    mouth = Mouth(MouthConfig(**settings))
    mouth.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    memories = [voice.memory().repeat(len(PLACES), 1, 1, 1, 1), mouth.memory()]

    def play() -> None:
        with torch.inference_mode():
            memories[0] = voice(tensors["features"], tensors["noise"], memories[0])[1]
            memories[1] = mouth(tensors["spectra"], tensors["phases"], memories[1])[1]

    return play


def _work(play: Callable[[], None]) -> float:
    for _ in range(_WARM):
        play()
    begin = time.process_time()
    for _ in range(_CHUNKS):
        play()
    return (time.process_time() - begin) / (_CHUNKS * HOPS * 0.01)
