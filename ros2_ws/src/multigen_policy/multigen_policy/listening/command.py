"""`multigen listen`: one recording, or a folder of recorded pours."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_core.world.recordings import (
    Recording,
    read_recordings,
    real_data_folder,
    select_recordings,
)
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.listening.benchmark import Heard, hear_all
from multigen_policy.listening.clip_plot import plot_clip
from multigen_policy.listening.figures import brief, figures
from multigen_policy.listening.listener import Estimate, Listener
from multigen_policy.listening.plotting import write_plot
from multigen_policy.listening.protocols import Protocol
from multigen_policy.listening.recording import load_sound
from multigen_policy.listening.report import print_benchmark
from multigen_policy.listening.shapes import sized_vessel, unknown_vessel
from multigen_policy.listening.spectrum import SpectrumStream

ROWS = 12
"""Lines of the table printed of one recording."""


def register_listen(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen listen`."""
    parser.description = (
        "Estimate how full a vessel is from the sound of pouring. For a recording: fill, resonance "
        "and flow over time. For a folder with clips.csv: errors on every clip, compared with "
        "clocks and a constant guess."
    )
    parser.add_argument(
        "recording", type=Path, help="sound file, or folder with clips.csv and audio/"
    )
    parser.add_argument(
        "--diameter-cm", type=float, metavar="CM", help="inner diameter at the mouth"
    )
    parser.add_argument("--height-cm", type=float, metavar="CM", help="inner")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument(
        "--plot", type=Path, metavar="DIR", help="write plots of the estimates to this folder"
    )
    parser.add_argument("--seeds", type=int, default=1, help="random draws per clip of a folder")
    parser.add_argument(
        "--only", nargs="+", default=[], help="only these containers or splits of a folder"
    )
    parser.add_argument(
        "--policy", type=Path, metavar="DIR",
        help="weights of a learned policy, whose perception is tested on a folder, too",
    )  # fmt: skip
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    parser.set_defaults(run=run_listen)


def run_listen(args: argparse.Namespace) -> int:
    """Listen; clips that cannot be used are named and counted."""
    if (args.diameter_cm is None) != (args.height_cm is None):
        raise MultigenError("give both --diameter-cm and --height-cm, or neither")
    for value in (args.diameter_cm, args.height_cm):
        if value is not None and not 1 <= value <= 60:
            raise MultigenError(f"a vessel of {value:g} cm is out of range: 1 to 60 cm")
    if args.seeds < 1 or args.processes < 1:
        raise MultigenError("--seeds and --processes must be at least 1")
    if args.plot:
        try:
            args.plot.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MultigenError(f"{args.plot}: {error.strerror}") from error
    if args.policy is not None:
        args.policy = args.policy.expanduser().absolute()
        Brain(args.policy)
    if args.recording.is_dir():
        return _folder(args)
    if args.policy is not None:
        raise MultigenError("--policy is tested on a folder of recordings, not on one")
    _one(args)
    return 0


def _one(args: argparse.Namespace) -> None:
    console = Console()
    sound = load_sound(args.recording)
    size = args.diameter_cm is not None
    prior = (
        sized_vessel(args.diameter_cm / 100, args.height_cm / 100, empty=0.5)
        if size
        else unknown_vessel(empty=0.5)
    )
    spectra = SpectrumStream().push(sound.samples)
    listener = Listener(prior)
    estimates = [listener.step(spectrum) for spectrum in spectra]
    for note in sound.notes:
        console.print(f"note: {note}", style="yellow")
    _print(estimates, console)
    if not size:
        console.print("The vessel's size is unknown; set it with --diameter-cm and --height-cm.")
    if args.json:
        write_json(args.json, {
            "recording": str(args.recording),
            "duration": sound.duration,
            "notes": list(sound.notes),
            "diameter_cm": args.diameter_cm,
            "height_cm": args.height_cm,
            "estimates": [_plain(estimate) for estimate in estimates],
        })  # fmt: skip
    if args.plot:
        path = args.plot / f"{args.recording.stem}.png"
        write_plot(path, args.recording.name, np.array(spectra), estimates)
        console.print(path)


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "time": round(estimate.time, 3),
        "flowing": estimate.flowing,
        "flow_probability": estimate.probability,
        "audible": estimate.audible,
        **asdict(estimate.belief),
    }


