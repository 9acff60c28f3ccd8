"""`multigen train-policy`: trains the learned policy on recorded pours."""

from __future__ import annotations

import argparse
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_core.learning.settings import Settings, add_arguments
from multigen_policy.learned.dataset import read_episodes

SENSES = ("both", "images", "sound")


def register_train(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen train-policy`."""
    parser.description = (
        "Train the policy `audiovisual` on datasets that `multigen dataset` recorded, and write "
        "its weights. An interrupted training resumes; several processes train together with "
        "torchrun. Use the weights with policy:=audiovisual policy_checkpoint:=DIR."
    )
    parser.add_argument("data", nargs="*", type=Path, metavar="DATASET")
    parser.add_argument(
        "--finder", action="store_true",
        help="train the network that finds the vessels instead; it simulates its own data",
    )  # fmt: skip
    parser.add_argument(
        "--eyes-only", action="store_true",
        help="train the eyes alone, on single pictures of the pours",
    )  # fmt: skip
    parser.add_argument(
        "--memory-only", action="store_true",
        help="train memory and heads alone, many times faster, with the ear and eyes of --start",
    )  # fmt: skip
    add_arguments(parser)
    parser.add_argument(
        "--senses", default="both", choices=SENSES, help="train without images or without sound"
    )
    parser.add_argument(
        "--sounds", nargs="+", default=["flow=0.7", "physical=0.3"], metavar="NAME=SHARE",
        help="sounds of the datasets to learn from (default: flow=0.7 physical=0.3)",
    )  # fmt: skip
    parser.add_argument(
        "--noise", type=Path, metavar="DIR", help="sound files of backgrounds to mix in"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="pours per step [8]")
    parser.set_defaults(run=run_train)


def run_train(args: argparse.Namespace) -> None:
    """Train."""
    settings = Settings.of(args)
    if args.batch < 1:
        raise MultigenError("--batch must be at least 1")
    if args.finder == bool(args.data):
        raise MultigenError("give one or more DATASETs, or --finder")
    if args.eyes_only + args.memory_only + args.finder > 1:
        raise MultigenError("--eyes-only, --memory-only and --finder exclude each other")
    if args.finder:
        _train_finder(settings)
        return
    shares = _shares(args.sounds)
    episodes = read_episodes(args.data)
    from multigen_core.learning.group import training_group
    from multigen_policy.learned import eye_training, memory_training, training
    from multigen_policy.learned.batches import Variation
    from multigen_policy.learned.network import NetworkConfig
    from multigen_policy.learned.noises import Noises

    run = training.Run(
        Variation(shares, noises=Noises.read(args.noise)),
        NetworkConfig(images=args.senses != "sound", sound=args.senses != "images"),
        args.batch,
    )
    with training_group(settings.device) as group:
        part = training
        if args.eyes_only or args.memory_only:
            part = eye_training if args.eyes_only else memory_training
        part.train(episodes, run, settings, group)
        group.tell(
            f"wrote {args.out}; try it with policy:=audiovisual policy_checkpoint:={args.out}"
        )


def _train_finder(settings: Settings) -> None:
    from multigen_core.learning.group import training_group
    from multigen_policy.learned import finder_training

    with training_group(settings.device) as group:
        finder_training.train(settings, group)
        group.tell(f"wrote {settings.out}; put it beside the policy's other weights")


def _shares(given: list[str]) -> dict[str, float]:
    shares = {}
    for item in given:
        name, _, share = item.partition("=")
        try:
            shares[name] = float(share or 1.0)
        except ValueError:
            shares[name] = 0.0
        if not name or not shares[name] > 0:
            raise MultigenError(f"--sounds takes NAME=SHARE with a positive share, got {item!r}")
    return shares
