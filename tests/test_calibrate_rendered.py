"""Camera and vessels, measured on images that MuJoCo renders of a board and of vessels on it."""

import cv2
import mujoco
import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from multigen_core.cli import main
from multigen_core.types import CameraCalibration
from multigen_core.world import catalogue
from multigen_core.world.scene import CameraSpec, load_scene
from multigen_core.world.vessel import Vessel
from multigen_robot.calibration.board import Board
from multigen_robot.calibration.files import write_calibration

BOARD = Board()
WIDTH, HEIGHT = 1280, 960
CAMERA = CameraSpec(
    position=(0.72, 0.05, 0.26), look_at=(0.1, 0.02, 0.05), vertical_fov=32.0,
    width=WIDTH, height=HEIGHT, roll=2.0,
)  # fmt: skip
PLACE = (0.135, 0.02)
"""Of the vessel's axis, in the world, whose origin is the board's corner."""


def mesh(vessel: Vessel) -> str:
    """The outside of a vessel as MuJoCo's vertices and faces."""
    heights = np.linspace(0.0, vessel.rim_height, 120)
    rings = [(0.0, 0.0), *zip(heights, vessel.outer_radius(heights), strict=True)]
    rings.append((vessel.rim_height, 0.0))
    turns = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    points = [(r * np.cos(a), r * np.sin(a), z) for z, r in rings for a in turns]
    count, faces = len(turns), []
    for ring in range(len(rings) - 1):
        for i in range(count):
            a, b = ring * count + i, ring * count + (i + 1) % count
            faces += [(a, b, b + count), (a, b + count, a + count)]
    vertices = " ".join(f"{x:.6f}" for point in points for x in point)
    return f'<mesh name="vessel" vertex="{vertices}" face="{" ".join(map(str, np.ravel(faces)))}"/>'