def _print(estimates: Sequence[Estimate], console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("time\ns", "\nflow", "resonance\nHz", "air column\ncm", "volume\nml", "fill\n%"):
        table.add_column(name, justify="right", no_wrap=True)
    for index in np.unique(np.linspace(0, len(estimates) - 1, ROWS).astype(int)):
        estimate = estimates[index]
        belief = estimate.belief
        table.add_row(
            f"{estimate.time:.1f}",
            "on" if estimate.flowing else "off",
            f"{belief.resonance:.0f} ± {belief.resonance_cents:.0f} cents"
            if estimate.audible
            else "not heard",
            f"{100 * belief.air_column:.1f} ± {100 * belief.air_column_error:.1f}",
            f"{1e6 * belief.volume:.0f} ± {1e6 * belief.volume_error:.0f}",
            f"{100 * belief.fill:.0f} ± {100 * belief.fill_error:.0f}",
        )
    console.print(table)
    if not any(estimate.flowing for estimate in estimates):
        console.print("No flow was heard.", style="yellow")
    elif not any(estimate.flowing and estimate.audible for estimate in estimates):
        console.print(
            "Sound was heard, but no rising resonance: this may not be a pour.", style="yellow"
        )


def _folder(args: argparse.Namespace) -> int:
    console = Console()
    recordings, skipped = read_recordings(real_data_folder(args.recording))
    recordings = select_recordings(recordings, args.only)
    heard: list[Heard] = []
    total = len(recordings) * len(Protocol) * args.seeds
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("listening", total=total)
        for task, result in hear_all(recordings, range(args.seeds), args.processes, args.policy):
            progress.advance(bar)
            if isinstance(result, Exception):
                line = f"{task[0].clip}: {result}"
                if line not in skipped:
                    skipped.append(line)
            else:
                heard.append(result)
    if not heard:
        raise MultigenError(f"{args.recording}: no usable recording; {'; '.join(skipped[:3])}")
    heard.sort(key=lambda item: (item.protocol.value, item.recording.clip))
    document = figures(heard)
    print_benchmark(document, console)
    console.print(f"\n{len(skipped)} clips skipped" + (":" if skipped else ""))
    for line in skipped:
        console.print(f"  {line}", style="yellow")
    if args.json:
        write_json(args.json, _document(args, document, heard, skipped))
    if args.plot:
        drawn: dict[str, Recording] = {item.recording.clip: item.recording for item in heard}
        for recording in drawn.values():
            plot_clip(args.plot, recording)
        console.print(f"{len(drawn)} plots in {args.plot}")
    return 0


def _document(
    args: argparse.Namespace, document: dict[str, Any], heard: Sequence[Heard], skipped: list[str]
) -> dict[str, Any]:
    return {
        **brief(document),
        "folder": str(args.recording),
        "seeds": list(range(args.seeds)),
        "skipped": skipped,
        "protocols": {
            name: {key: _values(value) for key, value in figure.items()}
            for name, figure in document.items()
        },
        "excerpts": [
            {
                "clip": item.recording.clip,
                "container": item.recording.container,
                "protocol": item.protocol.value,
                **{
                    f"{method} error": float(np.abs(fill - item.truth).mean())
                    for method, fill in item.fill.items()
                },
            }
            for item in heard
        ],
    }


def _values(value: Any) -> Any:
    """Convert nested estimates to plain values."""
    if isinstance(value, dict):
        return {key: _values(item) for key, item in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
