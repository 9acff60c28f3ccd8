"""Finds serial ports and measures a scale."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np
from serial.tools import list_ports

from multigen_core.cli.doctor import Finding, State
from multigen_core.errors import MultigenError
from multigen_robot.doctor.sampling import Sampling, sample
from multigen_robot.scale.protocol import Reading, protocol
from multigen_robot.scale.stream import ScaleConfig, ScaleStream

_SLOW = 4.0
"""Readings per second below which the end of a pour is seen late."""


def find_ports() -> Finding:
    """Serial ports and whether they may be opened."""
    ports = sorted(port.device for port in list_ports.comports())
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            "serial ports", State.NOTE, f"no access to {', '.join(closed)}", "join group dialout"
        )
    if not ports:
        return Finding("serial ports", State.NOTE, "none", "for a scale only")
    return Finding("serial ports", State.FINE, ", ".join(ports))


def measure_scale(port: str, spoken: str, baud: int, seconds: float) -> Iterator[Finding]:
    """Rate, steadiness and resolution of a scale's readings."""
    subject = f"scale {port}"
    try:
        config = ScaleConfig(port, protocol(spoken), baud)
        sampling: Sampling[Reading] = sample(
            lambda deliver, report: ScaleStream(config, time.monotonic_ns, deliver, report), seconds
        )
    except MultigenError as error:
        yield Finding(subject, State.BROKEN, str(error))
        return
    masses = np.array([reading.mass for reading in sampling.items if not reading.fault])
    if len(masses) < 2:
        faults = [reading.fault for reading in sampling.items if reading.fault]
        reason = "; ".join(dict.fromkeys([*sampling.complaints, *faults])) or "no reading"
        remedy = "check --scale-protocol and --baud against the scale's menu, and the cable"
        yield Finding(subject, State.BROKEN, reason, remedy)
        return
    rate = (len(masses) - 1) / max(sampling.arrivals[-1] - sampling.arrivals[0], 1e-3)
    steps = np.diff(np.unique(masses))
    values: dict[str, float | str] = {
        "mass": float(masses[-1]),
        "rate": rate,
        "spread": float(np.ptp(masses)),
        "smallest_step": float(steps.min()) if len(steps) else float("nan"),
        "stable_share": float(np.mean([reading.stable for reading in sampling.items])),
        "unread_lines": sampling.status.unread,
    }
    remedy = ""
    if values["stable_share"] == 0.0:
        remedy = "never stable: shield it from draughts and put it on a firm table"
    elif rate < _SLOW:
        remedy = "slow: set it to send continuously, at the highest rate it offers"
    yield Finding(
        subject,
        State.NOTE if remedy else State.FINE,
        f"{1e3 * masses[-1]:.2f} g, {rate:.1f} readings/s, "
        f"{100 * float(values['stable_share']):.0f} % stable",
        remedy,
        values,
    )
