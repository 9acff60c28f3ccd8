"""The state behind the fake modules of Isaac Sim, and a simple liquid of particles.

It keeps the hazards that the public source shows: settings that a World resets, particles that stay
where they are unless four of them are right, joints without a drive, pictures that come late.
`FAKE_ISAAC` in the environment is a JSON object: `version`, and `fault`, what goes wrong and when.
"""

import json
import os
import signal
import time

import numpy as np
from fake_robot import Robot
from pxr import Usd, UsdGeom, UsdPhysics, Vt
from scipy.spatial import ConvexHull, cKDTree

OPTIONS = json.loads(os.environ.get("FAKE_ISAAC", "{}"))
VERSION = OPTIONS.get("version", "5.1.0")
FAULT = OPTIONS.get("fault", "")
AT_STEP = OPTIONS.get("at_step", 0)
_GENTLE = 0.02
"""Farthest that a particle is pushed from another at once, in spacings."""
GRAVITY = np.array([0.0, 0.0, -9.81])
PARTICLES = "/World/water/particles"
_APART = 1.12
"""Distance of particles that touch, in spacings: packed at random, they fill the right volume."""


class Engine:
    """One process has one."""

    def __init__(self):
        self.started = False
        self.stage = None
        self.settings = {}
        self.gpu_dynamics = False
        self.broadphase = "MBP"
        self.ccd = True
        self.hertz = 60
        self.robot = None
        self.steps = 0
        self.playing = False
        self.seen = None

    def new_stage(self):
        self.stage = Usd.Stage.CreateInMemory()
        UsdGeom.SetStageUpAxis(self.stage, UsdGeom.Tokens.z)
        UsdGeom.SetStageMetersPerUnit(self.stage, 1.0)
        self.robot, self.playing, self.seen = None, False, None

    def parse(self):
        """What starting the simulation reads from the stage."""
        self.robot = Robot(self.stage) if Robot.exists(self.stage) else None
        prim = self.stage.GetPrimAtPath(PARTICLES)
        self.points = np.array(prim.GetAttribute("points").Get(), float)
        self.speeds = np.zeros_like(self.points)
        system = self.stage.GetPrimAtPath(prim.GetRelationship(
            "physxParticle:particleSystem").GetTargets()[0])  # fmt: skip
        self.spacing = 2.0 * system.GetAttribute("fluidRestOffset").Get()
        self.rest = system.GetAttribute("restOffset").Get()
        self.fastest = system.GetAttribute("maxVelocity").Get()
        self.colliders = Colliders.of(self.stage)
        self.playing = True

    def step(self):
        self._fail()
        self.steps += 1
        dt = 1.0 / self.hertz
        if self.robot is not None:
            self.robot.step(dt)
        self._take_written()
        # Without these PhysX prints "Particles feature is only supported on GPU".
        if self.gpu_dynamics and self.broadphase == "GPU":
            self._flow(dt)
        if not OPTIONS.get("writes_when_asked"):
            self.write_particles()

    def _take_written(self):
        """Positions that somebody else wrote to USD are taken over."""
        points = np.asarray(self.stage.GetPrimAtPath(PARTICLES).GetAttribute("points").Get())
        if self.seen is None or not np.array_equal(points, self.seen):
            self.points, self.speeds = points.astype(float), np.zeros(points.shape)
            self.seen = points

    def write_particles(self):
        names = ("/physics/updateToUsd", "/physics/updateParticlesToUsd")
        readable = not self.settings.get("/physics/suppressReadback", False)
        if FAULT == "frozen" or not readable or not all(self.settings.get(n, True) for n in names):
            return
        prim = self.stage.GetPrimAtPath(PARTICLES)
        self.seen = self.points.astype(np.float32)
        prim.GetAttribute("points").Set(Vt.Vec3fArray.FromNumpy(self.seen))
        prim.GetAttribute("velocities").Set(Vt.Vec3fArray.FromNumpy(self.speeds.astype(np.float32)))

    def _flow(self, dt):
        before = self.points
        speeds = self.speeds + GRAVITY * dt
        points = before + speeds * dt
        apart_by = _APART * self.spacing
        for collider in self.colliders:
            collider.look(points, self.spacing, self.robot)
        for _ in range(2):
            pairs = cKDTree(points).query_pairs(apart_by, output_type="ndarray")
            if len(pairs):
                apart = points[pairs[:, 0]] - points[pairs[:, 1]]
                far = np.linalg.norm(apart, axis=1, keepdims=True)
                depth = np.minimum(0.3 * (apart_by - far), _GENTLE * self.spacing)
                push = depth * apart / np.maximum(far, 1e-9)
                np.add.at(points, pairs[:, 0], push)
                np.add.at(points, pairs[:, 1], -push)
            for collider in self.colliders:
                collider.push_out(points, self.rest)
        speeds = (points - before) / dt
        size = np.linalg.norm(speeds, axis=1, keepdims=True)
        self.speeds = 0.995 * speeds * np.minimum(1.0, self.fastest / np.maximum(size, 1e-9))
        self.points = points

    def _fail(self):
        if not FAULT or self.steps < AT_STEP:
            return
        if FAULT == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if FAULT == "crash":
            print("[Error] [carb.cudainterop] CUDA error 700: out of memory", flush=True)
            os._exit(139)
        if FAULT == "hang":
            time.sleep(600)


