"""`multigen check`: validates the files and names of a launch before anything starts."""

from __future__ import annotations

import argparse
from pathlib import Path

from multigen_core import contract, policy, simulator, synthesizer
from multigen_core.arm import Arm
from multigen_core.config.yaml_file import load_yaml
from multigen_core.errors import MultigenError
from multigen_core.plugins import find_plugin
from multigen_core.ros.alone import claim, guard_of
from multigen_core.ros.surroundings import MOST_NODES, check_domain, check_shared_memory
from multigen_core.world.scene import load_scene

PLUGINS = {
    "policy": policy.GROUP,
    "synthesizer": synthesizer.GROUP,
    "backend": simulator.GROUP,
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen check`."""
    parser.description = (
        "Validate the machine and the files and names of a launch, as the launch files do before "
        "they start anything. Prints nothing and exits with status 0 if all are usable."
    )
    parser.add_argument("--scene", default="", help="a shipped name or a YAML file")
    parser.add_argument("--seed", type=int, default=0, help="samples the scene's distributions")
    parser.add_argument("--arm-file", default="", help="a shipped name or a YAML file")
    parser.add_argument("--params-file", default="", help="a YAML file of node parameters")
    parser.add_argument("--guard", metavar="NAMESPACE", help="of a guard that is to start")
    for kind in PLUGINS:
        parser.add_argument(f"--{kind}", default="", help="an installed name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Check the machine, load the files and look up the names.

    Raises:
        MultigenError: one is unusable; the message lists the alternatives.
    """
    check_domain()
    check_shared_memory(MOST_NODES)
    if args.guard is not None:
        _check_guard(args.guard)
    if args.scene:
        load_scene(args.scene, args.seed)
    if args.arm_file:
        Arm.load(args.arm_file)
    if args.params_file:
        _check_parameters(Path(args.params_file))
    for kind, group in PLUGINS.items():
        name = getattr(args, kind)
        if name not in ("", "default"):
            find_plugin(group, kind, name)


def _check_guard(namespace: str) -> None:
    parts = filter(None, [*namespace.split("/"), contract.ARM_COMMAND.name])
    topic = "/" + "/".join(parts)
    try:
        claim(guard_of(topic)).close()
    except OSError as error:
        raise MultigenError(
            f"a guard already controls the arm on {topic}: stop its launch first, or use another "
            "namespace or ROS_DOMAIN_ID"
        ) from error


def _check_parameters(path: Path) -> None:
    nodes = load_yaml(path)
    if not isinstance(nodes, dict) or not all(
        isinstance(node, dict) and "ros__parameters" in node for node in nodes.values()
    ):
        raise MultigenError(
            f"{path}: expected node names, or /** for all, each with ros__parameters below"
        )
