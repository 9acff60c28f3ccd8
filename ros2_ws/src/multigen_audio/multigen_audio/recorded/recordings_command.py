"""`multigen recordings`: contents of a folder of real pours, vessels as scenes, comparisons."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from multigen_audio.recorded.clips import Clip, usable_clips
from multigen_audio.recorded.comparison import compare
from multigen_audio.recorded.label_floor import ALL, label_floors
from multigen_core.contract import SAMPLE_RATE
from multigen_core.files import write_atomic, write_json
from multigen_core.world.recordings import (
    Recording,
    RecordingError,
    read_recordings,
    real_data_folder,
    select_recordings,
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Track the resonance in real recordings of pouring and print, per vessel, the label floor: "
        "its difference from a level that rises with the clock."
    )
    parser.add_argument(
        "folder",
        nargs="?",
        default="",
        help="folder with clips.csv and audio/ [MULTIGEN_REAL_DATA]",
    )
    parser.add_argument(
        "--only",
        nargs="*",
        default=[],
        metavar="NAME",
        help="only these containers or splits (default: all)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table to FILE")
    parser.add_argument(
        "--scenes",
        type=Path,
        metavar="DIR",
        help="write a scene per vessel to DIR instead of the table",
    )
    parser.add_argument(
        "--compare", metavar="CLIP", help="plot a clip next to the physical synthesizer's sound"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        default=Path("comparison.png"),
        help="file of the plot [comparison.png]",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Do what was asked for."""
    recordings, skipped = read_recordings(real_data_folder(args.folder))
    if args.compare:
        found = [r for r in recordings if r.clip == args.compare]
        if not found:
            raise RecordingError(f"no clip {args.compare!r} among {len(recordings)} recordings")
        for line in compare(found[0], args.picture):
            print(line)
        print(f"wrote {args.picture}")
        return
    recordings = select_recordings(recordings, args.only)
    if args.scenes:
        print(f"wrote {write_scenes(recordings, args.scenes)} scenes to {args.scenes}")
        return
    clips, skipped = usable_clips(recordings, SAMPLE_RATE, skipped)
    table = _table(clips)
    print(
        f"{'vessel':14}{'clips':>6}{'trusted':>9}{'heard [Hz]':>13}{'floor [cents]':>15}{'[ml]':>7}"
    )
    for row in table:
        heard = f"{row['lowest_hz']:.0f}-{row['highest_hz']:.0f}" if "lowest_hz" in row else ""
        print(
            f"{row['vessel']:14}{row['clips']:6d}{row['trusted']:9.2f}{heard:>13}"
            f"{row['cents']:15.0f}{row['millilitres']:7.0f}"
        )
    for line in skipped:
        print(f"left out: {line}")
    if args.json:
        write_json(args.json, {"vessels": table, "skipped": skipped})


def _table(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    table = []
    for name, floor in label_floors(clips).items():
        own = [c for c in clips if name in (c.recording.container, ALL)]
        pitches = [2.0 ** c.pitch[c.usable] for c in own]
        row: dict[str, Any] = {
            "vessel": name,
            "clips": len(own),
            "trusted": float(sum(map(len, pitches)) / sum(len(c.usable) for c in own)),
            **asdict(floor),
        }
        if name != ALL:
            row["lowest_hz"] = float(min(p.min() for p in pitches))
            row["highest_hz"] = float(max(p.max() for p in pitches))
        table.append(row)
    return table


def write_scenes(recordings: list[Recording], folder: Path) -> int:
    """Write CONTAINER_scene.yaml and the vessel it names, CONTAINER.yaml, for each container."""
    vessels = {r.container: r.vessel for r in recordings}
    folder.mkdir(parents=True, exist_ok=True)
    for name, vessel in vessels.items():
        entry = vessel.model_dump(mode="json", exclude={"name"})
        scene = {
            "description": f"water into {vessel.description}, {name}",
            "target": {"vessel": f"{name}.yaml"},
        }
        for path, data in ((f"{name}.yaml", entry), (f"{name}_scene.yaml", scene)):
            write_atomic(folder / path, yaml.safe_dump(data, sort_keys=False).encode())
    return len(vessels)
