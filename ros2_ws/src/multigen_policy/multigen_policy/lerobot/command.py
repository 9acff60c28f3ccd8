"""`multigen export-lerobot`."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from multigen_core.contract import SAMPLE_RATE
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.lerobot.frames import RATES, PourFrames, pours
from multigen_policy.lerobot.writer import new_dataset


def register_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen export-lerobot`."""
    parser.description = (
        "Write recorded pours as a LeRobot v3.0 dataset, one episode per pour that has ended: "
        "camera, sound, joints, commands and the task in words."
    )
    parser.add_argument("bag", nargs="+", type=Path, help="bag directory or .mcap file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--fps", type=int, default=10, choices=RATES,
        help="frames per second (default %(default)s)",
    )  # fmt: skip
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> None:
    """Export the pours of all bags, or of none."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    output = args.output.expanduser().absolute()
    with (
        new_dataset(output, args.fps) as dataset,
        Progress(console=console, transient=True) as bar,
    ):
        task = bar.add_task("bags", total=len(args.bag))
        for path in args.bag:
            episode = load_episode(path, pictures=True)
            ended = 0
            for pour in pours(episode, args.fps):
                dataset.add(pour)
                ended += 1
                _tell(console, path, pour)
            if ended < len(episode.goals):
                console.print(f"{path}: leaves out {len(episode.goals) - ended} pours without end")
            bar.advance(task)
    console.print(
        f"{output}: {dataset.episodes} pours, {dataset.frames} frames, "
        f"{dataset.frames / args.fps:.0f} s"
    )


def _tell(console: Console, path: Path, pour: PourFrames) -> None:
    if pour.missing:
        console.print(
            f"{path}: {pour.missing / SAMPLE_RATE:.3f} s of sound are missing, and silent"
        )
    if pour.picture_age > 0.5:
        console.print(f"{path}: the camera gives no new picture for {pour.picture_age:.1f} s")
