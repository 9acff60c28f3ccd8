"""Lens and place of a camera, found from exact pictures of a board through a distorting lens."""

import json
import re

import cv2
import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from multigen_core import contract
from multigen_core.arm.kinematics import forward
from multigen_core.arm.kinematics import pose as homogeneous
from multigen_core.bags import BagWriter
from multigen_core.cli import main
from multigen_core.types import CameraFrame, JointState
from multigen_core.world.lens import project, rays
from multigen_core.world.scene import CameraSpec, load_scene
from multigen_robot.calibration.board import Board, CalibrationError
from multigen_robot.calibration.extrinsics import board_in_camera, locate, locate_by_gripper
from multigen_robot.calibration.files import camera_block, write_calibration
from multigen_robot.calibration.intrinsics import calibrate
from multigen_robot.calibration.views import BadViewError, View, find_view
from multigen_robot.camera.calibration import load_calibration

from .board_pictures import LENS, facing, many, picture

BOARD = Board()
NEAR = 0.002, np.radians(0.2)
"""What the place of a camera is found within [m], [rad]."""


def apart(first, second):
    """Distance [m] and angle [rad] of two poses."""
    turn = Rotation.from_matrix(first[:3, :3].T @ second[:3, :3])
    return np.linalg.norm(first[:3, 3] - second[:3, 3]), turn.magnitude()


def exact(pose, name="exact", noise=0.0, seed=0):
    """A view without an image."""
    points = BOARD.corners @ pose[:3, :3].T + pose[:3, 3]
    rng = np.random.default_rng(seed)
    pixels = project(points, LENS) + noise * rng.standard_normal((len(points), 2))
    size = (LENS.width, LENS.height)
    return View(name, pixels, BOARD.corners, np.arange(len(points)), size)


@pytest.fixture(scope="session")
def pictures():
    return [picture(BOARD, pose, LENS, seed) for seed, pose in enumerate(many(BOARD, 14))]


@pytest.fixture(scope="session")
def camera_pose():
    """A camera that looks at a table, rolled by 3°."""
    return CameraSpec(position=(1.1, 0.15, 0.42), look_at=(0.6, 0.05, 0.0), roll=3.0).pose


@pytest.fixture
def lens_file(tmp_path):
    path = tmp_path / "camera.yaml"
    write_calibration(path, LENS, "camera")
    return path


def save(path, rgb):
    cv2.imwrite(str(path), rgb[..., ::-1])
    return str(path)


def test_the_file_is_the_standard_one_and_read_back_exactly(lens_file):
    read = load_calibration(str(lens_file), "camera")
    np.testing.assert_allclose(read.matrix, LENS.matrix)
    np.testing.assert_allclose(read.distortion, LENS.distortion)
    file = yaml.safe_load(lens_file.read_text())
    assert file["camera_name"] == "camera"
    assert file["projection_matrix"]["cols"] == 4


def test_rays_undo_the_projection():
    pixels = np.array([[3.0, 5.0], [320.0, 240.0], [636.0, 470.0]])
    np.testing.assert_allclose(project(rays(pixels, LENS), LENS), pixels, atol=1e-6)


def test_the_lens_is_found_by_the_command_and_bad_views_are_refused_with_reasons(
    pictures, tmp_path, capsys
):
    names = [save(tmp_path / f"{index}.png", rgb) for index, rgb in enumerate(pictures)]
    names.append(save(tmp_path / "blurred.png", cv2.GaussianBlur(pictures[0], (0, 0), 4.0)))
    names.append(save(tmp_path / "again.png", pictures[1]))
    names.append(save(tmp_path / "nothing.png", np.full_like(pictures[0], 90)))
    lens, report = tmp_path / "lens.yaml", tmp_path / "report.json"
    words = ["calibrate", "camera", "--views", *names, "--calibration", str(lens)]
    assert main([*words, "--json", str(report)]) == 0
    said = capsys.readouterr().out
    assert "refused: blurred.png: " in said
    assert "refused: again.png: the same as another view" in said
    assert "refused: nothing.png: 0 corners seen" in said
    found = json.loads(report.read_text())["intrinsics"]
    assert found["residual_px"] < 0.15
    assert found["residual_mm"] < 0.15
    read = load_calibration(str(lens), "camera")
    np.testing.assert_allclose(read.matrix, LENS.matrix, atol=3.0)
    covered = np.array([[90.0, 70.0], [550.0, 410.0], [320.0, 70.0]])
    np.testing.assert_allclose(rays(covered, read), rays(covered, LENS), atol=NEAR[1])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 3.0), "blurred|corners seen"),
        (lambda rgb: (rgb * 0.1).astype(np.uint8), "more light|corners seen"),
        (lambda rgb: np.full_like(rgb, 255), "0 corners seen"),
    ],
)
def test_a_spoilt_image_is_refused(pictures, spoil, reason):
    with pytest.raises(BadViewError, match=reason):
        find_view(spoil(pictures[2]), BOARD, "view")


