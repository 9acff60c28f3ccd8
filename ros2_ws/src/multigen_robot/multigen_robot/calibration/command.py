"""`multigen calibrate board`, `capture`, `camera` and `vessel`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import pose as homogeneous
from multigen_core.files import write_atomic, write_json
from multigen_core.types import CameraCalibration
from multigen_robot.calibration.board import Board, CalibrationError
from multigen_robot.calibration.capture import capture
from multigen_robot.calibration.extrinsics import (
    Extrinsics,
    board_in_camera,
    locate,
    locate_by_gripper,
)
from multigen_robot.calibration.files import camera_block, write_calibration, write_camera_block
from multigen_robot.calibration.held import held_views
from multigen_robot.calibration.intrinsics import MODELS, calibrate
from multigen_robot.calibration.outline import outline, silhouette
from multigen_robot.calibration.vessel_file import Measured, vessel_of, write_vessel
from multigen_robot.calibration.views import View, find_view, read_image
from multigen_robot.camera.calibration import load_calibration
from multigen_robot.camera.source import CameraConfig


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen calibrate`."""
    parser.description = "Calibrate the camera and measure vessels, with a printed ChArUco board."
    parts = parser.add_subparsers(required=True, metavar="WHAT")
    board = _part(parts, "board", "write the board as an image to print at 100 %", _board)
    board.add_argument("-o", "--output", type=Path, default=Path("board.png"), metavar="FILE")
    board.add_argument("--dpi", type=int, default=300)

    taking = _part(parts, "capture", "take views of the board before a camera", _capture)
    taking.add_argument("camera", help="index, device, file or URL")
    taking.add_argument("-o", "--output", type=Path, default=Path("views"), metavar="FOLDER")
    taking.add_argument("--count", type=int, default=20)
    taking.add_argument("--width", type=int, default=640)
    taking.add_argument("--height", type=int, default=480)
    taking.add_argument("--patience", type=float, default=60.0, help="for a new view [s]")

    camera = _part(parts, "camera", "find the lens, the place of the camera, or both", _camera)
    camera.add_argument("--views", nargs="+", type=Path, metavar="IMAGE", help="to find the lens")
    camera.add_argument("--model", choices=sorted(MODELS), default="plumb_bob")
    camera.add_argument(
        "--calibration", type=Path, default=Path("camera.yaml"), metavar="FILE",
        help="written with --views, otherwise read (default %(default)s)",
    )  # fmt: skip
    camera.add_argument("--name", default="camera", help="camera_name in that file")
    place = camera.add_mutually_exclusive_group()
    place.add_argument(
        "--table", type=Path, metavar="IMAGE", help="the board on the table, at --board-at"
    )
    place.add_argument(
        "--held", type=Path, metavar="BAG", help="the arm resting at poses, the board in its hand"
    )
    camera.add_argument(
        "--board-at", nargs=4, type=float, metavar=("X", "Y", "Z", "YAW"),
        help="lower left corner of the pattern in base_link [m], its turn about z [deg]",
    )  # fmt: skip
    camera.add_argument("--arm-file", default="gen3", help="a shipped name or a YAML file")
    camera.add_argument("--scene", type=Path, help="scene file that gets the camera's place")
    camera.add_argument("--json", type=Path, metavar="FILE", help="also write the results")

    vessel = _part(parts, "vessel", "measure a vessel that stands on the board", _vessel)
    vessel.add_argument("photo", type=Path, help="with the vessel")
    vessel.add_argument("empty", type=Path, help="the same without it")
    vessel.add_argument("--calibration", type=Path, default=Path("camera.yaml"), metavar="FILE")
    vessel.add_argument("-o", "--output", type=Path, default=Path("vessel.yaml"), metavar="FILE")
    vessel.add_argument("--name", default="measured")
    vessel.add_argument("--wall-mm", type=float, default=0.0)
    vessel.add_argument("--volume-ml", type=float, default=0.0, help="to the brim, as weighed")
    vessel.add_argument("--material", default="glass")
    vessel.add_argument("--opaque", action="store_true")
    vessel.add_argument("--mass-g", type=float, default=200.0)


def _part(parts: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text, description=text)
    parser.add_argument("--columns", type=int, default=9, help="squares of the board")
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument(
        "--square-mm", type=float, default=30.0, help="side of a square, as measured on the print"
    )
    parser.set_defaults(run=run)
    return parser


def _board_of(args: argparse.Namespace) -> Board:
    return Board(args.columns, args.rows, args.square_mm / 1e3)


def _board(args: argparse.Namespace) -> None:
    board = _board_of(args)
    write_atomic(args.output, board.png(args.dpi))
    width, height = 1e3 * board.size
    print(
        f"{args.output}: {width:.0f}×{height:.0f} mm; print at 100 %, measure a square, glue flat"
    )


