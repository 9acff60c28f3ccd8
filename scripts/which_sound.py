"""Which sound transfers? One network learns to hear from different sounds, then hears real ones.

    python scripts/which_sound.py DATASET … --out DIR --seeds 3 --steps 400 --json which.json

From each sound, ear and memory of the learned policy learn on the same simulated pours, with the
same seeds and steps, from scratch and by sound alone. Then they estimate the fill in recordings of
real pours, as in `multigen listen`. Sounds learnt from: none (a clock of its own), noise with
nothing but the level of `flow`, `physical`, `flow`, and both.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from multigen_core.files import write_json
from multigen_core.learning.group import training_group
from multigen_core.learning.settings import Settings
from multigen_core.statistics import Estimate, estimate, interval
from multigen_core.workers import run_tasks
from multigen_core.world.recordings import Recording, read_recordings, real_data_folder
from multigen_policy.learned import training
from multigen_policy.learned.batches import Variation
from multigen_policy.learned.dataset import Episode, read_episodes
from multigen_policy.learned.network import NetworkConfig
from multigen_policy.learned.noises import Noises
from multigen_policy.learned.recordings import fill_of
from multigen_policy.listening.benchmark import seed_of
from multigen_policy.listening.protocols import Protocol, excerpt
from multigen_policy.listening.recording import load_sound

LEVEL = "level"
NONE = "none"
SOUNDS = {
    NONE: {"flow": 1.0},
    "level-only noise": {LEVEL: 1.0},
    "physical": {"physical": 1.0},
    "flow": {"flow": 1.0},
    "flow + physical": {"flow": 0.5, "physical": 0.5},
}
"""Shares of the sounds that each learns from."""
DEVIATION = 3.0
"""Of a band of white noise within one spectrum [dB]."""


class Levelled(Episode):
    """A pour with one more sound: white noise, at each moment as loud as `flow`."""

    @property
    def sounds(self) -> tuple[str, ...]:
        return (*super().sounds, LEVEL)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if not name.startswith(LEVEL):
            return super().__getitem__(name)
        if name == f"{LEVEL}_ends":
            return super().__getitem__("flow_ends")
        spectra = np.asarray(super().__getitem__("flow_spectra"), np.float32)
        noise = np.random.default_rng(len(spectra)).normal(0.0, DEVIATION, spectra.shape)
        return np.asarray(spectra.mean(1, keepdims=True) + noise, np.float32)


def learn(name: str, seed: int, pours: Sequence[Episode], args: argparse.Namespace) -> Path:
    """The folder of the weights learnt from a sound."""
    out = Path(args.out) / f"{name.replace(' ', '_')}-{seed}"
    if not (out / "mind.onnx").exists():
        run = training.Run(
            Variation(SOUNDS[name], listening=1.0, looks=1000, noises=Noises.read(args.noise)),
            NetworkConfig(images=False, sound=name != NONE),
            args.batch,
        )
        with training_group("cpu") as group:
            settings = Settings(out, steps=args.steps, seed=seed, bf16=False)
            training.train(pours, run, settings, group)
    return out


def error(task: tuple[Recording, Protocol, Path, bool]) -> float:
    """Mean absolute error of the fill that weights tell of one excerpt."""
    recording, protocol, weights, hears = task
    given = excerpt(load_sound(recording.path).samples, protocol, seed_of(recording, protocol, 0))
    count = len(given.spectra)
    fill, _ = fill_of(weights, given.spectra if hears else None, count=count)
    return float(np.abs(fill - given.truth).mean())


def main() -> None:
    """Train on every sound that is not yet trained on, listen, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path, metavar="DATASET")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--recordings", type=Path, default=None, metavar="DIR")
    parser.add_argument("--noise", type=Path, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--sounds", nargs="+", default=list(SOUNDS), choices=list(SOUNDS))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    torch.set_num_threads(1)
    pours = [Levelled(pour.folder, pour.about) for pour in read_episodes(args.data)]
    recordings, _ = read_recordings(real_data_folder(args.recordings))
    table: dict[str, dict[str, Estimate]] = {}
    for name in args.sounds:
        found: dict[str, dict[str, list[float]]] = {
            protocol.value: defaultdict(list) for protocol in Protocol
        }
        for seed in range(args.seeds):
            weights = learn(name, seed, pours, args)
            tasks = [(r, p, weights, name != NONE) for p in Protocol for r in recordings]
            for (recording, protocol, *_), result in run_tasks(error, tasks, args.processes):
                if isinstance(result, Exception):
                    raise result
                found[protocol.value][recording.container].append(result)
        table[name] = {
            protocol: estimate([float(np.mean(errors)) for errors in vessels.values()])
            for protocol, vessels in found.items()
        }
        told = "  ".join(f"{key} {interval(v, '.3f')}" for key, v in table[name].items())
        print(f"{name:20} {told}", flush=True)
    if args.json:
        write_json(args.json, {
            "seeds": args.seeds, "steps": args.steps, "pours": len(pours),
            "fill_error": {n: {k: asdict(v) for k, v in row.items()} for n, row in table.items()},
        })  # fmt: skip


if __name__ == "__main__":
    main()
