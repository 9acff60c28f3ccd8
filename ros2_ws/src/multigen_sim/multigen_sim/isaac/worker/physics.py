"""The settings without which particles do not move or cannot be read, made and then checked.

A `World` on the CPU device turns GPU dynamics off, one on CUDA suppresses what particles write to
USD; neither alone gives a liquid that can be read. Constructing or resetting a `World` sets them
anew, so they are made after each of both.
"""

from __future__ import annotations

from typing import Any

_SETTINGS = {
    "/physics/suppressReadback": False,
    "/physics/updateToUsd": True,
    "/physics/updateParticlesToUsd": True,
    "/physics/updateVelocitiesToUsd": True,
}


def make_particles_readable(world: Any, timestep: float) -> None:
    """Simulate on the GPU, and write particles to USD after each step of `timestep` [s].

    Raises:
        RuntimeError: Isaac Sim does not keep a setting; names it.
    """
    import carb.settings

    context = world.get_physics_context()
    context.enable_gpu_dynamics(True)
    context.set_broadphase_type("GPU")
    context.enable_ccd(False)
    settings = carb.settings.get_settings()
    for name, value in _SETTINGS.items():
        settings.set(name, value)
    found: dict[str, Any] = {name: settings.get(name) for name in _SETTINGS}
    found["GPU dynamics"] = context.is_gpu_dynamics_enabled()
    found["broadphase"] = context.get_broadphase_type()
    found["CCD"] = context.is_ccd_enabled()
    wanted = {**_SETTINGS, "GPU dynamics": True, "broadphase": "GPU", "CCD": False}
    wrong = [f"{name} is {found[name]!r}" for name in wanted if found[name] != wanted[name]]
    step = float(context.get_physics_dt())
    if abs(step - timestep) > 1e-7:
        wrong.append(f"the physics step is {step} s instead of {timestep} s")
    if wrong:
        raise RuntimeError(
            f"particles would not move or could not be read: {', '.join(wrong)}; another extension "
            "or a command-line option may set it"
        )


def use_physx() -> None:
    """Make PhysX the physics engine, where Isaac Sim 6 may have switched to another.

    Raises:
        RuntimeError: it stays another.
    """
    from isaacsim.core.simulation_manager import SimulationManager

    if not hasattr(SimulationManager, "get_active_physics_engine"):
        return
    if SimulationManager.get_active_physics_engine() != "physx":
        SimulationManager.switch_physics_engine("physx")
    engine = SimulationManager.get_active_physics_engine()
    if engine != "physx":
        raise RuntimeError(f"the physics engine is {engine!r}; particles need 'physx'")
