"""The view's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.config.parameters import parameter


@dataclass(frozen=True)
class ViewParameters:
    """Parameters of the view node."""

    port: int = parameter(9090, "port of the page; the next free one if it is taken", 1, 65535)
    rate: float = parameter(10.0, "updates per second", 1.0, 30.0)
    memory: int = parameter(256, "for what browsers have yet to fetch [MiB]", 16)
    arm_file: str = parameter("gen3", "arm description: a shipped name or a YAML file")
    scene: str = parameter("default", "what is drawn around the arm: a shipped name or a YAML file")
    seed: int = parameter(0, "seed that samples the scene's distributions", 0)
