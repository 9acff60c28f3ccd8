"""Pours again and again through the real launch, and watches what its processes take.

    python scripts/soak.py --minutes 60 --json soak.json

Every minute, resident memory [MiB] and open file descriptors of each node are noted; at the end
also growth per hour, pours by outcome, and audio gaps of the policy. Arguments after `--` go to the
launch, such as sim:=false camera_device:=clip.avi.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from multigen_core.errors import MultigenError
from multigen_core.ros import client

LAUNCH = Path(__file__).parents[1] / "launch/multigen.launch.xml"
PERIOD = 60.0


def family(pid: int) -> list[int]:
    """A process and all below it."""
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    children = collections.defaultdict(list)
    for line in listing.stdout.splitlines():
        child, parent = map(int, line.split())
        children[parent].append(child)
    found = [pid]
    for member in found:
        found += children[member]
    return found


def usage(pid: int) -> tuple[str, float, int]:
    """Name, resident memory [MiB] and open descriptors of a process."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    name = next((Path(word).name for word in words if "/lib/multigen" in word), "")
    name = name or next((word.split(".")[-1] for word in words if word.startswith("multigen_")), "")
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    size = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return name or Path(words[0]).name, size, len(os.listdir(f"/proc/{pid}/fd"))


class Watch:
    """Notes memory and descriptors of the launch's processes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begin = time.monotonic()
        self.rows: dict[str, list[tuple[float, float, int]]] = collections.defaultdict(list)

    def note(self) -> None:
        """Note all processes now."""
        elapsed = (time.monotonic() - self._begin) / 3600
        for pid in family(self._pid):
            try:
                name, size, descriptors = usage(pid)
            except (OSError, IndexError):
                continue  # It has just ended.
            self.rows[f"{name} {pid}"].append((elapsed, size, descriptors))

    def figures(self) -> dict[str, dict[str, float]]:
        """First and last values, and growth of memory [MiB/h] after the first fifth."""
        result = {}
        for name, rows in self.rows.items():
            hours, sizes, descriptors = map(np.array, zip(*rows, strict=True))
            settled = slice(len(hours) // 5, None)
            growing = len(hours[settled]) > 2
            result[name] = {
                "first_mib": float(sizes[0]),
                "last_mib": float(sizes[-1]),
                "mib_per_hour": float(np.polyfit(hours[settled], sizes[settled], 1)[0])
                if growing
                else float("nan"),
                "first_descriptors": int(descriptors[0]),
                "last_descriptors": int(descriptors[-1]),
            }
        return result


def main() -> int:
    """Soak; returns 1 if a process of the launch ended or no pour succeeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--target-ml", type=float, default=80.0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("launch", nargs="*", help="launch arguments")
    args = parser.parse_args()
    command = ["multigen", "launch", str(LAUNCH), "autostart:=true", *args.launch]
    launch = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    outcomes: collections.Counter[str] = collections.Counter()
    watch, due = Watch(launch.pid), 0.0
    simulated = "sim:=false" not in args.launch
    alive, gaps = True, ""
    end = time.monotonic() + 60 * args.minutes
    try:
        while time.monotonic() < end and launch.poll() is None:
            try:
                goal = client.make_goal(args.target_ml, 0.0, 60.0)
                outcomes[str(client.pour(goal, lambda feedback: None).outcome)] += 1
            except MultigenError as error:
                outcomes[f"refused: {error}"] += 1
                time.sleep(1.0)
            if simulated:
                client.trigger("simulator/reset")
            if time.monotonic() > due:
                watch.note()
                due = time.monotonic() + PERIOD
                print(f"{sum(outcomes.values())} pours: {dict(outcomes)}", flush=True)
        alive = launch.poll() is None
        gaps = client.diagnostics("policy").get("audio_gaps", "") if alive else ""
    finally:
        launch.send_signal(signal.SIGINT)
        launch.wait(60)
    report = {"pours": dict(outcomes), "audio_gaps": gaps, "processes": watch.figures()}
    text = json.dumps(report, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")
    return 0 if alive and outcomes["succeeded"] else 1


if __name__ == "__main__":
    sys.exit(main())
