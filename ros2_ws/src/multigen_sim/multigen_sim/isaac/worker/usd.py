"""Authoring of meshes, colliders and PhysX properties in USD, without PhysX's own Python schemas.

Properties are authored by name, so that plain USD can author the same stage and a test can check
each name and type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Numbers = Any
"""A NumPy array."""


def apply(prim: Any, schema: str, values: dict[str, tuple[str, Any]]) -> None:
    """Apply an API schema to a prim and author properties, name: (type, value)."""
    prim.AddAppliedSchema(schema)
    author(prim, values)


def author(prim: Any, values: dict[str, tuple[str, Any]]) -> None:
    """Author properties, name: (name of a type in `Sdf.ValueTypeNames`, value)."""
    from pxr import Sdf

    for name, (kind, value) in values.items():
        prim.CreateAttribute(name, getattr(Sdf.ValueTypeNames, kind)).Set(value)


def vectors(points: Numbers) -> Any:
    """Points (N, 3) as USD's array of float vectors."""
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(points, np.float32))


def place(prim: Any, position: Sequence[float], wxyz: Sequence[float] = (1, 0, 0, 0)) -> None:
    """Place a prim in its parent's frame [m]."""
    from pxr import Gf, UsdGeom

    form = UsdGeom.Xformable(prim)
    form.ClearXformOpOrder()
    form.AddTranslateOp().Set(Gf.Vec3d(*map(float, position)))
    form.AddOrientOp(UsdGeom.XformOp.PrecisionDouble).Set(Gf.Quatd(*map(float, wxyz)))


def mesh(stage: Any, path: str, points: Numbers, faces: Numbers) -> Any:
    """A mesh of triangles: points (N, 3) [m], faces (M, 3)."""
    from pxr import UsdGeom, Vt

    made = UsdGeom.Mesh.Define(stage, path)
    made.CreatePointsAttr(vectors(points))
    made.CreateFaceVertexCountsAttr(Vt.IntArray(len(faces), 3))
    made.CreateFaceVertexIndicesAttr(
        Vt.IntArray.FromNumpy(np.ascontiguousarray(faces, np.int32).ravel())
    )
    made.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    made.CreateExtentAttr(vectors(np.array([low, high])))
    return made.GetPrim()


def paint(prim: Any, rgb: Sequence[float]) -> None:
    """Colour an opaque prim."""
    from pxr import Gf, UsdGeom, Vt

    UsdGeom.Gprim(prim).CreateDisplayColorAttr(Vt.Vec3fArray([Gf.Vec3f(*map(float, rgb))]))


def coat(stage: Any, path: str, prim: Any, rgba: Sequence[float], roughness: float) -> None:
    """Bind a preview surface of a colour and opacity to a prim."""
    from pxr import Gf, Sdf, UsdShade

    material = UsdShade.Material.Define(stage, path)
    shader = UsdShade.Shader.Define(stage, f"{path}/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    types = Sdf.ValueTypeNames
    shader.CreateInput("diffuseColor", types.Color3f).Set(Gf.Vec3f(*map(float, rgba[:3])))
    shader.CreateInput("opacity", types.Float).Set(float(rgba[3]))
    shader.CreateInput("roughness", types.Float).Set(float(roughness))
    material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
    UsdShade.MaterialBindingAPI.Apply(prim).Bind(material)


def collide(prim: Any, contact: float, rest: float, approximation: str = "") -> None:
    """Make a prim a collider that others touch at `rest` [m] and feel from `contact` [m] on."""
    from pxr import UsdPhysics

    UsdPhysics.CollisionAPI.Apply(prim)
    if approximation:
        UsdPhysics.MeshCollisionAPI.Apply(prim).CreateApproximationAttr(approximation)
    offsets = {
        "physxCollision:contactOffset": ("Float", float(contact)),
        "physxCollision:restOffset": ("Float", float(rest)),
    }
    apply(prim, "PhysxCollisionAPI", offsets)


def hulls(arrays: dict[str, Numbers], name: str) -> Iterator[tuple[Numbers, Numbers]]:
    """Points (N, 3) and faces (M, 3) of each convex hull of a vessel."""
    counts = np.cumsum(arrays[f"{name}_hull_points_in"])[:-1]
    face_counts = np.cumsum(arrays[f"{name}_hull_faces_in"])[:-1]
    points = np.split(arrays[f"{name}_hull_points"], counts)
    faces = np.split(arrays[f"{name}_hull_faces"], face_counts)
    yield from zip(points, faces, strict=True)
