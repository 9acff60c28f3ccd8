"""Embeddings of windows of sound: one network, with random weights or trained ones."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigen_audio.quality.truth import Floats
from multigen_audio.quality.windows import windows
from multigen_core.config.yaml_file import share_directory
from multigen_core.learning.mel import BANDS
from multigen_core.learning.weights import Kind, read_weights

KIND = Kind("embedding", 1, "retrain with `multigen train-audio embedding`")
CHANNELS = (1, 16, 32, 64, 96)
DIMENSIONS = 64
_SEED = 20250704
_BATCH = 128

Weights = Mapping[str, NDArray[np.float32]]


def pooled_size() -> int:
    """Length of what the last convolution gives, averaged over time."""
    bands = BANDS
    for _ in CHANNELS[1:]:
        bands = (bands + 1) // 2
    return 2 * bands * CHANNELS[-1]


def untrained() -> Weights:
    """Random weights, the same every time: convolutions after He, an orthonormal projection.

    Nothing was fitted to any sound, so no generator can have been trained against what it hears.
    """
    rng = np.random.default_rng(_SEED)
    weights = {}
    for index, (before, after) in enumerate(pairwise(CHANNELS)):
        shape = (after, before, 3, 3)
        scale = np.sqrt(2 / (9 * before))
        weights[f"conv{index}.weight"] = (scale * rng.standard_normal(shape)).astype(np.float32)
        weights[f"conv{index}.bias"] = (0.1 * rng.standard_normal(after)).astype(np.float32)
    basis = np.linalg.qr(rng.standard_normal((pooled_size(), DIMENSIONS)))[0]
    weights["project.weight"] = basis.T.astype(np.float32)
    weights["project.bias"] = np.zeros(DIMENSIONS, np.float32)
    return weights


def trained(folder: Path | None = None) -> Weights:
    """The shipped weights, or those in a folder.

    Raises:
        WeightsError: they are missing, damaged or of another version.
    """
    folder = folder or share_directory("multigen_audio") / "config/weights/embedding"
    return read_weights(folder / "embedding.safetensors", KIND)[0]


class Embedding:
    """Four convolutions of stride 2, mean and deviation over time, a projection to DIMENSIONS."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __call__(self, sound: Floats) -> Floats:
        """Embeddings (W, DIMENSIONS) of the windows of a sound (N,) at 16 kHz."""
        pictures, _ = windows(sound)
        parts = [
            self.embed(pictures[first : first + _BATCH])
            for first in range(0, len(pictures), _BATCH)
        ]
        return np.concatenate([np.empty((0, DIMENSIONS)), *parts])

    def embed(self, pictures: NDArray[np.float32]) -> Floats:
        """Embeddings (W, DIMENSIONS) of log-mel pictures (W, FRAMES, BANDS)."""
        value = pictures[:, None]
        for index in range(len(CHANNELS) - 1):
            kernel = self._weights[f"conv{index}.weight"]
            bias = self._weights[f"conv{index}.bias"]
            value = np.maximum(_convolve(value, kernel) + bias[:, None, None], 0.0)
        pooled = np.concatenate([value.mean(axis=2), value.std(axis=2)], axis=1)
        flat = pooled.reshape(len(pooled), -1)
        projected = flat @ self._weights["project.weight"].T + self._weights["project.bias"]
        return np.asarray(projected, np.float64)


def _convolve(value: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolution 3 by 3 of (W, C, T, F) with stride 2, padded by 1."""
    padded = np.pad(value, ((0, 0), (0, 0), (1, 1), (1, 1)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
    moved = np.moveaxis(patches, 1, 3)
    flat = moved.reshape(*moved.shape[:3], -1) @ kernel.reshape(len(kernel), -1).T
    return np.moveaxis(flat, 3, 1)
