"""What a policy may know about its station."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.world.scene import CameraSpec, Scene, Vector
from multigen_core.world.vessel import Vessel


class Told(StrEnum):
    """What a policy is told about its station; each level includes the previous ones.

    NOTHING: arm and camera calibration only. STATION: also the held vessel, its grasp and the
    target's position. TARGET: also the target vessel. Start volume, initial fill of the target and
    liquid are never told.
    """

    NOTHING = "nothing"
    STATION = "station"
    TARGET = "target"


class UntoldError(MultigenError):
    """A policy needs to know more about its station."""


@dataclass(frozen=True)
class HeldVessel:
    """The vessel in the gripper, grasped `grasp_height` [m] above its foot."""

    vessel: Vessel
    grasp_height: float


@dataclass(frozen=True)
class Station:
    """An arm, its fixed camera as calibrated, and what is known about the vessels.

    `position` [m] is the target's position in base_link.
    """

    arm: Arm
    camera: CameraSpec = field(default_factory=CameraSpec)
    held: HeldVessel | None = None
    position: Vector | None = None
    target: Vessel | None = None

    @classmethod
    def of(cls, scene: Scene, arm: Arm, told: Told = Told.STATION) -> Station:
        """The station of a scene, reduced to what the policy is `told`."""
        camera = scene.camera.model_copy(update={"calibration_error": (0.0, 0.0, 0.0)})
        if told is Told.NOTHING:
            return cls(arm, camera)
        source = scene.source
        return cls(
            arm,
            camera,
            HeldVessel(source.vessel, source.grasp_height),
            scene.target.position,
            scene.target.vessel if told is Told.TARGET else None,
        )

    def placed(self, who: str) -> tuple[HeldVessel, Vector]:
        """The held vessel and the target's position, which `who` needs.

        Raises:
            UntoldError: the station does not have them.
        """
        if self.held is None or self.position is None:
            raise UntoldError(
                f"{who} needs the held vessel and the target's position: "
                "launch with told:=station or told:=target, or evaluate with --told station"
            )
        return self.held, self.position