class Colliders:
    """Convex pieces that move together: planes (H, F, 4) in their link's frame or the world."""

    def __init__(self, link, pieces):
        self._link = link
        hulls = [np.unique(ConvexHull(points).equations.round(7), axis=0) for points in pieces]
        self._planes = np.full((len(hulls), max(map(len, hulls)), 4), [0.0, 0.0, 0.0, -1e9])
        for planes, hull in zip(self._planes, hulls, strict=True):
            planes[: len(hull)] = hull
        self._low = np.array([points.min(axis=0) for points in pieces])[:, None]
        self._high = np.array([points.max(axis=0) for points in pieces])[:, None]

    @classmethod
    def of(cls, stage):
        pieces = {}
        for prim in stage.Traverse():
            if prim.HasAPI(UsdPhysics.CollisionAPI):
                link, points = _piece(prim)
                pieces.setdefault(link, []).append(points)
        return [cls(link, points) for link, points in pieces.items()]

    def look(self, points, reach, robot):
        """Find which particles are within `reach` [m] of which pieces, for `push_out`."""
        self._form = robot.pose(self._link) if self._link else np.eye(4)
        local = self._local(points)
        low, high = self._low.min(axis=0) - reach, self._high.max(axis=0) + reach
        close = np.flatnonzero(((local > low) & (local < high)).all(axis=1))
        x, y, z = (
            (local[close, k] > self._low[..., k] - reach)
            & (local[close, k] < self._high[..., k] + reach)
            for k in range(3)
        )
        self._piece, index = np.nonzero(x & y & z)
        self._particle = close[index]

    def push_out(self, points, rest):
        """Move particles out of the pieces; of several, the one that each is deepest in."""
        if not len(self._piece):
            return
        local = self._local(points)[self._particle]
        planes = self._planes[self._piece]
        distances = np.einsum("kfi,ki->kf", planes[:, :, :3], local) + planes[:, :, 3]
        face = distances.argmax(axis=1)
        deep = np.maximum(rest - distances.max(axis=1), 0.0)
        order = np.argsort(deep)
        local += deep[:, None] * planes[np.arange(len(face)), face, :3]
        pushed = local @ self._form[:3, :3].T + self._form[:3, 3]
        points[self._particle[order]] = pushed[order]

    def _local(self, points):
        return (points - self._form[:3, 3]) @ self._form[:3, :3]


def _piece(prim):
    """The link that a collider belongs to, and its corners in that link's frame."""
    if prim.IsA(UsdGeom.Cube):
        half = prim.GetAttribute("size").Get() / 2
        points = half * np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    else:
        assert UsdPhysics.MeshCollisionAPI(prim).GetApproximationAttr().Get() == "convexHull"
        points = np.array(prim.GetAttribute("points").Get(), float)
    body = prim
    while body and not body.HasAPI(UsdPhysics.RigidBodyAPI):
        body = body.GetParent()
    cache = UsdGeom.XformCache()
    relative = cache.ComputeRelativeTransform(prim, body)[0] if body else None
    form = np.array(relative or cache.GetLocalToWorldTransform(prim)).T
    return body.GetName() if body else None, points @ form[:3, :3].T + form[:3, 3]


ENGINE = Engine()


def require_app(module):
    """As inside Isaac Sim, where these modules exist only once the application has started."""
    if not ENGINE.started:
        raise ModuleNotFoundError(f"No module named '{module}'")
