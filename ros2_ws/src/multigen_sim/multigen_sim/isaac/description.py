"""A scene as the worker builds it: numbers, arrays and a URDF, with everything drawn already."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as Xml

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward, pose
from multigen_core.world.revolution_mesh import vessel_mesh
from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel
from multigen_sim.isaac.worker.frames import Arrays, Fields
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.arm_model import quaternion
from multigen_sim.mujoco.urdf import TOOL, urdf
from multigen_sim.particles.staves import Staves

TIMESTEP = 0.0025
"""[s]. Isaac Sim keeps a whole number of steps per second, so its inverse is one.

In a step no particle may cross a wall."""
HELD = "source"
"""Link of the held vessel."""
SETTLE = 200
"""Steps in which the liquid comes to rest before time 0."""
_WALLS = 3.0
"""Thickness of a collider, in spacings of the particles, which pass through thin ones."""
_CONTACT = 0.99 * 0.6
"""Half a spacing over the particles' contact offset, as PhysX derives one from the other."""
_FASTEST = 3.0
"""Largest speed of a particle [m/s], of a fall by 0.46 m; less where walls are thin."""
_SKY, _SUN = 700.0, 1400.0
"""Intensities of the lights at strength 1, in Isaac Sim's units; by reasoning, not by eye."""
_GRASP = (-np.pi / 2, -np.pi / 2, 0.0)
"""Roll, pitch and yaw [rad] of the held vessel in the tool frame."""


@dataclass(frozen=True)
class Water:
    """Particles that stand for the liquid: `count` in the source, and their `spacing` [m]."""

    count: int
    spacing: float

    @classmethod
    def of(cls, scene: Scene, particles: int) -> Water:
        """With `particles` in the source."""
        return cls(particles, (scene.source.volume_ml * 1e-6 / particles) ** (1 / 3))

    @property
    def volume(self) -> float:
        """Of one particle [m^3]."""
        return self.spacing**3


def describe(
    scene: Scene,
    arm: Arm,
    start: NDArray[np.float64],
    water: Water,
    particles: NDArray[np.float64],
    seed: int,
) -> tuple[Fields, Arrays]:
    """Fields and arrays of the request `load`.

    Args:
        scene: drawn.
        arm: with its dynamics.
        start: joint positions at time 0 [rad], (J,).
        water: the particles' size.
        particles: where they start [m], (N, 3), in the world.
        seed: of what stands around.
    """
    dynamics = ArmDynamics.of(arm)
    links = zip(arm.joints, dynamics.links, start, strict=True)
    held = held_pose(forward(arm, start), scene.source.grasp_height)
    thinnest = min(scene.source.vessel.wall, scene.target.vessel.wall)
    thickness = max(min(_WALLS * water.spacing, gap(scene, held)), thinnest)
    fields: Fields = {
        "timestep": TIMESTEP,
        "settle": SETTLE,
        "urdf": held_urdf(scene, arm, dynamics),
        "held": HELD,
        "joints": [
            {
                "name": joint.name,
                "stiffness": link.stiffness,
                "damping": link.gain + link.damping,
                "effort": link.effort,
                "start": float(angle),
            }
            for joint, link, angle in links
        ],
        "water": _water(scene, water, thickness),
        "wall": thickness,
        "vessels": {
            HELD: {"colour": list(scene.source.vessel.colour)},
            "target": {
                "colour": list(scene.target.vessel.colour),
                "position": list(scene.target.position),
            },
        },
        "camera": _camera(scene),
        "light": _light(scene),
        "things": [*_room(scene), *_distractors(scene, seed)],
    }
    arrays: Arrays = {"particles": particles.astype(np.float32)}
    for name, vessel in ((HELD, scene.source.vessel), ("target", scene.target.vessel)):
        arrays |= _vessel(name, vessel, thickness)
    return fields, arrays


def held_urdf(scene: Scene, arm: Arm, dynamics: ArmDynamics) -> str:
    """The arm's URDF with the held vessel as its last link, and the gripper's fingers at rest."""
    robot = Xml.fromstring(urdf(arm, dynamics))
    if arm.gripper is not None:
        finger = robot.find(f"joint[@name='{arm.gripper.joint}']")
        assert finger is not None
        child = finger.find("child")
        assert child is not None
        link = robot.find(f"link[@name='{child.get('link')}']")
        assert link is not None
        robot.remove(finger)
        robot.remove(link)
    vessel = scene.source.vessel
    held = Xml.SubElement(robot, "link", name=HELD)
    inertial = Xml.SubElement(held, "inertial")
    Xml.SubElement(inertial, "origin", xyz=f"0 0 {vessel.rim_height / 2:.6g}", rpy="0 0 0")
    Xml.SubElement(inertial, "mass", value=f"{vessel.mass:.6g}")
    lateral = vessel.mass * (vessel.mouth_radius**2 / 2 + vessel.rim_height**2 / 12)
    axial = vessel.mass * vessel.mouth_radius**2
    moments = {"ixx": lateral, "iyy": lateral, "izz": axial, "ixy": 0.0, "ixz": 0.0, "iyz": 0.0}
    Xml.SubElement(inertial, "inertia", {key: f"{value:.6g}" for key, value in moments.items()})
    joint = Xml.SubElement(robot, "joint", name="grasp", type="fixed")
    angles = " ".join(f"{angle:.10g}" for angle in _GRASP)
    Xml.SubElement(joint, "origin", xyz=f"0 {-scene.source.grasp_height:.6g} 0", rpy=angles)
    Xml.SubElement(joint, "parent", link=TOOL)
    Xml.SubElement(joint, "child", link=HELD)
    Xml.indent(robot)
    return f'<?xml version="1.0"?>\n{Xml.tostring(robot, encoding="unicode")}\n'


