"""The arm: its URDF imported, its joints driven as MultiGen's dynamics say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from .frames import Fields
from .stage import WORLD
from .usd import apply

_IMPORTER = "isaacsim.asset.importer.urdf"


def import_urdf(text: str, folder: Path) -> None:
    """Add the robot of a URDF to the open stage, its base fixed, each link a prim of its own.

    `folder` takes the files that the stage refers to from then on.

    Isaac Sim 5 imports through commands; 6.0 removed them for an importer that writes a USD file.

    Raises:
        RuntimeError: the importer refuses it.
    """
    from isaacsim.core.utils.extensions import enable_extension

    enable_extension(_IMPORTER)
    file = folder / "arm.urdf"
    file.write_text(text)
    try:
        from isaacsim.asset.importer.urdf import URDFImporter, URDFImporterConfig
    except ImportError:
        _import_by_command(file)
        return
    from isaacsim.core.utils.stage import add_reference_to_stage

    config = URDFImporterConfig(
        urdf_path=str(file),
        usd_path=str(folder),
        merge_fixed_joints=False,
        allow_self_collision=False,
        fix_base=True,
        run_asset_transformer=False,
    )
    made = URDFImporter(config).import_urdf()
    if not made:
        raise RuntimeError("Isaac Sim's URDF importer wrote no USD file for the arm")
    add_reference_to_stage(made, f"{WORLD}/arm")


def _import_by_command(file: Path) -> None:
    import omni.kit.commands

    done, config = omni.kit.commands.execute("URDFCreateImportConfig")
    if done:
        config.merge_fixed_joints = False
        config.fix_base = True
        config.self_collision = False
        config.make_default_prim = False
        config.create_physics_scene = False
        config.import_inertia_tensor = True
        config.distance_scale = 1.0
        done, _ = omni.kit.commands.execute(
            "URDFParseAndImportFile",
            urdf_path=str(file),
            import_config=config,
            get_articulation_root=True,
        )
    if not done:
        raise RuntimeError("Isaac Sim's command URDFParseAndImportFile refused the arm")


def find_articulation(stage: Any) -> str:
    """Path of the articulation's root.

    Raises:
        RuntimeError: there is not exactly one.
    """
    from pxr import UsdPhysics

    roots = [str(prim.GetPath()) for prim in stage.Traverse()
             if prim.HasAPI(UsdPhysics.ArticulationRootAPI)]  # fmt: skip
    if len(roots) != 1:
        raise RuntimeError(f"the arm was imported as {len(roots)} articulations: {roots}")
    return roots[0]


def find_link(stage: Any, name: str) -> str:
    """Path of a link, a rigid body.

    Raises:
        RuntimeError: there is not exactly one of that name.
    """
    found = [str(prim.GetPath()) for prim in _bodies(stage) if prim.GetName() == name]
    if len(found) != 1:
        raise RuntimeError(f"the importer made {len(found)} rigid bodies of the link {name!r}")
    return found[0]


def drive_joints(stage: Any, fields: Fields) -> None:
    """Give each joint a position and velocity drive, and take gravity from the arm.

    Gravity compensation is the controller's; the held vessel's liquid still weighs on the arm.

    Raises:
        RuntimeError: the importer left out a joint.
    """
    from pxr import UsdPhysics

    for body in _bodies(stage):
        apply(body, "PhysxRigidBodyAPI", {"physxRigidBody:disableGravity": ("Bool", True)})
    prims = {prim.GetName(): prim for prim in stage.Traverse() if prim.IsA(UsdPhysics.Joint)}
    missing = [joint["name"] for joint in fields["joints"] if joint["name"] not in prims]
    if missing:
        raise RuntimeError(f"the importer made no joints {missing}; it made {sorted(prims)}")
    for joint in fields["joints"]:
        drive = UsdPhysics.DriveAPI.Apply(prims[joint["name"]], "angular")
        drive.CreateTypeAttr("force")
        # USD's angles are degrees, also those that stiffness and damping are per.
        drive.CreateStiffnessAttr(math.radians(joint["stiffness"]))
        drive.CreateDampingAttr(math.radians(joint["damping"]))
        drive.CreateMaxForceAttr(float(joint["effort"]))
        drive.CreateTargetPositionAttr(math.degrees(joint["start"]))
        drive.CreateTargetVelocityAttr(0.0)


def _bodies(stage: Any) -> list[Any]:
    from pxr import UsdPhysics

    return [prim for prim in stage.Traverse() if prim.HasAPI(UsdPhysics.RigidBodyAPI)]
