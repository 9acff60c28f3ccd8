"""Stamped data types shared by the whole project, without ROS.

Stamps are integer nanoseconds on the graph's clock (simulated or wall). SI units throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE

NANOSECONDS = 1_000_000_000


def to_seconds(nanoseconds: int) -> float:
    """Nanoseconds as seconds."""
    return nanoseconds / NANOSECONDS


def to_nanoseconds(seconds: float) -> int:
    """Seconds as the nearest nanosecond."""
    return round(seconds * NANOSECONDS)


@dataclass(frozen=True, slots=True, eq=False)
class CameraFrame:
    """One image; `stamp` is the time of exposure or rendering.

    `rgb` is uint8 (H, W, 3).
    """

    stamp: int
    rgb: NDArray[np.uint8]
    frame_id: str


@dataclass(frozen=True, slots=True, eq=False)
class CameraCalibration:
    """Camera with one of ROS's distortion models.

    `matrix` is K, (3, 3) in pixels; `distortion` the coefficients of `model`: plumb_bob (k1, k2,
    t1, t2, k3), rational_polynomial (the same and k4, k5, k6), equidistant (k1, k2, k3, k4).
    """

    width: int
    height: int
    matrix: NDArray[np.float64]
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    model: str = "plumb_bob"


@dataclass(frozen=True, slots=True, eq=False)
class CameraInfo:
    """Calibration of the image with the same `stamp`."""

    stamp: int
    frame_id: str
    calibration: CameraCalibration


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """Mono sound; `stamp` is the time of the first sample.

    `samples` is float32 (N,) in [-1, 1]; `sample_rate` in Hz.
    """

    stamp: int
    samples: NDArray[np.float32]
    sample_rate: int
    frame_id: str = ""

    @property
    def end(self) -> int:
        """Time just after the last sample [ns]."""
        return self.stamp + len(self.samples) * NANOSECONDS // self.sample_rate


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The format of a sound stream; by default the contract's.

    `stamp` is the time of publishing or, because the message has no stamp, of reception.
    `sample_rate` in Hz.
    """

    stamp: int
    channels: int = 1
    sample_rate: int = SAMPLE_RATE
    sample_format: str = "S16LE"
    coding_format: str = "wave"

    @property
    def mismatch(self) -> str:
        """Differences from the contract's format, in words; empty if there are none."""
        wanted = AudioInfo(self.stamp)
        return ", ".join(
            f"{name} {getattr(self, name)!r} instead of {getattr(wanted, name)!r}"
            for name in field_names(AudioInfo)
            if getattr(self, name) != getattr(wanted, name)
        )


@dataclass(frozen=True, slots=True, eq=False)
class JointState:
    """Positions [rad] and velocities [rad/s], (J,) each, in the order of `names`."""

    stamp: int
    names: tuple[str, ...]
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    frame_id: str = ""


@dataclass(frozen=True, slots=True)
class PourState:
    """Where the liquid is [m^3], [kg]; NaN if the publisher does not know."""

    stamp: int
    source_volume: float
    poured_volume: float
    spilled_volume: float
    poured_mass: float


@dataclass(frozen=True, slots=True)
class LiquidState:
    """Ground truth that determines the sound; see multigen_interfaces/LiquidState."""

    stamp: int
    source_vessel: str
    target_vessel: str
    liquid: str
    temperature: float = 20.0
    source_tilt: float = 0.0
    outflow_rate: float = 0.0
    inflow_rate: float = 0.0
    rim_rate: float = 0.0
    spill_rate: float = 0.0
    source_volume: float = 0.0
    target_volume: float = 0.0
    airborne_volume: float = 0.0
    source_level: float = 0.0
    target_level: float = 0.0
    air_column: float = 0.0
    resonance_frequency: float = 0.0
    fall_height: float = 0.0
    impact_speed: float = 0.0
    jet_diameter: float = 0.0
    glug_frequency: float = 0.0
    slosh_amplitude: float = 0.0


class Outcome(StrEnum):
    """Outcome of a pour; RUNNING until it ends."""

    RUNNING = ""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class PourProgress:
    """A pour as the policy sees it; fields of multigen_interfaces/PourProgress."""

    stamp: int
    stage: str
    target_volume: float
    estimated_volume: float = float("nan")
    elapsed: float = 0.0
    outcome: Outcome = Outcome.RUNNING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PourEstimate:
    """What a policy believes while it pours, with standard deviations; NaN: it has no estimate.

    `poured_volume` [m^3]; `resonance` [Hz] of the target's air column by ear, its error in cents.
    """

    stamp: int
    poured_volume: float = float("nan")
    poured_volume_error: float = float("nan")
    resonance: float = float("nan")
    resonance_error: float = float("nan")


def field_names(cls: type) -> tuple[str, ...]:
    """Names of a dataclass's fields after the stamp, which every message carries in its header."""
    return tuple(f.name for f in fields(cls) if f.name not in ("stamp", "frame_id"))