def held_pose(tool: NDArray[np.float64], grasp_height: float) -> NDArray[np.float64]:
    """The held vessel's pose (4, 4), its foot at the origin, for that of the tool (4, 4)."""
    grasp = pose((0.0, -grasp_height, 0.0), Rotation.from_euler("xyz", _GRASP))
    return np.asarray(tool @ grasp)


def gap(scene: Scene, held: NDArray[np.float64]) -> float:
    """Distance [m] between the cavities of the held vessel, at pose (4, 4), and of the target.

    A wall as thick as that reaches just to the other's cavity.
    """
    apart = float(np.hypot(*(held[:2, 3] - scene.target.position[:2])))
    radii = (max(r for _, r in spec.vessel.profile) for spec in (scene.source, scene.target))
    return max(apart - sum(radii), 0.0)


def _water(scene: Scene, water: Water, thickness: float) -> Fields:
    liquid = scene.liquid
    return {
        "spacing": water.spacing,
        "contact": water.spacing / 2 / _CONTACT,
        "mass": water.volume * liquid.density,
        "fastest": min(_FASTEST, thickness / TIMESTEP),
        "colour": list(liquid.colour[:3]),
        # PhysX takes numbers without units here: those of its water, scaled as the liquid's are.
        "material": {
            "friction": 0.1,
            "cohesion": 0.01,
            "viscosity": 1.7e-6 * liquid.viscosity / 1e-3,
            "surfaceTension": 0.0074 * liquid.surface_tension / 0.072,
            "vorticityConfinement": 0.0,
            "damping": 0.0,
        },
    }


def _vessel(name: str, vessel: Vessel, thickness: float) -> Arrays:
    seen = vessel_mesh(vessel)
    pieces = [_outwards(piece) for piece in Staves.of(vessel, thickness).pieces]
    return {
        f"{name}_points": seen.vertices.astype(np.float32),
        f"{name}_faces": seen.faces,
        f"{name}_hull_points": np.concatenate([points for points, _ in pieces]).astype(np.float32),
        f"{name}_hull_points_in": np.array([len(points) for points, _ in pieces], np.int32),
        f"{name}_hull_faces": np.concatenate([faces for _, faces in pieces]).astype(np.int32),
        f"{name}_hull_faces_in": np.array([len(faces) for _, faces in pieces], np.int32),
    }


def _outwards(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Corners (N, 3) of a convex piece without repeats, and its triangles seen from outside."""
    hull = ConvexHull(np.unique(corners.round(9), axis=0))
    points, faces = hull.points, hull.simplices.copy()
    a, b, c = (points[faces[:, k]] for k in range(3))
    inward = np.sum(np.cross(b - a, c - a) * hull.equations[:, :3], axis=1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return points, faces


def _camera(scene: Scene) -> Fields:
    camera, calibration = scene.camera, scene.camera.calibration
    return {
        "width": calibration.width,
        "height": calibration.height,
        "focal": float(calibration.matrix[0, 0]),
        "position": np.add(camera.position, camera.calibration_error).tolist(),
        "wxyz": quaternion(Rotation.from_matrix(camera.pose[:3, :3])),
    }


def _light(scene: Scene) -> Fields:
    look = scene.look
    strength = look.light * look.exposure
    ray = np.array([0.6, 0.1, 0.1]) - look.light_position
    # A distant light shines along its own -z.
    turn, _ = Rotation.align_vectors(ray[None] / np.linalg.norm(ray), [[0.0, 0.0, -1.0]])
    return {
        "sky": _SKY * strength,
        "sun": _SUN * strength,
        "colour": list(look.wall),
        "wxyz": quaternion(turn),
    }


def _thing(
    shape: str,
    size: tuple[float, float, float],
    position: tuple[float, float, float],
    colour: tuple[float, float, float],
    yaw: float = 0.0,
    solid: bool = False,
) -> Fields:
    """A box or an upright cylinder of half sizes [m], radius first."""
    turn = quaternion(Rotation.from_euler("z", yaw))
    return {
        "shape": shape,
        "size": list(map(float, size)),
        "position": list(map(float, position)),
        "colour": list(map(float, colour)),
        "wxyz": turn,
        "solid": solid,
    }


def _room(scene: Scene) -> list[Fields]:
    look = scene.look
    table = _thing("box", (0.7, 0.9, 0.02), (0.45, 0.0, -0.02), look.table, solid=True)
    return [table, _thing("box", (0.02, 3.0, 1.5), (-0.6, 0.0, 0.7), look.wall)]


def _distractors(scene: Scene, seed: int) -> list[Fields]:
    """Simple objects on the table, away from the pour and the arm."""
    rng = np.random.default_rng(seed)
    x, y, _ = scene.target.position
    things = []
    for _ in range(scene.look.distractors):
        side = rng.choice([-1.0, 1.0])
        radius, half = rng.uniform(0.015, 0.045), rng.uniform(0.02, 0.07)
        place = x + rng.uniform(-0.35, 0.05), y - 0.05 + side * rng.uniform(0.22, 0.40), half
        shape = "cylinder" if rng.random() < 0.5 else "box"
        red, green, blue = rng.uniform(0.1, 0.95, 3)
        yaw = rng.uniform(0, np.pi)
        things.append(_thing(shape, (radius, radius, half), place, (red, green, blue), yaw))
    return things
