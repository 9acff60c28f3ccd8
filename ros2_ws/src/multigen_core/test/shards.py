"""Shards that are quick to write, for tests here and for the workers of a cluster."""

import os
import signal
import time
from dataclasses import dataclass

from multigen_core.errors import MultigenError
from multigen_core.files import new_folder


@dataclass(frozen=True)
class Noted:
    """A shard of a few files; `trouble` happens while it is written."""

    seed: int
    trouble: str = ""

    @property
    def path(self):
        return f"shard-{self.seed:03d}"


def write(path, shard):
    if shard.trouble == "fail":
        raise MultigenError("no good")
    with new_folder(path) as part:
        for name in ("b", "a"):
            (part / name).write_text(f"{name} {shard.seed}\n" * 100)
        if shard.trouble == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if shard.trouble == "slow":
            time.sleep(0.3)
    return {"twice": 2.0 * shard.seed}
