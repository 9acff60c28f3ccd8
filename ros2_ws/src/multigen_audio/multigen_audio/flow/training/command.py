"""`multigen train-audio`: makes the sound's networks from seeds and data."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_core.recordings import read_recordings, real_data_folder

NETWORKS = ("eye", "voice", "mouth")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Trains the networks of the synthesizer `flow` and writes their weights. A training that "
        "was stopped goes on where it was. `synthesizer:=flow checkpoint:=DIR` then uses them."
    )
    parser.add_argument(
        "network", choices=(*NETWORKS, "all", "embedding"),
        help="one of flow's networks, all of them, or what evaluate-audio compares sound in",
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
    wanted = NETWORKS if args.network == "all" else (args.network,)
    if args.steps is not None and args.steps < 1:
        raise MultigenError(f"--steps must be at least 1, got {args.steps}")
    _check(args.device)
    data = real_data_folder(args.data) if set(wanted) - {"eye"} else Path()
    if args.network == "embedding":
        _embedding(args, data)
        return
    for name in wanted:
        loop, steps = _loop(name)
        loop(
            out=args.out,
            data=data,
            steps=args.steps or steps,
            device=args.device,
            seed=args.seed,
            tell=print,
            workers=args.workers,
            **({"start": args.start} if name != "eye" else {}),
        )
    print(f"wrote {args.out}; try it with synthesizer:=flow checkpoint:={args.out}")


def _embedding(args: argparse.Namespace, data: Path) -> None:
    from multigen_audio.flow.training.train_embedding import EmbeddingTraining, train_embedding

    given = {"steps": args.steps} if args.steps else {}
    config = EmbeddingTraining(seed=args.seed, device=args.device, **given)
    shares = train_embedding(read_recordings(data)[0], args.out, config)
    print(", ".join(f"{name} {share:.0%}" for name, share in shares.items()))


def _check(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise MultigenError(f"device {device!r} cannot be used: {reason}") from error


def _loop(name: str) -> tuple[Callable[..., None], int]:
    """The loop of a network and how many steps it takes by default."""
    if name == "eye":
        from multigen_audio.flow.training import train_eye

        return train_eye.train, train_eye.STEPS
    if name == "voice":
        from multigen_audio.flow.training import train_voice

        return train_voice.train, train_voice.STEPS
    from multigen_audio.flow.training import train_mouth

    return train_mouth.train, train_mouth.STEPS
