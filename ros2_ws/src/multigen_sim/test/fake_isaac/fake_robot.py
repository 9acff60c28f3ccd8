"""What the fake importers make of a URDF, and the arm that the fake engine moves."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
from pxr import Gf, Sdf, UsdGeom, UsdPhysics
from scipy.spatial.transform import Rotation

_URDF = "fakeUrdf"


def add_robot(stage, root, file, nested):
    """Links as rigid bodies and joints below `root`; nested as by 6.x, or flat as by 5.x."""
    text = Path(file).read_text()
    tree = Xml.fromstring(text)
    UsdGeom.Xform.Define(stage, root)
    prim = stage.GetPrimAtPath(root)
    UsdPhysics.ArticulationRootAPI.Apply(prim)
    prim.CreateAttribute(_URDF, Sdf.ValueTypeNames.String).Set(text)
    parents = {
        j.find("child").get("link"): j.find("parent").get("link") for j in tree.iter("joint")
    }
    paths = {}

    def path(link):
        if link not in paths:
            above = path(parents[link]) if nested and link in parents else root
            paths[link] = f"{above}/{link}"
            UsdPhysics.RigidBodyAPI.Apply(UsdGeom.Xform.Define(stage, paths[link]).GetPrim())
        return paths[link]

    for link in tree.iter("link"):
        path(link.get("name"))
    for joint in tree.iter("joint"):
        fixed = joint.get("type") == "fixed"
        kind = UsdPhysics.FixedJoint if fixed else UsdPhysics.RevoluteJoint
        made = kind.Define(stage, f"{root}/joints/{joint.get('name')}")
        made.CreateBody0Rel().SetTargets([Sdf.Path(path(joint.find("parent").get("link")))])
        made.CreateBody1Rel().SetTargets([Sdf.Path(path(joint.find("child").get("link")))])
        made.CreateLocalPos0Attr(Gf.Vec3f(*_numbers(joint, "xyz")))


def _numbers(element, name):
    return [float(x) for x in element.find("origin").get(name).split()]


class Robot:
    """Joints that follow their targets at once, if they have a drive; links by kinematics."""

    @staticmethod
    def exists(stage):
        return Robot._root(stage) is not None

    @staticmethod
    def _root(stage):
        return next((p for p in stage.Traverse() if p.HasAttribute(_URDF)), None)

    def __init__(self, stage):
        tree = Xml.fromstring(self._root(stage).GetAttribute(_URDF).Get())
        self._joints = {}
        for joint in tree.iter("joint"):
            step = np.eye(4)
            step[:3, :3] = Rotation.from_euler("xyz", _numbers(joint, "rpy")).as_matrix()
            step[:3, 3] = _numbers(joint, "xyz")
            parent = joint.find("parent").get("link")
            self._joints[joint.find("child").get("link")] = joint.get("name"), parent, step
        turning = [j.get("name") for j in tree.iter("joint") if j.get("type") != "fixed"]
        # Isaac Sim's order is its own.
        self.names = turning[::-1]
        drives = {p.GetName(): UsdPhysics.DriveAPI(p, "angular") for p in stage.Traverse()
                  if p.IsA(UsdPhysics.Joint) and p.HasAPI(UsdPhysics.DriveAPI)}  # fmt: skip
        self.driven = np.array([
            name in drives and drives[name].GetStiffnessAttr().Get() > 0 for name in self.names
        ])  # fmt: skip
        self.positions = np.zeros(len(self.names))
        self.velocities = np.zeros(len(self.names))
        self.targets = self.positions.copy()
        self._poses = {}

    def step(self, dt):
        before = self.positions
        self.positions = np.where(self.driven, self.targets, before)
        self.velocities = (self.positions - before) / dt
        if self.velocities.any():
            self._poses = {}

    def teleport(self, positions, indices):
        self.positions[indices] = positions
        self.targets[indices] = positions
        self._poses = {}

    def pose(self, link):
        """Pose (4, 4) of a link in the world."""
        if link not in self._poses:
            self._poses[link] = self._find(link)
        return self._poses[link]

    def _find(self, link):
        if link not in self._joints:
            return np.eye(4)
        name, parent, step = self._joints[link]
        turn = np.eye(4)
        if name in self.names:
            angle = self.positions[self.names.index(name)]
            turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return self.pose(parent) @ step @ turn
