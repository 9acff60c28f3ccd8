import numpy as np
from fake_engine import ENGINE, require_app
from pxr import UsdPhysics
from scipy.spatial.transform import Rotation

require_app("isaacsim.core.prims")


class SingleArticulation:
    def __init__(
        self, prim_path, name="articulation", position=None, translation=None, orientation=None,
        scale=None, visible=None, reset_xform_properties=True, articulation_controller=None,
    ):  # fmt: skip
        prim = ENGINE.stage.GetPrimAtPath(prim_path)
        assert prim.HasAPI(UsdPhysics.ArticulationRootAPI)
        self._robot = None

    def initialize(self, physics_sim_view=None):
        self._robot = ENGINE.robot

    @property
    def dof_names(self):
        return self._robot.names if self._robot else None

    def get_joint_positions(self, joint_indices=None):
        return self._robot.positions[joint_indices].astype(np.float32)

    def get_joint_velocities(self, joint_indices=None):
        return self._robot.velocities[joint_indices].astype(np.float32)

    def set_joint_positions(self, positions, joint_indices=None):
        self._robot.teleport(positions, joint_indices)

    def set_joint_velocities(self, velocities, joint_indices=None):
        self._robot.velocities[joint_indices] = velocities

    def apply_action(self, control_actions):
        self._robot.targets[control_actions.joint_indices] = control_actions.joint_positions


class SingleRigidPrim:
    def __init__(
        self, prim_path, name="rigid_prim", position=None, translation=None, orientation=None,
        scale=None, visible=None, reset_xform_properties=True, mass=None, density=None,
        linear_velocity=None, angular_velocity=None,
    ):  # fmt: skip
        prim = ENGINE.stage.GetPrimAtPath(prim_path)
        assert prim.HasAPI(UsdPhysics.RigidBodyAPI)
        self._link = prim.GetName()
        self._ready = False

    def initialize(self, physics_sim_view=None):
        self._ready = ENGINE.playing

    def get_world_pose(self):
        assert self._ready, "no physics view yet"
        form = ENGINE.robot.pose(self._link)
        x, y, z, w = Rotation.from_matrix(form[:3, :3]).as_quat()
        return form[:3, 3].astype(np.float32), np.array([w, x, y, z], np.float32)
