"""`multigen gripper`: opens and closes the gripper of a running arm."""

from __future__ import annotations

import argparse

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen gripper`."""
    parser.description = (
        "Move the gripper; the type of its action is found out from the running controller."
    )
    parser.add_argument("opening", help="open, close, or the distance between the pads [mm]")
    parser.add_argument("--arm-file", default="gen3", help="a shipped name or a YAML file")
    parser.add_argument("--namespace", default="", help="namespace of the gripper's controller")
    parser.set_defaults(run=run)


def joint_position(opening: str, arm: Arm) -> tuple[str, float]:
    """Joint and position [rad] for an opening as on the command line.

    Raises:
        MultigenError: the arm has no gripper, or it cannot open so.
    """
    gripper = arm.gripper
    if gripper is None:
        raise MultigenError(f"{arm.name} has no gripper in its file; give another --arm-file")
    try:
        width = {"open": gripper.stroke, "close": 0.0}.get(opening)
        width = float(opening) * 1e-3 if width is None else width
    except ValueError as error:
        raise MultigenError(f"opening {opening!r}: give open, close or millimetres") from error
    if not 0.0 <= width <= gripper.stroke:
        most = gripper.stroke * 1e3
        raise MultigenError(f"opening {opening}: the gripper of {arm.name} opens 0 to {most:g} mm")
    return gripper.joint, gripper.angle(width)


def run(args: argparse.Namespace) -> None:
    """Move the gripper and say where it stopped."""
    from multigen_core.ros.gripper import move_gripper

    joint, position = joint_position(args.opening, Arm.load(args.arm_file))
    held = move_gripper(joint, position, args.namespace)
    print("stopped by what it holds" if held else "arrived")
