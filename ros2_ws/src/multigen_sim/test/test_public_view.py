import sys
from types import SimpleNamespace

import cv2
import mujoco
import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.world.catalogue import vessel
from multigen_core.world.scene import CameraSpec, LookSpec, Scene, SourceSpec, TargetSpec
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.views.gl_context import GlContext, RenderingError

ARM = Arm.load()


@pytest.fixture
def simulator():
    simulator = MujocoSimulator(ARM)
    yield simulator
    simulator.close()


@pytest.fixture
def picture(simulator):
    def draw(scene):
        simulator.reset(scene, 0)
        return simulator.render("public").rgb.astype(int)

    return draw


def difference(first, second):
    return np.abs(first - second).sum(axis=2)


def project(scene, point):
    matrix = scene.camera.calibration.matrix
    camera = np.linalg.inv(scene.camera.pose) @ np.append(point, 1.0)
    return (matrix @ camera[:3])[:2] / camera[2]


def test_size_and_stamp_are_the_scene_s(simulator):
    simulator.reset(Scene(camera=CameraSpec(width=160, height=120)), 0)
    simulator.step(100)
    frame = simulator.render("public")
    assert frame.rgb.shape == (120, 160, 3)
    assert (frame.stamp, frame.frame_id) == (100_000_000, "camera_color_optical_frame")


@pytest.mark.parametrize("position", [(0.65, 0.12), (0.66, 0.15)])
def test_calibration_and_pose_project_where_things_are_drawn(picture, position):
    look = LookSpec(table=(0.2, 0.2, 0.2))
    scenes = [
        Scene(
            target=TargetSpec(vessel="can", position=(*position, 0.0)),
            look=look,
            camera=CameraSpec(width=640, height=480),
        )
    ]
    rgb = picture(scenes[0])
    red = (rgb[..., 0] > 90) & (rgb[..., 0] > 2 * rgb[..., 1]) & (rgb[..., 0] > 2 * rgb[..., 2])
    rows, columns = np.nonzero(red)
    left, right = (
        project(scenes[0], [position[0], position[1] + s * 0.0332, 0.06])[0] for s in (1, -1)
    )
    low = project(scenes[0], [position[0] + 0.0245, position[1], 0.0])[1]
    edges = sorted((left, right))
    assert columns.min() == pytest.approx(edges[0], abs=3.0)
    assert columns.max() == pytest.approx(edges[1], abs=3.0)
    assert rows.max() == pytest.approx(low, abs=3.0)


def test_clear_vessel_shows_the_level_and_opaque_hides_it(picture):
    # Seen from the side, so that no light comes in by the mouth.
    camera = CameraSpec(position=(1.25, 0.12, 0.05), look_at=(0.65, 0.12, 0.05))
    changes = {}
    for name in ("straight_glass", "steel_cup"):
        empty, full = (
            picture(Scene(target=TargetSpec(vessel=name, volume_ml=ml), camera=camera))
            for ml in (0.0, 300.0)
        )
        changes[name] = (difference(empty, full) > 15).sum()
    assert changes["straight_glass"] > 300
    assert changes["steel_cup"] == 0


def test_opaque_vessels_show_liquid_only_by_their_mouth(picture):
    for name in ("mug", "bowl", "steel_cup", "kettle", "planter", "stoneware_cup"):
        target = vessel(name)
        scenes = [
            Scene(target=TargetSpec(vessel=name, volume_ml=part * target.capacity * 1e6))
            for part in (0.0, 0.6, 0.9)
        ]
        empty, part, full = (picture(scene) for scene in scenes)
        x, y, _ = scenes[0].target.position
        turn = np.linspace(0, 2 * np.pi, 60)
        edge = target.mouth_radius + target.wall
        rim = [
            project(scenes[0], [x + edge * np.cos(a), y + edge * np.sin(a), target.rim_height])
            for a in turn
        ]
        inside = cv2.fillConvexPoly(
            np.zeros(empty.shape[:2], np.uint8), np.round(rim).astype(np.int32), 1
        )
        beside = cv2.dilate(inside, np.ones((3, 3), np.uint8)) == 0
        assert (difference(empty, full)[beside] <= 15).all(), name
        if target.mouth_radius < 0.06:
            assert (difference(empty, part) <= 15).all(), name


def test_a_camera_off_its_calibration_moves_the_picture_but_not_the_calibration(picture):
    cameras = [CameraSpec(calibration_error=(0.0, e, 0.0)) for e in (0.0, 0.01)]
    true, off = (picture(Scene(camera=camera)) for camera in cameras)
    assert (difference(true, off) > 15).sum() > 300
    assert (cameras[0].pose == cameras[1].pose).all()
    matrices = [camera.calibration.matrix for camera in cameras]
    assert (matrices[0] == matrices[1]).all()


def test_shadows_and_larger_pictures_work(picture):
    sizes = CameraSpec(width=640, height=480)
    plain, shaded = (
        picture(Scene(camera=sizes, look=LookSpec(shadows=shadows))) for shadows in (False, True)
    )
    assert plain.shape == (480, 640, 3)
    darker = (plain - shaded).sum(axis=2) > 60
    assert 0.01 < darker.mean() < 0.5


def test_source_liquid_is_level_whatever_the_tilt(picture):
    scene = Scene(source=SourceSpec(vessel="beaker", volume_ml=300))
    empty, full = (
        picture(s) for s in (scene.model_copy(update={"source": SourceSpec(volume_ml=1.0)}), scene)
    )
    assert (difference(empty, full) > 15).sum() > 300


def test_exposure_and_light_change_brightness(picture):
    means = [
        picture(Scene(look=LookSpec(light=light, exposure=exposure))).mean()
        for light, exposure in ((0.1, 1.0), (0.8, 1.0), (0.8, 1.4))
    ]
    assert means[0] < 0.5 * means[1] < means[1] < means[2]


def test_no_opengl_is_one_error_that_names_the_packages(monkeypatch):
    def broken(*_):
        raise RuntimeError("no display")

    for name in ("mujoco.egl", "mujoco.osmesa"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(GLContext=broken))
    with pytest.raises(RenderingError, match=r"libegl1.*libosmesa6"):
        GlContext().load(mujoco.MjModel.from_xml_string("<mujoco/>"), 64, 48)
