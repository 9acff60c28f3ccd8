"""`multigen add-audio`: adds the sound of any synthesizer to a recorded pour."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from multigen_audio.add_audio import add_audio
from multigen_core.synthesizer import (
    DEFAULT,
    SynthesizerConfig,
    make_synthesizer,
    synthesizer_names,
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Copy a bag and replace the sound in the copy with that of a synthesizer. flow and mmaudio "
        "need images of the hearing view (bags of `multigen generate --hearing-view`) or the "
        "camera; physical and replay need liquid states."
    )
    parser.add_argument("bag", type=Path, help="bag directory or .mcap file; not modified")
    parser.add_argument("-o", "--output", type=Path, required=True, help="directory of the new bag")
    parser.add_argument(
        "--synthesizer", default=DEFAULT, metavar="NAME",
        help=f"any of {', '.join(synthesizer_names())} (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--synthesizer-checkpoint", default="", metavar="PATH",
        help="weights, settings or recordings of the synthesizer",
    )  # fmt: skip
    parser.add_argument("--device", default="cpu", help="device of its networks [cpu]")
    parser.add_argument("--seed", type=int, default=0, help="seed of all randomness [0]")
    parser.add_argument(
        "--audio-view", choices=("cutaway", "public"), default="cutaway",
        help="images for synthesizers that need them [cutaway]",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Generate the sound and write the new bag."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    config = SynthesizerConfig(
        args.synthesizer,
        args.synthesizer_checkpoint,
        args.device,
        seed=args.seed,
        view=args.audio_view,
    )
    synthesizer = make_synthesizer(config)
    metadata = {
        "synthesizer": args.synthesizer,
        "synthesizer_checkpoint": args.synthesizer_checkpoint,
        "audio_view": args.audio_view,
        "audio_added_to": args.bag.resolve().name,
    }
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(f"sound of {args.bag.name}", total=None)
        added = add_audio(
            args.bag, args.output, synthesizer, metadata, args.audio_view,
            lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    what = "replaced by" if added.replaced else "added:"
    console.print(
        f"wrote {args.output}: sound {what} {added.seconds:.1f} s of {args.synthesizer} from "
        f"{added.topic}"
    )
    if added.gaps or added.late:
        console.print(
            f"{added.gaps} gaps in {added.topic}, {added.late} inputs late or repeated; "
            "no sound was generated for them"
        )
    if added.rewinds:
        console.print(f"the clock of {added.topic} was set back {added.rewinds} times")
