"""The policies by name."""

from __future__ import annotations

from collections.abc import Callable

from multigen_core.arm import Arm
from multigen_core.policy import Policy
from multigen_core.station.pour_path import PourPath, plan_pour
from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel, vessel
from multigen_policy.classical.acoustic import Acoustic
from multigen_policy.classical.timed import Timed


def _station(arm: Arm, scene: Scene) -> tuple[Vessel, PourPath]:
    source = vessel(scene.source.vessel)
    path = plan_pour(
        arm, source, scene.source.grasp_height, scene.target.position, vessel(scene.target.vessel)
    )
    return source, path


def _acoustic(arm: Arm, scene: Scene) -> Policy:
    source, path = _station(arm, scene)
    return Acoustic(arm, path, source)


def _timed(arm: Arm, scene: Scene) -> Policy:
    source, path = _station(arm, scene)
    return Timed(arm, path, source, scene.source.volume_ml * 1e-6)


POLICIES: dict[str, Callable[[Arm, Scene], Policy]] = {
    "default": _acoustic,
    "acoustic": _acoustic,
    "timed": _timed,
}
"""What makes each policy."""


def make_policy(name: str, arm: Arm, scene: Scene) -> Policy:
    """A policy for an arm at a station: the held vessel and its content, the target's place.

    Raises:
        UnreachableError: the arm cannot pour there.
    """
    return POLICIES[name](arm, scene)
