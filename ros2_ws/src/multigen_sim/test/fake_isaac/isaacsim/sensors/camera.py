import numpy as np
from fake_engine import ENGINE, FAULT, require_app
from scipy.spatial.transform import Rotation

require_app("isaacsim.sensors.camera")
cameras = []


def refresh():
    """One frame later."""
    for camera in cameras:
        camera.refresh()


class Camera:
    def __init__(
        self, prim_path, name="camera", frequency=None, dt=None, resolution=None, position=None,
        orientation=None, translation=None, render_product_path=None, annotator_device=None,
    ):  # fmt: skip
        self._width, self._height = resolution or (128, 128)
        self._frames = []
        self._focal, self._aperture = 0.024, 0.02
        cameras[:] = [self]

    def initialize(self, physics_sim_view=None, attach_rgb_annotator=True):
        assert ENGINE.playing, "after the world's reset"

    def set_world_pose(self, position=None, orientation=None, camera_axes="world"):
        assert camera_axes == "ros"
        w, x, y, z = orientation
        self._position, self._axes = position, Rotation.from_quat([x, y, z, w]).as_matrix()

    def set_focal_length(self, value):
        self._focal = value

    def set_horizontal_aperture(self, value, maintain_square_pixels=True):
        self._aperture = value

    def set_clipping_range(self, near_distance=None, far_distance=None):
        pass

    def get_intrinsics_matrix(self, device=None, backend_utils_cls=None):
        focal = self._width * self._focal / self._aperture
        return np.array([[focal, 0, self._width / 2], [0, focal, self._height / 2], [0, 0, 1]])

    def refresh(self):
        if FAULT == "black":
            self._frames.append(np.zeros((self._height, self._width, 4), np.uint8))
            return
        rgba = np.full((self._height, self._width, 4), 120, np.uint8)
        focal = self.get_intrinsics_matrix()[0, 0]
        local = (ENGINE.points - self._position) @ self._axes
        local = local[local[:, 2] > 0.05]
        column = (focal * local[:, 0] / local[:, 2] + self._width / 2).astype(int)
        row = (focal * local[:, 1] / local[:, 2] + self._height / 2).astype(int)
        seen = (column >= 0) & (column < self._width) & (row >= 0) & (row < self._height)
        for down, right in np.ndindex(4, 4):
            rgba[row[seen] - down, column[seen] - right, :3] = (40, 90, 230)
        self._frames.append(rgba)

    def get_rgba(self, device=None):
        """Nothing at first, then black, then a frame late."""
        if len(self._frames) < 2:
            return None if not self._frames else np.array([])
        if len(self._frames) < 4:
            return np.zeros((self._height, self._width, 4), np.uint8)
        return self._frames[-2]