def test_an_oblique_and_a_distant_board_are_refused():
    with pytest.raises(BadViewError, match=r"obliquely|corners seen"):
        find_view(picture(BOARD, facing(BOARD, (0, 0, 0.4), (74, 0, 0)), LENS), BOARD, "view")
    with pytest.raises(BadViewError, match=r"come closer|corners seen"):
        find_view(picture(BOARD, facing(BOARD, (0, 0, 2.2), (10, 0, 0)), LENS), BOARD, "view")


def test_a_view_of_a_bent_board_is_left_out():
    views = [exact(p, str(i), 0.05, i) for i, p in enumerate(many(BOARD, 12))]
    bent = views[3].pixels + 4.0 * np.sin(views[3].points[:, :1] * 20)
    views[3] = View("bent", bent, *(getattr(views[3], n) for n in ("points", "numbers", "size")))
    found = calibrate(views)
    assert [line.split(":")[0] for line in found.refused] == ["bent"]
    np.testing.assert_allclose(found.calibration.matrix, LENS.matrix, atol=2.0)


@pytest.mark.parametrize(
    ("poses", "reason"),
    [
        (many(BOARD, 5), "5 usable views, 8 needed"),
        (
            [
                facing(BOARD, (x, y, 0.9), (30 * x, 30 * y, 0))
                for x in np.linspace(-0.06, 0.06, 4)
                for y in (-0.05, 0.05)
            ],
            "cover",
        ),
        (
            [
                facing(BOARD, (x, y, 0.5), (0, 0, 0))
                for x in np.linspace(-0.15, 0.15, 4)
                for y in (-0.11, 0.11)
            ],
            "same angle|focal length is known",
        ),
    ],
)
def test_views_that_do_not_determine_the_lens_are_refused(poses, reason):
    with pytest.raises(CalibrationError, match=reason):
        calibrate([exact(pose, str(i), 0.05, i) for i, pose in enumerate(poses)])


def test_a_camera_is_found_from_a_board_on_the_table_and_written_into_the_scene(
    camera_pose, lens_file, tmp_path, capsys
):
    at = homogeneous((0.75, -0.08, 0.0), Rotation.from_euler("z", 90, degrees=True))
    table = save(tmp_path / "table.png", picture(BOARD, np.linalg.inv(camera_pose) @ at, LENS))
    scene = tmp_path / "mine.yaml"
    scene.write_text(
        "description: mine  # and kept\ncamera: {vertical_fov: 50}\ntarget: {vessel: mug}\n"
    )
    words = ["calibrate", "camera", "--calibration", str(lens_file), "--table", table]
    assert main([*words, "--board-at", "0.75", "-0.08", "0", "90", "--scene", str(scene)]) == 0
    assert "residual" in capsys.readouterr().out
    assert "# and kept" in scene.read_text()
    found = load_scene(scene, 0)
    assert found.target.vessel.name == "mug"
    distance, angle = apart(found.camera.pose, camera_pose)
    assert distance < NEAR[0]
    assert angle < NEAR[1]
    assert found.camera.calibration.matrix[1, 1] == pytest.approx(LENS.matrix[1, 1], abs=0.1)


GRIP = homogeneous((-0.13, -0.05, 0.04), Rotation.from_euler("xyz", [4, 186, 3], degrees=True))
"""A board in the gripper."""


@pytest.fixture(scope="session")
def facing_pose(arm):
    """A camera half a metre in front of that board."""
    seen = facing(BOARD, (0.0, 0.0, 0.5), (12.0, -8.0, 5.0))
    return forward(arm, arm.home) @ GRIP @ np.linalg.inv(seen)


def held_poses(arm, count):
    """Joint positions at which that camera sees the board from several sides, (count, J)."""
    turns = np.random.default_rng(4).uniform(-0.4, 0.4, (count, len(arm.names)))
    turns[:, :4] *= 0.1
    return arm.home + turns


def test_a_camera_is_found_from_a_board_in_the_gripper(arm, facing_pose):
    poses, grip = held_poses(arm, 9), GRIP
    tools = [forward(arm, joints) for joints in poses]
    into = np.linalg.inv(facing_pose)
    views = [exact(into @ tool @ grip, str(i), 0.1, i) for i, tool in enumerate(tools)]
    found = locate_by_gripper(views, tools, LENS)
    distance, angle = apart(found.pose, facing_pose)
    assert distance < NEAR[0]
    assert angle < NEAR[1]
    assert apart(found.board, grip)[0] < NEAR[0]
    assert found.residual_px == pytest.approx(0.14, abs=0.03)
    assert distance < 4 * found.position_error, "the error is what was told"


