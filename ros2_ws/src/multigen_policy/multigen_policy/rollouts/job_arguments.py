"""Command-line arguments that select the closed-loop pours to run."""

from __future__ import annotations

import argparse

from multigen_core.errors import MultigenError
from multigen_core.rollout import SMALLEST_GOAL
from multigen_core.synthesizer import DEFAULT, synthesizer_names
from multigen_core.world.scene import load_scene


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add seeds, scenes, sound and goals."""
    parser.add_argument("--first-seed", type=int, default=0, metavar="SEED")
    parser.add_argument(
        "--scene", nargs="+", default=["randomised"], help="scene names or YAML files"
    )
    parser.add_argument(
        "--synthesizer", default=DEFAULT, choices=synthesizer_names(), metavar="NAME",
        help=f"any of {', '.join(synthesizer_names())} (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--synthesizer-checkpoint", default="", metavar="PATH",
        help="weights or settings of the synthesizer (default: the shipped ones)",
    )  # fmt: skip
    parser.add_argument(
        "--policy-checkpoint", default="", metavar="PATH",
        help="weights or settings of the policy (default: the shipped ones)",
    )  # fmt: skip
    parser.add_argument(
        "--device", default="cpu", help="device of the policy's networks (default cpu)"
    )
    parser.add_argument(
        "--arm-file", default="gen3", help="shipped arm or YAML file (default %(default)s)"
    )
    parser.add_argument("--backend", default="mujoco", help="physics backend (default %(default)s)")
    parser.add_argument(
        "--target-ml", nargs=2, type=float, default=(60.0, 250.0), metavar=("LOW", "HIGH"),
        help="range to sample goals from [ml] (default 60 250)",
    )  # fmt: skip


def check_job_arguments(args: argparse.Namespace, processes: int) -> None:
    """Reject arguments that no episode can run with.

    Raises:
        MultigenError: a count, a goal or a scene is impossible.
    """
    if args.episodes < 1 or processes < 1:
        raise MultigenError("episodes and processes must be at least 1")
    low, high = args.target_ml
    smallest = SMALLEST_GOAL * 1e6
    if not smallest <= low <= high < float("inf"):
        raise MultigenError(
            f"--target-ml takes two volumes of at least {smallest:g} ml, the smaller one first"
        )
    for scene in args.scene:
        load_scene(scene, args.first_seed)
