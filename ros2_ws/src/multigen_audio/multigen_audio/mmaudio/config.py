"""Settings of the MMAudio synthesizer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import load_model
from multigen_core.errors import MultigenError

VARIANTS = ("small_16k", "small_44k", "medium_44k", "large_44k", "large_44k_v2")
WINDOW = 8.0
"""Length of MMAudio's windows [s]."""


class MMAudioConfig(FrozenModel):
    """What is generated, and from which weights.

    `variant` of the model; `weights` of a fine-tuned one, '' for the published; `folder` that holds
    `weights/` and `ext_weights/`, '' for the package's own checkout; `prompt` and
    `negative_prompt`; `hop` [s] by which the window of 8 s moves on: what of it is new sounds, the
    last of which comes that late; `fade` [s] from one window to the next; `steps` of Euler's
    method; `guidance` strength.
    """

    variant: Literal["small_16k", "small_44k", "medium_44k", "large_44k", "large_44k_v2"] = (
        "small_16k"
    )
    weights: str = ""
    folder: str = ""
    prompt: str = "pouring water into a glass"
    negative_prompt: str = "music, speech"
    hop: Annotated[float, Field(ge=0.5, le=WINDOW)] = 7.0
    fade: Annotated[float, Field(ge=0.01, le=1.0)] = 0.5
    steps: Annotated[int, Field(ge=1, le=200)] = 25
    guidance: Annotated[float, Field(ge=1, le=20)] = 4.5

    @model_validator(mode="after")
    def _fits(self) -> MMAudioConfig:
        if self.hop + self.fade > WINDOW:
            raise ValueError(f"hop + fade must not exceed {WINDOW:g} s")
        return self

    @classmethod
    def of(cls, checkpoint: str) -> MMAudioConfig:
        """From what a user names: nothing, a variant, a YAML file, or weights named after one.

        Raises:
            MultigenError: it is none of these.
        """
        if not checkpoint or checkpoint in VARIANTS:
            return cls.model_validate({"variant": checkpoint} if checkpoint else {})
        path = Path(checkpoint)
        if path.suffix in (".yaml", ".yml"):
            return load_model(cls, path)
        named = [variant for variant in VARIANTS if variant in path.stem]
        if path.is_file() and named:
            return cls.model_validate({"variant": max(named, key=len), "weights": checkpoint})
        raise MultigenError(
            f"mmaudio: checkpoint {checkpoint!r} is not one of {', '.join(VARIANTS)}, a YAML file "
            "or weights named after a variant; a YAML file can give both: "
            "{variant: small_16k, weights: FILE}"
        )
