"""The scene that the worker authors, in plain USD, against the properties of PhysX's schemas.

`physx_schemas.json` lists properties and types of the schemas used, the same in omni.physx 107.3
and 110.0, the families of Isaac Sim 5 and 6.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import CLEARANCE, plan_pour
from multigen_core.world.catalogue import vessels
from multigen_core.world.scene import Scene, TargetSpec, load_scene
from multigen_sim.isaac.description import HELD, Water, describe, held_pose
from multigen_sim.isaac.worker import robot, stage
from multigen_sim.particles.filling import fill

pxr = pytest.importorskip("pxr", reason="pip install usd-core")
Gf, Sdf, Usd, UsdGeom, UsdPhysics, UsdShade = (
    __import__(f"pxr.{name}", fromlist=[name])
    for name in ("Gf", "Sdf", "Usd", "UsdGeom", "UsdPhysics", "UsdShade")
)
HERE = Path(__file__).parent
SCHEMAS = json.loads((HERE / "physx_schemas.json").read_text())
ARM = Arm.load()


@pytest.fixture
def add_robot(monkeypatch):
    """The fake importer: links as rigid bodies, and joints without drives."""
    monkeypatch.syspath_prepend(str(HERE / "fake_isaac"))
    yield __import__("fake_robot").add_robot
    sys.modules.pop("fake_robot", None)


def described(scene, particles=300, seed=0, start=None):
    if start is None:
        start = plan_pour(Station.of(scene, ARM, Told.TARGET)).at(0.0)
    water = Water.of(scene, particles)
    held = held_pose(forward(ARM, start), scene.source.grasp_height)
    points = fill(scene.source.vessel, particles, water.spacing) @ held[:3, :3].T + held[:3, 3]
    return describe(scene, ARM, start, water, points, seed)


def authored(scene, add_robot, tmp_path, nested=False):
    fields, arrays = described(scene)
    made = Usd.Stage.CreateInMemory()
    UsdPhysics.Scene.Define(made, "/physicsScene")
    stage.add_scenery(made, fields)
    file = tmp_path / "arm.urdf"
    file.write_text(fields["urdf"])
    add_robot(made, "/gen3", str(file), nested)
    robot.drive_joints(made, fields)
    stage.add_vessel(made, robot.find_link(made, HELD), HELD, fields, arrays)
    stage.add_standing_vessel(made, fields, arrays)
    stage.add_water(made, "/physicsScene", fields, arrays)
    stage.spare_contacts(made, robot.find_link(made, HELD))
    return made, fields, arrays


@pytest.mark.parametrize("nested", [False, True], ids=["5.x", "6.x"])
def test_every_physx_property_is_in_its_schema_with_its_type(add_robot, tmp_path, nested):
    made, _, _ = authored(load_scene("randomised", 5), add_robot, tmp_path, nested)
    seen = set()
    for prim in made.Traverse():
        applied = [name for name in prim.GetPrimTypeInfo().GetAppliedAPISchemas()
                   if name.startswith("Physx")]  # fmt: skip
        applied += ["PhysxParticleAPI"] if "PhysxParticleSetAPI" in applied else []
        typed = prim.GetTypeName()
        schemas = [*applied, typed] if typed.startswith("Physx") else applied
        known = {name: kind for schema in schemas for name, kind in SCHEMAS[schema].items()}
        for property in prim.GetAuthoredProperties():
            name = property.GetName()
            if name.startswith("physx") or typed.startswith("Physx"):
                if name.startswith("material:binding"):
                    continue
                is_rel = isinstance(property, Usd.Relationship)
                kind = "rel" if is_rel else str(property.GetTypeName())
                assert known.get(name) == kind, f"{prim.GetPath()}.{name}"
                seen.add(name)
    assert {"fluidRestOffset", "physxPBDMaterial:cohesion", "physxParticle:particleSystem",
            "physxCollision:restOffset", "physxRigidBody:disableGravity"} <= seen  # fmt: skip


def test_the_water_has_an_explicit_mass_and_offsets_that_physx_keeps(add_robot, tmp_path):
    scene = Scene()
    made, fields, arrays = authored(scene, add_robot, tmp_path)
    points = made.GetPrimAtPath(stage.PARTICLES)
    mass = UsdPhysics.MassAPI(points)
    grams = scene.source.volume_ml * scene.liquid.density * 1e-6
    assert mass.GetMassAttr().Get() == pytest.approx(grams, rel=1e-5)
    assert mass.GetDensityAttr().Get() == 0.0
    assert len(points.GetAttribute("widths").Get()) == len(arrays["particles"])
    system = {p.GetName(): p.Get() for p in made.GetPrimAtPath(stage.SYSTEM).GetAttributes()
              if p.HasAuthoredValue()}  # fmt: skip
    assert system["particleContactOffset"] > system["fluidRestOffset"]
    assert system["contactOffset"] > system["restOffset"]
    assert 2 * system["fluidRestOffset"] == pytest.approx(fields["water"]["spacing"])
    bound = UsdShade.MaterialBindingAPI(made.GetPrimAtPath(stage.SYSTEM))
    assert bound.GetDirectBindingRel("physics").GetTargets() == [f"{stage.WATER}/material"]


def test_the_drives_have_the_arms_gains_in_usds_degrees(add_robot, tmp_path):
    made, fields, _ = authored(Scene(), add_robot, tmp_path)
    drives = {p.GetName(): UsdPhysics.DriveAPI(p, "angular") for p in made.Traverse()
              if p.HasAPI(UsdPhysics.DriveAPI)}  # fmt: skip
    assert tuple(drives) == ARM.names
    for joint in fields["joints"]:
        drive = drives[joint["name"]]
        assert drive.GetStiffnessAttr().Get() * 180 / np.pi == pytest.approx(joint["stiffness"])
        assert drive.GetTargetPositionAttr().Get() == pytest.approx(np.degrees(joint["start"]))
        assert drive.GetMaxForceAttr().Get() == joint["effort"]


def collider_hulls(made, below):
    for prim in Usd.PrimRange(made.GetPrimAtPath(below)):
        if prim.HasAPI(UsdPhysics.MeshCollisionAPI):
            assert UsdPhysics.MeshCollisionAPI(prim).GetApproximationAttr().Get() == "convexHull"
            yield prim, np.array(prim.GetAttribute("points").Get(), float)


@pytest.mark.parametrize("name", sorted(vessels()))
def test_the_staves_of_every_vessel_are_convex_small_and_leave_room_for_its_particles(name):
    vessel = vessels()[name]
    scene = Scene(target=TargetSpec(vessel=vessel))
    fields, arrays = described(scene, start=ARM.home)
    made = Usd.Stage.CreateInMemory()
    UsdGeom.Xform.Define(made, stage.WORLD)
    stage.add_standing_vessel(made, fields, arrays)
    spacing = (0.6 * vessel.capacity / 300) ** (1 / 3)
    points = fill(vessel, 300, spacing) + np.array(scene.target.position)
    foot = np.array(scene.target.position)
    count = 0
    for prim, corners in collider_hulls(made, stage.TARGET):
        count += 1
        hull = ConvexHull(corners + foot)
        assert len(hull.vertices) == len(corners) <= 64, "PhysX's limit on the GPU"
        faces = np.array(prim.GetAttribute("faceVertexIndices").Get()).reshape(-1, 3)
        a, b, c = (corners[faces[:, k]] - corners.mean(axis=0) for k in range(3))
        inside_out = np.sum(a * np.cross(b, c), axis=1)
        assert (inside_out > 0).all()
        assert inside_out.sum() / 6 == pytest.approx(hull.volume, rel=1e-3)
        planes = hull.equations
        clear = (points @ planes[:, :3].T + planes[:, 3]).max(axis=1)
        assert clear.min() > 0.1 * spacing
    assert count >= 24


def test_walls_are_thick_for_particles_but_end_before_the_other_cavity(add_robot, tmp_path):
    made, fields, arrays = authored(Scene(), add_robot, tmp_path)
    held = robot.find_link(made, HELD)
    thickness = fields["wall"]
    assert thickness > 0.01
    assert fields["water"]["fastest"] * fields["timestep"] < thickness
    for below in (stage.TARGET, held):
        for _, corners in collider_hulls(made, below):
            across = np.ptp(np.hypot(corners[:, 0], corners[:, 1]))
            assert max(across, np.ptp(corners[:, 2])) > 0.9 * thickness
    foot = np.array(Scene().target.position)
    for _, corners in collider_hulls(made, stage.TARGET):
        planes = ConvexHull(corners + foot).equations
        reach = (arrays["particles"] @ planes[:, :3].T + planes[:, 3]).max(axis=1)
        assert reach.min() > 0.0, "into the held vessel's cavity"


def test_particles_may_fall_as_fast_as_the_scenes_heights_make_them():
    for seed in range(6):
        scene = load_scene("randomised", seed)
        fields, _ = described(scene, particles=2000)
        height = scene.target.vessel.height + CLEARANCE
        assert fields["water"]["fastest"] > np.sqrt(2 * 9.81 * height), scene.target.vessel.name


def test_the_thick_walls_of_the_held_vessel_touch_only_particles(add_robot, tmp_path):
    made, _, _ = authored(Scene(), add_robot, tmp_path)
    held = robot.find_link(made, HELD)
    pairs = UsdPhysics.FilteredPairsAPI(made.GetPrimAtPath(held)).GetFilteredPairsRel()
    others = {str(prim.GetPath()) for prim, _ in collider_hulls(made, stage.TARGET)}
    assert others < set(map(str, pairs.GetTargets()))
    assert not [path for path in pairs.GetTargets() if str(path).startswith(held)]


def test_looks_follow_the_scene_and_the_seed(add_robot, tmp_path):
    first = [authored(load_scene("randomised", 3), add_robot, tmp_path)[1] for _ in range(2)]
    assert first[0]["things"] == first[1]["things"]
    other = authored(load_scene("randomised", 4), add_robot, tmp_path)[1]
    assert other["light"] != first[0]["light"]
    assert other["things"] != first[0]["things"]


def test_a_missing_link_joint_or_second_robot_is_told_by_name(add_robot, tmp_path):
    made, _, _ = authored(Scene(), add_robot, tmp_path)
    with pytest.raises(RuntimeError, match="'tray'"):
        robot.find_link(made, "tray")
    with pytest.raises(RuntimeError, match="joint_9"):
        robot.drive_joints(made, {"joints": [{"name": "joint_9"}]})
    assert robot.find_articulation(made) == "/gen3"
    add_robot(made, "/other", str(tmp_path / "arm.urdf"), False)
    with pytest.raises(RuntimeError, match="2 articulations"):
        robot.find_articulation(made)
