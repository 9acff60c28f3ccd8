"""`multigen train-audio`: makes the sound's networks from seeds and data."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_core.learning.settings import Settings
from multigen_core.world.recordings import real_data_folder

NETWORKS = ("eye_cutaway", "eye_public", "voice", "mouth")
"""Of the synthesizer."""
GROUPS = {"eye": NETWORKS[:2], "all": NETWORKS}
_TUNED = NETWORKS[2:]
"""Those that can begin from weights."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Trains the networks of the synthesizer `flow` and writes their weights. A training that "
        "was stopped goes on where it was. `synthesizer:=flow checkpoint:=DIR` then uses them."
    )
    parser.add_argument(
        "network", choices=(*NETWORKS, *GROUPS, "embedding"),
        help="a network of flow, both eyes, all four, or what evaluate-audio compares sound in",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument(
        "--data", default="", metavar="DIR", help="recordings, clips.csv and audio/ "
        "[MULTIGEN_REAL_DATA]; the eye needs none",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=Path, metavar="DIR", help="weights that voice and mouth begin from, to tune"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="instead of each network's own")
    parser.add_argument("--device", default="cpu", help="for torch: cpu, cuda, … [cpu]")
    parser.add_argument("--seed", type=int, default=0, help="of every random number [0]")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that simulate pours [1]"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train what was asked for."""
    if find_spec("torch") is None:
        raise MultigenError("training needs torch; install it with `scripts/setup.sh --train`")
    wanted = GROUPS.get(args.network, (args.network,))
    if args.steps is not None and args.steps < 1:
        raise MultigenError(f"--steps must be at least 1, got {args.steps}")
    if args.start and not set(wanted) <= set(_TUNED):
        raise MultigenError(f"--start is for {' and '.join(_TUNED)} only, not {args.network}")
    _check(args.device)
    listens = not set(wanted) <= set(GROUPS["eye"])
    settings = Settings(
        args.out,
        real_data_folder(args.data) if listens else Path(),
        args.steps,
        args.device,
        args.seed,
        args.workers,
        args.start,
    )
    for name in wanted:
        _trainer(name)(settings)
    if args.network != "embedding":
        print(f"wrote {args.out}; try it with synthesizer:=flow checkpoint:={args.out}")


def _check(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise MultigenError(f"device {device!r} cannot be used: {reason}") from error


def _trainer(name: str) -> Callable[[Settings], None]:
    """The training loop of a network; only then is torch imported."""
    from multigen_audio.flow.training import train_eye, train_mouth, train_voice
    from multigen_audio.quality import train_embedding

    trainers: dict[str, Callable[[Settings], None]] = {
        "eye_cutaway": partial(train_eye.train, view="cutaway"),
        "eye_public": partial(train_eye.train, view="public"),
        "voice": train_voice.train,
        "mouth": train_mouth.train,
        "embedding": train_embedding.train,
    }
    return trainers[name]