def test_a_camera_is_found_from_a_bag_of_the_arm_at_rest_at_poses(
    arm, facing_pose, lens_file, tmp_path, capsys
):
    poses, grip = held_poses(arm, 8), GRIP
    bag, now = tmp_path / "held", 10**9
    with BagWriter(bag, (contract.IMAGE_COMPRESSED, contract.JOINT_STATES)) as writer:
        for index, joints in enumerate(poses):
            seen = np.linalg.inv(facing_pose) @ forward(arm, joints) @ grip
            frame = picture(BOARD, seen, LENS, index)
            for step in range(40):
                moving = joints + (0.1 if step < 8 else 0.0)
                state = JointState(now, arm.names, moving, np.zeros(len(joints)))
                writer.write(contract.JOINT_STATES, state, now)
                if step % 20 == 0:
                    writer.write(contract.IMAGE_COMPRESSED, CameraFrame(now, frame, "eye"), now)
                now += 25_000_000
    report = tmp_path / "report.json"
    words = ["calibrate", "camera", "--calibration", str(lens_file), "--held", str(bag)]
    assert main([*words, "--json", str(report)]) == 0, capsys.readouterr()
    found = json.loads(report.read_text())["extrinsics"]
    distance, angle = apart(np.array(found["pose"]), facing_pose)
    assert distance < NEAR[0]
    assert angle < NEAR[1]
    assert found["residual_px"] < 0.3


@pytest.mark.parametrize("count", [3, 8])
def test_too_few_or_too_similar_poses_of_the_gripper_are_refused(arm, facing_pose, count):
    poses, grip = held_poses(arm, count), GRIP
    if count == 8:
        poses = [poses[0] + 0.1 * index * (np.arange(len(arm.names)) == 6) for index in range(8)]
    tools = [forward(arm, joints) for joints in poses]
    views = [exact(np.linalg.inv(facing_pose) @ tool @ grip) for tool in tools]
    with pytest.raises(CalibrationError, match=r"3 usable poses|one axis only"):
        locate_by_gripper(views, tools, LENS)


def test_a_board_that_is_not_where_it_was_told_is_noticed(camera_pose):
    ats = [homogeneous((x, 0.0, 0.0), Rotation.identity()) for x in (0.45, 0.55)]
    into = np.linalg.inv(camera_pose)
    views = [exact(into @ at, str(index)) for index, at in enumerate(ats)]
    assert apart(locate(views, ats, LENS).pose, camera_pose)[0] < 1e-6
    ats[1] = ats[1] @ homogeneous((0.03, 0.0, 0.0), Rotation.identity())
    with pytest.raises(CalibrationError, match=r"residual .* px, worst in"):
        locate(views, ats, LENS)


def test_a_pose_from_one_picture_is_that_of_the_board(pictures):
    for rgb, pose in zip(pictures[:4], many(BOARD, 14), strict=False):
        distance, angle = apart(board_in_camera(find_view(rgb, BOARD, "view"), LENS), pose)
        assert distance < NEAR[0]
        assert angle < 4 * NEAR[1]


def test_a_block_describes_the_pose_and_a_camera_that_looks_down_has_none(camera_pose):
    block = camera_block(camera_pose, LENS)
    assert apart(CameraSpec(**block).pose, camera_pose)[0] < 1e-4
    assert apart(CameraSpec(**block).pose, camera_pose)[1] < 1e-4
    down = homogeneous((0.5, 0.0, 1.0), Rotation.from_euler("x", np.pi))
    with pytest.raises(CalibrationError, match="straight down"):
        camera_block(down, LENS)


def test_good_views_are_collected_from_a_camera(tmp_path, pictures, capsys):
    path = tmp_path / "camera.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for rgb in pictures[:4]:
        for _ in range(25):
            writer.write(rgb[..., ::-1])
    writer.release()
    words = ["calibrate", "capture", str(path), "-o", str(tmp_path / "views"), "--count", "2"]
    assert main(words) == 0
    assert "2 of 2 taken" in capsys.readouterr().out
    assert len(list((tmp_path / "views").glob("*.png"))) == 2
    assert main([*words[:-1], "30", "--patience", "12"]) == 1
    assert "no new view" in capsys.readouterr().err


def test_the_printed_board_is_found_and_tells_its_size(tmp_path):
    path = tmp_path / "board.png"
    assert main(["calibrate", "board", "-o", str(path), "--dpi", "100"]) == 0
    assert b"pHYs" in path.read_bytes()
    assert len(find_view(cv2.imread(str(path)), BOARD, "print").pixels) == 8 * 5


@pytest.mark.parametrize("words", [["--columns", "2"], ["--square-mm", "0.5"], ["--rows", "900"]])
def test_a_board_that_cannot_be_is_refused(words, capsys):
    assert main(["calibrate", "board", *words]) == 1
    assert re.search("expected|at least 3", capsys.readouterr().err)
