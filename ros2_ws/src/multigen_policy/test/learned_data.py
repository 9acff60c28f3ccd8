"""Recorded pours made up for tests: their sound and pictures tell the volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.dataset import write_episode
from multigen_policy.learned.inputs import BANDS, STATE
from multigen_policy.learned.onsets import ONSETS, VOLUME_UNIT
from multigen_policy.learned.recorder import TRUTH


def made_up(seed: int, steps: int = 30) -> dict[str, np.ndarray]:
    """Arrays of a pour at a steady flow, whose resonance and level rise."""
    rng = np.random.default_rng(seed)
    time = np.arange(steps) / 10
    flow = rng.uniform(15, 40)
    left = flow * np.maximum(time - 0.5, 0)
    truth = np.zeros((steps, len(TRUTH)), np.float32)
    for name, values in (
        ("left", left), ("poured", 0.9 * left), ("airborne", 0.1 * left),
        ("outflow", flow * (time > 0.5)), ("content", 0.9 * left), ("capacity", 300.0),
        ("fill", left / 300), ("air_column", 10 - left / 40), ("resonance", 3 + left / 100),
        ("target_height", 12.0), ("target_radius", 4.0),
    ):  # fmt: skip
        truth[:, TRUTH.index(name)] = values
    state = np.zeros((steps, len(STATE)), np.float32)
    state[:, STATE.index("goal")] = 0.6
    for name in ("sees", "hears", "knows_held"):
        state[:, STATE.index(name)] = 1.0
    crop = np.full((steps, *CROP, 3), 40, np.uint8)
    for picture, volume in zip(crop, left, strict=True):
        picture[max(0, int(CROP[0] - 5 - volume)) :, :, 2] = 220
    spectra = rng.normal(-80, 3, (5 * steps, BANDS))
    for index, row in enumerate(spectra):
        row[int(60 + left[index // 5]) % BANDS] += 40
    onsets = np.zeros((steps, len(ONSETS), 2), np.float16)
    begun = np.linspace(0, 2, len(ONSETS))
    onsets[..., 0] = flow * np.maximum(time[:, None] - begun, 0) / VOLUME_UNIT
    return {
        "crop": crop, "whole": np.full((steps, *WHOLE, 3), 90, np.uint8), "state": state,
        "onsets": onsets, "truth": truth, "target": np.ones(9, np.float32),
        "flow_spectra": spectra.astype(np.float16), "flow_ends": 5 * np.arange(1, steps + 1),
    }  # fmt: skip


def made_up_dataset(folder: Path, count: int) -> Path:
    """A folder of such pours."""
    for seed in range(count):
        write_episode(folder / f"{seed:06d}", made_up(seed), {"seed": seed})
    return folder
