"""The whole scene as one MuJoCo model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.world.material import material
from multigen_core.world.revolution_mesh import Mesh, vessel_mesh
from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.arm_model import add_arm, add_gripper, quaternion
from multigen_sim.views.liquid_mesh import BODY_FACES, BODY_VERTICES
from multigen_sim.views.model_names import (
    CAMERA,
    PUDDLE,
    SOURCE,
    SOURCE_LIQUID,
    STREAM,
    TARGET,
    TARGET_LIQUID,
)
from multigen_sim.views.stream_mesh import STREAM_FACES, STREAM_VERTICES

TIMESTEP = 0.001
"""[s]"""
_IN_TOOL = Rotation.from_matrix([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_MESH = mujoco.mjtGeom.mjGEOM_MESH
_VISUAL = {"contype": 0, "conaffinity": 0, "mass": 0.0}
_ARENA = 1 << 20
"""Bytes for contacts and constraints; an arm pressed on the table uses 20 kB."""
_SHADOWED = 0.12
"""Half width of the shadow region, in extents of the model."""


@dataclass(frozen=True)
class World:
    """Contents of the model."""

    scene: Scene
    arm: Arm
    dynamics: ArmDynamics
    seed: int = 0


def _add_mesh(spec: mujoco.MjSpec, name: str, mesh: Mesh) -> None:
    spec.add_mesh(
        name=name,
        uservert=mesh.vertices.ravel(),
        userface=mesh.faces.ravel(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        smoothnormal=False,
    )


def _add_vessel(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str, vessel: Vessel, contact: tuple[int, int]
) -> None:
    sheen = material(vessel.material).sheen
    spec.add_material(name=name, rgba=vessel.colour, specular=sheen, shininess=0.3 + sheen / 2)
    _add_mesh(spec, name, vessel_mesh(vessel))
    body.add_geom(name=name, type=_MESH, meshname=name, material=name, **_VISUAL)
    edges = np.linspace(0.0, vessel.rim_height, 7)
    for low, high in pairwise(edges):
        radius = float(vessel.outer_radius(np.linspace(low, high, 8)).max())
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[radius, (high - low) / 2, 0],
            pos=[0, 0, (low + high) / 2],
            contype=contact[0],
            conaffinity=contact[1],
            mass=0.0,
            group=3,
        )


def _add_liquid(spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str) -> None:
    _add_mesh(spec, name, Mesh(BODY_VERTICES, BODY_FACES))
    body.add_geom(name=name, type=_MESH, meshname=name, material="liquid", **_VISUAL)


def build(world: World) -> mujoco.MjModel:
    """The compiled model: arm, held source, standing target, table, lights and camera."""
    scene = world.scene
    held, standing, liquid = scene.source.vessel, scene.target.vessel, scene.liquid
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.memory = _ARENA
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.gravity = [0, 0, -9.81]
    _set_quality(spec, scene)
    _add_surroundings(spec, scene)
    _add_distractors(spec, world)
    red, green, blue, opacity = liquid.colour
    spec.add_material(
        name="liquid", rgba=[red, green, blue, max(opacity, 0.35)], specular=0.6, shininess=0.8
    )
    flange = add_arm(spec, world.arm, world.dynamics, scene.arm.joint_friction)
    width = 2.0 * float(held.outer_radius(scene.source.grasp_height))
    tool = add_gripper(flange, world.arm, world.dynamics, width)
    source = tool.add_body(
        name=SOURCE, pos=[0, -scene.source.grasp_height, 0], quat=quaternion(_IN_TOOL)
    )
    source.gravcomp = 1.0
    source.explicitinertial = True
    source.mass, source.ipos, source.inertia = held.mass, [0, 0, 0.07], [1e-3, 1e-3, 5e-4]
    _add_vessel(spec, source, SOURCE, held, (1, 2))
    _add_liquid(spec, source, SOURCE_LIQUID)
    target = spec.worldbody.add_body(name=TARGET, pos=scene.target.position)
    _add_vessel(spec, target, TARGET, standing, (2, 1))
    _add_liquid(spec, target, TARGET_LIQUID)
    _add_mesh(spec, STREAM, Mesh(STREAM_VERTICES, STREAM_FACES))
    spec.worldbody.add_geom(name=STREAM, type=_MESH, meshname=STREAM, material="liquid", **_VISUAL)
    spec.worldbody.add_geom(
        name=PUDDLE,
        type=mujoco.mjtGeom.mjGEOM_ELLIPSOID,
        size=[1e-4, 1e-4, 1e-5],
        pos=[0, 0, -0.01],
        material="liquid",
        **_VISUAL,
    )
    model = spec.compile()
    for name in (SOURCE_LIQUID, TARGET_LIQUID, STREAM):
        geom = model.geom(name).id
        model.geom_pos[geom] = 0.0
        model.geom_quat[geom] = [1.0, 0.0, 0.0, 0.0]
        model.geom_rbound[geom] = 1.0
    return model


def _set_quality(spec: mujoco.MjSpec, scene: Scene) -> None:
    visual = spec.visual
    visual.quality.numslices = 16
    visual.quality.numstacks = 8
    visual.quality.offsamples = 0
    visual.quality.shadowsize = 2048 if scene.look.shadows else 0
    visual.map.shadowclip = _SHADOWED
    visual.global_.offwidth = max(scene.camera.width, 64)
    visual.global_.offheight = max(scene.camera.height, 64)
    visual.map.znear = 0.02
    visual.map.zfar = 12.0
    strength = scene.look.light
    visual.headlight.ambient = [0.42 * strength] * 3
    visual.headlight.diffuse = [0.32 * strength] * 3
    visual.headlight.specular = [0.1] * 3


def _add_table_material(spec: mujoco.MjSpec, scene: Scene) -> None:
    look = scene.look
    material = spec.add_material(
        name="table", rgba=[*look.table, 1], specular=0.15, shininess=0.2, texrepeat=[6, 6]
    )
    if look.pattern == "plain":
        return
    speckle = look.pattern == "speckle"
    flat, checker = mujoco.mjtBuiltin.mjBUILTIN_FLAT, mujoco.mjtBuiltin.mjBUILTIN_CHECKER
    spec.add_texture(
        name="table",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=flat if speckle else checker,
        mark=mujoco.mjtMark.mjMARK_RANDOM if speckle else mujoco.mjtMark.mjMARK_NONE,
        markrgb=[0.55, 0.55, 0.55],
        random=0.12,
        rgb1=[1, 1, 1],
        rgb2=[0.82, 0.82, 0.82],
        width=128,
        height=128,
    )
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "table"


def _add_distractors(spec: mujoco.MjSpec, world: World) -> None:
    """Place simple objects on the table, away from the pour and the arm."""
    rng = np.random.default_rng(world.seed)
    x, y, _ = world.scene.target.position
    shapes = (mujoco.mjtGeom.mjGEOM_CYLINDER, mujoco.mjtGeom.mjGEOM_BOX)
    for _ in range(world.scene.look.distractors):
        side = rng.choice([-1.0, 1.0])
        place = [x + rng.uniform(-0.35, 0.05), y - 0.05 + side * rng.uniform(0.22, 0.40)]
        half = rng.uniform(0.02, 0.07)
        spec.worldbody.add_geom(
            type=shapes[int(rng.integers(2))],
            size=[*([rng.uniform(0.015, 0.045)] * 2), half]
            if rng.random() < 0.5
            else [rng.uniform(0.015, 0.045), half, half],
            pos=[*place, half],
            euler=[0, 0, rng.uniform(0, np.pi)],
            rgba=[*rng.uniform(0.1, 0.95, 3), 1],
            **_VISUAL,
        )


def _add_surroundings(spec: mujoco.MjSpec, scene: Scene) -> None:
    look = scene.look
    wall = np.array(look.wall)
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=np.minimum(wall * 1.15, 1),
        rgb2=wall * 0.75,
        width=64,
        height=64,
    )
    _add_table_material(spec, scene)
    spec.add_material(name="wall", rgba=[*look.wall, 1], specular=0.0)
    world = spec.worldbody
    world.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.7, 0.9, 0.02],
        pos=[0.45, 0, -0.02],
        material="table",
        contype=2,
        conaffinity=1,
    )
    world.add_geom(
        name="wall",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.02, 3.0, 1.5],
        pos=[-0.6, 0, 0.7],
        material="wall",
        **_VISUAL,
    )
    world.add_light(
        pos=look.light_position,
        dir=np.array([0.6, 0.1, 0.1]) - look.light_position,
        diffuse=[0.62 * look.light] * 3,
        specular=[0.35 * look.light] * 3,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        castshadow=look.shadows,
    )
    camera = scene.camera
    pose = camera.pose
    right, down = pose[:3, 0], pose[:3, 1]
    rotation = np.column_stack([right, -down, -pose[:3, 2]])
    world.add_camera(
        name=CAMERA,
        pos=np.add(camera.position, camera.calibration_error),
        fovy=camera.vertical_fov,
        quat=quaternion(Rotation.from_matrix(rotation)),
    )
