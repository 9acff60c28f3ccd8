"""Changes of a drawn scene that make it another condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multigen_core.world.scene import CameraSpec, Scene, TargetSpec, load_scene


@dataclass(frozen=True)
class Variation:
    """What to change.

    `spread` [m] places the target anywhere within as much of the usual place, along both axes;
    `first_fill` is the range of the target's first fill, as a share of its capacity; `look` a scene
    whose light and colours to take; `vertical_fov` [deg] another lens. `orbit` [deg] moves the
    camera around the point it looks at, away from the usual place; the policy is told where it is.
    """

    spread: float = 0.0
    first_fill: tuple[float, float] | None = None
    look: str = ""
    vertical_fov: float | None = None
    orbit: float = 0.0

    def applied(self, scene: Scene, seed: int) -> Scene:
        """The scene with the changes; `seed` draws what they leave open.

        Raises:
            ConfigError: there is no such look.
        """
        values = dict(scene)
        values["target"] = self._target(scene.target, np.random.default_rng([seed, 31]))
        if self.look:
            values["look"] = load_scene(self.look, seed).look
        values["camera"] = self._camera(scene.camera)
        return Scene.model_validate(values)

    def _target(self, target: TargetSpec, rng: np.random.Generator) -> TargetSpec:
        changes: dict[str, object] = {}
        if self.first_fill is not None:
            share = float(rng.uniform(*self.first_fill))
            changes["volume_ml"] = share * target.vessel.capacity * 1e6
        if self.spread:
            x, y, z = TargetSpec().position
            offset = rng.uniform(-self.spread, self.spread, 2)
            changes["position"] = (x + float(offset[0]), y + float(offset[1]), z)
        return target.model_copy(update=changes)

    def _camera(self, camera: CameraSpec) -> CameraSpec:
        x, y, z = np.subtract(camera.position, camera.look_at)
        # The usual cameras scatter about this one: further to the side that a camera is on leaves
        # the places of training.
        side = 1.0 if camera.position[1] >= CameraSpec().position[1] else -1.0
        angle = np.radians(side * self.orbit)
        turned = (
            np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y, z,
        )  # fmt: skip
        position = tuple(float(value) for value in np.add(camera.look_at, turned))
        fov = camera.vertical_fov if self.vertical_fov is None else self.vertical_fov
        return camera.model_copy(update={"position": position, "vertical_fov": fov})
