"""Policies that this package registers in the entry-point group `multigen.policies`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import load_model
from multigen_core.learning.runtime import run_on_cpu
from multigen_core.policy import Policy, PolicyConfig
from multigen_policy.classical.acoustic import Acoustic, AcousticConfig
from multigen_policy.classical.timed import Timed, TimedConfig
from multigen_policy.learned.audiovisual import Audiovisual
from multigen_policy.learned.weights import weights_folder

Settings = TypeVar("Settings", bound=FrozenModel)


def audiovisual(config: PolicyConfig) -> Policy:
    """Looks and listens; `checkpoint` is a folder of `multigen train-policy`."""
    run_on_cpu("the policy audiovisual", config.device)
    return Audiovisual(config.station, weights_folder(config.checkpoint))


def acoustic(config: PolicyConfig) -> Policy:
    """Pours by ear; `checkpoint` may be a YAML file of an AcousticConfig."""
    return Acoustic(config.station, _settings(AcousticConfig, config.checkpoint))


def timed(config: PolicyConfig) -> Policy:
    """Pours by the clock; `checkpoint` may be a YAML file of a TimedConfig."""
    return Timed(config.station, _settings(TimedConfig, config.checkpoint))


def _settings(kind: type[Settings], checkpoint: str) -> Settings:
    return load_model(kind, Path(checkpoint).expanduser()) if checkpoint else kind()
