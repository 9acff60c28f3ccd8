"""`multigen view`: shows a recorded pour in a browser."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from multigen_view.extra import require_viewer
from multigen_view.parameters import ViewParameters

DEFAULTS = ViewParameters()
MEMORY = 1024
"""A whole bag is kept for browsers [MiB]."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen view`."""
    parser.description = (
        "Show a recorded pour in a browser: camera, sound, volumes, arm and messages over time. "
        "For a running graph, use view:=true or launch/view.launch.xml."
    )
    parser.add_argument("bag", type=Path, help="bag directory or .mcap file")
    parser.add_argument(
        "--port", type=int, default=DEFAULTS.port, help="port of the page (default %(default)s)"
    )
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write an .rrd file for rerun instead of serving"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Show the bag until Ctrl-C.

    Raises:
        MultigenError: the viewer is not installed, or the bag cannot be read.
    """
    require_viewer()
    from multigen_core.bags import BagReader
    from multigen_core.contract import AUDIO_VIEW
    from multigen_view.bag import show_bag
    from multigen_view.board import new_recording
    from multigen_view.layout import layout
    from multigen_view.server import leave, serve

    recording = new_recording()
    with BagReader(args.bag) as bag:
        hearing = bag.count(AUDIO_VIEW) > 0
        if args.save:
            recording.save(args.save)
            recording.send_blueprint(layout(hearing))
            link = ""
        else:
            link = serve(recording, args.port, MEMORY, hearing)
        show_bag(bag, recording)
    recording.flush()
    if args.save:
        recording.disconnect()
        print(args.save)
        return
    print(f"open {link}\nCtrl-C ends", flush=True)
    try:
        signal.pause()
    finally:
        leave(130)
