"""`multigen evaluate-audio`: measures the quality of synthesizers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from multigen_audio.quality.evaluation import REAL, Evaluation, Plan, divided, evaluate, tasks
from multigen_audio.quality.judging import NOISE
from multigen_audio.quality.table import table
from multigen_audio.recorded.splits import HELD_OUT
from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_core.synthesizer import SynthesizerConfig, synthesizer_names
from multigen_core.world.recordings import (
    Recording,
    RecordingError,
    read_recordings,
    real_data_folder,
)

_USUAL = ("flow", "physical", "replay")
_SHOWN = 3
"""Held-out scenes on the page."""
_NOTES = 10
VIEWS = {"both": ("cutaway", "public"), "cutaway": ("cutaway",), "public": ("public",)}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    names = synthesizer_names()
    usual = [name for name in _USUAL if name in names]
    parser.description = (
        "Run synthesizers on held-out pours and measure their sound: pitch against the true "
        "resonance, onset, silence, loudness, distance from real recordings, speed. White noise "
        "and real recordings are included for comparison."
    )
    parser.add_argument(
        "--synthesizers", nargs="+", default=usual, metavar="NAME", choices=names,
        help=f"any of {', '.join(names)} (default {' '.join(usual)})",
    )  # fmt: skip
    parser.add_argument(
        "--synthesizer-checkpoint", default="", metavar="PATH",
        help="weights or settings of the first synthesizer named",
    )  # fmt: skip
    parser.add_argument(
        "--recordings", default="", metavar="DIR",
        help="real pours: clips.csv and audio/ [MULTIGEN_REAL_DATA]",
    )  # fmt: skip
    parser.add_argument(
        "--episodes", type=int, default=18, metavar="N", help="held-out scenes (default 18)"
    )
    parser.add_argument(
        "--clips", type=int, default=4, metavar="N",
        help="pours into each recorded vessel (default 4)",
    )  # fmt: skip
    parser.add_argument(
        "--audio-view", choices=sorted(VIEWS), default="both",
        help="images for synthesizers that need them (default both)",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with players to FILE"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate, print and write."""
    for name in ("episodes", "clips", "workers"):
        if getattr(args, name) < 1:
            raise MultigenError(f"--{name} must be at least 1, got {getattr(args, name)}")
    console = Console(soft_wrap=True)
    recordings, notes = _recordings(args.recordings)
    judged, others = divided(recordings)
    plan = Plan(
        tuple(_config(name, args, others) for name in dict.fromkeys(args.synthesizers)),
        args.episodes,
        VIEWS[args.audio_view],
        judged,
        others,
        args.clips,
        _SHOWN if args.html else 0,
        args.workers,
    )
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("evaluating pours", total=len(tasks(plan)))
        found = evaluate(plan, lambda: bar.advance(task))
    found.notes[:0] = notes
    _print(console, found, judged)
    if args.json:
        write_json(args.json, found.figures)
        console.print(f"wrote {args.json}")
    if args.html:
        from multigen_audio.quality.page import write_page

        write_page(found, args.html)
        console.print(f"wrote {args.html}")


def _recordings(folder: str) -> tuple[list[Recording], list[str]]:
    """The recordings; none, and why, where no folder was named and none is there."""
    try:
        found, skipped = read_recordings(real_data_folder(folder))
    except RecordingError as error:
        if folder:
            raise
        return [], [f"realism is not evaluated: {error}"]
    return found, [f"left out: {line}" for line in skipped]


def _config(name: str, args: argparse.Namespace, others: Sequence[Recording]) -> SynthesizerConfig:
    """`replay` keeps to recordings it is not judged by."""
    checkpoint = args.synthesizer_checkpoint if name == args.synthesizers[0] else ""
    if name != "replay":
        return SynthesizerConfig(name, checkpoint)
    containers = tuple(sorted({recording.container for recording in others}))
    return SynthesizerConfig(name, checkpoint or args.recordings, recordings=containers)


def _print(console: Console, found: Evaluation, judged: Sequence[Recording]) -> None:
    scenes = sum(one.case.recording is None for one in found.cases)
    console.print(table(found.figures, f"{scenes} held-out scenes, {found.windows} windows of 1 s"))
    if found.windows:
        vessels = sorted({recording.container for recording in judged})
        known = "held out from training" if set(vessels) <= set(HELD_OUT) else "of this folder"
        console.print(f"realism is measured against recordings of {', '.join(vessels)}, {known}")
    spread = found.figures.get(REAL, {}).get("details", {}).get("frechet_spread_fixed")
    if spread:
        console.print(
            f"real-vs-real distances lie between {spread[0]:.2f} and {spread[1]:.2f} of their mean "
            "(fixed embedding, 5 to 95 % of draws of other vessels)"
        )
    heard = {
        name: found.figures[name]["pitch_cents"]
        for name in ("physical", "replay", NOISE)
        if name in found.figures
    }
    floors = ", ".join(f"{name} {cents:.0f}" for name, cents in heard.items())
    console.print(f"tracker error on sound of the true pitch, and on noise: {floors} cents")
    for note in found.notes[:_NOTES]:
        console.print(f"[yellow]{escape(note)}[/]")
    if len(found.notes) > _NOTES:
        console.print(f"[yellow]… and {len(found.notes) - _NOTES} more notes[/]")
