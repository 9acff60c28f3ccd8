"""`multigen sim`: contents of the simulator, as lists and images."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

from multigen_core.arm import Arm
from multigen_core.config.yaml_file import share_directory
from multigen_core.errors import MultigenError
from multigen_core.plugins import plugin_names
from multigen_core.simulator import GROUP
from multigen_core.world.catalogue import liquids, vessels
from multigen_core.world.scene import load_scene


def register_sim(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen sim`."""
    parser.description = (
        "Show the simulator's scenes, vessels and liquids; validate its liquid model."
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    show_list = actions.add_parser("list", help="list scenes, vessels and liquids")
    show_list.set_defaults(run=run_list)
    show = actions.add_parser("show", help="render an image sheet")
    what = show.add_mutually_exclusive_group()
    what.add_argument("--scene", default="default", help="a shipped name or a YAML file")
    what.add_argument("--vessels", action="store_true", help="every vessel of the catalogue")
    show.add_argument("--seed", type=int, default=0, help="samples the scene's distributions")
    show.add_argument("--arm", default="gen3", help="a shipped name or a YAML file")
    show.add_argument("--backend", default="mujoco", help="of the scene's pour (default mujoco)")
    show.add_argument("-o", "--output", type=Path, default=Path("sheet.png"), help="PNG to write")
    show.set_defaults(run=run_show)
    description = actions.add_parser("urdf", help="print the arm's URDF")
    description.add_argument("--arm", default="gen3", help="a shipped name or a YAML file")
    description.set_defaults(run=run_urdf)
    reset = actions.add_parser("reset", help="reset a running simulation")
    reset.add_argument("--namespace", default="", help="namespace of the graph")
    reset.set_defaults(run=run_reset)
    validate = actions.add_parser("validate", help="check the liquid model; table and plots")
    validate.add_argument("-o", "--output", type=Path, help="folder for plots and checks.json")
    validate.add_argument("--pours", type=int, default=1000, help="random pours (default 1000)")
    validate.add_argument("--workers", type=int, default=2, help="processes for them (default 2)")
    validate.set_defaults(run=run_validate)
    comparison = actions.add_parser("compare", help="the same pours by several backends")
    comparison.add_argument(
        "--backend", nargs="+", default=["mujoco", "newton"], choices=plugin_names(GROUP),
        metavar="NAME", help="default: mujoco newton",
    )  # fmt: skip
    comparison.add_argument("--arm", default="gen3", help="a shipped name or a YAML file")
    comparison.add_argument(
        "-o", "--output", type=Path, default=Path("backends.png"), help="PNG to write"
    )
    comparison.set_defaults(run=run_compare)


def run_reset(args: argparse.Namespace) -> None:
    """Reset a running simulation to the start of its scene."""
    from multigen_core.ros import client

    client.trigger("simulator/reset", args.namespace)
    print("simulation reset")


def run_list(_: argparse.Namespace) -> None:
    """Print the lists."""
    console = Console()
    table = Table("scene", "description", title="Scenes")
    for path in sorted((share_directory("multigen_core") / "config" / "scenes").glob("*.yaml")):
        table.add_row(path.stem, load_scene(path, 0).description)
    console.print(table)
    table = Table(
        "vessel",
        "ml",
        "height mm",
        "mouth mm",
        "material",
        "opaque",
        "held out",
        "description",
        title="Vessels",
    )
    for name, vessel in vessels().items():
        table.add_row(
            name,
            f"{vessel.capacity * 1e6:.0f}",
            f"{vessel.rim_height * 1e3:.0f}",
            f"{vessel.mouth_radius * 2e3:.0f}",
            vessel.material,
            "yes" if vessel.opaque else "",
            "yes" if vessel.held_out else "",
            vessel.description,
        )
    console.print(table)
    table = Table(
        "liquid", "kg/m³", "mPa·s", "mN/m", "°C", "held out", "description", title="Liquids"
    )
    for name, liquid in liquids().items():
        table.add_row(
            name,
            f"{liquid.density:.0f}",
            f"{liquid.viscosity * 1e3:.3g}",
            f"{liquid.surface_tension * 1e3:.1f}",
            f"{liquid.temperature:.0f}",
            "yes" if liquid.held_out else "",
            liquid.description,
        )
    console.print(table)


def run_urdf(args: argparse.Namespace) -> None:
    """Print the URDF of an arm.

    Raises:
        MultigenError: there is no such arm.
    """
    from multigen_sim.mujoco.arm_dynamics import ArmDynamics
    from multigen_sim.mujoco.urdf import urdf

    arm = Arm.load(args.arm)
    print(urdf(arm, ArmDynamics.of(arm)), end="")


def run_validate(args: argparse.Namespace) -> int:
    """Check the liquid model; return 1 if a check fails.

    Raises:
        MultigenError: an argument is invalid, or the folder cannot be written.
    """
    from multigen_sim.validation.report import validate

    return validate(args.pours, args.workers, args.output)


def run_compare(args: argparse.Namespace) -> None:
    """Pour with several backends; table and plot.

    Raises:
        MultigenError: a backend is not available, or the plot cannot be written.
    """
    from multigen_sim.validation.backends import compare

    compare(args.backend, Arm.load(args.arm), args.output)


def run_show(args: argparse.Namespace) -> None:
    """Render a sheet and write it.

    Raises:
        MultigenError: the scene is invalid, or the file cannot be written.
    """
    from multigen_sim.picture_sheet import scene_sheet, vessel_sheet

    arm = Arm.load(args.arm)
    if args.vessels:
        sheet = vessel_sheet(arm)
    else:
        sheet = scene_sheet(load_scene(args.scene, args.seed), args.seed, arm, args.backend)
    coded, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    if not coded:
        raise MultigenError("the sheet cannot be encoded as PNG")
    try:
        args.output.write_bytes(png.tobytes())
    except OSError as error:
        raise MultigenError(f"{args.output}: {error.strerror}") from error
    print(args.output)
