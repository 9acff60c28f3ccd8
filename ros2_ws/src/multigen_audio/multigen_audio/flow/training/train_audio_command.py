"""`multigen train-audio`: trains the sound's networks from seeds and data."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from multigen_core.errors import MultigenError
from multigen_core.learning.settings import Settings, add_arguments
from multigen_core.world.recordings import real_data_folder

if TYPE_CHECKING:
    from multigen_core.learning.group import Group

NETWORKS = ("eye_cutaway", "eye_public", "voice", "mouth")
"""Of the synthesizer."""
GROUPS = {"eye": NETWORKS[:2], "all": NETWORKS}
_TUNED = NETWORKS[2:]
"""Networks that can be fine-tuned."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Train the networks of the synthesizer `flow` and write their weights. An interrupted "
        "training resumes. Use them with synthesizer:=flow synthesizer_checkpoint:=DIR."
    )
    parser.add_argument(
        "network", choices=(*NETWORKS, *GROUPS, "embedding"),
        help="a network of flow, both eyes, all four, or the embedding of evaluate-audio",
    )  # fmt: skip
    add_arguments(parser)
    parser.add_argument(
        "--data", default="", metavar="DIR", help="recordings, clips.csv and audio/ "
        "[MULTIGEN_REAL_DATA]; the eye needs none",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train the requested networks."""
    wanted = GROUPS.get(args.network, (args.network,))
    if args.start and not set(wanted) <= set(_TUNED):
        raise MultigenError(f"--start is for {' and '.join(_TUNED)} only, not {args.network}")
    listens = not set(wanted) <= set(GROUPS["eye"])
    settings = Settings.of(args, real_data_folder(args.data) if listens else Path())
    from multigen_core.learning.group import training_group

    with training_group(settings.device) as group:
        for name in wanted:
            _trainer(name)(settings, group)
        if args.network != "embedding":
            group.tell(
                f"wrote {args.out}; try it with synthesizer:=flow "
                f"synthesizer_checkpoint:={args.out}"
            )


def _trainer(name: str) -> Callable[[Settings, Group], None]:
    """The training loop of a network; imports torch."""
    from multigen_audio.flow.training import train_eye, train_mouth, train_voice
    from multigen_audio.quality import train_embedding

    trainers: dict[str, Callable[[Settings, Group], None]] = {
        "eye_cutaway": partial(train_eye.train, view="cutaway"),
        "eye_public": partial(train_eye.train, view="public"),
        "voice": train_voice.train,
        "mouth": train_mouth.train,
        "embedding": train_embedding.train,
    }
    return trainers[name]
