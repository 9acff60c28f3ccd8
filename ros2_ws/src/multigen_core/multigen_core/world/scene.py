"""Scenes: vessels, liquid, their positions and the camera, from YAML with distributions.

Any value in a scene file may be a distribution, `{uniform: [low, high]}` or `{choice: [a, b, …]}`,
sampled with a seed in the file's order, so the seed reproduces the scene.

A scene owns its vessels and its liquid: a file may name a catalogue entry or another YAML file, or
describe them inline. Once loaded, the scene needs neither catalogue nor files; its JSON is
complete.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import ConfigError, load_yaml, package_config, validate
from multigen_core.types import CameraCalibration
from multigen_core.world import catalogue
from multigen_core.world.liquid import Liquid
from multigen_core.world.vessel import Vessel

Vector = tuple[float, float, float]

Centimetre = Annotated[float, Field(ge=-0.01, le=0.01)]


def _owned(find: Callable[[str], Vessel | Liquid]) -> BeforeValidator:
    """Accepts references, with files relative to the scene's, and inline descriptions."""

    def resolve(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, dict):
            return {"name": "inline", **value}
        if not isinstance(value, str):
            return value
        if value.endswith((".yaml", ".yml")) and info.context:
            value = str(Path(info.context["folder"], value))
        try:
            return find(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(resolve)


OwnedVessel = Annotated[Vessel, _owned(catalogue.vessel)]
OwnedLiquid = Annotated[Liquid, _owned(catalogue.liquid)]


class SourceSpec(FrozenModel):
    """The held vessel, its start volume [ml] and the height of the grasp above its foot [m]."""

    vessel: OwnedVessel = Field(default_factory=lambda: catalogue.vessel("beaker"))
    volume_ml: Annotated[float, Field(gt=0)] = 350.0
    grasp_height: Annotated[float, Field(gt=0)] = 0.07


class TargetSpec(FrozenModel):
    """The target vessel, its position in base_link [m] and its initial content [ml]."""

    vessel: OwnedVessel = Field(default_factory=lambda: catalogue.vessel("straight_glass"))
    position: Vector = (0.65, 0.12, 0.0)
    volume_ml: Annotated[float, Field(ge=0)] = 0.0


class CameraSpec(FrozenModel):
    """The public camera in base_link: position, the point it looks at [m], vertical FOV [deg].

    `roll` [deg] turns it about its axis, clockwise as seen from behind the camera.
    `calibration_error` [m] is the offset of the true camera from `position`, which `pose` reports.
    """

    position: Vector = (1.22, 0.1, 0.27)
    look_at: Vector = (0.65, 0.07, 0.155)
    roll: Annotated[float, Field(ge=-180, le=180)] = 0.0
    calibration_error: tuple[Centimetre, Centimetre, Centimetre] = (0.0, 0.0, 0.0)
    vertical_fov: Annotated[float, Field(gt=5, lt=120)] = 36.0
    width: Annotated[int, Field(ge=16, le=4096)] = 320
    height: Annotated[int, Field(ge=16, le=4096)] = 240

    @model_validator(mode="after")
    def _looks_sideways(self) -> CameraSpec:
        x, y, z = np.subtract(self.look_at, self.position)
        if np.hypot(x, y) < 1e-3 * (1e-3 + abs(z)):
            raise ValueError("look_at: must not be directly above or below position")
        return self

    @property
    def pose(self) -> NDArray[np.float64]:
        """The optical frame in base_link, (4, 4): x right, y down, z into the image."""
        forward = np.subtract(self.look_at, self.position)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        transform = np.eye(4)
        down = np.cross(forward, right)
        c, s = np.cos(np.radians(self.roll)), np.sin(np.radians(self.roll))
        transform[:3, :3] = np.column_stack([c * right + s * down, c * down - s * right, forward])
        transform[:3, 3] = self.position
        return transform

    @property
    def calibration(self) -> CameraCalibration:
        """Intrinsics: square pixels, optical axis through the image centre."""
        focal = self.height / 2 / np.tan(np.radians(self.vertical_fov) / 2)
        matrix = np.array(
            [[focal, 0, (self.width - 1) / 2], [0, focal, (self.height - 1) / 2], [0, 0, 1]]
        )
        return CameraCalibration(self.width, self.height, matrix)


class HydraulicsSpec(FrozenModel):
    """Coefficients of the liquid model that are uncertain in reality.

    `discharge` is the weir coefficient C; `jet_noise` the relative fluctuation of the jet's speed
    and direction; `slosh_damping` the damping ratio of the first mode; `capillarity` scales the
    heads that surface tension holds back at the lip: 1 for a clean, sharp rim, 0 for none.
    """

    discharge: Annotated[float, Field(ge=0.3, le=0.9)] = 0.6
    jet_noise: Annotated[float, Field(ge=0, le=0.3)] = 0.03
    slosh_damping: Annotated[float, Field(ge=0, le=1)] = 0.03
    capillarity: Annotated[float, Field(ge=0, le=2)] = 1.0


class ArmSpec(FrozenModel):
    """Imperfections of the simulated arm.

    `command_delay` [s] before a command acts and `servo_lag` [s], the time constant with which the
    servo's goal follows it; `joint_friction`, Coulomb friction as a share of each joint's effort
    limit; `encoder_noise` [rad], standard deviation of measured positions; `home_noise` [rad], that
    of the start pose.
    """

    command_delay: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    servo_lag: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    joint_friction: Annotated[float, Field(ge=0, le=0.3)] = 0.0
    encoder_noise: Annotated[float, Field(ge=0, le=0.01)] = 0.0
    home_noise: Annotated[float, Field(ge=0, le=0.2)] = 0.0


class LookSpec(FrozenModel):
    """Appearance, without effect on the physics.

    Colours are RGB in [0, 1]; `pattern` is that of the table; `distractors` is the number of
    objects on it, clear of the pour, placed by the simulation's seed.
    """

    table: Vector = (0.68, 0.58, 0.47)
    wall: Vector = (0.80, 0.82, 0.83)
    light_position: Vector = (0.9, -0.6, 1.6)
    light: Annotated[float, Field(ge=0, le=2)] = 0.8
    exposure: Annotated[float, Field(gt=0, le=4)] = 1.0
    shadows: bool = False
    pattern: Literal["plain", "checker", "speckle"] = "plain"
    distractors: Annotated[int, Field(ge=0, le=8)] = 0


class Scene(FrozenModel):
    """One concrete scene."""

    name: str = ""
    description: str = ""
    liquid: OwnedLiquid = Field(default_factory=lambda: catalogue.liquid("water"))
    source: SourceSpec = Field(default_factory=SourceSpec)
    target: TargetSpec = Field(default_factory=TargetSpec)
    camera: CameraSpec = CameraSpec()
    hydraulics: HydraulicsSpec = HydraulicsSpec()
    arm: ArmSpec = ArmSpec()
    look: LookSpec = LookSpec()

    @model_validator(mode="after")
    def _fits(self) -> Scene:
        for label, spec in (("source", self.source), ("target", self.target)):
            capacity = spec.vessel.capacity * 1e6
            if spec.volume_ml > capacity:
                raise ValueError(
                    f"{label}.volume_ml {spec.volume_ml:.0f} is above the brim: "
                    f"{spec.vessel.name} holds {capacity:.0f} ml"
                )
        source = self.source.vessel
        if self.source.grasp_height >= source.rim_height:
            raise ValueError("source.grasp_height is above the vessel's mouth")
        return self


def draw(value: Any, rng: np.random.Generator, where: str = "") -> Any:
    """`value` with every distribution in it replaced by a sample.

    Raises:
        ValueError: a distribution is malformed; names its place.
    """
    if isinstance(value, dict):
        if set(value) == {"uniform"}:
            bounds = value["uniform"]
            try:
                low, high = np.asarray(bounds, float)
            except (TypeError, ValueError):
                raise ValueError(f"{where}: uniform takes [low, high], got {bounds!r}") from None
            with np.errstate(over="ignore", invalid="ignore"):
                finite = np.isfinite(high - low).all()
            if not (np.all(low <= high) and finite):
                raise ValueError(
                    f"{where}: uniform takes [low, high], finite and low ≤ high, got {bounds!r}"
                )
            return np.asarray(rng.uniform(low, high)).tolist()
        if set(value) == {"choice"}:
            options = value["choice"]
            if not isinstance(options, list) or not options:
                raise ValueError(f"{where}: choice takes a list of values, got {options!r}")
            return draw(options[int(rng.integers(len(options)))], rng, where)
        return {key: draw(item, rng, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [draw(item, rng, f"{where}[{index}]") for index, item in enumerate(value)]
    return value


def load_scene(file: str | Path, seed: int) -> Scene:
    """A scene from a YAML file, or a shipped one by name, sampled with `seed`.

    Raises:
        ConfigError: no such file, or a wrong key; names file, key and the valid ones.
    """
    path = package_config("multigen_core", "scenes", file)
    data = load_yaml(path) or {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a mapping, got {type(data).__name__}")
    try:
        drawn = draw(data, np.random.default_rng(seed))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return validate(Scene, {"name": path.stem, **drawn}, path, {"folder": path.parent})