def render(vessel: Vessel | None) -> np.ndarray:
    """The board on a table with a vessel on it, RGB."""
    pose = CAMERA.pose
    turn = Rotation.from_matrix(np.column_stack([pose[:3, 0], -pose[:3, 1], -pose[:3, 2]]))
    x, y, z, w = turn.as_quat()
    width, height = BOARD.size / 2
    fov = CAMERA.vertical_fov
    asset = geom = ""
    if vessel is not None:
        asset = mesh(vessel)
        geom = f'<geom type="mesh" mesh="vessel" pos="{PLACE[0]} {PLACE[1]} 0" rgba=".75 .3 .2 1"/>'
    px, py, pz = CAMERA.position
    png = cv2.imencode(".png", np.repeat(BOARD.draw(60)[..., None], 3, axis=2))[1].tobytes()
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><visual><global offwidth="{WIDTH}" offheight="{HEIGHT}"/>
        <quality offsamples="8" shadowsize="0"/>
        <headlight ambient=".6 .6 .6" diffuse=".3 .3 .3" specular="0 0 0"/></visual>
        <asset><texture name="board" type="2d" file="board.png"/>
        <material name="board" texture="board" specular="0"/>{asset}</asset>
        <worldbody><geom type="plane" size="2 2 1" pos="0 0 -.002" rgba=".55 .6 .55 1"/>
        <geom type="plane" size="{width} {height} 1" pos="{width} {height} 0" material="board"/>
        <camera name="eye" pos="{px} {py} {pz}" quat="{w} {x} {y} {z}" fovy="{fov}"/>
        {geom}</worldbody></mujoco>""",
        {"board.png": png},
    )
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with mujoco.Renderer(model, HEIGHT, WIDTH) as renderer:
        renderer.update_scene(data, "eye")
        return renderer.render()


def save(path, rgb):
    cv2.imwrite(str(path), rgb[..., ::-1])
    return str(path)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return save(tmp_path_factory.mktemp("rendered") / "empty.png", render(None))


@pytest.fixture
def lens(tmp_path):
    # In MuJoCo pixels lie between whole coordinates and the axis in the middle of the image.
    calibration: CameraCalibration = CAMERA.calibration
    path = tmp_path / "camera.yaml"
    write_calibration(path, calibration, "camera")
    return str(path)


def test_the_rendered_camera_is_found_within_2_mm_and_a_fifth_of_a_degree(empty, lens, tmp_path):
    scene = tmp_path / "scene.yaml"
    words = ["calibrate", "camera", "--calibration", lens, "--table", empty]
    assert main([*words, "--board-at", "0", "0", "0", "0", "--scene", str(scene)]) == 0
    found = load_scene(scene, 0).camera.pose
    assert np.linalg.norm(found[:3, 3] - CAMERA.pose[:3, 3]) < 0.002
    turn = Rotation.from_matrix(found[:3, :3].T @ CAMERA.pose[:3, :3])
    assert np.degrees(turn.magnitude()) < 0.2


@pytest.mark.parametrize("name", ["straight_glass", "plastic_beaker", "milk_jug", "shaker"])
def test_the_profile_of_a_rendered_vessel_is_measured(name, empty, lens, tmp_path):
    true = catalogue.vessel(name)
    photo, file = save(tmp_path / "photo.png", render(true)), tmp_path / "vessel.yaml"
    words = ["calibrate", "vessel", photo, empty, "--calibration", lens, "-o", str(file)]
    assert (
        main([*words, "--wall-mm", str(1e3 * true.wall), "--volume-ml", str(1e6 * true.capacity)])
        == 0
    )
    found = Vessel(**yaml.safe_load(file.read_text()))
    assert found.height == pytest.approx(true.height, abs=0.003)
    assert found.capacity == pytest.approx(true.capacity, rel=0.04)
    heights = np.linspace(0.01, true.height - 0.005, 30)
    np.testing.assert_allclose(found.radius(heights), true.radius(heights), atol=0.0015)


def test_the_wall_follows_from_the_volume_and_an_impossible_volume_is_refused(
    empty, lens, tmp_path, capsys
):
    true = catalogue.vessel("milk_jug")
    photo, file = save(tmp_path / "photo.png", render(true)), tmp_path / "vessel.yaml"
    words = ["calibrate", "vessel", photo, empty, "--calibration", lens, "-o", str(file)]
    assert main([*words, "--volume-ml", f"{1e6 * true.capacity:.0f}"]) == 0
    found = Vessel(**yaml.safe_load(file.read_text()))
    assert found.wall == pytest.approx(true.wall, abs=0.0015)
    assert found.capacity == pytest.approx(true.capacity, rel=0.01)
    assert main([*words, "--volume-ml", "9000"]) == 1
    assert "no wall explains 9000 ml" in capsys.readouterr().err
    assert main([*words, "--volume-ml", "700", "--wall-mm", "3.2"]) == 1
    assert "off by more than 10 %" in capsys.readouterr().err
    assert main(words) == 1
    assert "give --wall-mm, or --volume-ml" in capsys.readouterr().err


def test_a_vessel_whose_rim_is_at_the_cameras_height_is_refused(empty, lens, tmp_path, capsys):
    photo = save(tmp_path / "photo.png", render(catalogue.vessel("bottle")))
    words = ["calibrate", "vessel", photo, empty, "--calibration", lens, "--wall-mm", "2"]
    assert main(words) == 1
    assert "the camera must look down on the vessel's rim" in capsys.readouterr().err


def test_photographs_that_show_no_vessel_are_refused(empty, lens, tmp_path, capsys):
    words = ["calibrate", "vessel", "--calibration", lens, "--wall-mm", "2"]
    assert main([*words, empty, empty]) == 1
    assert "the photographs are the same" in capsys.readouterr().err
    half = cv2.imread(empty)
    half[:, : WIDTH // 2] //= 2
    path = tmp_path / "half.png"
    cv2.imwrite(str(path), half)
    assert main([*words, str(path), empty]) == 1
    assert "reaches the image's edge" in capsys.readouterr().err
