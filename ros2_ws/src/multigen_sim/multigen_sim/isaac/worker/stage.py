"""The scene in USD: vessels, table, lights and water; only `pxr`, so that plain USD can author it.

The scene is drawn by MultiGen, seed and all; randomisation here is writing what was drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .frames import Arrays, Fields
from .usd import apply, author, coat, collide, hulls, mesh, paint, place, vectors

WORLD = "/World"
WATER = f"{WORLD}/water"
PARTICLES = f"{WATER}/particles"
SYSTEM = f"{WATER}/system"
TARGET = f"{WORLD}/target"
_LOOKS = f"{WORLD}/looks"
_REST = 0.0
"""Distance at which colliders touch [m]; the particles bring their own, half their spacing."""
_SHINE = 0.1


def add_scenery(stage: Any, fields: Fields) -> None:
    """Lights, table, wall and what else stands there."""
    from pxr import Gf, UsdGeom, UsdLux

    UsdGeom.Xform.Define(stage, WORLD)
    light = fields["light"]
    dome = UsdLux.DomeLight.Define(stage, f"{WORLD}/sky")
    dome.CreateIntensityAttr(float(light["sky"]))
    dome.CreateColorAttr(Gf.Vec3f(*map(float, light["colour"])))
    sun = UsdLux.DistantLight.Define(stage, f"{WORLD}/sun")
    sun.CreateIntensityAttr(float(light["sun"]))
    place(sun.GetPrim(), (0, 0, 0), light["wxyz"])
    for index, thing in enumerate(fields["things"]):
        path = f"{WORLD}/thing_{index}"
        if thing["shape"] == "cylinder":
            shape = UsdGeom.Cylinder.Define(stage, path)
            shape.CreateRadiusAttr(float(thing["size"][0]))
            shape.CreateHeightAttr(2.0 * float(thing["size"][2]))
        else:
            shape = UsdGeom.Cube.Define(stage, path)
            shape.CreateSizeAttr(2.0)
        prim = shape.GetPrim()
        place(prim, thing["position"], thing["wxyz"])
        if thing["shape"] != "cylinder":
            UsdGeom.Xformable(prim).AddScaleOp().Set(Gf.Vec3f(*map(float, thing["size"])))
        paint(prim, thing["colour"])
        if thing["solid"]:
            collide(prim, fields["water"]["contact"], _REST)


def add_vessel(stage: Any, parent: str, name: str, fields: Fields, arrays: Arrays) -> None:
    """A vessel below a prim that is its foot's frame: its looks, and convex colliders unseen."""
    from pxr import UsdGeom

    seen = mesh(stage, f"{parent}/{name}_shape", arrays[f"{name}_points"], arrays[f"{name}_faces"])
    coat(stage, f"{_LOOKS}/{name}", seen, fields["vessels"][name]["colour"], _SHINE)
    group = UsdGeom.Xform.Define(stage, f"{parent}/{name}_colliders")
    group.CreatePurposeAttr(UsdGeom.Tokens.guide)
    for index, (points, faces) in enumerate(hulls(arrays, name)):
        stave = mesh(stage, f"{parent}/{name}_colliders/stave_{index}", points, faces)
        collide(stave, fields["water"]["contact"], _REST, "convexHull")


def add_standing_vessel(stage: Any, fields: Fields, arrays: Arrays) -> None:
    """The target, which does not move."""
    from pxr import UsdGeom

    form = UsdGeom.Xform.Define(stage, TARGET)
    place(form.GetPrim(), fields["vessels"]["target"]["position"])
    add_vessel(stage, TARGET, "target", fields, arrays)


def spare_contacts(stage: Any, held: str) -> None:
    """Let the held vessel touch particles only: its walls are thicker than the vessel's."""
    from pxr import UsdPhysics

    others = [prim.GetPath() for prim in stage.Traverse() if prim.HasAPI(UsdPhysics.CollisionAPI)]
    pairs = UsdPhysics.FilteredPairsAPI.Apply(stage.GetPrimAtPath(held))
    pairs.CreateFilteredPairsRel().SetTargets([path for path in others if not path.HasPrefix(held)])


def add_water(stage: Any, scene_path: str, fields: Fields, arrays: Arrays) -> None:
    """The particles (N, 3) [m] in the world, at rest.

    Each has an explicit mass: one derived from a density is wrong for particles this small. There
    is no smoothing, so `points` holds the true positions.
    """
    from pxr import Sdf, UsdGeom, UsdPhysics, UsdShade, Vt

    water = fields["water"]
    UsdGeom.Xform.Define(stage, WATER)
    system = stage.DefinePrim(SYSTEM, "PhysxParticleSystem")
    system.CreateRelationship("simulationOwner").SetTargets([Sdf.Path(scene_path)])
    values: dict[str, tuple[str, Any]] = {
        "contactOffset": ("Float", water["contact"]),
        "restOffset": ("Float", water["spacing"] / 2),
        "particleContactOffset": ("Float", water["contact"]),
        "solidRestOffset": ("Float", water["spacing"] / 2),
        "fluidRestOffset": ("Float", water["spacing"] / 2),
        "solverPositionIterationCount": ("Int", 16),
        "enableCCD": ("Bool", True),
        "maxVelocity": ("Float", water["fastest"]),
    }
    author(system, values)
    material = UsdShade.Material.Define(stage, f"{WATER}/material")
    kinds = {f"physxPBDMaterial:{key}": ("Float", v) for key, v in water["material"].items()}
    apply(material.GetPrim(), "PhysxPBDMaterialAPI", kinds)
    UsdShade.MaterialBindingAPI.Apply(system).Bind(
        material, UsdShade.Tokens.weakerThanDescendants, "physics"
    )
    positions = arrays["particles"]
    count = len(positions)
    points = UsdGeom.Points.Define(stage, PARTICLES)
    points.CreateWidthsAttr(Vt.FloatArray(count, float(water["spacing"])))
    write_particles(stage, positions)
    prim = points.GetPrim()
    paint(prim, water["colour"])
    apply(prim, "PhysxParticleSetAPI", {"physxParticle:fluid": ("Bool", True)})
    author(
        prim,
        {
            "physxParticle:selfCollision": ("Bool", True),
            "physxParticle:particleGroup": ("Int", 0),
        },
    )
    prim.CreateRelationship("physxParticle:particleSystem").SetTargets([Sdf.Path(SYSTEM)])
    mass = UsdPhysics.MassAPI.Apply(prim)
    mass.CreateMassAttr(float(water["mass"]) * count)
    mass.CreateDensityAttr(0.0)


def write_particles(stage: Any, positions: Any) -> None:
    """Put the particles, (N, 3) [m], at rest at their positions."""
    from pxr import UsdGeom

    points = UsdGeom.Points(stage.GetPrimAtPath(PARTICLES))
    points.CreatePointsAttr().Set(vectors(positions))
    points.CreateVelocitiesAttr().Set(vectors(np.zeros_like(positions)))


def read_particles(stage: Any) -> tuple[Any, Any]:
    """Positions [m] and velocities [m/s] of the particles, (N, 3) float32 each."""
    from pxr import UsdGeom

    points = UsdGeom.Points(stage.GetPrimAtPath(PARTICLES))
    found = (
        np.asarray(attribute.Get(), np.float32).reshape(-1, 3).copy()
        for attribute in (points.GetPointsAttr(), points.GetVelocitiesAttr())
    )
    positions, velocities = found
    return positions, velocities
