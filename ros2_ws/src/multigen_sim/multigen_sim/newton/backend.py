"""Makes the simulator with Newton's particles, if its packages are installed."""

from __future__ import annotations

from importlib.util import find_spec

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.newton.settings import DEVICE, Settings

REMEDY = "scripts/setup.sh --newton"


def missing() -> str:
    """The packages that are not installed, in words; empty if all are."""
    return " and ".join(
        package
        for package, module in (("newton", "newton"), ("warp-lang", "warp"))
        if find_spec(module) is None
    )


def newton_simulator(arm: Arm) -> MujocoSimulator:
    """An arm in MuJoCo that pours particles in Newton.

    Raises:
        MultigenError: a package or the device is missing, or a setting is wrong.
    """
    if absent := missing():
        raise MultigenError(f"backend 'newton' needs {absent}: install with {REMEDY}")
    import warp as wp

    wp.config.log_level = wp.LOG_ERROR
    from multigen_sim.newton.particle_liquid import ParticleLiquid

    settings = Settings.from_environment()
    devices = [device.alias for device in wp.get_devices()]
    if settings.device not in devices:
        raise MultigenError(
            f"{DEVICE} is {settings.device!r}, but Warp finds only {', '.join(devices)}"
        )
    return MujocoSimulator(arm, lambda scene, pose, _: ParticleLiquid(scene, pose, settings))
