"""`multigen pour`, `activate` and `stop`: talk to a running graph."""

from __future__ import annotations

import argparse

from rich.console import Console


def _add_namespace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--namespace", default="", help="namespace of the graph")


def register_pour(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen pour`."""
    parser.description = "Pour a volume; Ctrl-C cancels, and the vessel returns upright."
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--target-ml", type=float, default=0.0, help="volume to pour [ml]")
    amount.add_argument(
        "--share",
        type=float,
        default=0.0,
        help="fill fraction of a known vessel",
    )
    parser.add_argument("--timeout", type=float, default=0.0, help="[s]; 0: the policy's default")
    _add_namespace(parser)
    parser.set_defaults(run=pour)


def pour(args: argparse.Namespace) -> int:
    """Pour, showing the policy's estimate; return 0 on success."""
    from multigen_core.ros import client

    console = Console()
    with console.status("waiting for the policy") as status:
        result = client.pour(
            client.make_goal(args.target_ml, args.share, args.timeout),
            lambda f: status.update(
                f"{f.stage} · {f.elapsed:.1f} s · about {f.estimated_volume * 1e6:.0f} ml"
            ),
            args.namespace,
        )
    because = f"; {result.reason}" if result.reason not in ("", result.outcome) else ""
    console.print(
        f"{result.outcome}: about {result.estimated_volume * 1e6:.0f} ml by the policy's estimate"
        f"{because}"
    )
    return 0 if client.succeeded(result) else 1


def register_activate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen activate`."""
    parser.description = (
        "Configure and activate the policy, which does not start automatically on hardware."
    )
    _add_namespace(parser)
    parser.set_defaults(run=activate)


def activate(args: argparse.Namespace) -> None:
    """Activate the policy."""
    from multigen_core.ros import client

    client.activate("policy", args.namespace)
    print("policy active")


def register_stop(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen stop`."""
    parser.description = "Emergency stop: freezes the arm until `multigen stop --reset`."
    parser.add_argument("--reset", action="store_true", help="release the stop")
    _add_namespace(parser)
    parser.set_defaults(run=emergency_stop)


def emergency_stop(args: argparse.Namespace) -> None:
    """Stop the arm, or release it."""
    from multigen_core.ros import client

    print(client.trigger("arm_guard/reset" if args.reset else "arm_guard/stop", args.namespace))
