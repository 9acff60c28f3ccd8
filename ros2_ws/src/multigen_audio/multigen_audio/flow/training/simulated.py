"""Simulated pours to train on, made by all processes of a training together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from multigen_audio.pours.simulation import pours
from multigen_core.learning.group import Group
from multigen_core.learning.settings import Settings
from multigen_core.simulator import View


def simulated_pours(
    settings: Settings,
    group: Group,
    seeds: Sequence[int],
    view: View | None = None,
    *,
    held_out: bool = False,
) -> list[Path]:
    """Files of the seeds' pours in OUT/pours; each process simulates its part of what is missing.

    Raises:
        MultigenError: no simulator is installed, or the folder cannot be written.
    """
    folder = settings.out / "pours"

    def files(of: Sequence[int], workers: int) -> list[Path]:
        cutaway, public = view == "cutaway", view == "public"
        made = pours(of, folder, cutaway, public=public, held_out=held_out, workers=workers)
        return list(made)

    if group.size > 1:
        files(group.mine(seeds), settings.workers)
        group.wait()
    return files(seeds, settings.workers)
