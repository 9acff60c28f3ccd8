"""The public camera in Isaac Sim."""

from __future__ import annotations

from typing import Any

import numpy as np

from .frames import Fields
from .stage import WORLD

_FOCAL_LENGTH = 0.024
"""Of the virtual lens [m]; only its ratio to the aperture matters."""
_MOST_FRAMES = 120
"""Frames to wait for the first that is not empty or black, while shaders compile."""
_LATENCY = 2
"""Frames after which a picture shows what the physics did last."""


class Picture:
    """Renders the scene from the public camera."""

    def __init__(self, fields: Fields) -> None:
        """Add the camera; `initialize` it after the world's reset."""
        from isaacsim.sensors.camera import Camera

        self._fields = fields
        self._size = fields["width"], fields["height"]
        self._camera = Camera(
            prim_path=f"{WORLD}/camera", name="public_camera", resolution=self._size
        )

    def initialize(self, world: Any) -> None:
        """Place the camera, set its lens and wait for the first picture.

        Raises:
            RuntimeError: there is none.
        """
        fields, camera = self._fields, self._camera
        camera.initialize()
        camera.set_world_pose(
            position=np.array(fields["position"]),
            orientation=np.array(fields["wxyz"]),
            camera_axes="ros",
        )
        camera.set_focal_length(_FOCAL_LENGTH)
        aperture = _FOCAL_LENGTH * fields["width"] / fields["focal"]
        camera.set_horizontal_aperture(aperture, maintain_square_pixels=True)
        camera.set_clipping_range(near_distance=0.02, far_distance=20.0)
        for _ in range(_MOST_FRAMES):
            world.render()
            if self._latest() is not None:
                return
        raise RuntimeError(
            f"the camera gave no picture in {_MOST_FRAMES} frames: rendering needs a GPU that "
            "traces rays, and a driver with Vulkan"
        )

    def take(self, world: Any) -> Any:
        """A picture of now, uint8 (H, W, 3); no physics.

        Raises:
            RuntimeError: there is none.
        """
        import omni.physx

        # Steps without rendering leave the renderer's poses as they were.
        omni.physx.get_physx_interface().update_transformations(True, True, True, False)
        for _ in range(_LATENCY):
            world.render()
        picture = self._latest()
        if picture is None:
            raise RuntimeError("the camera gave no picture, or a black one")
        return picture

    @property
    def focal(self) -> float:
        """The focal length that Isaac Sim reports [px]."""
        return float(self._camera.get_intrinsics_matrix()[0, 0])

    def _latest(self) -> Any:
        rgba = self._camera.get_rgba()
        width, height = self._size
        if rgba is None or np.shape(rgba)[:2] != (height, width):
            return None
        rgb = np.array(rgba, np.uint8)[:, :, :3]
        return rgb if rgb.any() else None
