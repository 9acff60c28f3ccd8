"""The recorder's parameters, most of which a bag keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from pathlib import Path

from multigen_core.config.parameters import parameter

_NOT_KEPT = ("bag_dir", "name", "reserve_mb", "hearing_view")


@dataclass(frozen=True)
class RecorderParameters:
    """The recorder's parameters; those from `scene` on go into the bag's metadata."""

    bag_dir: str = parameter("bags", "folder the bag is written into")
    name: str = parameter("", "the bag's name; empty: the scene and the time of the start")
    reserve_mb: float = parameter(256.0, "stop when the disk has less left [MiB]", low=0.0)
    hearing_view: bool = parameter(False, "keep the cut-away view's pictures, too, 0.6 MB/s")
    scene: str = parameter("", "scene file or name")
    seed: int = parameter(0, "the scene's seed", low=0)
    arm_file: str = parameter("", "the arm's description")
    target_ml: float = parameter(0.0, "goal of the pour [ml], 0 if none", low=0.0)
    policy: str = parameter("", "policy that pours")
    policy_checkpoint: str = parameter("", "its checkpoint")
    told: str = parameter("", "what it is told of its station")
    synthesizer: str = parameter("", "synthesizer of the sound")
    synthesizer_checkpoint: str = parameter("", "its checkpoint")
    backend: str = parameter("", "physics backend of the simulator")

    @property
    def path(self) -> Path:
        """Where the bag goes if nothing is there."""
        prefix = f"{Path(self.scene).stem}-" if self.scene else ""
        name = self.name or f"{prefix}{time.strftime('%Y%m%d-%H%M%S')}"
        return Path(self.bag_dir).expanduser().absolute() / name

    @property
    def metadata(self) -> dict[str, str]:
        """What the bag keeps: everything that is given."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if not self.target_ml:
            del values["target_ml"]
        return {
            name: str(value)
            for name, value in values.items()
            if name not in _NOT_KEPT and value != ""
        }
