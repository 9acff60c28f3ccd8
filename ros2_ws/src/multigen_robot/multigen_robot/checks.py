"""Checks of real devices for `multigen doctor`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from multigen_core.cli.doctor import Finding
from multigen_robot.doctor.cameras import find_cameras, measure_camera
from multigen_robot.doctor.microphones import find_microphones, measure_microphone
from multigen_robot.doctor.picture_latency import measure_picture_latency
from multigen_robot.doctor.scales import find_ports, measure_scale
from multigen_robot.doctor.sound_latency import measure_sound_latency


def options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that measure devices."""
    group = parser.add_argument_group("measure devices; stop the launch that uses them first")
    group.add_argument("--camera", metavar="DEVICE", help="index, device, file or URL")
    group.add_argument(
        "--microphone", metavar="NAME", help="index, part of a name, or file; '' for the default"
    )
    group.add_argument("--scale", metavar="PORT", help="serial port")
    group.add_argument("--scale-protocol", default="standard", metavar="NAME")
    group.add_argument("--baud", type=int, default=9600)
    group.add_argument("--seconds", type=float, default=3.0, help="of each (default %(default)s)")
    group.add_argument(
        "--latency",
        action="store_true",
        help="play chirps to the microphone, and flash this terminal for the camera to see",
    )
    group.add_argument("--speaker", default="", metavar="NAME", help="index or name of the output")
    group.add_argument("--distance", type=float, default=0.1, help="from speaker to microphone [m]")


def checks(args: argparse.Namespace) -> Iterator[Finding]:
    """Cameras, microphones and serial ports; simulation needs none of them."""
    yield find_cameras()
    yield find_microphones()
    yield find_ports()
    if args.camera is not None:
        yield from measure_camera(args.camera, args.seconds)
    if args.microphone is not None:
        yield from measure_microphone(args.microphone, args.seconds)
    if args.scale is not None:
        yield from measure_scale(args.scale, args.scale_protocol, args.baud, args.seconds)
    if args.latency:
        yield from measure_sound_latency(args.microphone or "", args.speaker, args.distance)
        if args.camera is not None:
            yield from measure_picture_latency(args.camera)