def _capture(args: argparse.Namespace) -> None:
    config = CameraConfig(args.camera, args.width, args.height, loop=False)
    said = [""]

    def tell(line: str) -> None:
        if line != said[0]:
            said[0] = line
            print(line, flush=True)

    capture(config, _board_of(args), args.output, args.count, tell, args.patience)
    print(f"now: multigen calibrate camera --views {args.output}/*.png")


def _camera(args: argparse.Namespace) -> None:
    if not (args.views or args.table or args.held):
        raise CalibrationError("give --views to find the lens, --table or --held to find the place")
    board, report = _board_of(args), {}
    if args.views:
        report["intrinsics"] = _lens(args, board)
    if args.table or args.held:
        report["extrinsics"] = _place(args, board)
    if args.json:
        write_json(args.json, report)


def _lens(args: argparse.Namespace, board: Board) -> dict[str, Any]:
    views, refused = [], []
    for path in args.views:
        try:
            views.append(find_view(read_image(path), board, path.name))
        except CalibrationError as error:
            refused.append(str(error))
    try:
        found = calibrate(views, args.model) if views else None
    finally:
        for line in refused:
            print(f"refused: {line}")
    if found is None:
        raise CalibrationError("the board is seen in none of the views")
    for line in found.refused:
        print(f"refused: {line}")
    write_calibration(args.calibration, found.calibration, args.name)
    focal = found.calibration.matrix[0, 0]
    print(
        f"{args.calibration}: {len(found.views)} views, residual {found.residual_px:.2f} px "
        f"({found.residual_mm:.2f} mm), focal length {focal:.1f} ± {found.focal_error:.1f} px"
    )
    return {
        "residual_px": found.residual_px,
        "residual_mm": found.residual_mm,
        "focal_px": focal,
        "focal_error_px": found.focal_error,
        "views": list(found.views),
        "refused": [*refused, *found.refused],
    }


def _place(args: argparse.Namespace, board: Board) -> dict[str, Any]:
    camera = _calibration(args.calibration)
    refused: list[str] = []
    if args.table:
        if args.board_at is None:
            raise CalibrationError("--table needs --board-at X Y Z YAW")
        *xyz, yaw = args.board_at
        at = homogeneous(xyz, Rotation.from_euler("z", yaw, degrees=True))
        found = locate([_fitting(args.table, board, camera)], [at], camera)
    else:
        views, tools, refused = held_views(args.held, Arm.load(args.arm_file), board, camera)
        for line in refused:
            print(f"refused: {line}")
        found = locate_by_gripper(views, tools, camera)
    block = camera_block(found.pose, camera)
    if args.scene:
        write_camera_block(args.scene, block)
    x, y, z = found.pose[:3, 3]
    print(
        f"camera at ({x:.3f}, {y:.3f}, {z:.3f}) m ± {1e3 * found.position_error:.1f} mm, "
        f"± {np.degrees(found.angle_error):.2f}°, residual {found.residual_px:.2f} px "
        f"({found.residual_mm:.2f} mm)"
    )
    return _as_dict(found, block, refused)


def _calibration(path: Path) -> CameraCalibration:
    calibration = load_calibration(str(path), "camera")
    assert calibration is not None
    return calibration


def _fitting(path: Path, board: Board, camera: CameraCalibration) -> View:
    """The board in a photograph of the camera's size."""
    view = find_view(read_image(path), board, path.name)
    if view.size != (camera.width, camera.height):
        raise CalibrationError(
            f"{path} is {view.size[0]}×{view.size[1]}, the calibration {camera.width}×"
            f"{camera.height}: photograph with the calibrated camera, at that size"
        )
    return view


def _as_dict(found: Extrinsics, block: dict[str, Any], refused: list[str]) -> dict[str, Any]:
    return {
        "pose": found.pose.tolist(),
        "residual_px": found.residual_px,
        "residual_mm": found.residual_mm,
        "position_error": found.position_error,
        "angle_error": found.angle_error,
        "camera": block,
        "refused": refused,
    }


def _vessel(args: argparse.Namespace) -> None:
    board, camera = _board_of(args), _calibration(args.calibration)
    view = _fitting(args.empty, board, camera)
    mask = silhouette(read_image(args.photo), read_image(args.empty))
    measured = Measured(
        args.name, args.wall_mm / 1e3, args.volume_ml / 1e6, args.material, args.opaque,
        args.mass_g / 1e3,
    )  # fmt: skip
    found = outline(mask, board_in_camera(view, camera), camera)
    vessel = vessel_of(found, measured)
    write_vessel(args.output, vessel)
    held = 1e6 * vessel.capacity
    print(
        f"{args.output}: {1e3 * vessel.height:.0f} mm deep, mouth {2e3 * vessel.mouth_radius:.0f} "
        f"mm wide, wall {1e3 * vessel.wall:.1f} mm, {held:.0f} ml to the brim"
    )
    if args.volume_ml:
        error = held / args.volume_ml - 1
        print(f"stated {args.volume_ml:.0f} ml: {error:+.1%}")
        if abs(error) > 0.1:
            raise CalibrationError(
                "off by more than 10 %: check --wall-mm, the board's square and the shadows"
            )
